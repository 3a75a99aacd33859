//! Watches the configuration folder and says when it has come to rest.
//!
//! Editors and uploads touch a file several times; a change is told once nothing has moved for
//! [`QUIET`]. What changed is not told: the loader looks at stamps anyway, and a lost
//! notification then costs nothing but the next one.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// How long the folder must be still. Long enough for a copy in progress, short enough that a swap
/// feels immediate.
const QUIET: Duration = Duration::from_millis(150);
/// A folder that never comes to rest is looked at all the same.
const PATIENCE: u32 = 20;

/// Watches until dropped; whoever drops it waits for a reading of the folder that is under way, which
/// holds on to the journal.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    settling: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Without the watcher nobody rings any more, and the thread ends.
        drop(self.watcher.take());
        if let Some(settling) = self.settling.take() {
            // It only calls what it was given; a panic in there was reported where it happened.
            drop(settling.join());
        }
    }
}

impl Watch {
    /// Calls `changed` on a thread of its own after each burst of changes to `dir` or its
    /// `merchants` folder, which must exist; and once at the start, for what changed after the
    /// folder was read and before anybody watched it.
    ///
    /// # Errors
    /// What the system said, when it cannot watch.
    pub fn start(dir: &Path, changed: impl Fn() + Send + 'static) -> notify::Result<Self> {
        // One waiting signal is as good as many.
        let (signal, signals) = std::sync::mpsc::sync_channel(1);
        let signal = Arc::new(signal);
        let heard = Arc::clone(&signal);
        let mut watcher = notify::recommended_watcher(move |event| on_event(&heard, &event))?;
        // Not the data folder, which may live here too and never rests.
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
        watcher.watch(&dir.join("merchants"), RecursiveMode::Recursive)?;
        ring(&signal);
        drop(signal);
        let settling = std::thread::Builder::new()
            .name("config-watch".into())
            .spawn(move || settle(&signals, changed))
            .map_err(notify::Error::io)?;
        Ok(Self { watcher: Some(watcher), settling: Some(settling) })
    }
}

fn on_event(signal: &SyncSender<()>, event: &notify::Result<notify::Event>) {
    let worth_a_look = match event {
        Ok(event) => !event.kind.is_access(),
        // An overflow means that something was missed.
        Err(_) => true,
    };
    if worth_a_look {
        ring(signal);
    }
}

fn ring(signal: &SyncSender<()>) {
    match signal.try_send(()) {
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    }
}

fn settle(signals: &Receiver<()>, changed: impl Fn()) {
    while signals.recv().is_ok() {
        for _ in 0..PATIENCE {
            match signals.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        changed();
    }
}
