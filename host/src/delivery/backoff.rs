//! How long to wait before the next attempt, and when to stop.
//!
//! Waits grow by a factor from the first to a ceiling and are shortened by a random part, so that a
//! target that comes back is not met by all its documents in the same second. A `Retry-After` of
//! the target is honoured when it is longer. With the defaults the waits add up to some twenty
//! hours: long enough for a night without anybody at the ERP.

use std::time::Duration;

use serde::Deserialize;

use super::patience::PATIENCE_MAX;

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Schedule {
    first_ms: u64,
    factor: f64,
    max_ms: u64,
    attempts_max: u32,
    jitter: f64,
    not_ready_max: Duration,
}

/// The schedule as it stands in a file, before it is known to make sense.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    first_ms: u64,
    factor: f64,
    max_ms: u64,
    attempts_max: u32,
    jitter: f64,
    not_ready_max_ms: u64,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            first_ms: 1_000,
            factor: 2.0,
            max_ms: 3_600_000,
            attempts_max: 30,
            jitter: 0.2,
            // A parent that does not come over a long weekend does not come by itself.
            not_ready_max_ms: 4 * 24 * 60 * 60 * 1_000,
        }
    }
}

impl Default for Schedule {
    /// One second, doubling to an hour, thirty attempts.
    fn default() -> Self {
        Self::try_from(Written::default()).expect("the defaults make sense")
    }
}

impl TryFrom<Written> for Schedule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { first_ms, factor, max_ms, attempts_max, jitter, not_ready_max_ms } = written;
        if first_ms == 0 || first_ms > max_ms {
            return Err(format!("first_ms must be from 1 to max_ms ({max_ms}), not {first_ms}"));
        }
        if !(1.0..=100.0).contains(&factor) {
            return Err(format!("factor must be from 1 to 100, not {factor}"));
        }
        if attempts_max == 0 {
            return Err("attempts_max must be 1 or more".to_owned());
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(format!("jitter must be from 0 to 1, not {jitter}"));
        }
        let not_ready_max = Duration::from_millis(not_ready_max_ms);
        Ok(Self { first_ms, factor, max_ms, attempts_max, jitter, not_ready_max })
    }
}

impl Schedule {
    /// How many attempts there are in all.
    #[must_use]
    pub fn attempts_max(&self) -> u32 {
        self.attempts_max
    }

    /// How long something that a document refers to may take to come.
    #[must_use]
    pub fn not_ready_max(&self) -> Duration {
        self.not_ready_max
    }

    /// How long to wait after this many attempts that do not count: they end by time, not by number.
    #[must_use]
    pub fn patience(&self, attempts: u32) -> Duration {
        let counted = attempts.min(self.attempts_max - 1);
        self.wait(counted, None).expect("it is not the last one")
    }

    /// How long to wait after this many attempts (from 1); `None` when that was the last one.
    #[must_use]
    pub fn wait(&self, attempts: u32, retry_after: Option<Duration>) -> Option<Duration> {
        self.wait_with(attempts, retry_after, fastrand::f64())
    }

    /// How long to wait after an attempt that does not count.
    #[must_use]
    pub fn wait_uncounted(&self, retry_after: Option<Duration>) -> Duration {
        let once_more = Self { attempts_max: 2, ..*self };
        once_more.wait(1, retry_after).expect("of two attempts one is left")
    }

    /// The same with the random part given, from 0 to 1.
    fn wait_with(
        &self,
        attempts: u32,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if attempts >= self.attempts_max {
            return None;
        }
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "waits of 2^53 ms do not occur")]
        let (first, max) = (self.first_ms as f64, self.max_ms as f64);
        // An overflow is infinity, which `min` cuts to the ceiling.
        let full = (first * self.factor.powi(exponent)).min(max);
        let wait = Duration::from_secs_f64(full * (1.0 - self.jitter * random) / 1000.0);
        Some(retry_after.map_or(wait, |asked| wait.max(asked.min(PATIENCE_MAX))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schedule(text: &str) -> Result<Schedule, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_bridge_a_night() {
        let schedule = Schedule::default();
        let mut total = Duration::ZERO;
        for attempts in 1.. {
            let Some(wait) = schedule.wait_with(attempts, None, 1.0) else { break };
            total += wait;
        }
        assert!(total > Duration::from_secs(12 * 3600), "{total:?}");
        assert!(total < Duration::from_secs(36 * 3600), "{total:?}");
    }

    #[test]
    fn a_schedule_that_makes_no_sense_is_refused_by_key() {
        for (text, key) in [
            (r#"{"first_ms": 0}"#, "first_ms"),
            (r#"{"first_ms": 10, "max_ms": 5}"#, "first_ms"),
            (r#"{"factor": 0.5}"#, "factor"),
            (r#"{"attempts_max": 0}"#, "attempts_max"),
            (r#"{"jitter": 1.5}"#, "jitter"),
            (r#"{"retries": 3}"#, "retries"),
        ] {
            let error = schedule(text).unwrap_err();
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn patience_the_target_asks_for_is_given_within_a_day() {
        let schedule = Schedule::default();
        let minute = Duration::from_secs(60);
        assert_eq!(schedule.wait(1, Some(minute)), Some(minute));
        assert_eq!(schedule.wait(1, Some(Duration::MAX)), Some(PATIENCE_MAX));
        assert!(schedule.wait_with(12, Some(minute), 0.0) > Some(minute));
    }

    proptest! {
        #[test]
        fn waits_grow_to_the_ceiling_and_end(
            first in 1u64..10_000, factor in 1.0f64..5.0, span in 0u64..10_000_000,
            attempts_max in 1u32..5_000, jitter in 0.0f64..=1.0, random in 0.0f64..1.0,
            attempts in 1u32..5_000,
        ) {
            let schedule = Schedule::try_from(Written {
                first_ms: first, factor, max_ms: first + span, attempts_max, jitter,
                not_ready_max_ms: 1,
            }).unwrap();
            match schedule.wait_with(attempts, None, random) {
                None => prop_assert!(attempts >= attempts_max),
                Some(wait) => {
                    prop_assert!(attempts < attempts_max);
                    prop_assert!(wait <= Duration::from_millis(first + span) + Duration::from_micros(1));
                    let full = schedule.wait_with(attempts, None, 0.0).unwrap();
                    prop_assert!(wait <= full);
                    prop_assert!(wait.as_secs_f64() >= full.as_secs_f64() * (1.0 - jitter) - 1e-6);
                    if let Some(next) = schedule.wait_with(attempts + 1, None, 0.0) {
                        prop_assert!(next >= full);
                    }
                }
            }
        }
    }
}
