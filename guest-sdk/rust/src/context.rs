//! What a plugin may know beside its input.

use serde::de::DeserializeOwned;

use crate::Refusal;

/// Everything the plugin may know of the event beside its payload. All times are RFC 3339 in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Whose event it is.
    pub merchant: String,
    /// The route being walked.
    pub route: String,
    /// The connection the event came from.
    pub source: String,
    /// The connection the documents go to.
    pub target: String,
    /// The topic in the source's own words (`order.updated`).
    pub topic: String,
    /// What the event is about, unique within the source (`order/27`).
    pub resource_key: String,
    /// The event's id.
    pub event_id: String,
    /// Follows the event from ingress to the target.
    pub correlation_id: String,
    /// When the source last changed the resource, where it says so.
    pub source_version_time: Option<String>,
    /// When the host accepted the event: the only "now" there is.
    pub received_at: String,
    /// Which attempt at mapping this event this is, from 1.
    pub attempt: u32,
    /// The route's settings, JSON text. Read them with [`Context::settings`].
    pub settings: String,
    /// What this plugin gave as checkpoint the last time this resource was delivered.
    pub checkpoint: Option<String>,
    /// Open name and value pairs.
    pub attributes: Vec<(String, String)>,
}

impl Context {
    /// The route's settings as a `T` of the plugin's own. Give optional fields `#[serde(default)]`.
    ///
    /// They are one table for all plugins of the route, so neither `T` nor the settings schema may
    /// refuse what it does not know; a key that no plugin of the route declares is refused by the
    /// host.
    ///
    /// # Errors
    /// [`Refusal::NotReady`] naming the setting that is missing or wrong: the event is as good as
    /// before once the merchant has mended the settings.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let text = if self.settings.trim().is_empty() { "{}" } else { &self.settings };
        serde_json::from_str(text).map_err(|e| {
            Refusal::not_ready(format!(
                "the settings of route `{}` do not suit this plugin: {e}; mend `settings` there",
                self.route
            ))
        })
    }

    /// The last checkpoint as a `T`, none the first time.
    ///
    /// # Errors
    /// [`Refusal::NotReady`] when there is one that is not a `T`.
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Refusal> {
        self.checkpoint.as_deref().map(serde_json::from_str).transpose().map_err(|e| {
            Refusal::not_ready(format!(
                "the checkpoint of `{}` cannot be read: {e}",
                self.resource_key
            ))
        })
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The UTC day on which the event was received, `YYYY-MM-DD`.
    #[must_use]
    pub fn received_date(&self) -> &str {
        self.received_at.get(..10).unwrap_or_default()
    }
}
