//! Routes: which events go through which plugins to which connection. Pure matching, nothing else.
//!
//! A route says nothing about how plugins run or documents travel; it only names them. Two routes
//! may take the same event, each on its own: they succeed and fail apart. Which events go before
//! which when there is more to do than can be done at once is said by [`Lane`]s.

use serde::Deserialize;

use crate::event::Origin;

/// How urgent a passage is. Lanes share a merchant's turns by [`Lane::weight`]: an urgent one goes
/// more often, and none of them waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Orders and stock: what costs money when it is late.
    Orders,
    /// What happens to an order afterwards: shipments, refunds.
    Fulfilment,
    /// Products, customers, coupons.
    Catalogue,
    /// What a person fetched from further back, whatever it is about.
    Backfill,
}

impl Lane {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Orders, Self::Fulfilment, Self::Catalogue, Self::Backfill];

    /// Turns of fifteen, while all lanes have work.
    #[must_use]
    pub fn weight(self) -> u32 {
        match self {
            Self::Orders => 8,
            Self::Fulfilment => 4,
            Self::Catalogue => 2,
            Self::Backfill => 1,
        }
    }

    /// The lane of a topic on a route that says nothing about it. What is not known is taken for
    /// urgent.
    #[must_use]
    pub fn of_topic(topic: &str) -> Self {
        match topic.split('.').next().unwrap_or_default() {
            "refund" | "shipment" | "fulfilment" => Self::Fulfilment,
            "product" | "customer" | "coupon" | "category" => Self::Catalogue,
            _ => Self::Orders,
        }
    }
}

/// One route as a merchant writes it under `[routes.NAME]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The connection events come from.
    pub from: String,
    /// The topics it takes (`order.updated`), or `order.*` for all of a resource.
    pub topics: Vec<String>,
    /// The connection documents go to.
    pub to: String,
    /// The plugin that maps fields.
    pub field_mapping: String,
    /// The plugin that translates status, if any.
    #[serde(default)]
    pub status_translation: Option<String>,
    /// The plugin that prices, if any.
    #[serde(default)]
    pub pricing: Option<String>,
    /// Orders in these statuses are kept back until they leave them, unless the target was sent an
    /// earlier version already.
    #[serde(default = "drafts")]
    pub skip_statuses: Vec<String>,
    /// What must hold of what its plugins answer, as written: `config` knows what it means.
    #[serde(default)]
    pub seatbelts: Option<serde_json::Value>,
    /// How urgent its events are, where their topic does not say it well.
    #[serde(default)]
    pub lane: Option<Lane>,
    /// Given to each of its plugins as JSON.
    #[serde(default = "no_settings")]
    pub settings: serde_json::Value,
}

fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// What nobody has placed yet: the block checkout saves an order before its customer has paid, or
/// even agreed. `pending` is not among them, because some shops reserve goods for an order that
/// waits for its payment (boleto, transfer): plugins decide that by a setting of their own, or a
/// route adds it here.
fn drafts() -> Vec<String> {
    ["auto-draft", "checkout-draft"].map(str::to_owned).to_vec()
}

impl Route {
    /// Whether it takes events of `topic` from `connection`.
    #[must_use]
    pub fn takes(&self, connection: &str, topic: &str) -> bool {
        self.from == connection && self.topics.iter().any(|pattern| matches(pattern, topic))
    }

    /// The lane of an event on this route. A backfill stays in its own, whatever the route says:
    /// history never goes before what happens now.
    #[must_use]
    pub fn lane_of(&self, topic: &str, origin: Origin) -> Lane {
        match origin {
            Origin::Backfill => Lane::Backfill,
            _ => self.lane.unwrap_or_else(|| Lane::of_topic(topic)),
        }
    }

    /// The plugins it names, each once, in the order they run.
    #[must_use]
    pub fn plugins(&self) -> Vec<&str> {
        let mut names = Vec::with_capacity(3);
        let stages = [
            self.status_translation.as_deref(),
            self.pricing.as_deref(),
            Some(&*self.field_mapping),
        ];
        for name in stages.into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// `order.*` takes every topic of `order`; anything else is taken literally.
fn matches(pattern: &str, topic: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(resource) => {
            topic.strip_prefix(resource).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'))
        }
        None => pattern == topic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_literal_or_all_of_a_resource() {
        assert!(matches("order.created", "order.created"));
        assert!(!matches("order.created", "order.updated"));
        assert!(matches("order.*", "order.updated"));
        assert!(!matches("order.*", "orders.updated"));
        assert!(!matches("order.*", "order."));
    }

    #[test]
    fn orders_and_stock_go_before_the_catalogue_and_history_last() {
        for (topic, lane) in [
            ("order.updated", Lane::Orders),
            ("stock.changed", Lane::Orders),
            ("refund.created", Lane::Fulfilment),
            ("product.updated", Lane::Catalogue),
            ("customer.created", Lane::Catalogue),
            ("coupon.deleted", Lane::Catalogue),
        ] {
            assert_eq!(Lane::of_topic(topic), lane, "{topic}");
        }
        let written = r#"{"from": "shop", "topics": ["product.*"], "to": "erp",
                          "field_mapping": "p", "lane": "orders"}"#;
        let route: Route = serde_json::from_str(written).unwrap();
        assert_eq!(route.lane_of("product.updated", Origin::Hook), Lane::Orders);
        assert_eq!(route.lane_of("order.created", Origin::Backfill), Lane::Backfill);
    }
}
