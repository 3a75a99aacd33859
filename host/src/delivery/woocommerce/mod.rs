//! `connector = "woocommerce"` as a target: documents become calls to a shop's REST API, `wc/v3`.
//!
//! ```toml
//! [connections.shop]
//! connector = "woocommerce"
//! base_url = "https://shop.example"
//! api = { consumer_key = { env = "ACME_KEY" }, consumer_secret = { env = "ACME_SECRET" } }
//!
//! [connections.shop.write]                  # all of it may be left out
//! timeout_ms = 30000                        # for one request; a delivery makes up to four
//! connect_timeout_ms = 10000                # of it, connecting
//! settle_ms = 5000                          # see `settle`
//! force_delete = false                      # true: deleted for good; otherwise into the trash
//! rate_limit = "600/minute"                 # see `limit`; burst, circuit_breaker and max_in_flight too
//! ```
//!
//! A document's body is the request's body, byte for byte, with ids in place of references. Three of
//! its members are the connector's: `id` names what is meant by the shop's own id, `parent_id` of a
//! variation and `order_id` of a refund or a note say where it belongs. The one thing added is, in
//! what is made and has no key of its own in the shop ([`entity`]), an entry `_mapwright_key` in
//! `meta_data`: WooCommerce takes no idempotency key, so what may have been made is looked for by it
//! ([`look`]). Notes take no meta data: one whose answer was lost is left to a person.
//!
//! Requests go by Basic over HTTPS, as polling has it; redirects are not followed; a web page is no
//! answer, whatever its status. What is written comes back as a webhook: [`super::Written`] is what
//! it will say, so that it is known again.

mod body;
mod entity;
mod fault;
mod look;
mod resolve;
mod rest;
mod told;
mod work;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use self::entity::Entity;
use self::rest::Rest;
use super::client::Timeouts;
use super::limit::Rates;
use super::{
    Answer, Delivery, Gate, Health, Identities, OpenError, Outbound, Verdict, breaker, gate,
    shorten,
};
use crate::event::{Document, Operation};
use crate::secret::SecretSource;

/// Requests that a delivery usually makes: a look, what stands there, the write, what came of it. It
/// is not begun with room for fewer.
const REQUESTS_PER_DELIVERY: u32 = 4;
/// A shop has a handful of PHP processes for everybody, its customers first.
const IN_FLIGHT_MAX: usize = 8;

/// How to write to a shop.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it is; whoever decodes it makes sure that keys may be sent there.
    pub base_url: Url,
    /// `ck_..`.
    pub consumer_key: SecretSource,
    /// `cs_..`.
    pub consumer_secret: SecretSource,
    /// `[connections.NAME.write]`.
    pub write: Write,
    /// Whether a route takes what this shop sends: then it matters to know our own writes again.
    pub listens: bool,
}

/// `[connections.NAME.write]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Write {
    /// For one request.
    pub timeout_ms: u64,
    /// Of that, for connecting.
    pub connect_timeout_ms: Option<u64>,
    /// After a lost answer the shop may be at work still: it is looked at after this time. So it is
    /// after a start of the host, for what was on its way when the one before ended.
    pub settle_ms: u64,
    /// Whether what is deleted skips the trash. Customers, refunds and notes have none.
    pub force_delete: bool,
    /// Requests in time.
    pub rate_limit: Rates,
    /// Of them, back to back at most.
    pub burst: Option<NonZeroU32>,
    /// When to leave the shop alone.
    pub circuit_breaker: breaker::Config,
    /// Deliveries at the same time.
    pub max_in_flight: Option<NonZeroUsize>,
}

impl Default for Write {
    fn default() -> Self {
        Self {
            timeout_ms: 30_000,
            connect_timeout_ms: None,
            // Longer than saving an order takes at most shops.
            settle_ms: 5_000,
            force_delete: false,
            rate_limit: Rates::default(),
            burst: None,
            circuit_breaker: breaker::Config::default(),
            max_in_flight: None,
        }
    }
}

impl Config {
    pub(super) fn settle(&self) -> Duration {
        Duration::from_millis(self.write.settle_ms)
    }

    pub(super) fn gate(&self) -> Result<gate::Config, OpenError> {
        let Write { rate_limit, circuit_breaker, max_in_flight, .. } = &self.write;
        let burst = self.write.burst.map(NonZeroU32::get);
        let narrow = |count: u32| count < REQUESTS_PER_DELIVERY;
        if let Some(rate) = rate_limit.iter().find(|rate| narrow(rate.count)) {
            let problem = format!(
                "a delivery takes up to {REQUESTS_PER_DELIVERY} requests, and {rate} would never \
                 let one end"
            );
            return Err(OpenError::config("write.rate_limit", problem));
        }
        if burst.is_some_and(narrow) {
            let problem =
                format!("a delivery takes up to {REQUESTS_PER_DELIVERY} requests: at least that");
            return Err(OpenError::config("write.burst", problem));
        }
        Ok(gate::Config {
            rates: rate_limit.clone(),
            burst,
            breaker: *circuit_breaker,
            in_flight_max: max_in_flight.map_or(IN_FLIGHT_MAX, NonZeroUsize::get),
            requests: REQUESTS_PER_DELIVERY,
        })
    }
}

/// A shop, ready to be written to.
#[derive(Debug)]
pub struct Target {
    rest: Rest,
    force_delete: bool,
    listens: bool,
}

impl Target {
    pub(super) fn open(
        config: &Config,
        base_dir: &Path,
        outbound: &Outbound,
        gate: &Arc<Gate>,
    ) -> Result<Self, OpenError> {
        let write = &config.write;
        let timeouts = Timeouts::new(write.timeout_ms, write.connect_timeout_ms)?;
        outbound.check("base_url", config.base_url.scheme())?;
        let mut base = config.base_url.clone();
        base.path_segments_mut()
            .map_err(|()| OpenError::config("base_url", "cannot have a path"))?
            .pop_if_empty()
            .extend(["wp-json", "wc", "v3"]);
        let key = config.consumer_key.resolve(base_dir)?;
        let secret = config.consumer_secret.resolve(base_dir)?;
        Ok(Self {
            rest: Rest::new(outbound.with(timeouts)?, gate, timeouts, base, key, secret),
            force_delete: write.force_delete,
            listens: config.listens,
        })
    }

    /// Whether what may have been sent can be told from what was not: what is made is looked for, and
    /// a change says how things are to be. A note cannot be told from another of the same words, and
    /// lines without ids are added, each time.
    pub(super) fn resends_safely(document: &Document) -> bool {
        let entity = Entity::of(&document.entity);
        match document.operation {
            Operation::Create => entity != Ok(Entity::Note),
            Operation::Upsert | Operation::Update => {
                entity != Ok(Entity::Note) && !body::adds_lines(document.body.get())
            }
            Operation::Cancel | Operation::Delete => true,
        }
    }

    pub(super) async fn deliver(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Answer {
        let mut found = Vec::new();
        let mut answer = match self.work(delivery, identities, &mut found).await {
            Ok(done) => {
                let verdict = Verdict::Delivered { target_id: done.id };
                let mut answer = Answer::of(verdict, done.status, Health::Well);
                answer.attempt.detail = shorten(&done.what, super::DETAIL_BYTES_MAX);
                answer.written = done.written;
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
