//! Secrets: named in configuration, held by the environment or a file, never printed.
//!
//! `{ env = "NAME" }` or `{ file = "path" }` is what a configuration file may say; a secret written
//! inline is refused. [`SecretSource::resolve`] reads the value; one that is empty, or nothing but
//! blanks, is an error, because such a webhook secret lets anybody forge orders. Blanks around a
//! secret belong to it: a shop signs with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum SecretSource {
    /// An environment variable of the host.
    Env(String),
    /// A file; relative paths start at the folder of the file that names it. One trailing newline
    /// is not part of the secret.
    File(PathBuf),
}

/// What somebody wrote where a secret's place belongs. It may be the secret itself, so no error repeats it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Place(BTreeMap<String, Part>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Other(IgnoredAny),
}

impl TryFrom<Written> for SecretSource {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        const MEANT: &str = "write where it is kept: { env = \"NAME\" } or { file = \"PATH\" }";
        let Written::Place(place) = written else {
            return Err(format!("a secret does not stand in this file; {MEANT}"));
        };
        let mut parts = place.into_iter();
        match (parts.next(), parts.next()) {
            (Some((key, Part::Text(name))), None) if key == "env" => Ok(Self::Env(name)),
            (Some((key, Part::Text(path))), None) if key == "file" => Ok(Self::File(path.into())),
            (Some((key, _)), None) if key != "env" && key != "file" => {
                Err(format!("a secret has no `{key}`; {MEANT}"))
            }
            _ => Err(format!("a secret has one place; {MEANT}")),
        }
    }
}

/// A secret's value. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The variable is not set.
    #[error("environment variable {0} is not set: set it before starting mapwright")]
    Unset(String),
    /// The file cannot be read.
    #[error("secret file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing in it, or only blanks.
    #[error(
        "the secret in {0} is empty or blank: it would protect nothing; use 20 or more of A-Z a-z 0-9 _ -"
    )]
    Empty(String),
}

impl SecretSource {
    /// Reads the secret. `base` is the folder that relative files start from.
    ///
    /// # Errors
    /// [`Error`], each saying where the secret was sought.
    pub fn resolve(&self, base: &Path) -> Result<Secret, Error> {
        let (value, place) = match self {
            Self::Env(name) => {
                let value = std::env::var(name).map_err(|_| Error::Unset(name.clone()))?;
                (value, format!("environment variable {name}"))
            }
            Self::File(path) => {
                let path = base.join(path);
                let mut value = std::fs::read_to_string(&path)
                    .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
                if value.ends_with('\n') {
                    value.pop();
                    if value.ends_with('\r') {
                        value.pop();
                    }
                }
                (value, format!("file {}", path.display()))
            }
        };
        if value.trim().is_empty() { Err(Error::Empty(place)) } else { Ok(Secret(value)) }
    }
}

impl Secret {
    /// Wraps a value that is already at hand (tests, the demo).
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself; the only way to it, so that uses can be found.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Table {
        secret: SecretSource,
    }

    #[test]
    fn a_secret_has_one_place() {
        let read = |text: &str| toml::from_str::<Table>(text).unwrap().secret;
        assert_eq!(read("secret = { env = \"A\" }"), SecretSource::Env("A".into()));
        assert_eq!(read("secret = { file = \"a/b\" }"), SecretSource::File("a/b".into()));
    }

    #[test]
    fn one_that_is_written_where_its_place_belongs_is_not_repeated() {
        for text in [
            "secret = \"hunter2\"",
            "secret = 27182818",
            "secret = [\"hunter2\"]",
            "secret = { env = [\"hunter2\"] }",
            "secret = { environment = \"hunter2\" }",
            "secret = { env = \"A\", file = \"hunter2\" }",
            "secret = {}",
        ] {
            let error = toml::from_str::<Table>(text).unwrap_err();
            let said = error.message();
            assert!(!said.contains("hunter2") && !said.contains("27182818"), "{said}");
            assert!(said.contains("{ env = \"NAME\" } or { file = \"PATH\" }"), "{said}");
        }
    }
}
