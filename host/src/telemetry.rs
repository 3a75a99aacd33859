//! What the host says of itself: counters for machines, log lines for people.
//!
//! Metrics follow Prometheus's naming; no label holds a merchant, an order or anything else without
//! bound. Log lines are JSON (or text on a terminal) and carry `event.id` and `correlation.id` from
//! ingress to the target. Nothing here is global but the log subscriber, so that several hosts can
//! live in one process.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// How something ended, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct End {
    /// One of a closed set of words.
    pub outcome: &'static str,
}

/// Every number the host keeps.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// What became of requests to `/hooks`.
    pub intake: Family<End, Counter>,
    /// Mapping runs by outcome.
    pub mappings: Family<End, Counter>,
    /// Fuel burnt by plugins.
    pub fuel: Counter,
    /// Wall time of mapping runs.
    pub mapping_seconds: Histogram,
    /// Delivery attempts by verdict.
    pub attempts: Family<End, Counter>,
    /// Wall time of delivery attempts.
    pub attempt_seconds: Histogram,
    /// Passages by how they ended.
    pub passages: Family<End, Counter>,
    /// From acceptance to the end of the passage.
    pub passage_seconds: Histogram,
    /// Passages being walked.
    pub in_flight: Gauge,
    /// Passages known to the dispatcher and not ended: in flight, due or waiting.
    pub backlog: Gauge,
    /// Walks through lists of shops by how they ended.
    pub polls: Family<End, Counter>,
    /// What polling brought before a hook did.
    pub poll_found: Counter,
    /// What is wrong with the webhooks of all shops now.
    pub shop_problems: Gauge<i64>,
    /// Resources that a shop sends again and again.
    pub noisy_resources: Gauge,
    /// Circuit breakers opened, of all connections.
    pub gates_opened: Counter,
    /// Deliveries that tried whether a target is back.
    pub gate_probes: Counter,
    /// Times something waited for a rate limit, or for patience a target asked for.
    pub gate_limited: Counter,
    /// Connections whose breaker is not closed now.
    pub gates_shut: Gauge,
    /// Routes that a person holds still now.
    pub routes_paused: Gauge,
    /// Candidates that a share of the resources gets now.
    pub canaries: Gauge,
    /// Versions that run beside the one in use now.
    pub trials_running: Gauge,
    /// Events looked at beside live work, by what became of it.
    pub beside: Family<End, Counter>,
    /// Versions taken back by the host itself.
    pub reverts: Counter,
    /// Configuration loads.
    pub reloads: Counter,
    /// Files that are wrong now.
    pub config_faults: Gauge<i64>,
    /// Seconds since 1970 when the host opened.
    pub started: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        // 0.1 ms to 26 s by doubling: a mapping sits at the start, a slow ERP at the end.
        let seconds = || Histogram::new(exponential_buckets(0.000_1, 2.0, 19));
        let mut metrics = Self {
            registry: Registry::with_prefix("mapwright"),
            intake: Family::default(),
            mappings: Family::default(),
            fuel: Counter::default(),
            mapping_seconds: seconds(),
            attempts: Family::default(),
            attempt_seconds: seconds(),
            passages: Family::default(),
            passage_seconds: seconds(),
            in_flight: Gauge::default(),
            backlog: Gauge::default(),
            polls: Family::default(),
            poll_found: Counter::default(),
            shop_problems: Gauge::default(),
            noisy_resources: Gauge::default(),
            gates_opened: Counter::default(),
            gate_probes: Counter::default(),
            gate_limited: Counter::default(),
            gates_shut: Gauge::default(),
            routes_paused: Gauge::default(),
            canaries: Gauge::default(),
            trials_running: Gauge::default(),
            beside: Family::default(),
            reverts: Counter::default(),
            reloads: Counter::default(),
            config_faults: Gauge::default(),
            started: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("intake", "Requests to /hooks by what became of them", self.intake.clone());
        r.register("mappings", "Mapping runs by outcome", self.mappings.clone());
        r.register("plugin_fuel", "Fuel burnt by plugins", self.fuel.clone());
        r.register("mapping_seconds", "Wall time of mapping runs", self.mapping_seconds.clone());
        r.register("attempts", "Delivery attempts by verdict", self.attempts.clone());
        r.register("attempt_seconds", "Wall time of attempts", self.attempt_seconds.clone());
        r.register("passages", "Passages by how they ended", self.passages.clone());
        r.register("passage_seconds", "From accepted to ended", self.passage_seconds.clone());
        r.register("in_flight", "Passages being walked", self.in_flight.clone());
        r.register("backlog", "Passages not ended", self.backlog.clone());
        r.register("polls", "Walks through lists of shops, by how they ended", self.polls.clone());
        r.register("poll_found", "Brought by polling before a hook", self.poll_found.clone());
        r.register("shop_problems", "Wrong with webhooks now", self.shop_problems.clone());
        let noisy = self.noisy_resources.clone();
        r.register("noisy_resources", "Resources that a shop sends again and again", noisy);
        r.register("gates_opened", "Circuit breakers opened", self.gates_opened.clone());
        r.register("gate_probes", "Deliveries as probes", self.gate_probes.clone());
        r.register("gate_limited", "Waits for a rate limit", self.gate_limited.clone());
        r.register("gates_shut", "Breakers not closed now", self.gates_shut.clone());
        r.register("routes_paused", "Routes held still now", self.routes_paused.clone());
        r.register("canaries", "Candidates with a share of the resources", self.canaries.clone());
        r.register("trials_running", "Versions run beside live ones", self.trials_running.clone());
        r.register("beside", "Events looked at beside live work", self.beside.clone());
        r.register("reverts", "Versions taken back by the host", self.reverts.clone());
        r.register("config_reloads", "Configuration loads", self.reloads.clone());
        r.register("config_faults", "Files that are wrong now", self.config_faults.clone());
        r.register("started_seconds", "When the host opened", self.started.clone());
    }

    /// The OpenMetrics text of all numbers.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8 << 10);
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string does not fail");
        text
    }
}

/// Sends log lines to standard error: text on a terminal, JSON elsewhere. `MAPWRIGHT_LOG` takes the
/// usual filter directives (`info`, `mapwright=debug`).
pub fn log_to_stderr(json: bool) {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_from_env("MAPWRIGHT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = if !json && std::io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    // A second host in the same process keeps the first one's subscriber.
    drop(set);
}
