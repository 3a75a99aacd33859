//! Which passage is walked next: in order per resource, routes taking turns, bounded per route.
//!
//! ```text
//!            push                    next                      done
//!   journal ------> queue of (merchant, route, resource) ----> walk ----> next in queue
//!                          ^  only its head is ever walked      |
//!                          +---------------- again(due) --------+
//! ```
//!
//! Pure bookkeeping, no I/O and no clock: the caller says what time it is. An entry is a few words,
//! never a payload; bodies are read from the journal when a walk begins.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

/// What is kept in order: all events of one resource on one route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) merchant: Arc<str>,
    pub(super) route: Arc<str>,
    pub(super) resource: Arc<str>,
}

/// Merchant and route.
type RouteKey = (Arc<str>, Arc<str>);

impl Key {
    fn route(&self) -> RouteKey {
        (Arc::clone(&self.merchant), Arc::clone(&self.route))
    }
}

/// Passages not ended, of type `W`.
#[derive(Debug)]
pub(super) struct Schedule<W> {
    queues: HashMap<Key, Queue<W>>,
    /// Heads that may be walked, by route, and the routes in turn: each is in `turns` once while
    /// it has any.
    ready: HashMap<RouteKey, VecDeque<Key>>,
    turns: VecDeque<RouteKey>,
    timers: BinaryHeap<Reverse<(Instant, Key)>>,
    /// Routes whose gate lets nobody through until then.
    held: HashMap<RouteKey, Instant>,
    held_timers: BinaryHeap<Reverse<(Instant, RouteKey)>>,
    /// Heads that wait for a change of configuration.
    blocked: Vec<Key>,
    walking: HashMap<RouteKey, usize>,
    walking_max: usize,
    len: usize,
}

#[derive(Debug)]
struct Queue<W> {
    waiting: VecDeque<W>,
    head: Head,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Ready,
    Walking,
    Until(Instant),
    Blocked,
}

impl<W: Clone> Schedule<W> {
    /// At most `walking_max` passages of one route are walked at once, so that one slow target
    /// cannot hold every place.
    pub(super) fn new(walking_max: usize) -> Self {
        Self {
            queues: HashMap::new(),
            ready: HashMap::new(),
            turns: VecDeque::new(),
            timers: BinaryHeap::new(),
            held: HashMap::new(),
            held_timers: BinaryHeap::new(),
            blocked: Vec::new(),
            walking: HashMap::new(),
            walking_max,
            len: 0,
        }
    }

    /// Passages known and not ended.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds work behind what its key already has. `due` matters only for the head of a queue.
    pub(super) fn push(&mut self, key: Key, work: W, due: Option<Instant>) {
        self.len += 1;
        if let Some(queue) = self.queues.get_mut(&key) {
            queue.waiting.push_back(work);
            return;
        }
        let head = due.map_or(Head::Ready, Head::Until);
        self.queues.insert(key.clone(), Queue { waiting: VecDeque::from([work]), head });
        match due {
            Some(due) => self.timers.push(Reverse((due, key))),
            None => self.make_ready(key),
        }
    }

    /// The next head to walk, if any may be.
    pub(super) fn next(&mut self) -> Option<(Key, W)> {
        for _ in 0..self.turns.len() {
            let route = self.turns.pop_front()?;
            let walking = self.walking.get(&route).copied().unwrap_or(0);
            if walking >= self.walking_max || self.held.contains_key(&route) {
                self.turns.push_back(route);
                continue;
            }
            let keys = self.ready.get_mut(&route).expect("a route with a turn has ready keys");
            let key = keys.pop_front().expect("a route with a turn has ready keys");
            if keys.is_empty() {
                self.ready.remove(&route);
            } else {
                self.turns.push_back(route.clone());
            }
            self.walking.insert(route, walking + 1);
            let queue = self.queues.get_mut(&key).expect("a ready key has a queue");
            queue.head = Head::Walking;
            let work = queue.waiting.front().expect("a queue is never empty").clone();
            return Some((key, work));
        }
        None
    }

    /// The head of `key`, to be changed.
    pub(super) fn head_mut(&mut self, key: &Key) -> Option<&mut W> {
        self.queues.get_mut(key)?.waiting.front_mut()
    }

    /// The head of `key` ended; the one behind it may go.
    pub(super) fn ended(&mut self, key: &Key) {
        self.stopped_walking(key);
        let queue = self.queues.get_mut(key).expect("a walked key has a queue");
        queue.waiting.pop_front();
        self.len -= 1;
        if queue.waiting.is_empty() {
            self.queues.remove(key);
        } else {
            queue.head = Head::Ready;
            self.make_ready(key.clone());
        }
    }

    /// The head of `key` is to be walked again at `due`; what is behind it waits with it.
    pub(super) fn again(&mut self, key: &Key, due: Instant) {
        self.stopped_walking(key);
        self.queues.get_mut(key).expect("a walked key has a queue").head = Head::Until(due);
        self.timers.push(Reverse((due, key.clone())));
    }

    /// The gate of the route lets nobody through until then: the head of `key` stays the first of
    /// those that may go.
    pub(super) fn hold(&mut self, key: &Key, until: Instant) {
        self.stopped_walking(key);
        self.queues.get_mut(key).expect("a walked key has a queue").head = Head::Ready;
        let route = key.route();
        let keys = self.ready.entry(route.clone()).or_default();
        if keys.is_empty() {
            self.turns.push_back(route.clone());
        }
        keys.push_front(key.clone());
        self.held.insert(route.clone(), until);
        self.held_timers.push(Reverse((until, route)));
    }

    /// Somebody came back through the gate of this route: it may let others through now.
    pub(super) fn release(&mut self, key: &Key) {
        self.held.remove(&key.route());
    }

    /// The head of `key` cannot go until the configuration changes.
    pub(super) fn block(&mut self, key: &Key) {
        self.stopped_walking(key);
        self.queues.get_mut(key).expect("a walked key has a queue").head = Head::Blocked;
        self.blocked.push(key.clone());
    }

    /// The configuration changed: whatever waited for that may be tried.
    pub(super) fn unblock(&mut self) {
        self.held.clear();
        for key in std::mem::take(&mut self.blocked) {
            if let Some(queue) = self.queues.get_mut(&key)
                && queue.head == Head::Blocked
            {
                queue.head = Head::Ready;
                self.make_ready(key);
            }
        }
    }

    /// Makes ready what is due at `now`.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(Reverse((until, route))) = self.held_timers.peek() {
            let known = self.held.get(route) == Some(until);
            if known && *until > now {
                break;
            }
            if let Some(Reverse((_, route))) = self.held_timers.pop()
                && known
            {
                self.held.remove(&route);
            }
        }
        while let Some(Reverse((due, _))) = self.timers.peek() {
            if *due > now {
                break;
            }
            let Some(Reverse((due, key))) = self.timers.pop() else { break };
            if let Some(queue) = self.queues.get_mut(&key)
                && queue.head == Head::Until(due)
            {
                queue.head = Head::Ready;
                self.make_ready(key);
            }
        }
    }

    /// When to look again.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let due = self.timers.peek().map(|Reverse((due, _))| *due);
        let released = self.held_timers.peek().map(|Reverse((until, _))| *until);
        due.into_iter().chain(released).min()
    }

    fn make_ready(&mut self, key: Key) {
        let route = key.route();
        let keys = self.ready.entry(route.clone()).or_default();
        if keys.is_empty() {
            self.turns.push_back(route);
        }
        keys.push_back(key);
    }

    fn stopped_walking(&mut self, key: &Key) {
        let route = key.route();
        if let Some(walking) = self.walking.get_mut(&route) {
            *walking -= 1;
            if *walking == 0 {
                self.walking.remove(&route);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(merchant: &str, resource: &str) -> Key {
        Key { merchant: merchant.into(), route: "orders".into(), resource: resource.into() }
    }

    #[test]
    fn versions_of_one_resource_are_walked_one_after_the_other() {
        let mut schedule = Schedule::new(8);
        schedule.push(key("acme", "order/1"), 1, None);
        schedule.push(key("acme", "order/1"), 2, None);
        let (first, work) = schedule.next().unwrap();
        assert_eq!(work, 1);
        assert!(schedule.next().is_none(), "the second waits for the first");
        schedule.ended(&first);
        assert_eq!(schedule.next().unwrap().1, 2);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn a_retry_holds_back_what_is_behind_it_and_nothing_else() {
        let mut schedule = Schedule::new(8);
        let now = Instant::now();
        schedule.push(key("acme", "order/1"), 1, None);
        schedule.push(key("acme", "order/1"), 2, None);
        schedule.push(key("acme", "order/2"), 3, None);
        let (first, _) = schedule.next().unwrap();
        schedule.again(&first, now + Duration::from_secs(5));
        assert_eq!(schedule.next().unwrap().1, 3);
        assert!(schedule.next().is_none());
        assert_eq!(schedule.next_wake(), Some(now + Duration::from_secs(5)));
        schedule.wake(now);
        assert!(schedule.next().is_none());
        schedule.wake(now + Duration::from_secs(5));
        assert_eq!(schedule.next().unwrap().1, 1, "the same one again, not the one behind it");
    }

    #[test]
    fn a_merchant_with_a_thousand_orders_does_not_hold_up_one_with_one() {
        let mut schedule = Schedule::new(2000);
        for order in 0..1000 {
            schedule.push(key("big", &format!("order/{order}")), "big", None);
        }
        schedule.push(key("small", "order/1"), "small", None);
        let first_two = [schedule.next().unwrap().1, schedule.next().unwrap().1];
        assert!(first_two.contains(&"small"), "{first_two:?}");
    }

    #[test]
    fn a_slow_route_takes_no_more_than_its_places() {
        let mut schedule = Schedule::new(2);
        for order in 0..5 {
            schedule.push(key("acme", &format!("order/{order}")), order, None);
        }
        let (first, _) = schedule.next().unwrap();
        assert!(schedule.next().is_some());
        assert!(schedule.next().is_none(), "both places are taken");
        schedule.ended(&first);
        assert!(schedule.next().is_some());
    }

    #[test]
    fn a_gate_that_is_shut_holds_its_route_and_nobody_else() {
        let mut schedule = Schedule::new(8);
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(9));
        schedule.push(key("dead", "order/1"), 1, None);
        schedule.push(key("dead", "order/2"), 2, None);
        schedule.push(key("acme", "order/1"), 3, None);
        let (first, _) = schedule.next().unwrap();
        schedule.hold(&first, later);
        assert_eq!(schedule.next().unwrap().1, 3);
        assert!(schedule.next().is_none());
        assert_eq!(schedule.next_wake(), Some(later));
        schedule.wake(now);
        assert!(schedule.next().is_none());
        schedule.release(&first);
        assert_eq!(schedule.next().unwrap().1, 1, "the first is still the first");
        let (second, _) = schedule.next().unwrap();
        schedule.hold(&second, later);
        schedule.wake(later);
        assert_eq!(schedule.next().unwrap().1, 2);
    }

    #[test]
    fn what_is_blocked_waits_for_a_change_of_configuration() {
        let mut schedule = Schedule::new(2);
        schedule.push(key("acme", "order/1"), 1, None);
        let (first, _) = schedule.next().unwrap();
        schedule.block(&first);
        assert!(schedule.next().is_none());
        schedule.unblock();
        assert_eq!(schedule.next().unwrap().1, 1);
    }
}
