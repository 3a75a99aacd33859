//! What a walk says of itself: log lines with the event's ids, counters, what it cost and what it
//! learnt.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use tracing::info;

use super::Walk;
use crate::delivery::{Answer, Missing};
use crate::event::{Document, Event};
use crate::journal::Identity;
use crate::plugin::Run;
use crate::telemetry::End;

/// What a walk took of what there is not enough of. Waiting in line is nobody's fault and not in it.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Cost {
    /// A plugin thread.
    pub(in super::super) plugin: Duration,
    /// The target's time, and with it a place.
    pub(in super::super) target: Duration,
}

/// What is told of a walk when it stops.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) cost: Cost,
    pub(super) learnt: Vec<Missing>,
}

impl Walk<'_> {
    fn account(&self) -> std::sync::MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What others may have waited for.
    pub(super) fn learn(&self, identities: Vec<Identity>) {
        let learnt = identities.into_iter().map(|it| Missing { entity: it.entity, key: it.key });
        self.account().learnt.extend(learnt);
    }

    pub(super) fn relay_logs(&self, event: &Event, run: &Run) {
        for line in &run.logs {
            let text = line.message.as_str();
            info!(event.id = %event.id, route.name = self.ready.name, plugin.level = line.level, plugin.said = text, "plugin log");
        }
    }

    pub(super) fn log_delivered(
        &self,
        event: &Event,
        document: &Document,
        target_id: Option<&str>,
    ) {
        info!(event.id = %event.id, correlation.id = event.correlation_id, route.name = self.ready.name, document.entity = document.entity, document.key = document.key, target.id = target_id, "delivered");
    }

    pub(super) fn count(&self, run: &Run) {
        let metrics = &self.ground.metrics;
        metrics.mappings.get_or_create(&End { outcome: run.outcome.name() }).inc();
        metrics.fuel.inc_by(run.usage.fuel_in_all());
        self.account().cost.plugin += Duration::from_micros(run.usage.duration_us);
        metrics.mapping_seconds.observe(Duration::from_micros(run.usage.duration_us).as_secs_f64());
    }

    pub(super) fn count_attempt(&self, answer: &Answer) {
        let metrics = &self.ground.metrics;
        metrics.attempts.get_or_create(&End { outcome: answer.verdict.name() }).inc();
        self.account().cost.target += answer.attempt.duration;
        metrics.attempt_seconds.observe(answer.attempt.duration.as_secs_f64());
    }

    pub(super) fn count_end(&self, event: &Event, outcome: &'static str) {
        let metrics = &self.ground.metrics;
        metrics.passages.get_or_create(&End { outcome }).inc();
        let age = Timestamp::now().duration_since(event.received_at);
        metrics.passage_seconds.observe(age.as_secs_f64().max(0.0));
    }
}
