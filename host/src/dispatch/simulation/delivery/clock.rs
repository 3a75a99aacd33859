//! A clock that stands still until it is told to go on.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use crate::delivery::{Clock, Waiting};

/// Clones are the same clock.
#[derive(Debug, Clone)]
pub(super) struct SimClock(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: Instant,
    sleepers: BTreeMap<(Instant, u64), Waker>,
    number: u64,
}

impl SimClock {
    pub(super) fn new() -> Self {
        let inner = Inner { now: Instant::now(), sleepers: BTreeMap::new(), number: 0 };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// When the next sleeper wakes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.inner().sleepers.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn go_on_to(&self, at: Instant) {
        let mut inner = self.inner();
        assert!(at >= inner.now, "time goes on");
        inner.now = at;
        while let Some(entry) = inner.sleepers.first_entry()
            && entry.key().0 <= at
        {
            entry.remove().wake();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl Clock for SimClock {
    fn now(&self) -> Instant {
        self.inner().now
    }

    fn sleep_until(&self, at: Instant) -> Waiting<()> {
        let mut inner = self.inner();
        inner.number += 1;
        Box::pin(Sleep { clock: self.clone(), key: (at, inner.number) })
    }
}

struct Sleep {
    clock: SimClock,
    key: (Instant, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.clock.inner();
        if inner.now >= self.key.0 {
            return Poll::Ready(());
        }
        inner.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.inner().sleepers.remove(&self.key);
    }
}
