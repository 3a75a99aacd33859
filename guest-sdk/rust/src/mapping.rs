//! Field mapping: a payload becomes documents for the target.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::pricing::PriceLine;
use crate::woocommerce::{Body, Customer, Order, Product};
use crate::{Context, Refusal, json};

/// Turns a payload into documents.
pub trait FieldMapping {
    /// Maps one payload. The same context, input and lookup tables must give the same answer.
    ///
    /// # Errors
    /// A [`Refusal`] when the payload cannot be mapped, now or ever.
    fn transform(context: &Context, input: &MappingInput) -> Result<Mapped, Refusal>;
}

/// What is to be mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingInput {
    /// The payload as received, JSON text.
    pub payload: String,
    /// The target's status, when the route translates statuses.
    pub status: Option<String>,
    /// The priced lines, when the route has pricing.
    pub lines: Vec<PriceLine>,
    /// Open name and value pairs.
    pub attributes: Vec<(String, String)>,
}

impl MappingInput {
    /// The payload as a WooCommerce order.
    ///
    /// # Errors
    /// A rejection that says where: not JSON, not an order, or the error object that WooCommerce
    /// sends when the webhook's owner may no longer read the order.
    pub fn order(&self) -> Result<Body<Order>, Refusal> {
        Body::read(&self.payload)
    }

    /// The payload as a WooCommerce product or variation.
    ///
    /// # Errors
    /// As [`MappingInput::order`].
    pub fn product(&self) -> Result<Body<Product>, Refusal> {
        Body::read(&self.payload)
    }

    /// The payload as a WooCommerce customer.
    ///
    /// # Errors
    /// As [`MappingInput::order`].
    pub fn customer(&self) -> Result<Body<Customer>, Refusal> {
        Body::read(&self.payload)
    }

    /// The payload as a `T` of the plugin's own.
    ///
    /// # Errors
    /// A rejection with code `payload_malformed`.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Refusal> {
        serde_json::from_str(&self.payload).map_err(|e| malformed(&self.payload, &e))
    }

    /// The priced line of that id.
    #[must_use]
    pub fn line(&self, id: &str) -> Option<&PriceLine> {
        self.lines.iter().find(|line| line.id == id)
    }
}

/// The rejection for a payload that could not be read.
#[cold]
pub(crate) fn malformed(payload: &str, error: &serde_json::Error) -> Refusal {
    match serde_json::from_str::<serde::de::IgnoredAny>(payload) {
        Err(e) => {
            Refusal::rejected("", "payload_not_json", format!("the payload is not JSON: {e}"))
        }
        Ok(_) => {
            let (pointer, message) = json::place(error);
            Refusal::rejected(pointer, "payload_malformed", message)
        }
    }
}

/// The two good ends of a mapping.
#[derive(Debug, Clone)]
pub enum Mapped {
    /// There is something to deliver.
    Documents {
        /// Delivered in this order, each after the one before it.
        documents: Vec<Document>,
        /// Given back as [`Context::checkpoint`] the next time, once all are delivered.
        checkpoint: Option<String>,
    },
    /// There is rightly nothing to deliver, for this reason.
    Skipped(String),
}

impl Mapped {
    /// Documents to deliver, in order, nothing to remember.
    #[must_use]
    pub fn documents(documents: impl Into<Vec<Document>>) -> Self {
        Self::Documents { documents: documents.into(), checkpoint: None }
    }

    /// One document to deliver.
    #[must_use]
    pub fn document(document: Document) -> Self {
        Self::documents([document])
    }

    /// Nothing to deliver, and that is right.
    #[must_use]
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }

    /// Remembers something for the next event of this resource; without effect on a skip.
    ///
    /// # Panics
    /// When `value` cannot be JSON (a map with keys that are no strings).
    #[must_use]
    pub fn remember(mut self, value: &impl Serialize) -> Self {
        if let Self::Documents { checkpoint, .. } = &mut self {
            *checkpoint = Some(serde_json::to_string(value).expect("a checkpoint must be JSON"));
        }
        self
    }
}

/// What the target is asked to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make it; it must not exist yet.
    Create,
    /// Change it; it must exist.
    Update,
    /// Make it or change it, whichever is needed.
    Upsert,
    /// Call it off, keeping the record.
    Cancel,
    /// Take it away.
    Delete,
}

/// Something for the target.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// What it is in the target's words (`sale`).
    pub entity: String,
    /// Names this document for ever. Never empty.
    pub idempotency_key: String,
    /// What to do with it.
    pub operation: Operation,
    /// The body, JSON.
    pub body: Box<RawValue>,
    /// Open name and value pairs for the connector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
}

impl Document {
    fn new(entity: impl Into<String>, key: impl Into<String>, operation: Operation) -> Self {
        Self {
            entity: entity.into(),
            idempotency_key: key.into(),
            operation,
            body: RawValue::NULL.to_owned(),
            attributes: Vec::new(),
        }
        .body(&Empty {})
    }

    /// A document to be made; it must not exist yet under this key.
    #[must_use]
    pub fn create(entity: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(entity, key, Operation::Create)
    }

    /// A document to be changed; it must exist.
    #[must_use]
    pub fn update(entity: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(entity, key, Operation::Update)
    }

    /// A document to be made or changed, whichever is needed.
    #[must_use]
    pub fn upsert(entity: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(entity, key, Operation::Upsert)
    }

    /// A document to be called off in the target's own way.
    #[must_use]
    pub fn cancel(entity: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(entity, key, Operation::Cancel)
    }

    /// A document to be taken away.
    #[must_use]
    pub fn delete(entity: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(entity, key, Operation::Delete)
    }

    /// Its body; an empty object until this is called.
    ///
    /// # Panics
    /// When `body` cannot be JSON (a map with keys that are no strings).
    #[must_use]
    pub fn body(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::value::to_raw_value(body).expect("a document's body must be JSON");
        self
    }

    /// Adds a pair for the connector.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }
}

#[derive(Serialize)]
struct Empty {}

/// Stands in a body for the id that the target gave to something else; the host puts it there at
/// delivery. Made by [`reference()`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    #[serde(rename = "$ref")]
    target: ReferenceTarget,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ReferenceTarget {
    entity: String,
    key: String,
}

/// A reference to something in the target: `{"$ref": {"entity": "party", "key": "WC-2"}}`.
#[must_use]
pub fn reference(entity: impl Into<String>, key: impl Into<String>) -> Reference {
    Reference { target: ReferenceTarget { entity: entity.into(), key: key.into() } }
}
