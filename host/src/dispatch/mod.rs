//! The one place where the road is walked: journal -> route -> plugin -> delivery -> checkpoint.
//!
//! The dispatcher takes events from the journal at its own pace (intake only rings a bell), finds
//! the routes that take them, and walks each passage as a task of its own: one at a time per
//! resource, many resources at once. What is known but not ended is kept as a few words per
//! passage; past [`BACKLOG_MAX`] the rest waits in the journal. Stopping finishes what is in hand.

mod schedule;
mod walk;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::schedule::{Key, Schedule};
use self::walk::{Ground, Stop, Work, walk};
use crate::checkpoint::Checkpoints;
use crate::config::{ReadyRoute, Snapshot};
use crate::ingress::Guard;
use crate::journal::{self, Journal, OpenEvent};
use crate::plugin::{Pool, Shelf};
use crate::telemetry::{End, Metrics};

/// Passages kept in memory (some 200 bytes each); what is beyond stays in the journal until there
/// is room.
const BACKLOG_MAX: usize = 100_000;
/// Events read from the journal at once.
const READ_MAX: usize = 512;
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
    /// What is served now.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Which resources have to be slowed.
    pub guard: Arc<Guard>,
    /// Rung after each swap of the snapshot.
    pub reconfigured: Arc<Notify>,
    /// Passages walked at the same time.
    pub in_flight_max: usize,
}

/// Walks passages until stopped.
#[derive(Debug)]
pub struct Dispatcher {
    ground: Arc<Ground>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    reconfigured: Arc<Notify>,
    in_flight_max: usize,
    schedule: Schedule<Work>,
    /// The last event taken of each merchant.
    taken: HashMap<String, u64>,
    /// Merchants of whom the journal holds more than was taken.
    behind: BTreeSet<String>,
    /// Whether the journal was asked which merchants have open events.
    begun: bool,
    walks: JoinSet<(Key, Stop)>,
    keys: HashMap<Id, Key>,
    /// Events of merchants that are not configured now.
    homeless: Vec<OpenEvent>,
    /// What replays have put back and is not queued yet.
    reopened: VecDeque<OpenEvent>,
    rerouted: bool,
}

impl Dispatcher {
    /// Takes up whatever the journal holds open.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { journal, checkpoints, pool, shelf, snapshot, metrics, guard, .. } = parts;
        Self {
            ground: Arc::new(Ground { journal, checkpoints, pool, shelf, metrics, guard }),
            snapshot,
            reconfigured: parts.reconfigured,
            in_flight_max: parts.in_flight_max,
            schedule: Schedule::new((parts.in_flight_max / ROUTE_SHARE).max(1)),
            taken: HashMap::new(),
            behind: BTreeSet::new(),
            begun: false,
            walks: JoinSet::new(),
            keys: HashMap::new(),
            homeless: Vec::new(),
            reopened: VecDeque::new(),
            rerouted: false,
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
            let next_due = self.schedule.wake(Instant::now());
            self.start_walks();
            self.show();
            let until_due = async {
                match next_due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let has_room = self.has_room();
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
                () = std::future::ready(()), if !self.behind.is_empty() && has_room => {}
                () = until_due => {}
            }
        }
        self.drain(grace).await;
    }

    async fn take_up(&mut self) -> Result<(), journal::Error> {
        if std::mem::take(&mut self.rerouted) {
            self.reroute().await?;
        }
        self.take().await
    }

    /// Takes what has arrived, and what the journal holds of merchants that are behind, while there
    /// is room for it.
    async fn take(&mut self) -> Result<(), journal::Error> {
        let arrived = self.ground.journal.arrived();
        if !self.begun {
            self.behind.extend(self.ground.journal.open_merchants()?);
            self.begun = true;
        }
        self.behind.extend(arrived.missed);
        self.reopened.extend(arrived.reopened);
        self.take_again().await?;
        for event in arrived.events {
            if self.behind.contains(&event.merchant) {
                continue;
            }
            if !self.has_room() {
                self.behind.insert(event.merchant);
                continue;
            }
            if let Err(error) = self.take_one(&event).await {
                self.behind.insert(event.merchant);
                return Err(error);
            }
        }
        while self.has_room()
            && let Some(merchant) = self.behind.pop_first()
        {
            let after = self.taken.get(&merchant).copied().unwrap_or(0);
            let events = match self.ground.journal.open_events(&merchant, after, READ_MAX) {
                Ok(events) => events,
                Err(error) => {
                    self.behind.insert(merchant);
                    return Err(error);
                }
            };
            let more = events.len() == READ_MAX;
            for event in events {
                if let Err(error) = self.take_one(&event).await {
                    self.behind.insert(merchant);
                    return Err(error);
                }
            }
            if more {
                self.behind.insert(merchant);
                break;
            }
        }
        Ok(())
    }

    /// Takes what replays have put back. An event that was not read yet is found where it stands
    /// in the journal; one that was is queued again.
    async fn take_again(&mut self) -> Result<(), journal::Error> {
        while let Some(event) = self.reopened.front().cloned() {
            if event.seq > self.taken.get(&event.merchant).copied().unwrap_or(0) {
                self.behind.insert(event.merchant);
            } else {
                self.route(&event, true).await?;
            }
            self.reopened.pop_front();
        }
        Ok(())
    }

    async fn take_one(&mut self, event: &OpenEvent) -> Result<(), journal::Error> {
        let taken = self.taken.get(&event.merchant).copied().unwrap_or(0);
        if event.seq > taken {
            self.route(event, false).await?;
            self.taken.insert(event.merchant.clone(), event.seq);
        }
        Ok(())
    }

    /// Queues an event on each route that takes it; one that was closed and reopened goes the ways
    /// it went. What is `known` may be queued already: the second walk finds the passage ended.
    async fn route(&mut self, event: &OpenEvent, known: bool) -> Result<(), journal::Error> {
        let snapshot = self.snapshot.load();
        let merchant = snapshot.merchants.get(&event.merchant).filter(|m| m.configured);
        let Some(merchant) = merchant else {
            warn!(
                event.seq = event.seq,
                merchant.name = event.merchant,
                "merchant not configured: its events wait"
            );
            self.homeless.push(event.clone());
            return Ok(());
        };
        let mut routes: Vec<String> = merchant
            .routes_for(&event.connection, &event.topic)
            .filter(|_| !event.again)
            .map(|ready| ready.name.clone())
            .collect();
        // A passage that began on a route taken away since then waits for the route to come back.
        for passage in &event.passages {
            if !routes.contains(&passage.route) {
                routes.push(passage.route.clone());
            }
        }
        routes.retain(|name| {
            !event.passages.iter().any(|p| p.route == *name && p.state.is_terminal())
        });
        if routes.is_empty() {
            let why = if event.passages.is_empty() { "unrouted" } else { "ended" };
            self.ground.journal.close(event.seq, why).await?;
            if event.passages.is_empty() {
                info!(event.seq = event.seq, topic = event.topic, "no route takes it");
                let label = End { outcome: "unrouted" };
                self.ground.metrics.passages.get_or_create(&label).inc();
            }
            return Ok(());
        }
        let resource: Arc<str> = event.resource_key.as_str().into();
        let routes: Arc<[String]> = routes.into();
        for route in &*routes {
            let begun = event.passages.iter().find(|passage| passage.route == *route);
            let due = begun.and_then(|passage| passage.due_at).and_then(from_now);
            let key = Key {
                merchant: event.merchant.as_str().into(),
                route: route.as_str().into(),
                resource: Arc::clone(&resource),
            };
            let fresh = begun.is_none() && !known;
            let work = Work { seq: event.seq, routes: Arc::clone(&routes), fresh };
            self.schedule.push(key, work, due);
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.schedule.len() + self.homeless.len() < BACKLOG_MAX
    }

    fn start_walks(&mut self) {
        while self.walks.len() < self.in_flight_max {
            let Some((key, work)) = self.schedule.next() else { break };
            let Some(ready) = self.ready_route(&key) else {
                self.schedule.block(&key);
                continue;
            };
            if let Some(head) = self.schedule.head_mut(&key) {
                head.fresh = false;
            }
            let ground = Arc::clone(&self.ground);
            let walked = key.clone();
            let handle = self.walks.spawn(async move {
                let stop = walk(&ground, &work, &ready).await;
                (walked, stop)
            });
            self.keys.insert(handle.id(), key);
        }
    }

    fn ready_route(&self, key: &Key) -> Option<Arc<ReadyRoute>> {
        let snapshot = self.snapshot.load();
        let ready = snapshot.merchants.get(&*key.merchant)?.routes.get(&*key.route)?;
        ready.unavailable().is_none().then(|| Arc::clone(ready))
    }

    fn walked(&mut self, ended: Result<(Id, (Key, Stop)), JoinError>) {
        match ended {
            Ok((id, (key, Stop::Ended))) => {
                self.keys.remove(&id);
                self.schedule.ended(&key);
            }
            Ok((id, (key, Stop::Again(wait)))) => {
                self.keys.remove(&id);
                self.schedule.again(&key, Instant::now() + wait);
            }
            Err(panic) => {
                let key = self.keys.remove(&panic.id()).expect("every walk has its key");
                error!(merchant.name = %key.merchant, route.name = %key.route, resource = %key.resource, %panic, "a walk panicked: this is a defect of mapwright; the passage is walked again");
                self.schedule.again(&key, Instant::now() + PAUSE);
            }
        }
    }

    /// After a change of configuration: what waited for it is tried again.
    async fn reroute(&mut self) -> Result<(), journal::Error> {
        self.schedule.unblock();
        let homeless = std::mem::take(&mut self.homeless);
        for (place, event) in homeless.iter().enumerate() {
            if let Err(error) = self.route(event, false).await {
                self.homeless.extend_from_slice(&homeless[place..]);
                self.rerouted = true;
                return Err(error);
            }
        }
        Ok(())
    }

    fn show(&self) {
        let metrics = &self.ground.metrics;
        metrics.in_flight.set(i64::try_from(self.walks.len()).unwrap_or(i64::MAX));
        metrics.backlog.set(i64::try_from(self.schedule.len()).unwrap_or(i64::MAX));
    }

    async fn drain(mut self, grace: Duration) {
        info!(in_hand = self.walks.len(), "stopping: finishing what is in hand");
        let finish = async { while self.walks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finish).await.is_err() {
            warn!("some deliveries did not finish in time; the next start takes them up");
        }
    }
}

/// When `due` is, on the monotonic clock; none when it has come.
fn from_now(due: Timestamp) -> Option<Instant> {
    let wait = Duration::try_from(due.duration_since(Timestamp::now())).ok()?;
    Instant::now().checked_add(wait)
}
