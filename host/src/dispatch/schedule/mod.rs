//! Which passage is walked next: in order per resource, fair between merchants, bounded per route.
//!
//! ```text
//!            push                        next                         ended
//!   feed ----------> window of a route ---------> walk -----------------------> gone
//!           merchant > lane > route > resource     |
//!                          ^                       |-- again(due, what is missing): parked
//!                          '-- wake, learnt -------'
//!                          '-- release ------------'-- hold: its target waits, and its route
//! ```
//!
//! Whose turn it is: the merchant who has had least (what a walk costs is told when it stops, and
//! guessed until then); of this merchant the lane, by weight; in the lane the routes in turn; of the
//! route the resource that waits longest. Of one resource only the oldest passage is ever walked.
//!
//! Pure bookkeeping, no I/O and no clock: the caller says what time it is and what a walk cost. A
//! passage takes some 200 bytes and its resource as many again, never a payload. However much is
//! open in the journal, no more than [`Limits`] says is here: 9216 passages of a route, and 100,000
//! of all with, once those are there, 128 more for each route; so some 40 MB and 50 KB for a route.

mod merchant;
#[cfg(test)]
mod tests;
mod window;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use self::merchant::Merchant;
use self::window::{Head, Hold, Window};
use crate::route::Lane;

/// What is kept in order: all events of one resource on one route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) merchant: Arc<str>,
    pub(super) route: Arc<str>,
    pub(super) resource: Arc<str>,
}

/// A thing in a target that a passage waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Missing {
    pub(super) merchant: Arc<str>,
    /// The connection to the target.
    pub(super) connection: Arc<str>,
    pub(super) entity: String,
    pub(super) key: String,
}

/// A merchant's connection to a target.
type TargetKey = (Arc<str>, Arc<str>);

/// How much may be here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Passages of one route walked at the same time, so that one slow target cannot hold every
    /// place.
    pub(super) walking_max: usize,
    /// Passages of one route that can go, or wait for one that can.
    pub(super) active_max: usize,
    /// Passages of one route that wait for a time or a thing, or for one that does. Beside the
    /// active ones, so that many of these do not keep the others out.
    pub(super) parked_max: usize,
    /// Passages of all routes.
    pub(super) pool_max: usize,
    /// What a route may have even so, of either kind, when others fill the pool.
    pub(super) floor: usize,
}

/// Whether a passage may be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Yes.
    Here,
    /// Once others have gone.
    Later,
    /// It would only wait here until then, and too many do: it waits elsewhere, and those behind it
    /// may go before it if they are of another resource.
    Aside(Instant),
}

impl Limits {
    pub(super) fn new(walking_max: usize) -> Self {
        Self { walking_max, active_max: 1024, parked_max: 8192, pool_max: 100_000, floor: 64 }
    }
}

/// A passage to be put in.
#[derive(Debug, Clone)]
pub(super) struct Entry<W> {
    pub(super) seq: u64,
    pub(super) lane: Lane,
    pub(super) work: W,
}

/// Passages not ended, of type `W`.
#[derive(Debug)]
pub(super) struct Schedule<W> {
    limits: Limits,
    merchants: HashMap<Arc<str>, Merchant<W>>,
    /// Merchants that may have something to walk; who has had least is first.
    order: BTreeSet<(u64, u64, Arc<str>)>,
    /// What the last one chosen had had: nobody who comes later starts below that.
    level: u64,
    turn: u64,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    /// Who waits for a thing.
    wanted: HashMap<Missing, Vec<Key>>,
    held: HashMap<TargetKey, Held>,
    len: usize,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Key(Key),
    Target(TargetKey),
}

/// Routes that wait for their target: one timer for all of them.
#[derive(Debug)]
struct Held {
    until: Instant,
    routes: Vec<Arc<str>>,
}

impl<W: Clone> Schedule<W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            merchants: HashMap::new(),
            order: BTreeSet::new(),
            level: 0,
            turn: 0,
            timers: BinaryHeap::new(),
            wanted: HashMap::new(),
            held: HashMap::new(),
            len: 0,
        }
    }

    /// Passages known and not ended.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether a passage that may go (`due` is none) or has to wait may be put in.
    pub(super) fn room(&self, key: &Key, due: Option<Instant>) -> Room {
        let limits = &self.limits;
        let (active, parked) = self.occupied(&key.merchant, &key.route);
        let full = active + parked >= limits.active_max + limits.parked_max;
        let fits = |has: usize, max: usize| {
            !full && has < if self.len < limits.pool_max { max } else { limits.floor.min(max) }
        };
        let waits = match self.window(key).and_then(|window| window.head(&key.resource)) {
            Some(Head::Until { due, .. }) => Some(*due),
            Some(Head::Ready | Head::Walking) => None,
            None => due,
        };
        match waits {
            Some(_) if fits(parked, limits.parked_max) => Room::Here,
            Some(until) => Room::Aside(until),
            None if fits(active, limits.active_max) => Room::Here,
            None => Room::Later,
        }
    }

    /// Whether it is worth while to read more for a route: half of its room is free.
    pub(super) fn is_hungry(&self, merchant: &str, route: &str) -> bool {
        let limits = &self.limits;
        let (active, parked) = self.occupied(merchant, route);
        let max = if self.len < limits.pool_max { limits.active_max } else { limits.floor };
        active <= max / 2 && active + parked < limits.active_max + limits.parked_max
    }

    pub(super) fn occupied(&self, merchant: &str, route: &str) -> (usize, usize) {
        let window = self.merchants.get(merchant).and_then(|m| m.routes.get(route));
        window.map_or((0, 0), Window::occupied)
    }

    /// Whether this passage is here.
    pub(super) fn holds(&self, key: &Key, seq: u64) -> bool {
        self.window(key).is_some_and(|window| window.holds(&key.resource, seq))
    }

    /// Whether this passage is being walked.
    pub(super) fn walks(&self, key: &Key, seq: u64) -> bool {
        self.window(key).is_some_and(|window| window.walks(&key.resource, seq))
    }

    /// Adds a passage in the place its number gives it. `due` matters only where it is alone.
    pub(super) fn push(&mut self, key: Key, entry: Entry<W>, due: Option<Instant>) {
        let merchant = self.merchants.entry(Arc::clone(&key.merchant)).or_default();
        let window = merchant.routes.entry(Arc::clone(&key.route)).or_default();
        if !window.push(&key.resource, entry, due) {
            return;
        }
        self.len += 1;
        match due {
            Some(due) => self.timers.push(Reverse((due, Timer::Key(key)))),
            None => self.offer(&key.merchant, &key.route),
        }
    }

    /// The next passage to walk, if any may be.
    pub(super) fn next(&mut self) -> Option<(Key, W)> {
        loop {
            let (spent, turn, name) = self.order.pop_first()?;
            let merchant = self.merchants.get_mut(&name).expect("who is in the order is known");
            let Some((route, resource)) = merchant.pick(self.limits.walking_max) else {
                merchant.in_order = false;
                continue;
            };
            self.level = self.level.max(spent);
            debug_assert_eq!((spent, turn), (merchant.spent, merchant.turn));
            self.turn += 1;
            merchant.turn = self.turn;
            let guess = merchant.guess;
            merchant.spent += guess;
            self.order.insert((merchant.spent, merchant.turn, Arc::clone(&name)));
            let window = merchant.routes.get_mut(&route).expect("it was just picked");
            let work = window.begin(&resource, guess);
            return Some((Key { merchant: name, route, resource }, work));
        }
    }

    /// The work of the oldest passage of `key`, to be changed.
    pub(super) fn head_mut(&mut self, key: &Key) -> Option<&mut W> {
        self.window_mut(key)?.head_mut(&key.resource)
    }

    /// The walk of `key` ended its passage; the one behind it may go.
    pub(super) fn ended(&mut self, key: &Key, cost: u64) {
        self.settle(key, cost);
        let window = self.window_mut(key).expect("a walked key has a window");
        window.ended(&key.resource);
        self.len -= 1;
        self.offer(&key.merchant, &key.route);
        self.tidy(key);
    }

    /// The passage is to be walked again at `due`, or as soon as something that it misses is there;
    /// what is behind it waits with it. Where too many wait, none of these stay here: then it
    /// answers the number of the first.
    #[must_use]
    pub(super) fn again(
        &mut self,
        key: &Key,
        due: Instant,
        missing: Vec<Missing>,
        cost: u64,
    ) -> Option<u64> {
        self.settle(key, cost);
        let (limits, pool) = (self.limits, self.len);
        let window = self.window_mut(key).expect("a walked key has a window");
        let (_, parked) = window.occupied();
        let max = if pool <= limits.pool_max { limits.parked_max } else { limits.floor };
        let aside = parked + window.len_of(&key.resource) > max;
        let first = if aside {
            let (first, len) = window.drop_walked(&key.resource);
            self.len -= len;
            Some(first)
        } else {
            for thing in &missing {
                self.wanted.entry(thing.clone()).or_default().push(key.clone());
            }
            let window = self.window_mut(key).expect("a walked key has a window");
            window.park(&key.resource, due, missing);
            self.timers.push(Reverse((due, Timer::Key(key.clone()))));
            None
        };
        self.offer(&key.merchant, &key.route);
        self.tidy(key);
        first
    }

    /// The walk of `key` did not begin, because its route cannot go until the configuration changes.
    pub(super) fn block(&mut self, key: &Key) {
        self.put_back(key, Hold::Configuration);
    }

    /// The walk of `key` did not begin, because nobody may go to the route's target before `until`.
    pub(super) fn hold(&mut self, key: &Key, connection: &Arc<str>, until: Instant) {
        self.put_back(key, Hold::Target);
        let target = (Arc::clone(&key.merchant), Arc::clone(connection));
        let held = self.held.entry(target.clone());
        let held = held.or_insert_with(|| Held { until, routes: Vec::new() });
        if held.routes.is_empty() || held.until != until {
            held.until = until;
            self.timers.push(Reverse((until, Timer::Target(target))));
        }
        held.routes.push(Arc::clone(&key.route));
    }

    /// There may be room at a target again: the routes that wait for it may ask.
    pub(super) fn release(&mut self, merchant: &Arc<str>, connection: &Arc<str>) {
        let target = (Arc::clone(merchant), Arc::clone(connection));
        for route in self.held.remove(&target).into_iter().flat_map(|held| held.routes) {
            self.let_go(merchant, &route);
        }
    }

    /// The configuration changed: all that waited for that, and all targets, may be tried.
    pub(super) fn unblock(&mut self) {
        self.held.clear();
        let all: Vec<(Arc<str>, Arc<str>)> = self
            .merchants
            .iter()
            .flat_map(|(name, merchant)| {
                merchant.routes.keys().map(|route| (Arc::clone(name), Arc::clone(route)))
            })
            .collect();
        for (merchant, route) in all {
            self.let_go(&merchant, &route);
        }
    }

    /// A thing is there now: who waits for it may go.
    pub(super) fn learnt(&mut self, thing: &Missing) {
        for key in self.wanted.remove(thing).unwrap_or_default() {
            self.rouse(&key, |_| true);
        }
    }

    /// When to call [`Schedule::wake`].
    pub(super) fn due(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((due, _))| *due)
    }

    /// Makes ready what is due at `now`.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.due().is_some_and(|due| due <= now) {
            match self.timers.pop() {
                Some(Reverse((due, Timer::Key(key)))) => self.rouse(&key, |until| until == due),
                Some(Reverse((due, Timer::Target(target)))) => {
                    if self.held.get(&target).is_some_and(|held| held.until == due) {
                        self.release(&target.0, &target.1);
                    }
                }
                None => break,
            }
        }
    }

    /// Makes a parked passage ready, if it is parked until a time that `suits`.
    fn rouse(&mut self, key: &Key, suits: impl FnOnce(Instant) -> bool) {
        let Some(window) = self.window_mut(key) else { return };
        match window.head(&key.resource) {
            Some(Head::Until { due, .. }) if suits(*due) => {}
            _ => return,
        }
        for thing in window.rouse(&key.resource) {
            if let Some(waiting) = self.wanted.get_mut(&thing) {
                waiting.retain(|other| other != key);
                if waiting.is_empty() {
                    self.wanted.remove(&thing);
                }
            }
        }
        self.offer(&key.merchant, &key.route);
    }

    fn put_back(&mut self, key: &Key, hold: Hold) {
        let merchant = self.merchants.get_mut(&key.merchant).expect("a walked key has a merchant");
        let window = merchant.routes.get_mut(&key.route).expect("a walked key has a window");
        let lane = window.put_back(&key.resource, hold);
        merchant.give_turn_back(lane);
        self.settle(key, 0);
    }

    fn let_go(&mut self, merchant: &Arc<str>, route: &Arc<str>) {
        let window = self.merchants.get_mut(merchant).and_then(|m| m.routes.get_mut(route));
        if let Some(window) = window {
            window.let_go();
            self.offer(merchant, route);
        }
    }

    /// Puts what a walk cost in the place of what was guessed.
    fn settle(&mut self, key: &Key, cost: u64) {
        let merchant = self.merchants.get_mut(&key.merchant).expect("a walked key has a merchant");
        let window = merchant.routes.get_mut(&key.route).expect("a walked key has a window");
        let guessed = window.guessed(&key.resource);
        let before = (merchant.spent, merchant.turn, Arc::clone(&key.merchant));
        merchant.settle(guessed, cost);
        if merchant.in_order {
            self.order.remove(&before);
            self.order.insert((merchant.spent, merchant.turn, before.2));
        }
    }

    /// Puts a route, and its merchant, in line where they have something to walk.
    fn offer(&mut self, name: &Arc<str>, route: &Arc<str>) {
        let Some(merchant) = self.merchants.get_mut(name) else { return };
        if merchant.offer(route, self.limits.walking_max) && !merchant.in_order {
            merchant.in_order = true;
            // Who had nothing to do has saved nothing up.
            merchant.spent = merchant.spent.max(self.level);
            self.order.insert((merchant.spent, merchant.turn, Arc::clone(name)));
        }
    }

    fn tidy(&mut self, key: &Key) {
        if let Some(merchant) = self.merchants.get_mut(&key.merchant)
            && merchant.routes.get(&key.route).is_some_and(Window::is_empty)
        {
            merchant.forget(&key.route);
        }
    }

    fn window(&self, key: &Key) -> Option<&Window<W>> {
        self.merchants.get(&key.merchant)?.routes.get(&key.route)
    }

    fn window_mut(&mut self, key: &Key) -> Option<&mut Window<W>> {
        self.merchants.get_mut(&key.merchant)?.routes.get_mut(&key.route)
    }
}
