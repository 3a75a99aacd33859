//! What surrounds a payload (merchant, topic, times, ids), read from `context.toml` or derived.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::input::{Unreadable, hint, read_toml};
use crate::ingress;

/// The keys of `context.toml`.
const KEYS: [&str; 13] = [
    "merchant",
    "route",
    "source",
    "target",
    "topic",
    "resource_key",
    "event_id",
    "correlation_id",
    "source_version_time",
    "received_at",
    "attempt",
    "previous_status",
    "attributes",
];

/// When an event is received that says nothing of its time.
const RECEIVED_AT: &str = "2026-01-01T00:00:00Z";

/// Everything a plugin may know beside payload, settings, tables and checkpoint. What is `None` is
/// derived from the payload when it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Circumstances {
    pub(crate) merchant: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) resource_key: Option<String>,
    pub(crate) event_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) source_version_time: Option<Timestamp>,
    pub(crate) received_at: Option<Timestamp>,
    pub(crate) attempt: Option<u32>,
    pub(crate) previous_status: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Circumstances {
    /// Reads a `context.toml`.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let mut out = Self::default();
        for (key, value) in read_toml(path)? {
            let wrong = |what: &str| Unreadable::sense(path, format!("`{key}` must be {what}"));
            let text = || match &value {
                toml::Value::String(text) => Ok(text.clone()),
                _ => Err(wrong("a string")),
            };
            let time = || {
                let text = match &value {
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Datetime(time) => time.to_string(),
                    _ => String::new(),
                };
                text.parse::<Timestamp>()
                    .map_err(|_| wrong("a time with its zone, as 2026-11-22T02:15:06Z"))
            };
            match key.as_str() {
                "merchant" => out.merchant = Some(text()?),
                "route" => out.route = Some(text()?),
                "source" => out.source = Some(text()?),
                "target" => out.target = Some(text()?),
                "topic" => out.topic = Some(text()?),
                "resource_key" => out.resource_key = Some(text()?),
                "event_id" => out.event_id = Some(text()?),
                "correlation_id" => out.correlation_id = Some(text()?),
                "source_version_time" => out.source_version_time = Some(time()?),
                "received_at" => out.received_at = Some(time()?),
                "attempt" => {
                    let attempt = value.as_integer().and_then(|number| u32::try_from(number).ok());
                    out.attempt = match attempt {
                        Some(attempt) if attempt > 0 => Some(attempt),
                        _ => return Err(wrong("a whole number from 1")),
                    };
                }
                "previous_status" => out.previous_status = Some(text()?),
                "attributes" => {
                    let table = value.as_table().ok_or_else(|| wrong("a table of strings"))?;
                    for (name, value) in table {
                        let value = value.as_str().ok_or_else(|| wrong("a table of strings"))?;
                        out.attributes.push((name.clone(), value.to_owned()));
                    }
                }
                unknown => {
                    let hint = hint(unknown, &KEYS);
                    return Err(Unreadable::sense(
                        path,
                        format!("unknown key `{unknown}`; {hint}"),
                    ));
                }
            }
        }
        Ok(out)
    }

    /// The topic, `order.updated` when nobody says.
    pub(crate) fn topic(&self) -> &str {
        self.topic.as_deref().unwrap_or("order.updated")
    }

    /// What the event is about, as ingress would call it: the topic's resource and the payload's
    /// `id`, or `0` where it has none.
    pub(crate) fn resource_key(&self, payload: &[u8]) -> String {
        if let Some(key) = &self.resource_key {
            return key.clone();
        }
        ingress::resource_key(self.topic(), payload).unwrap_or_else(|| {
            let resource = self.topic().split('.').next().unwrap_or_default();
            format!("{resource}/0")
        })
    }

    /// When the source last changed the resource.
    pub(crate) fn source_version_time(&self, payload: &Value) -> Option<Timestamp> {
        self.source_version_time.or_else(|| {
            let text = payload.get("date_modified_gmt")?.as_str()?;
            // WooCommerce writes UTC without saying so.
            text.parse().or_else(|_| format!("{text}Z").parse()).ok()
        })
    }

    /// "Now": when the payload was changed, unless said otherwise.
    pub(crate) fn received_at(&self, payload: &Value) -> Timestamp {
        self.received_at
            .or_else(|| self.source_version_time(payload))
            .unwrap_or_else(|| RECEIVED_AT.parse().expect("the constant is a time"))
    }

    /// A UUIDv7 that only depends on the time of receipt, the topic and the payload's bytes.
    pub(crate) fn event_id(&self, value: &Value, bytes: &[u8]) -> String {
        if let Some(id) = &self.event_id {
            return id.clone();
        }
        let digest = Sha256::new()
            .chain_update(self.topic())
            .chain_update([0])
            .chain_update(bytes)
            .finalize();
        let mut random = [0; 10];
        for (to, from) in random.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        let ms = u64::try_from(self.received_at(value).as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid().to_string()
    }
}

/// The topic that a captured webhook's header file says, when it lies beside its payload:
/// `032-order.headers` beside `032-order.json`.
pub(crate) fn topic_beside(payload_file: &Path) -> Option<String> {
    let headers = std::fs::read_to_string(payload_file.with_extension("headers")).ok()?;
    headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        (name.trim().eq_ignore_ascii_case("x-wc-webhook-topic") && !value.is_empty())
            .then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_not_said_follows_from_the_payload() {
        let payload = json!({"id": 27, "date_modified_gmt": "2026-11-22T02:14:44"});
        let known = Circumstances::default();
        assert_eq!(known.resource_key(payload.to_string().as_bytes()), "order/27");
        let long = br#"{"id": 98765432109876543210}"#;
        assert_eq!(known.resource_key(long), "order/98765432109876543210");
        assert_eq!(known.received_at(&payload).to_string(), "2026-11-22T02:14:44Z");
        let id = known.event_id(&payload, b"{}");
        assert_eq!(id, known.event_id(&payload, b"{}"));
        assert_ne!(id, known.event_id(&payload, b"{ }"));
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    }

    #[test]
    fn a_payload_that_says_nothing_has_a_fixed_time() {
        let known = Circumstances::default();
        assert_eq!(known.received_at(&json!([])).to_string(), RECEIVED_AT);
        assert_eq!(known.resource_key(b"\"text\""), "order/0");
    }

    #[test]
    fn a_typing_error_in_context_toml_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("context.toml");
        std::fs::write(&path, "recieved_at = \"2026-11-22T02:14:44Z\"").unwrap();
        let error = Circumstances::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("unknown key `recieved_at`; did you mean `received_at`?"),
            "{error}"
        );
        std::fs::write(&path, "attempt = 0").unwrap();
        let error = Circumstances::read(&path).unwrap_err().to_string();
        assert!(error.ends_with("`attempt` must be a whole number from 1"), "{error}");
    }
}
