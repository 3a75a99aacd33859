//! What a plugin with WASI sees of the world in one call: the event's time, numbers made from the event's
//! id, and the streams it writes to. The same for the same event, on every machine.
//!
//! Time stands. Waiting for a moment of the monotonic clock moves it there, at no cost; the wall's clock stays.

use sha2::{Digest, Sha256};

use super::streams::Streams;

/// A pollable that is always ready: a stream's.
pub(super) const READY: u32 = 0;
/// Where the monotonic clock begins, beyond the wall's: Go takes zero for a broken clock, and a runtime that was started when
/// it was built must not see time run backwards.
const MONOTONIC_AHEAD_NS: u64 = 1_000_000_000;

/// What the stub remembers in one call.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) seconds: u64,
    pub(super) nanoseconds: u32,
    seed: [u8; 32],
    drawn: u64,
    /// Stands, unless the plugin waits.
    pub(super) monotonic: u64,
    /// What is waited for: moments of the monotonic clock, by the handle of their pollable less one.
    waited_for: Vec<Option<u64>>,
    pub(super) streams: Streams,
}

impl Stub {
    /// For the events of a run.
    pub(super) fn new(event_id: &str, received_at: &str) -> Self {
        let time: jiff::Timestamp = received_at.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let seconds = u64::try_from(time.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
        Self {
            seconds,
            nanoseconds,
            seed: Sha256::digest(event_id.as_bytes()).into(),
            drawn: 0,
            monotonic: seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(nanoseconds.into())
                .saturating_add(MONOTONIC_AHEAD_NS),
            waited_for: Vec::new(),
            streams: Streams::default(),
        }
    }

    /// For `manifest.describe`, which is no event's.
    pub(super) fn at_load() -> Self {
        Self::new("", "")
    }

    /// Bytes that depend on the event and on how many were drawn before.
    pub(super) fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 32);
        while bytes.len() < length {
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.drawn.to_le_bytes())
                .finalize();
            self.drawn += 1;
            bytes.extend_from_slice(&block);
        }
        bytes.truncate(length);
        bytes
    }

    pub(super) fn random_u64(&mut self) -> u64 {
        let bytes = self.random(8);
        bytes.try_into().map_or(0, u64::from_le_bytes)
    }

    /// The handle of a pollable for a moment of the monotonic clock. There are never more than handles may be.
    pub(super) fn wait_for(&mut self, moment: u64) -> u32 {
        let free = self.waited_for.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.waited_for.push(None);
            self.waited_for.len() - 1
        });
        self.waited_for[place] = Some(moment);
        u32::try_from(place + 1).unwrap_or(READY)
    }

    /// The moment a pollable waits for; none if it is ready in any case.
    fn moment(&self, pollable: u32) -> Option<u64> {
        let place = usize::try_from(pollable.checked_sub(1)?).ok()?;
        *self.waited_for.get(place)?
    }

    pub(super) fn is_ready(&self, pollable: u32) -> bool {
        self.moment(pollable).is_none_or(|moment| moment <= self.monotonic)
    }

    /// Which of these are ready; where none is, time moves on to the first that will be.
    pub(super) fn poll(&mut self, pollables: &[u32]) -> Vec<u32> {
        if !pollables.iter().any(|it| self.is_ready(*it)) {
            let first = pollables.iter().filter_map(|it| self.moment(*it)).min();
            self.monotonic = first.unwrap_or(self.monotonic);
        }
        let ready = (0_u32..).zip(pollables).filter(|(_, it)| self.is_ready(**it));
        ready.map(|(index, _)| index).collect()
    }

    pub(super) fn dropped(&mut self, pollable: u32) {
        let place = pollable.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        if let Some(waited_for) = place.and_then(|place| self.waited_for.get_mut(place)) {
            *waited_for = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_random_are_the_events() {
        let draw = |event: &str| Stub::new(event, "").random(40);
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
        let mut stub = Stub::new("a", "2026-11-22T02:15:06.5Z");
        assert_eq!((stub.seconds, stub.nanoseconds), (1_795_313_706, 500_000_000));
        assert_ne!(stub.random(32), stub.random(32));
    }

    #[test]
    fn time_stands_unless_somebody_waits_for_it() {
        let mut stub = Stub::new("a", "2026-11-22T02:15:06Z");
        let start = stub.monotonic;
        let (soon, late) = (stub.wait_for(start + 5), stub.wait_for(start + 9));
        assert!(!stub.is_ready(soon) && stub.is_ready(READY));
        assert_eq!(stub.poll(&[late, READY]), [1]);
        assert_eq!(stub.monotonic, start, "a stream was ready, so nobody had to wait");
        assert_eq!(stub.poll(&[late, soon]), [1]);
        assert_eq!(stub.monotonic, start + 5);
        stub.dropped(soon);
        assert_eq!(stub.wait_for(start), soon, "a place is used again");
        assert_eq!(stub.poll(&[late]), [0]);
        assert_eq!((stub.monotonic, stub.seconds), (start + 9, 1_795_313_706));
    }

    #[test]
    fn the_clock_at_load_is_not_zero() {
        assert!(Stub::at_load().monotonic > 0);
    }
}
