//! Signatures over what is brought in: ed25519 over the bytes of the file, as they are sent.
//!
//! A key is made with `mapwright key new` or `openssl genpkey -algorithm ed25519`, and a file signed with
//! `mapwright sign` or `openssl pkeyutl -sign -rawin`; both give the same 64 bytes. The host knows public
//! keys by a name that the merchant gives them (`maria:BASE64`). A signature says who vouches for a
//! file; what the file does, admission looks at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Of an ed25519 public key.
const KEY_BYTES: usize = 32;
/// Of an ed25519 signature.
const SIGNATURE_BYTES: usize = 64;
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A key that a merchant trusts: `NAME:BASE64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// Whose it is, in the merchant's words.
    pub name: String,
    key: [u8; KEY_BYTES],
}

impl TrustedKey {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no public key: write NAME:BASE64, as `mapwright key new` prints it (the \
                 32 bytes of an ed25519 key)"
            )
        };
        let (name, key) = text.split_once(':').ok_or_else(wrong)?;
        let key = STANDARD.decode(key.trim()).map_err(|_| wrong())?;
        let key = key.try_into().map_err(|_| wrong())?;
        let name = name.trim();
        if name.is_empty() { Err(wrong()) } else { Ok(Self { name: name.to_owned(), key }) }
    }
}

impl std::fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, STANDARD.encode(self.key))
    }
}

impl<'de> Deserialize<'de> for TrustedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for TrustedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a file is not vouched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none, and one is asked for.
    #[error(
        "it is not signed, and this merchant takes only what is: sign it with `mapwright sign FILE --key KEY.pem`"
    )]
    Missing,
    /// It is not 64 bytes in base64.
    #[error(
        "the signature is not one: 64 bytes in base64 are needed, as `mapwright sign` prints them"
    )]
    Malformed,
    /// No trusted key made it, or not over these bytes.
    #[error(
        "the signature is by none of the merchant's trusted keys ({trusted}), or the file is not the one that was signed"
    )]
    Unknown {
        /// Their names.
        trusted: String,
    },
    /// There is a signature, and no key to hold it against.
    #[error("it is signed, and the merchant trusts no key: add it to `[plugins] trusted_keys`")]
    NoKeys,
}

impl SignatureError {
    /// Stable and machine-readable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Malformed => "signature_malformed",
            Self::Unknown { .. } => "signature_unknown",
            Self::NoKeys => "signature_no_keys",
        }
    }
}

/// Whose signature this is: the name of the first trusted key that made it.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(
    trusted: &[TrustedKey],
    file: &[u8],
    signature: &str,
) -> Result<String, SignatureError> {
    let signature = STANDARD.decode(signature.trim()).map_err(|_| SignatureError::Malformed)?;
    if signature.len() != SIGNATURE_BYTES {
        return Err(SignatureError::Malformed);
    }
    if trusted.is_empty() {
        return Err(SignatureError::NoKeys);
    }
    let made = |it: &&TrustedKey| {
        UnparsedPublicKey::new(&ED25519, it.key).verify(file, &signature).is_ok()
    };
    trusted.iter().find(made).map(|it| it.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = trusted.iter().map(|it| it.name.as_str()).collect();
        SignatureError::Unknown { trusted: names.join(", ") }
    })
}

/// A key to sign with.
pub struct SigningKey(Ed25519KeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// A new one, as the text of a PEM file (PKCS #8).
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<String, String> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let made = made.map_err(|_| "the system gives no random numbers".to_owned())?;
        let text = STANDARD.encode(made.as_ref());
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
            .collect();
        Ok(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", lines.join("\n")))
    }

    /// Out of a PEM file, of ours or of openssl.
    ///
    /// # Errors
    /// One sentence for a person.
    pub fn read(pem: &str) -> Result<Self, String> {
        let wrong = || {
            "it holds no ed25519 key in PEM: make one with `mapwright key new` or `openssl genpkey \
             -algorithm ed25519`"
                .to_owned()
        };
        let inside = pem.split_once(PEM_BEGIN).and_then(|(_, rest)| rest.split_once(PEM_END));
        let (text, _) = inside.ok_or_else(wrong)?;
        let text: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        // openssl writes the first version of PKCS #8, which has no public key in it.
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes).map_err(|_| wrong())?;
        Ok(Self(key))
    }

    /// Its public half, in base64.
    #[must_use]
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// The signature of a file, in base64.
    #[must_use]
    pub fn sign(&self, file: &[u8]) -> String {
        STANDARD.encode(self.0.sign(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`.
    const BY_OPENSSL: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIH6R1Arui4p7jh3z9D+hpqRbHAavXpOPbNYgUTMh0+3b
-----END PRIVATE KEY-----
";

    fn trusted(name: &str, key: &SigningKey) -> TrustedKey {
        TrustedKey::read(&format!("{name}:{}", key.public())).unwrap()
    }

    #[test]
    fn a_signature_is_known_by_its_key_and_its_file() {
        let maria = SigningKey::read(&SigningKey::generate().unwrap()).unwrap();
        let joao = SigningKey::read(BY_OPENSSL).unwrap();
        let keys = [trusted("maria", &maria), trusted("joão", &joao)];
        let file = b"a plugin";
        assert_eq!(verify(&keys, file, &maria.sign(file)).as_deref(), Ok("maria"));
        assert_eq!(verify(&keys, file, &joao.sign(file)).as_deref(), Ok("joão"));
        let named = |result: Result<String, SignatureError>| result.unwrap_err().code();
        assert_eq!(named(verify(&keys, b"another", &maria.sign(file))), "signature_unknown");
        assert_eq!(named(verify(&keys[..1], file, &joao.sign(file))), "signature_unknown");
        assert_eq!(named(verify(&[], file, &joao.sign(file))), "signature_no_keys");
        for odd in ["", "x", "AAAA", &STANDARD.encode([0; 63])] {
            assert_eq!(named(verify(&keys, file, odd)), "signature_malformed", "{odd}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_how_to_make_one() {
        for odd in ["", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
            assert!(SigningKey::read(odd).unwrap_err().contains("key new"), "{odd}");
        }
        for odd in ["maria", "maria:", ":AAAA", "maria:AAAA", "maria:*"] {
            assert!(TrustedKey::read(odd).unwrap_err().contains("NAME:BASE64"), "{odd}");
        }
    }
}
