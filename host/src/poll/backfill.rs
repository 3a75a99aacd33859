//! Backfills: a person asks for what lies further back, and gets it in the lowest lane.
//!
//! A backfill is a job in the journal: a range of change dates of one list. It is the same walk as
//! a poll's, with its place in the job, written after each page, so a crash costs a page at most.
//! What the journal knows already is no news here either: a backfill brings what was never heard
//! of or has changed unheard; it does not repeat what was delivered.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::ground::Ground;
use super::settings::Entity;
use super::sweep::Sweep;
use crate::event::Origin;
use crate::journal::jobs::{Job, JobState, JobStep};

/// What jobs of this kind are called.
pub(super) const KIND: &str = "backfill";
/// Dates are asked for as "after" and "before"; the ends belong to the range.
const EDGE: SignedDuration = SignedDuration::from_secs(1);

/// What is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillSpec {
    /// Whose.
    pub merchant: String,
    /// From which connection.
    pub connection: String,
    /// Which list: `orders`, `products`, `customers`.
    pub entity: String,
    /// Changed at this time or later.
    pub from: Timestamp,
    /// Changed at this time or before.
    pub to: Timestamp,
}

/// What a backfill has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackfillProgress {
    /// Pages asked for.
    pub pages: u64,
    /// Rows looked at.
    pub rows: u64,
    /// Of these, what was news.
    pub found: u64,
    /// Of these, what went to quarantine.
    pub quarantined: u64,
    /// All rows up to this id are done.
    pub last_id: u64,
    /// Why the last page failed; none when it went well.
    pub last_error: Option<String>,
}

/// A backfill as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackfillStatus {
    /// Its number.
    pub id: u64,
    /// What is to be fetched.
    pub spec: BackfillSpec,
    /// Where it stands.
    pub state: JobState,
    /// What it has done.
    pub progress: BackfillProgress,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last got on.
    pub updated_at: Timestamp,
    /// Who wanted it.
    pub who: String,
    /// And why.
    pub why: String,
}

impl BackfillStatus {
    /// Reads a job; nothing if it is no backfill.
    pub(super) fn of(job: Job) -> Option<Self> {
        if job.job.kind != KIND {
            return None;
        }
        Some(Self {
            id: job.id,
            spec: serde_json::from_str(&job.job.spec).ok()?,
            state: job.state,
            progress: serde_json::from_str(&job.progress).unwrap_or_default(),
            created_at: job.created_at,
            updated_at: job.updated_at,
            who: job.job.who,
            why: job.job.why,
        })
    }
}

/// One that is being worked on.
pub(super) struct Backfill {
    id: u64,
    entity: Option<Entity>,
    walk: Sweep,
    progress: BackfillProgress,
}

impl Backfill {
    /// The connection's oldest backfill that has not ended.
    pub(super) fn oldest(ground: &Ground) -> Result<Option<Self>, Error> {
        for job in ground.ingress.journal.open_jobs(KIND)? {
            let cursor = job.cursor.clone();
            let Some(status) = BackfillStatus::of(job) else { continue };
            let BackfillSpec { merchant, connection, entity, from, to } = status.spec;
            if merchant != ground.plan.merchant || connection != ground.plan.connection {
                continue;
            }
            let begin = || Sweep {
                after: from.checked_sub(EDGE).ok(),
                before: to.checked_add(EDGE).ok(),
                ..Sweep::default()
            };
            let walk = cursor.and_then(|text| serde_json::from_str(&text).ok());
            return Ok(Some(Self {
                id: status.id,
                entity: Entity::named(&entity),
                walk: walk.unwrap_or_else(begin),
                progress: status.progress,
            }));
        }
        Ok(None)
    }

    /// One page, written down.
    pub(super) async fn step(&mut self, ground: &Ground) -> Result<(), Error> {
        let stepped = match self.entity {
            Some(entity) => self.walk.step(ground, entity, Origin::Backfill).await,
            None => Err(Error::Unknown("there is no such list".into())),
        };
        let progress = &mut self.progress;
        let (state, failed) = match stepped {
            Ok(stepped) => {
                progress.pages += 1;
                progress.rows += stepped.rows;
                progress.found += stepped.found;
                progress.quarantined += stepped.quarantined;
                progress.last_id = self.walk.last_id;
                progress.last_error = None;
                (if stepped.ended { JobState::Done } else { JobState::Running }, None)
            }
            Err(error) => {
                progress.last_error = Some(error.to_string());
                let hopeless = matches!(error, Error::Rejected { .. } | Error::Unknown(_));
                (if hopeless { JobState::Failed } else { JobState::Running }, Some(error))
            }
        };
        let text = |error| Error::NotStored { said: format!("{error}") };
        let step = JobStep {
            id: self.id,
            state,
            cursor: Some(serde_json::to_string(&self.walk).map_err(text)?),
            progress: Some(serde_json::to_string(&self.progress).map_err(text)?),
            at: Timestamp::now(),
        };
        // One that was stopped meanwhile stays stopped; what its page brought is there.
        let written = ground.ingress.journal.step_job(step).await?;
        if written && !state.is_open() {
            tracing::info!(
                merchant.name = ground.plan.merchant,
                connection = ground.plan.connection,
                job.id = self.id,
                state = ?state,
                rows = self.progress.rows,
                found = self.progress.found,
                "a backfill ended"
            );
        }
        failed.filter(|_| state.is_open()).map_or(Ok(()), Err)
    }
}
