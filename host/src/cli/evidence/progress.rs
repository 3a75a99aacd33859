//! How far a long command has come, on a terminal; nothing where nobody looks.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::screen::count;

/// Often enough to look alive.
const EVERY: Duration = Duration::from_millis(150);

/// A line that grows until this is dropped.
pub(crate) struct Progress {
    /// What is counted.
    pub(crate) done: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show how many `nouns` are done, on a terminal.
    pub(crate) fn of(nouns: &'static str) -> Self {
        let (done, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::io::stderr().is_terminal().then(|| {
            let (done, ended) = (Arc::clone(&done), Arc::clone(&ended));
            std::thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    std::thread::park_timeout(EVERY);
                    let number = count(done.load(Ordering::Relaxed));
                    drop(write!(std::io::stderr(), "\r  {number} {nouns} "));
                }
                // The line is taken away again: what counts is the result.
                drop(write!(std::io::stderr(), "\r\x1b[2K"));
            })
        });
        Self { done, ended, thread }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            drop(thread.join());
        }
    }
}
