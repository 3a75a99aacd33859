//! Routes: which events go through which plugins to which connection. Pure matching, nothing else.
//!
//! A route says nothing about how plugins run or documents travel; it only names them. Two routes
//! may take the same event, each on its own: they succeed and fail apart.

use serde::Deserialize;

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
}
