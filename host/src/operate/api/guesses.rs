//! A limit on guessing: after some wrong tokens in a minute, an address is not looked at for the rest
//! of it; and after many from everywhere, nobody who has not been let in lately.
//!
//! While an address is shut out, even a right token is not compared: otherwise guessing would merely
//! look different. The host-wide limit spares addresses that were let in within the hour, so that a
//! crowd of guessers cannot shut the operators out. Who comes through a proxy on this machine is known by
//! the last address of `X-Forwarded-For`, which that proxy wrote. Memory is bounded; what falls out is
//! forgotten, and the host-wide count stands behind it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tokens from one address within [`WINDOW`]: more than a person mistypes.
pub(super) const ADDRESS_MAX: u32 = 20;
/// Wrong tokens from everywhere within [`WINDOW`].
pub(super) const ALL_MAX: u32 = 400;
/// How long wrong tokens are counted over.
const WINDOW: Duration = Duration::from_secs(60);
/// How long somebody who was let in counts as known.
const KNOWN: Duration = Duration::from_secs(3600);
/// Addresses remembered.
const ADDRESSES_MAX: usize = 10_000;

/// Who guessed how often.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    addresses: BTreeMap<IpAddr, Address>,
    all: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Address {
    wrong: Option<Count>,
    let_in: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Instant,
    count: u32,
}

impl Count {
    /// How long it is until this is over, if it is too many.
    fn shut(counted: Option<Self>, most: u32, now: Instant) -> Option<Duration> {
        let Self { since, count } = counted?;
        let left = WINDOW.saturating_sub(now.saturating_duration_since(since));
        (count >= most && !left.is_zero()).then_some(left)
    }

    fn more(counted: Option<Self>, now: Instant) -> Option<Self> {
        let running = counted.filter(|it| now.saturating_duration_since(it.since) < WINDOW);
        let Self { since, count } = running.unwrap_or(Self { since: now, count: 0 });
        Some(Self { since, count: count.saturating_add(1) })
    }
}

impl Guesses {
    /// How long this address has to wait before a token of it is looked at.
    pub(super) fn shut_out(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let address = seen.addresses.get(&from).copied().unwrap_or_default();
        let known = address.let_in.is_some_and(|at| now.saturating_duration_since(at) < KNOWN);
        let alone = Count::shut(address.wrong, ADDRESS_MAX, now);
        alone.or_else(|| Count::shut(seen.all, ALL_MAX, now).filter(|_| !known))
    }

    /// A token from this address was not one of ours.
    pub(super) fn wrong(&self, from: IpAddr, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.all = Count::more(seen.all, now);
        let address = seen.place(from, now);
        address.wrong = Count::more(address.wrong, now);
    }

    /// A token from this address was.
    pub(super) fn right(&self, from: IpAddr, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.place(from, now).let_in = Some(now);
    }
}

impl Seen {
    fn place(&mut self, from: IpAddr, now: Instant) -> &mut Address {
        if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&from) {
            self.addresses.retain(|_, it| {
                let known = it.let_in.is_some_and(|at| now.saturating_duration_since(at) < KNOWN);
                let wrong =
                    it.wrong.is_some_and(|it| now.saturating_duration_since(it.since) < WINDOW);
                known || wrong
            });
            if self.addresses.len() >= ADDRESSES_MAX {
                // All of them are fresh: those who were never let in make room.
                self.addresses.retain(|_, it| it.let_in.is_some());
            }
            if self.addresses.len() >= ADDRESSES_MAX {
                self.addresses.clear();
            }
        }
        self.addresses.entry(from).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(last: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + last))
    }

    #[test]
    fn an_address_that_guesses_is_shut_out_for_a_minute_and_nobody_else() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        for _ in 0..ADDRESS_MAX {
            assert_eq!(guesses.shut_out(address(1), start), None);
            guesses.wrong(address(1), start);
        }
        assert_eq!(guesses.shut_out(address(1), start), Some(WINDOW));
        assert_eq!(guesses.shut_out(address(2), start), None);
        let later = start + WINDOW;
        assert_eq!(guesses.shut_out(address(1), later), None);
        guesses.wrong(address(1), later);
        assert_eq!(guesses.shut_out(address(1), later), None, "it begins anew");
    }

    #[test]
    fn a_crowd_of_guessers_shuts_out_whoever_is_not_known() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        guesses.right(address(0), start);
        for guesser in 0..ALL_MAX {
            guesses.wrong(address(10 + guesser), start);
        }
        assert!(guesses.shut_out(address(5), start).is_some());
        assert_eq!(guesses.shut_out(address(0), start), None);
    }

    #[test]
    fn a_million_addresses_are_not_a_million_entries() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        guesses.right(address(0), start);
        for guesser in 1..200_000 {
            guesses.wrong(address(guesser), start);
        }
        let seen = guesses.seen.lock().unwrap();
        assert!(seen.addresses.len() <= ADDRESSES_MAX);
        assert!(seen.addresses.contains_key(&address(0)), "who was let in is remembered");
    }
}
