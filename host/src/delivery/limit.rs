//! How many requests a connection may make: several windows at once, never more than any of them.
//!
//! ```toml
//! rate_limit = ["3000/minute", "30/hour"]   # a text or a list; second, minute, hour, day
//! burst = 5                                 # back to back at most so many; without it, all
//! ```
//!
//! Each window keeps when its requests left, so "30/hour" holds in *any* hour, not only from one
//! full hour to the next. A window of more than [`ENTRIES_MAX`] requests keeps them in groups, each
//! counted until its last one has left the window: it may allow a thousandth less, never more.
//! `burst` spreads requests out besides (a cell-rate limiter per window): at most so many at once,
//! then one each `window / count`.
//!
//! Tokens can be *held*: promised to work that has begun, not spent yet. A held token counts until
//! it is spent (and then from that moment on) or given back. So a delivery that takes three requests
//! is not begun when there is room for one.
//!
//! Pure: no clock, no sleeping; the caller says what time it is. It is kept in memory: a restart
//! begins with an empty record, so the hour in which a host is restarted may see the limit twice.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use tokio::time::Instant;

/// Entries kept by one window; beyond that, neighbours are counted together (24 KB a window).
const ENTRIES_MAX: u32 = 1024;

/// A request takes its time on the road, and not always the same: windows are kept a little longer
/// than asked for, so that the target's own count agrees with ours.
const SLACK_MAX: Duration = Duration::from_secs(1);

/// When only held tokens stand in the way, nobody knows how long: ask again after this time.
const HELD_HINT: Duration = Duration::from_millis(250);

/// So many requests in so much time: `"30/hour"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how much time.
    pub period: Duration,
}

impl Rate {
    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let seconds = match unit.trim() {
            "s" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3_600,
            "d" | "day" => 86_400,
            _ => return None,
        };
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some(Self { count, period: Duration::from_secs(seconds) })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.period.as_secs() {
            1 => "second",
            60 => "minute",
            3_600 => "hour",
            _ => "day",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "{text:?} is not a rate: write \"30/hour\" (second, minute, hour or day)"
            ))
        })
    }
}

/// The limits of one connection; none means no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Rate> {
        self.0.iter()
    }
}

impl FromIterator<Rate> for Rates {
    fn from_iter<I: IntoIterator<Item = Rate>>(rates: I) -> Self {
        Self(rates.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a rate like \"30/hour\", or a list of them")]
        enum Written {
            One(String),
            Many(Vec<String>),
        }
        let texts = match Written::deserialize(deserializer)? {
            Written::One(text) => vec![text],
            Written::Many(texts) => texts,
        };
        let rate =
            |text: String| Rate::deserialize(de::value::StringDeserializer::<D::Error>::new(text));
        texts.into_iter().map(rate).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

/// What is left of the limits of one connection.
#[derive(Debug, Clone)]
pub struct Limiter {
    windows: Vec<Window>,
    held: u32,
}

/// One rate and what left under it.
#[derive(Debug, Clone)]
struct Window {
    count: u32,
    /// The period and the slack.
    span: Duration,
    /// Requests closer together than this are one entry.
    grain: Duration,
    left: VecDeque<Left>,
    /// The sum of all entries.
    total: u32,
    spread: Option<Spread>,
}

/// Requests that left from `first` to `last`.
#[derive(Debug, Clone, Copy)]
struct Left {
    first: Instant,
    last: Instant,
    count: u32,
}

/// The cell-rate part: when the next request would be due if all were evenly spaced.
#[derive(Debug, Clone, Copy)]
struct Spread {
    burst: u32,
    interval: Duration,
    due: Option<Instant>,
}

impl Limiter {
    /// With nothing spent.
    #[must_use]
    pub fn new(rates: &Rates, burst: Option<u32>) -> Self {
        let window = |rate: &Rate| Window {
            count: rate.count,
            span: rate.period + (rate.period / 50).min(SLACK_MAX),
            grain: if rate.count > ENTRIES_MAX {
                rate.period / ENTRIES_MAX
            } else {
                Duration::ZERO
            },
            left: VecDeque::new(),
            total: 0,
            spread: burst.filter(|burst| *burst < rate.count).map(|burst| Spread {
                burst: burst.max(1),
                // Rounded up, so that the spaced requests of a period never exceed the count.
                interval: rate.period / rate.count + Duration::from_nanos(1),
                due: None,
            }),
        };
        Self { windows: rates.iter().map(window).collect(), held: 0 }
    }

    /// How many tokens can be had at once at best; none where nothing is limited.
    #[must_use]
    pub fn depth(&self) -> Option<u32> {
        let depth = |w: &Window| w.spread.map_or(w.count, |spread| spread.burst.min(w.count));
        self.windows.iter().map(depth).min()
    }

    /// Promises `tokens` (no more than [`depth`](Self::depth) are ever needed), or says when to ask
    /// again.
    ///
    /// # Errors
    /// When there are too few; nothing is held then.
    pub fn hold(&mut self, tokens: u32, now: Instant) -> Result<(), Instant> {
        let held = self.held;
        let mut ask_again = None;
        for window in &mut self.windows {
            window.forget(now);
            if let Some(at) = window.room_at(held.saturating_add(tokens), now) {
                ask_again = ask_again.max(Some(at));
            }
        }
        match ask_again {
            Some(at) => Err(at),
            None => {
                self.held += tokens;
                Ok(())
            }
        }
    }

    /// Spends a held token: its request leaves now.
    pub fn spend_held(&mut self, now: Instant) {
        self.held = self.held.saturating_sub(1);
        for window in &mut self.windows {
            window.spend(now);
        }
    }

    /// Spends a token that nobody held.
    ///
    /// # Errors
    /// When there is none, with the time to ask again.
    pub fn spend(&mut self, now: Instant) -> Result<(), Instant> {
        self.hold(1, now)?;
        self.spend_held(now);
        Ok(())
    }

    /// Gives back held tokens that were not needed.
    pub fn give_back(&mut self, tokens: u32) {
        self.held = self.held.saturating_sub(tokens);
    }

    /// The same record without the promises: what a gate that takes over begins with.
    #[must_use]
    pub fn without_held(&self) -> Self {
        Self { held: 0, ..self.clone() }
    }
}

impl Window {
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.left.front()
            && oldest.last + self.span <= now
        {
            self.total -= oldest.count;
            self.left.pop_front();
        }
    }

    /// When there may be room for so many more; none when there is.
    fn room_at(&self, more: u32, now: Instant) -> Option<Instant> {
        let mut wait = None;
        let wanted = u64::from(self.total) + u64::from(more);
        if wanted > u64::from(self.count) {
            let mut over = wanted - u64::from(self.count);
            let freed = self.left.iter().find(|entry| {
                over = over.saturating_sub(u64::from(entry.count));
                over == 0
            });
            wait = Some(freed.map_or(now + HELD_HINT, |entry| entry.last + self.span));
        }
        if let Some(spread) = self.spread {
            let ahead = spread.interval.saturating_mul(more);
            let allowed = spread.interval * spread.burst;
            let due = spread.due.map_or(now, |due| due.max(now));
            if ahead > allowed {
                wait = wait.max(Some(now + HELD_HINT));
            } else if due + ahead > now + allowed {
                wait = wait.max(Some(due + ahead - allowed));
            }
        }
        wait
    }

    fn spend(&mut self, now: Instant) {
        self.total += 1;
        if let Some(spread) = &mut self.spread {
            spread.due = Some(spread.due.map_or(now, |due| due.max(now)) + spread.interval);
        }
        if let Some(newest) = self.left.back_mut()
            && now.saturating_duration_since(newest.first) < self.grain
        {
            newest.last = now;
            newest.count += 1;
            return;
        }
        self.left.push_back(Left { first: now, last: now, count: 1 });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rates(texts: &[&str]) -> Rates {
        texts.iter().map(|text| Rate::parse(text).unwrap()).collect()
    }

    /// The largest number of instants in any window of this length, its end not included.
    fn most_in(period: Duration, sent: &[Instant]) -> usize {
        let inside =
            |from: &Instant| sent.iter().filter(|at| *at >= from && **at - *from < period).count();
        sent.iter().map(inside).max().unwrap_or(0)
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        let read = |text: &str| serde_json::from_str::<Rates>(text).map_err(|e| e.to_string());
        assert_eq!(read("\"30/hour\"").unwrap(), rates(&["30/hour"]));
        let many = read(r#"["3000/minute", "30/h", "1 / second"]"#).unwrap();
        let shown: Vec<String> = many.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["3000/minute", "30/hour", "1/second"]);
        for wrong in ["\"30\"", "\"0/hour\"", "\"x/hour\"", "\"30/fortnight\"", "\"-1/hour\""] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("write \"30/hour\""), "{wrong}: {error}");
        }
    }

    #[test]
    fn nothing_is_limited_where_no_limit_is_written() {
        let mut limiter = Limiter::new(&Rates::default(), None);
        let now = Instant::now();
        assert!((0..100_000).all(|_| limiter.spend(now).is_ok()));
        assert_eq!(limiter.depth(), None);
    }

    #[test]
    fn what_is_held_cannot_be_spent_by_others_and_comes_back_when_it_is_not_needed() {
        let mut limiter = Limiter::new(&rates(&["3/minute"]), None);
        let now = Instant::now();
        limiter.hold(2, now).unwrap();
        limiter.spend(now).unwrap();
        assert!(limiter.spend(now).is_err());
        limiter.give_back(1);
        limiter.spend(now).unwrap();
        // The held one left late, and is counted from when it left.
        let late = now + Duration::from_secs(50);
        limiter.spend_held(late);
        let after = now + Duration::from_secs(62);
        limiter.hold(2, after).unwrap();
        assert_eq!(limiter.spend(after), Err(late + Duration::from_secs(61)));
    }

    proptest! {
        /// Whoever comes and whenever: no window ever sees more than it may, and whoever waits as
        /// long as told gets a token in the end.
        #[test]
        fn no_window_sees_more_than_its_count_and_nobody_starves(
            steps in prop::collection::vec((0u64..4_000, 0u32..3, any::<bool>()), 1..300),
            per_second in 1u32..5, per_minute in 1u32..40, burst in prop::option::of(1u32..10),
        ) {
            let written = [
                Rate { count: per_second, period: Duration::from_secs(1) },
                Rate { count: per_minute, period: Duration::from_secs(60) },
            ];
            let mut limiter = Limiter::new(&written.into_iter().collect(), burst);
            let depth = limiter.depth().unwrap();
            let mut now = Instant::now();
            let (mut sent, mut held) = (Vec::new(), 0);
            for (millis, hold, gives_back) in steps {
                now += Duration::from_millis(millis);
                if held > 0 && gives_back {
                    limiter.give_back(1);
                    held -= 1;
                } else if held > 0 {
                    limiter.spend_held(now);
                    sent.push(now);
                    held -= 1;
                }
                let hold = hold.min(depth);
                if hold > 0 && limiter.hold(hold, now).is_ok() {
                    held += hold;
                }
                if limiter.spend(now).is_ok() {
                    sent.push(now);
                }
            }
            limiter.give_back(held);
            // Nobody starves: with nothing held, as many waits as the windows need, and no more.
            let mut waits = 0;
            while let Err(again) = limiter.hold(depth, now) {
                prop_assert!(again > now, "told to ask again at once");
                now = again;
                waits += 1;
                prop_assert!(waits <= 400, "waits without end");
            }
            for Rate { count, period } in written {
                prop_assert!(most_in(period, &sent) <= count as usize, "{count} in {period:?}");
            }
            if let Some(burst) = burst.filter(|burst| *burst < per_minute) {
                let most = most_in(Duration::from_secs(60) / per_minute, &sent);
                prop_assert!(most <= burst as usize + 1, "{most} back to back, burst {burst}");
            }
        }

        /// The same for windows so large that entries are grouped.
        #[test]
        fn grouped_entries_never_allow_more(
            gaps in prop::collection::vec(0u64..40, 3_000..5_000),
        ) {
            let mut limiter = Limiter::new(&rates(&["3000/minute"]), None);
            let mut now = Instant::now();
            let mut sent = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                match limiter.spend(now) {
                    Ok(()) => sent.push(now),
                    Err(again) => {
                        prop_assert!(again > now);
                        now = again;
                        limiter.spend(now).unwrap();
                        sent.push(now);
                    }
                }
            }
            prop_assert!(limiter.windows[0].left.len() <= ENTRIES_MAX as usize + 64);
            let mut oldest = 0;
            for (place, at) in sent.iter().enumerate() {
                while *at - sent[oldest] >= Duration::from_secs(60) {
                    oldest += 1;
                }
                prop_assert!(place - oldest < 3_000);
            }
        }
    }
}
