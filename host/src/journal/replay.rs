//! Replay: an ended passage is put back to `waiting`, its event reopened, its past kept.
//!
//! ```text
//!   delivered, skipped, dead --replay--> waiting --> mapped anew --> ... as any passage
//! ```
//! The event's bytes are the same, the mapping is made again, tries count on. What the passage was
//! before stands in `past_passages`. A job's step resets its passages and moves the job's cursor in
//! one commit, and only from the cursor it was planned at: a step that is told twice, or after the
//! job was stopped, changes nothing. So a crash in the middle of a job repeats and loses none.
//!
//! How the passages of a job end is counted in `job_ends` by the commits that end them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::issues::{self, LetterStatus};
use super::read;
use super::record::{OpenEvent, PassageState};
use super::steps::{Answer, Command, Fault, micros};
use super::{Error, Journal};

/// One passage to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The event.
    pub seq: u64,
    /// The route; none for an event that no route took, which is routed again.
    pub route: Option<String>,
}

/// The next few passages of a replay.
#[derive(Debug, Clone)]
pub struct ReplayStep {
    /// The job. Where its spec says `past_seatbelts`, its passages are [`released`].
    ///
    /// [`released`]: super::Passage::released
    pub job: u64,
    /// Where the job must be for this step to be taken.
    pub from: Option<String>,
    /// Where it is after it.
    pub to: String,
    /// What is put back.
    pub again: Vec<Again>,
    /// The digest of the plugin to map with; none is the one in use.
    pub pin: Option<String>,
    /// Whether this is the last step.
    pub last: bool,
    /// When.
    pub at: Timestamp,
}

/// How far a replay is; a job's `progress`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Passages put back.
    pub replayed: u64,
    /// Passages that were under way already, or gone.
    pub passed_over: u64,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Stepped {
    /// How far the job is now.
    pub progress: Progress,
    /// For the dispatcher.
    pub(super) reopened: Vec<OpenEvent>,
}

/// How a passage was before one of its replays.
#[derive(Debug, Clone)]
pub struct PastPassage {
    /// Which replay ended this, from 1.
    pub replay: u32,
    /// The job that did.
    pub job: u64,
    /// How it had ended.
    pub state: PassageState,
    /// Why.
    pub reason: Option<String>,
    /// When it had ended.
    pub ended_at: Option<Timestamp>,
    /// When it was replayed.
    pub replaced_at: Timestamp,
    /// Who had done the mapping.
    pub receipts: Vec<crate::event::Receipt>,
    /// What was made.
    pub documents: Vec<crate::event::Document>,
}

/// What a step of a passage finds out about replays before it.
pub(super) struct Before {
    replays: u32,
    /// Tries made before the last replay.
    pub(super) tries: u32,
    job: Option<u64>,
}

impl Before {
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { replays: row.get(0)?, tries: row.get(1)?, job: row.get(2)? })
    }
}

impl Journal {
    /// Takes the next step of a replay job.
    ///
    /// # Errors
    /// [`Error::Misplaced`] if the job is not running or not at [`ReplayStep::from`]; otherwise as
    /// [`Journal::accept`].
    pub async fn replay(&self, step: ReplayStep) -> Result<Stepped, Error> {
        match self.write(Command::Replay(Box::new(step))).await? {
            Answer::Replayed(stepped) => Ok(stepped),
            _ => unreachable!("that is what a replay answers"),
        }
    }

    /// An event with its passages, if it is open.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_event(&self, merchant: &str, seq: u64) -> Result<Option<OpenEvent>, Error> {
        self.shared.readers.with(|db| Ok(read::open_event(db, merchant, seq)?))
    }

    /// Reopened events that nobody has taken yet: a replay holds still while they are many.
    #[must_use]
    pub fn reopened_waiting(&self) -> usize {
        self.shared.arrivals.reopened_waiting()
    }

    /// How the passages of a job ended, by outcome.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn job_ends(&self, job: u64) -> Result<Vec<(String, u64)>, Error> {
        self.shared.readers.with(|db| {
            let mut ends =
                db.prepare_cached("SELECT outcome, count FROM job_ends WHERE job = ?1 ORDER BY 1")?;
            let found = ends.query_map([job], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What a passage was before each of its replays, oldest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn past_passages(&self, seq: u64, route: &str) -> Result<Vec<PastPassage>, Error> {
        self.shared.readers.with(|db| past(db, seq, route))
    }
}

pub(super) fn step(db: &Connection, it: &ReplayStep) -> Result<Answer, Fault> {
    let job: Option<(String, Option<String>, String)> = db
        .prepare_cached("SELECT state, cursor, progress FROM jobs WHERE id = ?1")?
        .query_row([it.job], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (state, cursor, progress) = job.unwrap_or_default();
    if state != "running" || cursor != it.from {
        let said = format!("replay {} is {state} and at another place than this step", it.job);
        return Err(Fault::Refused(Error::Misplaced(said)));
    }
    let mut progress: Progress = serde_json::from_str(&progress).unwrap_or_default();
    let mut events = Vec::new();
    for again in &it.again {
        if put_back(db, again, it)? {
            progress.replayed += 1;
            events.push(again.seq);
        } else {
            progress.passed_over += 1;
        }
    }
    events.dedup();
    let told = serde_json::to_string(&progress).map_err(Error::from).map_err(Fault::Refused)?;
    db.prepare_cached(
        "UPDATE jobs SET cursor = ?2, progress = ?3, updated_at = ?4, state = ?5 WHERE id = ?1",
    )?
    .execute(params![
        it.job,
        it.to,
        told,
        micros(it.at),
        if it.last { "done" } else { "running" }
    ])?;
    let mut reopened = Vec::with_capacity(events.len());
    for seq in events {
        let merchant: String = db
            .prepare_cached("SELECT merchant FROM events WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))?;
        reopened.extend(read::open_event(db, &merchant, seq)?);
    }
    Ok(Answer::Replayed(Stepped { progress, reopened }))
}

/// Puts one passage back, if it has ended.
pub(super) fn put_back(
    db: &Connection,
    again: &Again,
    step: &ReplayStep,
) -> rusqlite::Result<bool> {
    let seq = again.seq;
    let exists: bool = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE seq = ?1)")?
        .query_row([seq], |row| row.get(0))?;
    if !exists {
        return Ok(false);
    }
    let Some(route) = &again.route else {
        let unrouted =
            db.prepare_cached("DELETE FROM unrouted WHERE seq = ?1")?.execute([seq])? > 0;
        return Ok(unrouted && reopen(db, seq, false)?);
    };
    let state = db
        .prepare_cached("SELECT state FROM passages WHERE seq = ?1 AND route = ?2")?
        .query_row(params![seq, route], |row| row.get(0).map(PassageState::from_code))
        .optional()?;
    if !state.is_some_and(PassageState::is_terminal) {
        return Ok(false);
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO past_passages (seq, route, replay, state, reason, ended_at,
                                               replaced_at, job, receipts, documents, packing,
                                               packed, mark)
         SELECT p.seq, p.route, p.replays + 1, p.state, p.reason, p.ended_at, ?3, ?4, m.receipts,
                m.documents, m.packing, m.packed, p.mark
         FROM passages p LEFT JOIN mappings m ON m.seq = p.seq AND m.route = p.route
         WHERE p.seq = ?1 AND p.route = ?2",
    )?
    .execute(params![seq, route, micros(step.at), step.job])?;
    // The checkpoint stays: it belongs to the passage that was delivered, until another one is.
    db.prepare_cached(
        "UPDATE mappings SET receipts = '[]', documents = '[]', packing = 0, packed = NULL
         WHERE seq = ?1 AND route = ?2",
    )?
    .execute(params![seq, route])?;
    db.prepare_cached(
        "UPDATE passages SET state = 0, attempt = 0, due_at = NULL, intended = NULL,
             reason = 'replayed', ended_at = NULL, replays = replays + 1,
             tries_before = (SELECT coalesce(max(no), 0) FROM attempts
                             WHERE seq = ?1 AND route = ?2),
             pin = ?3, job = ?4
         WHERE seq = ?1 AND route = ?2",
    )?
    .execute(params![seq, route, step.pin, step.job])?;
    let any = [LetterStatus::Open, LetterStatus::Resolved, LetterStatus::Discarded];
    issues::mark(db, seq, route, &any, LetterStatus::Replayed, step.at)?;
    reopen(db, seq, true)?;
    Ok(true)
}

fn reopen(db: &Connection, seq: u64, again: bool) -> rusqlite::Result<bool> {
    // One that is open already keeps what it says: routes that have yet to begin are not lost.
    let changed = db
        .prepare_cached(
            "INSERT OR IGNORE INTO open (merchant, seq, connection, topic, resource_key, origin,
                                         again)
             SELECT merchant, seq, connection, topic, resource_key, origin, ?2
             FROM events WHERE seq = ?1",
        )?
        .execute(params![seq, again])?;
    Ok(changed > 0)
}

/// A passage has ended: if it was replayed, its letter and its job learn of it.
pub(super) fn settled(
    db: &Connection,
    seq: u64,
    route: &str,
    before: &Before,
    state: PassageState,
    at: Timestamp,
) -> rusqlite::Result<()> {
    if before.replays == 0 {
        return Ok(());
    }
    if state == PassageState::Delivered {
        // Checkpoints are made again from its last end; the ends before it are only in the way.
        db.prepare_cached(
            "DELETE FROM finished WHERE mark IN
                 (SELECT mark FROM past_passages WHERE seq = ?1 AND route = ?2)",
        )?
        .execute(params![seq, route])?;
    }
    if state != PassageState::Dead {
        issues::mark(db, seq, route, &[LetterStatus::Replayed], LetterStatus::Resolved, at)?;
    }
    if let Some(job) = before.job {
        db.prepare_cached(
            "INSERT INTO job_ends (job, outcome, count) VALUES (?1, ?2, 1)
             ON CONFLICT DO UPDATE SET count = count + 1",
        )?
        .execute(params![job, state.as_str()])?;
    }
    Ok(())
}

fn past(db: &Connection, seq: u64, route: &str) -> Result<Vec<PastPassage>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT replay, job, state, reason, ended_at, replaced_at, receipts, documents, packing,
                packed
         FROM past_passages WHERE seq = ?1 AND route = ?2 ORDER BY replay",
    )?;
    let mut rows = statement.query(params![seq, route])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(PastPassage {
            replay: row.get(0)?,
            job: row.get(1)?,
            state: PassageState::from_code(row.get(2)?),
            reason: row.get(3)?,
            ended_at: read::time(row, 4)?,
            replaced_at: super::steps::moment(row.get(5)?),
            receipts: read::list(row, 6)?,
            documents: read::documents(row, 7)?,
        });
    }
    Ok(found)
}
