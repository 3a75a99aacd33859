//! Who did what by hand, and why; and the small things that acts of a person leave behind.
//!
//! [`Act`]s told together are in one commit, so nothing is changed by hand without its line in
//! the audit record. Beside it: bookmarks (a name for a place in the journal) and the answers
//! given under an `Idempotency-Key`, kept for a day.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::cases::{self, CasesAct};
use super::issues::{self, IssueState, LetterStatus};
use super::read::limit_of;
use super::rollouts::{self, Change};
use super::steps::{Answer, Command, micros, moment};
use super::tokens::{self, NewToken};
use super::versions::{self, VersionAct};
use super::{Error, Journal};

/// How long an answer is remembered under its key.
const ANSWER_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Something a person does.
#[derive(Debug, Clone)]
pub enum Act {
    /// A line of the audit record.
    Note(NewEntry),
    /// A dead letter is dealt with.
    Letter {
        /// The event.
        seq: u64,
        /// The route.
        route: String,
        /// How.
        to: LetterStatus,
    },
    /// An issue is muted or opened.
    Issue {
        /// Which.
        id: u64,
        /// How.
        to: IssueState,
    },
    /// Something in quarantine is dealt with.
    Quarantined {
        /// Which.
        id: u64,
        /// How.
        to: QuarantineStatus,
        /// The event that was made of it.
        event_id: Option<String>,
    },
    /// A place in the journal gets a name.
    Bookmark {
        /// The name.
        name: String,
        /// Whose; empty for all.
        merchant: String,
        /// The last event before the place.
        seq: u64,
    },
    /// A bookmark is taken away.
    DropBookmark {
        /// The name.
        name: String,
        /// Whose; empty for all.
        merchant: String,
    },
    /// Something is decided about a route or a version.
    Rollout(Box<Change>),
    /// A request with a key begins; it changes nothing if the key is known.
    BeginAnswer(GivenAnswer),
    /// The answer to it.
    EndAnswer(GivenAnswer),
    /// A token is let in.
    Token(NewToken),
    /// A token is good for nothing from now on.
    RevokeToken {
        /// Which.
        name: String,
        /// Who says so.
        by: String,
    },
    /// Something about a plugin version.
    Version(VersionAct),
    /// Something that came beside one.
    Cases(CasesAct),
    /// An act with its line in the audit record, which is only written where it changed something.
    Told(Box<Act>, NewEntry),
}

/// What is to be written into the audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Who.
    pub who: String,
    /// What was done (`discard`).
    pub action: String,
    /// To whose; empty for no one's.
    pub merchant: String,
    /// To what (`issue/3`).
    pub subject: String,
    /// Why, in the person's words.
    pub why: String,
    /// Anything more, as JSON or text.
    pub detail: String,
}

/// [`NewEntry`] as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was done.
    pub action: String,
    /// To whose.
    pub merchant: String,
    /// To what.
    pub subject: String,
    /// Why.
    pub why: String,
    /// Anything more.
    pub detail: String,
}

/// Where something in quarantine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineStatus {
    /// Nobody has dealt with it.
    Held,
    /// It was offered again, as an event.
    Released,
    /// A person gave it up.
    Discarded,
}

impl QuarantineStatus {
    fn code(self) -> i64 {
        match self {
            Self::Held => 0,
            Self::Released => 1,
            Self::Discarded => 2,
        }
    }

    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Released,
            2 => Self::Discarded,
            _ => Self::Held,
        }
    }
}

/// Something in quarantine without its body.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub merchant: String,
    /// The connection it was sent to.
    pub connection: String,
    /// A stable code.
    pub reason: String,
    /// One sentence for a person.
    pub detail: String,
    /// When it came.
    pub received_at: Timestamp,
    /// How long its body is on disk.
    pub bytes_kept: u64,
    /// Where it stands.
    pub status: QuarantineStatus,
    /// The event that was made of it.
    pub event_id: Option<String>,
}

/// A named place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bookmark {
    /// The name.
    pub name: String,
    /// Whose; empty for all.
    pub merchant: String,
    /// The last event before the place.
    pub seq: u64,
    /// When it was put there.
    pub at: Timestamp,
}

/// What was answered to a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// Who asked.
    pub who: String,
    /// Under which key.
    pub key: String,
    /// sha256 of what was asked.
    pub request: [u8; 32],
    /// The status; 0 while it is being worked on.
    pub status: u16,
    /// The answer.
    pub body: String,
}

impl Journal {
    /// Does all of it in one commit; says how much of it changed something.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn act(&self, acts: Vec<Act>) -> Result<u64, Error> {
        match self.write(Command::Acts(acts)).await? {
            Answer::Id(changed) => Ok(changed),
            _ => unreachable!("a number is what acts answer"),
        }
    }

    /// The audit record, newest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn audit(
        &self,
        merchant: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id, at, who, action, merchant, subject, why, detail FROM audit
                 WHERE id < ?1 AND (?2 IS NULL OR merchant = ?2) ORDER BY id DESC LIMIT ?3",
            )?;
            let before = before.and_then(|it| i64::try_from(it).ok()).unwrap_or(i64::MAX);
            let found = statement.query_map(params![before, merchant, limit_of(limit)], entry)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What is in quarantine, newest first, without bodies.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn held(
        &self,
        merchant: Option<&str>,
        status: Option<QuarantineStatus>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Held>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id, merchant, connection, reason, detail, received_at, length(body),
                        status, event_id
                 FROM quarantine
                 WHERE id < ?1 AND (?2 IS NULL OR merchant = ?2) AND (?3 IS NULL OR status = ?3)
                 ORDER BY id DESC LIMIT ?4",
            )?;
            let before = before.and_then(|it| i64::try_from(it).ok()).unwrap_or(i64::MAX);
            let status = status.map(QuarantineStatus::code);
            let wanted = params![before, merchant, status, limit_of(limit)];
            Ok(statement.query_map(wanted, held)?.collect::<Result<_, _>>()?)
        })
    }

    /// All bookmarks, by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn bookmarks(&self) -> Result<Vec<Bookmark>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT name, merchant, seq, at FROM bookmarks ORDER BY name, merchant",
            )?;
            let found = statement.query_map([], |row| {
                Ok(Bookmark {
                    name: row.get(0)?,
                    merchant: row.get(1)?,
                    seq: row.get(2)?,
                    at: moment(row.get(3)?),
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What was answered to `who` under `key`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn given_answer(&self, who: &str, key: &str) -> Result<Option<GivenAnswer>, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT who, key, request, status, body FROM answers_given
                 WHERE who = ?1 AND key = ?2",
            )?;
            let found = statement.query_row(params![who, key], |row| {
                Ok(GivenAnswer {
                    who: row.get(0)?,
                    key: row.get(1)?,
                    request: row.get(2)?,
                    status: row.get(3)?,
                    body: row.get(4)?,
                })
            });
            Ok(found.optional()?)
        })
    }
}

pub(super) fn apply(db: &Connection, acts: &[Act]) -> rusqlite::Result<u64> {
    let now = Timestamp::now();
    let mut changed = 0;
    for act in acts {
        changed += u64::from(apply_one(db, act, now)?);
    }
    Ok(changed)
}

fn apply_one(db: &Connection, act: &Act, now: Timestamp) -> rusqlite::Result<bool> {
    let at = micros(now);
    let changed = match act {
        Act::Note(it) => note(db, it, at)?,
        Act::Token(it) => usize::from(tokens::add(db, it, now)?),
        Act::RevokeToken { name, by } => usize::from(tokens::revoke(db, name, by, now)?),
        Act::Version(it) => usize::from(versions::apply(db, it, now)?),
        Act::Cases(it) => usize::from(cases::apply(db, it, now)?),
        Act::Told(act, entry) => {
            let changed = apply_one(db, act, now)?;
            if changed {
                note(db, entry, at)?;
            }
            usize::from(changed)
        }
        Act::Letter { seq, route, to } => {
            // One that is on its way again is nobody's to deal with until it has arrived.
            let from = [LetterStatus::Open, LetterStatus::Resolved, LetterStatus::Discarded];
            usize::from(issues::mark(db, *seq, route, &from, *to, now)?)
        }
        Act::Issue { id, to } => issues::set_state(db, *id, *to)?,
        Act::Quarantined { id, to, event_id } => db
            .prepare_cached(
                "UPDATE quarantine SET status = ?2, event_id = coalesce(?3, event_id)
                 WHERE id = ?1",
            )?
            .execute(params![id, to.code(), event_id])?,
        Act::Bookmark { name, merchant, seq } => db
            .prepare_cached(
                "INSERT OR REPLACE INTO bookmarks (name, merchant, seq, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![name, merchant, seq, at])?,
        Act::DropBookmark { name, merchant } => db
            .prepare_cached("DELETE FROM bookmarks WHERE name = ?1 AND merchant = ?2")?
            .execute(params![name, merchant])?,
        Act::Rollout(change) => rollouts::apply(db, change)?,
        Act::BeginAnswer(it) => {
            let old = now.checked_sub(ANSWER_KEPT).unwrap_or(Timestamp::MIN);
            db.prepare_cached("DELETE FROM answers_given WHERE at < ?1")?.execute([micros(old)])?;
            db.prepare_cached(
                "INSERT OR IGNORE INTO answers_given (who, key, request, status, body, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![it.who, it.key, it.request, it.status, it.body, at])?
        }
        Act::EndAnswer(it) => db
            .prepare_cached(
                "UPDATE answers_given SET status = ?3, body = ?4 WHERE who = ?1 AND key = ?2",
            )?
            .execute(params![it.who, it.key, it.status, it.body])?,
    };
    Ok(changed > 0)
}

fn note(db: &Connection, it: &NewEntry, at: i64) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "INSERT INTO audit (at, who, action, merchant, subject, why, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![at, it.who, it.action, it.merchant, it.subject, it.why, it.detail])
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        at: moment(row.get(1)?),
        who: row.get(2)?,
        action: row.get(3)?,
        merchant: row.get(4)?,
        subject: row.get(5)?,
        why: row.get(6)?,
        detail: row.get(7)?,
    })
}

fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held {
        id: row.get(0)?,
        merchant: row.get(1)?,
        connection: row.get(2)?,
        reason: row.get(3)?,
        detail: row.get(4)?,
        received_at: moment(row.get(5)?),
        bytes_kept: row.get(6)?,
        status: QuarantineStatus::from_code(row.get(7)?),
        event_id: row.get(8)?,
    })
}
