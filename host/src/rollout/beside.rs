//! Running a version beside live work, on what that leaves over.
//!
//! A walk that has its answer offers the event with exactly the input the live version had. It goes
//! into a queue with a bound in events and in bytes, or is dropped and counted: no walk ever waits
//! here. One thread of the lowest priority takes from the queue; it also holds back while live jobs
//! fill the plugin threads, for [`HOLD_BACK_MAX`] at a time. While they do, only half of the queue
//! may fill; what has failed live may always take the rest of it, because a watch must not miss it.
//! While events keep coming it works a tenth of the time and rests the other nine: the lowest priority
//! alone still takes caches and half a core's twin from whoever does the live work.
//!
//! What was seen is written into the journal every [`SAVE_EVERY`], and when a trial or the host
//! ends; a crash loses the counting of that time and nothing else. Answers made here are dropped:
//! nothing is sent, and no checkpoint moves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use jiff::Timestamp;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use super::decide::stands_now;
use super::judgement::fails;
use super::trial::Answers;
use super::{Role, Rollout, State, Trial};
use crate::journal::audit::Act;
use crate::journal::rollouts::Change;
use crate::plugin::{self, Job, Load, Outcome, Run, Stage, Stages, give_way};
use crate::seatbelt::{Belts, Known};
use crate::telemetry::End;

/// Events that wait. A burst of a few hundred orders is looked at in the quiet after it.
const QUEUE_EVENTS_MAX: usize = 512;
/// Their payloads and documents together.
const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long one event is held back for live work: also a host that is never idle is looked at,
/// fifty times a second.
const HOLD_BACK_MAX: Duration = Duration::from_millis(20);
/// Between two looks whether the plugin threads are free.
const HOLD_BACK_STEP: Duration = Duration::from_millis(1);
/// Events keep coming where the last one was offered within this time.
const QUIET_AFTER: Duration = Duration::from_millis(20);
/// Then it rests so many times as long as it has worked, and not longer than this at a time.
const REST: u32 = 9;
const REST_MAX: Duration = Duration::from_millis(100);
/// Between two writings of what was seen.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// How late the end of a trial is noticed while nothing comes, and a stop.
const TICK: Duration = Duration::from_millis(200);

/// An event that was mapped live.
#[derive(Debug)]
pub struct Offer {
    /// The event.
    pub seq: u64,
    /// What the live version was given.
    pub job: Job,
    /// What must hold of answers on the route.
    pub belts: Option<Arc<Belts>>,
    /// The status the resource had in the target's words.
    pub previous_target_status: Option<String>,
    /// Whether the live answer was withheld.
    pub withheld: bool,
    /// Who wants to see it.
    pub trials: Vec<Arc<Trial>>,
}

/// The same, with its answer.
#[derive(Debug)]
struct Live {
    offer: Offer,
    run: Run,
    /// Of payload and answer.
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct Queue {
    to: Sender<Live>,
    from: Receiver<Live>,
    bytes: AtomicUsize,
    /// None before the thread is started: then nothing is taken.
    load: OnceLock<Load>,
    /// What `offered` counts from.
    since: Instant,
    /// When the last event was offered, in microseconds.
    offered: AtomicU64,
}

impl Queue {
    fn note_offer(&self) {
        let now = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.offered.store(now, Ordering::Relaxed);
    }

    fn is_quiet(&self) -> bool {
        let offered = Duration::from_micros(self.offered.load(Ordering::Relaxed));
        self.since.elapsed().saturating_sub(offered) > QUIET_AFTER
    }
}

impl Default for Queue {
    fn default() -> Self {
        // Twice the room that is used: a sender never meets the one who takes.
        let (to, from) = bounded(QUEUE_EVENTS_MAX * 2);
        let (since, offered) = (Instant::now(), AtomicU64::new(0));
        Self { to, from, bytes: AtomicUsize::new(0), load: OnceLock::new(), since, offered }
    }
}

/// The thread; stopped and waited for by [`Beside::stop`].
#[derive(Debug)]
pub struct Beside {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Rollout {
    /// Who wants to see what these plugins make of an event on a route.
    #[must_use]
    pub fn watchers(&self, merchant: &str, stages: &Stages) -> Vec<Arc<Trial>> {
        let now = self.inner.now.load();
        let Some(of) = now.merchants.get(merchant).filter(|of| !of.trials.is_empty()) else {
            return Vec::new();
        };
        let wants = |trial: &&Arc<Trial>| {
            let is_live = |stage: &Stage| stage.plugin.digest() == trial.live.digest;
            let Stages { status_translation, pricing, field_mapping } = stages;
            let live =
                [status_translation, pricing, field_mapping].into_iter().flatten().any(is_live);
            live && trial.version.is_ok() && trial.state() == State::Running
        };
        of.trials.iter().filter(wants).cloned().collect()
    }

    /// Offers an event with its live answer for comparison. Never waits; copies the answer only
    /// where there is room for it.
    pub fn offer(&self, offer: Offer, run: &Run) {
        let queue = &self.inner.queue;
        queue.note_offer();
        let busy = queue.load.get().is_none_or(Load::is_busy);
        // What failed live must be seen if there is any room.
        let urgent = offer.withheld || fails(&run.outcome);
        let share = if busy && !urgent { 2 } else { 1 };
        let answer = usize::try_from(run.usage.output_bytes).unwrap_or(usize::MAX);
        let bytes = offer.job.payload.len().saturating_add(answer);
        let waiting = queue.bytes.load(Ordering::Relaxed);
        let taken = queue.load.get().is_some()
            && queue.to.len() < QUEUE_EVENTS_MAX / share
            && waiting.saturating_add(bytes) <= QUEUE_BYTES_MAX / share;
        for trial in &offer.trials {
            trial.pass(taken);
        }
        if !taken {
            return self.count("dropped");
        }
        queue.bytes.fetch_add(bytes, Ordering::Relaxed);
        // There is room: the channel is longer than what was just looked at.
        let _taken = queue.to.try_send(Live { offer, run: run.clone(), bytes });
    }

    /// Starts the thread. `load` says how busy live work keeps the plugin threads.
    ///
    /// # Errors
    /// There are no threads to be had.
    pub fn start(&self, load: Load) -> std::io::Result<Beside> {
        let stop = Arc::new(AtomicBool::new(false));
        let (rollout, stopped, handle) = (self.clone(), Arc::clone(&stop), Handle::current());
        let _once = self.inner.queue.load.set(load.clone());
        let work = move || rollout.work(&load, &stopped, &handle);
        let thread = std::thread::Builder::new().name("beside".to_owned()).spawn(work)?;
        Ok(Beside { stop, thread })
    }

    fn work(&self, load: &Load, stop: &AtomicBool, handle: &Handle) {
        give_way();
        let (mut saved, mut ticked) = (Instant::now(), Instant::now());
        while !stop.load(Ordering::Relaxed) {
            let mut over = match self.inner.queue.from.recv_timeout(TICK) {
                Ok(live) => {
                    self.inner.queue.bytes.fetch_sub(live.bytes, Ordering::Relaxed);
                    hold_back(load, stop);
                    let begun = Instant::now();
                    self.look_at(&live);
                    self.rest(begun.elapsed(), stop);
                    self.judge(&live.offer.trials)
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if ticked.elapsed() >= TICK {
                over |= self.judge(&self.trials(None));
                ticked = Instant::now();
            }
            if over || saved.elapsed() >= SAVE_EVERY {
                self.end_superseded();
                self.save(handle);
                saved = Instant::now();
            }
        }
        self.save(handle);
    }

    /// Leaves the machine to live work for a while, unless there is none.
    fn rest(&self, worked: Duration, stop: &AtomicBool) {
        let (since, rest) = (Instant::now(), (worked * REST).min(REST_MAX));
        while since.elapsed() < rest && !stop.load(Ordering::Relaxed) {
            if self.inner.queue.is_quiet() {
                return;
            }
            std::thread::sleep(HOLD_BACK_STEP.min(rest));
        }
    }

    /// Tells of breaches and ends what has seen enough; says whether anything ended.
    fn judge(&self, trials: &[Arc<Trial>]) -> bool {
        let (mut any, now) = (false, Timestamp::now());
        for trial in trials {
            trial.tell(|breach| self.inner.breaches.try_send(breach).is_ok());
            let over = trial.is_over(now);
            if over {
                info!(
                    merchant.name = trial.merchant,
                    plugin.name = trial.plugin,
                    role = trial.role.as_str(),
                    "a trial has seen all it was to see"
                );
            }
            any |= over;
        }
        any
    }

    /// Ends what compares with a version that is in use no more: a person may have put another file
    /// in its place, or a crash have come between a revert and its record.
    fn end_superseded(&self) {
        let snapshot = self.inner.snapshot.load();
        for trial in self.trials(None) {
            let of = snapshot.merchants.get(&trial.merchant);
            let now = of.and_then(|of| of.catalog.get(&trial.plugin));
            let other = now.filter(|it| it.digest() != trial.live.digest);
            if let Some(other) = other.filter(|_| trial.state() == State::Running) {
                let reason = format!("version {} is in use now", other.version());
                trial.end(State::Superseded, Some(reason));
            }
        }
    }

    /// Runs an event with the other version of each trial, and adds up what differs.
    fn look_at(&self, live: &Live) {
        let Live { offer, run, .. } = live;
        for trial in offer.trials.iter().filter(|trial| trial.state() == State::Running) {
            let Some(job) = beside(&offer.job, trial) else { continue };
            // The job is only read, and what a run builds dies with it.
            let other = catch_unwind(AssertUnwindSafe(|| plugin::run(&job)));
            let clock = |run: &Run| matches!(run.outcome, Outcome::Deadline { .. });
            let Some(other) = other.ok().filter(|it| !clock(it) && !clock(run)) else {
                trial.miss();
                self.count("not_compared");
                continue;
            };
            let runs = match trial.role {
                Role::Shadow => (run, &other),
                Role::Watch => (&other, run),
            };
            let known = Known {
                payload: &offer.job.payload,
                previous_status: offer.job.previous_status.as_deref(),
                previous_target_status: offer.previous_target_status.as_deref(),
                // How often something is sent is not a version's doing.
                sent: None,
            };
            let check = |run: &Run| {
                offer.belts.as_ref().map(|belts| belts.check(&known, run)).unwrap_or_default()
            };
            trial.add(Answers {
                seq: offer.seq,
                event: &offer.job.context.event_id,
                route: &offer.job.context.route,
                payload: &offer.job.payload,
                broken: (check(runs.0), check(runs.1)),
                runs,
            });
            self.count("compared");
        }
    }

    /// Writes down what was seen since the last time.
    fn save(&self, handle: &Handle) {
        let saving = async {
            // Whoever ends a trial has the turn: its state is not written over with an older one.
            let _turn = self.inner.turn.lock().await;
            let trials = self.trials(None);
            let changed: Vec<_> = trials.iter().filter(|trial| trial.is_changed()).collect();
            let steps: Vec<Change> = changed.iter().map(|it| Change::Step(it.row())).collect();
            let told: Vec<Act> = steps.iter().filter_map(stands_now).map(Act::Version).collect();
            let steps = steps.into_iter().map(|step| Act::Rollout(Box::new(step)));
            let steps: Vec<Act> = steps.chain(told).collect();
            if steps.is_empty() { Ok(0) } else { self.inner.journal.act(steps).await }
        };
        if let Err(error) = handle.block_on(saving) {
            warn!(%error, "what was seen beside live work could not be written down");
        }
        self.show();
    }

    fn count(&self, outcome: &'static str) {
        self.inner.metrics.beside.get_or_create(&End { outcome }).inc();
    }
}

impl Beside {
    /// Stops it, and waits until what was seen is in the journal.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            error!("the thread for trials did not end well");
        }
    }
}

/// The job with the trial's version in the place of the live one.
fn beside(job: &Job, trial: &Trial) -> Option<Job> {
    let version = trial.version.as_ref().ok()?;
    let mut job = job.clone();
    let Stages { status_translation, pricing, field_mapping } = &mut job.stages;
    for stage in [status_translation, pricing, field_mapping].into_iter().flatten() {
        if stage.plugin.digest() == trial.live.digest {
            *stage = stage.with(version.clone());
        }
    }
    Some(job)
}

fn hold_back(load: &Load, stop: &AtomicBool) {
    let since = Instant::now();
    while load.is_busy() && since.elapsed() < HOLD_BACK_MAX && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(HOLD_BACK_STEP);
    }
}
