//! Echoes: what a shop says after we have written to it, known again.
//!
//! A shop tells of our own write as if somebody else had made it, with the whole resource. A row says
//! which contents (digests of bodies, see `ingress::content`) our last writes to a resource have left
//! it with, and which of its events was known to stand before them. A body with one of these contents
//! is an echo as long as no event came in between: after one, the same words are news again.
//!
//! The row is written by the commit that records the delivery, and looked for by the one that accepts
//! an event. It costs a look-up for each, where anything was ever written to a shop, and nothing
//! elsewhere. A write of long ago is forgotten: its webhook has come or never will.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::steps::{Numbers, micros};
use super::{Error, Journal};
use crate::event::{EventId, NewEvent};

/// Of one resource; a shop tells of several changes in one body, so it rarely takes more than one.
const CONTENTS_MAX: usize = 4;
/// The length of a digest.
const CONTENT: usize = 32;
/// Webhooks are late by hours at worst, polls by days.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// So many are forgotten at a time.
const FORGOTTEN_MAX: u32 = 500;

/// What a write has left a resource with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// Whose.
    pub merchant: String,
    /// The connection to the shop.
    pub connection: String,
    /// The resource, as the shop calls it.
    pub resource_key: String,
    /// Its last event that was known to stand before the write, or that is this write's own echo; 0
    /// for what was made by it.
    pub after_seq: u64,
    /// What the shop will say.
    pub content: [u8; CONTENT],
    /// The event whose delivery it was.
    pub written_by: EventId,
}

/// What is remembered of our writes to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// See [`Echo::after_seq`].
    pub after_seq: u64,
    /// The last of them.
    pub written_by: EventId,
    contents: Vec<u8>,
}

impl Remembered {
    /// Whether one of our writes has left the resource so.
    #[must_use]
    pub fn has(&self, content: &[u8; CONTENT]) -> bool {
        self.contents.chunks_exact(CONTENT).any(|own| own == content)
    }

    /// Whether an event is the echo of one of them: it says what was left, and no event came in
    /// between. `previous` is the event of the same resource before it.
    #[must_use]
    pub fn is_echo(&self, content: &[u8; CONTENT], seq: u64, previous: u64) -> bool {
        (previous <= self.after_seq || seq <= self.after_seq) && self.has(content)
    }
}

impl Journal {
    /// What is remembered of our writes to a resource.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn echoes_of(
        &self,
        merchant: &str,
        connection: &str,
        resource_key: &str,
    ) -> Result<Option<Remembered>, Error> {
        let look = |db: &_| Ok(remembered(db, merchant, connection, resource_key)?);
        self.shared.readers.with(look)
    }

    /// The event of the same resource before this one; 0 for the first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn previous_of(&self, seq: u64) -> Result<u64, Error> {
        self.shared.readers.with(|db| {
            let mut previous =
                db.prepare_cached("SELECT coalesce(previous, 0) FROM events WHERE seq = ?1")?;
            Ok(previous.query_row([seq], |row| row.get(0)).optional()?.unwrap_or(0))
        })
    }
}

fn remembered(
    db: &Connection,
    merchant: &str,
    connection: &str,
    resource_key: &str,
) -> rusqlite::Result<Option<Remembered>> {
    db.prepare_cached(
        "SELECT after_seq, written_by, contents FROM echoes
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
    )?
    .query_row(params![merchant, connection, resource_key], |row| {
        let (after_seq, written_by) = (row.get(0)?, EventId(row.get(1)?));
        Ok(Remembered { after_seq, written_by, contents: row.get(2)? })
    })
    .optional()
}

/// Whether anything was ever written to a shop.
pub(super) fn any(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT 1 FROM echoes)", [], |row| row.get(0))
}

/// The write that an event is the echo of; it is counted. `last` is the resource's last event.
pub(super) fn heard(
    db: &Connection,
    event: &NewEvent,
    content: &[u8; CONTENT],
    last: u64,
) -> rusqlite::Result<Option<EventId>> {
    let NewEvent { merchant, connection, resource_key, .. } = event;
    let Some(own) = remembered(db, merchant, connection, resource_key)? else { return Ok(None) };
    if !own.is_echo(content, u64::MAX, last) {
        return Ok(None);
    }
    db.prepare_cached(
        "UPDATE echoes SET heard = heard + 1
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
    )?
    .execute(params![merchant, connection, resource_key])?;
    Ok(Some(own.written_by))
}

/// Remembers a write.
pub(super) fn note(
    db: &Connection,
    numbers: &mut Numbers,
    echo: &Echo,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let Echo { merchant, connection, resource_key, after_seq, content, written_by } = echo;
    let mut contents = content.to_vec();
    if let Some(before) = remembered(db, merchant, connection, resource_key)?
        && before.after_seq == *after_seq
    {
        let older = before.contents.chunks_exact(CONTENT).filter(|own| own != content);
        contents.extend(older.take(CONTENTS_MAX - 1).flatten());
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO echoes (merchant, connection, resource_key, after_seq, contents,
                                        written_by, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        merchant,
        connection,
        resource_key,
        after_seq,
        contents,
        written_by.0,
        micros(at)
    ])?;
    numbers.echoes = true;
    Ok(())
}

/// Forgets some of what was written long ago.
pub(super) fn forget(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    db.prepare_cached(
        "DELETE FROM echoes WHERE (merchant, connection, resource_key) IN
             (SELECT merchant, connection, resource_key FROM echoes WHERE at < ?1 LIMIT ?2)",
    )?
    .execute(params![micros(before), FORGOTTEN_MAX])?;
    Ok(())
}
