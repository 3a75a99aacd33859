//! Pricing: the lines of an order get the prices of the merchant's rules.

use serde::Serialize;

use crate::money::Decimal;
use crate::{Context, Refusal};

/// Prices the lines of an order.
pub trait Pricing {
    /// Returns the lines in the order given, each under its own id.
    ///
    /// # Errors
    /// A [`Refusal`] when they cannot be priced.
    fn reprice(context: &Context, lines: Vec<PriceLine>) -> Result<Vec<PriceLine>, Refusal>;
}

/// One priced line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PriceLine {
    /// The line's id in the payload.
    pub id: String,
    /// The SKU; empty where the line has none.
    pub sku: String,
    /// How many.
    pub quantity: Decimal,
    /// The price of one, before tax.
    pub unit_price: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// Open name and value pairs (`product_id`, `subtotal`, `total`, `tax_class`).
    pub attributes: Vec<(String, String)>,
}

impl PriceLine {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Sets an attribute, replacing the one of that name.
    pub fn set_attribute(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(n, _)| n == name) {
            Some(pair) => pair.1 = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }
}
