//! What a merchant writes under `[routes.NAME.seatbelts]`.
//!
//! Places are JSON Pointers into the document, with `*` for each of a list; `payload:/..` is one into
//! the payload. An empty `entity` means every document that has the place. What is written takes the
//! place of the same part of the ready set; an empty list switches it off.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::place::Place;
use super::ready::Ready;
use crate::exact::Pattern;

/// The longest time a rate is about: retention may have taken what came before.
const RATE_WINDOW_S_MAX: u32 = 30 * 24 * 3600;

/// The belts of a route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seatbelts {
    /// The set behind what is written here.
    pub ready: Option<Ready>,
    /// Sums that must be equal.
    pub totals: Option<Vec<Totals>>,
    /// The currency stays the shop's.
    pub currency: Option<Currency>,
    /// Quantities are not below a minimum.
    pub quantities: Option<Quantities>,
    /// Prices have a floor, and discounts a ceiling.
    pub prices: Option<Prices>,
    /// The document has what was ordered.
    pub skus: Option<Skus>,
    /// Fields that must hold something.
    pub required: Option<Vec<Required>>,
    /// JSON Schemas of documents.
    pub schemas: Option<Vec<Schema>>,
    /// Which status may follow which.
    pub statuses: Option<Statuses>,
    /// The most documents of one event.
    pub documents_max: Option<u32>,
    /// The most documents of one resource in a time.
    pub rate: Option<Rate>,
}

/// No more documents of a resource than this are sent in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// So many.
    pub documents: u32,
    /// In so many seconds; an hour unless said otherwise.
    #[serde(default = "hour")]
    pub window_s: u32,
}

/// `lines` (quantity times price) `+ plus - minus` must be `equals - less`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// The documents; empty for all.
    #[serde(default)]
    pub entity: String,
    /// Each line; none where a sum stands in one place.
    #[serde(default)]
    pub lines: Option<Pattern>,
    /// Within a line; a line without one counts once.
    #[serde(default = "quantity")]
    pub quantity: Pattern,
    /// Within a line.
    #[serde(default = "unit_price")]
    pub price: Pattern,
    /// Added to the lines; what is not there is nothing.
    #[serde(default)]
    pub plus: Vec<Place>,
    /// Taken away from them.
    #[serde(default)]
    pub minus: Vec<Place>,
    /// What it must be, together.
    pub equals: Vec<Place>,
    /// Taken away from that.
    #[serde(default)]
    pub less: Vec<Place>,
    /// How much it may differ.
    #[serde(default = "cent")]
    pub tolerance: Decimal,
    /// How much more for each line: unit prices are rounded.
    #[serde(default = "cent")]
    pub tolerance_per_line: Decimal,
}

/// The currency of the document is that of the payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// The documents; empty for all.
    #[serde(default)]
    pub entity: String,
    /// Where it stands in the document; where there is none, nothing is compared.
    pub document: Place,
    /// Where it stands in the payload.
    #[serde(default = "payload_currency")]
    pub payload: Place,
}

/// Quantities are at least this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantities {
    /// The documents; empty for all.
    #[serde(default)]
    pub entity: String,
    /// Where they stand.
    pub places: Vec<Place>,
    /// The least.
    #[serde(default)]
    pub minimum: Decimal,
}

/// Prices of lines that have a SKU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The documents; empty for all.
    #[serde(default)]
    pub entity: String,
    /// Each line.
    pub lines: Pattern,
    /// Within a line.
    #[serde(default = "unit_price")]
    pub price: Pattern,
    /// Within a line; one without is no product and not looked at.
    #[serde(default = "sku")]
    pub sku: Pattern,
    /// The least that anything costs.
    #[serde(default)]
    pub floor: Option<Decimal>,
    /// The most that may be taken off the shop's own price, in percent.
    #[serde(default)]
    pub discount_max_percent: Option<Decimal>,
    /// The lines of the payload, whose `subtotal` by `quantity` is the shop's own price.
    #[serde(default = "payload_lines")]
    pub payload_lines: Pattern,
}

/// What was ordered is what the document has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skus {
    /// The documents; empty for all that have any.
    #[serde(default)]
    pub entity: String,
    /// Where they stand in the document.
    pub document: Place,
    /// Where they stand in the payload; lines without one are not looked at.
    #[serde(default = "payload_skus")]
    pub payload: Place,
    /// Others that the document may have (freight, a product for what has no SKU); `*` for any.
    #[serde(default)]
    pub others: Vec<String>,
}

/// Fields that must be there and hold something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The documents.
    pub entity: String,
    /// Where; each of several must hold something.
    pub fields: Vec<Pattern>,
}

/// A JSON Schema of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The documents.
    pub entity: String,
    /// The schema itself.
    pub schema: serde_json::Value,
}

/// Whose words a status is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusOf {
    /// The shop's.
    #[default]
    Source,
    /// The target's.
    Target,
}

/// Which status may follow which. The same again always may.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statuses {
    /// Whose words.
    #[serde(default)]
    pub of: StatusOf,
    /// From a status to those that may follow. `(new)` is a resource that was never delivered, `*`
    /// any status without a line of its own; what has neither may become anything.
    pub edges: BTreeMap<String, Vec<String>>,
}

fn hour() -> u32 {
    3600
}

fn cent() -> Decimal {
    Decimal::new(1, 2)
}

fn place(text: &str) -> Place {
    text.parse().expect("the constant is a place")
}

fn pattern(text: &str) -> Pattern {
    text.parse().expect("the constant is a pointer")
}

fn quantity() -> Pattern {
    pattern("/quantity")
}

fn unit_price() -> Pattern {
    pattern("/unit_price")
}

fn sku() -> Pattern {
    pattern("/sku")
}

fn payload_lines() -> Pattern {
    pattern("/line_items/*")
}

fn payload_currency() -> Place {
    place("payload:/currency")
}

fn payload_skus() -> Place {
    place("payload:/line_items/*/sku")
}

impl Seatbelts {
    /// These, and the ready set where they say nothing.
    pub(super) fn over_ready(&self) -> Self {
        let behind = self.ready.map(Ready::belts).unwrap_or_default();
        let own = self.clone();
        Self {
            ready: own.ready,
            totals: own.totals.or(behind.totals),
            currency: own.currency.or(behind.currency),
            quantities: own.quantities.or(behind.quantities),
            prices: own.prices.or(behind.prices),
            skus: own.skus.or(behind.skus),
            required: own.required.or(behind.required),
            schemas: own.schemas.or(behind.schemas),
            statuses: own.statuses.or(behind.statuses),
            documents_max: own.documents_max.or(behind.documents_max),
            rate: own.rate.or(behind.rate),
        }
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        let fault = |belt, message: &str| Err(Fault { belt, message: message.to_owned() });
        for totals in self.totals.iter().flatten() {
            if totals.equals.is_empty() {
                return fault(
                    "totals",
                    "`equals` names nothing that the sum could be held against",
                );
            }
            if totals.lines.is_none() && totals.plus.is_empty() {
                return fault("totals", "there is nothing to add up; name `lines` or `plus`");
            }
            if totals.tolerance.is_sign_negative() || totals.tolerance_per_line.is_sign_negative() {
                return fault("totals", "a tolerance below zero allows nothing at all");
            }
        }
        if let Some(prices) = &self.prices {
            let percent = prices.discount_max_percent.unwrap_or_default();
            if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
                return fault("prices", "`discount_max_percent` goes from 0 to 100");
            }
        }
        if self.documents_max == Some(0) {
            return fault("documents_max", "with 0 no event could ever be delivered");
        }
        if let Some(Rate { documents, window_s }) = self.rate {
            if documents == 0 {
                return fault("rate", "with 0 documents no event could ever be delivered");
            }
            if !(1..=RATE_WINDOW_S_MAX).contains(&window_s) {
                return fault("rate", "`window_s` goes from 1 second to 30 days (2592000)");
            }
        }
        Ok(())
    }
}
