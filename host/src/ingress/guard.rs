//! The guard against loops: which resources change far more often than anybody changes them.
//!
//! A shop can loop: reading an order while a webhook is built writes it, which fires the webhook
//! again. Bodies that say the same are dropped before they become events; a loop that changes
//! something each time is not. So bodies are counted per resource, over a sliding window, and a
//! resource beyond its share is *noisy*: a person is told, and its events go on at the pace that
//! the share allows. None is dropped: they wait in the journal, in order.
//!
//! It costs a look into one map for each body, and at most a few megabytes: numbers of
//! [`RESOURCES_MAX`] resources, the quiet ones forgotten first. After a restart it counts anew. It
//! has no clock: the caller says what time it is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Resources counted at the same time.
const RESOURCES_MAX: usize = 10_000;
/// With so few bodies a resource is forgotten first when room is needed.
const QUIET_BODIES: u32 = 2;

/// How often one resource may change before it is noisy, as `merchant.toml` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Share {
    /// So many bodies of one resource ..
    pub bodies_max: u32,
    /// .. in so many seconds.
    pub window_s: u32,
}

impl Default for Share {
    /// One each ten seconds for ten minutes: nobody edits an order like that, and hardly any
    /// product sells like that.
    fn default() -> Self {
        Self { bodies_max: 60, window_s: 600 }
    }
}

impl Share {
    fn window(self) -> Duration {
        Duration::from_secs(u64::from(self.window_s.max(1)))
    }

    /// From one body of a noisy resource to the next.
    fn pace(self) -> Duration {
        self.window() / self.bodies_max.max(1)
    }
}

/// A resource that changes too often, for screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noisy {
    /// Whose.
    pub merchant: String,
    /// Where it comes in.
    pub connection: String,
    /// What it is.
    pub resource: String,
    /// How many bodies of it the window holds, about.
    pub bodies: u32,
    /// The window.
    pub window_s: u32,
}

/// Counts bodies per resource.
#[derive(Debug, Default)]
pub struct Guard {
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    merchant: String,
    connection: String,
    resource: String,
}

#[derive(Debug)]
struct Count {
    share: Share,
    /// When the present window began.
    began: Instant,
    bodies: u32,
    /// Bodies of the window before.
    before: u32,
    told: bool,
    /// By route, when the next event of it may go on.
    next: Vec<(String, Instant)>,
}

impl Guard {
    /// Counts a body. Answers the resource when this made it noisy, once until it is quiet again.
    pub fn count(
        &self,
        merchant: &str,
        connection: &str,
        resource: &str,
        share: Share,
        now: Instant,
    ) -> Option<Noisy> {
        let key = Key {
            merchant: merchant.to_owned(),
            connection: connection.to_owned(),
            resource: resource.to_owned(),
        };
        let mut counts = self.counts();
        if !counts.contains_key(&key) {
            make_room(&mut counts, now);
        }
        let count = counts.entry(key.clone()).or_insert_with(|| Count::new(share, now));
        count.share = share;
        count.roll(now);
        count.bodies = count.bodies.saturating_add(1);
        let noisy = count.is_noisy(now);
        let turned = noisy && !count.told;
        count.told = noisy;
        turned.then(|| count.noisy(key, now))
    }

    /// How long the next event of a resource has to wait on a route. None means that it may go on;
    /// the one after it will have to wait for its turn.
    #[must_use]
    pub fn pace(
        &self,
        merchant: &str,
        connection: &str,
        resource: &str,
        route: &str,
        now: Instant,
    ) -> Option<Duration> {
        let key = Key {
            merchant: merchant.to_owned(),
            connection: connection.to_owned(),
            resource: resource.to_owned(),
        };
        let mut counts = self.counts();
        let count = counts.get_mut(&key)?;
        if !count.is_noisy(now) {
            count.next.clear();
            return None;
        }
        let after = now + count.share.pace();
        match count.next.iter_mut().find(|(name, _)| name == route) {
            Some((_, next)) if *next > now => return Some(*next - now),
            Some((_, next)) => *next = after,
            None => count.next.push((route.to_owned(), after)),
        }
        None
    }

    /// The resources that are noisy now, the noisiest first.
    #[must_use]
    pub fn noisy(&self, now: Instant) -> Vec<Noisy> {
        let counts = self.counts();
        let mut noisy: Vec<Noisy> = counts
            .iter()
            .filter(|(_, count)| count.is_noisy(now))
            .map(|(key, count)| count.noisy(key.clone(), now))
            .collect();
        noisy.sort_by(|a, b| b.bodies.cmp(&a.bodies).then_with(|| a.resource.cmp(&b.resource)));
        noisy
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(counts: &mut HashMap<Key, Count>, now: Instant) {
    if counts.len() < RESOURCES_MAX {
        return;
    }
    counts.retain(|_, count| count.bodies_now(now) > QUIET_BODIES);
    if counts.len() >= RESOURCES_MAX {
        // So many busy resources are no loop: begin anew rather than look at all of them each time.
        counts.retain(|_, count| count.is_noisy(now));
        counts.shrink_to_fit();
    }
    if counts.len() >= RESOURCES_MAX {
        counts.clear();
    }
}

impl Count {
    fn new(share: Share, now: Instant) -> Self {
        Self { share, began: now, bodies: 0, before: 0, told: false, next: Vec::new() }
    }

    fn roll(&mut self, now: Instant) {
        let window = self.share.window();
        let age = now.saturating_duration_since(self.began);
        if age >= window * 2 {
            (self.began, self.before, self.bodies) = (now, 0, 0);
        } else if age >= window {
            (self.began, self.before, self.bodies) = (self.began + window, self.bodies, 0);
        }
    }

    /// Bodies in the window that ends now; what lies in the window before counts by how much of it
    /// is still covered.
    fn bodies_now(&self, now: Instant) -> u32 {
        let window = self.share.window().as_millis();
        let age = now.saturating_duration_since(self.began).as_millis();
        let part =
            |bodies: u32, age: u128| u128::from(bodies) * window.saturating_sub(age) / window;
        let bodies = if age < window {
            u128::from(self.bodies) + part(self.before, age)
        } else {
            part(self.bodies, age - window)
        };
        u32::try_from(bodies).unwrap_or(u32::MAX)
    }

    fn is_noisy(&self, now: Instant) -> bool {
        self.bodies_now(now) > self.share.bodies_max
    }

    fn noisy(&self, key: Key, now: Instant) -> Noisy {
        Noisy {
            merchant: key.merchant,
            connection: key.connection,
            resource: key.resource,
            bodies: self.bodies_now(now),
            window_s: self.share.window_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Share = Share { bodies_max: 3, window_s: 60 };

    fn count(guard: &Guard, resource: &str, now: Instant) -> Option<Noisy> {
        guard.count("acme", "shop", resource, SHARE, now)
    }

    #[test]
    fn a_resource_beyond_its_share_is_told_once_and_paced_per_route() {
        let (guard, mut now) = (Guard::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(count(&guard, "order/1", now), None);
            assert_eq!(guard.pace("acme", "shop", "order/1", "orders", now), None);
        }
        let noisy = count(&guard, "order/1", now).unwrap();
        assert_eq!((noisy.resource.as_str(), noisy.bodies), ("order/1", 4));
        assert_eq!(count(&guard, "order/1", now), None);
        // The first goes on, the next a third of the window later; other routes have turns of
        // their own, and other resources none.
        assert_eq!(guard.pace("acme", "shop", "order/1", "orders", now), None);
        let wait = guard.pace("acme", "shop", "order/1", "orders", now).unwrap();
        assert_eq!(wait, Duration::from_secs(20));
        assert_eq!(guard.pace("acme", "shop", "order/1", "ledger", now), None);
        assert_eq!(guard.pace("acme", "shop", "order/2", "orders", now), None);
        now += wait;
        assert_eq!(guard.pace("acme", "shop", "order/1", "orders", now), None);
        assert_eq!(guard.noisy(now).len(), 1);
    }

    #[test]
    fn it_is_quiet_again_when_the_loop_has_ended_and_told_again_when_it_begins_anew() {
        let (guard, mut now) = (Guard::default(), Instant::now());
        for _ in 0..5 {
            count(&guard, "order/1", now);
        }
        assert_eq!(guard.noisy(now).len(), 1);
        now += Duration::from_secs(130);
        assert!(guard.noisy(now).is_empty());
        assert_eq!(guard.pace("acme", "shop", "order/1", "orders", now), None);
        let told = (0..5).filter_map(|_| count(&guard, "order/1", now)).count();
        assert_eq!(told, 1);
    }

    #[test]
    fn a_pace_just_within_the_share_is_never_noisy() {
        let (guard, mut now) = (Guard::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(count(&guard, "order/1", now), None);
            now += Duration::from_millis(20_100);
        }
    }

    #[test]
    fn it_stays_small_and_does_not_forget_the_noisy() {
        let (guard, now) = (Guard::default(), Instant::now());
        for _ in 0..5 {
            count(&guard, "order/loop", now);
        }
        for n in 0..RESOURCES_MAX * 2 {
            count(&guard, &format!("order/{n}"), now);
        }
        assert!(guard.counts().len() <= RESOURCES_MAX);
        assert_eq!(guard.noisy(now)[0].resource, "order/loop");
    }
}
