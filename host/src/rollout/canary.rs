//! A candidate that a share of the resources gets, the same ones each time.
//!
//! A resource's place among ten thousand is a hash of merchant, plugin and resource key: not of the
//! event, so all of its events get the same version; not of the candidate or the share, so whoever
//! has the candidate keeps it while the share grows. The hash is sha256 over lengths and parts and
//! will not change: after a restart, or under another build, every resource is where it was.

use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::journal::rollouts::CanaryRow;
use crate::plugin::Plugin;

/// All resources, in parts.
const WHOLE: u32 = 10_000;

/// A share that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share: write a percentage like 5% or 0.25%, above 0 and up to 100")]
pub struct ShareError(String);

/// A share of the resources, to the hundredth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// Of ten thousand.
    #[must_use]
    pub fn parts(self) -> u32 {
        self.0
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let wrong = || ShareError(text.to_owned());
        let percent: Decimal =
            text.trim().trim_end_matches('%').trim().parse().map_err(|_| wrong())?;
        let parts = percent.checked_mul(Decimal::ONE_HUNDRED).ok_or_else(wrong)?;
        let parts = parts.is_integer().then(|| parts.to_u32()).flatten();
        parts.filter(|parts| (1..=WHOLE).contains(parts)).map(Self).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", Decimal::new(i64::from(self.0), 2).normalize())
    }
}

/// A candidate with its share.
#[derive(Debug)]
pub struct Canary {
    /// As the journal has it.
    pub row: CanaryRow,
    /// The version, or why it cannot be had; then everybody gets the one in use.
    pub version: Result<Plugin, String>,
}

impl Canary {
    pub(super) fn new(row: CanaryRow, version: Result<Plugin, String>) -> Self {
        Self { row, version }
    }

    /// The share in words.
    #[must_use]
    pub fn share(&self) -> Share {
        Share(self.row.share)
    }

    /// What is told of it.
    #[must_use]
    pub fn account(&self) -> Value {
        let version = self.version.as_ref();
        json!({
            "merchant": self.row.merchant,
            "plugin": self.row.plugin,
            "candidate": self.row.candidate,
            "version": version.ok().map(Plugin::version),
            "fault": version.err(),
            "share": self.share().to_string(),
            "since": self.row.at,
            "who": self.row.who,
            "why": self.row.why,
        })
    }

    /// The candidate, for a resource that gets it.
    pub(super) fn for_resource(&self, resource: &str) -> Option<&Plugin> {
        let CanaryRow { merchant, plugin, share, .. } = &self.row;
        let version = self.version.as_ref().ok()?;
        (place(merchant, plugin, resource) < *share).then_some(version)
    }
}

/// Where a resource stands among ten thousand.
fn place(merchant: &str, plugin: &str, resource: &str) -> u32 {
    let mut hasher = Sha256::new();
    for part in [merchant, plugin, resource] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let hash = hasher.finalize();
    let head: [u8; 8] = hash[..8].try_into().expect("a hash is longer");
    u32::try_from(u64::from_be_bytes(head) % u64::from(WHOLE)).expect("it is below ten thousand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_and_nothing_else() {
        for (text, parts) in [("5%", 500), ("5", 500), ("0.25 %", 25), ("100%", 10_000)] {
            assert_eq!(text.parse::<Share>().map(Share::parts), Ok(parts), "{text}");
        }
        for wrong in ["", "0%", "101%", "-5%", "0.001%", "five", "5%%%x", "1e3"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
        assert_eq!("0.50%".parse::<Share>().unwrap().to_string(), "0.5%");
    }

    /// These numbers are a promise: who has the candidate keeps it, whatever build looks.
    #[test]
    fn a_resource_has_its_place_for_ever_and_places_are_even() {
        assert_eq!(place("acme", "rules", "order/1"), 1_221);
        let within = (0..10_000).filter(|n| place("acme", "rules", &format!("order/{n}")) < 500);
        let within = within.count();
        assert!((400..600).contains(&within), "5% of 10,000 orders are {within}");
        let other = (0..10_000)
            .filter(|n| {
                let order = format!("order/{n}");
                place("acme", "rules", &order) < 500 && place("acme", "other", &order) < 500
            })
            .count();
        assert!(other < 60, "not the same orders for each plugin: {other}");
    }
}
