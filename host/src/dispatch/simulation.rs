//! A simulation of feed and schedule against a model of the journal, on a clock of its own.
//!
//! Each run is a small world made from a seed: merchants, routes, resources, parents that come
//! late, targets that go down, walks that end or wait, routes taken away and given back, crashes
//! that leave nothing but the journal. While it runs, order per resource and all bounds are held;
//! at the end everything that was accepted has ended, once. A failure names its seed:
//! `MAPWRIGHT_SEED=.. cargo test -p mapwright --lib simulation` runs that one world again, and
//! `MAPWRIGHT_RUNS=..` runs more of them.

#![expect(
    clippy::cast_possible_truncation,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "numbers are small, names plain, and a run says how much it did"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use super::feed::{Feed, Page, Passage, Routing};
use super::schedule::{Entry, Key, Limits, Missing, Schedule};
use crate::route::Lane;

const RUNS: u64 = 200;
const PAGE_EVENTS: usize = 7;
const ARRIVALS_MAX: usize = 9;
const IN_FLIGHT_MAX: usize = 8;
const LIMITS: Limits =
    Limits { walking_max: 3, active_max: 8, parked_max: 6, pool_max: 30, floor: 3 };
/// No world needs so many; one that does has lost a wake-up and turns in circles.
const STEPS_MAX: usize = 50_000;
/// When something that waits for its parent would come again by itself.
const FAR: Duration = Duration::from_secs(1_000_000);

/// An event as the model of the journal has it.
#[derive(Debug)]
struct Event {
    seq: u64,
    merchant: usize,
    resource: u64,
    /// `b` is taken by one route only.
    topic: char,
    lane: Lane,
    /// The resource whose first event has to be delivered before.
    parent: Option<u64>,
    open: bool,
    /// Passages by route: until when they wait, or that they ended.
    passages: BTreeMap<String, State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Until(Instant),
    Ended,
}

/// What stands in the schedule: the event, and the routes that took it when it was planned.
type Work = (u64, Arc<[String]>);

#[derive(Debug)]
struct Walk {
    key: Key,
    seq: u64,
    planned: Arc<[String]>,
    ends: Instant,
}

#[derive(Debug)]
struct World {
    rng: Rng,
    now: Instant,
    // What a crash leaves.
    events: Vec<Event>,
    delivered: BTreeSet<(usize, u64)>,
    // What it does not.
    schedule: Schedule<Work>,
    feed: Feed,
    begun: bool,
    walks: Vec<Walk>,
    arrivals: VecDeque<u64>,
    missed: BTreeSet<usize>,
    // The world outside.
    merchants: usize,
    /// Until when a merchant's target is down.
    down: BTreeMap<usize, Instant>,
    /// Merchants whose second route is taken away, or that have no configuration.
    without: BTreeSet<usize>,
    homeless: BTreeSet<usize>,
    /// Merchants whose routes were ever changed.
    changed: BTreeSet<usize>,
    to_accept: usize,
    crashes: usize,
    /// Walks ended before their parked time by the delivery of a parent.
    woken: usize,
    set_aside: usize,
}

fn name(merchant: usize) -> String {
    format!("m{merchant}")
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let merchants = rng.usize(1..5);
        let to_accept = rng.usize(1..250);
        Self {
            now: Instant::now(),
            events: Vec::new(),
            delivered: BTreeSet::new(),
            schedule: Schedule::new(LIMITS),
            feed: Feed::default(),
            begun: false,
            walks: Vec::new(),
            arrivals: VecDeque::new(),
            missed: BTreeSet::new(),
            merchants,
            down: BTreeMap::new(),
            without: BTreeSet::new(),
            homeless: BTreeSet::new(),
            changed: BTreeSet::new(),
            to_accept,
            crashes: 0,
            woken: 0,
            set_aside: 0,
            rng,
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS_MAX {
            self.outside();
            self.take_up();
            self.schedule.wake(self.now);
            self.feed.wake(self.now);
            self.start_walks();
            let due = self.schedule.due().into_iter().chain(self.feed.due()).min();
            self.check_bounds();
            let more = self.feed.has_page(&self.schedule);
            let walk_ends = self.walks.iter().map(|walk| walk.ends).min();
            if more || !self.arrivals.is_empty() || !self.missed.is_empty() {
                continue;
            }
            if self.to_accept > 0 {
                self.now += Duration::from_millis(self.rng.u64(0..20));
            } else if let Some(next) = walk_ends.into_iter().chain(due).min() {
                self.now = self.now.max(next);
            } else if !self.without.is_empty() || !self.homeless.is_empty() {
                self.without.clear();
                self.homeless.clear();
                self.reroute();
            } else {
                break;
            }
            self.end_walks();
        }
        self.check_end();
    }

    /// What happens whether the host likes it or not.
    fn outside(&mut self) {
        if self.to_accept == 0 {
            return;
        }
        for _ in 0..self.rng.usize(0..6).min(self.to_accept) {
            self.accept();
        }
        let merchant = self.rng.usize(0..self.merchants);
        match self.rng.u32(0..200) {
            0 => self.crash(),
            1..4 => {
                let until = self.now + Duration::from_millis(self.rng.u64(1..500));
                self.down.insert(merchant, until);
            }
            4..7 => {
                if !self.without.remove(&merchant) {
                    self.without.insert(merchant);
                    self.changed.insert(merchant);
                }
                self.reroute();
            }
            7..9 => {
                if !self.homeless.remove(&merchant) {
                    self.homeless.insert(merchant);
                }
                self.reroute();
            }
            _ => {}
        }
    }

    fn accept(&mut self) {
        self.to_accept -= 1;
        let seq = self.events.len() as u64 + 1;
        // One merchant has most of it.
        let merchant = if self.rng.bool() { 0 } else { self.rng.usize(0..self.merchants) };
        let resource = self.rng.u64(0..12);
        // Only on what comes later in this order, so that nobody waits for itself.
        let parent = (self.rng.u32(0..5) == 0).then(|| 100 + resource);
        let resource = if self.rng.u32(0..5) == 0 { 100 + resource } else { resource };
        self.events.push(Event {
            seq,
            merchant,
            resource,
            topic: if self.rng.bool() { 'a' } else { 'b' },
            lane: Lane::ALL[self.rng.usize(0..4)],
            parent: parent.filter(|parent| *parent != resource && resource < 100),
            open: true,
            passages: BTreeMap::new(),
        });
        if self.arrivals.len() < ARRIVALS_MAX {
            self.arrivals.push_back(seq);
        } else {
            self.missed.insert(merchant);
        }
    }

    /// All memory is gone; outcomes of walks under way were not written down.
    fn crash(&mut self) {
        self.crashes += 1;
        self.schedule = Schedule::new(LIMITS);
        self.feed = Feed::default();
        self.begun = false;
        self.walks.clear();
        self.arrivals.clear();
        self.missed.clear();
    }

    fn routes(&self, merchant: usize, topic: char) -> Vec<String> {
        let mut routes = vec!["all".to_owned()];
        if topic == 'b' && !self.without.contains(&merchant) {
            routes.push("some".to_owned());
        }
        routes
    }

    fn routing(&self, merchant: usize) -> Routing {
        let mut routing = Routing::new();
        if !self.homeless.contains(&merchant) {
            routing.insert("all".into(), ("shop".into(), vec!["*".into()]));
            if !self.without.contains(&merchant) {
                routing.insert("some".into(), ("shop".into(), vec!["b".into()]));
            }
        }
        routing
    }

    fn reroute(&mut self) {
        self.schedule.unblock();
        for merchant in self.feed.merchants() {
            let number = merchant[1..].parse().unwrap();
            self.feed.rerouted(&merchant, self.routing(number));
        }
    }

    /// As the dispatcher does it.
    fn take_up(&mut self) {
        for merchant in std::mem::take(&mut self.missed) {
            self.feed.missed(&name(merchant));
        }
        if !std::mem::replace(&mut self.begun, true) {
            let open: BTreeSet<_> =
                self.events.iter().filter(|e| e.open).map(|e| e.merchant).collect();
            for merchant in open {
                self.feed.missed(&name(merchant));
            }
        }
        while let Some(seq) = self.arrivals.pop_front() {
            let merchant = name(self.events[seq as usize - 1].merchant);
            if self.feed.wants(&merchant, seq) {
                self.take(seq);
            }
        }
        if let Some(page) = self.feed.next_page(&self.schedule) {
            self.read(&page);
        }
    }

    fn take(&mut self, seq: u64) {
        let merchant = self.events[seq as usize - 1].merchant;
        if !self.feed.knows_routes_of(&name(merchant)) {
            self.feed.rerouted(&name(merchant), self.routing(merchant));
        }
        if self.homeless.contains(&merchant) {
            self.feed.homeless(&name(merchant));
            return;
        }
        let passages = self.plan(seq);
        if passages.is_empty() {
            if self.feed.is_new(&name(merchant), seq) {
                self.events[seq as usize - 1].open = false;
            }
            self.feed.seen(&name(merchant), seq);
        } else {
            self.feed.offer(&mut self.schedule, &name(merchant), seq, passages, self.now);
        }
    }

    fn plan(&self, seq: u64) -> Vec<Passage<Work>> {
        let event = &self.events[seq as usize - 1];
        let mut routes = self.routes(event.merchant, event.topic);
        for route in event.passages.keys() {
            if !routes.contains(route) {
                routes.push(route.clone());
            }
        }
        let mut passages = Vec::new();
        let planned: Arc<[String]> = routes.clone().into();
        for route in routes {
            let due = match event.passages.get(&route) {
                Some(State::Ended) => continue,
                Some(State::Until(due)) => Some(*due).filter(|due| *due > self.now),
                None => None,
            };
            passages.push(Passage {
                key: Key {
                    merchant: name(event.merchant).into(),
                    route: route.into(),
                    resource: event.resource.to_string().into(),
                },
                entry: Entry { seq, lane: event.lane, work: (seq, Arc::clone(&planned)) },
                due,
            });
        }
        passages
    }

    fn read(&mut self, page: &Page) {
        let merchant: usize = page.merchant[1..].parse().unwrap();
        let seqs: Vec<u64> = self
            .events
            .iter()
            .filter(|e| e.open && e.merchant == merchant && e.seq > page.after)
            .map(|e| e.seq)
            .take(PAGE_EVENTS)
            .collect();
        let last = seqs.len() < PAGE_EVENTS;
        let Some(route) = &page.route else {
            for seq in seqs {
                self.take(seq);
            }
            self.feed.read(&page.merchant, last);
            return;
        };
        let mut next = None;
        for seq in seqs {
            let homeless = self.homeless.contains(&merchant);
            let passages = if homeless { Vec::new() } else { self.plan(seq) };
            let passage = passages.into_iter().find(|passage| passage.key.route == *route);
            if !self.feed.offer_to(&mut self.schedule, page, seq, passage, self.now) {
                next = Some(seq);
                break;
            }
        }
        self.feed.read_to(page, next, last);
    }

    fn start_walks(&mut self) {
        while self.walks.len() < IN_FLIGHT_MAX {
            let Some((key, (seq, planned))) = self.schedule.next() else { break };
            let merchant: usize = key.merchant[1..].parse().unwrap();
            let gone = *key.route == *"some" && self.without.contains(&merchant);
            if gone || self.homeless.contains(&merchant) {
                self.schedule.block(&key);
                continue;
            }
            if let Some(until) = self.down.get(&merchant).filter(|until| **until > self.now) {
                self.schedule.hold(&key, &"erp".into(), *until);
                continue;
            }
            self.check_start(&key, seq);
            let ends = self.now + Duration::from_millis(self.rng.u64(0..60));
            self.walks.push(Walk { key, seq, planned, ends });
        }
    }

    /// The oldest passage of its resource on its route, nobody else's, and not over.
    fn check_start(&self, key: &Key, seq: u64) {
        assert!(!self.walks.iter().any(|walk| walk.key == *key), "{key:?} is walked twice");
        let event = &self.events[seq as usize - 1];
        assert_eq!(name(event.merchant), *key.merchant);
        assert_ne!(event.passages.get(&*key.route), Some(&State::Ended), "{seq} {key:?} is over");
        let earlier = self.events[..seq as usize - 1].iter().filter(|earlier| {
            earlier.open && earlier.merchant == event.merchant && earlier.resource == event.resource
        });
        for earlier in earlier {
            let taken =
                self.routes(earlier.merchant, earlier.topic).iter().any(|r| **r == *key.route)
                    || earlier.passages.contains_key(&*key.route);
            let over = earlier.passages.get(&*key.route) == Some(&State::Ended);
            assert!(!taken || over, "{seq} is walked before {} on {key:?}", earlier.seq);
        }
    }

    fn end_walks(&mut self) {
        let (over, on): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.walks).into_iter().partition(|walk| walk.ends <= self.now);
        self.walks = on;
        for walk in over {
            self.end_walk(walk);
        }
    }

    fn end_walk(&mut self, Walk { key, seq, planned, .. }: Walk) {
        self.schedule.release(&key.merchant, &"erp".into());
        let event = &self.events[seq as usize - 1];
        let (merchant, resource) = (event.merchant, event.resource);
        let thing = |resource: u64| Missing {
            merchant: Arc::clone(&key.merchant),
            connection: "erp".into(),
            entity: "thing".into(),
            key: resource.to_string(),
        };
        let parent = event.parent.filter(|parent| !self.delivered.contains(&(merchant, *parent)));
        let comes = |parent: &u64| {
            self.events.iter().any(|e| e.open && e.merchant == merchant && e.resource == *parent)
        };
        // A parent that will never come is for the dead letters.
        let missing = parent.filter(comes);
        let due = match missing {
            Some(_) => Some(self.now + FAR),
            None if self.rng.u32(0..4) == 0 => {
                Some(self.now + Duration::from_millis(self.rng.u64(0..300)))
            }
            None => None,
        };
        let cost = self.rng.u64(1..5000);
        let now = self.routes(merchant, event.topic);
        let event = &mut self.events[seq as usize - 1];
        let waited = event.passages.get(&*key.route).copied();
        if let Some(due) = due {
            event.passages.insert(key.route.to_string(), State::Until(due));
            let missing = missing.into_iter().map(thing).collect();
            if let Some(first) = self.schedule.again(&key, due, missing, cost) {
                self.feed.set_aside(&key, first, due, self.now);
                self.set_aside += 1;
            }
            return;
        }
        if matches!(waited, Some(State::Until(due)) if due > self.now) {
            self.woken += 1;
        }
        let before = event.passages.insert(key.route.to_string(), State::Ended);
        assert_ne!(before, Some(State::Ended), "{seq} ended twice on {key:?}");
        let ended = |route: &String| event.passages.get(route) == Some(&State::Ended);
        if planned.iter().chain(&now).all(ended) && event.passages.keys().all(ended) {
            event.open = false;
        }
        self.delivered.insert((merchant, resource));
        self.schedule.ended(&key, cost);
        self.schedule.learnt(&thing(resource));
    }

    fn check_bounds(&self) {
        let mut all = 0;
        for merchant in 0..self.merchants {
            for route in ["all", "some"] {
                let (active, parked) = self.schedule.occupied(&name(merchant), route);
                all += active + parked;
                let most = LIMITS.active_max + LIMITS.parked_max;
                assert!(active + parked <= most, "{route} of {merchant}: {active} + {parked}");
            }
        }
        assert_eq!(all, self.schedule.len());
        let most = LIMITS.pool_max + 2 * self.merchants * 2 * LIMITS.floor;
        assert!(all <= most, "{all} in memory");
    }

    fn check_end(&self) {
        let open: Vec<_> = self.events.iter().filter(|event| event.open).collect();
        assert!(open.is_empty(), "{} never ended: {:#?}", open.len(), open.first());
        for event in &self.events {
            // A route that was taken away leaves its events to the others.
            let all = ["all"].into_iter().chain((event.topic == 'b').then_some("some"));
            let mut all = all.filter(|r| *r == "all" || !self.changed.contains(&event.merchant));
            let over = all.all(|route| event.passages.get(route) == Some(&State::Ended));
            assert!(over, "{event:?}");
        }
        assert_eq!(self.schedule.len(), 0, "nothing is left behind in memory");
    }
}

#[test]
fn whatever_happens_all_that_was_accepted_ends_once_in_order_within_bounds() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let runs = number("MAPWRIGHT_RUNS").unwrap_or(RUNS);
    let seeds: Vec<u64> = match number("MAPWRIGHT_SEED") {
        Some(seed) => vec![seed],
        None => (0..runs).map(|_| fastrand::u64(..)).collect(),
    };
    let (mut events, mut crashes, mut woken, mut aside) = (0, 0, 0, 0);
    for seed in seeds {
        let world = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            world.run();
            world
        });
        let world = world.unwrap_or_else(|_| panic!("MAPWRIGHT_SEED={seed}"));
        events += world.events.len();
        crashes += world.crashes;
        woken += world.woken;
        aside += world.set_aside;
    }
    println!("{events} events, {crashes} crashes, {woken} children woken, {aside} set aside");
    // A run in which nothing happened shows nothing.
    if runs >= RUNS {
        let seen = (events > 5_000, crashes > 10, woken > 20, aside > 20);
        assert_eq!(seen, (true, true, true, true), "{events} {crashes} {woken} {aside}");
    }
}
