//! What a merchant says of polling a shop, decoded once, with every limit in its type.
//!
//! ```toml
//! [connections.shop]
//! api = { consumer_key = { env = "ACME_KEY" }, consumer_secret = { env = "ACME_SECRET" } }
//!
//! [connections.shop.poll]
//! every_s = 60
//! ```
//! Without `api` a shop is not polled. What is left out of `poll` has the values below.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde::de::Error as _;

use super::shop::check_base;
use crate::secret::{self, Secret, SecretSource};

/// `api = { .. }`: the keys that WooCommerce made for this host (WooCommerce, Settings, Advanced,
/// REST API; `Read/Write` if webhooks are to be switched on again, `Read` otherwise).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// `ck_..`.
    pub consumer_key: SecretSource,
    /// `cs_..`.
    pub consumer_secret: SecretSource,
}

/// What a connection says of polling, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where the shop is.
    pub base_url: Url,
    /// `api`.
    pub api: ApiConfig,
    /// `[connections.NAME.poll]`, or what holds without it.
    pub config: PollConfig,
}

impl Section {
    /// Puts a connection's keys together.
    ///
    /// # Errors
    /// Where `base_url` is not to be trusted with keys; the text says why.
    pub fn new(base_url: &str, api: ApiConfig, config: PollConfig) -> Result<Self, String> {
        Ok(Self { base_url: check_base(base_url)?, api, config })
    }

    /// Reads the keys. `base` is the folder that relative files start from.
    ///
    /// # Errors
    /// Where one of them cannot be had.
    pub fn open(&self, base: &Path) -> Result<Opened, secret::Error> {
        let consumer_key = self.api.consumer_key.resolve(base)?;
        let consumer_secret = self.api.consumer_secret.resolve(base)?;
        let keys = Keys { consumer_key, consumer_secret };
        Ok(Opened { base_url: self.base_url.clone(), keys, config: self.config.clone() })
    }
}

/// A [`Section`] with its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// See [`Section::base_url`].
    pub base_url: Url,
    /// The keys.
    pub keys: Keys,
    /// See [`Section::config`].
    pub config: PollConfig,
}

/// The resolved [`ApiConfig`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// See [`ApiConfig::consumer_key`].
    pub consumer_key: Secret,
    /// See [`ApiConfig::consumer_secret`].
    pub consumer_secret: Secret,
}

/// `[connections.NAME.poll]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PollConfig {
    /// What is polled; without it, whatever a route takes.
    pub entities: Option<BTreeSet<Entity>>,
    /// Between two polls of orders and of products.
    pub every_s: Bounded<1, 86_400>,
    /// Between two looks through all customers, whose list cannot be asked for changes.
    pub customers_every_s: Bounded<1, 604_800>,
    /// How far a poll goes back behind the greatest version stored. It has to cover clocks that
    /// differ inside of the shop and orders that were being saved while the last poll ran.
    pub overlap_s: Bounded<0, 604_800>,
    /// Rows asked for at once. Two pages share a row, so one row is not enough.
    pub page_size: Bounded<2, 100>,
    /// Requests to this shop, all kinds together.
    pub requests_per_minute: Bounded<1, 6_000>,
    /// How long one answer may take.
    pub timeout_ms: Bounded<100, 600_000>,
    /// Where the very first poll begins; without it, a day before the shop's own time.
    pub since: Option<Timestamp>,
    /// Between two looks at the shop's webhooks.
    pub webhooks_every_s: Bounded<1, 86_400>,
    /// Whether a webhook that the shop switched off is switched on again.
    pub reenable_webhooks: bool,
    /// Whether refunds are fetched, which an order only names.
    pub refunds: bool,
    /// With this many events of the merchant not yet ended, polls come ten times as seldom and
    /// backfills wait.
    pub backlog_max: Bounded<1, 10_000_000>,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            entities: None,
            // The delay of a webhook is up to a minute where all is well.
            every_s: Bounded(60),
            customers_every_s: Bounded(6 * 3600),
            overlap_s: Bounded(300),
            page_size: Bounded(50),
            // A cheap shop answers one such request in half a second.
            requests_per_minute: Bounded(60),
            // Fifty orders of a slow shop take some seconds.
            timeout_ms: Bounded(60_000),
            since: None,
            webhooks_every_s: Bounded(300),
            reenable_webhooks: false,
            refunds: true,
            backlog_max: Bounded(5_000),
        }
    }
}

impl PollConfig {
    /// The pause between two polls of an entity.
    pub(super) fn every(&self, entity: Entity) -> Duration {
        match entity {
            Entity::Orders | Entity::Products => self.every_s.seconds(),
            Entity::Customers => self.customers_every_s.seconds(),
        }
    }
}

/// A whole number between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Bounded<MIN, MAX> {
    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    pub(super) fn seconds(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(from)?;
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            _ => Err(D::Error::custom(format!("{number} is not between {MIN} and {MAX}"))),
        }
    }
}

/// What a shop has lists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// `/orders`.
    Orders,
    /// `/products`, without their variations, which the shop lists by product only.
    Products,
    /// `/customers`, registered ones.
    Customers,
}

impl Entity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Orders, Self::Products, Self::Customers];

    /// The word in URLs and in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Customers => "customers",
        }
    }

    /// The word in topics and resource keys.
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::Orders => "order",
            Self::Products => "product",
            Self::Customers => "customer",
        }
    }

    /// The entity of a word, if it is one.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.as_str() == word)
    }

    /// Whether its list can be asked for what changed after a time.
    pub(super) fn filters_by_change(self) -> bool {
        self != Self::Customers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_value_and_what_cannot_be_is_refused() {
        let config: PollConfig = toml::from_str("every_s = 5\nentities = [\"orders\"]").unwrap();
        assert_eq!((config.every_s.get(), config.page_size.get()), (5, 50));
        for (text, said) in [
            ("page_size = 101", "between 2 and 100"),
            ("page_size = 1", "between 2 and 100"),
            ("requests_per_minute = 0", "between 1"),
            ("every_s = -1", "-1 is not"),
            ("entities = [\"order\"]", "orders"),
            ("since = \"yesterday\"", "yesterday"),
            ("evry_s = 1", "unknown field"),
        ] {
            let error = toml::from_str::<PollConfig>(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
