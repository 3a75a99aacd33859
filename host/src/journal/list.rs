//! Long lists: events for screens, newest first, and passages for a replay, oldest first.
//!
//! Every list goes by the event's number, so a page begins exactly where the last one ended,
//! whatever was accepted meanwhile. Rare states start from the small tables that hold them, a
//! merchant from its index, a resource from its chain; what is left is looked at row by row, without
//! bodies, up to a bound, after which the page is given as it is with the place to go on from.
//!
//! Events are found by id and by time with a binary search over their numbers: both grow with them,
//! give or take what waited for the same commit.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::accept::origin_from;
use super::read::{limit_of, time};
use super::record::PassageState;
use super::replay::Again;
use super::steps::{micros, moment};
use super::summary::State;
use super::{Error, Journal};
use crate::event::{EventId, Origin};

/// How many events a page looks at before it is given as it is: some ten milliseconds' work.
const LOOKED_AT_MAX: usize = 20_000;
/// How far ids and times may be out of order: more than wait for one commit of the journal.
const OUT_OF_ORDER_MAX: u64 = 4096;

/// Which events; the default is the newest of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventFilter {
    /// Of this merchant only.
    pub merchant: Option<String>,
    /// Of this connection only.
    pub connection: Option<String>,
    /// Of this topic only.
    pub topic: Option<String>,
    /// About this resource only; needs a merchant.
    pub resource: Option<String>,
    /// With a passage on this route only.
    pub route: Option<String>,
    /// With a passage in this state, or the event itself.
    pub state: Option<State>,
    /// Dead letters of this cause only.
    pub cause: Option<String>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// Accepted before this moment.
    pub to: Option<Timestamp>,
    /// After this event.
    pub after_seq: Option<u64>,
    /// Up to and with this event.
    pub until_seq: Option<u64>,
}

/// An event as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct EventRow {
    /// Its place in the journal.
    pub seq: u64,
    /// Its id.
    pub id: EventId,
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
    /// When the source last changed that.
    pub version: Option<Timestamp>,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// How it came.
    pub origin: Origin,
    /// Why no route took it.
    pub unrouted: Option<String>,
    /// How it stands on each route that has begun with it.
    pub passages: Vec<PassageRow>,
}

/// A passage as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct PassageRow {
    /// The route.
    pub route: String,
    /// Where it stands.
    pub state: PassageState,
    /// Tries made since the last success or replay.
    pub attempt: u32,
    /// Not before.
    pub due_at: Option<Timestamp>,
    /// Why it waits, was skipped or died.
    pub reason: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How often it was replayed.
    pub replays: u32,
}

/// A page of events.
#[derive(Debug)]
pub struct EventPage {
    /// The newest first.
    pub rows: Vec<EventRow>,
    /// The `before` of the next page; none at the end.
    pub next: Option<u64>,
}

/// The next passages of a replay.
#[derive(Debug)]
pub struct Batch {
    /// The oldest first.
    pub again: Vec<Again>,
    /// Where this batch ended.
    pub place: (u64, String),
    /// Whether there is nothing after it.
    pub last: bool,
}

impl Journal {
    /// A page of events, those before number `before`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn events(
        &self,
        filter: &EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<EventPage, Error> {
        self.shared.readers.with(|db| events(db, filter, before, limit))
    }

    /// The number of an event.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn seq_of(&self, id: &str) -> Result<Option<u64>, Error> {
        self.shared.readers.with(|db| seq_of(db, id))
    }

    /// One event as lists show it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn event_row(&self, seq: u64) -> Result<Option<EventRow>, Error> {
        self.shared.readers.with(|db| row(db, seq))
    }

    /// The number of the last accepted event, 0 before the first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn last_seq(&self) -> Result<u64, Error> {
        self.shared.readers.with(last_seq)
    }

    /// A number before which no event was accepted at this moment or later, and a little after it some
    /// were.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn seq_before(&self, moment: Timestamp) -> Result<u64, Error> {
        let place = self.shared.readers.with(|db| place_by(db, |_, at| at < micros(moment)))?;
        Ok(place.saturating_sub(OUT_OF_ORDER_MAX))
    }

    /// The passages after `place` that a replay of this filter puts back. Without a state that
    /// means open dead letters; `issue` narrows it to one cause.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn to_replay(
        &self,
        filter: &EventFilter,
        issue: Option<u64>,
        place: &(u64, String),
        limit: usize,
    ) -> Result<Batch, Error> {
        self.shared.readers.with(|db| match filter.state {
            None | Some(State::Dead) => dead(db, filter, issue, place, limit),
            Some(state) => ended(db, filter, state, place, limit),
        })
    }
}

impl EventFilter {
    /// The first and the last number that can be meant.
    fn bounds(&self, db: &Connection) -> Result<(u64, u64), Error> {
        let mut first = self.after_seq.map_or(1, |seq| seq.saturating_add(1));
        let mut last = self.until_seq.unwrap_or(i64::MAX as u64).min(i64::MAX as u64);
        if let Some(from) = self.from {
            let place = place_by(db, |_, at| at < micros(from))?;
            first = first.max(place.saturating_sub(OUT_OF_ORDER_MAX));
        }
        if let Some(to) = self.to {
            let place = place_by(db, |_, at| at < micros(to))?;
            last = last.min(place.saturating_add(OUT_OF_ORDER_MAX));
        }
        Ok((first, last))
    }

    fn takes(&self, row: &EventRow) -> bool {
        let is = |wanted: &Option<String>, it: &str| wanted.as_deref().is_none_or(|w| w == it);
        is(&self.merchant, &row.merchant)
            && is(&self.connection, &row.connection)
            && is(&self.topic, &row.topic)
            && is(&self.resource, &row.resource_key)
            && self.from.is_none_or(|from| row.received_at >= from)
            && self.to.is_none_or(|to| row.received_at < to)
    }

    fn takes_passages(&self, row: &EventRow) -> bool {
        let on_route = |it: &&PassageRow| self.route.as_ref().is_none_or(|r| *r == it.route);
        let cause = |it: &&PassageRow| {
            self.cause.as_ref().is_none_or(|cause| {
                it.state == PassageState::Dead && it.reason.as_ref() == Some(cause)
            })
        };
        let mut passages = row.passages.iter().filter(on_route).filter(cause);
        match self.state {
            Some(State::Unrouted) => row.unrouted.is_some(),
            Some(State::Accepted) => row.unrouted.is_none() && row.passages.is_empty(),
            Some(state) => passages.any(|it| State::from(it.state) == state),
            None if self.route.is_none() && self.cause.is_none() => true,
            None => passages.next().is_some(),
        }
    }
}

fn events(
    db: &Connection,
    filter: &EventFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<EventPage, Error> {
    let (first, last) = filter.bounds(db)?;
    let last = last.min(before.map_or(u64::MAX, |it| it.saturating_sub(1)));
    let mut found = EventPage { rows: Vec::new(), next: None };
    let mut looked_at = 0;
    let mut look = |seq: u64| -> Result<bool, Error> {
        if found.rows.len() == limit || looked_at == LOOKED_AT_MAX {
            // There is more; the next page begins with this one.
            found.next = Some(seq.saturating_add(1));
            return Ok(false);
        }
        looked_at += 1;
        let Some(mut row) = head(db, seq)?.filter(|row| filter.takes(row)) else {
            return Ok(true);
        };
        add_passages(db, &mut row)?;
        if filter.takes_passages(&row) {
            found.rows.push(row);
        }
        Ok(true)
    };
    if let (Some(merchant), Some(resource)) = (&filter.merchant, &filter.resource) {
        for std::cmp::Reverse(seq) in chain(db, merchant, resource, first, last)? {
            if !look(seq)? {
                break;
            }
        }
        return Ok(found);
    }
    let merchant = filter.merchant.as_deref();
    let from = match (filter.state, merchant) {
        (Some(State::Dead), _) => "(SELECT DISTINCT seq FROM dead_letters) WHERE ?3 IS ?3",
        (Some(State::Unrouted), _) => "unrouted WHERE ?3 IS ?3",
        (Some(State::Accepted | State::Waiting | State::Delivering), Some(_)) => {
            "open WHERE merchant = ?3"
        }
        (Some(State::Accepted | State::Waiting | State::Delivering), None) => "open WHERE ?3 IS ?3",
        (_, Some(_)) => "events WHERE merchant = ?3",
        (_, None) => "events WHERE ?3 IS ?3",
    };
    let mut numbers = db.prepare_cached(&format!(
        "SELECT seq FROM {from} AND seq >= ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?4"
    ))?;
    let enough = limit_of(LOOKED_AT_MAX + 1);
    let mut rows = numbers.query(params![clamped(first), clamped(last), merchant, enough])?;
    while let Some(row) = rows.next()? {
        if !look(row.get(0)?)? {
            break;
        }
    }
    Ok(found)
}

/// The events of a resource, newest first: from the last one back along the chain.
fn chain(
    db: &Connection,
    merchant: &str,
    resource: &str,
    first: u64,
    last: u64,
) -> Result<BTreeSet<std::cmp::Reverse<u64>>, Error> {
    let mut connections = db.prepare_cached(
        "SELECT connection FROM resources WHERE merchant = ?1 AND connection > ?2
         ORDER BY connection LIMIT 1",
    )?;
    let mut newest = db.prepare_cached(
        "SELECT event_seq FROM resources
         WHERE merchant = ?1 AND connection = ?2 AND resource_key = ?3",
    )?;
    let mut previous = db.prepare_cached("SELECT previous FROM events WHERE seq = ?1")?;
    let mut found = BTreeSet::new();
    let mut connection = String::new();
    loop {
        let next = connections.query_row(params![merchant, connection], |row| row.get(0));
        let Some(next) = next.optional()? else { return Ok(found) };
        connection = next;
        let mut seq: Option<u64> = newest
            .query_row(params![merchant, connection, resource], |row| row.get(0))
            .optional()?;
        while let Some(this) = seq.filter(|seq| *seq >= first && found.len() < LOOKED_AT_MAX) {
            if this <= last {
                found.insert(std::cmp::Reverse(this));
            }
            seq = previous.query_row([this], |row| row.get(0)).optional()?.flatten();
        }
    }
}

fn head(db: &Connection, seq: u64) -> Result<Option<EventRow>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT seq, id, correlation_id, merchant, connection, topic, resource_key, version,
                received_at, origin
         FROM events WHERE seq = ?1",
    )?;
    let found = statement.query_row([seq], |row| {
        Ok(EventRow {
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
            unrouted: None,
            passages: Vec::new(),
        })
    });
    Ok(found.optional()?)
}

fn row(db: &Connection, seq: u64) -> Result<Option<EventRow>, Error> {
    let Some(mut row) = head(db, seq)? else { return Ok(None) };
    add_passages(db, &mut row)?;
    Ok(Some(row))
}

fn add_passages(db: &Connection, row: &mut EventRow) -> Result<(), Error> {
    let mut statement = db.prepare_cached(
        "SELECT route, state, attempt, due_at, reason, ended_at, replays FROM passages
         WHERE seq = ?1 ORDER BY route",
    )?;
    let passages = statement.query_map([row.seq], |row| {
        Ok(PassageRow {
            route: row.get(0)?,
            state: PassageState::from_code(row.get(1)?),
            attempt: row.get(2)?,
            due_at: time(row, 3)?,
            reason: row.get(4)?,
            ended_at: time(row, 5)?,
            replays: row.get(6)?,
        })
    })?;
    row.passages = passages.collect::<Result<_, _>>()?;
    if row.passages.is_empty() {
        let mut why = db.prepare_cached("SELECT why FROM unrouted WHERE seq = ?1")?;
        row.unrouted = why.query_row([row.seq], |row| row.get(0)).optional()?;
    }
    Ok(())
}

/// Open dead letters after `place`.
fn dead(
    db: &Connection,
    filter: &EventFilter,
    issue: Option<u64>,
    place: &(u64, String),
    limit: usize,
) -> Result<Batch, Error> {
    let (first, last) = filter.bounds(db)?;
    let which =
        if issue.is_some() { "issue = ?5 AND status = 0" } else { "?5 IS ?5 AND status = 0" };
    let mut letters = db.prepare_cached(&format!(
        "SELECT seq, route, cause FROM dead_letters
         WHERE {which} AND (seq, route) > (?1, ?2) AND seq >= ?3 AND seq <= ?4
         ORDER BY seq, route LIMIT ?6"
    ))?;
    let enough = limit_of(LOOKED_AT_MAX);
    let wanted = params![clamped(place.0), place.1, clamped(first), clamped(last), issue, enough];
    let mut rows = letters.query(wanted)?;
    let mut batch = Batch { again: Vec::new(), place: place.clone(), last: true };
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let (seq, route, cause): (u64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        batch.place = (seq, route.clone());
        let meant = filter.route.as_ref().is_none_or(|it| *it == route)
            && filter.cause.as_ref().is_none_or(|it| *it == cause);
        if meant && head(db, seq)?.is_some_and(|row| filter.takes(&row)) {
            batch.again.push(Again { seq, route: Some(route) });
        }
        if batch.again.len() == limit || looked_at == LOOKED_AT_MAX {
            batch.last = false;
            break;
        }
    }
    Ok(batch)
}

/// Passages in another state than dead, after `place`.
fn ended(
    db: &Connection,
    filter: &EventFilter,
    state: State,
    place: &(u64, String),
    limit: usize,
) -> Result<Batch, Error> {
    let (first, last) = filter.bounds(db)?;
    let which = match (state, &filter.merchant) {
        (State::Unrouted, _) => "unrouted WHERE ?3 IS ?3",
        (_, Some(_)) => "events WHERE merchant = ?3",
        (_, None) => "events WHERE ?3 IS ?3",
    };
    let mut numbers = db.prepare_cached(&format!(
        "SELECT seq FROM {which} AND seq >= ?1 AND seq <= ?2 ORDER BY seq LIMIT ?4"
    ))?;
    let first = first.max(place.0);
    let enough = limit_of(LOOKED_AT_MAX);
    let mut rows =
        numbers.query(params![clamped(first), clamped(last), filter.merchant, enough])?;
    let mut batch = Batch { again: Vec::new(), place: place.clone(), last: true };
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let seq: u64 = row.get(0)?;
        looked_at += 1;
        let meant = self::row(db, seq)?.filter(|row| {
            filter.takes(row) && (state == State::Unrouted || filter.takes_passages(row))
        });
        for passage in meant.iter().flat_map(|row| &row.passages) {
            let here = (seq, passage.route.clone());
            let wanted = State::from(passage.state) == state
                && filter.route.as_ref().is_none_or(|route| *route == passage.route);
            if !wanted || here <= *place {
                continue;
            }
            if batch.again.len() == limit {
                batch.last = false;
                return Ok(batch);
            }
            batch.place = here;
            batch.again.push(Again { seq, route: Some(passage.route.clone()) });
        }
        if state == State::Unrouted && meant.is_some() && seq > place.0 {
            batch.again.push(Again { seq, route: None });
        }
        // All of this event is behind us: no route is called by the last name there is.
        batch.place = (seq, char::MAX.to_string());
        if batch.again.len() >= limit || looked_at == LOOKED_AT_MAX {
            batch.last = false;
            return Ok(batch);
        }
    }
    Ok(batch)
}

fn last_seq(db: &Connection) -> Result<u64, Error> {
    let mut statement = db.prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The number of the first event of which `is_before` is not true any more.
fn place_by(db: &Connection, is_before: impl Fn(&str, i64) -> bool) -> Result<u64, Error> {
    let mut look = db.prepare_cached(
        "SELECT seq, id, received_at FROM events WHERE seq >= ?1 ORDER BY seq LIMIT 1",
    )?;
    let (mut low, mut high) = (0, last_seq(db)? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = look
            .query_row([middle], |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        match found {
            Some((seq, id, at)) if is_before(&id, at) => low = seq + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn seq_of(db: &Connection, id: &str) -> Result<Option<u64>, Error> {
    let place = place_by(db, |other, _| other < id)?;
    let mut near =
        db.prepare_cached("SELECT seq FROM events WHERE seq BETWEEN ?1 AND ?2 AND id = ?3")?;
    let from = place.saturating_sub(OUT_OF_ORDER_MAX);
    let to = place.saturating_add(OUT_OF_ORDER_MAX);
    Ok(near.query_row(params![clamped(from), clamped(to), id], |row| row.get(0)).optional()?)
}

fn clamped(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
