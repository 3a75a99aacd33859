//! Long work that a person asked for: what, how far it is, and who wanted it.
//!
//! A job is `queued`, then `running`, then `done`, `failed` or `stopped`. Whoever does the work
//! writes its place down with each step, so that another start takes it up there. An ended job
//! never changes again: a step that comes too late is told so.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::read::limit_of;
use super::steps::{Command, micros, moment};
use super::{Answer, Error, Journal};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Nobody has begun.
    Queued,
    /// It is being worked on, or waits for the shop.
    Running,
    /// All of it is done.
    Done,
    /// It cannot be done.
    Failed,
    /// A person stopped it.
    Stopped,
}

impl JobState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    fn named(word: &str) -> Self {
        [Self::Queued, Self::Running, Self::Done, Self::Stopped]
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Failed)
    }

    /// Whether there is something left to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// What somebody wants to have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What kind of work (`backfill`).
    pub kind: String,
    /// For whom.
    pub merchant: String,
    /// What exactly, as JSON.
    pub spec: String,
    /// Who wants it.
    pub who: String,
    /// And why.
    pub why: String,
}

/// [`NewJob`] as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, from 1.
    pub id: u64,
    /// What was told.
    pub job: NewJob,
    /// Where it stands.
    pub state: JobState,
    /// The worker's place in it, as JSON.
    pub cursor: Option<String>,
    /// What it has done so far, as JSON.
    pub progress: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last got on.
    pub updated_at: Timestamp,
}

/// How a job got on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// Which.
    pub id: u64,
    /// Where it stands now.
    pub state: JobState,
    /// The worker's place; none leaves it as it is.
    pub cursor: Option<String>,
    /// What it has done so far; none leaves it as it is.
    pub progress: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Something jobs write.
pub(super) enum Step {
    Add(NewJob),
    Step(JobStep),
}

impl Journal {
    /// Takes a job in; gives its number.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn add_job(&self, job: NewJob) -> Result<u64, Error> {
        match self.write(Command::Job(Box::new(Step::Add(job)))).await? {
            Answer::Id(id) => Ok(id),
            _ => unreachable!("a number is what a new job answers"),
        }
    }

    /// Writes down how a job got on. Answers false, and changes nothing, if it has ended.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn step_job(&self, step: JobStep) -> Result<bool, Error> {
        match self.write(Command::Job(Box::new(Step::Step(step)))).await? {
            Answer::Id(changed) => Ok(changed > 0),
            _ => unreachable!("a number is what a step answers"),
        }
    }

    /// A job.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn job(&self, id: u64) -> Result<Option<Job>, Error> {
        self.shared.readers.with(|db| one(db, id))
    }

    /// Jobs of a kind, newest first; `before` is the number of the last one seen.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn jobs(&self, kind: &str, before: Option<u64>, limit: usize) -> Result<Vec<Job>, Error> {
        self.jobs_of(kind, None, before, limit)
    }

    /// The same of one merchant, or all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn jobs_of(
        &self,
        kind: &str,
        merchant: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Job>, Error> {
        self.shared.readers.with(|db| list(db, kind, merchant, before, limit))
    }

    /// Jobs of a kind that are not ended, oldest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_jobs(&self, kind: &str) -> Result<Vec<Job>, Error> {
        self.shared.readers.with(|db| open(db, kind))
    }
}

pub(super) fn apply(db: &Connection, job: &Step) -> rusqlite::Result<u64> {
    match job {
        Step::Add(job) => add(db, job),
        Step::Step(it) => step(db, it).map(u64::from),
    }
}

/// Adds a job; gives its number.
fn add(db: &Connection, job: &NewJob) -> rusqlite::Result<u64> {
    let now = micros(Timestamp::now());
    db.prepare_cached(
        "INSERT INTO jobs (kind, merchant, spec, state, created_at, updated_at, who, why)
         VALUES (?1, ?2, ?3, 'queued', ?4, ?4, ?5, ?6) RETURNING id",
    )?
    .query_row(params![job.kind, job.merchant, job.spec, now, job.who, job.why], |row| row.get(0))
}

/// Writes a step down, unless the job has ended; says whether it was written.
fn step(db: &Connection, step: &JobStep) -> rusqlite::Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE jobs SET state = ?2, cursor = coalesce(?3, cursor),
                 progress = coalesce(?4, progress), updated_at = ?5
             WHERE id = ?1 AND state IN ('queued', 'running')",
        )?
        .execute(params![
            step.id,
            step.state.as_str(),
            step.cursor,
            step.progress,
            micros(step.at)
        ])?;
    Ok(changed > 0)
}

const COLUMNS: &str = "id, kind, merchant, spec, state, cursor, progress, created_at, updated_at,
                       who, why";

/// Jobs of a kind, newest first, those before number `before`.
fn list(
    db: &Connection,
    kind: &str,
    merchant: Option<&str>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Job>, Error> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs WHERE kind = ?1 AND (?2 IS NULL OR id < ?2)
           AND (?4 IS NULL OR merchant = ?4) ORDER BY id DESC LIMIT ?3"
    ))?;
    let found = statement.query_map(params![kind, before, limit_of(limit), merchant], job)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Jobs of a kind that are not ended, oldest first.
fn open(db: &Connection, kind: &str) -> Result<Vec<Job>, Error> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs WHERE kind = ?1 AND state IN ('queued', 'running') ORDER BY id"
    ))?;
    Ok(statement.query_map([kind], job)?.collect::<Result<_, _>>()?)
}

/// One job.
fn one(db: &Connection, id: u64) -> Result<Option<Job>, Error> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(job).transpose().map_err(Error::from)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        job: NewJob {
            kind: row.get(1)?,
            merchant: row.get(2)?,
            spec: row.get(3)?,
            who: row.get(9)?,
            why: row.get(10)?,
        },
        state: JobState::named(&row.get::<_, String>(4)?),
        cursor: row.get(5)?,
        progress: row.get(6)?,
        created_at: moment(row.get(7)?),
        updated_at: moment(row.get(8)?),
    })
}
