//! What travels the road: the few nouns that every stage shares, and nothing else.
//!
//! An [`Event`] is one accepted payload. Plugins turn it into [`Document`]s, each leaving a
//! [`Receipt`]. Nothing here does any work; a type that only one stage needs lives in that stage.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Names an event for ever: a UUIDv7 in its hyphenated text form, so ids sort by time of receipt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub String);

impl EventId {
    /// A fresh id for an event received now.
    #[must_use]
    pub fn fresh() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an event came to us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The source told us.
    #[default]
    Hook,
    /// We asked the source what had changed.
    Poll,
    /// A person asked for what lies further back.
    Backfill,
}

impl Origin {
    /// The word for it in logs and screens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Poll => "poll",
            Self::Backfill => "backfill",
        }
    }
}

/// One accepted payload, as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Position in the journal, from 1, without meaning outside of it.
    pub seq: u64,
    /// The id people and other systems know it by.
    pub id: EventId,
    /// Follows the event from ingress to the target.
    pub correlation_id: String,
    /// The merchant it belongs to.
    pub merchant: String,
    /// The connection it came in by.
    pub connection: String,
    /// The topic in the source's own words (`order.updated`).
    pub topic: String,
    /// What it is about, unique within the connection (`order/27`).
    pub resource_key: String,
    /// When the source last changed the resource, where the source says so.
    pub version: Option<Timestamp>,
    /// When the host accepted it: the one stamp of wall time on the road.
    pub received_at: Timestamp,
    /// How it came.
    pub origin: Origin,
    /// The bytes as received.
    pub body: Bytes,
}

/// An event on its way into the journal, which gives it its `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// See [`Event::id`].
    pub id: EventId,
    /// See [`Event::correlation_id`].
    pub correlation_id: String,
    /// See [`Event::merchant`].
    pub merchant: String,
    /// See [`Event::connection`].
    pub connection: String,
    /// See [`Event::topic`].
    pub topic: String,
    /// See [`Event::resource_key`].
    pub resource_key: String,
    /// See [`Event::version`].
    pub version: Option<Timestamp>,
    /// See [`Event::received_at`].
    pub received_at: Timestamp,
    /// See [`Event::origin`].
    pub origin: Origin,
    /// See [`Event::body`].
    pub body: Bytes,
}

/// What the target is asked to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make it.
    Create,
    /// Change it.
    Update,
    /// Make it or change it, whichever is needed.
    Upsert,
    /// Call it off, keeping the record.
    Cancel,
    /// Take it away.
    Delete,
}

/// What a plugin made for the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    /// What it is in the target's words (`sale`).
    pub entity: String,
    /// The same key is the same document, however often it is sent.
    #[serde(rename = "idempotency_key")]
    pub key: String,
    /// What to do with it.
    pub operation: Operation,
    /// JSON text, `$ref`s unresolved.
    pub body: Box<serde_json::value::RawValue>,
    /// Open pairs for the connector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
    /// The key of the request where that is not the document's own: a correction is another request
    /// about the same document, which a target that keeps keys must not take for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_key: Option<String>,
}

/// One priced line; amounts are decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// The line's id in the payload.
    pub id: String,
    /// Empty where the line has none.
    pub sku: String,
    /// How many.
    pub quantity: String,
    /// The price of one, before tax.
    pub unit_price: String,
    /// ISO 4217.
    pub currency: String,
    /// Open pairs.
    pub attributes: Vec<(String, String)>,
}

/// One fault in the input, placed exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) into the payload.
    pub pointer: String,
    /// Stable and machine-readable.
    pub code: String,
    /// One sentence for the person who has to mend it.
    pub message: String,
}

/// What one plugin call was and cost: who did the work, on what, with which result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// `field_mapping`, `pricing` or `status_translation`.
    pub capability: String,
    /// The plugin's name, as routes call it.
    pub plugin: String,
    /// The version its manifest gives.
    pub version: String,
    /// sha256 of its file, hex.
    pub digest: String,
    /// sha256 of the settings it was given, hex.
    pub settings_digest: String,
    /// sha256 of what it answered, hex.
    pub output_digest: String,
    /// Fuel burnt.
    pub fuel: u64,
    /// Peak linear memory, bytes.
    pub memory_bytes: u64,
    /// Wall time of the call, instantiation included.
    pub duration_us: u64,
}
