//! Versions of lookup tables and settings: what they said, since when they are known, who brought them.
//!
//! The files in the configuration folder are what is in use; this is what they were before and what
//! somebody would like them to be. A version is known by the sha256 of its bytes and kept once. Of each
//! table and each route's settings the newest [`VERSIONS_MAX`] are kept, and never fewer.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::pack::{pack, unpack};
use super::steps::{Answer, Command, Fault, micros, moment};
use super::{Error, Journal};

/// Versions kept of one table or one route's settings.
pub const VERSIONS_MAX: u64 = 50;

/// What a version is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Whose.
    pub merchant: String,
    /// `table` or `settings`.
    pub kind: String,
    /// The table's name, or the route's.
    pub name: String,
}

/// A version to be kept.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Of what.
    pub subject: Subject,
    /// sha256 of the bytes, hex.
    pub digest: String,
    /// Where it came from: `api`, or `folder`.
    pub origin: String,
    /// Who brought it; empty for the folder.
    pub who: String,
    /// Why.
    pub why: String,
    /// What it says.
    pub bytes: bytes::Bytes,
}

/// A version, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// sha256 of the bytes, hex.
    pub digest: String,
    /// Its number among those of the same subject, from 1.
    pub no: u64,
    /// When it was first known.
    pub at: Timestamp,
    /// Where it came from: `api`, or `folder`.
    pub origin: String,
    /// Who brought it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Bytes.
    pub size: u64,
}

impl Journal {
    /// Keeps a version; one that is known already is left as it is. Answers its number.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn keep_version(&self, version: NewVersion) -> Result<u64, Error> {
        match self.write(Command::Value(Box::new(version))).await? {
            Answer::Id(no) => Ok(no),
            _ => unreachable!("a number is what a version answers"),
        }
    }

    /// The versions that are kept, the newest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn value_versions(&self, of: &Subject) -> Result<Vec<Version>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT digest, no, at, origin, who, why, size FROM value_versions
                 WHERE merchant = ?1 AND kind = ?2 AND name = ?3 ORDER BY no DESC",
            )?;
            let found = statement.query_map(params![of.merchant, of.kind, of.name], version)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What a version says.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn version_bytes(&self, of: &Subject, digest: &str) -> Result<Option<bytes::Bytes>, Error> {
        self.shared.readers.with(|db| {
            let found: Option<(u8, Vec<u8>)> = db
                .prepare_cached(
                    "SELECT packing, bytes FROM value_versions
                     WHERE merchant = ?1 AND kind = ?2 AND name = ?3 AND digest = ?4",
                )?
                .query_row(params![of.merchant, of.kind, of.name, digest], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            found.map(|(packing, bytes)| unpack(packing, bytes)).transpose()
        })
    }
}

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        digest: row.get(0)?,
        no: row.get(1)?,
        at: moment(row.get(2)?),
        origin: row.get(3)?,
        who: row.get(4)?,
        why: row.get(5)?,
        size: row.get(6)?,
    })
}

pub(super) fn apply(db: &Connection, it: &NewVersion) -> Result<Answer, Fault> {
    let Subject { merchant, kind, name } = &it.subject;
    let known: Option<u64> = db
        .prepare_cached(
            "SELECT no FROM value_versions
             WHERE merchant = ?1 AND kind = ?2 AND name = ?3 AND digest = ?4",
        )?
        .query_row(params![merchant, kind, name, it.digest], |row| row.get(0))
        .optional()?;
    if let Some(no) = known {
        return Ok(Answer::Id(no));
    }
    let no: u64 = db
        .prepare_cached(
            "SELECT coalesce(max(no), 0) + 1 FROM value_versions
             WHERE merchant = ?1 AND kind = ?2 AND name = ?3",
        )?
        .query_row(params![merchant, kind, name], |row| row.get(0))?;
    let packed = pack(&it.bytes);
    db.prepare_cached(
        "INSERT INTO value_versions (merchant, kind, name, digest, no, at, origin, who, why, size,
                                     packing, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        merchant,
        kind,
        name,
        it.digest,
        no,
        micros(Timestamp::now()),
        it.origin,
        it.who,
        it.why,
        u64::try_from(it.bytes.len()).unwrap_or(u64::MAX),
        packed.packing,
        packed.bytes,
    ])?;
    db.prepare_cached(
        "DELETE FROM value_versions
         WHERE merchant = ?1 AND kind = ?2 AND name = ?3 AND no <= ?4",
    )?
    .execute(params![merchant, kind, name, no.saturating_sub(VERSIONS_MAX)])?;
    Ok(Answer::Id(no))
}
