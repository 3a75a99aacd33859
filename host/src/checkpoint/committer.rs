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
/// Marks whose words the journal keeps in one commit by itself: some tenths of a second.
const MARKS_KEPT_AT_ONCE: u64 = 20_000;
/// A mark that is missing behind so many later ones will not come: it is fetched.
const AHEAD_MAX: usize = 8192;
/// Between two tries to get a broken store going again.
const HEAL_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Committer {
    dir: PathBuf,
    shared: Arc<Shared>,
    store: Option<Store>,
    /// Whether it is at it, or waits until there is more to let go of.
    is_letting_go: bool,
}

impl Committer {
    /// Opens the store and brings it up to date.
    pub(super) fn open(dir: &Path, shared: Arc<Shared>) -> Result<Self, Error> {
        let mut committer =
            Self { dir: dir.to_path_buf(), shared, store: None, is_letting_go: false };
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
        let at_it = self.is_letting_go;
        let idle = |state: &mut State| {
            !at_it && !state.closing && !state.behind && !state.suspect && state.pending.is_empty()
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
        self.let_go_of_some()
    }

    /// Lets go of the oldest words where more marks than wanted are held, a page at a time: into the
    /// journal first, then out of the store. It begins late and goes on until it is well below, so
    /// that it is not about a handful each time.
    fn let_go_of_some(&mut self) -> Result<(), Error> {
        let store = self.store.as_ref().ok_or(Error::Behind)?;
        let (floor, watermark) = (store.floor(), store.watermark());
        let wanted = watermark.saturating_sub(self.shared.marks_held);
        if wanted <= floor || (!self.is_letting_go && wanted - floor < self.shared.marks_held / 4) {
            self.is_letting_go = false;
            self.tell_size();
            return Ok(());
        }
        self.is_letting_go = true;
        let page = self.shared.tail.finished_after(floor, TAIL_PAGE).map_err(Error::Journal)?;
        let page: Vec<_> = page.into_iter().filter(|it| it.mark <= wanted).collect();
        let to = page.last().map_or(wanted, |last| last.mark);
        // As everywhere, a sled that has met damage may panic.
        let last_words = std::panic::catch_unwind(AssertUnwindSafe(|| last_words(store, page)));
        let (keys, words) = last_words.unwrap_or(Err(Error::Damaged))?;
        if let Err(why) = self.shared.tail.keep(words, to) {
            // A full disk, most likely: they stay here until there is room.
            tracing::warn!(why, "checkpoints cannot be let go of now");
            return Ok(());
        }
        // Whoever misses them from here on finds them there.
        self.shared.lock().floor = to;
        let store = self.store.as_mut().ok_or(Error::Behind)?;
        std::panic::catch_unwind(AssertUnwindSafe(|| store.let_go(&keys, to)))
            .unwrap_or(Err(Error::Damaged))?;
        self.tell_size();
        Ok(())
    }

    /// An empty store beside a long journal does not take in what it would let go of again.
    fn begin_late(&self, store: &mut Store, last: u64) -> Result<(), Error> {
        let begin = last.saturating_sub(self.shared.marks_held);
        while store.floor().max(store.watermark()) < begin {
            let from = store.floor().max(store.watermark());
            let to = begin.min(from + MARKS_KEPT_AT_ONCE);
            if let Err(why) = self.shared.tail.keep_range(from, to) {
                // A full disk, most likely. Then it takes in more than it will hold.
                tracing::warn!(why, "last words cannot be kept by the journal now");
                break;
            }
            store.let_go(&[], to)?;
        }
        Ok(())
    }

    fn tell_size(&self) {
        let held = self.store.as_ref().map_or(0, Store::count);
        self.shared.lock().held = held;
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
        let kept_to = self.shared.tail.kept_to().map_err(Error::Journal)?;
        let mut store = Store::open(&self.dir, last, kept_to)?;
        if store.count() == 0 && store.watermark() < kept_to {
            // What lies before is the journal's to tell.
            store.let_go(&[], kept_to)?;
        }
        if store.count() == 0 {
            self.begin_late(&mut store, last)?;
        }
        let mut watermark = store.watermark();
        self.shared.lock().floor = store.floor();
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
                    state.held = self.store.as_ref().map_or(0, Store::count);
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
            self.let_go_of_some()?;
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
    (key, checkpoint_of(it))
}

/// Of these passages those that have left the last word, with its key.
fn last_words(store: &Store, page: Vec<Finished>) -> Result<(Vec<Vec<u8>>, Vec<Finished>), Error> {
    let (mut keys, mut words) = (Vec::new(), Vec::new());
    for finished in page {
        let key = value::key(&finished.merchant, &finished.route, &finished.resource_key);
        let Some(stored) = store.word(&key, finished.mark)? else { continue };
        words.push(as_put(finished, stored));
        keys.push(key);
    }
    Ok((keys, words))
}

/// A word as it was put; the journal's own account of its mapping may be another one by now.
fn as_put(finished: Finished, stored: value::Stored) -> Finished {
    let it = stored.checkpoint;
    let checkpoint = if stored.elsewhere { finished.checkpoint } else { it.checkpoint };
    let (event_seq, version) = (it.event_seq, it.version);
    let (status, target_status) = (it.status, it.target_status);
    Finished { event_seq, version, status, target_status, checkpoint, ..finished }
}

pub(super) fn checkpoint_of(it: Finished) -> ResourceCheckpoint {
    ResourceCheckpoint {
        checkpoint: it.checkpoint,
        status: it.status,
        target_status: it.target_status,
        version: it.version,
        event_seq: it.event_seq,
        mark: it.mark,
    }
}
