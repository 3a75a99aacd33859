//! What people have decided about routes and versions while the host runs, at hand for every walk:
//! routes held still, candidates that a share of the resources gets, versions run beside the one in
//! use without effect.
//!
//! ```text
//!   journal --load--> [Rollout] --is_paused, stages--> dispatch --offer--> queue --> one thread
//!                        ^                                                   (bounded, nice 19)
//!   operate --pause, share, begin, ...--'  <--- breach of a watch ---------------'
//! ```
//! The journal is the truth: each change is committed with its line in the audit record and then
//! takes effect, at once for whatever begins after it. A walk pays a look into a map; nothing more
//! where nothing is decided. What runs beside live work runs on what that leaves over, see
//! [`beside`]. Files and activation are not its business: `operate` puts versions to work.

mod beside;
mod canary;
mod decide;
mod judgement;
mod terms;
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc};
use tracing::warn;

pub use self::beside::{Beside, Offer};
pub use self::canary::{Canary, Share, ShareError};
pub use self::decide::{Activated, Error, Watch};
pub use self::terms::{Role, State, Terms};
pub use self::trial::{Breach, Progress, Trial};
use crate::config::{ReadyRoute, Snapshot};
use crate::journal::rollouts::Pause;
use crate::journal::{self, Journal};
use crate::plugin::{Plugin, Shelf, Stages};
use crate::telemetry::Metrics;

/// Breaches told and not yet taken up; one that finds no room is told again a moment later.
const BREACHES_MAX: usize = 64;

/// See the head of the file. Clones are the same.
#[derive(Clone)]
pub struct Rollout {
    inner: Arc<Inner>,
}

struct Inner {
    journal: Journal,
    shelf: Shelf,
    snapshot: Arc<ArcSwap<Snapshot>>,
    metrics: Arc<Metrics>,
    /// Rung when a route may go on.
    reconfigured: Arc<Notify>,
    now: ArcSwap<Now>,
    /// Decisions are taken one after the other.
    turn: tokio::sync::Mutex<()>,
    queue: beside::Queue,
    breaches: mpsc::Sender<Breach>,
    told: Mutex<Option<mpsc::Receiver<Breach>>>,
}

/// What stands, swapped whole.
#[derive(Debug, Clone, Default)]
struct Now {
    merchants: HashMap<String, OfMerchant>,
}

#[derive(Debug, Clone, Default)]
struct OfMerchant {
    paused: BTreeMap<String, Pause>,
    canaries: BTreeMap<String, Arc<Canary>>,
    trials: Vec<Arc<Trial>>,
}

impl Rollout {
    /// Takes up what the journal says stands. `reconfigured` is what the dispatcher listens to.
    ///
    /// # Errors
    /// The journal cannot be read. A version that cannot be loaded is said with what it is for.
    pub fn open(
        journal: Journal,
        shelf: Shelf,
        snapshot: Arc<ArcSwap<Snapshot>>,
        metrics: Arc<Metrics>,
        reconfigured: Arc<Notify>,
    ) -> Result<Self, journal::Error> {
        let standing = journal.rollouts()?;
        let (breaches, told) = mpsc::channel(BREACHES_MAX);
        let inner = Inner {
            journal,
            shelf,
            snapshot,
            metrics,
            reconfigured,
            now: ArcSwap::default(),
            turn: tokio::sync::Mutex::default(),
            queue: beside::Queue::default(),
            breaches,
            told: Mutex::new(Some(told)),
        };
        let rollout = Self { inner: Arc::new(inner) };
        let mut now = Now::default();
        for pause in standing.pauses {
            let of = now.merchants.entry(pause.merchant.clone()).or_default();
            of.paused.insert(pause.route.clone(), pause);
        }
        for row in standing.canaries {
            let version = rollout.version(&row.merchant, &row.plugin, &row.candidate);
            if let Err(error) = &version {
                warn!(
                    merchant.name = row.merchant,
                    plugin.name = row.plugin,
                    error,
                    "the canary's version cannot be loaded: all resources get the version in use"
                );
            }
            let of = now.merchants.entry(row.merchant.clone()).or_default();
            of.canaries.insert(row.plugin.clone(), Arc::new(Canary::new(row, version)));
        }
        for row in standing.trials {
            let beside = rollout.version(&row.merchant, &row.plugin, &row.beside);
            let of = now.merchants.entry(row.merchant.clone()).or_default();
            let live = rollout.named(&row.live);
            of.trials.push(Arc::new(Trial::taken_up(row, live, beside)));
        }
        rollout.publish(now);
        Ok(rollout)
    }

    /// Whether a route is held still.
    #[must_use]
    pub fn is_paused(&self, merchant: &str, route: &str) -> bool {
        let now = self.inner.now.load();
        now.merchants.get(merchant).is_some_and(|of| of.paused.contains_key(route))
    }

    /// The routes that are held still, by merchant and name.
    #[must_use]
    pub fn pauses(&self) -> Vec<Pause> {
        let now = self.inner.now.load();
        let mut all: Vec<Pause> =
            now.merchants.values().flat_map(|of| of.paused.values().cloned()).collect();
        all.sort_by(|a, b| (&a.merchant, &a.route).cmp(&(&b.merchant, &b.route)));
        all
    }

    /// The plugins of a route for one resource, where a canary gives it another version than the
    /// one in use.
    #[must_use]
    pub fn stages(&self, merchant: &str, ready: &ReadyRoute, resource: &str) -> Option<Stages> {
        let now = self.inner.now.load();
        let of = now.merchants.get(merchant).filter(|of| !of.canaries.is_empty())?;
        let route = &ready.route;
        let mut stages = None;
        for (name, canary) in &of.canaries {
            let Some(candidate) = canary.for_resource(resource) else { continue };
            let stages = match &mut stages {
                Some(stages) => stages,
                none => none.insert(ready.stages.as_ref().ok()?.clone()),
            };
            for (wanted, stage) in [
                (route.status_translation.as_deref(), &mut stages.status_translation),
                (route.pricing.as_deref(), &mut stages.pricing),
                (Some(&*route.field_mapping), &mut stages.field_mapping),
            ] {
                if let Some(stage) = stage.as_mut().filter(|_| wanted == Some(name)) {
                    *stage = stage.with(candidate.clone());
                }
            }
        }
        stages
    }

    /// The canaries of a merchant, or of all.
    #[must_use]
    pub fn canaries(&self, merchant: Option<&str>) -> Vec<Arc<Canary>> {
        let now = self.inner.now.load();
        let mut all: Vec<Arc<Canary>> =
            now.merchants.values().flat_map(|of| of.canaries.values().cloned()).collect();
        all.retain(|it| merchant.is_none_or(|merchant| it.row.merchant == merchant));
        all.sort_by(|a, b| (&a.row.merchant, &a.row.plugin).cmp(&(&b.row.merchant, &b.row.plugin)));
        all
    }

    /// The trials of a merchant, or of all, ended ones too.
    #[must_use]
    pub fn trials(&self, merchant: Option<&str>) -> Vec<Arc<Trial>> {
        let now = self.inner.now.load();
        let mut all: Vec<Arc<Trial>> =
            now.merchants.values().flat_map(|of| of.trials.iter().cloned()).collect();
        all.retain(|it| merchant.is_none_or(|merchant| it.merchant == merchant));
        all.sort_by(|a, b| (&a.merchant, &a.plugin, a.role).cmp(&(&b.merchant, &b.plugin, b.role)));
        all
    }

    /// The trial of a role, if there is or was one.
    #[must_use]
    pub fn trial(&self, merchant: &str, plugin: &str, role: Role) -> Option<Arc<Trial>> {
        let now = self.inner.now.load();
        let trials = &now.merchants.get(merchant)?.trials;
        trials.iter().find(|it| it.plugin == plugin && it.role == role).cloned()
    }

    /// Where breaches of watches are told; to be taken once.
    pub fn breaches(&self) -> Option<mpsc::Receiver<Breach>> {
        self.inner.told.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A version from the shelf with what is asked of the limits of a merchant's plugin.
    ///
    /// # Errors
    /// One sentence for a person.
    pub fn version(&self, merchant: &str, plugin: &str, wanted: &str) -> Result<Plugin, String> {
        let kept = self.inner.shelf.find(wanted)?;
        let snapshot = self.inner.snapshot.load();
        let of = snapshot.merchants.get(merchant);
        let asked = of.map(|of| of.limits_of(plugin)).unwrap_or_default();
        self.inner.shelf.plugin(&kept, &asked)
    }

    fn named(&self, digest: &str) -> crate::plugin::Kept {
        let unknown = |_| crate::plugin::Kept {
            name: String::new(),
            version: String::new(),
            digest: digest.to_owned(),
        };
        self.inner.shelf.find(digest).unwrap_or_else(unknown)
    }

    /// To be called by whoever has the turn.
    fn change(&self, merchant: &str, change: impl FnOnce(&mut OfMerchant)) {
        let mut now = Now::clone(&self.inner.now.load());
        change(now.merchants.entry(merchant.to_owned()).or_default());
        self.publish(now);
    }

    fn publish(&self, now: Now) {
        self.inner.now.store(Arc::new(now));
        self.show();
    }

    fn show(&self) {
        let now = self.inner.now.load();
        let count = |of: fn(&OfMerchant) -> usize| {
            i64::try_from(now.merchants.values().map(of).sum::<usize>()).unwrap_or(i64::MAX)
        };
        let metrics = &self.inner.metrics;
        metrics.routes_paused.set(count(|of| of.paused.len()));
        metrics.canaries.set(count(|of| of.canaries.len()));
        let running = |of: &OfMerchant| {
            of.trials.iter().filter(|trial| trial.state() == State::Running).count()
        };
        metrics.trials_running.set(count(running));
    }
}

impl OfMerchant {
    fn put(&mut self, trial: Arc<Trial>) {
        self.trials.retain(|it| it.plugin != trial.plugin || it.role != trial.role);
        self.trials.push(trial);
    }
}

impl std::fmt::Debug for Rollout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollout").field("now", &self.inner.now.load()).finish_non_exhaustive()
    }
}
