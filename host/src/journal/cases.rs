//! What came beside a plugin: the golden cases and tables of a version, and the truth tables that a trusted
//! key has signed.
//!
//! Both are kept packed and never looked into here. Cases belong to a merchant's version and leave with
//! its bytes. A signed table belongs to the plugin: it is held against every version to come until
//! another is signed in its place, and one that was replaced does not come back by bringing an old
//! package in again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::steps::micros;
use super::{Error, Journal};

/// A truth table that a trusted key has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTable {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// The table's name.
    pub name: String,
    /// sha256 of the CSV file, hex.
    pub sha: String,
    /// The name of the key.
    pub signed_by: String,
    /// The version it came with.
    pub digest: String,
    /// The table, its spec and all files that this names.
    pub packed: Vec<u8>,
}

/// Something that came beside a plugin, as part of an [`Act`](super::audit::Act).
#[derive(Debug, Clone)]
pub enum CasesAct {
    /// Cases and tables of a version, in place of those it had.
    Keep {
        /// Whose.
        merchant: String,
        /// What routes call the plugin by.
        plugin: String,
        /// Which version.
        digest: String,
        /// All of them.
        packed: Vec<u8>,
    },
    /// A table is held against every version from now on, in place of the one of its name.
    Hold(Box<SignedTable>),
}

impl Journal {
    /// What came beside a version, packed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn cases_of(
        &self,
        merchant: &str,
        plugin: &str,
        digest: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT packed FROM version_cases
                 WHERE merchant = ?1 AND plugin = ?2 AND digest = ?3",
            )?;
            Ok(statement.query_row([merchant, plugin, digest], |row| row.get(0)).optional()?)
        })
    }

    /// The tables that are held against a plugin, by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn signed_tables(&self, merchant: &str, plugin: &str) -> Result<Vec<SignedTable>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT merchant, plugin, name, sha, signed_by, digest, packed FROM signed_tables
                 WHERE merchant = ?1 AND plugin = ?2 AND held = 1 ORDER BY name",
            )?;
            let found = statement.query_map([merchant, plugin], |row| {
                Ok(SignedTable {
                    merchant: row.get(0)?,
                    plugin: row.get(1)?,
                    name: row.get(2)?,
                    sha: row.get(3)?,
                    signed_by: row.get(4)?,
                    digest: row.get(5)?,
                    packed: row.get(6)?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Name and sha256 of every table that ever was held against a plugin.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn tables_ever_signed(
        &self,
        merchant: &str,
        plugin: &str,
    ) -> Result<BTreeSet<(String, String)>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT name, sha FROM signed_tables WHERE merchant = ?1 AND plugin = ?2",
            )?;
            let found =
                statement.query_map([merchant, plugin], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

pub(super) fn apply(db: &Connection, act: &CasesAct, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = match act {
        CasesAct::Keep { merchant, plugin, digest, packed } => db
            .prepare_cached(
                "INSERT INTO version_cases (merchant, plugin, digest, packed)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET packed = excluded.packed",
            )?
            .execute(params![merchant, plugin, digest, packed])?,
        CasesAct::Hold(it) => {
            // What is replaced is remembered by its sum alone.
            db.prepare_cached(
                "UPDATE signed_tables SET held = 0, packed = x''
                 WHERE merchant = ?1 AND plugin = ?2 AND name = ?3",
            )?
            .execute([&it.merchant, &it.plugin, &it.name])?;
            db.prepare_cached(
                "INSERT INTO signed_tables
                     (merchant, plugin, name, sha, signed_by, digest, at, held, packed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)
                 ON CONFLICT DO UPDATE SET signed_by = excluded.signed_by,
                     digest = excluded.digest, at = excluded.at, held = 1,
                     packed = excluded.packed",
            )?
            .execute(params![
                it.merchant,
                it.plugin,
                it.name,
                it.sha,
                it.signed_by,
                it.digest,
                micros(now),
                it.packed
            ])?
        }
    };
    Ok(changed > 0)
}

/// The bytes of a version are gone: so are its cases.
pub(super) fn drop_with(
    db: &Connection,
    merchant: &str,
    plugin: &str,
    digest: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM version_cases WHERE merchant = ?1 AND plugin = ?2 AND digest = ?3",
    )?
    .execute([merchant, plugin, digest])
    .map(drop)
}
