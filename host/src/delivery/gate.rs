//! The gate of one connection: who may go to the target now, and who has to come back later.
//!
//! ```text
//!   dispatch --admit(resource)--> Go(permit) --> Target::deliver --pass()--> each request
//!                    |                                 |
//!                    '--> Wait { until, why }          '--> what the answer showed: breaker,
//!                                                          slow start, patience it asked for
//! ```
//!
//! A [`Gate`] is the [limiter](super::limit), the [breaker] and the places of
//! one connection, shared by all routes to it. Dispatch asks it before it begins a walk and keeps
//! the [`Permit`] until the walk is over; what comes of the attempts the gate hears from the target
//! itself. After a breaker has closed, places grow by one with each success (1, 2, 4 ... a round),
//! so that a target which came back is not met by everybody at once; trouble halves them.
//!
//! It keeps its state in memory and survives a reload of the configuration that leaves its
//! connection alone. It costs a short lock for each question.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;
use tracing::{info, warn};

use super::breaker::{self, Ask, Blame, Breaker, Health, Phase};
use super::client::Outbound;
use super::limit::{Limiter, Rates};
use super::outside::Clock;
use super::patience::patience;

/// A request of a delivery in hand waits this long for its turn under the rate limit; what would
/// take longer is put off whole, so that it does not sit on a place.
const PASS_WAIT_MAX: Duration = Duration::from_secs(3);

/// When to ask again where only the return of another one makes room.
const PLACE_HINT: Duration = Duration::from_secs(1);

/// Places a fresh gate begins with: also a host that starts may meet a target that is just back.
const PLACES_FIRST: usize = 4;

/// What a connection's table says about its gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Requests in time.
    pub rates: Rates,
    /// Of them, back to back at most.
    pub burst: Option<u32>,
    /// When to stop.
    pub breaker: breaker::Config,
    /// Walks at the same time.
    pub in_flight_max: usize,
    /// Requests that one delivery usually takes; it is not begun with room for fewer.
    pub requests: u32,
}

/// What all gates of a host have done, for counters.
#[derive(Debug, Default)]
pub struct Tally {
    /// Breakers opened.
    pub opened: AtomicU64,
    /// Probes let through.
    pub probes: AtomicU64,
    /// Times something had to wait for a rate limit or for patience a target asked for.
    pub limited: AtomicU64,
}

/// The gate of one connection.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    tally: Arc<Tally>,
    clock: Arc<dyn Clock>,
    name: String,
    inner: Mutex<Inner>,
    /// Requests that wait for a token stand in line here.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Inner {
    limiter: Limiter,
    breaker: Breaker,
    in_flight: usize,
    places: usize,
    /// Tokens held for permits that are out, not spent yet.
    prepaid: u32,
    /// The target asked for patience until then.
    asked: Option<Instant>,
    /// What was seen when it last did not go well.
    reason: Option<String>,
}

/// The answer to a walk that wants to begin.
#[derive(Debug)]
pub enum Admit {
    /// Begin; keep the permit until it is over.
    Go(Permit),
    /// Come back later.
    Wait(Wait),
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Ask again then; for [`Why::Places`] and [`Why::Probing`] also when a permit of this gate
    /// came back.
    pub until: Instant,
    /// Why.
    pub why: Why,
}

impl Wait {
    /// Whether it holds for this resource only, and others may be let through.
    #[must_use]
    pub fn alone(&self) -> bool {
        self.why == Why::OthersFirst
    }
}

/// Why a walk has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The rate limit of the connection is used up.
    RateLimit,
    /// The target asked for patience.
    Asked,
    /// The breaker is open.
    Open,
    /// The breaker is half open, and its probe is on its way.
    Probing,
    /// This resource was the probe that failed; others go first.
    OthersFirst,
    /// All places are taken.
    Places,
}

/// The right to walk to a target; give it back by dropping it.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    who: u64,
    probe: bool,
}

/// A request that may not leave yet. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotNow {
    pub(super) wait: Duration,
    pub(super) why: Why,
}

impl NotNow {
    pub(super) fn reason(self) -> String {
        let seconds = self.wait.as_secs_f64();
        match self.why {
            Why::Asked => format!("the target asked for patience, {seconds:.0} s from now on"),
            _ => format!("the rate limit of the connection leaves room in {seconds:.0} s"),
        }
    }
}

/// Where a gate stands, for screens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// `closed`, `open` or `half_open`.
    pub breaker: Phase,
    /// Since when.
    pub since: Timestamp,
    /// When somebody may go again, while nobody may.
    pub next_try: Option<Timestamp>,
    /// What was seen when it last did not go well; none while all is.
    pub reason: Option<String>,
    /// Walks now.
    pub in_flight: usize,
    /// Walks there may be now: less than configured while it starts slowly.
    pub places: usize,
}

impl Gate {
    /// A gate that knows nothing yet; `name` is for the log.
    #[must_use]
    pub fn new(name: &str, config: Config, outbound: &Outbound) -> Self {
        let (tally, clock) = (Arc::clone(outbound.tally()), Arc::clone(outbound.clock()));
        let now = clock.now();
        let inner = Inner {
            limiter: Limiter::new(&config.rates, config.burst),
            breaker: Breaker::new(config.breaker, now),
            in_flight: 0,
            places: PLACES_FIRST.min(config.in_flight_max),
            prepaid: 0,
            asked: None,
            reason: None,
        };
        let (inner, line) = (Mutex::new(inner), tokio::sync::Mutex::new(()));
        Self { config, tally, clock, name: name.to_owned(), inner, line }
    }

    /// For a connection whose table changed: what was spent under the same limits stays spent, and
    /// all else is new.
    #[must_use]
    pub fn after(self, previous: &Self) -> Self {
        let same = |a: &Config, b: &Config| a.rates == b.rates && a.burst == b.burst;
        if same(&self.config, &previous.config) {
            self.inner().limiter = previous.inner().limiter.without_held();
        }
        self
    }

    /// May a walk for this resource begin?
    pub fn admit(self: &Arc<Self>, resource: &str, now: Instant) -> Admit {
        let who = who(resource);
        let mut inner = self.inner();
        let wait = |until, why| Admit::Wait(Wait { until, why });
        if let Some(until) = inner.asked_until(now) {
            return wait(until, Why::Asked);
        }
        let (phase, _) = inner.breaker.phase(now);
        if phase == Phase::Closed && inner.in_flight >= inner.places {
            return wait(now + PLACE_HINT, Why::Places);
        }
        let tokens = self.tokens(&inner);
        if let Err(until) = inner.limiter.hold(tokens, now) {
            self.tally.limited.fetch_add(1, Ordering::Relaxed);
            return wait(until, Why::RateLimit);
        }
        let probe = match inner.breaker.ask(who, now) {
            Ask::Go => false,
            Ask::Probe => true,
            other => {
                inner.limiter.give_back(tokens);
                return match other {
                    Ask::Open(until) => wait(until, Why::Open),
                    Ask::OthersFirst(until) => wait(until, Why::OthersFirst),
                    Ask::Go | Ask::Probe | Ask::Probing => wait(now + PLACE_HINT, Why::Probing),
                };
            }
        };
        inner.prepaid += tokens;
        inner.in_flight += 1;
        if probe {
            self.tally.probes.fetch_add(1, Ordering::Relaxed);
            info!(
                connection.name = self.name,
                resource, "one delivery tries whether the target is back"
            );
        }
        Admit::Go(Permit { gate: Arc::clone(self), who, probe })
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        let now = self.clock.now();
        let mut inner = self.inner();
        let (breaker, since) = inner.breaker.phase(now);
        let asked = inner.asked_until(now);
        let next_try = inner.breaker.next_probe().max(asked).filter(|at| *at > now);
        let wall = |at: Instant| {
            let distance = |d: Duration| jiff::SignedDuration::try_from(d).unwrap_or_default();
            let offset = distance(at.saturating_duration_since(now))
                - distance(now.saturating_duration_since(at));
            Timestamp::now().checked_add(offset).unwrap_or(Timestamp::MAX)
        };
        let (in_flight, places) = (inner.in_flight, inner.places);
        let places = if breaker == Phase::Closed { places } else { 1 };
        let next_try = next_try.map(wall);
        State {
            breaker,
            since: wall(since),
            next_try,
            reason: inner.reason.clone(),
            in_flight,
            places,
        }
    }

    /// A person changed something this connection depends on: whoever asks next tries it.
    pub fn try_now(&self) {
        self.inner().breaker.try_now(self.clock.now());
    }

    /// Takes a token for a request that is about to leave, waiting a little where it has to.
    pub(super) async fn pass(&self) -> Result<(), NotNow> {
        let mut now = self.clock.now();
        match self.inner().take_prepaid(now) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(not_now) => {
                self.tally.limited.fetch_add(1, Ordering::Relaxed);
                return Err(not_now);
            }
        }
        let deadline = now + PASS_WAIT_MAX;
        // Who came first is served first, and that one alone watches the clock.
        let _first = tokio::select! {
            biased;
            first = self.line.lock() => first,
            () = self.clock.sleep_until(deadline) => {
                self.tally.limited.fetch_add(1, Ordering::Relaxed);
                return Err(NotNow { wait: PASS_WAIT_MAX, why: Why::RateLimit });
            }
        };
        let mut waited = false;
        loop {
            now = self.clock.now();
            let taken = self.inner().take(now);
            let Err((at, why)) = taken else { return Ok(()) };
            if !std::mem::replace(&mut waited, true) {
                self.tally.limited.fetch_add(1, Ordering::Relaxed);
            }
            if at > deadline {
                return Err(NotNow { wait: at.saturating_duration_since(now), why });
            }
            self.clock.sleep_until(at).await;
        }
    }

    /// Reads what an answer asks for.
    pub(super) fn listen(&self, status: u16, headers: &HeaderMap) {
        self.listen_at(status, headers, self.clock.now());
    }

    fn listen_at(&self, status: u16, headers: &HeaderMap, now: Instant) {
        let Some(asked) = patience(status, headers, SystemTime::now()) else { return };
        if asked.is_zero() {
            return;
        }
        let mut inner = self.inner();
        let known = inner.asked_until(now).is_some();
        inner.asked = inner.asked.max(Some(now + asked));
        if !known {
            let wait_ms = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX);
            info!(
                connection.name = self.name,
                status, wait_ms, "the target asks for patience: nothing is sent to it until then"
            );
        }
    }

    /// Hears what an attempt showed of the target; says who is to blame where it failed.
    pub(super) fn heard(&self, resource: &str, health: Health, detail: &str) -> Blame {
        self.heard_at(resource, health, detail, self.clock.now())
    }

    fn heard_at(&self, resource: &str, health: Health, detail: &str, now: Instant) -> Blame {
        let mut inner = self.inner();
        let before = inner.breaker.phase(now).0;
        let blame = inner.breaker.heard(who(resource), health, now, fastrand::f64());
        let after = inner.breaker.phase(now).0;
        if health == Health::Well {
            inner.reason = None;
            inner.places = if before == Phase::Closed { inner.places + 1 } else { 1 };
            inner.places = inner.places.min(self.config.in_flight_max);
        } else if blame == Blame::Target {
            inner.reason = Some(detail.to_owned());
            inner.places = (inner.places / 2).max(1);
        }
        match (before, after) {
            (Phase::Closed | Phase::HalfOpen, Phase::Open) => {
                self.tally.opened.fetch_add(1, Ordering::Relaxed);
                let until = inner.breaker.next_probe().unwrap_or(now);
                let open_ms = u64::try_from((until - now).as_millis()).unwrap_or(u64::MAX);
                warn!(
                    connection.name = self.name,
                    reason = detail,
                    open_ms,
                    "the target is taken for down: its deliveries wait, and one tries again then"
                );
            }
            (Phase::Open | Phase::HalfOpen, Phase::Closed) => {
                info!(connection.name = self.name, "the target is back: deliveries start slowly");
            }
            _ => {}
        }
        blame
    }

    /// What is held for a walk: never more than the limits could ever give.
    fn tokens(&self, inner: &Inner) -> u32 {
        inner.limiter.depth().map_or(0, |depth| depth.min(self.config.requests))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is half-written when it panics.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn asked_until(&mut self, now: Instant) -> Option<Instant> {
        self.asked = self.asked.filter(|until| *until > now);
        self.asked
    }

    /// Takes a token that is held already, if there is one.
    fn take_prepaid(&mut self, now: Instant) -> Result<bool, NotNow> {
        if let Some(until) = self.asked_until(now) {
            return Err(NotNow { wait: until.saturating_duration_since(now), why: Why::Asked });
        }
        let prepaid = self.prepaid > 0;
        if prepaid {
            self.prepaid -= 1;
            self.limiter.spend_held(now);
        }
        Ok(prepaid)
    }

    fn take(&mut self, now: Instant) -> Result<(), (Instant, Why)> {
        if let Some(until) = self.asked_until(now) {
            return Err((until, Why::Asked));
        }
        self.limiter.spend(now).map_err(|at| (at, Why::RateLimit))
    }
}

impl Permit {
    /// Whether this walk finds out if the target is back.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inner = self.gate.inner();
        inner.in_flight -= 1;
        if self.probe {
            inner.breaker.came_back(self.who);
        }
        // Tokens have no owner: what the walks still out could need stays, the rest goes back.
        let tokens = self.gate.tokens(&inner);
        let needed = tokens.saturating_mul(u32::try_from(inner.in_flight).unwrap_or(u32::MAX));
        let spare = inner.prepaid.saturating_sub(needed);
        inner.prepaid -= spare;
        inner.limiter.give_back(spare);
    }
}

/// A resource as a number, the same as long as the process lives.
fn who(resource: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    resource.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::limit::Rate;

    fn gate(rates: &[(u32, u64)], in_flight_max: usize) -> Arc<Gate> {
        let rate = |&(count, seconds)| Rate { count, period: Duration::from_secs(seconds) };
        let config = Config {
            rates: rates.iter().map(rate).collect(),
            burst: None,
            breaker: breaker::Config::default(),
            in_flight_max,
            requests: 2,
        };
        Arc::new(Gate::new("acme/erp", config, &Outbound::new().unwrap()))
    }

    fn go(gate: &Arc<Gate>, resource: &str, now: Instant) -> Permit {
        match gate.admit(resource, now) {
            Admit::Go(permit) => permit,
            Admit::Wait(wait) => panic!("{wait:?}"),
        }
    }

    fn why(gate: &Arc<Gate>, resource: &str, now: Instant) -> Why {
        match gate.admit(resource, now) {
            Admit::Go(permit) => panic!("{permit:?}"),
            Admit::Wait(wait) => wait.why,
        }
    }

    fn pass_at(gate: &Gate, now: Instant) {
        if !gate.inner().take_prepaid(now).unwrap() {
            gate.inner().take(now).unwrap();
        }
    }

    #[test]
    fn thirty_in_an_hour_are_thirty_in_any_hour() {
        let gate = gate(&[(30, 3600)], 8);
        let (mut now, mut sent) = (Instant::now(), Vec::new());
        while sent.len() < 100 {
            match gate.admit("order/1", now) {
                Admit::Wait(wait) => now = wait.until,
                Admit::Go(_permit) => {
                    for _ in 0..2 {
                        pass_at(&gate, now);
                        sent.push(now);
                        now += Duration::from_millis(700);
                    }
                }
            }
        }
        for (place, at) in sent.iter().enumerate().skip(30) {
            let hour = *at - sent[place - 30];
            assert!(hour >= Duration::from_secs(3600), "{place}: 31 in {hour:?}");
            assert!(hour < Duration::from_secs(3650), "{place}: nobody waits for nothing");
        }
    }

    #[tokio::test]
    async fn a_request_waits_a_little_for_its_turn_and_no_longer() {
        let gate = gate(&[(2, 1), (5, 3600)], 8);
        let started = Instant::now();
        // All at once, in the order in which they came.
        let five =
            async { tokio::join!(gate.pass(), gate.pass(), gate.pass(), gate.pass(), gate.pass()) };
        let passed = five.await;
        assert_eq!(passed, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
        let took = started.elapsed();
        assert!(took >= Duration::from_secs(2) && took < PASS_WAIT_MAX, "{took:?}");
        let before = Instant::now();
        let not_now = gate.pass().await.unwrap_err();
        assert_eq!(not_now.why, Why::RateLimit);
        assert!(before.elapsed() < Duration::from_secs(1), "it is not waited for");
        assert!(not_now.wait > Duration::from_secs(3500), "{not_now:?}");
    }

    #[test]
    fn what_a_walk_did_not_need_is_there_for_the_next() {
        let (gate, now) = (gate(&[(4, 3600)], 8), Instant::now());
        let (first, second) = (go(&gate, "order/1", now), go(&gate, "order/2", now));
        assert_eq!(why(&gate, "order/3", now), Why::RateLimit);
        pass_at(&gate, now);
        drop(first);
        drop(second);
        let _third = go(&gate, "order/3", now);
        assert_eq!(why(&gate, "order/4", now), Why::RateLimit, "one was spent, two are held");
    }

    #[test]
    fn patience_a_target_asks_for_stops_everybody() {
        let (gate, now) = (gate(&[], 8), Instant::now());
        let _on_its_way = go(&gate, "order/1", now);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "60".parse().unwrap());
        gate.listen_at(429, &headers, now);
        assert_eq!(why(&gate, "order/2", now), Why::Asked);
        assert_eq!(gate.inner().take_prepaid(now).unwrap_err().why, Why::Asked);
        assert!(gate.state().next_try.is_some());
        let later = now + Duration::from_secs(60);
        pass_at(&gate, later);
        drop(go(&gate, "order/2", later));
    }

    #[test]
    fn a_target_that_came_back_is_met_by_one_then_two_then_four() {
        let (gate, now) = (gate(&[], 8), Instant::now());
        for order in 0..5 {
            let resource = format!("order/{order}");
            drop(go(&gate, &resource, now));
            gate.heard_at(&resource, Health::Down, "cannot connect", now);
        }
        assert_eq!(why(&gate, "order/7", now), Why::Open);
        let state = gate.state();
        assert_eq!((state.breaker, state.reason.as_deref()), (Phase::Open, Some("cannot connect")));
        let now = now + Duration::from_secs(30);
        let probe = go(&gate, "order/7", now);
        assert!(probe.is_probe());
        assert_eq!(why(&gate, "order/8", now), Why::Probing);
        gate.heard_at("order/7", Health::Well, "", now);
        drop(probe);
        for (round, places) in [1, 2, 4, 8, 8].into_iter().enumerate() {
            let resource = |walk: usize| format!("order/{round}/{walk}");
            let walks: Vec<Permit> = (0..places).map(|w| go(&gate, &resource(w), now)).collect();
            assert_eq!(why(&gate, "one too many", now), Why::Places);
            for _ in walks {
                gate.heard_at("order/x", Health::Well, "", now);
            }
        }
    }

    #[test]
    fn a_table_that_changes_does_not_give_the_limit_a_second_time() {
        let (gate, now) = (gate(&[(2, 3600)], 8), Instant::now());
        pass_at(&gate, now);
        pass_at(&gate, now);
        let config = Config { in_flight_max: 3, ..gate.config.clone() };
        let next = Arc::new(Gate::new("acme/erp", config, &Outbound::new().unwrap()).after(&gate));
        assert_eq!(why(&next, "order/1", now), Why::RateLimit);
    }
}
