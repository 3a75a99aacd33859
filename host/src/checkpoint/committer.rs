//! The one thread that writes checkpoints: gathers puts, commits them, and heals the store.
//!
//! What goes wrong ends in the same way: the store is closed, opened with all checks (which may
//! move it aside), and brought up to the journal's end. Meanwhile reads are refused, and puts are
//! dropped, because their passages are in the journal before they are put.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::store::Store;
use super::{Error, Finished, ResourceCheckpoint, Shared, State, value};

/// How long puts gather: what a restart may have to read from the journal again.
const GATHERED_FOR: Duration = Duration::from_millis(40);
/// How many finished passages are read from the journal at a time; each may carry a checkpoint of
/// some size.
const TAIL_PAGE: usize = 256;
/// A mark that is missing behind so many later ones will not come: it is fetched.
const AHEAD_MAX: usize = 8192;
/// Between two tries to get a broken store going again.
const HEAL_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Committer {
    dir: PathBuf,
    shared: Arc<Shared>,
    store: Option<Store>,
}

impl Committer {
    /// Opens the store and brings it up to date.
    pub(super) fn open(dir: &Path, shared: Arc<Shared>) -> Result<Self, Error> {
        let mut committer = Self { dir: dir.to_path_buf(), shared, store: None };
        committer.heal()?;
        Ok(committer)
    }

    pub(super) fn run(mut self) {
        loop {
            let Some(work) = self.wait() else { return };
            let done = match work {
                Work::Heal => self.heal(),
                Work::FillGap => self.fill_gap(),
                Work::Commit => self.commit(),
            };
            let Err(error) = done else { continue };
            tracing::error!(%error, "checkpoints could not be written; they will be made again");
            let shared = Arc::clone(&self.shared);
            let mut state = shared.lock();
            state.behind = true;
            if state.closing {
                return;
            }
            let (state, _timeout) = shared
                .work
                .wait_timeout_while(state, HEAL_EVERY, |state| !state.closing)
                .unwrap_or_else(PoisonError::into_inner);
            drop(state);
        }
    }

    /// Waits for something to do; nothing once all is written and the handles are gone.
    fn wait(&self) -> Option<Work> {
        let idle = |state: &mut State| {
            !state.closing && !state.behind && !state.suspect && state.pending.is_empty()
        };
        let wait = |state, time| {
            let (state, _timeout) = self
                .shared
                .work
                .wait_timeout_while(state, time, idle)
                .unwrap_or_else(PoisonError::into_inner);
            state
        };
        let mut state = wait(self.shared.lock(), Duration::MAX);
        if !state.closing && !state.behind {
            let (gathered, _timeout) = self
                .shared
                .work
                .wait_timeout_while(state, GATHERED_FOR, |state| !state.closing && !state.behind)
                .unwrap_or_else(PoisonError::into_inner);
            state = gathered;
        }
        if state.behind || state.suspect {
            // What was dropped is in the journal; the next start reads it.
            return if state.closing { None } else { Some(Work::Heal) };
        }
        if state.ahead.len() > AHEAD_MAX {
            return Some(Work::FillGap);
        }
        if state.pending.is_empty() && state.closing { None } else { Some(Work::Commit) }
    }

    fn commit(&mut self) -> Result<(), Error> {
        let (flying, watermark) = {
            let mut state = self.shared.lock();
            state.flying = Arc::new(std::mem::take(&mut state.pending));
            (Arc::clone(&state.flying), state.low)
        };
        self.write(&flying, watermark)?;
        self.shared.lock().flying = Arc::default();
        Ok(())
    }

    fn write(
        &mut self,
        puts: &HashMap<Vec<u8>, ResourceCheckpoint>,
        watermark: u64,
    ) -> Result<(), Error> {
        let store = self.store.as_mut().ok_or(Error::Behind)?;
        let puts = puts.iter().map(|(key, checkpoint)| (&key[..], checkpoint));
        // A sled that has met damage may panic instead of saying so.
        std::panic::catch_unwind(AssertUnwindSafe(|| store.commit(puts, watermark)))
            .unwrap_or(Err(Error::Damaged))
    }

    /// Marks that were never put are taken from the journal.
    fn fill_gap(&mut self) -> Result<(), Error> {
        let low = self.shared.lock().low;
        let page = self.shared.tail.finished_after(low, TAIL_PAGE).map_err(Error::Journal)?;
        let mut state = self.shared.lock();
        if page.is_empty() {
            // The journal has nothing there: the marks put are not its own.
            state.ahead.clear();
        }
        for finished in page {
            let mark = finished.mark;
            let (key, checkpoint) = pair(finished);
            state.pend(key, checkpoint);
            // The journal's order has no gaps: everything up to here is put.
            let low = state.low.max(mark);
            state.low = low;
            state.ahead = state.ahead.split_off(&(low + 1));
            state.note(mark);
        }
        drop(state);
        self.commit()
    }

    /// Opens the store afresh and applies the journal's tail; then reads and puts go on.
    fn heal(&mut self) -> Result<(), Error> {
        {
            let mut state = self.shared.lock();
            state.behind = true;
            state.suspect = false;
            state.db = None;
            state.pending.clear();
            state.flying = Arc::default();
            state.ahead.clear();
        }
        // Closing a damaged sled may panic as well.
        let closed = self.store.take();
        let _closed = std::panic::catch_unwind(AssertUnwindSafe(move || drop(closed)));
        let last = self.shared.tail.last_mark().map_err(Error::Journal)?;
        let store = Store::open(&self.dir, last)?;
        let mut watermark = store.watermark();
        self.store = Some(store);
        let mut applied = 0_u64;
        loop {
            let page =
                self.shared.tail.finished_after(watermark, TAIL_PAGE).map_err(Error::Journal)?;
            if page.is_empty() {
                // Once more with the door shut: a put that was dropped before this is in the
                // journal by now, and later ones are kept.
                let shared = Arc::clone(&self.shared);
                let mut state = shared.lock();
                let rest = shared.tail.finished_after(watermark, 1).map_err(Error::Journal)?;
                if rest.is_empty() {
                    state.db = self.store.as_ref().map(Store::reader);
                    state.low = watermark;
                    state.behind = false;
                    if applied > 0 {
                        tracing::info!(applied, "checkpoints are up to the journal's end");
                    }
                    return Ok(());
                }
                continue;
            }
            let mut puts = HashMap::new();
            for finished in page {
                watermark = finished.mark;
                applied += 1;
                let (key, checkpoint) = pair(finished);
                // In order of marks: a later one of the same resource replaces an earlier.
                puts.insert(key, checkpoint);
            }
            self.write(&puts, watermark)?;
        }
    }
}

enum Work {
    Commit,
    FillGap,
    Heal,
}

fn pair(it: Finished) -> (Vec<u8>, ResourceCheckpoint) {
    let key = value::key(&it.merchant, &it.route, &it.resource_key);
    let checkpoint = ResourceCheckpoint {
        checkpoint: it.checkpoint,
        status: it.status,
        target_status: it.target_status,
        version: it.version,
        event_seq: it.event_seq,
        mark: it.mark,
    };
    (key, checkpoint)
}
