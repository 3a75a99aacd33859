//! The journal: the durable record of events and of all that happened to them. The truth.
//!
//! One SQLite file in the data folder, in WAL mode with `synchronous=FULL`. One thread writes and
//! commits what has gathered in one go; what a call promised is on the disk when it returns.
//! Readers work beside it on connections of their own. Each step of an event's passage is here
//! before the next step begins, so after a crash the road is taken up where it was left.
//!
//! It costs about three commits for an event with one document, shared with whatever else is under
//! way, and a few megabytes of memory whatever its length. It does not route, retry or know what a
//! plugin is, and it forgets only what it is told to ([`Retentions`]), never what is open.

mod accept;
mod arrivals;
pub mod audit;
mod backup;
mod beside;
pub mod cases;
mod echoes;
mod error;
mod follow;
pub mod issues;
pub mod jobs;
mod kept;
pub mod list;
mod lock;
mod pack;
mod read;
pub mod recall;
mod record;
pub mod replay;
mod retention;
pub mod rollouts;
mod schema;
mod seal;
mod sent;
mod steps;
mod summary;
pub mod tokens;
pub mod versions;
pub mod values;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use self::accept::Offered;
use self::arrivals::Arrivals;
pub use self::arrivals::Arrived;
pub use self::backup::{Backup, BackupError, Restored, backup, restore};
pub use self::beside::{Kept, PLUGINS};
pub use self::echoes::{Echo, Remembered};
pub use self::error::{Error, OpenError};
pub use self::follow::FollowUp;
use self::lock::FolderLock;
use self::read::Readers;
pub use self::record::{
    Acceptance, AttemptRecord, DeadLetter, Delivered, DocumentDelivered, End, Ended, Finished,
    Identity, Mapped, NewQuarantine, Next, OpenEvent, OpenPassage, Passage, PassageState,
    Postponed, Quarantined, Said,
};
pub use self::retention::{Forgotten, Keep, Retention, RetentionPatch, Retentions};
use self::seal::Seal;
use self::steps::{Answer, Command, MappedRow, Numbers};
pub use self::summary::{Counts, DocumentRow, Filter, State, SummaryRow};
use self::writer::Job;
use crate::event::{Event, NewEvent};

/// The name of the file in the data folder.
pub const FILE: &str = "journal.db";

/// How a journal is opened.
#[derive(Debug, Clone, Default)]
pub struct JournalOptions {
    /// How large the main file may grow, in pages of 4 KiB; nothing means as large as the disk.
    /// What does not fit is refused with [`Error::Full`].
    pub page_count_max: Option<u32>,
}

/// A handle on the journal; clones share it. The last one to go waits for the writer to finish.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    // Field order is drop order, after `Drop`: readers, then the lock, which goes last.
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Readers,
    arrivals: Arc<Arrivals>,
    path: PathBuf,
    restored_seq: u64,
    /// Whether the last write that needed room met a full disk.
    full: AtomicBool,
    _lock: FolderLock,
}

impl Journal {
    /// Opens the journal in `dir`, making folder and file if there are none.
    ///
    /// # Errors
    /// [`OpenError`]: locked by another process, damaged, newer than this program, unusable folder.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, &JournalOptions::default())
    }

    /// [`Journal::open`] with a choice of options.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_with(dir: &Path, options: &JournalOptions) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir)
            .map_err(|source| OpenError::Folder { dir: dir.to_path_buf(), source })?;
        let lock = FolderLock::take(dir)?;
        let path = dir.join(FILE);
        let connection = schema::open_writer(&path)?;
        let arrivals = Arc::new(Arrivals::default());
        let seal = sealed(dir, &path, &connection)?;
        let start = || {
            if let Some(pages) = options.page_count_max {
                steps::limit_pages(&connection, pages)?;
            }
            let readers = Readers::open(&path)?;
            let numbers = Numbers::load(&connection)?;
            let restored_seq = backup::restored_seq(&connection)?;
            Ok((
                restored_seq,
                writer::start(connection, &path, Arc::clone(&arrivals), numbers, seal)?,
                readers,
            ))
        };
        let (restored_seq, writer, readers) =
            start().map_err(|source| OpenError::Sqlite { path: path.clone(), source })?;
        Ok(Self {
            shared: Arc::new(Shared {
                queue: Some(writer.queue),
                writer: Some(writer.thread),
                readers,
                arrivals,
                path,
                restored_seq,
                full: AtomicBool::new(false),
                _lock: lock,
            }),
        })
    }

    /// The file, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Events up to this number were in a backup that this journal was restored from: any of them
    /// may have been delivered without the journal knowing. 0 if it never was restored.
    #[must_use]
    pub fn restored_seq(&self) -> u64 {
        self.shared.restored_seq
    }

    /// Takes an event in. It is on the disk when this returns. `fingerprint` tells what the event
    /// says; it counts as a duplicate if it says what the last accepted one of its resource said.
    ///
    /// # Errors
    /// [`Error::Full`] and [`Error::Stopped`]: the source has to be told to come again.
    pub async fn accept(
        &self,
        event: NewEvent,
        fingerprint: [u8; 32],
    ) -> Result<Acceptance, Error> {
        match self.write(Command::Accept(Box::new(Offered::new(event, fingerprint)))).await? {
            Answer::Acceptance(acceptance) => Ok(acceptance),
            _ => unreachable!("an acceptance is what `accept` answers"),
        }
    }

    /// [`Journal::accept`] of what is known better: what it says apart from who takes it, by which it
    /// may be told from an [`Echo`], and the refunds that an order names.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn accept_said(
        &self,
        event: NewEvent,
        fingerprint: [u8; 32],
        said: Said,
    ) -> Result<Acceptance, Error> {
        let Said { content, refunds } = said;
        let offered = Offered { content, refunds, ..Offered::new(event, fingerprint) };
        match self.write(Command::Accept(Box::new(offered))).await? {
            Answer::Acceptance(acceptance) => Ok(acceptance),
            _ => unreachable!("an acceptance is what `accept` answers"),
        }
    }

    /// Keeps input that goes no further; answers its number.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn quarantine(&self, record: NewQuarantine) -> Result<u64, Error> {
        match self.write(Command::Quarantine(Box::new(record))).await? {
            Answer::Id(id) => Ok(id),
            _ => unreachable!("a number is what `quarantine` answers"),
        }
    }

    /// The passage is mapped: it is `delivering`, its first document intended.
    ///
    /// # Errors
    /// [`Error::Misplaced`] if the passage has ended; otherwise as [`Journal::accept`].
    pub async fn mapped(&self, step: Mapped) -> Result<(), Error> {
        self.write(Command::Mapped(Box::new(MappedRow::new(step)?))).await.map(drop)
    }

    /// A document stands in the target. Answers the mark of the passage if this ended it.
    ///
    /// # Errors
    /// [`Error::Misplaced`] if the passage is not `delivering`; otherwise as [`Journal::accept`].
    pub async fn document_delivered(&self, step: DocumentDelivered) -> Result<Option<u64>, Error> {
        self.marked(Command::Delivered(Box::new(step))).await
    }

    /// The passage waits for another try: at mapping, or at delivery if it is mapped.
    ///
    /// # Errors
    /// As [`Journal::mapped`].
    pub async fn postponed(&self, step: Postponed) -> Result<(), Error> {
        self.write(Command::Postponed(Box::new(step))).await.map(drop)
    }

    /// The passage is over. Answers its mark for [`End::Delivered`].
    ///
    /// # Errors
    /// As [`Journal::mapped`].
    pub async fn ended(&self, step: Ended) -> Result<Option<u64>, Error> {
        let death = self.death_of(&step)?;
        self.marked(Command::Ended(Box::new(step), death.map(Box::new))).await
    }

    /// Closes an event that no route takes; it shows as `unrouted`.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn close(&self, seq: u64, why: impl Into<String>) -> Result<(), Error> {
        self.write(Command::Close(seq, why.into())).await.map(drop)
    }

    /// Remembers what ids the target gave.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn remember(&self, identities: Vec<Identity>) -> Result<(), Error> {
        self.write(Command::Remember(identities)).await.map(drop)
    }

    /// Forgets some of what ended longer ago than it is to be kept, from event number `after` on.
    /// Call it again from [`Forgotten::next`]; between two calls everybody else has the writer.
    ///
    /// # Errors
    /// As [`Journal::accept`]; nothing is half forgotten.
    pub async fn forget_events(
        &self,
        retentions: &Retentions,
        now: Timestamp,
        after: u64,
    ) -> Result<Forgotten, Error> {
        let look = |db: &_| retention::old_events(db, retentions, now, after);
        let look = self.shared.readers.with(look)?;
        let removed = self.count(Command::Forget(look.old, Vec::new())).await?;
        Ok(Forgotten { removed, next: look.next })
    }

    /// The same for input in quarantine, from number `after` on.
    ///
    /// # Errors
    /// As [`Journal::forget_events`].
    pub async fn forget_quarantine(
        &self,
        retentions: &Retentions,
        now: Timestamp,
        after: u64,
    ) -> Result<Forgotten, Error> {
        let look = |db: &_| retention::old_quarantine(db, retentions, now, after);
        let look = self.shared.readers.with(look)?;
        let removed = self.count(Command::Forget(Vec::new(), look.old)).await?;
        Ok(Forgotten { removed, next: look.next })
    }

    /// Gives a little of the file's free room back to the disk, where a large part of it is free;
    /// says whether there may be more to give back.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn give_back(&self) -> Result<bool, Error> {
        Ok(self.count(Command::GiveBack).await? > 0)
    }

    /// Changes [`JournalOptions::page_count_max`] while it runs; nothing lifts the limit.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn limit_pages(&self, page_count_max: Option<u32>) -> Result<(), Error> {
        let pages = page_count_max.unwrap_or(steps::PAGES_UNLIMITED);
        self.write(Command::PagesMax(pages)).await.map(drop)
    }

    /// Whether events can be taken in. Costs a commit; after a write met a full disk it writes some
    /// pages and gives them back, to see whether there is room again.
    ///
    /// # Errors
    /// As [`Journal::accept`].
    pub async fn writable(&self) -> Result<(), Error> {
        if !self.shared.full.load(Ordering::Relaxed) {
            return self.remember(Vec::new()).await;
        }
        self.write(Command::Probe(true)).await?;
        self.write(Command::Probe(false)).await.map(drop)
    }

    /// What was accepted since this was asked the last time, in the order of the journal. From the
    /// first time on; what was accepted before stands in [`Journal::open_events`]. There is one
    /// queue: two who ask share it.
    #[must_use]
    pub fn arrived(&self) -> Arrived {
        self.shared.arrivals.take()
    }

    /// Waits until something is accepted, or was since the last time.
    pub async fn arrival(&self) {
        self.shared.arrivals.bell().await;
    }

    /// The merchants with events that are not closed, by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_merchants(&self) -> Result<Vec<String>, Error> {
        self.shared.readers.with(read::open_merchants)
    }

    /// A merchant's events that are not closed, by number, without bodies. Costs nothing for what
    /// is closed or somebody else's.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_events(
        &self,
        merchant: &str,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OpenEvent>, Error> {
        self.shared.readers.with(|db| read::open_events(db, merchant, after_seq, limit))
    }

    /// An event with its body; from memory, if it was accepted just now.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn event(&self, seq: u64) -> Result<Option<Arc<Event>>, Error> {
        if let Some(event) = self.shared.arrivals.event(seq) {
            return Ok(Some(event));
        }
        Ok(self.shared.readers.with(|db| read::event(db, seq))?.map(Arc::new))
    }

    /// The number of the last accepted event of a resource.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn last_of(
        &self,
        merchant: &str,
        connection: &str,
        resource_key: &str,
    ) -> Result<Option<u64>, Error> {
        self.shared.readers.with(|db| read::last_of(db, merchant, connection, resource_key))
    }

    /// A passage with its documents, receipts and attempts.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn passage(&self, seq: u64, route: &str) -> Result<Option<Passage>, Error> {
        self.shared.readers.with(|db| read::passage(db, seq, route))
    }

    /// The target's id of something that has a key of ours.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn identity(
        &self,
        merchant: &str,
        connection: &str,
        entity: &str,
        key: &str,
    ) -> Result<Option<String>, Error> {
        self.shared.readers.with(|db| read::identity(db, merchant, connection, entity, key))
    }

    /// Passages that ended `delivered` after `mark`, in order.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finished_after(&self, mark: u64, limit: usize) -> Result<Vec<Finished>, Error> {
        self.shared.readers.with(|db| read::finished_after(db, mark, limit))
    }

    /// The mark of the last passage that ended `delivered`, 0 before the first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn last_mark(&self) -> Result<u64, Error> {
        self.shared.readers.with(read::last_mark)
    }

    /// The checkpoint that a plugin left with one passage.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn checkpoint_of(&self, seq: u64, route: &str) -> Result<Option<String>, Error> {
        self.shared.readers.with(|db| read::checkpoint_of(db, seq, route))
    }

    /// What is in quarantine after number `after`, with bodies; mind the limit.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn quarantined(&self, after: u64, limit: usize) -> Result<Vec<Quarantined>, Error> {
        self.shared.readers.with(|db| read::quarantined(db, after, limit))
    }

    /// Rows for screens, newest events first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn summary(&self, filter: &Filter) -> Result<Vec<SummaryRow>, Error> {
        self.shared.readers.with(|db| summary::summary(db, filter))
    }

    /// How many stand where.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn counts(&self) -> Result<Counts, Error> {
        self.shared.readers.with(summary::counts)
    }

    async fn count(&self, command: Command) -> Result<u64, Error> {
        match self.write(command).await? {
            Answer::Id(count) => Ok(count),
            _ => unreachable!("a count is what forgetting answers"),
        }
    }

    async fn marked(&self, command: Command) -> Result<Option<u64>, Error> {
        match self.write(command).await? {
            Answer::Mark(mark) => Ok(mark),
            _ => unreachable!("a mark is what an ending answers"),
        }
    }

    /// The same for a thread without a runtime.
    fn write_blocking(&self, command: Command) -> Result<Answer, Error> {
        let queue = self.shared.queue.as_ref().ok_or(Error::Stopped)?;
        let (reply, answer) = oneshot::channel();
        queue.blocking_send(Job { command, reply }).map_err(|_| Error::Stopped)?;
        answer.blocking_recv().map_err(|_| Error::Stopped)?
    }

    async fn write(&self, command: Command) -> Result<Answer, Error> {
        let queue = self.shared.queue.as_ref().ok_or(Error::Stopped)?;
        let needs_room = command.bytes() > 0;
        let (reply, answer) = oneshot::channel();
        queue.send(Job { command, reply }).await.map_err(|_| Error::Stopped)?;
        let answer = answer.await.map_err(|_| Error::Stopped)?;
        match &answer {
            Err(Error::Full) => self.shared.full.store(true, Ordering::Relaxed),
            Ok(_) if needs_room => self.shared.full.store(false, Ordering::Relaxed),
            _ => {}
        }
        answer
    }
}

/// The seal, if the journal has got as far as it says.
fn sealed(dir: &Path, path: &Path, connection: &rusqlite::Connection) -> Result<Seal, OpenError> {
    let (seal, noted) =
        Seal::open(dir).map_err(|source| OpenError::Folder { dir: dir.to_path_buf(), source })?;
    let numbers = Numbers::load(connection)
        .map_err(|source| OpenError::Sqlite { path: path.to_path_buf(), source })?;
    let (found, noted) = (numbers.reached(), noted.unwrap_or_default());
    if found.seq >= noted.seq && found.mark >= noted.mark {
        return Ok(seal);
    }
    Err(OpenError::Damaged {
        path: path.to_path_buf(),
        said: format!(
            "it ends at event {} and delivery {}, but event {} and delivery {} had been written: its \
             log was cut short. (To go on all the same without what is missing, delete {})",
            found.seq,
            found.mark,
            noted.seq,
            noted.mark,
            seal::FILE
        ),
    })
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the journal's writer had panicked");
        }
    }
}
