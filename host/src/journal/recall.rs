//! Recall: what a plugin version touched, what was found wrong with it, and the corrections on their
//! way.
//!
//! Looking and sending are two jobs. Each step of either is one commit with its cursor, taken only
//! from the cursor it was planned at, so a crash repeats and loses nothing. A correction is sent by
//! the passage that last wrote to the resource: it is put back as by a replay, but already mapped,
//! with documents that were worked out from the whole history of the resource.
//!
//! What a version touched is found by the digest in the receipts, merchant by merchant, a bounded
//! number of events at a time; there is no index for it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::read::{self, limit_of};
use super::record::Mapped;
use super::replay::{self, Again, ReplayStep, Stepped};
use super::steps::{self, Answer, Command, Fault, MappedRow, micros};
use super::{Error, Journal};

/// Events of the whole journal that one look goes through.
const LOOKED_AT_MAX: u64 = 20_000;
/// Events of one resource that are looked at: more than any order ever has.
const HISTORY_MAX: usize = 10_000;
/// Why a correction waits to be sent; a word that is not the one for "may have been sent".
const REASON: &str = "correction";

/// The kind of job that sends corrections.
pub const SENDING: &str = "recall_send";

/// A passage that a plugin version had its hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// Where the event came in.
    pub connection: String,
    /// What it is about.
    pub resource_key: String,
}

/// The events of a resource, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Their numbers.
    pub seqs: Vec<u64>,
    /// Whether earlier ones are no longer kept.
    pub is_cut: bool,
}

/// One resource on a route that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// Its number within the recall, from 1; given by the journal.
    pub no: u64,
    /// Whose.
    pub merchant: String,
    /// Where the resource comes from.
    pub connection: String,
    /// The route.
    pub route: String,
    /// The resource.
    pub resource_key: String,
    /// Its last event that counts.
    pub event_id: String,
    /// What can be done about it (`differs`, `extra`, `failed`, `breach`, `under_way`).
    pub kind: String,
    /// What differs, as JSON.
    #[serde(skip)]
    pub told: String,
}

/// How looking got on.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The job.
    pub job: u64,
    /// Where the job must be for this step to be taken.
    pub from: Option<String>,
    /// Where it is after it.
    pub to: String,
    /// What was found; numbers are given here.
    pub found: Vec<Correction>,
    /// The job's progress, as JSON.
    pub progress: String,
    /// Whether this is the last step.
    pub last: bool,
    /// When.
    pub at: Timestamp,
}

/// A correction is to be sent, or turned out not to be needed any more.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The job.
    pub job: u64,
    /// Where the job must be for this step to be taken.
    pub from: Option<String>,
    /// Where it is after it.
    pub to: String,
    /// The passage that carries it, with its documents; none if there is nothing to send.
    pub carries: Option<Mapped>,
    /// Whether this is the last step.
    pub last: bool,
    /// When.
    pub at: Timestamp,
}

/// Something recalls write.
pub(super) enum Step {
    Looked(Looked),
    Sent(Box<Sent>, Option<Box<MappedRow>>),
}

impl Journal {
    /// The passages that a version touched, of events after `after` and up to `until`, and how far
    /// this look got.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn touched(
        &self,
        merchant: &str,
        digest: &str,
        after: u64,
        until: u64,
    ) -> Result<(Vec<Touched>, u64), Error> {
        let to = after.saturating_add(LOOKED_AT_MAX).min(until);
        self.shared.readers.with(|db| Ok((touched(db, merchant, digest, after, to)?, to)))
    }

    /// The events of a resource of a connection.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn history(
        &self,
        merchant: &str,
        connection: &str,
        resource_key: &str,
    ) -> Result<History, Error> {
        self.shared.readers.with(|db| history(db, merchant, connection, resource_key))
    }

    /// What a recall found, behind number `after`; of one kind only, where one is named.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn corrections(
        &self,
        job: u64,
        kind: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Correction>, Error> {
        self.shared.readers.with(|db| corrections(db, job, kind, after, limit))
    }

    /// Writes down what a look found.
    ///
    /// # Errors
    /// [`Error::Misplaced`] if the job is not running or not where it should be; otherwise as
    /// [`Journal::accept`].
    pub async fn looked(&self, step: Looked) -> Result<(), Error> {
        self.write(Command::Recall(Box::new(Step::Looked(step)))).await.map(drop)
    }

    /// Puts the passage back that carries a correction, mapped already.
    ///
    /// # Errors
    /// As [`Journal::looked`].
    pub async fn send_correction(&self, step: Sent) -> Result<Stepped, Error> {
        let row = step.carries.clone().map(MappedRow::new).transpose()?.map(Box::new);
        match self.write(Command::Recall(Box::new(Step::Sent(Box::new(step), row)))).await? {
            Answer::Replayed(stepped) => Ok(stepped),
            _ => unreachable!("that is what a correction answers"),
        }
    }
}

pub(super) fn apply(db: &Connection, step: &Step) -> Result<Answer, Fault> {
    match step {
        Step::Looked(it) => looked(db, it),
        Step::Sent(it, row) => sent(db, it, row.as_deref()),
    }
}

fn at_its_place(db: &Connection, job: u64, from: Option<&str>) -> Result<(), Fault> {
    let found: Option<(String, Option<String>)> = db
        .prepare_cached("SELECT state, cursor FROM jobs WHERE id = ?1")?
        .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (state, cursor) = found.unwrap_or_default();
    if state == "running" && cursor.as_deref() == from {
        return Ok(());
    }
    let said = format!("recall {job} is {state} and at another place than this step");
    Err(Fault::Refused(Error::Misplaced(said)))
}

fn looked(db: &Connection, it: &Looked) -> Result<Answer, Fault> {
    at_its_place(db, it.job, it.from.as_deref())?;
    let last: u64 = db
        .prepare_cached("SELECT coalesce(max(no), 0) FROM corrections WHERE job = ?1")?
        .query_row([it.job], |row| row.get(0))?;
    let mut insert = db.prepare_cached(
        "INSERT INTO corrections (job, no, merchant, connection, route, resource_key, event_id,
                                  kind, told)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (no, found) in (last + 1..).zip(&it.found) {
        let Correction { merchant, connection, route, resource_key, event_id, kind, told, .. } =
            found;
        insert.execute(params![
            it.job,
            no,
            merchant,
            connection,
            route,
            resource_key,
            event_id,
            kind,
            told
        ])?;
    }
    step_job(db, it.job, &it.to, Some(&it.progress), it.last, it.at)?;
    Ok(Answer::Done)
}

fn sent(db: &Connection, it: &Sent, row: Option<&MappedRow>) -> Result<Answer, Fault> {
    at_its_place(db, it.job, it.from.as_deref())?;
    let mut stepped = Stepped::default();
    let progress: String = db
        .prepare_cached("SELECT progress FROM jobs WHERE id = ?1")?
        .query_row([it.job], |row| row.get(0))?;
    stepped.progress = serde_json::from_str(&progress).unwrap_or_default();
    let mut is_under_way = false;
    if let (Some(carries), Some(row)) = (&it.carries, row) {
        let again = Again { seq: carries.seq, route: Some(carries.route.clone()) };
        let put = ReplayStep {
            job: it.job,
            from: None,
            to: String::new(),
            again: Vec::new(),
            pin: None,
            last: false,
            at: it.at,
        };
        if replay::put_back(db, &again, &put)? {
            steps::mapped(db, row)?;
            db.prepare_cached("UPDATE passages SET reason = ?3 WHERE seq = ?1 AND route = ?2")?
                .execute(params![carries.seq, carries.route, REASON])?;
            let merchant: String = db
                .prepare_cached("SELECT merchant FROM events WHERE seq = ?1")?
                .query_row([carries.seq], |row| row.get(0))?;
            stepped.reopened.extend(read::open_event(db, &merchant, carries.seq)?);
            is_under_way = true;
        }
    }
    match is_under_way {
        true => stepped.progress.replayed += 1,
        false => stepped.progress.passed_over += 1,
    }
    let told = serde_json::to_string(&stepped.progress).map_err(Error::from);
    step_job(db, it.job, &it.to, Some(&told.map_err(Fault::Refused)?), it.last, it.at)?;
    Ok(Answer::Replayed(stepped))
}

fn step_job(
    db: &Connection,
    job: u64,
    to: &str,
    progress: Option<&str>,
    last: bool,
    at: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET cursor = ?2, progress = coalesce(?3, progress), updated_at = ?4,
             state = ?5 WHERE id = ?1",
    )?
    .execute(params![job, to, progress, micros(at), if last { "done" } else { "running" }])?;
    Ok(())
}

fn touched(
    db: &Connection,
    merchant: &str,
    digest: &str,
    after: u64,
    to: u64,
) -> Result<Vec<Touched>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT e.seq, m.route, e.connection, e.resource_key
         FROM events e JOIN mappings m ON m.seq = e.seq
         WHERE e.merchant = ?1 AND e.seq > ?2 AND e.seq <= ?3 AND instr(m.receipts, ?4) > 0
         UNION
         SELECT e.seq, p.route, e.connection, e.resource_key
         FROM events e JOIN past_passages p ON p.seq = e.seq
         WHERE e.merchant = ?1 AND e.seq > ?2 AND e.seq <= ?3 AND instr(p.receipts, ?4) > 0
         ORDER BY 1, 2",
    )?;
    let found = statement.query_map(params![merchant, after, to, digest], |row| {
        Ok(Touched {
            seq: row.get(0)?,
            route: row.get(1)?,
            connection: row.get(2)?,
            resource_key: row.get(3)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn history(
    db: &Connection,
    merchant: &str,
    connection: &str,
    resource_key: &str,
) -> Result<History, Error> {
    let mut previous = db.prepare_cached("SELECT previous FROM events WHERE seq = ?1")?;
    let mut found = History { seqs: Vec::new(), is_cut: false };
    let mut next = read::last_of(db, merchant, connection, resource_key)?;
    while let Some(seq) = next {
        let before: Option<Option<u64>> = previous.query_row([seq], |row| row.get(0)).optional()?;
        let Some(before) = before else {
            found.is_cut = true;
            break;
        };
        found.seqs.push(seq);
        if found.seqs.len() == HISTORY_MAX {
            found.is_cut = before.is_some();
            break;
        }
        next = before;
    }
    found.seqs.reverse();
    Ok(found)
}

fn corrections(
    db: &Connection,
    job: u64,
    kind: Option<&str>,
    after: u64,
    limit: usize,
) -> Result<Vec<Correction>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT no, merchant, connection, route, resource_key, event_id, kind, told
         FROM corrections WHERE job = ?1 AND no > ?2 AND (?3 IS NULL OR kind = ?3)
         ORDER BY no LIMIT ?4",
    )?;
    let found = statement.query_map(params![job, after, kind, limit_of(limit)], |row| {
        Ok(Correction {
            no: row.get(0)?,
            merchant: row.get(1)?,
            connection: row.get(2)?,
            route: row.get(3)?,
            resource_key: row.get(4)?,
            event_id: row.get(5)?,
            kind: row.get(6)?,
            told: row.get(7)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
