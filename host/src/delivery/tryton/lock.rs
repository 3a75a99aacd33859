//! One attempt at a time for each document of a target.
//!
//! Two orders of one customer both carry the customer: without this, both would look, find nothing,
//! and make a party each. It holds within this process; across processes Tryton's own unique keys
//! hold (`party.code`), and a shared lease when there is one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type Gate = tokio::sync::Mutex<()>;

/// The gates of a target; those nobody stands at are forgotten.
#[derive(Debug, Default)]
pub(super) struct Locks {
    gates: Mutex<HashMap<(String, String), Weak<Gate>>>,
}

impl Locks {
    /// Waits until nobody else works on this thing.
    pub(super) async fn lock(&self, model: &str, key: &str) -> OwnedMutexGuard<()> {
        let gate = {
            let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            if gates.len() > 64 {
                gates.retain(|_, gate| gate.strong_count() > 0);
            }
            let place = gates.entry((model.to_owned(), key.to_owned())).or_default();
            place.upgrade().unwrap_or_else(|| {
                let gate = Arc::new(Gate::default());
                *place = Arc::downgrade(&gate);
                gate
            })
        };
        gate.lock_owned().await
    }
}
