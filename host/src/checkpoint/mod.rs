//! Checkpoints: how far each resource has got on each route, and what its plugin remembers.
//!
//! Everything here is also in the journal, in the order in which passages ended; sled keeps the
//! last word of each resource at hand. A lost, lagging or damaged store is made again from the
//! journal's tail at open, so it may be written a little later than the journal: a put is visible
//! at once and durable within some fifty milliseconds, together with the *watermark*, the mark up
//! to which nothing is missing. Marks may come out of order, and an older one never replaces a
//! newer.
//!
//! sled keeps a table of all its pages in memory, so it holds only what was delivered lately: the last
//! words among the newest [`MARKS_HELD`] marks. Older ones are kept by name in the journal before they
//! are let go, up to the *floor*; what is not found here is looked for there. So memory, the time to
//! open the store and the time to make it again are those of so many words, whatever has been.
//!
//! Beside them lie the *places* of walks through the lists of shops. They are not in the journal:
//! a lost place costs a longer walk.
//!
//! It costs one thread, one sync for each batch, and about 20 MB of memory at most. It does not
//! know the journal: [`Tail`] is what it needs of it.

mod committer;
mod store;
mod value;

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;

use self::committer::Committer;

/// The name of the folder in the data folder.
pub const FOLDER: &str = "checkpoints";

/// Puts that wait for the committer at most. Beyond it (the disk is stuck) they are dropped and
/// taken from the journal again; until then [`Checkpoints::get`] answers [`Error::Behind`].
const PENDING_MAX: usize = 65_536;

/// The newest passages whose last words are held here. A miss costs a look into the journal, some
/// tens of microseconds; holding one costs some hundred bytes of memory, and making it again some
/// fifteen microseconds at a start without the store.
pub const MARKS_HELD: u64 = 100_000;

/// What is known of a resource on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceCheckpoint {
    /// What the plugin wants to be told next time.
    pub checkpoint: Option<String>,
    /// The status it had, in the source's words.
    pub status: Option<String>,
    /// The same in the target's words, where it was translated.
    pub target_status: Option<String>,
    /// When the source had last changed it; kept to the microsecond.
    pub version: Option<Timestamp>,
    /// The event that brought this.
    pub event_seq: u64,
    /// The journal's mark of the passage that brought this.
    pub mark: u64,
}

/// A passage that ended delivered, as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Grows by one with each such passage.
    pub mark: u64,
    /// Whose.
    pub merchant: String,
    /// The route.
    pub route: String,
    /// What the event was about.
    pub resource_key: String,
    /// The event.
    pub event_seq: u64,
    /// When the source had last changed the resource.
    pub version: Option<Timestamp>,
    /// The status in the source's words.
    pub status: Option<String>,
    /// The same in the target's words.
    pub target_status: Option<String>,
    /// The plugin's checkpoint.
    pub checkpoint: Option<String>,
}

/// The end of the journal that checkpoints are made from. Errors are text for the log.
pub trait Tail: Send + Sync + 'static {
    /// Passages that ended delivered after `mark`, in order, without gaps.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn finished_after(&self, mark: u64, limit: usize) -> Result<Vec<Finished>, String>;

    /// The mark of the last of them, 0 if there is none.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn last_mark(&self) -> Result<u64, String>;

    /// The plugin's checkpoint of one of them.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn checkpoint_of(&self, event_seq: u64, route: &str) -> Result<Option<String>, String>;

    /// Up to which mark the last words are kept by name.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn kept_to(&self) -> Result<u64, String>;

    /// A last word that is kept.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn kept(
        &self,
        merchant: &str,
        route: &str,
        resource_key: &str,
    ) -> Result<Option<Finished>, String>;

    /// Keeps the last words of all that ended after `from` up to `to`, as the journal itself has them:
    /// where no store ever held them.
    ///
    /// # Errors
    /// As [`Tail::keep`].
    fn keep_range(&self, from: u64, to: u64) -> Result<(), String>;

    /// Keeps last words; all up to the mark `to` are kept when it returns.
    ///
    /// # Errors
    /// The journal cannot be written; it is tried again later.
    fn keep(&self, words: Vec<Finished>, to: u64) -> Result<(), String>;
}

/// Why a checkpoint cannot be had. Nothing is lost: all of it is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store is being made again; ask later.
    #[error("the checkpoints are being made again from the journal: try again in a moment")]
    Behind,
    /// A value is not what was written; the store is made again by itself.
    #[error("the checkpoint store is damaged; it is being made again from the journal")]
    Damaged,
    /// The journal did not answer.
    #[error("the journal cannot be read for checkpoints: {0}")]
    Journal(String),
    /// sled failed.
    #[error("the checkpoint store failed: {0}")]
    Store(#[from] sled::Error),
    /// Not even an empty store can be made.
    #[error(
        "the checkpoint folder {dir} cannot be used: {said}. Check its rights and the disk; \
             it may be deleted, it is made again from the journal"
    )]
    Unusable {
        /// The folder.
        dir: PathBuf,
        /// What is wrong.
        said: String,
    },
}

/// A handle on the checkpoints; clones share them. The last one to go writes what is pending.
#[derive(Clone)]
pub struct Checkpoints {
    owner: Arc<Owner>,
}

struct Owner {
    shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// What the handles and the committer share.
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    tail: Box<dyn Tail>,
    marks_held: u64,
}

#[derive(Default)]
struct State {
    /// The open store, for reading; none while it is made again.
    db: Option<sled::Db>,
    /// Puts not yet given to the committer.
    pending: HashMap<Vec<u8>, ResourceCheckpoint>,
    /// Puts the committer is writing.
    flying: Arc<HashMap<Vec<u8>, ResourceCheckpoint>>,
    /// Every mark up to this one has been put.
    low: u64,
    /// Marks beyond `low` that have been put.
    ahead: BTreeSet<u64>,
    /// Last words up to this mark are the journal's to tell.
    floor: u64,
    /// How many words the store holds.
    held: u64,
    /// Puts were dropped, or the store is gone: the journal has to be read again.
    behind: bool,
    /// Something read was damaged.
    suspect: bool,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics half-way through a change of the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checkpoints {
    /// Opens the store in `dir`, moving a damaged one aside, and brings it up to the journal's
    /// end.
    ///
    /// # Errors
    /// [`Error::Journal`] and [`Error::Unusable`].
    pub fn open(dir: &Path, tail: impl Tail) -> Result<Self, Error> {
        Self::open_holding(dir, tail, MARKS_HELD)
    }

    /// The same with another number for [`MARKS_HELD`].
    ///
    /// # Errors
    /// As [`Checkpoints::open`].
    pub fn open_holding(dir: &Path, tail: impl Tail, marks_held: u64) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            tail: Box::new(tail),
            marks_held,
        });
        let committer = Committer::open(dir, Arc::clone(&shared))?;
        let thread = std::thread::Builder::new()
            .name("checkpoint-committer".into())
            .spawn(move || committer.run())
            .map_err(|error| Error::Unusable { dir: dir.to_path_buf(), said: error.to_string() })?;
        Ok(Self { owner: Arc::new(Owner { shared, committer: Mutex::new(Some(thread)) }) })
    }

    /// What was last put for a resource on a route.
    ///
    /// # Errors
    /// [`Error::Behind`] and [`Error::Damaged`] pass by themselves: ask again later, and do not
    /// work with no answer as if there were no checkpoint.
    pub fn get(
        &self,
        merchant: &str,
        route: &str,
        resource_key: &str,
    ) -> Result<Option<ResourceCheckpoint>, Error> {
        let key = value::key(merchant, route, resource_key);
        let (found, floor) = self.find(&key)?;
        let Some(stored) = found else { return self.kept(floor, merchant, route, resource_key) };
        let mut checkpoint = stored.checkpoint;
        if stored.elsewhere {
            checkpoint.checkpoint = self
                .owner
                .shared
                .tail
                .checkpoint_of(checkpoint.event_seq, route)
                .map_err(Error::Journal)?;
        }
        Ok(Some(checkpoint))
    }

    /// What the journal keeps, where anything was ever let go.
    fn kept(
        &self,
        floor: u64,
        merchant: &str,
        route: &str,
        resource_key: &str,
    ) -> Result<Option<ResourceCheckpoint>, Error> {
        if floor == 0 {
            return Ok(None);
        }
        let kept = self.owner.shared.tail.kept(merchant, route, resource_key);
        Ok(kept.map_err(Error::Journal)?.map(committer::checkpoint_of))
    }

    /// How many last words are held here, and up to which mark they are the journal's to tell.
    #[must_use]
    pub fn held(&self) -> (u64, u64) {
        let state = self.owner.shared.lock();
        (state.held, state.floor)
    }

    /// What is held under a key, and the floor as it was when it was looked for.
    fn find(&self, key: &[u8]) -> Result<(Option<value::Stored>, u64), Error> {
        let shared = &self.owner.shared;
        let (db, floor) = {
            let state = shared.lock();
            if state.behind {
                return Err(Error::Behind);
            }
            if let Some(found) = state.pending.get(key).or_else(|| state.flying.get(key)) {
                let stored = value::Stored { checkpoint: found.clone(), elsewhere: false };
                return Ok((Some(stored), state.floor));
            }
            (state.db.clone().ok_or(Error::Behind)?, state.floor)
        };
        // A sled that has met damage may panic instead of saying so.
        let found = std::panic::catch_unwind(AssertUnwindSafe(|| db.get(key)));
        let Ok(Ok(found)) = found else {
            self.suspect();
            return Err(Error::Damaged);
        };
        let Some(found) = found else { return Ok((None, shared.lock().floor.max(floor))) };
        let stored = value::decode(key, &found);
        if stored.is_none() {
            self.suspect();
            return Err(Error::Damaged);
        }
        Ok((stored, floor))
    }

    /// Where a walk through a list of a shop is, as [`Checkpoints::put_place`] was last told.
    ///
    /// # Errors
    /// As [`Checkpoints::get`]. A place that is lost costs a longer walk and nothing else, so it
    /// may be done without.
    pub fn place(
        &self,
        merchant: &str,
        connection: &str,
        list: &str,
    ) -> Result<Option<String>, Error> {
        let (stored, _) = self.find(&value::place_key(merchant, connection, list))?;
        Ok(stored.and_then(|stored| stored.checkpoint.checkpoint))
    }

    /// Remembers where a walk is: some hundred bytes of text, by one writer for each list. It is
    /// durable a little later, and not at all while the store is made again, because a place is not
    /// in the journal.
    pub fn put_place(&self, merchant: &str, connection: &str, list: &str, place: &str) {
        let key = value::place_key(merchant, connection, list);
        // It counts for itself, so that the newest wins as with the others.
        let Ok((before, _)) = self.find(&key) else { return };
        let mark = before.map_or(0, |stored| stored.checkpoint.mark) + 1;
        let shared = &self.owner.shared;
        let mut state = shared.lock();
        if state.behind || state.pending.len() >= PENDING_MAX {
            return;
        }
        let checkpoint = ResourceCheckpoint {
            checkpoint: Some(place.to_owned()),
            status: None,
            target_status: None,
            version: None,
            event_seq: 0,
            mark,
        };
        state.pend(key, checkpoint);
        drop(state);
        shared.work.notify_one();
    }

    /// Puts what a finished passage left. Every mark the journal gives out has to be put; one that
    /// never is will be fetched from the journal after a while.
    pub fn put(
        &self,
        merchant: &str,
        route: &str,
        resource_key: &str,
        checkpoint: ResourceCheckpoint,
    ) {
        let shared = &self.owner.shared;
        let key = value::key(merchant, route, resource_key);
        let mut state = shared.lock();
        if state.behind {
            // It will be read from the journal, where it already is.
            return;
        }
        if state.pending.len() >= PENDING_MAX {
            state.behind = true;
            state.pending.clear();
            state.ahead.clear();
        } else {
            let mark = checkpoint.mark;
            state.pend(key, checkpoint);
            state.note(mark);
        }
        drop(state);
        shared.work.notify_one();
    }

    fn suspect(&self) {
        let mut state = self.owner.shared.lock();
        state.suspect = true;
        state.behind = true;
        drop(state);
        self.owner.shared.work.notify_one();
    }
}

impl State {
    /// The newest mark of a resource wins.
    fn pend(&mut self, key: Vec<u8>, checkpoint: ResourceCheckpoint) {
        let newer = |other: Option<&ResourceCheckpoint>| {
            other.is_some_and(|other| other.mark >= checkpoint.mark)
        };
        if !newer(self.pending.get(&key)) && !newer(self.flying.get(&key)) {
            self.pending.insert(key, checkpoint);
        }
    }

    /// Keeps account of which marks have been put.
    fn note(&mut self, mark: u64) {
        if mark > self.low {
            self.ahead.insert(mark);
        }
        while self.ahead.first() == Some(&(self.low + 1)) {
            self.ahead.pop_first();
            self.low += 1;
        }
    }
}

impl std::fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoints").finish_non_exhaustive()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint committer had panicked");
        }
    }
}
