//! How much waits, told by the dispatcher and asked by whoever brings more: so that polling slows
//! down and a backfill holds still before there is more than can be delivered. Intake never asks:
//! what a shop sends is always taken.
//!
//! A passage counts from when the dispatcher first sees its event until it ends. After a start the
//! number grows while the journal is read; after a change of routes it is counted anew. A look
//! costs a short lock and a few loads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;

/// `[backlog]` in `mapwright.toml`: from how many waiting passages of a merchant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Polls come at longer intervals.
    pub slow_polling_at: u64,
    /// Backfills hold still.
    pub hold_backfill_at: u64,
}

impl Default for Thresholds {
    /// A backfill holds still while all it brought still fits into a route's window (1024), so that
    /// it never keeps new events out of memory.
    fn default() -> Self {
        Self { slow_polling_at: 2_000, hold_backfill_at: 500 }
    }
}

/// See the head of the file.
#[derive(Debug, Default)]
pub struct Backlog {
    thresholds: Thresholds,
    total: AtomicU64,
    merchants: RwLock<HashMap<String, Arc<AtomicU64>>>,
}

impl Backlog {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, ..Self::default() }
    }

    /// Passages of a merchant that wait or are walked.
    #[must_use]
    pub fn of(&self, merchant: &str) -> u64 {
        let merchants = self.merchants.read().unwrap_or_else(PoisonError::into_inner);
        merchants.get(merchant).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Passages of all merchants.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Whether a merchant's shop should be polled less often.
    #[must_use]
    pub fn slows_polling(&self, merchant: &str) -> bool {
        self.of(merchant) >= self.thresholds.slow_polling_at
    }

    /// Whether a merchant's backfill should wait.
    #[must_use]
    pub fn holds_backfill(&self, merchant: &str) -> bool {
        self.of(merchant) >= self.thresholds.hold_backfill_at
    }

    /// Some passages were found.
    pub(crate) fn add(&self, merchant: &str, passages: u64) {
        if passages > 0 {
            self.count(merchant).fetch_add(passages, Ordering::Relaxed);
            self.total.fetch_add(passages, Ordering::Relaxed);
        }
    }

    /// One ended. Never below nothing: what ends while it is being counted anew was not counted.
    pub(crate) fn end_one(&self, merchant: &str) {
        let less = |count: u64| count.checked_sub(1);
        let count = self.count(merchant);
        if count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            let _total = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// A merchant's passages will be counted anew.
    pub(crate) fn forget(&self, merchant: &str) {
        let had = self.count(merchant).swap(0, Ordering::Relaxed);
        let less = |total: u64| Some(total.saturating_sub(had));
        let _total = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn count(&self, merchant: &str) -> Arc<AtomicU64> {
        let known = self.merchants.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get(merchant) {
            return Arc::clone(count);
        }
        drop(known);
        let mut merchants = self.merchants.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(merchants.entry(merchant.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_merchant_is_held_back_by_its_own_backlog_only() {
        let backlog = Backlog::new(Thresholds { slow_polling_at: 3, hold_backfill_at: 2 });
        backlog.add("acme", 2);
        assert!(backlog.holds_backfill("acme") && !backlog.slows_polling("acme"));
        assert!(!backlog.holds_backfill("bazar"));
        backlog.add("acme", 1);
        backlog.add("bazar", 1);
        assert!(backlog.slows_polling("acme"));
        assert_eq!((backlog.of("acme"), backlog.of("bazar"), backlog.total()), (3, 1, 4));
        backlog.end_one("acme");
        assert!(!backlog.slows_polling("acme"));
        backlog.forget("acme");
        backlog.end_one("acme");
        assert_eq!((backlog.of("acme"), backlog.total()), (0, 1));
    }
}
