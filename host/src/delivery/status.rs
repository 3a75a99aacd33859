//! HTTP statuses as people write them in configuration: `200`, `"2xx"`, `"500-599"`.

use serde::{Deserialize, Deserializer, de};

/// Some neighbouring statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    first: u16,
    last: u16,
}

/// A list of statuses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Statuses(Vec<StatusRange>);

impl Statuses {
    /// A list of `(first, last)` pairs, both included.
    pub(super) fn new(ranges: &[(u16, u16)]) -> Self {
        Self(ranges.iter().map(|&(first, last)| StatusRange { first, last }).collect())
    }

    /// Whether the status is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| (range.first..=range.last).contains(&status))
    }
}

impl StatusRange {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (first, last) = if let Some(class) = text.strip_suffix("xx") {
            let class: u16 = class.parse().ok()?;
            (class.checked_mul(100)?, class.checked_mul(100)?.checked_add(99)?)
        } else if let Some((first, last)) = text.split_once('-') {
            (first.trim().parse().ok()?, last.trim().parse().ok()?)
        } else {
            let one = text.parse().ok()?;
            (one, one)
        };
        (100..=599).contains(&first).then_some(())?;
        (first..=599).contains(&last).then_some(Self { first, last })
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = StatusRange;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an HTTP status: 200, \"2xx\" or \"500-599\"")
            }

            fn visit_i64<E: de::Error>(self, status: i64) -> Result<StatusRange, E> {
                self.visit_str(&status.to_string())
            }

            fn visit_u64<E: de::Error>(self, status: u64) -> Result<StatusRange, E> {
                self.visit_str(&status.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<StatusRange, E> {
                StatusRange::parse(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_people_write_them() {
        let list: Statuses = serde_json::from_str(r#"[200, "3xx", "500-503"]"#).unwrap();
        for (status, inside) in
            [(200, true), (201, false), (302, true), (499, false), (503, true), (504, false)]
        {
            assert_eq!(list.contains(status), inside, "{status}");
        }
        for wrong in ["\"2x\"", "99", "\"600-700\"", "\"300-200\"", "\"655xx\"", "-1"] {
            let error = serde_json::from_str::<StatusRange>(wrong).unwrap_err().to_string();
            assert!(error.contains("an HTTP status"), "{wrong}: {error}");
        }
    }
}
