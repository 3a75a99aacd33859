//! A polite pace: requests to one shop keep a distance, whoever makes them.
//!
//! There are no bursts: a shop on a shared server feels twenty requests at once, however many it
//! may take in a minute. An answer that says when to come again moves everybody's next turn.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A shop that says it wants to be left alone for longer is asked again after this.
const HOLD_MAX: Duration = Duration::from_secs(3600);

/// The turns of one shop.
#[derive(Debug)]
pub(super) struct Pace {
    distance: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let distance = Duration::from_secs(60) / requests_per_minute.max(1);
        Self { distance, next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn. Turns are given in the order in which they are asked for.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        // Whoever holds the lock waits with it; the others queue behind, fairly.
        sleep_until(*next).await;
        *next = Instant::now() + self.distance;
    }

    /// Nobody asks before `wait` has passed.
    pub(super) async fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(HOLD_MAX);
        let mut next = self.next.lock().await;
        *next = (*next).max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn turns(pace: &Pace, count: u32) -> Duration {
        let started = Instant::now();
        for _ in 0..count {
            pace.turn().await;
        }
        started.elapsed()
    }

    #[tokio::test]
    async fn turns_keep_their_distance_and_a_hold_moves_them() {
        let pace = Pace::new(6_000);
        assert!(turns(&pace, 11).await >= Duration::from_millis(100));
        pace.hold(Duration::from_millis(80)).await;
        assert!(turns(&pace, 1).await >= Duration::from_millis(80));
        pace.hold(Duration::MAX).await;
        assert!(*pace.next.lock().await <= Instant::now() + HOLD_MAX);
    }
}
