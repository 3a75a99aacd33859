//! A place in the document, or in the payload where it begins with `payload:`.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Looked;
use crate::exact::{Found, Pattern, PatternError, decimal};

/// `/lines/*/quantity` of the document, or `payload:/total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    payload: bool,
    pattern: Pattern,
}

impl Place {
    /// All values there; none where there is no such thing.
    pub(super) fn find<'l, 'a>(&self, at: &Looked<'l, 'a>) -> Vec<Found<'l, 'a>> {
        let root = if self.payload { at.payload } else { Some(at.body) };
        root.map(|root| self.pattern.find(root)).unwrap_or_default()
    }

    /// The sum of the amounts there; none where there is nothing, or what is there is no amount.
    pub(super) fn sum(&self, at: &Looked<'_, '_>) -> Option<Decimal> {
        let found = self.find(at);
        if found.is_empty() {
            return None;
        }
        found.iter().try_fold(Decimal::ZERO, |sum, it| sum.checked_add(decimal(it.node)?))
    }
}

impl FromStr for Place {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        match text.strip_prefix("payload:") {
            Some(pattern) => Ok(Self { payload: true, pattern: pattern.parse()? }),
            None => Ok(Self { payload: false, pattern: text.parse()? }),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.payload { "payload:" } else { "" }, self.pattern)
    }
}
