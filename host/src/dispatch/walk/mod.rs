//! One passage: an event on one route, from where the journal says it stands to its next stop.
//!
//! ```text
//!   accepted --map--> mapped + first document intended --deliver--> ... --> delivered
//!       |                                                |
//!       |-- skipped, rejected, limit: ended              |-- rejected, given up: dead letter
//!       '-- not ready: waits, mapped again               '-- retry, unknown: waits, sent again
//! ```
//!
//! Every arrow is in the journal before the next one begins, so a walk cut short by a crash is
//! taken up at the last arrow. Documents are mapped once: after that only their delivery is tried
//! again, whatever version of the plugin is active by then. An attempt that failed because the
//! target is down, and one that the gate did not let out, do not count towards giving up.

mod account;
mod belts;
pub(super) mod deliveries;
mod echo;
mod sift;
pub(super) mod steps;
pub(super) mod verdict;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::warn;

pub(super) use self::account::Cost;
use self::deliveries::{Deliveries, KnownIdentities, Tries, record};
use self::sift::{sift, superseded};
use self::steps::Learnt;
use self::verdict::{After, Wait, after};
use crate::checkpoint::{Checkpoints, ResourceCheckpoint};
use crate::config::{ReadyRoute, Snapshot};
use crate::delivery::{Blame, Delivery, Missing};
use crate::event::Event;
use crate::ingress::Guard;
use crate::journal::{self, End, Journal, Mapped, Next, Passage, PassageState};
use crate::plugin::{Context, Job, Outcome, Pool, Shelf, Stages};
use crate::rollout::{Offer, Rollout};
use crate::telemetry::Metrics;

/// What every walk needs.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) journal: Journal,
    pub(super) checkpoints: Checkpoints,
    pub(super) pool: Pool,
    pub(super) shelf: Shelf,
    pub(super) rollout: Rollout,
    pub(super) metrics: Arc<Metrics>,
    pub(super) guard: Arc<Guard>,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
}

/// One passage to walk.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) seq: u64,
    /// The routes that take the event, this one among them.
    pub(super) routes: Arc<[String]>,
    /// Whether the passage is known not to have begun.
    pub(super) fresh: bool,
    /// Whether the event was closed and reopened: it goes the ways it went, and no new ones.
    pub(super) again: bool,
    /// Whether it was walked again at once, because what it missed had come in the meantime.
    pub(super) at_once: bool,
}

impl Work {
    /// The other routes that took the event when it was planned.
    fn siblings_of(&self, route: &str) -> Vec<String> {
        self.routes.iter().filter(|other| *other != route).cloned().collect()
    }
}

/// What came of a walk.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) stop: Stop,
    pub(super) cost: Cost,
    /// Things that have an id in the target now.
    pub(super) learnt: Vec<Missing>,
}

/// Where a walk stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// For good.
    Ended,
    /// To be taken up after a while, or when something it misses is there.
    Again {
        /// The while.
        wait: Duration,
        /// On the route's connection; empty where only time helps.
        missing: Vec<Missing>,
    },
}

impl Stop {
    fn after(wait: Duration) -> Self {
        Self::Again { wait, missing: Vec::new() }
    }
}

/// How long to hold still when the journal cannot write (a full disk, most likely).
const JOURNAL_PATIENCE: Duration = Duration::from_secs(1);

/// How long checkpoints take to be made again, about.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(200);

/// Walks until something ends or has to wait.
pub(super) async fn walk(ground: &Ground, work: &Work, ready: &ReadyRoute) -> Walked {
    let seq = work.seq;
    let walk = Walk { ground, seq, work, ready, account: Mutex::default() };
    let went = match walk.go().await {
        Err(journal::Error::Damaged(why)) => walk.give_up_damaged(&why).await,
        other => other,
    };
    let stop = match went {
        Ok(stop) => stop,
        Err(error) => {
            warn!(event.seq = seq, route.name = ready.name, %error, "the journal cannot be written; the passage waits");
            Stop::after(JOURNAL_PATIENCE)
        }
    };
    let account = walk.account.into_inner().unwrap_or_else(PoisonError::into_inner);
    Walked { stop, cost: account.cost, learnt: account.learnt }
}

struct Walk<'a> {
    ground: &'a Ground,
    seq: u64,
    work: &'a Work,
    ready: &'a ReadyRoute,
    account: Mutex<account::Account>,
}

impl Walk<'_> {
    async fn go(&self) -> Result<Stop, journal::Error> {
        let journal = &self.ground.journal;
        let Some(event) = journal.event(self.seq)? else {
            // Retention removed it: there is nothing left to end.
            return Ok(Stop::Ended);
        };
        let begun = match self.work.fresh {
            true => None,
            false => journal.passage(self.seq, &self.ready.name)?,
        };
        match begun {
            Some(passage) if passage.state.is_terminal() => Ok(Stop::Ended),
            Some(passage) if passage.state == PassageState::Delivering => {
                if passage.corrects && passage.delivered.is_empty() {
                    return self.correct(&event, passage).await;
                }
                self.deliver(&event, Deliveries::taken_up(passage)).await
            }
            Some(passage) => self.map(&event, Past::of(passage)).await,
            None => match self.pace(&event) {
                Some(wait) => Ok(Stop::after(wait)),
                None => self.map(&event, Past::default()).await,
            },
        }
    }

    /// Delivers a correction, unless the resource has moved on since it was worked out.
    async fn correct(&self, event: &Event, passage: Passage) -> Result<Stop, journal::Error> {
        let Event { merchant, resource_key, .. } = event;
        let known = self.ground.checkpoints.get(merchant, &self.ready.name, resource_key);
        match known {
            Ok(remembered) => match superseded(event, remembered.as_ref()) {
                Some(reason) => self.end(event, End::Skipped { reason }, Vec::new(), None).await,
                None => self.deliver(event, Deliveries::taken_up(passage)).await,
            },
            Err(error) => {
                warn!(event.id = %event.id, %error, "the checkpoint cannot be read; the correction waits");
                Ok(Stop::after(CHECKPOINT_PATIENCE))
            }
        }
    }

    /// How long an event of a resource that loops has to wait for its turn.
    fn pace(&self, event: &Event) -> Option<Duration> {
        let Event { merchant, connection, resource_key, .. } = event;
        self.ground.guard.pace(merchant, connection, resource_key, &self.ready.name, Instant::now())
    }

    async fn map(&self, event: &Event, past: Past) -> Result<Stop, journal::Error> {
        let attempts = past.attempts;
        let checkpoints = &self.ground.checkpoints;
        let remembered = match checkpoints.get(
            &event.merchant,
            &self.ready.name,
            &event.resource_key,
        ) {
            Ok(remembered) => remembered,
            Err(error) => {
                // Mapping as if nothing were remembered could send an older version.
                warn!(event.id = %event.id, %error, "the checkpoint cannot be read; the passage waits");
                return Ok(Stop::after(CHECKPOINT_PATIENCE));
            }
        };
        // What a person asks for once more is no echo.
        if !past.replayed
            && let Some(reason) = self.is_echo(event)?
        {
            return self.end(event, End::Skipped { reason }, Vec::new(), None).await;
        }
        match sift(event, self.ready, remembered.as_ref(), checkpoints) {
            Ok(None) => {}
            Ok(Some(reason)) => {
                return self.end(event, End::Skipped { reason }, Vec::new(), None).await;
            }
            Err(error) => {
                warn!(event.id = %event.id, %error, "a checkpoint cannot be read; the passage waits");
                return Ok(Stop::after(CHECKPOINT_PATIENCE));
            }
        }
        // What is walked again was looked at, and what a replay asks for is its own affair.
        let live = attempts == 0 && !past.replayed && past.pin.is_none();
        let stages = match self.stages(event, past.pin).await {
            Ok(stages) => stages,
            Err(detail) => {
                let end = End::Dead { cause: "plugin_version_unusable".into(), detail };
                return self.end(event, end, Vec::new(), None).await;
            }
        };
        let trials = match live {
            true => self.ground.rollout.watchers(&event.merchant, &stages),
            false => Vec::new(),
        };
        let job = self.job(event, attempts, stages, remembered.clone());
        let seen = (!trials.is_empty()).then(|| job.clone());
        let run = self.ground.pool.run(job).await;
        self.count(&run);
        self.relay_logs(event, &run);
        let breach =
            if past.released { None } else { self.breach(event, remembered.as_ref(), &run) };
        if let Some(job) = seen {
            let belts = self.ready.belts.as_ref().ok().and_then(Clone::clone);
            let previous_target_status = remembered.and_then(|it| it.target_status);
            let withheld = breach.is_some();
            let seq = self.seq;
            let offer = Offer { seq, job, belts, previous_target_status, withheld, trials };
            self.ground.rollout.offer(offer, &run);
        }
        let receipts = run.receipts;
        let tries = Tries { made: attempts, ..Tries::default() };
        match run.outcome {
            Outcome::Mapped { documents, .. } if breach.is_some() => {
                let end = breach.expect("it was just looked at");
                self.end_withholding(event, end, receipts, None, documents).await
            }
            Outcome::Mapped { documents, checkpoint } if !documents.is_empty() => {
                let mapped = Mapped {
                    seq: self.seq,
                    route: self.ready.name.clone(),
                    receipts,
                    documents,
                    checkpoint,
                    status: run.source_status,
                    target_status: run.status,
                    at: Timestamp::now(),
                };
                let deliveries = Deliveries::fresh(&mapped, past.replayed);
                self.ground.journal.mapped(mapped).await?;
                self.deliver(event, deliveries).await
            }
            Outcome::Mapped { .. } => {
                let reason = "the plugin returned no documents".to_owned();
                self.end(event, End::Skipped { reason }, receipts, None).await
            }
            Outcome::Skipped { reason } => {
                self.end(event, End::Skipped { reason }, receipts, None).await
            }
            Outcome::NotReady { reason } => {
                let wait = Wait { cause: "not_ready", reason, after: None, counts: true };
                self.postpone(event, tries, wait, receipts, None).await
            }
            // The clock, not the plugin, may be to blame: a busy machine deserves another try.
            failure @ Outcome::Deadline { .. } => {
                let reason = detail_of(&failure);
                let wait = Wait { cause: "deadline", reason, after: None, counts: true };
                self.postpone(event, tries, wait, receipts, None).await
            }
            failure @ (Outcome::Rejected { .. }
            | Outcome::Trapped { .. }
            | Outcome::OutOfFuel { .. }
            | Outcome::OutOfMemory { .. }
            | Outcome::OutputTooLarge { .. }
            | Outcome::BadOutput { .. }) => {
                let end = End::Dead { cause: failure.name().into(), detail: detail_of(&failure) };
                self.end(event, end, receipts, None).await
            }
        }
    }

    /// The route's plugins, with the version in place that a replay named, or that this resource
    /// gets of a canary.
    async fn stages(&self, event: &Event, pin: Option<String>) -> Result<Stages, String> {
        let stages = self.ready.stages.as_ref().expect("a route without plugins is not walked");
        let rollout = &self.ground.rollout;
        match pin {
            None => Ok(rollout
                .stages(&event.merchant, self.ready, &event.resource_key)
                .unwrap_or_else(|| stages.clone())),
            Some(digest) => self.ground.shelf.in_place(stages, &digest).await,
        }
    }

    fn job(
        &self,
        event: &Event,
        attempts: u32,
        stages: Stages,
        remembered: Option<ResourceCheckpoint>,
    ) -> Job {
        let (checkpoint, previous_status) =
            remembered.map(|r| (r.checkpoint, r.status)).unwrap_or_default();
        let context = Context {
            merchant: event.merchant.clone(),
            route: self.ready.name.clone(),
            source: event.connection.clone(),
            target: self.ready.route.to.clone(),
            topic: event.topic.clone(),
            resource_key: event.resource_key.clone(),
            event_id: event.id.to_string(),
            correlation_id: event.correlation_id.clone(),
            source_version_time: event.version.map(|version| version.to_string()),
            received_at: event.received_at.to_string(),
            attempt: attempts + 1,
            settings: Arc::clone(&self.ready.settings),
            checkpoint,
            attributes: Vec::new(),
        };
        Job {
            stages,
            context,
            payload: event.body.clone(),
            previous_status,
            lookups: Arc::clone(&self.ready.lookups),
        }
    }

    async fn deliver(&self, event: &Event, all: Deliveries) -> Result<Stop, journal::Error> {
        let Ok(target) = &self.ready.target else { return Ok(Stop::after(JOURNAL_PATIENCE)) };
        let identities = KnownIdentities {
            journal: &self.ground.journal,
            merchant: &event.merchant,
            connection: &self.ready.route.to,
        };
        let mut tries = all.tries;
        for (ordinal, document) in (0u32..).zip(&all.documents).skip(all.next) {
            // What a restart, a retry or a replay brings back may have been sent before, and so may
            // all that was open in a backup.
            let restored = self.seq <= self.ground.journal.restored_seq();
            let sending = all.sending(ordinal, restored, target.resends_safely(document));
            if sending.is_noted_first {
                self.about_to_send(tries.made).await?;
            }
            let delivery = Delivery {
                merchant: &event.merchant,
                connection: &self.ready.route.to,
                event_id: &event.id,
                correlation_id: &event.correlation_id,
                resource: &event.resource_key,
                document,
                first_attempt: sending.first_attempt,
                in_doubt: sending.in_doubt,
            };
            let answer = target.deliver(&delivery, &identities).await;
            self.count_attempt(&answer);
            let attempt = record(ordinal, tries.records, &answer);
            let counts = answer.blame == Blame::Document;
            match after(document, answer.verdict, counts) {
                After::Next { target_id } => {
                    self.log_delivered(event, document, target_id.as_deref());
                    let found = self.identities_of(event, document, &target_id, answer.found);
                    let written = answer.written.and_then(|it| self.echo_of(event, &it));
                    let done = ordinal as usize + 1 == all.documents.len();
                    let next = if done { Next::EndDelivered } else { Next::Intend(ordinal + 1) };
                    let learnt = Learnt { identities: found.clone(), written };
                    let mark = self
                        .document_delivered(event, ordinal, target_id, attempt, learnt, next)
                        .await?;
                    self.learn(found);
                    if let Some(mark) = mark {
                        self.remember(event, all.left, mark);
                        return Ok(Stop::Ended);
                    }
                    tries = Tries::default();
                }
                After::End(end) => return self.end(event, end, Vec::new(), Some(attempt)).await,
                After::Hold(wait) => {
                    return self.postpone(event, tries, wait, Vec::new(), None).await;
                }
                After::Again(wait) => {
                    return self.postpone(event, tries, wait, Vec::new(), Some(attempt)).await;
                }
                After::Park { reason, missing } => {
                    return self.park(event, tries, reason, missing, attempt).await;
                }
            }
        }
        Ok(Stop::Ended)
    }
}

/// What a walk knows of the passage's past.
#[derive(Default)]
struct Past {
    attempts: u32,
    replayed: bool,
    /// Whether a person let its answer through.
    released: bool,
    pin: Option<String>,
}

impl Past {
    fn of(passage: Passage) -> Self {
        let replayed = passage.replays > 0;
        let Passage { attempt: attempts, released, pin, .. } = passage;
        Self { attempts, replayed, released, pin }
    }
}

fn detail_of(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).unwrap_or_else(|error| error.to_string())
}
