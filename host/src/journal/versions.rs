//! Versions of merchants' plugins: who brought each in, what was found, and where it stands.
//!
//! ```text
//!   uploaded --> admitted --> candidate --> shadow --> active --> retired
//!       |            \____________\___________\______^   ^___________|
//!       '--> refused (and admitted after all, where it is brought in again)
//! ```
//! A row for each merchant, plugin and digest; it is never removed, so two files with one version
//! number stay two. The bytes are on the shelf as long as `kept` says so; those of a refused version
//! never were. One version of a plugin is active: what was active before is retired in the commit that
//! says so. What is truly at work is the folder's to say ([`crate::config`]); this is the record of it.
//!
//! Beside it: `uploads` counts what came within the last hour, and `intents` holds what is about to be
//! done outside of the journal, so that a crash in the middle leaves a line to follow up.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::audit::NewEntry;
use super::cases;
use super::steps::{micros, moment};
use super::{Error, Journal};

/// The stretch of time that uploads are counted over.
pub const UPLOAD_WINDOW: SignedDuration = SignedDuration::from_hours(1);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ } else $other:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn named(word: &str) -> Self {
                match word { $($word => Self::$variant,)+ _ => Self::$other }
            }
        }
    };
}

words! {
    /// Where a version stands.
    VersionState {
        /// It came, and is being looked over.
        Uploaded = "uploaded",
        /// It may be put to work.
        Admitted = "admitted",
        /// It may not; why is in its report.
        Refused = "refused",
        /// It is meant to be next.
        Candidate = "candidate",
        /// It runs beside the active one, without effect.
        Shadow = "shadow",
        /// It is at work.
        Active = "active",
        /// It was at work.
        Retired = "retired",
    } else Uploaded
}

words! {
    /// How a version came.
    Came {
        /// By the API.
        Api = "api",
        /// By `mapwright push`.
        Push = "push",
        /// By a file in the merchant's folder.
        Folder = "folder",
    } else Folder
}

/// What is to be written of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// sha256 of the WebAssembly file, hex.
    pub digest: String,
    /// The manifest's name, where it could be read.
    pub name: Option<String>,
    /// The manifest's version, where it could be read.
    pub version: Option<String>,
    /// Where it stands.
    pub state: VersionState,
    /// Who brought it.
    pub who: String,
    /// How.
    pub came: Came,
    /// As what: `file`, `zip`, `tar.gz`.
    pub form: String,
    /// Size of the WebAssembly file.
    pub bytes: u64,
    /// The trusted key it was signed with.
    pub signed_by: Option<String>,
    /// The admission report, as JSON.
    pub report: String,
    /// Whether its bytes are on the shelf.
    pub kept: bool,
}

/// [`NewVersion`] as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// What was written.
    pub it: NewVersion,
    /// When it came first.
    pub came_at: Timestamp,
    /// When it last changed its state.
    pub changed_at: Timestamp,
}

/// What was about to be done when the host stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its key.
    pub key: String,
    /// When it began.
    pub at: Timestamp,
    /// What the audit record would say.
    pub entry: NewEntry,
}

/// Something versions write, as part of an [`Act`](super::audit::Act).
#[derive(Debug, Clone)]
pub enum VersionAct {
    /// A version came, or was looked over again. One that is past admission keeps its state.
    Put(Box<NewVersion>),
    /// A version stands elsewhere now. What is not admitted cannot become candidate, shadow or
    /// active, and what is active before is retired by the one that becomes so.
    State {
        /// Whose.
        merchant: String,
        /// What routes call the plugin by.
        plugin: String,
        /// Which version.
        digest: String,
        /// Where it stands.
        to: VersionState,
    },
    /// Its bytes have left the shelf.
    Dropped {
        /// Whose.
        merchant: String,
        /// What routes call the plugin by.
        plugin: String,
        /// Which version.
        digest: String,
    },
    /// So many bytes came for a merchant.
    Counted {
        /// Whose.
        merchant: String,
        /// How many.
        bytes: u64,
    },
    /// This is about to be done.
    Intend {
        /// Chosen by whoever does it.
        key: String,
        /// What the audit record will say.
        entry: NewEntry,
    },
    /// It was done, or given up: its line in the audit record is in the same commit.
    Settled {
        /// As in [`VersionAct::Intend`].
        key: String,
    },
}

impl Journal {
    /// Versions of a merchant, or all; of one plugin, or all: the newest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn plugin_versions(
        &self,
        merchant: Option<&str>,
        plugin: Option<&str>,
    ) -> Result<Vec<VersionRow>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM versions
                 WHERE (?1 IS NULL OR merchant = ?1) AND (?2 IS NULL OR plugin = ?2)
                 ORDER BY merchant, plugin, came_at DESC, digest"
            ))?;
            let found = statement.query_map(params![merchant, plugin], version)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// One version.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn version(
        &self,
        merchant: &str,
        plugin: &str,
        digest: &str,
    ) -> Result<Option<VersionRow>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM versions
                 WHERE merchant = ?1 AND plugin = ?2 AND digest = ?3"
            ))?;
            Ok(statement.query_row(params![merchant, plugin, digest], version).optional()?)
        })
    }

    /// The digests of all versions that were brought in for a merchant and not refused.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn version_digests(&self, merchant: &str) -> Result<BTreeSet<String>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT digest FROM versions
                 WHERE merchant = ?1 AND state NOT IN ('uploaded', 'refused')",
            )?;
            let found = statement.query_map([merchant], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Merchant, plugin, digest and state of all versions.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn version_states(&self) -> Result<Vec<(String, String, String, VersionState)>, Error> {
        self.shared.readers.with(|db| {
            let mut statement =
                db.prepare_cached("SELECT merchant, plugin, digest, state FROM versions")?;
            let found = statement.query_map([], |row| {
                let state: String = row.get(3)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, VersionState::named(&state)))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The digests whose bytes somebody's record keeps on the shelf.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn kept_digests(&self) -> Result<BTreeSet<String>, Error> {
        self.shared.readers.with(|db| {
            let mut statement =
                db.prepare_cached("SELECT DISTINCT digest FROM versions WHERE kept = 1")?;
            let found = statement.query_map([], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The digests of all versions of anybody.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn all_version_digests(&self) -> Result<BTreeSet<String>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached("SELECT DISTINCT digest FROM versions")?;
            let found = statement.query_map([], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// How many came for a merchant within the hour before `now`, how many bytes, and when the
    /// oldest of them came.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn uploads(
        &self,
        merchant: &str,
        now: Timestamp,
    ) -> Result<(u64, u64, Option<Timestamp>), Error> {
        let from = now.checked_sub(UPLOAD_WINDOW).unwrap_or(Timestamp::MIN);
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT count(*), coalesce(sum(bytes), 0), min(at) FROM uploads
                 WHERE merchant = ?1 AND at > ?2",
            )?;
            let found = statement.query_row(params![merchant, micros(from)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?.map(moment)))
            });
            Ok(found?)
        })
    }

    /// What was begun and neither done nor given up.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn intents(&self) -> Result<Vec<Intent>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT key, at, who, action, merchant, subject, why, detail FROM intents
                 ORDER BY at, key",
            )?;
            let found = statement.query_map([], |row| {
                Ok(Intent {
                    key: row.get(0)?,
                    at: moment(row.get(1)?),
                    entry: NewEntry {
                        who: row.get(2)?,
                        action: row.get(3)?,
                        merchant: row.get(4)?,
                        subject: row.get(5)?,
                        why: row.get(6)?,
                        detail: row.get(7)?,
                    },
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The digests that open work names: passages that wait for one, jobs that were begun with one,
    /// issues nobody has dealt with, canaries, and trials that may still be acted upon.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn needed_digests(&self) -> Result<BTreeSet<String>, Error> {
        self.shared.readers.with(|db| {
            let mut needed = BTreeSet::new();
            for sql in [
                "SELECT DISTINCT p.pin FROM open o JOIN passages p ON p.seq = o.seq
                 WHERE p.pin IS NOT NULL",
                "SELECT DISTINCT plugin_digest FROM issues
                 WHERE pending > 0 AND plugin_digest IS NOT NULL",
                "SELECT candidate FROM canaries",
                "SELECT live FROM trials WHERE state IN ('running', 'done')",
                "SELECT beside FROM trials WHERE state IN ('running', 'done')",
            ] {
                let mut statement = db.prepare_cached(sql)?;
                for digest in statement.query_map([], |row| row.get::<_, String>(0))? {
                    needed.insert(digest?);
                }
            }
            let mut statement =
                db.prepare_cached("SELECT spec FROM jobs WHERE state IN ('queued', 'running')")?;
            for spec in statement.query_map([], |row| row.get::<_, String>(0))? {
                // Whatever kind of job it is: what looks like a digest in it may be one.
                let spec = spec?;
                let words = spec.split(|it: char| !it.is_ascii_hexdigit());
                needed.extend(words.filter(|it| it.len() == DIGEST_CHARS).map(str::to_owned));
            }
            Ok(needed)
        })
    }
}

/// Of a sha256, hex.
const DIGEST_CHARS: usize = 64;

pub(super) fn apply(db: &Connection, act: &VersionAct, now: Timestamp) -> rusqlite::Result<bool> {
    let at = micros(now);
    let changed = match act {
        VersionAct::Put(it) => put(db, it, at)?,
        VersionAct::State { merchant, plugin, digest, to } => {
            set_state(db, merchant, plugin, digest, *to, at)?
        }
        VersionAct::Dropped { merchant, plugin, digest } => {
            cases::drop_with(db, merchant, plugin, digest)?;
            db.prepare_cached(
                "UPDATE versions SET kept = 0
                 WHERE merchant = ?1 AND plugin = ?2 AND digest = ?3 AND kept = 1",
            )?
            .execute(params![merchant, plugin, digest])?
        }
        VersionAct::Counted { merchant, bytes } => {
            let old = now.checked_sub(UPLOAD_WINDOW).unwrap_or(Timestamp::MIN);
            db.prepare_cached("DELETE FROM uploads WHERE merchant = ?1 AND at <= ?2")?
                .execute(params![merchant, micros(old)])?;
            db.prepare_cached("INSERT INTO uploads (merchant, at, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![merchant, at, bytes])?
        }
        VersionAct::Intend { key, entry: it } => db
            .prepare_cached(
                "INSERT OR IGNORE INTO intents (key, at, who, action, merchant, subject, why, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                key,
                at,
                it.who,
                it.action,
                it.merchant,
                it.subject,
                it.why,
                it.detail
            ])?,
        VersionAct::Settled { key } => {
            db.prepare_cached("DELETE FROM intents WHERE key = ?1")?.execute([key])?
        }
    };
    Ok(changed > 0)
}

/// Who brought it first stays, unless it had been refused; what is past admission keeps its place.
fn put(db: &Connection, it: &NewVersion, at: i64) -> rusqlite::Result<usize> {
    let changed = db
        .prepare_cached(
            "INSERT INTO versions (merchant, plugin, digest, name, version, state, who, came, form,
                                   bytes, signed_by, report, kept, came_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)
             ON CONFLICT DO UPDATE SET
                 name = coalesce(excluded.name, name),
                 version = coalesce(excluded.version, version),
                 form = excluded.form,
                 signed_by = coalesce(excluded.signed_by, signed_by),
                 report = excluded.report,
                 kept = max(kept, excluded.kept),
                 who = CASE WHEN state IN ('uploaded', 'refused') THEN excluded.who ELSE who END,
                 came = CASE WHEN state IN ('uploaded', 'refused') THEN excluded.came ELSE came END,
                 changed_at = CASE WHEN excluded.kept > kept
                     OR (state IN ('uploaded', 'refused', 'admitted') AND state <> excluded.state)
                     THEN excluded.changed_at ELSE changed_at END,
                 state = CASE WHEN state IN ('uploaded', 'refused', 'admitted')
                     THEN excluded.state ELSE state END",
        )?
        .execute(params![
            it.merchant,
            it.plugin,
            it.digest,
            it.name,
            it.version,
            it.state.as_str(),
            it.who,
            it.came.as_str(),
            it.form,
            it.bytes,
            it.signed_by,
            it.report,
            it.kept,
            at
        ])?;
    if it.state == VersionState::Active {
        set_state(db, &it.merchant, &it.plugin, &it.digest, VersionState::Active, at)?;
    }
    Ok(changed)
}

fn set_state(
    db: &Connection,
    merchant: &str,
    plugin: &str,
    digest: &str,
    to: VersionState,
    at: i64,
) -> rusqlite::Result<usize> {
    let needs_admission =
        matches!(to, VersionState::Candidate | VersionState::Shadow | VersionState::Active);
    let changed = db
        .prepare_cached(
            "UPDATE versions SET state = ?4, changed_at = ?5
             WHERE merchant = ?1 AND plugin = ?2 AND digest = ?3 AND state <> ?4
               AND (NOT ?6 OR state NOT IN ('uploaded', 'refused'))",
        )?
        .execute(params![merchant, plugin, digest, to.as_str(), at, needs_admission])?;
    if to == VersionState::Active {
        // Also where the row stood so before: there is one active version, whatever happened.
        db.prepare_cached(
            "UPDATE versions SET state = 'retired', changed_at = ?4
             WHERE merchant = ?1 AND plugin = ?2 AND digest <> ?3 AND state = 'active'
               AND EXISTS (SELECT 1 FROM versions WHERE merchant = ?1 AND plugin = ?2
                           AND digest = ?3 AND state = 'active')",
        )?
        .execute(params![merchant, plugin, digest, at])?;
    }
    Ok(changed)
}

const COLUMNS: &str = "merchant, plugin, digest, name, version, state, who, came, form, bytes,
                       signed_by, report, kept, came_at, changed_at";

fn version(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        it: NewVersion {
            merchant: row.get(0)?,
            plugin: row.get(1)?,
            digest: row.get(2)?,
            name: row.get(3)?,
            version: row.get(4)?,
            state: VersionState::named(&row.get::<_, String>(5)?),
            who: row.get(6)?,
            came: Came::named(&row.get::<_, String>(7)?),
            form: row.get(8)?,
            bytes: row.get(9)?,
            signed_by: row.get(10)?,
            report: row.get(11)?,
            kept: row.get(12)?,
        },
        came_at: moment(row.get(13)?),
        changed_at: moment(row.get(14)?),
    })
}
