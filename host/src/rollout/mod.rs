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
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc};
use tracing::{info, warn};

pub use self::beside::{Beside, Offer};
pub use self::canary::{Canary, Share, ShareError};
pub use self::trial::{Breach, Progress, Role, State, Terms, Trial};
use crate::config::{ReadyRoute, Snapshot};
use crate::journal::audit::Act;
use crate::journal::rollouts::{CanaryRow, Change, Pause};
use crate::journal::{self, Journal};
use crate::plugin::{Limits, Plugin, Shelf, Stage, Stages};
use crate::telemetry::Metrics;

/// Breaches told and not yet taken up; one that finds no room is told again a moment later.
const BREACHES_MAX: usize = 64;

/// Why something is not decided.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It stands otherwise already.
    #[error("{0}")]
    Conflict(String),
    /// The journal would not.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

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

/// A version that was put to work.
#[derive(Debug)]
pub struct Activated<'a> {
    /// Whose.
    pub merchant: &'a str,
    /// What routes call it by.
    pub plugin: &'a str,
    /// The version that is in use now.
    pub to: &'a str,
    /// How the version before watches it, if it does.
    pub watch: Option<Watch>,
    /// Whether the host did it by itself, and what it saw.
    pub reverted: Option<&'a str>,
}

/// The version before, and how it watches the one that took its place.
#[derive(Debug)]
pub struct Watch {
    /// The version before.
    pub before: Plugin,
    /// How.
    pub terms: Terms,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
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

    /// Holds a route still: what is in flight on it ends, and nothing begins.
    ///
    /// # Errors
    /// It is held already; the journal would not.
    pub async fn pause(&self, pause: Pause, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        let (merchant, route) = (pause.merchant.clone(), pause.route.clone());
        let now = self.inner.now.load_full();
        if let Some(held) = now.merchants.get(&merchant).and_then(|of| of.paused.get(&route)) {
            return Err(Error::Conflict(format!(
                "route `{route}` is paused already, since {} by {}: {}",
                held.at, held.who, held.why
            )));
        }
        self.act(vec![Change::Pause(pause.clone())], note).await?;
        info!(merchant.name = merchant, route.name = route, who = pause.who, "route paused");
        self.change(&merchant, |of| {
            of.paused.insert(route, pause);
        });
        Ok(())
    }

    /// Lets a route go on where it was.
    ///
    /// # Errors
    /// It is not held; the journal would not.
    pub async fn resume(&self, merchant: &str, route: &str, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if !self.is_paused(merchant, route) {
            return Err(Error::Conflict(format!("route `{route}` is not paused")));
        }
        let resume = Change::Resume { merchant: merchant.to_owned(), route: route.to_owned() };
        self.act(vec![resume], note).await?;
        info!(merchant.name = merchant, route.name = route, "route goes on");
        self.change(merchant, |of| {
            of.paused.remove(route);
        });
        self.inner.reconfigured.notify_one();
        Ok(())
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
                    *stage = Stage { plugin: candidate.clone(), limits: stage.limits };
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

    /// Gives a candidate a share of the resources, or another share.
    ///
    /// # Errors
    /// Another candidate has one; the journal would not.
    pub async fn share(&self, row: CanaryRow, version: Plugin, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        let (merchant, plugin) = (row.merchant.clone(), row.plugin.clone());
        let before = self.canaries(Some(&merchant)).into_iter().find(|it| it.row.plugin == plugin);
        if let Some(before) = before.filter(|it| it.row.candidate != row.candidate) {
            return Err(Error::Conflict(format!(
                "another version of `{plugin}` is a canary already ({}…): stop that one first",
                before.row.candidate.chars().take(12).collect::<String>()
            )));
        }
        self.act(vec![Change::Canary(row.clone())], note).await?;
        info!(merchant.name = merchant, plugin.name = plugin, share = row.share, "canary");
        self.change(&merchant, |of| {
            of.canaries.insert(plugin, Arc::new(Canary::new(row, Ok(version))));
        });
        Ok(())
    }

    /// Nobody gets the candidate any more.
    ///
    /// # Errors
    /// There is none; the journal would not.
    pub async fn unshare(&self, merchant: &str, plugin: &str, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if !self.canaries(Some(merchant)).iter().any(|it| it.row.plugin == plugin) {
            return Err(Error::Conflict(format!("no version of `{plugin}` is a canary")));
        }
        let end = Change::EndCanary { merchant: merchant.to_owned(), plugin: plugin.to_owned() };
        self.act(vec![end], note).await?;
        self.change(merchant, |of| {
            of.canaries.remove(plugin);
        });
        Ok(())
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

    /// Begins to run a version beside the one in use.
    ///
    /// # Errors
    /// One is running; the journal would not.
    pub async fn begin(&self, trial: Trial, note: Act) -> Result<Arc<Trial>, Error> {
        let _turn = self.inner.turn.lock().await;
        let before = self.trial(&trial.merchant, &trial.plugin, trial.role);
        if before.is_some_and(|it| it.state() == State::Running) {
            return Err(Error::Conflict(format!(
                "a version of `{}` is in shadow already: stop it first",
                trial.plugin
            )));
        }
        self.act(vec![Change::Begin(trial.row())], note).await?;
        let trial = Arc::new(trial);
        self.change(&trial.merchant, |of| of.put(Arc::clone(&trial)));
        Ok(trial)
    }

    /// Ends a trial by hand; its report stays.
    ///
    /// # Errors
    /// It is not running; the journal would not.
    pub async fn stop(&self, trial: &Trial, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if trial.state() != State::Running {
            return Err(Error::Conflict(format!("it is not running: {}", trial.state().as_str())));
        }
        trial.end(State::Stopped, None);
        let told = self.act(vec![Change::Step(trial.row())], note).await;
        self.show();
        told
    }

    /// A version was put to work: the canary that it was ends, trials that were about the version
    /// before end, and it is watched, all in one commit with the line of the audit record.
    ///
    /// # Errors
    /// The journal would not; then nothing of this is written down, and the version is in use.
    pub async fn activated(&self, it: Activated<'_>, note: Act) -> Result<(), Error> {
        let Activated { merchant, plugin, to, watch, reverted } = it;
        let _turn = self.inner.turn.lock().await;
        let mut changes = Vec::new();
        let canary = self.canaries(Some(merchant)).into_iter().find(|it| it.row.plugin == plugin);
        let over = canary.is_some_and(|it| it.row.candidate == to);
        if over {
            let (merchant, plugin) = (merchant.to_owned(), plugin.to_owned());
            changes.push(Change::EndCanary { merchant, plugin });
        }
        for trial in self.trials(Some(merchant)).into_iter().filter(|it| it.plugin == plugin) {
            let end = match (trial.role, trial.state()) {
                (Role::Shadow, State::Running | State::Done) if trial.beside.digest == to => {
                    State::Promoted
                }
                (Role::Watch, State::Running) if reverted.is_some() => State::Reverted,
                (_, State::Running) if trial.live.digest != to => State::Superseded,
                _ => continue,
            };
            trial.end(end, reverted.map(str::to_owned));
            changes.push(Change::Step(trial.row()));
        }
        let watch = watch.map(|watch| {
            let live = self.named(to);
            let (before, terms) = (watch.before, watch.terms);
            let trial = Trial::begin(
                (merchant, plugin, Role::Watch),
                (live, before),
                terms,
                (&watch.who, &watch.why),
            );
            Arc::new(trial)
        });
        changes.extend(watch.iter().map(|trial| Change::Begin(trial.row())));
        self.act(changes, note).await?;
        if reverted.is_some() {
            self.inner.metrics.reverts.inc();
        }
        self.change(merchant, |of| {
            if over {
                of.canaries.remove(plugin);
            }
            if let Some(watch) = watch {
                of.put(watch);
            }
        });
        Ok(())
    }

    /// Where breaches of watches are told; to be taken once.
    pub fn breaches(&self) -> Option<mpsc::Receiver<Breach>> {
        self.inner.told.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A version from the shelf with the limits that a merchant's plugin has.
    ///
    /// # Errors
    /// One sentence for a person.
    pub fn version(&self, merchant: &str, plugin: &str, wanted: &str) -> Result<Plugin, String> {
        let kept = self.inner.shelf.find(wanted)?;
        let snapshot = self.inner.snapshot.load();
        let of = snapshot.merchants.get(merchant);
        let entry = of.and_then(|of| of.catalog.entries().find(|(name, _)| *name == plugin));
        let limits = entry.map_or_else(Limits::default, |(_, entry)| entry.limits);
        self.inner.shelf.plugin(&kept, &limits)
    }

    fn named(&self, digest: &str) -> crate::plugin::Kept {
        let unknown = |_| crate::plugin::Kept {
            name: String::new(),
            version: String::new(),
            digest: digest.to_owned(),
        };
        self.inner.shelf.find(digest).unwrap_or_else(unknown)
    }

    async fn act(&self, changes: Vec<Change>, note: Act) -> Result<(), Error> {
        let changes = changes.into_iter().map(|change| Act::Rollout(Box::new(change)));
        let acts = changes.chain([note]).collect();
        self.inner.journal.act(acts).await?;
        Ok(())
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
