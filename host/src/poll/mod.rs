//! Polling: a shop is asked what has changed, so that what its webhooks do not say is found.
//!
//! Webhooks are hints. They come late, twice, in another order, or never, and a shop that met seven
//! failures in a row stops sending them. So each list of each connection with an API key is walked
//! by date of change, again and again, and whatever the journal does not know is offered to the
//! same intake. How far a list is known moves only behind what is in the journal.
//!
//! ```text
//!              .-- keeper: one task for each connection ------------------------.
//!   shop <---- |  sweep: pages of a list       -> feed -> Ingress::offer        | --> journal
//!   REST       |  refunds: what an order names ->                               |
//!              |  webhooks: are they on, do they point here, may they read      |
//!              |  backfill: a range further back, when there is time            |
//!              '----------------------------------------------------------------'
//! ```
//! It costs, in a quiet minute, one request for each list. It does not find what leaves no date of
//! change behind: orders deleted for good, and edits of meta data older than the overlap.

mod answer;
mod backfill;
mod error;
mod feed;
mod ground;
mod keeper;
mod pace;
mod place;
mod refunds;
mod row;
mod settings;
mod shop;
mod status;
mod sweep;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::backfill::{BackfillProgress, BackfillSpec, BackfillStatus};
pub use self::error::Error;
pub use self::feed::Fed;
pub use self::ground::Plan;
use self::ground::{Ground, Tools};
use self::keeper::Keeper;
pub use self::settings::{ApiConfig, Bounded, Entity, Keys, Opened, PollConfig, Section};
pub use self::shop::Client;
pub use self::status::{EntityStatus, PollStatus, Problem, ShopHealth};
use crate::backlog::Backlog;
use crate::checkpoint::Checkpoints;
use crate::event::Origin;
use crate::ingress::Ingress;
use crate::journal::Journal;
use crate::journal::jobs::{JobState, JobStep, NewJob};
use crate::telemetry::Metrics;

/// How long a look asked for by a person may wait for its turn and for the shop.
const REFETCH_TIME_MAX: Duration = Duration::from_secs(120);

/// Everybody who polls; clones are the same.
#[derive(Clone)]
pub struct Pollers {
    shared: Arc<Shared>,
}

struct Shared {
    tools: Tools,
    running: Mutex<BTreeMap<(String, String), Running>>,
}

struct Running {
    ground: Arc<Ground>,
    nudge: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Pollers {
    /// Nobody polls yet: [`Pollers::apply`] begins.
    #[must_use]
    pub fn new(
        client: Client,
        ingress: Ingress,
        checkpoints: Checkpoints,
        metrics: Arc<Metrics>,
        backlog: Arc<Backlog>,
    ) -> Self {
        let tools = Tools { client, ingress, checkpoints, metrics, board: Arc::default(), backlog };
        Self { shared: Arc::new(Shared { tools, running: Mutex::default() }) }
    }

    /// Polls according to these plans from now on. A connection whose plan has not changed goes on
    /// as if nothing had happened. Must be called on a runtime.
    pub fn apply(&self, plans: Vec<Plan>) {
        let mut running = self.running();
        let key = |plan: &Plan| (plan.merchant.clone(), plan.connection.clone());
        let wanted: BTreeMap<_, _> = plans.into_iter().map(|plan| (key(&plan), plan)).collect();
        running.retain(|key, it| {
            let stays = wanted.get(key).is_some_and(|plan| *plan == it.ground.plan);
            if !stays {
                it.stop.cancel();
            }
            if !wanted.contains_key(key) {
                self.shared.tools.board.forget(&key.0, &key.1);
            }
            stays
        });
        for (key, plan) in wanted {
            running.entry(key).or_insert_with(|| self.start(plan));
        }
    }

    fn start(&self, plan: Plan) -> Running {
        tracing::info!(
            merchant.name = plan.merchant,
            connection = plan.connection,
            lists = ?plan.entities(),
            "polling"
        );
        let ground = Arc::new(Ground::new(plan, &self.shared.tools));
        ground.board.note(&ground.plan, |_| {});
        let (nudge, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let keeper = Keeper::new(Arc::clone(&ground), Arc::clone(&nudge));
        let task = tokio::spawn(keeper.run(stop.clone()));
        Running { ground, nudge, stop, task }
    }

    /// Stops all of them and waits until they have stopped. What was half-way is taken up by the
    /// next start.
    pub async fn stop(&self) {
        let running = std::mem::take(&mut *self.running());
        for it in running.values() {
            it.stop.cancel();
        }
        for it in running.into_values() {
            if let Err(error) = it.task.await {
                tracing::error!(%error, "a poller did not end well");
            }
        }
    }

    /// What is known of each polled connection.
    #[must_use]
    pub fn status(&self) -> Vec<PollStatus> {
        self.shared.tools.board.all()
    }

    /// Everything that is due sometime is due now. Says whether the connection is polled.
    pub fn poll_now(&self, merchant: &str, connection: &str) -> bool {
        let running = self.running();
        let found = running.get(&(merchant.to_owned(), connection.to_owned()));
        found.map(|it| it.nudge.notify_one()).is_some()
    }

    /// Reads one resource again and has it in the journal if it is news.
    ///
    /// # Errors
    /// [`Error::Unknown`] where the connection is not polled; otherwise what the shop said.
    pub async fn refetch(
        &self,
        merchant: &str,
        connection: &str,
        entity: Entity,
        id: u64,
    ) -> Result<Fed, Error> {
        let ground = self.ground(merchant, connection)?;
        let fetch = async {
            let row = ground.shop.one(entity, id).await?;
            ground.feed(entity, row, Origin::Poll, None).await
        };
        tokio::time::timeout(REFETCH_TIME_MAX, fetch).await.unwrap_or_else(|_| {
            Err(Error::transient("the shop did not answer in time, or wants to be left alone"))
        })
    }

    /// Begins a backfill; gives its number.
    ///
    /// # Errors
    /// [`Error::Unknown`] with what is wrong with it; [`Error::NotStored`].
    pub async fn start_backfill(
        &self,
        spec: BackfillSpec,
        who: &str,
        why: &str,
    ) -> Result<u64, Error> {
        self.ground(&spec.merchant, &spec.connection)?;
        if Entity::named(&spec.entity).is_none() {
            let names = Entity::ALL.map(Entity::as_str);
            return Err(Error::Unknown(format!("there is no list {:?}: {names:?}", spec.entity)));
        }
        if spec.from > spec.to {
            return Err(Error::Unknown(format!("{} is after {}", spec.from, spec.to)));
        }
        let text = serde_json::to_string(&spec)
            .map_err(|error| Error::Unknown(format!("this is no backfill: {error}")))?;
        let job = NewJob {
            kind: backfill::KIND.to_owned(),
            merchant: spec.merchant.clone(),
            spec: text,
            who: who.to_owned(),
            why: why.to_owned(),
        };
        let id = self.journal().add_job(job).await?;
        tracing::info!(job.id = id, merchant.name = spec.merchant, who, why, "a backfill begins");
        Ok(id)
    }

    /// Backfills, newest first; `before` is the number of the last one seen.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn backfills(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<BackfillStatus>, Error> {
        let jobs = self.journal().jobs(backfill::KIND, before, limit)?;
        Ok(jobs.into_iter().filter_map(BackfillStatus::of).collect())
    }

    /// One backfill.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn backfill(&self, id: u64) -> Result<Option<BackfillStatus>, Error> {
        Ok(self.journal().job(id)?.and_then(BackfillStatus::of))
    }

    /// Stops a backfill; what it has brought stays. Says whether there was something to stop.
    ///
    /// # Errors
    /// [`Error::NotStored`].
    pub async fn stop_backfill(&self, id: u64) -> Result<bool, Error> {
        if self.backfill(id)?.is_none() {
            return Ok(false);
        }
        let at = Timestamp::now();
        let step = JobStep { id, state: JobState::Stopped, cursor: None, progress: None, at };
        Ok(self.journal().step_job(step).await?)
    }

    fn journal(&self) -> &Journal {
        &self.shared.tools.ingress.journal
    }

    fn ground(&self, merchant: &str, connection: &str) -> Result<Arc<Ground>, Error> {
        let running = self.running();
        match running.get(&(merchant.to_owned(), connection.to_owned())) {
            Some(it) => Ok(Arc::clone(&it.ground)),
            None => Err(Error::Unknown(format!(
                "{merchant}/{connection} is not polled: is there such a connection, and has it an \
                 `api` with keys?"
            ))),
        }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<(String, String), Running>> {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pollers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let running: Vec<_> = self.running().keys().cloned().collect();
        f.debug_struct("Pollers").field("running", &running).finish()
    }
}
