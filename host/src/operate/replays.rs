//! Replays: jobs that put passages back, a few at a time, at a pace, until all are or somebody stops.
//!
//! A job's row in the journal is all there is of it: what is meant (`spec`), how far it is (`cursor`).
//! Each step is one commit; after a crash the next start goes on behind the last one. What died
//! after the job was made is not meant by it. While the dispatcher has not taken what was put back,
//! a job holds still.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::job;
use crate::journal::jobs::{Job, JobState, JobStep, NewJob};
use crate::journal::list::{Batch, EventFilter};
use crate::journal::replay::{Again, ReplayStep};
use crate::journal::{self, Journal, State};
use crate::plugin::Shelf;

/// Jobs of this kind are ours.
const KIND: &str = "replay";
/// A target that has just come back is not to be run over.
const PER_SECOND: u32 = 50;
/// More than the road walks.
const PER_SECOND_MAX: u32 = 5_000;
/// Passages put back in one commit.
const STEP_MAX: usize = 100;
/// Reopened events that may wait for the dispatcher.
const WAITING_MAX: usize = 500;
/// How often to look whether it has taken them, or whether the disk has room again.
const PATIENCE: Duration = Duration::from_millis(100);

/// What somebody wants to have replayed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// This event: its dead passages, or all that have ended if none is dead.
    pub event: Option<String>,
    /// The dead letters of this issue.
    pub issue: Option<u64>,
    /// What was accepted after this bookmark.
    pub bookmark: Option<String>,
    /// Of this merchant only.
    pub merchant: Option<String>,
    /// Of this connection only.
    pub connection: Option<String>,
    /// Of this topic only.
    pub topic: Option<String>,
    /// About this resource only.
    pub resource: Option<String>,
    /// On this route only.
    pub route: Option<String>,
    /// Passages in this state; nothing means open dead letters.
    pub state: Option<State>,
    /// Dead letters of this cause only.
    pub cause: Option<String>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// Accepted before this moment.
    pub to: Option<Timestamp>,
    /// The plugin version to map with; nothing means the one in use.
    pub with: Option<String>,
    /// Send what they answer, whatever the seatbelts say: for one event, by the plugin version that
    /// was stopped.
    pub past_seatbelts: bool,
    /// Passages per second.
    pub per_second: Option<u32>,
    /// Why.
    pub why: String,
}

/// What a job is to do; the `spec` of its row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    /// Which events and passages.
    pub(super) filter: EventFilter,
    pub(super) issue: Option<u64>,
    /// Just these, by event and route; the filter then says nothing.
    pub(super) just: Vec<(u64, Option<String>)>,
    /// The digest of the plugin to map with.
    pub(super) pin: Option<String>,
    /// Read by the journal: what is put back may be sent past the seatbelts.
    pub(super) past_seatbelts: bool,
    pub(super) per_second: u32,
    /// How many are meant, where that is known.
    pub(super) total: Option<u64>,
    /// Where it begins, if it goes on with another that was stopped.
    start: Option<String>,
}

/// Why a replay did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The request is not one that can be carried out.
    #[error("{0}")]
    Wrong(String),
    /// What it names is not there.
    #[error("{0}")]
    Unknown(String),
    /// The journal would not.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

/// Runs replays. Clones are the same.
#[derive(Debug, Clone)]
pub struct Replays {
    journal: Journal,
    shelf: Shelf,
    stop: CancellationToken,
    running: TaskTracker,
}

impl Replays {
    /// Nothing runs yet.
    #[must_use]
    pub fn new(journal: Journal, shelf: Shelf, stop: CancellationToken) -> Self {
        Self { journal, shelf, stop, running: TaskTracker::new() }
    }

    /// Takes up what the last start left.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn take_up(&self) -> Result<(), journal::Error> {
        for job in self.journal.open_jobs(KIND)? {
            info!(job = job.id, "a replay goes on where it was left");
            self.spawn(job.id);
        }
        Ok(())
    }

    /// Waits until all have stopped, after the host was told to.
    pub async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Begins a replay; gives its number. `only` is the merchant of whoever asks, where there is but
    /// one: then a plugin version is looked for among those that were brought in for it.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn start(&self, ask: &Ask, who: &str, only: Option<&str>) -> Result<u64, NotStarted> {
        let mut spec = self.spec(ask, only)?;
        if let [(seq, _), ..] = &*spec.just {
            // Whose it is, for whoever may only see that merchant's; the passages are named anyway.
            spec.filter.merchant = self.journal.event_row(*seq)?.map(|row| row.merchant);
        }
        let merchant = spec.filter.merchant.clone().unwrap_or_default();
        let text = serde_json::to_string(&spec).expect("a spec has only plain fields");
        self.begin(merchant, text, who, &ask.why).await
    }

    /// Goes on with a stopped replay as a new one, from where the old one was.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn resume(&self, id: u64, who: &str, why: &str) -> Result<u64, NotStarted> {
        let job =
            self.job(id)?.ok_or_else(|| NotStarted::Unknown(format!("there is no replay {id}")))?;
        if job.state != JobState::Stopped {
            let said = format!("replay {id} was not stopped: only a stopped one can be resumed");
            return Err(NotStarted::Wrong(said));
        }
        let mut spec: Spec = serde_json::from_str(&job.job.spec).map_err(journal::Error::from)?;
        spec.start = job.cursor.or(spec.start);
        let text = serde_json::to_string(&spec).expect("a spec has only plain fields");
        self.begin(job.job.merchant, text, who, why).await
    }

    /// Stops a replay behind its last step. False if it had ended.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn stop(&self, id: u64, who: &str, why: &str) -> Result<bool, journal::Error> {
        let stopped = job::stop(&self.journal, id).await?;
        if stopped {
            let merchant = self.job(id)?.map(|job| job.job.merchant).unwrap_or_default();
            job::note_stop(&self.journal, (who, why), &merchant, (KIND, id)).await?;
        }
        Ok(stopped)
    }

    /// Replays, of one merchant or all, the newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(
        &self,
        merchant: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Job>, journal::Error> {
        self.journal.jobs_of(KIND, merchant, before, limit)
    }

    /// One replay.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn job(&self, id: u64) -> Result<Option<Job>, journal::Error> {
        Ok(self.journal.job(id)?.filter(|job| job.job.kind == KIND))
    }

    async fn begin(
        &self,
        merchant: String,
        spec: String,
        who: &str,
        why: &str,
    ) -> Result<u64, NotStarted> {
        let job = NewJob {
            kind: KIND.to_owned(),
            merchant,
            spec,
            who: who.to_owned(),
            why: why.to_owned(),
        };
        let id = job::begin(&self.journal, job, KIND).await?;
        self.spawn(id);
        Ok(id)
    }

    fn spec(&self, ask: &Ask, only: Option<&str>) -> Result<Spec, NotStarted> {
        let wrong = |said: &str| NotStarted::Wrong(said.to_owned());
        if ask.why.trim().is_empty() {
            return Err(wrong(
                "`why` is missing: the audit record keeps the reason of every replay",
            ));
        }
        let filter = EventFilter {
            merchant: ask.merchant.clone(),
            connection: ask.connection.clone(),
            topic: ask.topic.clone(),
            resource: ask.resource.clone(),
            route: ask.route.clone(),
            state: ask.state,
            cause: ask.cause.clone(),
            from: ask.from,
            to: ask.to,
            after_seq: None,
            until_seq: Some(self.journal.last_seq()?),
        };
        let says_what = ask.event.is_some() || ask.issue.is_some() || ask.bookmark.is_some();
        let narrowed =
            [&ask.merchant, &ask.connection, &ask.topic, &ask.resource, &ask.route, &ask.cause]
                .iter()
                .any(|it| it.is_some());
        if !(says_what || narrowed || ask.state.is_some() || ask.from.is_some() || ask.to.is_some())
        {
            return Err(wrong(
                "say what to replay: an event, an issue, a bookmark, or a filter (merchant, route, \
                 state, cause, topic, resource, from, to)",
            ));
        }
        if matches!(ask.state, Some(State::Accepted | State::Waiting | State::Delivering)) {
            return Err(wrong("what is still under way cannot be replayed: it goes on by itself"));
        }
        let per_second = ask.per_second.unwrap_or(PER_SECOND);
        if !(1..=PER_SECOND_MAX).contains(&per_second) {
            return Err(NotStarted::Wrong(format!(
                "`per_second` is between 1 and {PER_SECOND_MAX}"
            )));
        }
        let pin = match &ask.with {
            Some(with) => {
                let own = match only {
                    Some(merchant) => Some(self.journal.version_digests(merchant)?),
                    None => None,
                };
                let mine = |digest: &str| own.as_ref().is_none_or(|own| own.contains(digest));
                let found = self.shelf.find_among(with, |kept| mine(&kept.digest));
                Some(found.map_err(NotStarted::Wrong)?.digest)
            }
            None => None,
        };
        let mut spec = Spec { filter, issue: ask.issue, pin, per_second, ..Spec::default() };
        if let Some(event) = &ask.event {
            if ask.issue.is_some() || ask.bookmark.is_some() {
                return Err(wrong("`event` stands alone: leave `issue` and `bookmark` out"));
            }
            spec.just = self.passages_of(event, ask)?;
            spec.total = Some(spec.just.len() as u64);
        }
        if ask.past_seatbelts {
            spec.past_seatbelts = true;
            spec.pin = Some(self.stopped_by_seatbelt(&spec)?);
        }
        if let Some(id) = ask.issue {
            let issue = self.journal.issue(id)?;
            let issue =
                issue.ok_or_else(|| NotStarted::Unknown(format!("there is no issue {id}")))?;
            spec.filter.merchant = Some(issue.merchant);
            spec.total = Some(issue.pending);
        }
        if let Some(name) = &ask.bookmark {
            let merchant = ask.merchant.as_deref().unwrap_or_default();
            let bookmarks = self.journal.bookmarks()?;
            let named =
                |of: &str| bookmarks.iter().find(|it| it.name == *name && it.merchant == of);
            let Some(bookmark) = named(merchant).or_else(|| named("")) else {
                return Err(NotStarted::Unknown(format!("there is no bookmark `{name}`")));
            };
            spec.filter.after_seq = Some(bookmark.seq);
        }
        Ok(spec)
    }

    fn passages_of(
        &self,
        event: &str,
        ask: &Ask,
    ) -> Result<Vec<(u64, Option<String>)>, NotStarted> {
        let unknown = || NotStarted::Unknown(format!("there is no event `{event}`"));
        let seq = self.journal.seq_of(event)?.ok_or_else(unknown)?;
        let row = self.journal.event_row(seq)?.ok_or_else(unknown)?;
        if row.unrouted.is_some() {
            return Ok(vec![(seq, None)]);
        }
        let mut ended: Vec<_> = row.passages.iter().filter(|it| it.state.is_terminal()).collect();
        if let Some(route) = &ask.route {
            ended.retain(|it| it.route == *route);
        }
        if let Some(state) = ask.state {
            ended.retain(|it| State::from(it.state) == state);
        } else if ended.iter().any(|it| it.state == journal::PassageState::Dead) {
            ended.retain(|it| it.state == journal::PassageState::Dead);
        }
        if ended.is_empty() {
            return Err(NotStarted::Wrong(format!(
                "event `{event}` has no such passage that has ended: what is under way goes on by itself"
            )));
        }
        Ok(ended.into_iter().map(|it| (seq, Some(it.route.clone()))).collect())
    }

    /// The digest of the plugin whose answer a seatbelt stopped: what is let through is that answer,
    /// made again, and not what another version would say by now.
    fn stopped_by_seatbelt(&self, spec: &Spec) -> Result<String, NotStarted> {
        let wrong = |said: &str| NotStarted::Wrong(said.to_owned());
        let [(seq, Some(route))] = &*spec.just else {
            return Err(wrong(
                "`past_seatbelts` lets one passage through, looked at by hand: name its `event`, and \
                 its `route` where there are several",
            ));
        };
        if spec.pin.is_some() {
            return Err(wrong(
                "`past_seatbelts` sends what was stopped: leave `with` out, or replay with that \
                 version and keep the seatbelts on",
            ));
        }
        let passage = self.journal.passage(*seq, route)?;
        let stopped = passage.as_ref().and_then(|it| it.dead.as_ref());
        if !stopped.is_some_and(|dead| dead.cause.starts_with("seatbelt_")) {
            return Err(wrong("no seatbelt stopped it: replay it without `past_seatbelts`"));
        }
        let receipts = passage.map(|it| it.receipts).unwrap_or_default();
        let mapping = receipts.into_iter().find(|it| it.capability == "field_mapping");
        mapping.map(|it| it.digest).ok_or_else(|| wrong("nobody knows which plugin answered"))
    }

    fn spawn(&self, id: u64) {
        let this = self.clone();
        self.running.spawn(async move {
            let stop = this.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                ended = this.run(id) => match ended {
                    Ok(()) => {}
                    Err(error) => warn!(job = id, %error, "a replay holds still until the next start"),
                }
            }
        });
    }

    async fn run(&self, id: u64) -> Result<(), journal::Error> {
        loop {
            let Some(job) = self.job(id)? else { return Ok(()) };
            match job.state {
                JobState::Running => {}
                JobState::Queued => {
                    let (state, at) = (JobState::Running, Timestamp::now());
                    let step = JobStep { id, state, cursor: None, progress: None, at };
                    self.journal.step_job(step).await?;
                    continue;
                }
                JobState::Done | JobState::Failed | JobState::Stopped => {
                    info!(job = id, state = ?job.state, progress = job.progress, "a replay has ended");
                    return Ok(());
                }
            }
            if self.journal.reopened_waiting() > WAITING_MAX {
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
            let spec: Spec = serde_json::from_str(&job.job.spec)?;
            let step_max = (spec.per_second as usize / 10).clamp(1, STEP_MAX);
            let batch = self
                .next(&spec, place_of(job.cursor.as_deref().or(spec.start.as_deref())), step_max)
                .await?;
            let count = u32::try_from(batch.again.len()).unwrap_or(u32::MAX);
            let step = ReplayStep {
                job: id,
                from: job.cursor,
                to: format!("{}/{}", batch.place.0, batch.place.1),
                again: batch.again,
                pin: spec.pin,
                last: batch.last,
                at: Timestamp::now(),
            };
            match self.journal.replay(step).await {
                // Stopped meanwhile, or somebody else's step: the next look tells.
                Ok(_) | Err(journal::Error::Misplaced(_)) => {}
                Err(journal::Error::Full) => tokio::time::sleep(PATIENCE).await,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_secs(1) * count / spec.per_second.max(1)).await;
        }
    }

    async fn next(
        &self,
        spec: &Spec,
        place: (u64, String),
        limit: usize,
    ) -> Result<Batch, journal::Error> {
        if !spec.just.is_empty() {
            let again =
                spec.just.iter().cloned().map(|(seq, route)| Again { seq, route }).collect();
            return Ok(Batch { again, place, last: true });
        }
        let (journal, filter, issue) = (self.journal.clone(), spec.filter.clone(), spec.issue);
        let looking =
            tokio::task::spawn_blocking(move || journal.to_replay(&filter, issue, &place, limit));
        looking.await.unwrap_or(Err(journal::Error::Stopped))
    }
}

fn place_of(cursor: Option<&str>) -> (u64, String) {
    let place = cursor.and_then(|it| it.split_once('/'));
    place.map_or_else(Default::default, |(seq, route)| (seq.parse().unwrap_or(0), route.to_owned()))
}
