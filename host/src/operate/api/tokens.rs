//! `/v1/tokens`: who may ask. A token is shown once, when it is made, and never kept.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::page::value;
use super::problem::Problem;
use super::{Answer, Asked, Tokens};
use crate::journal::Journal;
use crate::journal::audit::{Act, NewEntry};
use crate::journal::tokens::{NewToken, Role, Token};
use crate::operate::Operate;

/// Told apart from other secrets at a glance, and found by those who look for leaked ones.
const PREFIX: &str = "mwt_";
/// As many as a key has: there is nothing to try out.
const RANDOM_BYTES: usize = 32;
const NAME_BYTES_MAX: usize = 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    /// What the audit record calls it.
    name: String,
    role: Role,
    /// Of this merchant only.
    #[serde(default)]
    merchant: Option<String>,
    #[serde(default)]
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    #[serde(default)]
    why: String,
}

pub(super) fn list(operate: &Operate) -> Result<Answer, Problem> {
    let tokens = operate.journal.tokens()?;
    let rows = tokens.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn create(
    operate: &Operate,
    fixed: &Tokens,
    asked: &Asked,
) -> Result<Answer, Problem> {
    let TokenRequest { name, role, merchant, why } = asked.json()?;
    let unfit = |said: String| Problem::unfit("token", said);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(unfit(format!(
            "a token is called by 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`"
        )));
    }
    match (&merchant, role) {
        (Some(_), Role::Operator) => {
            let said = "an operator's token is for all merchants: leave `merchant` out, or take \
                        another role";
            return Err(unfit(said.to_owned()));
        }
        (None, Role::Merchant | Role::Consultant) => {
            return Err(unfit(format!("a token of role {role} is for one merchant: say which")));
        }
        (Some(merchant), _) if !operate.has_merchant(merchant) => {
            return Err(Problem::unknown(format!("there is no merchant `{merchant}`")));
        }
        _ => {}
    }
    let taken = || Problem::conflict("taken", format!("there is a token `{name}` already"));
    if fixed.has(&name) {
        return Err(taken());
    }
    let secret = made()?;
    let new = NewToken {
        name: name.clone(),
        role,
        merchant: merchant.clone(),
        digest: Sha256::digest(&secret).into(),
        by: asked.who.name.clone(),
    };
    let entry = NewEntry {
        who: asked.who.name.clone(),
        action: "create_token".to_owned(),
        merchant: merchant.unwrap_or_default(),
        subject: format!("token/{name}"),
        why,
        detail: json!({ "role": role }).to_string(),
    };
    let journal = &operate.journal;
    if journal.act(vec![Act::Told(Box::new(Act::Token(new)), entry)]).await? == 0 {
        return Err(taken());
    }
    let shown = value(&known(journal, &name)?)?;
    let mut once = shown.clone();
    once["token"] = Value::String(secret);
    let mut kept = shown;
    kept["token"] = Value::Null;
    Ok(Answer::Once { status: StatusCode::CREATED, body: once, kept })
}

pub(super) async fn revoke(
    operate: &Operate,
    fixed: &Tokens,
    asked: &Asked,
) -> Result<Answer, Problem> {
    let Revoke { why } = asked.json()?;
    let name = asked.part("token").to_owned();
    if fixed.has(&name) {
        let said =
            format!("`{name}` stands in mapwright.toml: take it out there and restart the host");
        return Err(Problem::conflict("in-the-file", said));
    }
    let found = known(&operate.journal, &name)?;
    let entry = NewEntry {
        who: asked.who.name.clone(),
        action: "revoke_token".to_owned(),
        merchant: found.merchant.clone().unwrap_or_default(),
        subject: format!("token/{name}"),
        why,
        detail: String::new(),
    };
    let act = Act::RevokeToken { name, by: asked.who.name.clone() };
    operate.journal.act(vec![Act::Told(Box::new(act), entry)]).await?;
    let after = operate.journal.tokens()?.into_iter().find(|it| it.id == found.id);
    Ok(Answer::Json(StatusCode::OK, value(&after.unwrap_or(found))?))
}

/// The good token of this name.
fn known(journal: &Journal, name: &str) -> Result<Token, Problem> {
    let found = journal.tokens()?.into_iter().find(|it| it.name == name && it.revoked_at.is_none());
    found.ok_or_else(|| Problem::unknown(format!("there is no token `{name}`")))
}

fn made() -> Result<String, Problem> {
    let mut random = [0; RANDOM_BYTES];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_| Problem::unavailable("the system gives no random numbers"))?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}
