//! Who asks: a bearer token, compared in constant time, with a name and a role.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::config::Role;
use crate::secret::Secret;

/// A person's name beside the token's, in the audit record.
const OPERATOR_BYTES_MAX: usize = 100;

/// Those who may ask.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    all: Vec<Token>,
}

#[derive(Clone)]
struct Token {
    name: String,
    role: Role,
    /// Of the token: equal lengths, and nothing to leak.
    digest: [u8; 32],
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?})", self.name, self.role)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// The token's name, with the person's where the client says one: `ops/maria`.
    pub(super) name: String,
    pub(super) role: Role,
}

impl Tokens {
    /// Lets one more in.
    pub fn add(&mut self, name: &str, role: Role, secret: &Secret) {
        let digest = Sha256::digest(secret.expose()).into();
        self.all.push(Token { name: name.to_owned(), role, digest });
    }

    pub(super) fn who(&self, headers: &HeaderMap) -> Result<Who, Problem> {
        if self.all.is_empty() {
            return Err(Problem::unauthorized(
                "no tokens are configured, so nobody may ask: add `api_tokens = [{ env = \
                 \"MAPWRIGHT_TOKEN\", name = \"ops\" }]` to mapwright.toml and restart the host",
            ));
        }
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let Some(given) = given else {
            return Err(Problem::unauthorized("send `Authorization: Bearer TOKEN`"));
        };
        let given: [u8; 32] = Sha256::digest(given).into();
        // All are compared, so that the time says nothing about which one was close.
        let mut found = None;
        for token in &self.all {
            if bool::from(token.digest.ct_eq(&given)) {
                found = Some(token);
            }
        }
        let token = found.ok_or_else(|| Problem::unauthorized("this token is not one of ours"))?;
        let operator = headers.get("x-operator").and_then(|value| value.to_str().ok());
        let name = match operator.filter(|it| (1..=OPERATOR_BYTES_MAX).contains(&it.len())) {
            Some(operator) => format!("{}/{operator}", token.name),
            None => token.name.clone(),
        };
        Ok(Who { name, role: token.role })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_token_is_let_in_and_nobody_where_there_is_none() {
        let ask = |tokens: &Tokens, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            tokens.who(&headers).map(|who| who.name).map_err(|problem| problem.status.as_u16())
        };
        let mut tokens = Tokens::default();
        assert_eq!(ask(&tokens, "Bearer x"), Err(401));
        tokens.add("ops", Role::Operate, &Secret::new("right"));
        tokens.add("eye", Role::Read, &Secret::new("other"));
        assert_eq!(ask(&tokens, "Bearer right").as_deref(), Ok("ops"));
        assert_eq!(ask(&tokens, "bearer other").as_deref(), Ok("eye"));
        for wrong in ["Bearer righ", "Bearer rightt", "Bearer", "Bearer ", "Basic right", "right"] {
            assert_eq!(ask(&tokens, wrong), Err(401), "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains("right"));
    }
}
