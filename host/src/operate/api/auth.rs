//! Who asks: a bearer token with a name, a role, and perhaps one merchant.
//!
//! Tokens come from two places: `api_tokens` of `mapwright.toml`, the operators' own, compared in
//! constant time; and the journal, by sha256, so that one that is revoked is refused with the next
//! request. [`super::guesses`] stands before both.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::guesses::Guesses;
use super::problem::Problem;
use crate::journal::Journal;
use crate::journal::tokens::Role;
use crate::secret::Secret;

/// A person's name beside the token's, in the audit record.
const OPERATOR_BYTES_MAX: usize = 100;

/// Those of `mapwright.toml` who may ask, and who tried to guess. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    all: Vec<Fixed>,
    guesses: Arc<Guesses>,
}

#[derive(Clone)]
struct Fixed {
    name: String,
    role: Role,
    /// Of the token: equal lengths, and nothing to leak.
    digest: [u8; 32],
}

impl std::fmt::Debug for Fixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?})", self.name, self.role)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// The token's name, with the person's where the client says one: `ops/maria`.
    pub(super) name: String,
    /// The same, of this token and of no other that has its name another day.
    pub(super) id: String,
    pub(super) role: Role,
    /// The only merchant that the token is for.
    pub(super) merchant: Option<String>,
}

impl Tokens {
    /// Lets one more in, for all merchants.
    pub fn add(&mut self, name: &str, role: Role, secret: &Secret) {
        let digest = Sha256::digest(secret.expose()).into();
        self.all.push(Fixed { name: name.to_owned(), role, digest });
    }

    /// Whether one of these has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|token| token.name == name)
    }

    pub(super) fn who(
        &self,
        journal: &Journal,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Who, Problem> {
        let (from, now) = (remote(headers, extensions), Instant::now());
        if let Some(wait) = self.guesses.shut_out(from, now) {
            return Err(Problem::too_many_guesses(wait));
        }
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let Some(given) = given else {
            return Err(self.stranger(journal, "send `Authorization: Bearer TOKEN`")?);
        };
        let given: [u8; 32] = Sha256::digest(given).into();
        // All are compared, so that the time says nothing about which one was close.
        let mut found = None;
        for token in &self.all {
            if bool::from(token.digest.ct_eq(&given)) {
                found = Some((token.name.clone(), "file".to_owned(), token.role, None));
            }
        }
        if found.is_none() {
            // By the digest of what was sent: how near that is to another says nothing of a token.
            found = journal
                .token_of(&given)?
                .map(|token| (token.name, token.id.to_string(), token.role, token.merchant));
        }
        let Some((token, id, role, merchant)) = found else {
            self.guesses.wrong(from, now);
            tracing::debug!(%from, "a token that is not one of ours");
            return Err(self.stranger(journal, "this token is not one of ours")?);
        };
        self.guesses.right(from, now);
        let operator = headers.get("x-operator").and_then(|value| value.to_str().ok());
        let name = match operator.filter(|it| (1..=OPERATOR_BYTES_MAX).contains(&it.len())) {
            Some(operator) => format!("{token}/{operator}"),
            None => token,
        };
        Ok(Who { id: format!("{id}:{name}"), name, role, merchant })
    }

    /// What somebody is told who is not let in.
    fn stranger(&self, journal: &Journal, said: &str) -> Result<Problem, Problem> {
        let none =
            self.all.is_empty() && journal.tokens()?.iter().all(|it| it.revoked_at.is_some());
        Ok(Problem::unauthorized(match none {
            false => said,
            true => {
                "there are no tokens, so nobody may ask: stop the host and run `mapwright token \
                 create --name ops --role operator`, or add `api_tokens = [{ env = \
                 \"MAPWRIGHT_TOKEN\", name = \"ops\" }]` to mapwright.toml and restart the host"
            }
        }))
    }
}

/// Where a request comes from.
fn remote(headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if !peer.is_loopback() {
        return peer;
    }
    // The proxy on this machine adds whom it heard at the end; what stands before that anybody wrote.
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|it| it.to_str().ok()).and_then(|it| it.rsplit(',').next());
    last.and_then(|it| it.trim().parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::audit::Act;
    use crate::journal::tokens::NewToken;

    fn ask(tokens: &Tokens, journal: &Journal, value: &str, from: &str) -> Result<String, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        headers.insert("x-forwarded-for", from.parse().unwrap());
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
        let said = tokens.who(journal, &headers, &extensions);
        said.map(|who| who.name).map_err(|problem| problem.status.as_u16())
    }

    #[tokio::test]
    async fn only_the_right_token_is_let_in_and_nobody_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        let mut tokens = Tokens::default();
        assert_eq!(ask(&tokens, &journal, "Bearer x", "10.0.0.9"), Err(401));
        tokens.add("ops", Role::Operator, &Secret::new("right"));
        tokens.add("eye", Role::Read, &Secret::new("other"));
        let made = NewToken {
            name: "acme".to_owned(),
            role: Role::Merchant,
            merchant: Some("acme".to_owned()),
            digest: Sha256::digest("kept").into(),
            by: "ops".to_owned(),
        };
        journal.act(vec![Act::Token(made)]).await.unwrap();
        let from = "10.0.0.1";
        for (value, name) in [("right", "ops"), ("other", "eye"), ("kept", "acme")] {
            let bearer = format!("bearer {value}");
            assert_eq!(ask(&tokens, &journal, &bearer, from).as_deref(), Ok(name));
        }
        for wrong in ["Bearer righ", "Bearer rightt", "Bearer", "Bearer ", "Basic right", "right"] {
            assert_eq!(ask(&tokens, &journal, wrong, from), Err(401), "{wrong}");
        }
        let revoke = Act::RevokeToken { name: "acme".to_owned(), by: "ops".to_owned() };
        journal.act(vec![revoke]).await.unwrap();
        assert_eq!(ask(&tokens, &journal, "Bearer kept", from), Err(401));
        assert!(!format!("{tokens:?}").contains("right"));
    }

    #[tokio::test]
    async fn who_guesses_is_not_even_let_in_with_the_right_token_for_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        let mut tokens = Tokens::default();
        tokens.add("ops", Role::Operator, &Secret::new("right"));
        let many = super::super::guesses::ADDRESS_MAX;
        for _ in 0..many {
            // What a client writes before the proxy's own word changes nothing.
            let from = format!("{}, 10.0.0.1", fastrand::u32(..));
            assert_eq!(ask(&tokens, &journal, "Bearer wrong", &from), Err(401));
        }
        assert_eq!(ask(&tokens, &journal, "Bearer right", "10.0.0.1"), Err(429));
        assert_eq!(ask(&tokens, &journal, "Bearer right", "10.0.0.2").as_deref(), Ok("ops"));
    }
}
