//! What has just been accepted, handed to whoever works on it without a way round over the disk.
//!
//! The writer puts each accepted event here after its commit, in the order of the journal. Both
//! halves are conveniences with a bound: a reader that falls behind is told which merchants to read
//! from the journal instead, and a body that is no longer here is read back from it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::record::OpenEvent;
use crate::event::Event;

/// Events told of and not yet heard; some 300 bytes each.
const WAITING_MAX: usize = 4096;
/// Bodies kept for a walk that begins soon.
const RECENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Whether anybody listens; nothing is kept for nobody.
    heard: bool,
    waiting: VecDeque<OpenEvent>,
    missed: BTreeSet<String>,
    reopened: Vec<OpenEvent>,
    /// By `seq`, growing.
    recent: VecDeque<Arc<Event>>,
    recent_bytes: usize,
}

/// What came since the last time.
#[derive(Debug, Default)]
pub struct Arrived {
    /// In the order of the journal.
    pub events: Vec<OpenEvent>,
    /// Merchants of whom some events are not among `events`: their part of the journal has to be
    /// read.
    pub missed: BTreeSet<String>,
    /// Events with passages that a replay has put back. Who has read a merchant's part of the
    /// journal up to the event (or beyond) queues all its passages that have not ended, as ones
    /// that may have begun: what is queued twice finds itself ended. Who has not will find it there.
    pub reopened: Vec<OpenEvent>,
}

impl Arrivals {
    /// Puts down what a group of the writer has committed.
    pub(super) fn tell(&self, accepted: impl Iterator<Item = Event>) {
        let mut any = false;
        let mut state = self.state();
        for event in accepted {
            any = true;
            if !state.heard {
                continue;
            }
            if state.waiting.len() < WAITING_MAX {
                state.waiting.push_back(OpenEvent::of(&event));
            } else {
                state.missed.insert(event.merchant.clone());
            }
            state.recent_bytes += event.body.len();
            state.recent.push_back(Arc::new(event));
            while state.recent_bytes > RECENT_BYTES_MAX || state.recent.len() > WAITING_MAX {
                let Some(oldest) = state.recent.pop_front() else { break };
                state.recent_bytes -= oldest.body.len();
            }
        }
        drop(state);
        if any {
            self.bell.notify_one();
        }
    }

    pub(super) fn take(&self) -> Arrived {
        let mut state = self.state();
        state.heard = true;
        Arrived {
            events: state.waiting.drain(..).collect(),
            missed: std::mem::take(&mut state.missed),
            reopened: std::mem::take(&mut state.reopened),
        }
    }

    /// Puts down what a replay has put back. Bounded by the replays, which hold still while
    /// [`Self::reopened_waiting`] is large.
    pub(super) fn tell_again(&self, reopened: impl Iterator<Item = OpenEvent>) {
        let mut reopened = reopened.peekable();
        if reopened.peek().is_none() {
            return;
        }
        let mut state = self.state();
        if state.heard {
            state.reopened.extend(reopened);
        }
        drop(state);
        self.bell.notify_one();
    }

    pub(super) fn reopened_waiting(&self) -> usize {
        self.state().reopened.len()
    }

    pub(super) async fn bell(&self) {
        self.bell.notified().await;
    }

    pub(super) fn event(&self, seq: u64) -> Option<Arc<Event>> {
        let state = self.state();
        let place = state.recent.binary_search_by_key(&seq, |event| event.seq).ok()?;
        state.recent.get(place).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
