//! `/healthz`, `/readyz` and `/metrics`: is it alive, is all well, how much.
//!
//! `/readyz` answers 200 while intake works, also when some file is wrong: a merchant's typo is no
//! reason to take the host out of service. What is wrong stands in its `faults`, and `status` says
//! `degraded`. It answers 503 only when events cannot be accepted.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::config::{Entry, Fault, Merchant, Snapshot};
use crate::delivery::breaker::Phase;
use crate::delivery::gate::Tally;
use crate::ingress::{Counters, Guard};
use crate::journal::Journal;
use crate::poll::Pollers;
use crate::rollout::Rollout;
use crate::telemetry::{End, Metrics};

/// Of resources that change too often, the worst; `/metrics` has their number.
const NOISY_SHOWN_MAX: usize = 20;

/// What the answers are made from.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) metrics: Arc<Metrics>,
    pub(super) counters: Arc<Counters>,
    pub(super) guard: Arc<Guard>,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
    pub(super) journal: Journal,
    pub(super) rollout: Rollout,
    pub(super) pollers: Pollers,
    pub(super) gates: Arc<Tally>,
}

pub(super) fn router(health: Health) -> axum::Router {
    axum::Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .with_state(health)
}

async fn metrics_text(State(health): State<Health>) -> Response {
    health.show_intake();
    health.show_gates();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], health.metrics.render()).into_response()
}

impl Health {
    /// Intake counts for itself; its numbers join the others when they are asked for.
    fn show_intake(&self) {
        let noisy = i64::try_from(self.guard.noisy(Instant::now()).len()).unwrap_or(i64::MAX);
        self.metrics.noisy_resources.set(noisy);
        let counters = &self.counters;
        for (outcome, counter) in [
            ("accepted", &counters.accepted),
            ("duplicate", &counters.duplicates),
            ("echo", &counters.echoes),
            ("quarantined", &counters.quarantined),
            ("ping", &counters.pings),
            ("refused", &counters.refused),
            ("unavailable", &counters.unavailable),
        ] {
            let count = counter.load(Relaxed);
            self.metrics.intake.get_or_create(&End { outcome }).inner().store(count, Relaxed);
        }
    }
}

impl Health {
    /// Gates count for themselves too.
    fn show_gates(&self) {
        let (metrics, gates) = (&self.metrics, &self.gates);
        for (counter, count) in [
            (&metrics.gates_opened, &gates.opened),
            (&metrics.gate_probes, &gates.probes),
            (&metrics.gate_limited, &gates.limited),
        ] {
            counter.inner().store(count.load(Relaxed), Relaxed);
        }
        let snapshot = self.snapshot.load();
        let targets = snapshot.merchants.values().flat_map(|merchant| merchant.targets());
        let shut = targets.filter(|(_, target)| target.gate().state().breaker != Phase::Closed);
        metrics.gates_shut.set(i64::try_from(shut.count()).unwrap_or(i64::MAX));
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let snapshot = health.snapshot.load_full();
    let well = snapshot.all_faults().next().is_none();
    let writable = health.journal.writable().await;
    let status = match (&writable, well) {
        (Err(_), _) => "unavailable",
        (Ok(()), false) => "degraded",
        (Ok(()), true) => "ready",
    };
    let Value::Object(account) = account(&snapshot) else {
        unreachable!("an account is an object")
    };
    let mut noisy = health.guard.noisy(Instant::now());
    noisy.truncate(NOISY_SHOWN_MAX);
    let mut body = json!({
        "status": status,
        "journal": match &writable {
            Ok(()) => json!({ "writable": true, "counts": health.journal.counts().ok() }),
            Err(error) => json!({ "writable": false, "reason": error.to_string() }),
        },
        "noisy_resources": noisy,
    });
    if let Some(body) = body.as_object_mut() {
        body.insert("polling".to_owned(), json!(health.pollers.status()));
        let (canaries, trials) = (health.rollout.canaries(None), health.rollout.trials(None));
        let canaries: Vec<Value> = canaries.iter().map(|canary| canary.account()).collect();
        let trials: Vec<Value> = trials.iter().map(|trial| trial.account(false)).collect();
        body.insert("paused_routes".to_owned(), json!(health.rollout.pauses()));
        body.insert("canaries".to_owned(), json!(canaries));
        body.insert("trials".to_owned(), json!(trials));
        body.extend(account);
    }
    let code = if writable.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text = serde_json::to_string_pretty(&body).unwrap_or_default() + "\n";
    (code, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Every fault, and each merchant's plugins, routes and sources: what `/readyz` and
/// `mapwright plugins` show.
#[must_use]
pub fn account(snapshot: &Snapshot) -> Value {
    let faults: Vec<Value> = snapshot.all_faults().map(fault_json).collect();
    let merchants: serde_json::Map<String, Value> = snapshot
        .merchants
        .iter()
        .map(|(name, merchant)| (name.clone(), merchant_json(merchant)))
        .collect();
    json!({ "faults": faults, "merchants": merchants })
}

/// `path`, `line` (null where unknown), `message`.
fn fault_json(fault: &Fault) -> Value {
    json!({ "path": fault.path, "line": fault.line, "message": fault.message })
}

fn merchant_json(merchant: &Merchant) -> Value {
    let plugins: Vec<Value> =
        merchant.catalog.entries().map(|(name, entry)| plugin_json(name, entry)).collect();
    let routes: serde_json::Map<String, Value> = merchant
        .routes
        .values()
        .map(|ready| {
            let reason = ready.unavailable();
            (ready.name.clone(), json!({ "available": reason.is_none(), "reason": reason }))
        })
        .collect();
    let sources: serde_json::Map<String, Value> = merchant
        .sources
        .iter()
        .map(|(name, source)| {
            let reason = source.as_ref().err();
            (name.clone(), json!({ "available": reason.is_none(), "reason": reason }))
        })
        .collect();
    let targets: serde_json::Map<String, Value> = merchant
        .targets()
        .map(|(name, target)| (name.to_owned(), json!(target.gate().state())))
        .collect();
    json!({ "plugins": plugins, "routes": routes, "sources": sources, "targets": targets })
}

fn plugin_json(name: &str, entry: &Entry) -> Value {
    let state = match (&entry.plugin, &entry.fault) {
        (Some(_), None) => "ready",
        (Some(_), Some(_)) => "last_good",
        (None, _) => "refused",
    };
    json!({
        "name": name,
        "state": state,
        "version": entry.plugin.as_ref().map(|plugin| plugin.version()),
        "digest": entry.plugin.as_ref().map(|plugin| plugin.digest()),
        "capabilities": entry.plugin.as_ref().map(|plugin| plugin.capabilities()),
        "profile": entry.plugin.as_ref().map(|plugin| plugin.profile()),
        "fault": entry.fault.as_ref().map(fault_json),
    })
}
