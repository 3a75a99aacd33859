//! Time to settle: what may be on its way to a target still is not looked for yet.
//!
//! A target that is asked what it has can only tell of what it has done. Looked for too early, a
//! document that it is at work on is not found, and made a second time. So what was sent and had no
//! answer is left alone for the connection's `settle_ms`, and so is, after the connection was opened,
//! whatever the one before it (another process, other settings) may have sent a moment earlier.
//!
//! This is kept in memory and not taken from the journal: where the disk is full just when an unknown
//! outcome is to be written, the next attempt waits all the same. It costs a short lock for each
//! attempt, and some bytes for each outcome that was lost within the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::outside::Clock;
use super::{Outbound, Verdict};
use crate::event::Document;

/// Lost answers that are told apart. Beyond that the target hardly answers at all, and everything
/// that may have been sent waits.
const LOST_MAX: usize = 1024;

/// What a connection knows of what it may have sent.
#[derive(Debug)]
pub(super) struct Settling {
    clock: Arc<dyn Clock>,
    time: Duration,
    lost: Mutex<Lost>,
}

#[derive(Debug)]
struct Lost {
    /// Whatever was sent before waits until then.
    all_until: Instant,
    /// Entity and key of what had no answer, and until when it is left alone.
    each: HashMap<(String, String), Instant>,
}

impl Settling {
    /// Of a connection that is being opened.
    pub(super) fn new(time: Duration, outbound: &Outbound) -> Self {
        let clock = Arc::clone(outbound.clock());
        let lost = Lost { all_until: clock.now() + time, each: HashMap::new() };
        Self { clock, time, lost: Mutex::new(lost) }
    }

    /// Why a document is not to be looked for or sent yet, if it is not.
    pub(super) fn not_yet(&self, document: &Document, first_attempt: bool) -> Option<Verdict> {
        let now = self.clock.now();
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let own = lost.each.get(&key_of(document)).copied();
        let all = (!first_attempt).then_some(lost.all_until);
        drop(lost);
        let until = own.max(all).filter(|until| *until > now)?;
        let reason = match own {
            Some(own) if own == until => "an attempt without an answer may be at work still",
            _ => "an attempt of before the start may be at work still",
        };
        Some(Verdict::NotNow { reason: reason.to_owned(), wait: until - now })
    }

    /// It was sent, and nobody knows what became of it. Answers how long it is left alone.
    pub(super) fn lose(&self, document: &Document) -> Duration {
        let now = self.clock.now();
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.each.len() >= LOST_MAX {
            lost.each.retain(|_, until| *until > now);
        }
        if lost.each.len() >= LOST_MAX {
            lost.each.clear();
            lost.all_until = now + self.time;
        }
        lost.each.insert(key_of(document), now + self.time);
        self.time
    }
}

fn key_of(document: &Document) -> (String, String) {
    (document.entity.clone(), document.key.clone())
}

#[cfg(test)]
mod tests {
    use super::super::outside::Waiting;
    use super::*;
    use crate::event::Operation;

    const SECOND: Duration = Duration::from_secs(1);

    /// A clock that is moved by hand.
    #[derive(Debug, Clone)]
    struct Hand(Arc<Mutex<Instant>>);

    impl Hand {
        fn advance(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    impl Clock for Hand {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }

        fn sleep_until(&self, _: Instant) -> Waiting<()> {
            unreachable!("nobody waits here")
        }
    }

    fn opened() -> (Hand, Settling) {
        let hand = Hand(Arc::new(Mutex::new(Instant::now())));
        let lost = Lost { all_until: hand.now() + 5 * SECOND, each: HashMap::new() };
        let clock = Arc::new(hand.clone());
        (hand, Settling { clock, time: 5 * SECOND, lost: Mutex::new(lost) })
    }

    fn document(key: &str) -> Document {
        Document {
            entity: "sale".to_owned(),
            key: key.to_owned(),
            operation: Operation::Create,
            body: serde_json::from_str("{}").unwrap(),
            attributes: Vec::new(),
            request_key: None,
        }
    }

    fn wait(settling: &Settling, key: &str, first_attempt: bool) -> Option<Duration> {
        match settling.not_yet(&document(key), first_attempt)? {
            Verdict::NotNow { wait, .. } => Some(wait),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_lost_is_left_alone_and_so_is_all_that_was_sent_before_the_start() {
        let (clock, settling) = opened();
        assert_eq!(wait(&settling, "a", true), None, "nobody has sent it");
        assert_eq!(wait(&settling, "a", false), Some(5 * SECOND));
        clock.advance(4 * SECOND);
        assert_eq!(settling.lose(&document("a")), 5 * SECOND);
        clock.advance(2 * SECOND);
        assert_eq!(wait(&settling, "b", false), None, "the start is long ago");
        assert_eq!(wait(&settling, "a", false), Some(3 * SECOND));
        assert_eq!(wait(&settling, "a", true), Some(3 * SECOND), "whoever brings it");
        clock.advance(3 * SECOND);
        assert_eq!(wait(&settling, "a", false), None);
    }

    #[test]
    fn however_much_is_lost_it_stays_small_and_nothing_is_looked_for_too_early() {
        let (clock, settling) = opened();
        clock.advance(10 * SECOND);
        for number in 0..=LOST_MAX {
            settling.lose(&document(&number.to_string()));
        }
        assert!(settling.lost.lock().unwrap().each.len() <= LOST_MAX);
        assert_eq!(
            wait(&settling, "0", false),
            Some(5 * SECOND),
            "one that is no longer told apart"
        );
        clock.advance(6 * SECOND);
        assert_eq!(wait(&settling, "0", false), None);
    }
}
