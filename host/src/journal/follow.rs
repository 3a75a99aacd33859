//! What polling remembers: how far each list of a shop is known, and what an order only names.
//!
//! `cursors` holds the greatest version of each list up to which everything is in the journal. It
//! moves once for a whole walk through a list, so it is written seldom; the walk's own place is
//! kept elsewhere and may be lost. `followups` has a row for each order that ever named a refund,
//! written with the commit that accepts the order: `wanted` is what the last order named, `have`
//! what was fetched. Where they differ somebody has to look, also after a crash.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::read::limit_of;
use super::steps::{Command, micros, moment};
use super::{Error, Journal};
use crate::event::NewEvent;

/// An order whose refunds are not those that were fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The order (`order/26`).
    pub resource_key: String,
    /// The refunds that were fetched before.
    pub have: Vec<u64>,
    /// The event that named others.
    pub event_seq: u64,
}

/// Something polling writes.
pub(super) enum Step {
    Cursor { merchant: String, connection: String, list: String, known_to: Timestamp },
    Settled { merchant: String, connection: String, of: FollowUp, have: Vec<u64> },
}

impl Journal {
    /// Orders whose refunds are not those that were fetched, by resource key, from `after` on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn followups(
        &self,
        merchant: &str,
        connection: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<FollowUp>, Error> {
        self.shared.readers.with(|db| open(db, merchant, connection, after, limit))
    }

    /// These are the refunds of an order, and all of them are in the journal.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn followed_up(
        &self,
        merchant: &str,
        connection: &str,
        of: FollowUp,
        have: Vec<u64>,
    ) -> Result<(), Error> {
        let (merchant, connection) = (merchant.to_owned(), connection.to_owned());
        let step = Step::Settled { merchant, connection, of, have };
        self.write(Command::Follow(Box::new(step))).await.map(drop)
    }

    /// Up to which version a list of a shop is in the journal.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn cursor(
        &self,
        merchant: &str,
        connection: &str,
        list: &str,
    ) -> Result<Option<Timestamp>, Error> {
        self.shared.readers.with(|db| cursor(db, merchant, connection, list))
    }

    /// All of a list up to this version is in the journal.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn move_cursor(
        &self,
        merchant: &str,
        connection: &str,
        list: &str,
        known_to: Timestamp,
    ) -> Result<(), Error> {
        let step = Step::Cursor {
            merchant: merchant.to_owned(),
            connection: connection.to_owned(),
            list: list.to_owned(),
            known_to,
        };
        self.write(Command::Follow(Box::new(step))).await.map(drop)
    }

    /// How many events of a merchant are not closed, counted up to `limit`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_count(&self, merchant: &str, limit: usize) -> Result<usize, Error> {
        self.shared.readers.with(|db| open_count(db, merchant, limit))
    }

    /// What of a connection went to quarantine after number `after`, by reason; and the last number
    /// that was looked at.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn quarantine_tally(
        &self,
        merchant: &str,
        connection: &str,
        after: u64,
    ) -> Result<(Vec<(String, u64)>, u64), Error> {
        self.shared.readers.with(|db| quarantine_tally(db, merchant, connection, after))
    }

    /// When a hook last brought an event of `resource` (`order`). Only the newest events are looked
    /// through; none among them is no answer.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn last_hook(
        &self,
        merchant: &str,
        connection: &str,
        resource: &str,
    ) -> Result<Option<Timestamp>, Error> {
        self.shared.readers.with(|db| last_hook(db, merchant, connection, resource))
    }
}

pub(super) fn apply(db: &Connection, step: &Step) -> rusqlite::Result<()> {
    match step {
        Step::Cursor { merchant, connection, list, known_to } => {
            db.prepare_cached(
                "INSERT OR REPLACE INTO cursors (merchant, connection, list, known_to)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![merchant, connection, list, micros(*known_to)])?;
        }
        Step::Settled { merchant, connection, of, have } => {
            // An order that was accepted meanwhile may name yet others: then it stays open.
            db.prepare_cached(
                "UPDATE followups SET have = ?4,
                     wanted = CASE WHEN event_seq = ?5 THEN ?4 ELSE wanted END
                 WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
            )?
            .execute(params![
                merchant,
                connection,
                of.resource_key,
                text_of(have),
                of.event_seq
            ])?;
        }
    }
    Ok(())
}

/// Notes what refunds an order names, in the commit that accepts it.
pub(super) fn note(
    db: &Connection,
    event: &NewEvent,
    seq: u64,
    refunds: &[u64],
) -> rusqlite::Result<()> {
    let sql = if refunds.is_empty() {
        // Most orders never had any, and need no row that says so.
        "UPDATE followups SET wanted = ?4, event_seq = ?5
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3"
    } else {
        "INSERT INTO followups (merchant, connection, resource_key, wanted, event_seq)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET wanted = excluded.wanted, event_seq = excluded.event_seq"
    };
    let wanted = text_of(refunds);
    db.prepare_cached(sql)?.execute(params![
        event.merchant,
        event.connection,
        event.resource_key,
        wanted,
        seq
    ])?;
    Ok(())
}

/// One text for one set, so that texts can be compared.
fn text_of(ids: &[u64]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("[{}]", ids.join(","))
}

fn cursor(
    db: &Connection,
    merchant: &str,
    connection: &str,
    list: &str,
) -> Result<Option<Timestamp>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT known_to FROM cursors WHERE merchant = ?1 AND connection = ?2 AND list = ?3",
    )?;
    let found = statement.query_row(params![merchant, connection, list], |row| row.get(0));
    Ok(found.optional()?.map(moment))
}

fn open(
    db: &Connection,
    merchant: &str,
    connection: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<FollowUp>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT resource_key, have, event_seq FROM followups
         WHERE merchant = ?1 AND connection = ?2 AND wanted <> have AND resource_key > ?3
         ORDER BY resource_key LIMIT ?4",
    )?;
    let mut rows = statement.query(params![merchant, connection, after, limit_of(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(FollowUp {
            resource_key: row.get(0)?,
            have: serde_json::from_str(&row.get::<_, String>(1)?)?,
            event_seq: row.get(2)?,
        });
    }
    Ok(found)
}

/// How many events of a merchant are open, counted up to `limit`.
fn open_count(db: &Connection, merchant: &str, limit: usize) -> Result<usize, Error> {
    let mut statement = db
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM open WHERE merchant = ?1 LIMIT ?2)")?;
    Ok(statement.query_row(params![merchant, limit_of(limit)], |row| row.get(0))?)
}

/// What went to quarantine after number `after`, by reason, and the last number there is.
fn quarantine_tally(
    db: &Connection,
    merchant: &str,
    connection: &str,
    after: u64,
) -> Result<(Vec<(String, u64)>, u64), Error> {
    let mut last = db.prepare_cached("SELECT coalesce(max(id), 0) FROM quarantine")?;
    let last: u64 = last.query_row([], |row| row.get(0))?;
    if after >= last {
        return Ok((Vec::new(), last));
    }
    let mut statement = db.prepare_cached(
        "SELECT reason, count(*) FROM quarantine
         WHERE id > ?1 AND id <= ?2 AND merchant = ?3 AND connection = ?4
         GROUP BY reason ORDER BY reason",
    )?;
    let counts = statement
        .query_map(params![after, last, merchant, connection], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok((counts, last))
}

/// How many events are looked through for the last one that a hook brought.
const LOOKED_THROUGH_MAX: i64 = 20_000;

/// When the last event of `resource` that a hook brought was accepted, among the newest ones.
fn last_hook(
    db: &Connection,
    merchant: &str,
    connection: &str,
    resource: &str,
) -> Result<Option<Timestamp>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT received_at FROM events
         WHERE seq > (SELECT coalesce(max(seq), 0) FROM events) - ?4
           AND merchant = ?1 AND connection = ?2 AND origin = 0
           AND topic >= ?3 || '.' AND topic < ?3 || '/'
         ORDER BY seq DESC LIMIT 1",
    )?;
    let asked = params![merchant, connection, resource, LOOKED_THROUGH_MAX];
    Ok(statement.query_row(asked, |row| row.get(0)).optional()?.map(moment))
}
