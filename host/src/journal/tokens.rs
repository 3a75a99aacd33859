//! Who may ask the API: tokens by their digest, each with a role and perhaps one merchant.
//!
//! The token itself is never here: what is kept is its sha256, and a token is made of 256 random
//! bits, so there is nothing to try out against a stolen copy. A token is never removed, only
//! revoked: the audit record names it. It costs one indexed read for each request.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::steps::{micros, moment};
use super::{Error, Journal};

/// What a token is good for; each role may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looking only.
    Read,
    /// Bringing rules in, deciding what works and what becomes of what was stopped: a merchant's own
    /// people.
    Merchant,
    /// Fetching a shop's past as well, which costs the shop.
    Consultant,
    /// All merchants, and the host itself.
    Operator,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Merchant, Self::Consultant, Self::Operator];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Merchant => "merchant",
            Self::Consultant => "consultant",
            Self::Operator => "operator",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no role: there are read, merchant, consultant and operator")
        })
    }
}

/// A token to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What the audit record calls it.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// Of this merchant only; nothing means all.
    pub merchant: Option<String>,
    /// sha256 of the token.
    pub digest: [u8; 32],
    /// Who made it.
    pub by: String,
}

/// A token as it is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number, from 1.
    pub id: u64,
    /// What the audit record calls it.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// Of this merchant only; nothing means all.
    pub merchant: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Since when it is good for nothing.
    pub revoked_at: Option<Timestamp>,
    /// Who saw to that.
    pub revoked_by: Option<String>,
}

impl Journal {
    /// All tokens, the newest first, with those that were revoked.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.shared.readers.with(|db| {
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM api_tokens ORDER BY id DESC"))?;
            Ok(statement.query_map([], token)?.collect::<Result<_, _>>()?)
        })
    }

    /// The token with this sha256, if it is good.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn token_of(&self, digest: &[u8; 32]) -> Result<Option<Token>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM api_tokens WHERE digest = ?1 AND revoked_at IS NULL"
            ))?;
            Ok(statement.query_row([&digest[..]], token).optional()?)
        })
    }
}

/// Lets a token in; false if its name is that of another.
pub(super) fn add(db: &Connection, it: &NewToken, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = db
        .prepare_cached(
            "INSERT OR IGNORE INTO api_tokens (name, role, merchant, digest, created_at, created_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            it.name,
            it.role.as_str(),
            it.merchant,
            &it.digest[..],
            micros(now),
            it.by
        ])?;
    Ok(changed > 0)
}

/// Makes a token good for nothing; false if it was that before.
pub(super) fn revoke(
    db: &Connection,
    name: &str,
    by: &str,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE api_tokens SET revoked_at = ?2, revoked_by = ?3
             WHERE name = ?1 AND revoked_at IS NULL",
        )?
        .execute(params![name, micros(now), by])?;
    Ok(changed > 0)
}

const COLUMNS: &str = "id, name, role, merchant, created_at, created_by, revoked_at, revoked_by";

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let role: String = row.get(2)?;
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        // A role of a newer host: the least there is.
        role: role.parse().unwrap_or(Role::Read),
        merchant: row.get(3)?,
        created_at: moment(row.get(4)?),
        created_by: row.get(5)?,
        revoked_at: row.get::<_, Option<i64>>(6)?.map(moment),
        revoked_by: row.get(7)?,
    })
}
