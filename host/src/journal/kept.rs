//! Last words kept: what checkpoints say of resources that nobody has touched for long, by name.
//!
//! The store of checkpoints holds what was delivered lately. What it lets go is put here before, and
//! `kept_to` in `meta` says up to which mark all of it is: the last word of each resource is here (or
//! in `remembered`, when its event was forgotten) if its mark is not later, and can be made again from
//! `finished` if it is. So a look for one resource costs two look-ups by key, and making the store
//! again costs what it holds, whatever lies behind.
//!
//! The words are copied, not pointed to: a replay in progress has changed the mapping they came from.

use rusqlite::{Connection, OptionalExtension, params};

use super::read::time;
use super::record::Finished;
use super::steps::{Answer, Command, Fault, micros};
use super::{Error, Journal};

/// What is to be kept.
pub(super) enum Keep {
    /// These words; with them all up to the mark are.
    Words(Vec<Finished>, u64),
    /// What the journal itself has of the passages after the first mark up to the second.
    Range(u64, u64),
}

impl Journal {
    /// Keeps last words; with them all up to the mark `to` are. Waits without a runtime, so it is for
    /// threads that have none.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub fn keep(&self, words: Vec<Finished>, to: u64) -> Result<(), Error> {
        self.write_blocking(Command::Keep(Box::new(Keep::Words(words, to)))).map(drop)
    }

    /// The same with the words that the journal itself has of what ended after `from` up to `to`.
    ///
    /// # Errors
    /// As [`Journal::keep`].
    pub fn keep_range(&self, from: u64, to: u64) -> Result<(), Error> {
        self.write_blocking(Command::Keep(Box::new(Keep::Range(from, to)))).map(drop)
    }

    /// Up to which mark the last words are kept by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn kept_to(&self) -> Result<u64, Error> {
        self.shared.readers.with(|db| {
            let mut to = db.prepare_cached("SELECT value FROM meta WHERE name = 'kept_to'")?;
            Ok(to.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
        })
    }

    /// The last word of a resource on a route, if it is kept.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn kept(
        &self,
        merchant: &str,
        route: &str,
        resource_key: &str,
    ) -> Result<Option<Finished>, Error> {
        self.shared.readers.with(|db| {
            let mut words = db.prepare_cached(
                "SELECT mark, seq, version, status, checkpoint, target_status FROM kept
                 WHERE merchant = ?1 AND route = ?2 AND resource_key = ?3
                 UNION ALL SELECT mark, seq, version, status, checkpoint, target_status
                 FROM remembered
                 WHERE merchant = ?1 AND route = ?2 AND resource_key = ?3
                 ORDER BY 1 DESC LIMIT 1",
            )?;
            let found = words.query_row(params![merchant, route, resource_key], |row| {
                Ok(Finished {
                    mark: row.get(0)?,
                    merchant: merchant.to_owned(),
                    route: route.to_owned(),
                    resource_key: resource_key.to_owned(),
                    event_seq: row.get(1)?,
                    version: time(row, 2)?,
                    status: row.get(3)?,
                    checkpoint: row.get(4)?,
                    target_status: row.get(5)?,
                })
            });
            Ok(found.optional()?)
        })
    }
}

pub(super) fn apply(db: &Connection, keep: &Keep) -> Result<Answer, Fault> {
    let (words, to) = match keep {
        Keep::Words(words, to) => (words, *to),
        Keep::Range(from, to) => {
            keep_range(db, *from, *to)?;
            (&Vec::new(), *to)
        }
    };
    for word in words {
        db.prepare_cached(
            "INSERT INTO kept (merchant, route, resource_key, mark, seq, version, status, checkpoint,
                               target_status)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET mark = excluded.mark, seq = excluded.seq,
                 version = excluded.version, status = excluded.status,
                 checkpoint = excluded.checkpoint, target_status = excluded.target_status
             WHERE excluded.mark > mark",
        )?
        .execute(params![
            word.merchant,
            word.route,
            word.resource_key,
            word.mark,
            word.event_seq,
            word.version.map(micros),
            word.status,
            word.checkpoint,
            word.target_status,
        ])?;
    }
    super::retention::keep_number(db, "kept_to", to)?;
    Ok(Answer::Done)
}

fn keep_range(db: &Connection, from: u64, to: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO kept (merchant, route, resource_key, mark, seq, version, status, checkpoint,
                           target_status)
         SELECT e.merchant, f.route, e.resource_key, f.mark, f.seq, e.version, m.status,
                m.checkpoint, m.target_status
         FROM finished f
         JOIN events e ON e.seq = f.seq
         LEFT JOIN mappings m ON m.seq = f.seq AND m.route = f.route
         WHERE f.mark > ?1 AND f.mark <= ?2 ORDER BY f.mark
         ON CONFLICT DO UPDATE SET mark = excluded.mark, seq = excluded.seq,
             version = excluded.version, status = excluded.status,
             checkpoint = excluded.checkpoint, target_status = excluded.target_status
         WHERE excluded.mark > mark",
    )?
    .execute(params![from, to])?;
    Ok(())
}

/// An event is being forgotten: `remembered` has what it left.
pub(super) fn forget(db: &Connection, seq: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM kept WHERE (merchant, route, resource_key) IN
             (SELECT e.merchant, p.route, e.resource_key
              FROM passages p JOIN events e ON e.seq = p.seq
              WHERE p.seq = ?1 AND p.mark IS NOT NULL)
         AND seq = ?1",
    )?
    .execute([seq])?;
    Ok(())
}
