//! Recall: everything that a bad plugin version touched, worked out again with a good one, and what
//! differs sent as corrections.
//!
//! Two jobs, so that nothing is sent that nobody has seen: looking finds what stands wrong, with its
//! money, and sends nothing; sending takes what was found, works each out once more (the resource may
//! have moved on) and hands it to the road as a passage that is mapped already. Both are written down
//! step by step and go on after a crash.
//!
//! It costs as much as mapping all events of the resources that were touched. Lookup tables and
//! settings are today's, not those of then. What stands and should not (`extra`) is told, and left to a
//! person: only they know whether it may still be taken back.

mod fold;
mod look;
mod send;

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{NotStarted, job};
use crate::config::{ReadyRoute, Snapshot};
use crate::evidence::difference::Tally;
use crate::journal::jobs::{Job, JobState, JobStep, NewJob};
use crate::journal::recall::SENDING;
use crate::journal::{self, Journal};
use crate::plugin::{Shelf, Stages};

/// Jobs that look.
pub const LOOKING: &str = "recall";
/// What both are called in the audit record.
const NOUN: &str = "recall";
/// A target that gets corrections has its own work as well.
const PER_SECOND: u32 = 20;
const PER_SECOND_MAX: u32 = 1_000;
/// Hex digits of a digest.
const DIGEST_CHARS: usize = 64;

/// What somebody wants to have recalled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// The bad version: `NAME@VERSION`, `VERSION`, or (the beginning of) its digest.
    pub version: String,
    /// The good one.
    pub with: String,
    /// Events accepted at this moment or later; all that are kept, if nothing is said.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// On this route only.
    #[serde(default)]
    pub route: Option<String>,
    /// Why.
    pub why: String,
}

/// The `spec` of a job that looks.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Spec {
    plugin: String,
    bad: String,
    good: String,
    since: Option<Timestamp>,
    route: Option<String>,
    after_seq: u64,
    until_seq: u64,
}

/// The `spec` of a job that sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SendSpec {
    /// The job that looked.
    recall: u64,
    per_second: u32,
}

/// How far looking is; a job's `progress`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Passages that the bad version touched.
    pub touched: u64,
    /// Resources they are of, route by route.
    pub resources: u64,
    /// Of these, as they should be.
    pub same: u64,
    /// With something to be sent.
    pub differs: u64,
    /// With nothing to send, and something that should not be there.
    pub extra: u64,
    /// Which the good version does not map either.
    pub failed: u64,
    /// Whose new answer a seatbelt stops.
    pub breach: u64,
    /// Not looked at: an event of theirs was under way.
    pub under_way: u64,
    /// Whose first events are no longer kept: worked out from what is left.
    pub cut: u64,
    /// What differs, added up: from what stands to what should.
    pub difference: Tally,
}

/// Runs recalls. Clones are the same.
#[derive(Clone)]
pub struct Recalls {
    journal: Journal,
    shelf: Shelf,
    /// None while the host is stopped.
    snapshot: Option<Arc<ArcSwap<Snapshot>>>,
    stop: CancellationToken,
    running: TaskTracker,
}

impl Recalls {
    /// Nothing runs yet.
    #[must_use]
    pub fn new(
        journal: Journal,
        shelf: Shelf,
        snapshot: Option<Arc<ArcSwap<Snapshot>>>,
        stop: CancellationToken,
    ) -> Self {
        Self { journal, shelf, snapshot, stop, running: TaskTracker::new() }
    }

    /// Takes up what the last start left.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn take_up(&self) -> Result<(), journal::Error> {
        for kind in [LOOKING, SENDING] {
            for job in self.journal.open_jobs(kind)? {
                info!(job = job.id, "a recall goes on where it was left");
                self.spawn(job.id);
            }
        }
        Ok(())
    }

    /// Waits until all have stopped, after the host was told to.
    pub async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Begins to look; gives the recall's number.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn start(&self, ask: &Ask, who: &str, only: Option<&str>) -> Result<u64, NotStarted> {
        let spec = self.spec(ask, only)?;
        self.begin(LOOKING, &ask.merchant, &spec, who, &ask.why).await
    }

    /// Begins to send what a recall found; gives the number of that job.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn send(
        &self,
        recall: u64,
        per_second: Option<u32>,
        who: &str,
        why: &str,
    ) -> Result<u64, NotStarted> {
        let job = self.job(recall)?;
        let job = job.ok_or_else(|| NotStarted::Unknown(format!("there is no recall {recall}")))?;
        if job.state != JobState::Done {
            let said =
                format!("recall {recall} has not looked at everything: wait until it is done");
            return Err(NotStarted::Wrong(said));
        }
        let per_second = per_second.unwrap_or(PER_SECOND);
        if !(1..=PER_SECOND_MAX).contains(&per_second) {
            let said = format!("`per_second` is between 1 and {PER_SECOND_MAX}");
            return Err(NotStarted::Wrong(said));
        }
        if self.sending(recall)?.is_some_and(|job| job.state.is_open()) {
            return Err(NotStarted::Wrong(format!("recall {recall} is being sent already")));
        }
        let spec = SendSpec { recall, per_second };
        self.begin(SENDING, &job.job.merchant, &spec, who, why).await
    }

    /// Stops a recall that looks, or the sending of one. False if both had ended.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn stop(&self, recall: u64, who: &str, why: &str) -> Result<bool, journal::Error> {
        let mut any = false;
        let jobs = [Some(recall), self.sending(recall)?.map(|job| job.id)];
        for id in jobs.into_iter().flatten() {
            any |= job::stop(&self.journal, id).await?;
        }
        if any {
            let merchant = self.job(recall)?.map(|job| job.job.merchant).unwrap_or_default();
            job::note_stop(&self.journal, (who, why), &merchant, (NOUN, recall)).await?;
        }
        Ok(any)
    }

    /// Recalls, the newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(
        &self,
        merchant: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Job>, journal::Error> {
        self.journal.jobs_of(LOOKING, merchant, before, limit)
    }

    /// One recall.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn job(&self, id: u64) -> Result<Option<Job>, journal::Error> {
        Ok(self.journal.job(id)?.filter(|job| job.job.kind == LOOKING))
    }

    /// The last job that sends what a recall found.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn sending(&self, recall: u64) -> Result<Option<Job>, journal::Error> {
        let mut before = None;
        loop {
            let page = self.journal.jobs(SENDING, before, 100)?;
            let of = |job: &&Job| {
                serde_json::from_str::<SendSpec>(&job.job.spec).is_ok_and(|it| it.recall == recall)
            };
            if let Some(job) = page.iter().find(of) {
                return Ok(Some(job.clone()));
            }
            before = page.last().map(|job| job.id);
            if before.is_none() {
                return Ok(None);
            }
        }
    }

    fn spec(&self, ask: &Ask, only: Option<&str>) -> Result<Spec, NotStarted> {
        let unknown = |said: String| NotStarted::Unknown(said);
        if ask.why.trim().is_empty() {
            let said = "`why` is missing: the audit record keeps the reason of every recall";
            return Err(NotStarted::Wrong(said.to_owned()));
        }
        let snapshot = self.snapshot.as_ref().map(|snapshot| snapshot.load());
        let merchant = snapshot.as_ref().and_then(|it| it.merchants.get(&ask.merchant));
        let merchant =
            merchant.ok_or_else(|| unknown(format!("there is no merchant `{}`", ask.merchant)))?;
        let uses = |ready: &&Arc<ReadyRoute>| {
            ready.route.plugins().contains(&ask.plugin.as_str())
                && ask.route.as_ref().is_none_or(|route| *route == ready.name)
        };
        if merchant.routes.values().find(uses).is_none() {
            let (plugin, merchant) = (&ask.plugin, &ask.merchant);
            return Err(unknown(format!("no such route of {merchant} uses `{plugin}`")));
        }
        // Who may see but one merchant may name what was brought in for it and nothing else.
        let own = match only {
            Some(only) => Some(self.journal.version_digests(only)?),
            None => None,
        };
        let mine =
            |it: &crate::plugin::Kept| own.as_ref().is_none_or(|own| own.contains(&it.digest));
        let find = |wanted: &str| self.shelf.find_among(wanted, mine).map_err(NotStarted::Wrong);
        let whole =
            |it: &str| it.len() == DIGEST_CHARS && it.bytes().all(|b| b.is_ascii_hexdigit());
        let bad = match whole(&ask.version) {
            // Its file may be gone; the receipts have its digest all the same.
            true => ask.version.to_ascii_lowercase(),
            false => find(&ask.version)?.digest,
        };
        let good = find(&ask.with)?.digest;
        if bad == good {
            let said = "`version` and `with` are the same version: nothing would differ";
            return Err(NotStarted::Wrong(said.to_owned()));
        }
        let after_seq = ask.since.map_or(Ok(0), |since| self.journal.seq_before(since))?;
        Ok(Spec {
            plugin: ask.plugin.clone(),
            bad,
            good,
            since: ask.since,
            route: ask.route.clone(),
            after_seq,
            until_seq: self.journal.last_seq()?,
        })
    }

    async fn begin(
        &self,
        kind: &str,
        merchant: &str,
        spec: &impl Serialize,
        who: &str,
        why: &str,
    ) -> Result<u64, NotStarted> {
        let spec = serde_json::to_string(spec).expect("a spec has only plain fields");
        let job = NewJob {
            kind: kind.to_owned(),
            merchant: merchant.to_owned(),
            spec,
            who: who.to_owned(),
            why: why.to_owned(),
        };
        let id = job::begin(&self.journal, job, NOUN).await?;
        self.spawn(id);
        Ok(id)
    }

    fn spawn(&self, id: u64) {
        let this = self.clone();
        self.running.spawn(async move {
            let stop = this.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                ended = this.run(id) => {
                    if let Err(error) = ended {
                        warn!(job = id, %error, "a recall holds still until the next start");
                    }
                }
            }
        });
    }

    async fn run(&self, id: u64) -> Result<(), journal::Error> {
        loop {
            let Some(job) = self.journal.job(id)? else { return Ok(()) };
            match job.state {
                JobState::Running => {}
                JobState::Queued => {
                    let (state, at) = (JobState::Running, Timestamp::now());
                    let step = JobStep { id, state, cursor: None, progress: None, at };
                    self.journal.step_job(step).await?;
                    continue;
                }
                JobState::Done | JobState::Failed | JobState::Stopped => {
                    info!(job = id, state = ?job.state, "a recall has ended");
                    return Ok(());
                }
            }
            let went = match job.job.kind.as_str() {
                LOOKING => self.look_on(&job).await,
                _ => self.send_on(&job).await,
            };
            match went {
                // Stopped meanwhile, or somebody else's step: the next look tells.
                Ok(()) | Err(journal::Error::Misplaced(_)) => {}
                Err(journal::Error::Full) => tokio::time::sleep(send::PATIENCE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// The job cannot go on, and says why.
    async fn fail(&self, job: &Job, why: &str) -> Result<(), journal::Error> {
        let mut progress: serde_json::Value =
            serde_json::from_str(&job.progress).unwrap_or_default();
        progress["failed_because"] = why.into();
        warn!(job = job.id, why, "a recall cannot go on");
        let step = JobStep {
            id: job.id,
            state: JobState::Failed,
            cursor: None,
            progress: Some(progress.to_string()),
            at: Timestamp::now(),
        };
        self.journal.step_job(step).await.map(drop)
    }

    /// A route, and its plugins with the good version in place.
    async fn rules(
        &self,
        merchant: &str,
        route: &str,
        good: &str,
    ) -> Result<(Arc<ReadyRoute>, Stages), String> {
        let snapshot = self.snapshot.as_ref().ok_or("the host is stopped")?.load_full();
        let ready = snapshot
            .merchants
            .get(merchant)
            .and_then(|it| it.routes.values().find(|ready| ready.name == route))
            .ok_or_else(|| format!("there is no route `{route}` any more"))?;
        let stages = ready.stages.as_ref().map_err(ToString::to_string)?;
        Ok((Arc::clone(ready), self.shelf.in_place(stages, good).await?))
    }
}

impl std::fmt::Debug for Recalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recalls").finish_non_exhaustive()
    }
}
