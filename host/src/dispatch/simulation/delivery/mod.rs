//! A simulation of delivery: the real gate (limiter, breaker, slow start), the HTTP connector with its
//! verdicts and look-ups and the Tryton connector, backoff and schedule against a model of the target
//! and of the journal.
//!
//! The target is well, ill, gone or mute for a while, and in fair weather does to single requests
//! what targets do: breaks off before or after the work, is still at work when nobody waits any more,
//! answers with a page, asks for patience, refuses for good. The journal's disk is full at times. The host dies at any await. Held are:
//! done once where keys or look-ups are, never sent again blindly where neither is; order per
//! resource; no window over its limit, no request while patience was asked for; one probe while the
//! target is taken for down, then a slow start, and few requests while it is not well; and all has
//! ended, with a reason, some time after the target is well.

mod clock;
mod host;
mod journal;
mod target;
mod walk;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use self::clock::SimClock;
use self::host::Host;
use self::journal::Journal;
use self::target::{Manner, Target, Weather, is_poison};
use crate::delivery::{Clock, Outbound, backoff};
use crate::journal::PassageState;

/// No world needs so many; one that does turns in circles.
const STEPS_MAX: usize = 400_000;
const OPEN: Duration = Duration::from_secs(1);
const IN_FLIGHT_MAX: u32 = 4;
const FAILURES: u32 = 3;

struct World {
    rng: Rng,
    clock: SimClock,
    target: Target,
    journal: Journal,
    outbound: Outbound,
    config: (Manner, String),
    host: Option<Host>,
    to_accept: u64,
    resources: u64,
    next_event: Instant,
    next_weather: Instant,
    weathers: u32,
    /// When a dead host is started again.
    next_start: Option<Instant>,
    /// After so many polls of walks it dies.
    dies_after: u64,
    /// When the bad weather began, with the requests so far and the hosts that met it.
    bad_since: Option<(Instant, u64, u64)>,
    crashes: u64,
    probes: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        // The gate throws its own dice.
        fastrand::seed(seed);
        let mut rng = Rng::with_seed(seed);
        let clock = SimClock::new();
        let manners = [Manner::Keys, Manner::Lookup, Manner::Neither, Manner::Tryton];
        let manner = manners[rng.usize(0..manners.len())];
        let target = Target::new(rng.fork(), clock.clone(), manner);
        let second = Duration::from_secs(1);
        let (rates, limits) = match rng.u32(0..4) {
            0 if manner != Manner::Tryton => {
                ("[\"10/second\", \"120/minute\"]", vec![(10, second), (120, second * 60)])
            }
            1 => ("\"20/minute\"", vec![(20, second * 60)]),
            _ => ("[]", Vec::new()),
        };
        target.books().limits = limits;
        let helps = match manner {
            Manner::Keys => "idempotent = true",
            Manner::Lookup => {
                "lookup = { url = \"http://erp.test/things?key={key}\", settle_ms = 5000 }"
            }
            Manner::Neither => "",
            Manner::Tryton => {
                "settle_ms = 5000\ndatabase = \"erp\"\nusername = \"u\"\n\
                 password = { env = \"PATH\" }\n\
                 entities.thing = { model = \"test.thing\", find = [\"code\"] }"
            }
        };
        let url = match manner {
            Manner::Tryton => "base_url = \"http://erp.test\"",
            _ => "url = \"http://erp.test/{entity}\"",
        };
        let config = format!(
            "{url}\ntimeout_ms = 3000\nrate_limit = {rates}\n\
             max_in_flight = {IN_FLIGHT_MAX}\n\
             circuit_breaker = {{ failures = {FAILURES}, open_ms = 1000, open_max_ms = 8000 }}\n{helps}\n"
        );
        static OUTBOUND: OnceLock<Outbound> = OnceLock::new();
        let outbound = OUTBOUND.get_or_init(|| Outbound::new().unwrap());
        let outbound = outbound.over(Arc::new(clock.clone()), Arc::new(target.clone()));
        let now = clock.now();
        let mut world = Self {
            to_accept: rng.u64(1..60),
            resources: rng.u64(1..20),
            weathers: rng.u32(0..6),
            rng,
            clock,
            target,
            journal: Journal::default(),
            outbound,
            config: (manner, config),
            host: None,
            next_event: now,
            next_weather: now,
            next_start: Some(now),
            dies_after: 0,
            bad_since: None,
            crashes: 0,
            probes: 0,
        };
        world.start();
        world
    }

    fn run(mut self) -> Self {
        for _ in 0..STEPS_MAX {
            self.outside();
            self.target.books().work();
            let dies_after = if self.is_calm() { u64::MAX } else { self.dies_after };
            if let Some(host) = &mut self.host {
                host.work(dies_after);
                if host.polls >= dies_after {
                    self.crash();
                }
            }
            let host_due = self.host.as_ref().and_then(Host::due);
            let to_come = (self.to_accept > 0).then_some(self.next_event);
            let weather = (!self.is_calm()).then_some(self.next_weather);
            let next = [self.clock.due(), self.target.books().due(), self.next_start]
                .into_iter()
                .chain([host_due, to_come, weather])
                .flatten()
                .min();
            match next {
                Some(next) => self.clock.go_on_to(next.max(self.clock.now())),
                None => {
                    self.check_end();
                    return self;
                }
            }
        }
        panic!("it does not end: {:#?}", self.journal.rows().iter().find(|row| !row.has_ended()));
    }

    fn is_calm(&self) -> bool {
        self.weathers == 0
    }

    fn start(&mut self) {
        let retry = r#"{"first_ms": 200, "max_ms": 5000, "attempts_max": 1000}"#;
        let retry: backoff::Schedule = serde_json::from_str(retry).unwrap();
        self.target.books().meet_another_host();
        let host = Host::start(&self.config, retry, &self.outbound, &self.clock, &self.journal);
        self.host = Some(host);
        self.next_start = None;
        self.dies_after = self.rng.u64(1..150);
        if let Some((_, _, hosts)) = &mut self.bad_since {
            *hosts += 1;
        }
    }

    fn crash(&mut self) {
        self.crashes += 1;
        self.probes += self.host.take().map_or(0, |host| host.probes);
        let pause = Duration::from_millis(self.rng.u64(0..3_000));
        self.next_start = Some(self.clock.now() + pause);
    }

    /// What happens whether the host likes it or not.
    fn outside(&mut self) {
        let now = self.clock.now();
        if self.next_start.is_some_and(|at| at <= now) {
            self.start();
        }
        while self.to_accept > 0 && self.next_event <= now {
            self.to_accept -= 1;
            self.next_event = now + Duration::from_millis(self.rng.u64(0..1_500));
            let resource = format!("order/{}", self.rng.u64(0..self.resources));
            let seq = self.journal.accept(resource, self.rng.u64(1..3));
            if let Some(host) = &mut self.host {
                host.take(seq);
            }
        }
        if !self.is_calm() && self.next_weather <= now {
            self.weathers -= 1;
            let length = self.rng.u64(1..120);
            self.next_weather = now + Duration::from_secs(length);
            let weathers = [Weather::Fair, Weather::Ill, Weather::Gone, Weather::Hangs];
            let weather =
                if self.is_calm() { Weather::Fair } else { self.rng.choice(weathers).unwrap() };
            self.journal.fill_up(!self.is_calm() && self.rng.u32(0..6) == 0);
            self.change_weather(weather);
        }
    }

    fn change_weather(&mut self, weather: Weather) {
        let (calm, now) = (self.is_calm(), self.clock.now());
        let mut books = self.target.books();
        if let Some((since, before, hosts)) = self.bad_since.take() {
            // Whoever was on the way, the failures until it is taken for down, then one probe for each
            // pause; a probe may look before it sends. A new host knows nothing.
            let met = hosts * u64::from(FAILURES + IN_FLIGHT_MAX);
            let pauses = (now - since).as_secs_f64() / (OPEN.as_secs_f64() * 0.8) + 1.0;
            let (most, seen) = (2 * (met + pauses as u64), books.requests - before);
            assert!(seen <= most, "{seen} requests in {:?} of bad weather", now - since);
        }
        books.weather = weather;
        books.moody = !calm;
        if weather != Weather::Fair {
            self.bad_since = Some((now, books.requests, 1));
        }
    }

    fn check_end(&self) {
        let host = self.host.as_ref().expect("somebody is there at the end");
        assert!(host.is_idle(), "nothing is left behind in memory");
        let (rows, books) = (self.journal.rows(), self.target.books());
        for row in rows.iter() {
            let passage = row.passage.as_ref().expect("all of it was walked");
            let has = |key: &str| books.has.get(key).copied().unwrap_or(0);
            match (passage.state, row.cause.as_deref()) {
                (PassageState::Delivered, None) => {
                    for document in &row.documents {
                        assert_eq!(has(&document.key), 1, "{}", document.key);
                    }
                }
                (PassageState::Dead, Some("status_422" | "user_error")) => {
                    assert!(row.documents.iter().any(|it| is_poison(&it.key)), "{row:#?}");
                }
                (PassageState::Dead, Some("unknown_outcome")) => {
                    assert_eq!(books.manner, Manner::Neither, "{row:#?}");
                }
                _ => panic!("it ended so: {row:#?}"),
            }
        }
    }
}

#[test]
fn whatever_the_target_and_the_host_do_things_are_done_once_in_order_and_politely() {
    let (mut events, mut crashes, mut probes, mut lost, mut unknown) = (0, 0, 0, 0, 0);
    let all = super::play(
        |seed| World::new(seed).run(),
        |world| {
            let rows = world.journal.rows();
            events += rows.len();
            crashes += world.crashes;
            probes += world.probes + world.host.as_ref().map_or(0, |host| host.probes);
            lost += world.target.books().lost;
            let is_unknown = |cause: &str| cause == "unknown_outcome";
            unknown += rows.iter().filter(|it| it.cause.as_deref().is_some_and(is_unknown)).count();
        },
    );
    println!(
        "{events} events, {crashes} crashes, {lost} answers lost, {probes} probes, {unknown} unknown"
    );
    // A run in which nothing happened shows nothing.
    if all {
        let seen = (events > 3_000, crashes > 100, lost > 100, probes > 100, unknown > 10);
        assert_eq!(seen, (true, true, true, true, true));
    }
}
