//! The one thread that writes: takes what has gathered, writes it in one transaction, answers.
//!
//! While a group is being synced the next one gathers in the channel, so the number of syncs
//! follows the disk and not the load. A group that meets a full disk is undone as a whole and each
//! of its owners is told; a group in which one command fails for another reason is undone and
//! taken one by one, so a fault stays with its owner.
//!
//! The log is copied into the main file by another thread with its own connection, in passing
//! (`PASSIVE`: it never makes the writer wait). What was added meanwhile is left over; once that is
//! little, the writer copies it itself between two groups, after which SQLite begins the log from
//! its start again. So the log stays a few dozen megabytes under any load.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::arrivals::Arrivals;
use super::record::{Acceptance, OpenEvent};
use super::seal::Seal;
use super::steps::{self, Answer, Command, Fault, Numbers};
use super::{Error, schema};
use crate::event::Event;

/// How many commands may wait for the writer; beyond it, callers wait to be let in.
const QUEUE_MAX: usize = 1024;
/// A group ends at this many commands: enough to make a sync cheap, short enough to answer soon.
const GROUP_COMMANDS_MAX: usize = 512;
/// Or at this many bytes of payload, so that a group's pages fit the cache.
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The log is copied from this many pages on (4 KiB each: 16 MiB).
const LOG_PAGES_COPIED_FROM: i64 = 4096;
/// The writer copies up to this many pages itself (8 MiB), a few milliseconds' work.
const LOG_PAGES_OWN_MAX: i64 = 2048;
/// A log that grew to this (64 MiB: the copier cannot keep up) is copied by the writer in any case.
const LOG_PAGES_MAX: i64 = 16_384;
/// The length of the log is asked for once in so many groups.
const GROUPS_PER_LOOK: u32 = 16;

/// A command and where its answer goes.
pub(super) struct Job {
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<Result<Answer, Error>>,
}

/// The writer's end as its owner holds it.
pub(super) struct Writer {
    pub(super) queue: mpsc::Sender<Job>,
    pub(super) thread: JoinHandle<()>,
}

/// Starts the writer and the copier on `connection`.
pub(super) fn start(
    connection: Connection,
    path: &Path,
    arrivals: Arc<Arrivals>,
    numbers: Numbers,
    seal: Seal,
) -> rusqlite::Result<Writer> {
    let copier = Copier::start(schema::open_beside(path, false)?);
    let (queue, jobs) = mpsc::channel(QUEUE_MAX);
    let thread = std::thread::Builder::new()
        .name("journal-writer".into())
        .spawn(move || Loop { connection, numbers, copier, arrivals, seal, groups: 0 }.run(jobs))
        .expect("a thread can be made while the host starts");
    Ok(Writer { queue, thread })
}

struct Loop {
    connection: Connection,
    numbers: Numbers,
    copier: Copier,
    arrivals: Arc<Arrivals>,
    seal: Seal,
    groups: u32,
}

impl Loop {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP_COMMANDS_MAX);
        let mut answers = Vec::with_capacity(GROUP_COMMANDS_MAX);
        while let Some(first) = jobs.blocking_recv() {
            let mut bytes = first.command.bytes();
            group.push(first);
            while group.len() < GROUP_COMMANDS_MAX && bytes < GROUP_BYTES_MAX {
                let Ok(job) = jobs.try_recv() else { break };
                bytes += job.command.bytes();
                group.push(job);
            }
            self.write(&mut group, &mut answers);
            self.look_after_the_log();
        }
        self.copier.stop();
        // A short log makes the next start quick; if it fails, the next start does it.
        let _left_to_the_next_start = self.copy("TRUNCATE");
    }

    fn write(&mut self, group: &mut Vec<Job>, answers: &mut Vec<Result<Answer, Error>>) {
        let before = self.numbers;
        match self.commit(group, answers) {
            Ok(()) => {
                self.seal.note(self.numbers.reached());
                self.arrivals.tell(group.iter_mut().zip(&*answers).filter_map(accepted));
                self.arrivals.tell_again(answers.iter_mut().filter_map(reopened).flatten());
                for (job, answer) in group.drain(..).zip(answers.drain(..)) {
                    // An asker that has gone away needs no answer.
                    let _asker_left = job.reply.send(answer);
                }
            }
            Err(error) => {
                answers.clear();
                self.undo(before);
                let error = Error::from(error);
                if group.len() == 1 || matches!(error, Error::Full) {
                    for job in group.drain(..) {
                        let _asker_left = job.reply.send(Err(error.clone()));
                    }
                    return;
                }
                for job in std::mem::take(group) {
                    self.write(&mut vec![job], answers);
                }
            }
        }
    }

    fn commit(
        &mut self,
        group: &[Job],
        answers: &mut Vec<Result<Answer, Error>>,
    ) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for job in group {
            match steps::apply(&self.connection, &mut self.numbers, &job.command) {
                Ok(answer) => answers.push(Ok(answer)),
                // Refused before anything was changed: the group goes on.
                Err(Fault::Refused(error)) => answers.push(Err(error)),
                Err(Fault::Sqlite(error)) => return Err(error),
            }
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn undo(&mut self, before: Numbers) {
        self.numbers = before;
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "undoing a group of the journal failed");
        }
    }

    fn look_after_the_log(&mut self) {
        self.groups += 1;
        let done = self.copier.take_done();
        if self.groups < GROUPS_PER_LOOK && !done {
            return;
        }
        self.groups = 0;
        let Ok((pages, copied)) = self.copy("NOOP") else { return };
        if pages < LOG_PAGES_COPIED_FROM {
            return;
        }
        if pages - copied <= LOG_PAGES_OWN_MAX || pages >= LOG_PAGES_MAX {
            if copied < pages
                && let Err(error) = self.copy("PASSIVE")
            {
                note_copy_failure(error);
            }
        } else {
            self.copier.ask();
        }
    }

    fn copy(&self, mode: &str) -> rusqlite::Result<(i64, i64)> {
        copy(&self.connection, mode)
    }
}

/// The event that a job brought, if it was accepted.
fn accepted((job, answer): (&mut Job, &Result<Answer, Error>)) -> Option<Event> {
    let Ok(Answer::Acceptance(Acceptance::Accepted { seq })) = answer else { return None };
    let Command::Accept(offered) = std::mem::replace(&mut job.command, Command::Nothing) else {
        return None;
    };
    let event = offered.event;
    Some(Event {
        seq: *seq,
        id: event.id,
        correlation_id: event.correlation_id,
        merchant: event.merchant,
        connection: event.connection,
        topic: event.topic,
        resource_key: event.resource_key,
        version: event.version,
        received_at: event.received_at,
        origin: event.origin,
        body: event.body,
    })
}

/// The events that a replay has put back.
fn reopened(answer: &mut Result<Answer, Error>) -> Option<Vec<OpenEvent>> {
    let Ok(Answer::Replayed(stepped)) = answer else { return None };
    Some(std::mem::take(&mut stepped.reopened))
}

/// Runs a WAL checkpoint; gives the log's pages and how many of them are copied.
fn copy(connection: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// A copy that fails is tried again later and loses nothing, unless it was the fsync that failed.
fn note_copy_failure(error: rusqlite::Error) {
    let error = Error::from(error);
    tracing::warn!(%error, "the journal's log could not be copied into its main file");
}

/// The thread that copies the log while the writer goes on.
struct Copier {
    asks: Option<std::sync::mpsc::SyncSender<()>>,
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    fn start(connection: Connection) -> Self {
        let (asks, asked) = std::sync::mpsc::sync_channel::<()>(1);
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let thread = std::thread::Builder::new()
            .name("journal-copier".into())
            .spawn(move || {
                while asked.recv().is_ok() {
                    if let Err(error) = copy(&connection, "PASSIVE") {
                        note_copy_failure(error);
                    }
                    told.store(true, Ordering::Release);
                }
            })
            .expect("a thread can be made while the host starts");
        Self { asks: Some(asks), done, thread: Some(thread) }
    }

    fn ask(&self) {
        if let Some(asks) = &self.asks {
            // One that is already asked for will do.
            let _asked_already = asks.try_send(());
        }
    }

    fn take_done(&self) -> bool {
        self.done.load(Ordering::Relaxed) && self.done.swap(false, Ordering::Acquire)
    }

    fn stop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // A copier that panicked has nothing that is needed.
            let _ended = thread.join();
        }
    }
}
