//! A child that compiles rests for a part of the time while orders come in.
//!
//! The least urgent work of a machine still takes from the rest: caches, memory, the milliseconds until a
//! scheduler takes a processor back. So the host stops a child that takes long (SIGSTOP) and lets it go on
//! (SIGCONT), as long as plugins are run for live events. A large plugin takes two thirds longer then; a small
//! one is ready before its first rest, and on a quiet host nothing is stopped. It costs a look at a counter some
//! eighty times a second, while something is compiled.

use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::pool::Load;

/// So long a child works without rest: what most plugins take as a whole.
const HEAD_START: Duration = Duration::from_secs(1);
/// And then this long at a time,
const WORK: Duration = Duration::from_millis(12);
/// before it rests this long: less than anybody notices of an order.
const REST: Duration = Duration::from_millis(8);
/// Orders come in while one has come within this time.
const LIVE_FOR: Duration = Duration::from_millis(100);

/// What the child gives, or nothing when it has worked for `wall` without giving it: rests are not counted.
pub(super) fn wait<T>(
    child: &Child,
    gives: &Receiver<T>,
    wall: Duration,
    live: Option<&Load>,
) -> Option<T> {
    let mut worked = Duration::ZERO;
    let mut seen = Seen::of(live);
    while worked < wall {
        let slice = if worked < HEAD_START { HEAD_START } else { WORK };
        let begun = Instant::now();
        match gives.recv_timeout(slice.min(wall - worked)) {
            Ok(it) => return Some(it),
            Err(RecvTimeoutError::Timeout) => worked += begun.elapsed(),
            // The thread that gathers always gives something.
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        if seen.is_live(live) {
            signal(child, libc::SIGSTOP);
            std::thread::sleep(REST);
            signal(child, libc::SIGCONT);
        }
    }
    None
}

/// When the pool was last seen to run something.
struct Seen {
    ran: u64,
    at: Option<Instant>,
}

impl Seen {
    fn of(live: Option<&Load>) -> Self {
        Self { ran: live.map_or(0, Load::ran), at: None }
    }

    fn is_live(&mut self, live: Option<&Load>) -> bool {
        let ran = live.map_or(0, Load::ran);
        if ran != self.ran {
            *self = Self { ran, at: Some(Instant::now()) };
        }
        self.at.is_some_and(|at| at.elapsed() < LIVE_FOR)
    }
}

fn signal(child: &Child, signal: i32) {
    let Ok(id) = libc::pid_t::try_from(child.id()) else { return };
    #[expect(unsafe_code, reason = "the system call has no safe wrapper here")]
    // SAFETY: it takes two numbers. The child has not been waited for, so its id is nobody else's.
    let _gone = unsafe { libc::kill(id, signal) };
}
