//! The one place where the road is walked: journal -> route -> plugin -> delivery -> checkpoint.
//!
//! The dispatcher takes events from the journal at its own pace (intake only rings a bell), finds
//! the routes that take them, and walks each passage as a task of its own: one at a time per
//! resource, many resources at once, merchants and lanes sharing the places (see [`schedule`]).
//! What is known but not ended is kept as a few words per passage, so much for each route and no
//! more; the rest waits in the journal (see [`feed`]). Stopping finishes what is in hand.

mod feed;
mod intake;
mod schedule;
#[cfg(test)]
mod simulation;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::feed::Feed;
use self::schedule::{Key, Limits, Missing, Schedule};
use self::walk::{Cost, Ground, Stop, Walked, Work, walk};
use crate::backlog::Backlog;
use crate::checkpoint::Checkpoints;
use crate::config::{ReadyRoute, Snapshot};
use crate::delivery;
use crate::delivery::gate::Admit;
use crate::ingress::Guard;
use crate::journal::Journal;
use crate::plugin::{Pool, Shelf};
use crate::rollout::Rollout;
use crate::telemetry::Metrics;

/// Of all places, how many one route may take.
const ROUTE_SHARE: usize = 4;
/// After a walk that panicked, and when the journal cannot be read.
const PAUSE: Duration = Duration::from_secs(5);

/// What the dispatcher is made of.
#[derive(Debug)]
pub struct Parts {
    /// The truth.
    pub journal: Journal,
    /// What plugins remember.
    pub checkpoints: Checkpoints,
    /// Where plugins run.
    pub pool: Pool,
    /// Every plugin version that ever was in use, for replays that name one.
    pub shelf: Shelf,
    /// Routes held still, candidates with a share, versions run beside live ones.
    pub rollout: Rollout,
    /// What is served now.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Which resources have to be slowed.
    pub guard: Arc<Guard>,
    /// Rung after each swap of the snapshot.
    pub reconfigured: Arc<Notify>,
    /// Where it tells how much waits.
    pub backlog: Arc<Backlog>,
    /// Passages walked at the same time.
    pub in_flight_max: usize,
    /// Plugins run at the same time: with the places, what merchants share.
    pub plugin_threads: usize,
}

/// Walks passages until stopped.
#[derive(Debug)]
pub struct Dispatcher {
    ground: Arc<Ground>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    reconfigured: Arc<Notify>,
    backlog: Arc<Backlog>,
    in_flight_max: usize,
    plugin_threads: usize,
    schedule: Schedule<Work>,
    feed: Feed,
    /// Whether the journal was asked which merchants have open events.
    begun: bool,
    walks: JoinSet<Walked>,
    /// What each task walks, and the connection it goes to.
    keys: HashMap<Id, (Key, Arc<str>)>,
    rerouted: bool,
    /// Passages that a replay has put back while the walk that ended them was on its way home: what
    /// is in the schedule is not put in again, so they are looked at once more when it is.
    put_back: HashMap<Key, u64>,
    /// Those whose walk has come home, by merchant and number.
    home: Vec<(Arc<str>, u64)>,
}

impl Dispatcher {
    /// Takes up whatever the journal holds open.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { journal, checkpoints, pool, shelf, rollout, snapshot, metrics, guard, .. } =
            parts;
        let served = Arc::clone(&snapshot);
        let ground =
            Ground { journal, checkpoints, pool, shelf, rollout, metrics, guard, snapshot: served };
        let walking_max = (parts.in_flight_max / ROUTE_SHARE).max(1);
        Self {
            ground: Arc::new(ground),
            snapshot,
            reconfigured: parts.reconfigured,
            backlog: parts.backlog,
            in_flight_max: parts.in_flight_max,
            plugin_threads: parts.plugin_threads,
            schedule: Schedule::new(Limits::new(walking_max)),
            feed: Feed::default(),
            begun: false,
            walks: JoinSet::new(),
            keys: HashMap::new(),
            rerouted: false,
            put_back: HashMap::new(),
            home: Vec::new(),
        }
    }

    /// Runs until `stop`, then finishes the walks in hand for at most `grace`.
    pub async fn run(mut self, stop: CancellationToken, grace: Duration) {
        while !stop.is_cancelled() {
            if let Err(error) = self.take_up().await {
                error!(%error, "the journal cannot be read; trying again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let now = Instant::now();
            self.schedule.wake(now);
            self.feed.wake(now);
            self.start_walks();
            // Only now: what did not begin waits for a time, too.
            let next_due = self.schedule.due().into_iter().chain(self.feed.due()).min();
            self.show();
            let until_due = async {
                match next_due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let more = self.feed.has_page(&self.schedule);
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                Some(ended) = self.walks.join_next_with_id(), if !self.walks.is_empty() => {
                    self.walked(ended);
                    while let Some(ended) = self.walks.try_join_next_with_id() {
                        self.walked(ended);
                    }
                }
                () = self.reconfigured.notified() => self.rerouted = true,
                () = self.ground.journal.arrival() => {}
                () = std::future::ready(()), if more => {}
                () = until_due => {}
            }
        }
        self.drain(grace).await;
    }

    fn start_walks(&mut self) {
        while self.walks.len() < self.in_flight_max {
            let Some((key, work)) = self.schedule.next() else { break };
            let Some(ready) = self.ready_route(&key) else {
                self.schedule.block(&key);
                continue;
            };
            let target = ready.target.as_ref().expect("an available route has a target");
            let permit = match target.gate().admit(&key.resource, Instant::now()) {
                Admit::Go(permit) => permit,
                Admit::Wait(wait) if wait.alone() => {
                    let time = wait.until.saturating_duration_since(Instant::now());
                    self.again(&key, time, Vec::new(), 0);
                    continue;
                }
                Admit::Wait(wait) => {
                    self.schedule.hold(&key, &ready.route.to.as_str().into(), wait.until);
                    continue;
                }
            };
            if let Some(head) = self.schedule.head_mut(&key) {
                head.fresh = false;
            }
            let ground = Arc::clone(&self.ground);
            let connection: Arc<str> = ready.route.to.as_str().into();
            let handle = self.walks.spawn(async move {
                let walked = walk(&ground, &work, &ready).await;
                drop(permit);
                walked
            });
            self.keys.insert(handle.id(), (key, connection));
        }
    }

    fn ready_route(&self, key: &Key) -> Option<Arc<ReadyRoute>> {
        // What a person holds still waits as what is not configured does: in its window and in the
        // journal, in order, without a try.
        if self.ground.rollout.is_paused(&key.merchant, &key.route) {
            return None;
        }
        let snapshot = self.snapshot.load();
        let ready = snapshot.merchants.get(&*key.merchant)?.routes.get(&*key.route)?;
        ready.unavailable().is_none().then(|| Arc::clone(ready))
    }

    fn walked(&mut self, ended: Result<(Id, Walked), JoinError>) {
        let (id, walked) = match ended {
            Ok((id, walked)) => (id, Ok(walked)),
            Err(panic) => (panic.id(), Err(panic)),
        };
        let (key, connection) = self.keys.remove(&id).expect("every walk has its key");
        self.schedule.release(&key.merchant, &connection);
        let Walked { stop, cost, learnt } = match walked {
            Ok(walked) => walked,
            Err(panic) => {
                error!(merchant.name = %key.merchant, route.name = %key.route, resource = %key.resource, %panic, "a walk panicked: this is a defect of mapwright; the passage is walked again");
                self.again(&key, PAUSE, Vec::new(), 0);
                return;
            }
        };
        let cost = self.price(cost);
        let named = |it: delivery::Missing| Missing {
            merchant: Arc::clone(&key.merchant),
            connection: Arc::clone(&connection),
            entity: it.entity,
            key: it.key,
        };
        match stop {
            Stop::Ended => {
                self.backlog.end_one(&key.merchant);
                self.schedule.ended(&key, cost);
                if let Some(seq) = self.put_back.remove(&key) {
                    self.home.push((Arc::clone(&key.merchant), seq));
                }
            }
            Stop::Again { wait, missing } => {
                let missing: Vec<Missing> = missing.into_iter().map(named).collect();
                let wait = if self.goes_at_once(&key, &missing) { Duration::ZERO } else { wait };
                self.again(&key, wait, missing, cost);
            }
        }
        for thing in learnt.into_iter().map(named) {
            self.schedule.learnt(&thing);
        }
    }

    fn again(&mut self, key: &Key, wait: Duration, missing: Vec<Missing>, cost: u64) {
        let now = Instant::now();
        if let Some(seq) = self.schedule.again(key, now + wait, missing, cost) {
            self.feed.set_aside(key, seq, now + wait, now);
        }
    }

    /// Whether something that was missing came while the walk that missed it was ending: nobody will
    /// tell again. Only once in a row, because what is there may still not be what the target needs.
    fn goes_at_once(&mut self, key: &Key, missing: &[Missing]) -> bool {
        let journal = &self.ground.journal;
        let come = missing.iter().any(|it| {
            let known = journal.identity(&it.merchant, &it.connection, &it.entity, &it.key);
            known.is_ok_and(|id| id.is_some())
        });
        self.schedule.head_mut(key).is_some_and(|work| {
            work.at_once = come && !work.at_once;
            work.at_once
        })
    }

    /// A walk's share of what is scarcer for it: plugin threads, or places, which its target's time
    /// takes. At least one, so that turns are taken even where all is free.
    fn price(&self, cost: Cost) -> u64 {
        let share = |time: Duration, of: usize| {
            u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / of.max(1) as u64
        };
        let plugin = share(cost.plugin, self.plugin_threads);
        plugin.max(share(cost.plugin + cost.target, self.in_flight_max)).max(1)
    }

    fn show(&self) {
        let metrics = &self.ground.metrics;
        metrics.in_flight.set(i64::try_from(self.walks.len()).unwrap_or(i64::MAX));
        metrics.backlog.set(i64::try_from(self.backlog.total()).unwrap_or(i64::MAX));
    }

    async fn drain(mut self, grace: Duration) {
        info!(in_hand = self.walks.len(), "stopping: finishing what is in hand");
        let finish = async { while self.walks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finish).await.is_err() {
            warn!("some deliveries did not finish in time; the next start takes them up");
            // Cut off, and gone before anybody closes what they work on.
            self.walks.shutdown().await;
        }
    }
}
