//! What a walk tells the journal and the checkpoints: delivered, ended, waits.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use super::deliveries::{Left, Tries};
use super::verdict::{NextTry, Wait};
use super::{JOURNAL_PATIENCE, Stop, Walk};
use crate::checkpoint::ResourceCheckpoint;
use crate::delivery::{Found, Missing};
use crate::event::{Document, Event, Receipt};
use crate::journal::{
    self, AttemptRecord, DocumentDelivered, Echo, End, Ended, Identity, Next, Postponed,
};

/// The reason that stands in the journal while a document is sent again to a target which could
/// not tell it from a new one. Found there after a restart, it means that nobody knows.
pub(in super::super) const SENDING: &str = "sending: again, to a target that does not keep keys";

/// What a delivery has taught besides that it took place.
pub(super) struct Learnt {
    pub(super) identities: Vec<Identity>,
    pub(super) written: Option<Echo>,
}

impl Walk<'_> {
    /// Writes the one thing that must not be forgotten: a delivery that took place. A full disk is
    /// waited out here, because sending again is worse than waiting.
    pub(super) async fn document_delivered(
        &self,
        event: &Event,
        ordinal: u32,
        target_id: Option<String>,
        attempt: AttemptRecord,
        learnt: Learnt,
        next: Next,
    ) -> Result<Option<u64>, journal::Error> {
        let ends = matches!(next, Next::EndDelivered);
        let record = DocumentDelivered {
            seq: self.seq,
            route: self.ready.name.clone(),
            ordinal,
            target_id,
            attempt,
            identities: learnt.identities,
            written: learnt.written,
            next,
            siblings: if ends { self.siblings(event) } else { Vec::new() },
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
        if ends {
            self.count_end(event, "delivered");
        }
        Ok(mark)
    }

    /// The other routes that take the event: those that did when it was planned, and those that do
    /// now.
    fn siblings(&self, event: &Event) -> Vec<String> {
        let mut routes = self.work.siblings_of(&self.ready.name);
        if self.work.again {
            return routes;
        }
        let snapshot = self.ground.snapshot.load();
        if let Some(merchant) = snapshot.merchants.get(&event.merchant) {
            let now = merchant.routes_for(&event.connection, &event.topic);
            let others = now.filter(|ready| ready.name != self.ready.name);
            routes.extend(others.map(|ready| ready.name.clone()));
        }
        routes
    }

    pub(super) async fn end(
        &self,
        event: &Event,
        end: End,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
    ) -> Result<Stop, journal::Error> {
        self.end_withholding(event, end, receipts, attempt, Vec::new()).await
    }

    /// The same, keeping documents that are not to be sent for a person to look at.
    pub(super) async fn end_withholding(
        &self,
        event: &Event,
        end: End,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
        withheld: Vec<Document>,
    ) -> Result<Stop, journal::Error> {
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
            withheld,
            attempt,
            siblings: self.siblings(event),
        };
        self.ground.journal.ended(ended).await?;
        self.count_end(event, label);
        Ok(Stop::Ended)
    }

    /// What the journal kept of this passage cannot be read back. It will not get better by waiting,
    /// and a person has to know.
    pub(super) async fn give_up_damaged(&self, why: &str) -> Result<Stop, journal::Error> {
        warn!(event.seq = self.seq, route.name = self.ready.name, why, "dead letter: damaged");
        let end = End::Dead {
            cause: "payload_damaged".into(),
            detail: format!(
                "{why}: the disk or memory of this machine changed what was written; let the shop send \
                 the order again (save it once), and look at the disk"
            ),
        };
        let ended = Ended {
            seq: self.seq,
            route: self.ready.name.clone(),
            end,
            at: Timestamp::now(),
            withheld: Vec::new(),
            receipts: Vec::new(),
            attempt: None,
            siblings: self.work.siblings_of(&self.ready.name),
        };
        self.ground.journal.ended(ended).await?;
        let label = crate::telemetry::End { outcome: "dead_letter" };
        self.ground.metrics.passages.get_or_create(&label).inc();
        Ok(Stop::Ended)
    }

    /// Waits for another try, or gives up when there were enough.
    pub(super) async fn postpone(
        &self,
        event: &Event,
        tries: Tries,
        wait: Wait,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
    ) -> Result<Stop, journal::Error> {
        let NextTry { made, counted, wait: time } = tries.next(&self.ready.retry, &wait);
        let Some(time) = time else {
            let Wait { cause, reason, .. } = wait;
            let detail = format!("given up after {counted} attempts; the last: {reason}");
            let end = End::Dead { cause: format!("{cause}_exhausted"), detail };
            return self.end(event, end, receipts, attempt).await;
        };
        self.put_off(event, made, &wait, time, receipts, attempt).await?;
        Ok(Stop::Again { wait: time, missing: Vec::new() })
    }

    /// Waits for things that the document refers to, or gives up when they did not come for long.
    pub(super) async fn park(
        &self,
        event: &Event,
        tries: Tries,
        reason: String,
        missing: Vec<Missing>,
        attempt: AttemptRecord,
    ) -> Result<Stop, journal::Error> {
        let since = tries.unready_since.unwrap_or(attempt.at);
        let waited = Duration::try_from(attempt.at.duration_since(since)).unwrap_or_default();
        if waited >= self.ready.retry.not_ready_max() {
            let hours = waited.as_secs_f64() / 3600.0;
            let detail = format!("waited {hours:.1} hours for what it refers to: {reason}");
            let cause = if missing.is_empty() { "not_ready_exhausted" } else { "parent_missing" };
            let end = End::Dead { cause: cause.into(), detail };
            return self.end(event, end, Vec::new(), Some(attempt)).await;
        }
        let time = self.ready.retry.patience(tries.unready + 1);
        let wait = Wait { cause: "not_ready", reason, after: None, counts: false };
        self.put_off(event, tries.made + 1, &wait, time, Vec::new(), Some(attempt)).await?;
        Ok(Stop::Again { wait: time, missing })
    }

    async fn put_off(
        &self,
        event: &Event,
        tries: u32,
        wait: &Wait,
        time: Duration,
        receipts: Vec<Receipt>,
        attempt: Option<AttemptRecord>,
    ) -> Result<(), journal::Error> {
        let Wait { cause, reason, .. } = wait;
        let wait_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        info!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, attempt = tries, cause, reason, wait_ms, "waits");
        let at = Timestamp::now();
        let due_at = jiff::SignedDuration::try_from(time)
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
        self.ground.journal.postponed(postponed).await
    }

    /// Writes down that a document is about to be sent once more.
    pub(super) async fn about_to_send(&self, tries: u32) -> Result<(), journal::Error> {
        let at = Timestamp::now();
        let postponed = Postponed {
            seq: self.seq,
            route: self.ready.name.clone(),
            due_at: at,
            attempt_no: tries,
            reason: SENDING.to_owned(),
            attempt: None,
            receipts: Vec::new(),
            at,
        };
        self.ground.journal.postponed(postponed).await
    }

    pub(super) fn remember(&self, event: &Event, left: Left, mark: u64) {
        let checkpoints = &self.ground.checkpoints;
        let (merchant, route, resource) =
            (event.merchant.as_str(), self.ready.name.as_str(), event.resource_key.as_str());
        // A deletion has no date of its own; it does not make older versions new again.
        let version = event.version.or_else(|| {
            checkpoints.get(merchant, route, resource).ok().flatten().and_then(|r| r.version)
        });
        let Left { checkpoint, status, target_status } = left;
        let event_seq = self.seq;
        let next =
            ResourceCheckpoint { checkpoint, status, target_status, version, event_seq, mark };
        checkpoints.put(merchant, route, resource, next);
    }

    pub(super) fn identities_of(
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
}
