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
//! again, whatever version of the plugin is active by then.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tracing::{info, warn};

use crate::checkpoint::{Checkpoints, ResourceCheckpoint};
use crate::config::ReadyRoute;
use crate::delivery::{Answer, Delivery, Found, Identities, Verdict};
use crate::event::{Document, Event, Receipt};
use crate::journal::{
    self, AttemptRecord, DocumentDelivered, End, Ended, Identity, Journal, Mapped, Next, Passage,
    PassageState, Postponed,
};
use crate::plugin::{Context, Job, Outcome, Pool, Run};
use crate::telemetry::{End as EndLabel, Metrics};

/// What every walk needs.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) journal: Journal,
    pub(super) checkpoints: Checkpoints,
    pub(super) pool: Pool,
    pub(super) metrics: Arc<Metrics>,
}

/// How many routes of an event have not ended. Held while an end is written, so that the last one
/// to be written is the one that closes the event.
pub(super) type Open = Arc<Mutex<usize>>;

/// Where a walk stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// For good.
    Ended,
    /// To be taken up after a while.
    Again(Duration),
}

/// How long to hold still when the journal cannot write (a full disk, most likely).
const JOURNAL_PATIENCE: Duration = Duration::from_secs(1);

/// How long checkpoints take to be made again, about.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(200);

/// Walks until something ends or has to wait.
pub(super) async fn walk(ground: &Ground, seq: u64, ready: &ReadyRoute, open: &Open) -> Stop {
    let walk = Walk { ground, seq, ready, open };
    match walk.go().await {
        Ok(stop) => stop,
        Err(error) => {
            warn!(event.seq = seq, route.name = ready.name, %error, "the journal cannot be written; the passage waits");
            Stop::Again(JOURNAL_PATIENCE)
        }
    }
}

struct Walk<'a> {
    ground: &'a Ground,
    seq: u64,
    ready: &'a ReadyRoute,
    open: &'a Open,
}

impl Walk<'_> {
    async fn go(&self) -> Result<Stop, journal::Error> {
        let journal = &self.ground.journal;
        let Some(event) = journal.event(self.seq)? else {
            // Retention removed it: there is nothing left to end.
            return Ok(Stop::Ended);
        };
        match journal.passage(self.seq, &self.ready.name)? {
            Some(passage) if passage.state.is_terminal() => Ok(Stop::Ended),
            Some(passage) if passage.state == PassageState::Delivering => {
                self.deliver(&event, Deliveries::taken_up(passage)).await
            }
            passage => self.map(&event, passage.map_or(0, |p| p.attempt)).await,
        }
    }

    async fn map(&self, event: &Event, attempts: u32) -> Result<Stop, journal::Error> {
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
                return Ok(Stop::Again(CHECKPOINT_PATIENCE));
            }
        };
        if let Some(newer) = superseded(event, remembered.as_ref()) {
            let reason = format!("version {newer} of {} was delivered before", event.resource_key);
            return self.end(event, End::Skipped { reason }, Vec::new(), None).await;
        }
        let run = self.run_plugins(event, attempts, remembered).await;
        self.count(&run);
        self.relay_logs(event, &run);
        let receipts = run.receipts;
        match run.outcome {
            Outcome::Mapped { documents, checkpoint } if !documents.is_empty() => {
                let mapped = Mapped {
                    seq: self.seq,
                    route: self.ready.name.clone(),
                    receipts,
                    documents,
                    checkpoint,
                    status: run.source_status,
                    at: Timestamp::now(),
                };
                let deliveries = Deliveries::fresh(&mapped);
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
                let wait = Wait { cause: "not_ready", reason, after: None };
                self.postpone(event, attempts, wait, receipts, None).await
            }
            // The clock, not the plugin, may be to blame: a busy machine deserves another try.
            failure @ Outcome::Deadline { .. } => {
                let wait = Wait { cause: "deadline", reason: detail_of(&failure), after: None };
                self.postpone(event, attempts, wait, receipts, None).await
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

    async fn run_plugins(
        &self,
        event: &Event,
        attempts: u32,
        remembered: Option<ResourceCheckpoint>,
    ) -> Run {
        let stages =
            self.ready.stages.as_ref().expect("a route without plugins is not walked").clone();
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
        let job = Job {
            stages,
            context,
            payload: event.body.clone(),
            previous_status,
            lookups: Arc::clone(&self.ready.lookups),
        };
        self.ground.pool.run(job).await
    }

    async fn deliver(&self, event: &Event, all: Deliveries) -> Result<Stop, journal::Error> {
        let Ok(target) = &self.ready.target else { return Ok(Stop::Again(JOURNAL_PATIENCE)) };
        let identities = KnownIdentities {
            journal: &self.ground.journal,
            merchant: &event.merchant,
            connection: &self.ready.route.to,
        };
        let mut tries = all.tries;
        for (ordinal, document) in (0u32..).zip(&all.documents).skip(all.next) {
            let delivery = Delivery {
                merchant: &event.merchant,
                connection: &self.ready.route.to,
                event_id: &event.id,
                correlation_id: &event.correlation_id,
                document,
                // What a restart or a retry brings back may have been sent before.
                first_attempt: all.fresh || ordinal as usize > all.next,
            };
            let answer = target.deliver(&delivery, &identities).await;
            self.count_attempt(&answer);
            let attempt = record(ordinal, tries, &answer);
            match answer.verdict {
                Verdict::Delivered { target_id } => {
                    self.log_delivered(event, document, target_id.as_deref());
                    let found = self.identities_of(event, document, &target_id, answer.found);
                    let done = ordinal as usize + 1 == all.documents.len();
                    let next = if done { Next::EndDelivered } else { Next::Intend(ordinal + 1) };
                    let mark = self
                        .document_delivered(event, ordinal, target_id, attempt, found, next)
                        .await?;
                    if let Some(mark) = mark {
                        self.remember(event, all.checkpoint, all.status, mark);
                        return Ok(Stop::Ended);
                    }
                    tries = 0;
                }
                Verdict::Rejected { code, reason } => {
                    let detail = format!("{} {}: {reason}", document.entity, document.key);
                    let end = End::Dead { cause: code, detail };
                    return self.end(event, end, Vec::new(), Some(attempt)).await;
                }
                Verdict::NotReady { reason } => {
                    let wait = Wait { cause: "not_ready", reason, after: None };
                    return self.postpone(event, tries, wait, Vec::new(), Some(attempt)).await;
                }
                Verdict::Retry { reason, after } => {
                    let wait = Wait { cause: "retry", reason, after };
                    return self.postpone(event, tries, wait, Vec::new(), Some(attempt)).await;
                }
                Verdict::Unknown { reason, resend: false } => {
                    let detail = format!(
                        "{} {}: {reason}; whether the target has it is not known, and sending again is not safe: look there, then replay or discard",
                        document.entity, document.key
                    );
                    let end = End::Dead { cause: "unknown_outcome".into(), detail };
                    return self.end(event, end, Vec::new(), Some(attempt)).await;
                }
                Verdict::Unknown { reason, resend: true } => {
                    let wait = Wait { cause: "unknown", reason, after: None };
                    return self.postpone(event, tries, wait, Vec::new(), Some(attempt)).await;
                }
            }
        }
        Ok(Stop::Ended)
    }

    /// Writes the one thing that must not be forgotten: a delivery that took place. A full disk is
    /// waited out here, because sending again is worse than waiting.
    async fn document_delivered(
        &self,
        event: &Event,
        ordinal: u32,
        target_id: Option<String>,
        attempt: AttemptRecord,
        identities: Vec<Identity>,
        next: Next,
    ) -> Result<Option<u64>, journal::Error> {
        let ends = matches!(next, Next::EndDelivered);
        let mut open = if ends { Some(self.open.lock().await) } else { None };
        let record = DocumentDelivered {
            seq: self.seq,
            route: self.ready.name.clone(),
            ordinal,
            target_id,
            attempt,
            identities,
            next,
            closes_event: open.as_ref().is_some_and(|open| **open == 1),
        };
        let mark = loop {
            match self.ground.journal.document_delivered(record.clone()).await {
                Ok(mark) => break mark,
                Err(journal::Error::Full) => {
                    warn!(event.id = %event.id, "delivered, but the disk is full: waiting to write it down");
                    tokio::time::sleep(JOURNAL_PATIENCE).await;
                }
                Err(other) => return Err(other),
            }
        };
        if let Some(open) = &mut open {
            **open -= 1;
            self.count_end(event, "delivered");
        }
        Ok(mark)
    }

    async fn end(
        &self,
        event: &Event,
        end: End,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
    ) -> Result<Stop, journal::Error> {
        let mut open = self.open.lock().await;
        let label = match &end {
            End::Delivered => "delivered",
            End::Skipped { reason } => {
                info!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, reason, "skipped");
                "skipped"
            }
            End::Dead { cause, detail } => {
                warn!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, cause, detail, "dead letter");
                "dead_letter"
            }
        };
        let ended = Ended {
            seq: self.seq,
            route: self.ready.name.clone(),
            end,
            at: Timestamp::now(),
            receipts,
            attempt,
            closes_event: *open == 1,
        };
        self.ground.journal.ended(ended).await?;
        *open -= 1;
        self.count_end(event, label);
        Ok(Stop::Ended)
    }

    async fn postpone(
        &self,
        event: &Event,
        tries: u32,
        wait: Wait,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
    ) -> Result<Stop, journal::Error> {
        let tries = tries + 1;
        let Wait { cause, reason, after } = wait;
        let Some(wait) = self.ready.retry.wait(tries, after) else {
            let detail = format!("given up after {tries} attempts; the last: {reason}");
            let end = End::Dead { cause: format!("{cause}_exhausted"), detail };
            return self.end(event, end, receipts, attempt).await;
        };
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        info!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, attempt = tries, cause, reason, wait_ms, "waits");
        let at = Timestamp::now();
        let due_at = jiff::SignedDuration::try_from(wait)
            .ok()
            .and_then(|wait| at.checked_add(wait).ok())
            .unwrap_or(Timestamp::MAX);
        let postponed = Postponed {
            seq: self.seq,
            route: self.ready.name.clone(),
            due_at,
            attempt_no: tries,
            reason: format!("{cause}: {reason}"),
            attempt,
            receipts,
            at,
        };
        self.ground.journal.postponed(postponed).await?;
        Ok(Stop::Again(wait))
    }

    fn remember(
        &self,
        event: &Event,
        checkpoint: Option<String>,
        status: Option<String>,
        mark: u64,
    ) {
        let checkpoints = &self.ground.checkpoints;
        let (merchant, route, resource) =
            (event.merchant.as_str(), self.ready.name.as_str(), event.resource_key.as_str());
        // A deletion has no date of its own; it does not make older versions new again.
        let version = event.version.or_else(|| {
            checkpoints.get(merchant, route, resource).ok().flatten().and_then(|r| r.version)
        });
        let next = ResourceCheckpoint { checkpoint, status, version, event_seq: self.seq, mark };
        checkpoints.put(merchant, route, resource, next);
    }

    fn identities_of(
        &self,
        event: &Event,
        document: &Document,
        target_id: &Option<String>,
        found: Vec<Found>,
    ) -> Vec<Identity> {
        let own = target_id.iter().map(|id| Found {
            entity: document.entity.clone(),
            key: document.key.clone(),
            id: id.clone(),
        });
        own.chain(found)
            .map(|Found { entity, key, id }| Identity {
                merchant: event.merchant.clone(),
                connection: self.ready.route.to.clone(),
                entity,
                key,
                target_id: id,
            })
            .collect()
    }

    fn relay_logs(&self, event: &Event, run: &Run) {
        for line in &run.logs {
            let text = line.message.as_str();
            info!(event.id = %event.id, route.name = self.ready.name, plugin.level = line.level, plugin.said = text, "plugin log");
        }
    }

    fn log_delivered(&self, event: &Event, document: &Document, target_id: Option<&str>) {
        info!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, document.entity = document.entity, document.key = document.key, target.id = target_id, "delivered");
    }

    fn count(&self, run: &Run) {
        let metrics = &self.ground.metrics;
        metrics.mappings.get_or_create(&EndLabel { outcome: run.outcome.name() }).inc();
        metrics.fuel.inc_by(run.usage.fuel);
        metrics.mapping_seconds.observe(Duration::from_micros(run.usage.duration_us).as_secs_f64());
    }

    fn count_attempt(&self, answer: &Answer) {
        let metrics = &self.ground.metrics;
        metrics.attempts.get_or_create(&EndLabel { outcome: answer.verdict.name() }).inc();
        metrics.attempt_seconds.observe(answer.attempt.duration.as_secs_f64());
    }

    fn count_end(&self, event: &Event, outcome: &'static str) {
        let metrics = &self.ground.metrics;
        metrics.passages.get_or_create(&EndLabel { outcome }).inc();
        let age = Timestamp::now().duration_since(event.received_at);
        metrics.passage_seconds.observe(age.as_secs_f64().max(0.0));
    }
}

/// What is left to deliver of a passage.
struct Deliveries {
    documents: Vec<Document>,
    /// The first document that is not known to stand in the target.
    next: usize,
    /// Whether nothing of this mapping was ever sent.
    fresh: bool,
    /// Tries made at the next document.
    tries: u32,
    checkpoint: Option<String>,
    status: Option<String>,
}

impl Deliveries {
    fn fresh(mapped: &Mapped) -> Self {
        Self {
            documents: mapped.documents.clone(),
            next: 0,
            fresh: true,
            tries: 0,
            checkpoint: mapped.checkpoint.clone(),
            status: mapped.status.clone(),
        }
    }

    fn taken_up(passage: Passage) -> Self {
        Self {
            next: passage.delivered.len(),
            documents: passage.documents,
            fresh: false,
            tries: passage.attempt,
            checkpoint: passage.checkpoint,
            status: passage.status,
        }
    }
}

/// Why a passage waits.
struct Wait {
    cause: &'static str,
    reason: String,
    /// What the target asked for.
    after: Option<Duration>,
}

fn record(ordinal: u32, tries: u32, answer: &Answer) -> AttemptRecord {
    AttemptRecord {
        ordinal,
        no: tries + 1,
        at: Timestamp::now(),
        duration_us: u64::try_from(answer.attempt.duration.as_micros()).unwrap_or(u64::MAX),
        outcome: answer.verdict.name().to_owned(),
        detail: answer.attempt.detail.clone(),
    }
}

/// What the target is known to call things, for the connector.
struct KnownIdentities<'a> {
    journal: &'a Journal,
    merchant: &'a str,
    connection: &'a str,
}

impl Identities for KnownIdentities<'_> {
    fn get(&self, entity: &str, key: &str) -> Option<String> {
        match self.journal.identity(self.merchant, self.connection, entity, key) {
            Ok(found) => found,
            Err(error) => {
                // The connector then looks in the target itself, or the passage waits.
                warn!(entity, key, %error, "the identity map cannot be read");
                None
            }
        }
    }
}

/// The version delivered before, when it is newer than this event's.
fn superseded(event: &Event, remembered: Option<&ResourceCheckpoint>) -> Option<Timestamp> {
    let newer = remembered?.version?;
    (event.version? < newer).then_some(newer)
}

fn detail_of(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).unwrap_or_else(|error| error.to_string())
}
