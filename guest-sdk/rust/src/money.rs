//! Money and quantities: decimals, never floats.
//!
//! [`Decimal`] has 28 significant digits and no way from `f64`, and
//! amounts in payloads are read from their JSON text, so `33.333333333333336` stays what it says
//! and `"254.56"` stays what it is.

use std::fmt;

use serde::{Serialize, Serializer};

pub use crate::decimal::{Decimal, RoundingStrategy};

/// Reads a decimal from text: `-12.34`, `1E-7`.
///
/// # Errors
/// When the text is no decimal number or does not fit.
pub fn parse(text: &str) -> Result<Decimal, NotDecimal> {
    let text = text.trim();
    // `rust_decimal` passes over underscores: `10_50` in a price list is a slip, not 1050.
    if text.contains('_') {
        return Err(NotDecimal(text.chars().take(40).collect()));
    }
    Decimal::read(text).ok_or_else(|| NotDecimal(text.chars().take(40).collect()))
}

/// The text that was no decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDecimal(pub String);

impl fmt::Display for NotDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a decimal number", self.0)
    }
}

impl std::error::Error for NotDecimal {}

/// Rounds half away from zero, as tax offices and WooCommerce do, to exactly `places` decimals.
#[must_use]
pub fn round(amount: Decimal, places: u32) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    rounded
}

/// How many decimals a currency has (ISO 4217).
#[must_use]
pub fn decimals_of(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// A decimal as a JSON number, digit by digit and never through a float, for targets that want
/// numbers instead of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JsonNumber(pub Decimal);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::value::RawValue::from_string(self.0.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// An amount with its currency. Serialised as `{"amount": "254.56", "currency": "BRL"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what: ISO 4217, upper case.
    pub currency: String,
}

impl Money {
    /// An amount of a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: impl Into<String>) -> Self {
        Self { amount, currency: currency.into() }
    }

    /// Rounded to the decimals of its currency.
    #[must_use]
    pub fn rounded(&self) -> Self {
        Self::new(round(self.amount, decimals_of(&self.currency)), self.currency.clone())
    }

    /// The sum; nothing when the currencies differ or the sum does not fit.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        self.amount.checked_add(other.amount).map(|sum| Self::new(sum, self.currency.clone()))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut money = serializer.serialize_struct("Money", 2)?;
        money.serialize_field("amount", &self.amount)?;
        money.serialize_field("currency", &self.currency)?;
        money.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, parse, round};

    #[test]
    fn a_decimal_keeps_every_digit_of_its_text() {
        for text in ["254.56", "33.333333333333336", "-0.77", "0.10", "1500.00"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse(" 1.5E+3 ").unwrap().to_string(), "1500");
        for text in ["", "abc", "1,5", "0x10", "NaN", "1.2345678901235E+99", "1_000", "1_0e2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero_at_exactly_the_places_asked() {
        for (amount, places, rounded) in [
            ("2.345", 2, "2.35"),
            ("-2.345", 2, "-2.35"),
            ("2", 2, "2.00"),
            ("0.00005", 4, "0.0001"),
        ] {
            assert_eq!(round(parse(amount).unwrap(), places).to_string(), rounded);
        }
    }

    #[test]
    fn money_of_two_currencies_does_not_add_up() {
        let brl = Money::new(parse("1.00").unwrap(), "BRL");
        let eur = Money::new(parse("1.00").unwrap(), "EUR");
        assert_eq!(brl.plus(&eur), None);
        assert_eq!(brl.plus(&brl).unwrap().to_string(), "2.00 BRL");
    }
}
