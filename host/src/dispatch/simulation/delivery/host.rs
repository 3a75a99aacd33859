//! The host: the real schedule before the real gate, as the dispatcher has them. A crash takes it.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use tokio::time::Instant;

use super::super::super::schedule::{Entry, Key, Limits, Schedule};
use super::clock::SimClock;
use super::journal::Journal;
use super::target::Manner;
use super::walk::{Stop, Walk};
use crate::delivery::breaker::Phase;
use crate::delivery::gate::Admit;
use crate::delivery::{Clock, ConnectorConfig, Outbound, Target, backoff};
use crate::route::Lane;

const PLACES: usize = 8;
pub(super) const MERCHANT: &str = "acme";

/// A walk under way.
struct Walking {
    key: Key,
    is_probe: bool,
    told: Arc<AtomicBool>,
    future: Pin<Box<dyn Future<Output = Stop>>>,
    flag: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a crash takes.
pub(super) struct Host {
    clock: SimClock,
    journal: Journal,
    target: Arc<Target>,
    retry: backoff::Schedule,
    schedule: Schedule<u64>,
    walks: Vec<Walking>,
    /// Successes since the target was seen to be down; none when it never was.
    wells: Arc<Mutex<Option<u32>>>,
    pub(super) probes: u64,
    /// Polls of walks, all of them.
    pub(super) polls: u64,
}

impl Host {
    /// Starts on what the journal has.
    pub(super) fn start(
        (manner, config): &(Manner, String),
        retry: backoff::Schedule,
        outbound: &Outbound,
        clock: &SimClock,
        journal: &Journal,
    ) -> Self {
        let config = match manner {
            Manner::Tryton => ConnectorConfig::Tryton(toml::from_str(config).unwrap()),
            _ => ConnectorConfig::Http(toml::from_str(config).unwrap()),
        };
        let target = Target::open(&config, Path::new("."), outbound).unwrap();
        let mut host = Self {
            clock: clock.clone(),
            journal: journal.clone(),
            target: Arc::new(target),
            retry,
            schedule: Schedule::new(Limits::new(PLACES)),
            walks: Vec::new(),
            wells: Arc::default(),
            probes: 0,
            polls: 0,
        };
        let open: Vec<u64> = {
            let rows = journal.rows();
            let numbered = (0..).zip(rows.iter());
            numbered.filter(|(_, row)| !row.has_ended()).map(|(seq, _)| seq).collect()
        };
        for seq in open {
            host.take(seq);
        }
        host
    }

    /// Takes an event from the journal.
    pub(super) fn take(&mut self, seq: u64) {
        let (resource, due) = {
            let rows = self.journal.rows();
            (rows[seq as usize].resource.clone(), rows[seq as usize].due)
        };
        let key =
            Key { merchant: MERCHANT.into(), route: "orders".into(), resource: resource.into() };
        let due = due.filter(|due| *due > self.clock.now());
        self.schedule.push(key, Entry { seq, lane: Lane::ALL[0], work: seq }, due);
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.schedule.due()
    }

    /// Does all that can be done now, or stops in the middle of it after so many polls of walks.
    pub(super) fn work(&mut self, polls_max: u64) {
        loop {
            self.schedule.wake(self.clock.now());
            self.start_walks();
            let ready = self.walks.iter().position(|it| it.flag.0.swap(false, Ordering::Relaxed));
            let Some(place) = ready else { return };
            if self.polls >= polls_max {
                return;
            }
            self.polls += 1;
            let walk = &mut self.walks[place];
            let waker = Waker::from(Arc::clone(&walk.flag));
            if let Poll::Ready(stop) = walk.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                let walk = self.walks.remove(place);
                self.walked(walk.key, stop);
            }
            self.look_at_the_breaker();
        }
    }

    /// As the dispatcher does it.
    fn start_walks(&mut self) {
        while self.walks.len() < PLACES {
            let Some((key, seq)) = self.schedule.next() else { break };
            let before = self.target.gate().state().breaker;
            let permit = match self.target.gate().admit(&key.resource, self.clock.now()) {
                Admit::Go(permit) => permit,
                Admit::Wait(wait) if wait.alone() => {
                    assert_eq!(self.schedule.again(&key, wait.until, Vec::new(), 0), None);
                    continue;
                }
                Admit::Wait(wait) => {
                    self.schedule.hold(&key, &"erp".into(), wait.until);
                    continue;
                }
            };
            let out = self.walks.len() + 1;
            if before == Phase::Closed {
                let most = self.wells.lock().unwrap().map_or(PLACES as u32, |wells| wells.max(1));
                assert!(out as u32 <= most, "{out} at once, and it was well {most} times");
            } else {
                assert!(permit.is_probe(), "it went to a target that is taken for down");
                let probing = |walk: &Walking| walk.is_probe && !walk.told.load(Ordering::Relaxed);
                assert!(!self.walks.iter().any(probing), "two probes at once");
                self.probes += 1;
            }
            let walk = Walk {
                clock: self.clock.clone(),
                journal: self.journal.clone(),
                target: Arc::clone(&self.target),
                retry: self.retry,
                wells: Arc::clone(&self.wells),
                seq,
                told: Arc::default(),
            };
            let told = Arc::clone(&walk.told);
            let is_probe = permit.is_probe();
            let future = Box::pin(async move {
                let stop = walk.go().await;
                drop(permit);
                stop
            });
            let flag = Arc::new(Flag(AtomicBool::new(true)));
            self.walks.push(Walking { key, is_probe, told, future, flag });
        }
    }

    fn walked(&mut self, key: Key, stop: Stop) {
        self.schedule.release(&key.merchant, &"erp".into());
        match stop {
            Stop::Ended => self.schedule.ended(&key, 1),
            Stop::Again(wait) => {
                let due = self.clock.now() + wait;
                assert_eq!(self.schedule.again(&key, due, Vec::new(), 1), None);
            }
        }
    }

    fn look_at_the_breaker(&self) {
        if self.target.gate().state().breaker != Phase::Closed {
            *self.wells.lock().unwrap() = Some(0);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.walks.is_empty() && self.schedule.len() == 0
    }
}
