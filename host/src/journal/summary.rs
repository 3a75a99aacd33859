//! What screens and metrics ask: one row for each event and passage, and how many stand where.
//!
//! Rows come in pages. A filter that no index serves (by merchant, by a state that nearly every
//! passage has) walks the events from the newest on and gives up after a bounded number of them.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::Error;
use super::read::{attempts, dead_letter, documents, limit_of, list, time};
use super::record::{AttemptRecord, PassageState};
use super::steps::moment;
use crate::event::{EventId, Operation, Receipt};

/// How many events one question looks at before it answers with what it has.
const EVENTS_LOOKED_AT_MAX: usize = 100_000;

/// Which rows; the default is the newest of all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this merchant only.
    pub merchant: Option<String>,
    /// In this state only.
    pub state: Option<State>,
    /// Of this event only.
    pub seq: Option<u64>,
    /// Of events before this one: the last `seq` of a page asks for the next.
    pub before_seq: Option<u64>,
    /// How many events at most; 0 means 100.
    pub limit: usize,
}

/// Where an event, or its passage on one route, stands; the words of screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On disk, nothing has been done yet.
    Accepted,
    /// No route takes it.
    Unrouted,
    /// For another try at mapping.
    Waiting,
    /// On its way to the target.
    Delivering,
    /// In the target.
    Delivered,
    /// The plugin wanted nothing done.
    Skipped,
    /// A dead letter.
    Dead,
}

impl From<PassageState> for State {
    fn from(state: PassageState) -> Self {
        match state {
            PassageState::Waiting => Self::Waiting,
            PassageState::Delivering => Self::Delivering,
            PassageState::Delivered => Self::Delivered,
            PassageState::Skipped => Self::Skipped,
            PassageState::Dead => Self::Dead,
        }
    }
}

/// One event on one route, or an event that has no passage.
#[derive(Debug, Clone, Serialize)]
pub struct SummaryRow {
    /// The event's place in the journal.
    pub seq: u64,
    /// Its id.
    pub event_id: EventId,
    /// Follows it from ingress to the target.
    pub correlation_id: String,
    /// Whose.
    pub merchant: String,
    /// Where it came in.
    pub connection: String,
    /// The source's topic.
    pub topic: String,
    /// What it is about.
    pub resource_key: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The route, where there is a passage.
    pub route: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Tries made since the last success.
    pub attempt: u32,
    /// Not before.
    pub due_at: Option<Timestamp>,
    /// Why it waits, was skipped, died, or was not routed.
    pub reason: Option<String>,
    /// Who did the work, at which version, at what cost.
    pub receipts: Vec<Receipt>,
    /// What was made of it.
    pub documents: Vec<DocumentRow>,
    /// Every try of every document.
    pub attempts: Vec<AttemptRecord>,
    /// The cause of a dead letter.
    pub cause: Option<String>,
    /// All about the cause.
    pub detail: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A document without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentRow {
    /// What it is in the target's words.
    pub entity: String,
    /// Its idempotency key.
    pub key: String,
    /// What was asked for.
    pub operation: Operation,
    /// Whether it stands in the target.
    pub delivered: bool,
    /// The target's id for it.
    pub target_id: Option<String>,
}

/// How many stand where, over all merchants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events ever accepted.
    pub events: u64,
    /// Events not closed. None means that all work is done.
    pub open: u64,
    /// Passages of open events that wait for a moment to come.
    pub waiting: u64,
    /// Passages ever delivered.
    pub delivered: u64,
    /// Dead letters that nobody has dealt with.
    pub dead_letters: u64,
    /// Inputs in quarantine.
    pub quarantined: u64,
}

pub(super) fn counts(db: &Connection) -> Result<Counts, Error> {
    let mut statement = db.prepare_cached(
        "SELECT max(coalesce((SELECT max(seq) FROM events), 0),
                    coalesce((SELECT value FROM meta WHERE name = 'forgotten_seq'), 0)),
                (SELECT count(*) FROM open),
                (SELECT count(*) FROM open o JOIN passages p ON p.seq = o.seq
                 WHERE p.due_at IS NOT NULL),
                max(coalesce((SELECT max(mark) FROM finished), 0),
                    coalesce((SELECT max(mark) FROM remembered), 0)),
                (SELECT count(*) FROM dead_letters WHERE status = 0),
                (SELECT coalesce(max(id), 0) FROM quarantine)",
    )?;
    Ok(statement.query_row([], |row| {
        Ok(Counts {
            events: row.get(0)?,
            open: row.get(1)?,
            waiting: row.get(2)?,
            delivered: row.get(3)?,
            dead_letters: row.get(4)?,
            quarantined: row.get(5)?,
        })
    })?)
}

pub(super) fn summary(db: &Connection, filter: &Filter) -> Result<Vec<SummaryRow>, Error> {
    // Rare states have a table of their own to start from.
    let from = match filter.state {
        Some(State::Dead) => "(SELECT DISTINCT seq FROM dead_letters)",
        Some(State::Unrouted) => "unrouted",
        Some(State::Accepted | State::Waiting | State::Delivering) => "open",
        Some(State::Delivered | State::Skipped) | None => "events",
    };
    let mut events = db.prepare_cached(&format!(
        "SELECT e.seq, e.id, e.correlation_id, e.merchant, e.connection, e.topic, e.resource_key,
                e.received_at, u.why
         FROM {from} s JOIN events e ON e.seq = s.seq LEFT JOIN unrouted u ON u.seq = s.seq
         WHERE s.seq < ?1 AND s.seq >= ?2 ORDER BY s.seq DESC LIMIT ?3"
    ))?;
    let (before, from_seq) = match filter.seq {
        Some(seq) => (seq.saturating_add(1), seq),
        None => (filter.before_seq.unwrap_or(u64::MAX), 0),
    };
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let mut rows = events.query(params![
        i64::try_from(before).unwrap_or(i64::MAX),
        i64::try_from(from_seq).unwrap_or(i64::MAX),
        limit_of(EVENTS_LOOKED_AT_MAX)
    ])?;
    let mut found = Vec::new();
    let mut taken = 0;
    while taken < limit
        && let Some(row) = rows.next()?
    {
        let merchant: String = row.get(3)?;
        if filter.merchant.as_ref().is_some_and(|wanted| *wanted != merchant) {
            continue;
        }
        let why: Option<String> = row.get(8)?;
        let head = SummaryRow {
            seq: row.get(0)?,
            event_id: EventId(row.get(1)?),
            correlation_id: row.get(2)?,
            merchant,
            connection: row.get(4)?,
            topic: row.get(5)?,
            resource_key: row.get(6)?,
            received_at: moment(row.get(7)?),
            route: None,
            state: if why.is_some() { State::Unrouted } else { State::Accepted },
            attempt: 0,
            due_at: None,
            reason: why,
            receipts: Vec::new(),
            documents: Vec::new(),
            attempts: Vec::new(),
            cause: None,
            detail: None,
            ended_at: None,
        };
        let before = found.len();
        add_passages(db, head, filter.state, &mut found)?;
        taken += usize::from(found.len() > before);
    }
    Ok(found)
}

fn add_passages(
    db: &Connection,
    head: SummaryRow,
    wanted: Option<State>,
    found: &mut Vec<SummaryRow>,
) -> Result<(), Error> {
    let mut statement = db.prepare_cached(
        "SELECT p.route, p.state, p.attempt, p.due_at, p.reason, p.ended_at, m.receipts,
                m.documents, m.packing, m.packed, p.tries_before
         FROM passages p LEFT JOIN mappings m ON m.seq = p.seq AND m.route = p.route
         WHERE p.seq = ?1 ORDER BY p.route",
    )?;
    let mut rows = statement.query([head.seq])?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        any = true;
        let state = State::from(PassageState::from_code(row.get(1)?));
        if wanted.is_some_and(|wanted| wanted != state) {
            continue;
        }
        let route: String = row.get(0)?;
        let (attempts, delivered) = attempts(db, head.seq, &route, row.get(10)?)?;
        let documents = documents(row, 7)?
            .into_iter()
            .zip(0_u32..)
            .map(|(document, ordinal)| {
                let done = delivered.iter().find(|it| it.ordinal == ordinal);
                DocumentRow {
                    entity: document.entity,
                    key: document.key,
                    operation: document.operation,
                    delivered: done.is_some(),
                    target_id: done.and_then(|it| it.target_id.clone()),
                }
            })
            .collect();
        let dead = if state == State::Dead { dead_letter(db, head.seq, &route)? } else { None };
        let (cause, detail) = dead.map(|it| (it.cause, it.detail)).unzip();
        found.push(SummaryRow {
            route: Some(route),
            state,
            attempt: row.get(2)?,
            due_at: time(row, 3)?,
            reason: row.get(4)?,
            ended_at: time(row, 5)?,
            receipts: list(row, 6)?,
            documents,
            attempts,
            cause,
            detail,
            ..head.clone()
        });
    }
    if !any && wanted.is_none_or(|wanted| wanted == head.state) {
        found.push(head);
    }
    Ok(())
}
