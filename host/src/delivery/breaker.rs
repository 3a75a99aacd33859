//! A circuit breaker: when a target is down, nobody is sent to it but one probe now and then.
//!
//! ```text
//!               failures in a row              its time has passed, one asks
//!    closed -----------------------> open ----------------------------------> half open
//!       ^                             ^  longer each time                      |    |
//!       |                             '------------- the probe failed ---------'    |
//!       '------------------------------- the probe went well -----------------------'
//! ```
//!
//! A target that answers 500 to one document may be well: so a run of doubtful failures opens the
//! breaker only when at least two resources took part in it, and any success ends the run. Of whom
//! a failure tells is said with each one ([`Blame`]):
//!
//! - it could not be reached, or turned everybody away: the **target**;
//! - doubtful (5xx, no answer in time, a web page) and nobody else in trouble, or others went well
//!   since this resource failed last: the **document**;
//! - doubtful, and others are in trouble too: the **target**.
//!
//! A probe that failed lets others go first the next time, so that a poisonous document cannot keep
//! the breaker open where another one would close it.
//!
//! Open times, written out for the defaults: 30 s, 1, 2, 4, 5, 5 ... minutes, each shortened by up
//! to a fifth at random. Pure: the caller says what time it is and throws the dice.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

/// Resources whose last failure is remembered, for telling a poisonous document from a target that
/// is down. One forgotten is taken for a new one.
const SUSPECTS_MAX: usize = 1024;
/// Failed probes that let others go first.
const TRIED_MAX: usize = 64;
/// Others were probes before; that they come no more is believed after so many in a row.
const REPEATS_ALONE: u32 = 3;
/// Successes after which the next open time is the shortest again.
const CALM: u32 = 8;
/// Of an open time, how much is cut off at random at most.
const JITTER: f64 = 0.2;

/// When to open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Config {
    /// Failures in a row that open it.
    pub failures: u32,
    /// The first open time.
    pub open: Duration,
    /// It doubles up to this.
    pub open_max: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    failures: u32,
    open_ms: u64,
    open_max_ms: u64,
}

impl Default for Written {
    fn default() -> Self {
        Self { failures: 5, open_ms: 30_000, open_max_ms: 300_000 }
    }
}

impl Default for Config {
    /// Five failures; half a minute, doubling to five minutes.
    fn default() -> Self {
        let Written { failures, open_ms, open_max_ms } = Written::default();
        let (open, open_max) = (Duration::from_millis(open_ms), Duration::from_millis(open_max_ms));
        Self { failures, open, open_max }
    }
}

impl TryFrom<Written> for Config {
    type Error = String;

    fn try_from(Written { failures, open_ms, open_max_ms }: Written) -> Result<Self, String> {
        if failures == 0 {
            return Err("failures must be 1 or more".to_owned());
        }
        if open_ms == 0 || open_ms > open_max_ms {
            return Err(format!("open_ms must be from 1 to open_max_ms ({open_max_ms})"));
        }
        // Longer than a day is a switched-off target; take its route away instead.
        if open_max_ms > 86_400_000 {
            return Err("open_max_ms must be at most a day (86400000)".to_owned());
        }
        let (open, open_max) = (Duration::from_millis(open_ms), Duration::from_millis(open_max_ms));
        Ok(Self { failures, open, open_max })
    }
}

/// What an attempt showed of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered in its own words, be it yes or no.
    Well,
    /// 5xx, no answer in time, a broken connection, a web page: the target's trouble or the
    /// document's.
    Doubtful,
    /// Whoever we are, we may not do this (403).
    Forbidden,
    /// It cannot be reached, or asked everybody to wait (429).
    Down,
    /// Our credentials are refused: nobody gets through until a person has mended that.
    Refused,
    /// It was not asked, or what was seen says nothing.
    Silent,
}

/// Who is to blame for an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The document, for all we know: the attempt counts.
    Document,
    /// The target: the attempt does not count towards the document's end.
    Target,
}

/// Where the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All is well.
    Closed,
    /// Nobody is sent.
    Open,
    /// One probe is, or may be, on its way.
    HalfOpen,
}

/// The answer to somebody who wants to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Go.
    Go,
    /// Go, as the probe: nobody else does until you are back.
    Probe,
    /// Nobody goes before that.
    Open(Instant),
    /// A probe is on its way.
    Probing,
    /// You were the probe before: others first, until then.
    OthersFirst(Instant),
}

/// A breaker. `who` is a resource, as a number that is the same each time.
#[derive(Debug)]
pub struct Breaker {
    config: Config,
    phase: Phase,
    since: Instant,
    /// When a probe may go.
    until: Instant,
    /// How long those who were the probe before let others go first, at most: who failed last waits
    /// longest.
    others_first: Duration,
    probe: Option<u64>,
    tried: VecDeque<u64>,
    /// How often the last one has been the probe again, with nobody else in between.
    repeats: u32,
    /// Times opened without calm in between.
    level: u32,
    calm: u32,
    run: Run,
    wells: u64,
    /// How many successes there had been when each resource failed last.
    suspects: HashMap<u64, u64>,
}

/// Failures since the last success.
#[derive(Debug, Default)]
struct Run {
    doubtful: u32,
    certain: u32,
    first: Option<u64>,
    several: bool,
}

impl Run {
    fn add(&mut self, who: u64, certain: bool) {
        if certain {
            self.certain = self.certain.saturating_add(1);
        } else {
            self.doubtful = self.doubtful.saturating_add(1);
        }
        self.several |= *self.first.get_or_insert(who) != who;
    }

    fn opens(&self, failures: u32) -> bool {
        let all = self.certain.saturating_add(self.doubtful);
        self.certain >= failures || (all >= failures && (self.several || failures == 1))
    }
}

impl Breaker {
    /// Closed.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            phase: Phase::Closed,
            since: now,
            until: now,
            others_first: Duration::ZERO,
            probe: None,
            tried: VecDeque::new(),
            repeats: 0,
            level: 0,
            calm: 0,
            run: Run::default(),
            wells: 0,
            suspects: HashMap::new(),
        }
    }

    /// Where it stands, and since when.
    #[must_use]
    pub fn phase(&self, now: Instant) -> (Phase, Instant) {
        match self.phase {
            Phase::Open if now >= self.until => (Phase::HalfOpen, self.until),
            phase => (phase, self.since),
        }
    }

    /// When a probe may go, while it is open.
    #[must_use]
    pub fn next_probe(&self) -> Option<Instant> {
        (self.phase == Phase::Open).then_some(self.until)
    }

    /// May this one go? A probe must be told of: [`heard`](Self::heard), or
    /// [`came_back`](Self::came_back) when it asked nothing of the target.
    pub fn ask(&mut self, who: u64, now: Instant) -> Ask {
        match self.phase {
            Phase::Closed => Ask::Go,
            Phase::Open if now < self.until => Ask::Open(self.until),
            Phase::Open | Phase::HalfOpen => {
                if self.probe.is_some() {
                    return Ask::Probing;
                }
                if let Some(turn) = self.turn(who).filter(|turn| now < *turn) {
                    return Ask::OthersFirst(turn);
                }
                if self.phase == Phase::Open {
                    (self.phase, self.since) = (Phase::HalfOpen, now);
                }
                self.probe = Some(who);
                Ask::Probe
            }
        }
    }

    /// When one who was the probe before may be it again.
    fn turn(&self, who: u64) -> Option<Instant> {
        let place = self.tried.iter().position(|tried| *tried == who)? + 1;
        let (place, all) = (u32::try_from(place).ok()?, u32::try_from(self.tried.len()).ok()?);
        Some(self.until + self.others_first * place / all)
    }

    /// A probe came back without having asked the target anything.
    pub fn came_back(&mut self, who: u64) {
        if self.probe == Some(who) {
            self.probe = None;
        }
    }

    /// A person changed something: the next one who asks is the probe.
    pub fn try_now(&mut self, now: Instant) {
        if self.phase == Phase::Open {
            self.until = now;
            self.tried.clear();
        }
    }

    /// What an attempt showed. `random` is from 0 to 1.
    pub fn heard(&mut self, who: u64, health: Health, now: Instant, random: f64) -> Blame {
        let probed = self.phase == Phase::HalfOpen && self.probe == Some(who);
        if health == Health::Silent {
            self.came_back(who);
            return Blame::Document;
        }
        if health == Health::Well {
            self.well(who, now);
            return Blame::Document;
        }
        let others_went_well = self.suspect(who);
        if self.phase != Phase::Closed {
            if !probed {
                // It set out before the breaker opened, and tells nothing new.
                return Blame::Target;
            }
            // In doubt, and alone here for all we see: it has as many tries as any document.
            let repeats = self.tried.back() == Some(&who);
            self.repeats = if repeats { self.repeats.saturating_add(1) } else { 0 };
            let alone = repeats && (self.tried.len() == 1 || self.repeats >= REPEATS_ALONE);
            let alone = alone && health == Health::Doubtful;
            self.tried.retain(|tried| *tried != who);
            self.tried.push_back(who);
            if self.tried.len() > TRIED_MAX {
                self.tried.pop_front();
            }
            self.open(now, random);
            return if alone { Blame::Document } else { Blame::Target };
        }
        let poisonous = others_went_well && health != Health::Down;
        if poisonous {
            return Blame::Document;
        }
        self.run.add(who, health != Health::Doubtful);
        let alone = !self.run.several && health == Health::Doubtful;
        if health == Health::Refused || self.run.opens(self.config.failures) {
            self.tried.clear();
            self.open(now, random);
        }
        if alone { Blame::Document } else { Blame::Target }
    }

    fn well(&mut self, who: u64, now: Instant) {
        self.wells += 1;
        self.suspects.remove(&who);
        self.run = Run::default();
        if self.phase == Phase::Closed {
            self.calm = self.calm.saturating_add(1);
            if self.calm >= CALM {
                self.level = 0;
            }
            return;
        }
        (self.phase, self.since) = (Phase::Closed, now);
        self.probe = None;
        self.tried.clear();
        self.calm = 1;
    }

    /// Notes that it failed; says whether others went well since it failed the last time.
    fn suspect(&mut self, who: u64) -> bool {
        if self.suspects.len() >= SUSPECTS_MAX && !self.suspects.contains_key(&who) {
            // Whose failure is oldest by far; whoever is poisonous comes again.
            let oldest = self.suspects.iter().min_by_key(|(_, wells)| **wells).map(|(who, _)| *who);
            oldest.map(|who| self.suspects.remove(&who));
        }
        self.suspects.insert(who, self.wells).is_some_and(|then| then < self.wells)
    }

    fn open(&mut self, now: Instant, random: f64) {
        let full = self.config.open.saturating_mul(1 << self.level.min(16));
        let open = full.min(self.config.open_max).mul_f64(1.0 - JITTER * random.clamp(0.0, 1.0));
        if self.phase == Phase::Closed {
            self.since = now;
        }
        self.phase = Phase::Open;
        self.until = now + open;
        self.others_first = open / 4;
        self.level = self.level.saturating_add(1);
        self.probe = None;
        self.calm = 0;
        self.run = Run::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: Duration = Duration::from_secs(1);

    fn breaker(now: Instant) -> Breaker {
        Breaker::new(Config::default(), now)
    }

    #[test]
    fn open_times_follow_the_written_schedule() {
        let mut now = Instant::now();
        let mut breaker = breaker(now);
        for who in 0..5 {
            breaker.heard(who, Health::Down, now, 0.0);
        }
        let mut seen = Vec::new();
        for probe in 10..17 {
            let Ask::Open(until) = breaker.ask(probe, now) else { panic!("{breaker:?}") };
            seen.push((until - now).as_secs());
            now = until;
            assert_eq!(breaker.ask(probe, now), Ask::Probe);
            assert_eq!(breaker.ask(99, now), Ask::Probing);
            breaker.heard(probe, Health::Doubtful, now, 0.0);
        }
        assert_eq!(seen, [30, 60, 120, 240, 300, 300, 300]);
    }

    #[test]
    fn a_breaker_that_makes_no_sense_is_refused_by_key() {
        for (text, key) in [
            (r#"{"failures": 0}"#, "failures"),
            (r#"{"open_ms": 0}"#, "open_ms"),
            (r#"{"open_ms": 10, "open_max_ms": 5}"#, "open_ms"),
            (r#"{"open_max_ms": 86400001}"#, "open_max_ms"),
            (r#"{"failure": 3}"#, "failure"),
        ] {
            let error = serde_json::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn refused_credentials_open_it_at_once_and_a_change_by_a_person_is_tried_at_once() {
        let now = Instant::now();
        let mut breaker = breaker(now);
        assert_eq!(breaker.heard(1, Health::Refused, now, 0.0), Blame::Target);
        assert!(matches!(breaker.ask(2, now), Ask::Open(_)));
        breaker.try_now(now);
        assert_eq!(breaker.ask(1, now), Ask::Probe);
    }

    #[test]
    fn one_that_is_forbidden_while_others_go_well_is_its_own_trouble() {
        let now = Instant::now();
        let mut breaker = breaker(now);
        assert_eq!(breaker.heard(1, Health::Forbidden, now, 0.0), Blame::Target);
        assert_eq!(breaker.heard(1, Health::Forbidden, now, 0.0), Blame::Target);
        breaker.heard(2, Health::Well, now, 0.0);
        assert_eq!(breaker.heard(1, Health::Forbidden, now, 0.0), Blame::Document);
        assert_eq!(breaker.phase(now).0, Phase::Closed);
    }

    #[test]
    fn a_probe_that_asked_nothing_leaves_its_place_to_the_next() {
        let mut now = Instant::now();
        let mut breaker = breaker(now);
        for who in 0..5 {
            breaker.heard(who, Health::Down, now, 0.0);
        }
        now += Duration::from_secs(30);
        assert_eq!(breaker.ask(1, now), Ask::Probe);
        breaker.came_back(1);
        assert_eq!(breaker.ask(2, now), Ask::Probe);
        assert_eq!(breaker.heard(2, Health::Silent, now, 0.0), Blame::Document);
        assert_eq!(breaker.ask(3, now), Ask::Probe);
        breaker.heard(3, Health::Well, now, 0.0);
        assert_eq!(breaker.ask(4, now), Ask::Go);
    }

    #[test]
    fn a_day_of_outage_costs_no_document_more_than_two_tries() {
        for health in [Health::Doubtful, Health::Down, Health::Forbidden, Health::Refused] {
            let mut now = Instant::now();
            let mut breaker = breaker(now);
            let (mut counted, mut attempts) = ([0u32; 200], 0);
            // Each of them asks every ten seconds, always in the same order.
            for _ in 0..8640 {
                now += STEP * 10;
                for who in 0..200 {
                    if matches!(breaker.ask(who, now), Ask::Go | Ask::Probe) {
                        attempts += 1;
                        let blame = breaker.heard(who, health, now, 0.5);
                        counted[usize::try_from(who).unwrap()] +=
                            u32::from(blame == Blame::Document);
                    }
                }
            }
            assert!(counted.iter().all(|counted| *counted <= 2), "{health:?}: {counted:?}");
            // Half a minute, doubling to five: some three hundred probes a day.
            assert!((200..500).contains(&attempts), "{health:?}: {attempts}");
        }
    }

    proptest! {
        /// However documents come, one poisonous among healthy ones never opens the breaker, and
        /// what it fails is its own.
        #[test]
        fn one_poisonous_document_opens_nothing(
            order in prop::collection::vec(0u64..6, 1..400), random in 0.0f64..1.0,
        ) {
            let mut now = Instant::now();
            let mut breaker = breaker(now);
            for who in order {
                now += STEP;
                prop_assert_eq!(breaker.ask(who, now), Ask::Go);
                let health = if who == 0 { Health::Doubtful } else { Health::Well };
                prop_assert_eq!(breaker.heard(who, health, now, random), Blame::Document);
            }
        }

        /// While a target is down, hardly an attempt of anybody counts; when it is back, one
        /// healthy document is enough to close the breaker, whatever the poisonous ones do.
        #[test]
        fn an_outage_counts_for_nobody_and_ends_with_the_first_that_goes_well(
            askers in prop::collection::vec(0u64..8, 200..600),
            poisons in 1u64..4, random in 0.0f64..1.0,
        ) {
            let mut now = Instant::now();
            let mut breaker = breaker(now);
            let mut counted = [0u32; 8];
            for first in askers {
                now += STEP;
                for who in (0..8).map(|place| (first + place) % 8) {
                    if matches!(breaker.ask(who, now), Ask::Go | Ask::Probe)
                        && breaker.heard(who, Health::Doubtful, now, random) == Blame::Document
                    {
                        counted[usize::try_from(who).unwrap()] += 1;
                    }
                }
            }
            // One of them once, before anybody else was seen to fail.
            prop_assert!(counted.iter().sum::<u32>() <= 1, "{:?}", counted);
            // It is back. All of them ask each second, the poisonous ones first.
            let mut seconds = 0;
            while breaker.phase(now).0 != Phase::Closed {
                now += STEP;
                seconds += 1;
                prop_assert!(seconds <= 400 * (poisons + 1), "still open");
                for who in 0..8 {
                    if matches!(breaker.ask(who, now), Ask::Go | Ask::Probe) {
                        let health =
                            if who < poisons { Health::Doubtful } else { Health::Well };
                        breaker.heard(who, health, now, random);
                    }
                }
            }
        }

        /// At most one probe is ever on its way, and an open breaker lets nobody go.
        #[test]
        fn nobody_goes_while_it_is_open_and_one_at_a_time_while_it_is_half_open(
            steps in prop::collection::vec((0u64..5, 0u64..20, 0u8..6), 1..400),
        ) {
            let mut now = Instant::now();
            let mut breaker = breaker(now);
            let mut probing = None;
            for (who, seconds, what) in steps {
                now += STEP * u32::try_from(seconds).unwrap();
                let health = match what {
                    0 => Health::Well,
                    1 => Health::Doubtful,
                    2 => Health::Down,
                    3 => Health::Refused,
                    4 => Health::Forbidden,
                    _ => Health::Silent,
                };
                let (phase, _) = breaker.phase(now);
                match breaker.ask(who, now) {
                    Ask::Go => {
                        prop_assert_eq!(phase, Phase::Closed);
                        breaker.heard(who, health, now, 0.5);
                    }
                    Ask::Probe => {
                        prop_assert_eq!((phase, probing), (Phase::HalfOpen, None));
                        probing = Some((who, health));
                    }
                    Ask::Open(until) => prop_assert!(until > now && phase == Phase::Open),
                    Ask::OthersFirst(until) => prop_assert!(until > now && probing.is_none()),
                    Ask::Probing => {
                        let (who, health) = probing.take().expect("somebody is the probe");
                        breaker.heard(who, health, now, 0.5);
                    }
                }
            }
        }
    }
}
