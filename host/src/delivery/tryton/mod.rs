//! `connector = "tryton"`: documents become records of a Tryton 8.2 server, over its JSON-RPC.
//!
//! ```toml
//! [connections.erp]
//! connector = "tryton"
//! base_url = "http://127.0.0.1:8000"       # without the database
//! database = "acme"
//! username = "mapwright"
//! password = { env = "ACME_ERP_PASSWORD" }
//! timeout_ms = 60000                       # for one call; a delivery makes several
//! connect_timeout_ms = 10000               # of it, connecting
//! settle_ms = 5000                         # see `settle`
//! calls_max = 8                            # at the same time
//! max_in_flight = 8                        # deliveries at the same time
//! rate_limit = "600/minute"                # calls; see `limit`. burst and circuit_breaker as well
//! accept_warnings = ["*.invoice_taxes"]    # by name or message, `*` for anything
//! entities.sale = { model = "sale.sale", find = ["reference"] }   # only what differs
//! ```
//!
//! A document's body is natural JSON with the field names of the model: amounts as text (`"79.90"`),
//! dates as text, links as `$ref`, lines as arrays of objects. The connector asks the server for the
//! types ([`schema`]) and writes them as Tryton wants them ([`encode`]).
//!
//! Tryton takes no idempotency key, so every delivery looks first: by the id known from before, then
//! by natural key ([`entity`]); one document is worked on by one attempt at a time. What is there is
//! not made again. What may be on its way still is given time to settle first. `state` in the body of a sale is the state wanted; buttons lead there ([`sale`]).
//!
//! Refused credentials and an unknown database are not the document's fault: the gate closes, and
//! one delivery tries again now and then, so that nothing is lost while the configuration is mended.

mod encode;
mod entity;
mod fault;
mod job;
mod lock;
mod record;
mod rpc;
mod sale;
mod schema;
mod work;
mod write;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use self::entity::Entities;
use self::lock::Locks;
use self::rpc::Rpc;
use self::schema::Schemas;
use super::client::Timeouts;
use super::limit::Rates;
use super::{
    Answer, Delivery, Gate, Health, Identities, OpenError, Outbound, Verdict, breaker, gate,
    shorten,
};
use crate::secret::SecretSource;

/// The table of a connection with `connector = "tryton"`, without that key itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server, without the database: `http://127.0.0.1:8000`.
    pub base_url: String,
    /// The database.
    pub database: String,
    /// The user the host works as.
    pub username: String,
    /// The user's password.
    pub password: SecretSource,
    /// For one call.
    #[serde(default = "timeout_ms_default")]
    pub timeout_ms: u64,
    /// Of that, for connecting.
    #[serde(default)]
    pub connect_timeout_ms: Option<u64>,
    /// After a lost answer the server may be at work still: it is asked after this time. So is it
    /// after a start of the host, for what was on its way when the one before ended.
    #[serde(default = "settle_ms_default")]
    pub settle_ms: u64,
    /// Calls in time.
    #[serde(default)]
    pub rate_limit: Rates,
    /// Of them, back to back at most.
    #[serde(default)]
    pub burst: Option<NonZeroU32>,
    /// When to leave the server alone.
    #[serde(default)]
    pub circuit_breaker: breaker::Config,
    /// Deliveries at the same time; as many as calls unless said otherwise.
    #[serde(default)]
    pub max_in_flight: Option<NonZeroUsize>,
    /// Calls at the same time.
    #[serde(default = "calls_max_default")]
    pub calls_max: usize,
    /// Warnings that are accepted, by name or message; `*` stands for anything.
    #[serde(default)]
    pub accept_warnings: Vec<String>,
    /// Further entities, or other models and keys for known ones.
    #[serde(default)]
    pub entities: BTreeMap<String, EntityConfig>,
}

/// What an entity is in Tryton.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityConfig {
    /// The model.
    #[serde(default)]
    pub model: Option<String>,
    /// The fields that hold the key, tried in turn.
    #[serde(default)]
    pub find: Option<Vec<String>>,
}

fn timeout_ms_default() -> u64 {
    60_000
}

/// Longer than a call takes at most servers once it has arrived.
fn settle_ms_default() -> u64 {
    5_000
}

/// Tryton works with threads on one database: more calls at once only wait for each other.
fn calls_max_default() -> usize {
    8
}

/// A Tryton connection, ready to send.
#[derive(Debug)]
pub struct Target {
    rpc: Rpc,
    schemas: Schemas,
    entities: Entities,
    locks: Locks,
}

/// Calls that a delivery usually takes (a sale with its references, looked up, made and led on).
/// It is not begun with room for fewer, or several at once would all stop half-way.
const CALLS_PER_DELIVERY: u32 = 16;

impl Config {
    pub(super) fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    pub(super) fn gate(&self) -> Result<gate::Config, OpenError> {
        let burst = self.burst.map(NonZeroU32::get);
        let narrow = |count: u32| count < CALLS_PER_DELIVERY;
        if let Some(rate) = self.rate_limit.iter().find(|rate| narrow(rate.count)) {
            let problem = format!(
                "a delivery takes up to {CALLS_PER_DELIVERY} calls, and {rate} would never let one end"
            );
            return Err(OpenError::config("rate_limit", problem));
        }
        if burst.is_some_and(narrow) {
            let problem =
                format!("a delivery takes up to {CALLS_PER_DELIVERY} calls: at least that");
            return Err(OpenError::config("burst", problem));
        }
        let in_flight_max = self.max_in_flight.map_or(self.calls_max.max(1), NonZeroUsize::get);
        Ok(gate::Config {
            rates: self.rate_limit.clone(),
            burst,
            breaker: self.circuit_breaker,
            in_flight_max,
            requests: CALLS_PER_DELIVERY,
        })
    }
}

impl Target {
    pub(super) fn open(
        config: &Config,
        base_dir: &Path,
        outbound: &Outbound,
        gate: &Arc<Gate>,
    ) -> Result<Self, OpenError> {
        let timeouts = Timeouts::new(config.timeout_ms, config.connect_timeout_ms)?;
        if config.calls_max == 0 {
            return Err(OpenError::config("calls_max", "must be 1 or more"));
        }
        let server = reqwest::Url::parse(&config.base_url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
        });
        let Some(mut url) = server else {
            let problem = format!("{:?} is not like http://127.0.0.1:8000", config.base_url);
            return Err(OpenError::config("base_url", problem));
        };
        outbound.check("base_url", url.scheme())?;
        let database = config.database.as_str();
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if database.is_empty() || database.starts_with('.') || !database.chars().all(plain) {
            let problem = format!("{database:?} is not a database name");
            return Err(OpenError::config("database", problem));
        }
        let path = format!("{}/{database}/rpc/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let password = config.password.resolve(base_dir)?;
        let rpc = Rpc::new(outbound.with(timeouts)?, gate, timeouts, url, config, password);
        Ok(Self {
            rpc,
            schemas: Schemas::default(),
            entities: Entities::new(&config.entities)
                .map_err(|(key, problem)| OpenError::config(key, problem))?,
            locks: Locks::default(),
        })
    }

    pub(super) async fn deliver(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Answer {
        let mut found = Vec::new();
        let mut answer = match self.work(delivery, identities, &mut found).await {
            Ok(done) => {
                let target_id = done.id.map(|id| id.to_string());
                let mut answer =
                    Answer::of(Verdict::Delivered { target_id }, Some(200), Health::Well);
                answer.attempt.detail = shorten(&done.what, super::DETAIL_BYTES_MAX);
                answer
            }
            Err(fault) => {
                let (verdict, status, health) = fault.judge();
                Answer::of(verdict, status, health)
            }
        };
        answer.found = found;
        answer
    }
}

/// A credential that was refused is not tried again at once: Tryton slows such a user down.
const REFUSED_WAIT: Duration = Duration::from_secs(60);
