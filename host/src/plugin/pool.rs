//! Threads that do nothing but run plugins, and the bounded queue in front of them.
//!
//! A call keeps its thread until it ends, which may be the whole deadline; on the executor's own
//! threads that would stop everything else. A caller waits for its turn without a thread. A panic
//! of the host inside a run is contained there: the caller gets an outcome, the thread goes on.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::job::Job;
use super::outcome::{Outcome, Run, Usage};
use super::run::run;

/// A pool of worker threads; ends them when dropped, after the calls in hand.
#[derive(Debug)]
pub struct Pool {
    queue: Option<Sender<Task>>,
    room: Arc<Semaphore>,
    ran: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

struct Task {
    job: Job,
    answer: oneshot::Sender<Run>,
    // Held until the run is done, also when nobody waits for it any more.
    place: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the threads. `queue_max` jobs may wait beside those being run; further callers wait
    /// in [`Self::run`].
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub fn new(threads: NonZeroUsize, queue_max: usize) -> std::io::Result<Self> {
        let places = threads.get().saturating_add(queue_max).min(Semaphore::MAX_PERMITS);
        let (queue, tasks) = bounded(places);
        let ran = Arc::<AtomicU64>::default();
        let threads = (0..threads.get())
            .map(|number| {
                let (tasks, ran) = (tasks.clone(), Arc::clone(&ran));
                std::thread::Builder::new()
                    .name(format!("plugin-{number}"))
                    .spawn(move || work(&tasks, &ran))
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self { queue: Some(queue), room: Arc::new(Semaphore::new(places)), ran, threads })
    }

    /// Runs a job on one of the threads.
    ///
    /// Dropping the future gives up the answer; the run itself goes on to its end.
    pub async fn run(&self, job: Job) -> Run {
        let Ok(place) = Arc::clone(&self.room).acquire_owned().await else {
            return lost("the plugin threads have ended");
        };
        let (answer, answered) = oneshot::channel();
        let task = Task { job, answer, place };
        // Never blocks: there are as many places as the channel is long.
        if self.queue.as_ref().is_none_or(|queue| queue.send(task).is_err()) {
            return lost("the plugin threads have ended");
        }
        answered.await.unwrap_or_else(|_| lost("the plugin thread ended before the run did"))
    }

    /// How many jobs are being run or waiting.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.load().in_hand()
    }

    /// How busy it is, for whoever works on what it leaves over.
    #[must_use]
    pub fn load(&self) -> Load {
        let places = self.queue.as_ref().and_then(Sender::capacity).unwrap_or(0);
        let (room, ran) = (Arc::clone(&self.room), Arc::clone(&self.ran));
        Load { room, ran, places, threads: self.threads.len() }
    }
}

/// How busy a pool is; outlives it. A look costs a load.
#[derive(Debug, Clone)]
pub struct Load {
    room: Arc<Semaphore>,
    ran: Arc<AtomicU64>,
    places: usize,
    threads: usize,
}

impl Load {
    /// How many jobs are being run or waiting.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.places.saturating_sub(self.room.available_permits())
    }

    /// How many jobs have begun since the pool was made: whether there is work, for who looks twice.
    #[must_use]
    pub fn ran(&self) -> u64 {
        self.ran.load(Ordering::Relaxed)
    }

    /// Whether every thread has a job.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.in_hand() >= self.threads
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.queue.take()); // the threads see the channel close, after what is in it
        for thread in self.threads.drain(..) {
            // A worker contains panics, so there is none to pass on.
            drop(thread.join());
        }
    }
}

fn work(tasks: &Receiver<Task>, ran: &AtomicU64) {
    while let Ok(Task { job, answer, place }) = tasks.recv() {
        ran.fetch_add(1, Ordering::Relaxed);
        // The job is only read, and what a run builds dies with it.
        let run = catch_unwind(AssertUnwindSafe(|| run(&job))).unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no text");
            tracing::error!(
                event.id = job.context.event_id,
                merchant.name = job.context.merchant,
                panic = text,
                "the host panicked while it ran a plugin; this is a fault of Mapwright"
            );
            lost(&format!("the host panicked while it ran the plugin: {text}"))
        });
        drop(place);
        // An error means that the caller no longer waits.
        drop(answer.send(run));
    }
}

/// A run that came to nothing through no fault of the plugin: worth trying again.
fn lost(reason: &str) -> Run {
    Run {
        outcome: Outcome::NotReady { reason: reason.to_owned() },
        source_status: None,
        status: None,
        lines: Vec::new(),
        logs: Vec::new(),
        receipts: Vec::new(),
        startups: Vec::new(),
        usage: Usage::default(),
    }
}
