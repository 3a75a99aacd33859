//! WooCommerce's payloads, read with shop manners (see [`crate::json`]).
//!
//! Amounts are [`Decimal`]s read from text, ids are [`Id`]s, what a model does not know is in its
//! `extra`. A missing text is `""`, a missing amount zero, except for the few fields without which
//! an order is none: `status`, `currency` and `total` must be there.

mod address;
mod customer;
mod models;
mod order;
mod product;

pub use models::{
    Address, Attribute, CouponLine, Customer, FeeLine, Image, LineItem, LineTax, Meta, Order,
    Product, Refund, ShippingLine, TaxLine, Term,
};

use std::borrow::Cow;

use serde::Deserialize;

pub use crate::json::{Extra, Id, Json};
use crate::json::{Lenient, model};
use crate::mapping::malformed;
pub use crate::money::Decimal;
use crate::{Refusal, Violation};

/// What a webhook's body can be.
#[derive(Debug, Clone)]
pub enum Body<T> {
    /// The resource as it stands.
    Present(Box<T>),
    /// The resource is gone: WooCommerce sends nothing but its id.
    Deleted(Id),
}

impl<T: for<'de> Deserialize<'de>> Body<T> {
    /// Reads a body.
    ///
    /// # Errors
    /// A rejection: `payload_not_json`; `source_error` for the signed error object that WooCommerce
    /// sends when the webhook's owner lost the right to read or the resource was gone;
    /// `payload_malformed` with the pointer of the field that is wrong.
    pub fn read(payload: &str) -> Result<Self, Refusal> {
        // Short bodies are where the exceptions are; an order never is that short.
        if payload.len() <= EXCEPTION_BYTES_MAX
            && let Some(exception) = exception(payload)
        {
            return exception.map(Self::Deleted);
        }
        serde_json::from_str(payload).map(Self::Present).map_err(|e| malformed(payload, &e))
    }
}

/// A body longer than this is a resource; the longest error object seen was 95 bytes, but its
/// message is translated and may quote.
const EXCEPTION_BYTES_MAX: usize = 2048;

/// Recognises the bodies that are no resource: `{"id": 27}` and error objects.
fn exception(payload: &str) -> Option<Result<Id, Refusal>> {
    let body: Probe = serde_json::from_str(payload).ok()?;
    if body.id.is_set() {
        return body.extra.iter().next().is_none().then_some(Ok(body.id));
    }
    (!body.code.is_empty()).then(|| {
        Err(Refusal::Rejected(vec![Violation {
            pointer: "/code".to_owned(),
            code: "source_error".to_owned(),
            message: format!(
                "the shop sent the error `{}` ({}) instead of the resource; check that the webhook's \
                 owner may still read it",
                body.code, body.message
            ),
        }]))
    })
}

model! {
    /// Enough of a body to tell what it is.
    pub struct Probe {
        /// There for every resource.
        pub id: Id,
        /// An error's name.
        pub code: String,
        /// An error's text.
        pub message: String,
    }
}

/// The value of the first meta of that key, as text; nothing where it is missing, empty or no text.
fn meta_text<'a>(meta: &'a [Meta], key: &str) -> Option<Cow<'a, str>> {
    meta.iter().find(|m| m.key == key).and_then(|m| m.value.text()).filter(|t| !t.is_empty())
}

/// A time as WooCommerce writes it: without an offset, in the shop's zone or (fields that end in
/// `_gmt`) in UTC; empty for "never".
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShopTime(pub String);

impl ShopTime {
    /// Whether there is a time.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The day, `YYYY-MM-DD`.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.0.get(..10)
    }

    /// A `_gmt` time as RFC 3339 in UTC. Wrong for times in the shop's zone.
    #[must_use]
    pub fn as_utc(&self) -> Option<String> {
        self.is_set().then(|| format!("{}Z", self.0.trim_end_matches('Z')))
    }
}

impl<'de> Lenient<'de> for ShopTime {
    fn lenient<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::lenient(deserializer).map(Self)
    }
}
