//! Who may send what where: the table that ingress looks up, replaced as a whole on each reload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::woocommerce::WooCommerce;

/// Every connection that payloads may come in by.
#[derive(Debug, Default)]
pub struct Sources {
    by_merchant: HashMap<String, HashMap<String, Source>>,
    /// Merchants whose connections are not known, each with the one answer for all of them.
    unavailable: HashMap<String, Source>,
}

/// A connection that payloads may come in by.
#[derive(Debug)]
pub enum Source {
    /// It listens.
    Listening(Listening),
    /// Its configuration is broken and there is no last good one: senders are told to come again.
    Unavailable {
        /// One sentence for a person.
        why: String,
    },
}

/// What is needed to take a payload in.
#[derive(Debug)]
pub struct Listening {
    pub(super) woocommerce: WooCommerce,
    pub(super) routes_by_topic: HashMap<String, Vec<String>>,
    pub(super) untrusted: Arc<Allowance>,
}

impl Sources {
    /// Adds or replaces a connection.
    pub fn insert(
        &mut self,
        merchant: impl Into<String>,
        connection: impl Into<String>,
        source: Source,
    ) {
        self.by_merchant.entry(merchant.into()).or_default().insert(connection.into(), source);
    }

    /// Whatever connection of this merchant is asked for is unavailable: its file is broken and
    /// never was good, so nobody knows what it has.
    pub fn insert_merchant_unavailable(&mut self, merchant: &str, why: &str) {
        self.unavailable.insert(merchant.to_owned(), Source::Unavailable { why: why.to_owned() });
    }

    /// Goes on counting where these were counting: a file that somebody has touched is no new hour.
    #[must_use]
    pub fn going_on_from(mut self, before: &Self) -> Self {
        #[expect(clippy::iter_over_hash_type, reason = "each is looked at by itself")]
        for (merchant, connections) in &mut self.by_merchant {
            for (name, source) in connections {
                let earlier = before.by_merchant.get(merchant).and_then(|it| it.get(name));
                if let (Source::Listening(now), Some(Source::Listening(earlier))) =
                    (source, earlier)
                {
                    now.untrusted = Arc::clone(&earlier.untrusted);
                }
            }
        }
        self
    }

    pub(super) fn get(&self, merchant: &str, connection: &str) -> Option<&Source> {
        self.by_merchant
            .get(merchant)
            .and_then(|connections| connections.get(connection))
            .or_else(|| self.unavailable.get(merchant))
    }
}

impl Source {
    /// A shop that listens. `routes_by_topic` names the routes that take each topic; an event whose
    /// topic is not there is accepted all the same.
    #[must_use]
    pub fn woocommerce(
        woocommerce: WooCommerce,
        routes_by_topic: impl IntoIterator<Item = (String, Vec<String>)>,
    ) -> Self {
        let mut routes_by_topic: HashMap<String, Vec<String>> =
            routes_by_topic.into_iter().collect();
        // The names go into the fingerprint: their order must not matter.
        #[expect(clippy::iter_over_hash_type, reason = "each is sorted by itself")]
        for routes in routes_by_topic.values_mut() {
            routes.sort_unstable();
            routes.dedup();
        }
        let untrusted = Arc::new(Allowance::new());
        Self::Listening(Listening { woocommerce, routes_by_topic, untrusted })
    }
}

/// How much of what nobody has signed is kept: anybody can send it, so it must not fill the disk.
#[derive(Debug)]
pub(super) struct Allowance {
    /// When the hour began, and what it has left.
    state: Mutex<(Instant, usize)>,
}

/// A mistyped secret in a busy shop stays far below this: 12,000 orders of 5 KB in an hour.
const UNTRUSTED_BYTES_PER_HOUR: usize = 64 * 1024 * 1024;
/// What a record costs besides its body.
const RECORD_BYTES: usize = 1024;
const HOUR: Duration = Duration::from_secs(3600);

impl Allowance {
    fn new() -> Self {
        Self { state: Mutex::new((Instant::now(), UNTRUSTED_BYTES_PER_HOUR)) }
    }

    /// Takes room for a record, if there is any left in this hour.
    pub(super) fn take(&self, body_bytes: usize) -> bool {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.0.elapsed() >= HOUR {
            *state = (Instant::now(), UNTRUSTED_BYTES_PER_HOUR);
        }
        match state.1.checked_sub(body_bytes + RECORD_BYTES) {
            Some(left) => {
                state.1 = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, SecretSource};

    fn one_shop() -> Sources {
        let config = super::super::woocommerce::Config {
            base_url: "https://shop.example".into(),
            webhook_secret: SecretSource::Env("A".into()),
            on_bad_signature: Default::default(),
            body_bytes_max: 1 << 20,
            resource_share: Default::default(),
        };
        let shop = WooCommerce::new(&config, &Secret::new("secret"));
        let mut sources = Sources::default();
        sources.insert("acme", "shop", Source::woocommerce(shop, []));
        sources
    }

    fn take(sources: &Sources, bytes: usize) -> bool {
        let Some(Source::Listening(shop)) = sources.get("acme", "shop") else { panic!() };
        shop.untrusted.take(bytes)
    }

    #[test]
    fn what_was_used_of_an_hour_stays_used_over_a_reload() {
        let before = one_shop();
        assert!(take(&before, UNTRUSTED_BYTES_PER_HOUR - 2 * RECORD_BYTES));
        assert!(!take(&before, 1));
        assert!(take(&one_shop(), 1));
        assert!(!take(&one_shop().going_on_from(&before), 1));
    }
}
