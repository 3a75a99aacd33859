//! Accepting an event: told from the last one of its resource, then written in one go.
//!
//! It costs a look and three small writes. The look comes first and by itself: SQLite makes a table
//! in passing for a statement that changes something and answers, on the busiest path there is.

use rusqlite::{Connection, OptionalExtension, params};

use super::pack::{Packed, pack};
use super::record::Acceptance;
use super::steps::{Answer, Fault, Numbers, micros};
use super::{echoes, follow};
use crate::event::{EventId, NewEvent, Origin};

/// An event to be accepted, made ready by the one who brings it: the writer has no time to lose.
pub(super) struct Offered {
    pub(super) event: NewEvent,
    pub(super) fingerprint: [u8; 32],
    pub(super) packed: Packed,
    /// What it says, if it may be an echo.
    pub(super) content: Option<[u8; 32]>,
    /// The refunds that an order names; none where it is not known to name any, or is no order.
    pub(super) refunds: Option<Vec<u64>>,
}

impl Offered {
    pub(super) fn new(event: NewEvent, fingerprint: [u8; 32]) -> Self {
        let packed = pack(&event.body);
        Self { event, fingerprint, packed, content: None, refunds: None }
    }
}

/// What is known of a resource: its last accepted event.
struct Last {
    fingerprint: Vec<u8>,
    seq: u64,
    id: String,
}

pub(super) fn apply(
    db: &Connection,
    numbers: &mut Numbers,
    offered: &Offered,
) -> Result<Answer, Fault> {
    let Offered { event, fingerprint, packed, content, refunds } = offered;
    let last = last(db, event)?;
    if let Some(last) = last.as_ref().filter(|last| last.fingerprint == fingerprint) {
        db.prepare_cached(
            "UPDATE resources SET duplicates = duplicates + 1
             WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
        )?
        .execute(params![event.merchant, event.connection, event.resource_key])?;
        let of = EventId(last.id.clone());
        return Ok(Answer::Acceptance(Acceptance::Duplicate { of }));
    }
    let (seq, previous) = (numbers.seq, last.map(|last| last.seq));
    if numbers.echoes
        && let Some(content) = content
        && let Some(of) = echoes::heard(db, event, content, previous.unwrap_or(0))?
    {
        return Ok(Answer::Acceptance(Acceptance::Echo { of }));
    }
    let sql = match previous {
        None => {
            "INSERT INTO resources (merchant, connection, resource_key, fingerprint, event_seq,
                                    event_id, previous)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
        Some(_) => {
            "UPDATE resources SET fingerprint = ?4, event_seq = ?5, event_id = ?6, previous = ?7
             WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3"
        }
    };
    db.prepare_cached(sql)?.execute(params![
        event.merchant,
        event.connection,
        event.resource_key,
        fingerprint,
        seq,
        event.id.0,
        previous,
    ])?;
    db.prepare_cached(
        "INSERT INTO events (seq, id, correlation_id, merchant, connection, topic, resource_key,
                             version, received_at, body, origin, packing, previous)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        seq,
        event.id.0,
        event.correlation_id,
        event.merchant,
        event.connection,
        event.topic,
        event.resource_key,
        event.version.map(micros),
        micros(event.received_at),
        packed.bytes,
        origin_code(event.origin),
        packed.packing,
        previous,
    ])?;
    db.prepare_cached(
        "INSERT INTO open (merchant, seq, connection, topic, resource_key, origin)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        event.merchant,
        seq,
        event.connection,
        event.topic,
        event.resource_key,
        origin_code(event.origin),
    ])?;
    if let Some(refunds) = refunds {
        follow::note(db, event, seq, refunds)?;
    }
    numbers.seq += 1;
    Ok(Answer::Acceptance(Acceptance::Accepted { seq }))
}

fn last(db: &Connection, event: &NewEvent) -> rusqlite::Result<Option<Last>> {
    db.prepare_cached(
        "SELECT fingerprint, event_seq, event_id FROM resources
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
    )?
    .query_row(params![event.merchant, event.connection, event.resource_key], |row| {
        Ok(Last { fingerprint: row.get(0)?, seq: row.get(1)?, id: row.get(2)? })
    })
    .optional()
}

fn origin_code(origin: Origin) -> u8 {
    match origin {
        Origin::Hook => 0,
        Origin::Poll => 1,
        Origin::Backfill => 2,
    }
}

pub(super) fn origin_from(code: u8) -> Origin {
    match code {
        1 => Origin::Poll,
        2 => Origin::Backfill,
        _ => Origin::Hook,
    }
}
