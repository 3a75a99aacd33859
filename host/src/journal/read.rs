//! Reading beside the writer: a few read-only connections, lent out one query at a time.
//!
//! A reader sees what was committed when its query began. Every query here is by key or has a
//! limit, so its cost does not grow with the length of the journal.

use std::path::Path;

use crossbeam_channel::{Receiver, Sender};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accept::origin_from;
use super::pack::unpack;
use super::record::{
    AttemptRecord, DeadLetter, Delivered, Finished, NewQuarantine, OpenEvent, OpenPassage, Passage,
    PassageState, Quarantined,
};
use super::steps::moment;
use super::{Error, schema};
use crate::event::{Document, Event, EventId};

/// How many queries run at a time; each connection may keep up to a megabyte of pages.
const READERS: usize = 4;

/// The connections that read.
pub(super) struct Readers {
    free: Receiver<Connection>,
    back: Sender<Connection>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let (back, free) = crossbeam_channel::bounded(READERS);
        for _ in 0..READERS {
            back.send(schema::open_beside(path, true)?).expect("there is room for each reader");
        }
        Ok(Self { free, back })
    }

    /// Lends a connection, waiting for one if all are out.
    pub(super) fn with<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let connection = self.free.recv().map_err(|_| Error::Stopped)?;
        let lent = Lent { connection: Some(connection), back: &self.back };
        query(lent.connection.as_ref().expect("it is given back only at the end"))
    }
}

/// Gives the connection back even if the query panics.
struct Lent<'a> {
    connection: Option<Connection>,
    back: &'a Sender<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // There is a place for each; a closed pool needs nothing back.
            let _pool_is_gone = self.back.try_send(connection);
        }
    }
}

/// The merchants that have open events; costs one look-up for each.
pub(super) fn open_merchants(db: &Connection) -> Result<Vec<String>, Error> {
    let mut next = db.prepare_cached(
        "SELECT merchant FROM open WHERE merchant > ?1 ORDER BY merchant LIMIT 1",
    )?;
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().map_or("", String::as_str);
        match next.query_row([after], |row| row.get(0)).optional()? {
            Some(merchant) => found.push(merchant),
            None => return Ok(found),
        }
    }
}

pub(super) fn open_events(
    db: &Connection,
    merchant: &str,
    after_seq: u64,
    limit: usize,
) -> Result<Vec<OpenEvent>, Error> {
    let mut events = db.prepare_cached(
        "SELECT seq, merchant, connection, topic, resource_key, origin, again FROM open
         WHERE merchant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut found = events
        .query_map(params![merchant, after_seq, limit_of(limit)], open_event_of)?
        .collect::<Result<Vec<_>, _>>()?;
    add_passages(db, &mut found)?;
    Ok(found)
}

/// One event, if it is open.
pub(super) fn open_event(
    db: &Connection,
    merchant: &str,
    seq: u64,
) -> rusqlite::Result<Option<OpenEvent>> {
    let mut event = db.prepare_cached(
        "SELECT seq, merchant, connection, topic, resource_key, origin, again FROM open
         WHERE merchant = ?1 AND seq = ?2",
    )?;
    let mut found: Vec<_> =
        event.query_row(params![merchant, seq], open_event_of).optional()?.into_iter().collect();
    add_passages(db, &mut found)?;
    Ok(found.pop())
}

fn open_event_of(row: &Row<'_>) -> rusqlite::Result<OpenEvent> {
    Ok(OpenEvent {
        seq: row.get(0)?,
        merchant: row.get(1)?,
        connection: row.get(2)?,
        topic: row.get(3)?,
        resource_key: row.get(4)?,
        origin: origin_from(row.get(5)?),
        again: row.get(6)?,
        passages: Vec::new(),
    })
}

fn add_passages(db: &Connection, found: &mut [OpenEvent]) -> rusqlite::Result<()> {
    let mut passages = db.prepare_cached(
        "SELECT route, state, attempt, due_at FROM passages WHERE seq = ?1 ORDER BY route",
    )?;
    for event in found {
        event.passages = passages
            .query_map([event.seq], |row| {
                Ok(OpenPassage {
                    route: row.get(0)?,
                    state: PassageState::from_code(row.get(1)?),
                    attempt: row.get(2)?,
                    due_at: time(row, 3)?,
                })
            })?
            .collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}

pub(super) fn event(db: &Connection, seq: u64) -> Result<Option<Event>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT seq, id, correlation_id, merchant, connection, topic, resource_key, version,
                received_at, origin, packing, body
         FROM events WHERE seq = ?1",
    )?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Event {
        seq: row.get(0)?,
        id: EventId(row.get(1)?),
        correlation_id: row.get(2)?,
        merchant: row.get(3)?,
        connection: row.get(4)?,
        topic: row.get(5)?,
        resource_key: row.get(6)?,
        version: time(row, 7)?,
        received_at: moment(row.get(8)?),
        origin: origin_from(row.get(9)?),
        body: unpack(row.get(10)?, row.get(11)?)?,
    }))
}

/// The last accepted event of a resource.
pub(super) fn last_of(
    db: &Connection,
    merchant: &str,
    connection: &str,
    resource_key: &str,
) -> Result<Option<u64>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT event_seq FROM resources
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
    )?;
    Ok(statement
        .query_row(params![merchant, connection, resource_key], |row| row.get(0))
        .optional()?)
}

pub(super) fn passage(db: &Connection, seq: u64, route: &str) -> Result<Option<Passage>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT p.state, p.attempt, p.due_at, p.reason, p.intended, p.ended_at,
                m.receipts, m.documents, m.packing, m.packed, m.checkpoint, m.status,
                p.replays, p.tries_before, p.pin,
                coalesce((SELECT json_extract(j.spec, '$.past_seatbelts') FROM jobs j
                          WHERE j.id = p.job AND json_valid(j.spec)), 0),
                coalesce((SELECT j.kind = 'recall_send' FROM jobs j WHERE j.id = p.job), 0),
                m.target_status
         FROM passages p LEFT JOIN mappings m ON m.seq = p.seq AND m.route = p.route
         WHERE p.seq = ?1 AND p.route = ?2",
    )?;
    let mut rows = statement.query(params![seq, route])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (attempts, delivered) = attempts(db, seq, route, row.get(13)?)?;
    let state = PassageState::from_code(row.get(0)?);
    Ok(Some(Passage {
        seq,
        route: route.to_owned(),
        state,
        attempt: row.get(1)?,
        due_at: time(row, 2)?,
        reason: row.get(3)?,
        intended: row.get(4)?,
        ended_at: time(row, 5)?,
        receipts: list(row, 6)?,
        documents: documents(row, 7)?,
        checkpoint: row.get(10)?,
        status: row.get(11)?,
        target_status: row.get(17)?,
        replays: row.get(12)?,
        pin: row.get(14)?,
        released: row.get(15)?,
        corrects: row.get(16)?,
        delivered,
        attempts,
        dead: if state == PassageState::Dead { dead_letter(db, seq, route)? } else { None },
    }))
}

/// Every try, and the documents that stand in the target. What was delivered before a replay (tries
/// up to `tries_before`) was of another mapping and does not count.
pub(super) fn attempts(
    db: &Connection,
    seq: u64,
    route: &str,
    tries_before: u32,
) -> Result<(Vec<AttemptRecord>, Vec<Delivered>), Error> {
    let mut statement = db.prepare_cached(
        "SELECT ordinal, no, at, duration_us, outcome, detail, delivered, target_id FROM attempts
         WHERE seq = ?1 AND route = ?2 ORDER BY ordinal, no",
    )?;
    let mut attempts = Vec::new();
    let mut delivered = Vec::new();
    let mut rows = statement.query(params![seq, route])?;
    while let Some(row) = rows.next()? {
        let ordinal = row.get(0)?;
        let no = row.get(1)?;
        attempts.push(AttemptRecord {
            ordinal,
            no,
            at: moment(row.get(2)?),
            duration_us: row.get(3)?,
            outcome: row.get(4)?,
            detail: row.get(5)?,
        });
        if row.get(6)? && no > tries_before {
            delivered.push(Delivered { ordinal, target_id: row.get(7)? });
        }
    }
    Ok((attempts, delivered))
}

pub(super) fn dead_letter(
    db: &Connection,
    seq: u64,
    route: &str,
) -> Result<Option<DeadLetter>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT cause, detail, at FROM dead_letters WHERE seq = ?1 AND route = ?2",
    )?;
    let found = statement
        .query_row(params![seq, route], |row| {
            Ok(DeadLetter { cause: row.get(0)?, detail: row.get(1)?, at: moment(row.get(2)?) })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn identity(
    db: &Connection,
    merchant: &str,
    connection: &str,
    entity: &str,
    key: &str,
) -> Result<Option<String>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT target_id FROM identities
         WHERE merchant = ?1 AND connection = ?2 AND entity = ?3 AND key = ?4",
    )?;
    Ok(statement
        .query_row(params![merchant, connection, entity, key], |row| row.get(0))
        .optional()?)
}

pub(super) fn finished_after(
    db: &Connection,
    mark: u64,
    limit: usize,
) -> Result<Vec<Finished>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT * FROM (
             SELECT f.mark, e.merchant, f.route, e.resource_key, f.seq, e.version, m.status,
                    m.checkpoint, m.target_status
             FROM finished f
             JOIN events e ON e.seq = f.seq
             LEFT JOIN mappings m ON m.seq = f.seq AND m.route = f.route
             WHERE f.mark > ?1 ORDER BY f.mark LIMIT ?2)
         UNION ALL SELECT * FROM (
             SELECT mark, merchant, route, resource_key, seq, version, status, checkpoint,
                    target_status
             FROM remembered WHERE mark > ?1 ORDER BY mark LIMIT ?2)
         ORDER BY 1 LIMIT ?2",
    )?;
    let found = statement
        .query_map(params![mark, limit_of(limit)], |row| {
            Ok(Finished {
                mark: row.get(0)?,
                merchant: row.get(1)?,
                route: row.get(2)?,
                resource_key: row.get(3)?,
                event_seq: row.get(4)?,
                version: time(row, 5)?,
                status: row.get(6)?,
                checkpoint: row.get(7)?,
                target_status: row.get(8)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(found)
}

pub(super) fn last_mark(db: &Connection) -> Result<u64, Error> {
    let mut statement = db.prepare_cached(
        "SELECT max(coalesce((SELECT max(mark) FROM finished), 0),
                    coalesce((SELECT max(mark) FROM remembered), 0))",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

pub(super) fn checkpoint_of(
    db: &Connection,
    seq: u64,
    route: &str,
) -> Result<Option<String>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT checkpoint FROM mappings WHERE seq = ?1 AND route = ?2
         UNION ALL SELECT checkpoint FROM remembered WHERE seq = ?1 AND route = ?2 LIMIT 1",
    )?;
    Ok(statement.query_row(params![seq, route], |row| row.get(0)).optional()?.flatten())
}

pub(super) fn quarantined(
    db: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<Quarantined>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT id, merchant, connection, reason, detail, headers, received_at, packing, body
         FROM quarantine WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit_of(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Quarantined {
            id: row.get(0)?,
            record: NewQuarantine {
                merchant: row.get(1)?,
                connection: row.get(2)?,
                reason: row.get(3)?,
                detail: row.get(4)?,
                headers: list(row, 5)?,
                received_at: moment(row.get(6)?),
                body: unpack(row.get(7)?, row.get(8)?)?,
            },
        });
    }
    Ok(found)
}

/// A list kept as JSON text; no text is no list.
pub(super) fn list<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Vec<T>, Error> {
    match row.get::<_, Option<String>>(column)? {
        Some(text) => Ok(serde_json::from_str(&text)?),
        None => Ok(Vec::new()),
    }
}

/// Documents, in `column` as text or behind it as packed text.
pub(super) fn documents(row: &Row<'_>, column: usize) -> Result<Vec<Document>, Error> {
    match row.get::<_, Option<Vec<u8>>>(column + 2)? {
        Some(bytes) => Ok(serde_json::from_slice(&unpack(row.get(column + 1)?, bytes)?)?),
        None => list(row, column),
    }
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(moment))
}

pub(super) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
