//! A simulation of feed and schedule against a model of the journal, on a clock of its own.
//!
//! Each run is a small world made from a seed: merchants, routes, resources, parents that come
//! late, targets that go down, walks that end or wait, routes taken away and given back, crashes
//! that leave nothing but the journal. While it runs, order per resource and all bounds are held;
//! at the end everything that was accepted has ended, once.

mod host;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use super::super::feed::{Feed, Routing};
use super::super::schedule::{Key, Limits, Schedule};
use crate::route::Lane;

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

    fn run(mut self) -> Self {
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
        self
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
    let (mut events, mut crashes, mut woken, mut aside) = (0, 0, 0, 0);
    let all = super::play(
        |seed| World::new(seed).run(),
        |world| {
            events += world.events.len();
            crashes += world.crashes;
            woken += world.woken;
            aside += world.set_aside;
        },
    );
    println!("{events} events, {crashes} crashes, {woken} children woken, {aside} set aside");
    // A run in which nothing happened shows nothing.
    if all {
        let seen = (events > 5_000, crashes > 10, woken > 20, aside > 20);
        assert_eq!(seen, (true, true, true, true), "{events} {crashes} {woken} {aside}");
    }
}
