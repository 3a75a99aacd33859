//! How far comparisons under way have come, for whoever waits for one.
//!
//! A request that compares may bring a name of its own making; while it runs, its progress is told under
//! that name. When the request ends, or whoever asked goes away, the comparison stops and the name is
//! forgotten. Nothing of it is kept: a comparison costs seconds and can be asked for again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Comparisons under way that have a name; more run without one.
const NAMED_MAX: usize = 64;
/// The longest name: a UUID and a little more.
const NAME_BYTES_MAX: usize = 64;

/// One comparison, for those who run it and those who look.
#[derive(Debug, Default)]
pub struct Watched {
    /// Events compared.
    pub done: AtomicU64,
    /// Events there are to compare.
    pub total: AtomicU64,
    /// Set when nobody waits any more.
    pub stop: AtomicBool,
}

/// How far one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Events compared.
    pub done: u64,
    /// Events there are to compare, as far as is known.
    pub total: u64,
}

/// All of them. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Comparisons {
    named: Arc<Mutex<BTreeMap<Name, Arc<Watched>>>>,
}

/// Whose, and what they call it.
type Name = (String, String);

/// One under way; dropped when its request ends.
#[derive(Debug)]
pub struct UnderWay {
    watched: Arc<Watched>,
    of: Comparisons,
    name: Option<Name>,
}

impl Comparisons {
    /// Begins one. A name that is taken, or one too many, is told to nobody.
    #[must_use]
    pub fn begin(&self, merchant: &str, name: Option<&str>) -> UnderWay {
        let watched = Arc::new(Watched::default());
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name
            .filter(|name| (1..=NAME_BYTES_MAX).contains(&name.len()) && named.len() < NAMED_MAX)
            .map(|name| (merchant.to_owned(), name.to_owned()))
            .filter(|name| !named.contains_key(name));
        if let Some(name) = &name {
            named.insert(name.clone(), Arc::clone(&watched));
        }
        UnderWay { watched, of: self.clone(), name }
    }

    /// How far the one of this name is.
    #[must_use]
    pub fn progress(&self, merchant: &str, name: &str) -> Option<Progress> {
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = named.get(&(merchant.to_owned(), name.to_owned()))?;
        Some(Progress {
            done: watched.done.load(Ordering::Relaxed),
            total: watched.total.load(Ordering::Relaxed),
        })
    }
}

impl UnderWay {
    /// For whoever does the work.
    #[must_use]
    pub fn watched(&self) -> Arc<Watched> {
        Arc::clone(&self.watched)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.watched.stop.store(true, Ordering::Relaxed);
        if let Some(name) = &self.name {
            self.of.named.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_told_while_it_runs_and_stops_with_its_request() {
        let all = Comparisons::default();
        let one = all.begin("acme", Some("a"));
        let watched = one.watched();
        watched.total.store(7, Ordering::Relaxed);
        watched.done.fetch_add(3, Ordering::Relaxed);
        assert_eq!(all.progress("acme", "a"), Some(Progress { done: 3, total: 7 }));
        assert_eq!(all.progress("bravo", "a"), None, "names are a merchant's own");
        let twin = all.begin("acme", Some("a"));
        drop(twin);
        assert!(all.progress("acme", "a").is_some(), "a name that is taken is not taken away");
        drop(one);
        assert!(watched.stop.load(Ordering::Relaxed));
        assert_eq!(all.progress("acme", "a"), None);
        let many: Vec<_> = (0..100).map(|n| all.begin("acme", Some(&n.to_string()))).collect();
        assert_eq!(all.named.lock().unwrap().len(), NAMED_MAX);
        drop(many);
        assert!(all.named.lock().unwrap().is_empty());
    }
}
