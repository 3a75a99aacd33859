//! Hot reload: the folder is read again, the snapshot swapped whole, and every fault said once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use crate::config::{Loader, Merchant, Snapshot};
use crate::delivery::gate::Tally;
use crate::ingress::{Source, Sources};
use crate::plugin::Shelf;
use crate::poll::Plan;
use crate::telemetry::Metrics;

/// Loads snapshots and publishes them.
#[derive(Debug, Clone)]
pub(super) struct Reloader {
    loader: Arc<Loader>,
    shelf: Shelf,
    snapshot: Arc<ArcSwap<Snapshot>>,
    sources: Arc<ArcSwap<Sources>>,
    reconfigured: Arc<Notify>,
    repoll: Arc<Notify>,
    read_again: Arc<Notify>,
    changed: Arc<Notify>,
    public_url: Option<String>,
    metrics: Arc<Metrics>,
    /// The folder is read by one at a time.
    turn: Arc<Mutex<()>>,
}

impl Reloader {
    pub(super) fn new(
        loader: Loader,
        shelf: Shelf,
        public_url: Option<String>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let reloader = Self {
            loader: Arc::new(loader),
            shelf,
            snapshot: Arc::default(),
            sources: Arc::default(),
            reconfigured: Arc::new(Notify::new()),
            repoll: Arc::new(Notify::new()),
            read_again: Arc::new(Notify::new()),
            changed: Arc::new(Notify::new()),
            public_url,
            metrics,
            turn: Arc::default(),
        };
        reloader.publish(reloader.loader.load(None));
        reloader
    }

    /// Reads the folder again: what is there when it is called is in the snapshot when it returns,
    /// or its fault is.
    pub(super) fn reload(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = self.snapshot.load_full();
        self.publish(self.loader.load(Some(&previous)));
    }

    pub(super) fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    pub(super) fn sources(&self) -> Arc<ArcSwap<Sources>> {
        Arc::clone(&self.sources)
    }

    pub(super) fn reconfigured(&self) -> Arc<Notify> {
        Arc::clone(&self.reconfigured)
    }

    /// Rung after each swap, for whoever polls.
    pub(super) fn repoll(&self) -> Arc<Notify> {
        Arc::clone(&self.repoll)
    }

    /// Rung after each swap, for whoever writes down which versions the folders hold.
    pub(super) fn read_again(&self) -> Arc<Notify> {
        Arc::clone(&self.read_again)
    }

    /// Rung after each swap, for whoever keeps versions of what is in use.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// What is to be polled now.
    pub(super) fn plans(&self) -> Vec<Plan> {
        let snapshot = self.snapshot.load();
        let host = self.public_url.as_deref().map(|url| url.trim_end_matches('/'));
        let mut plans = Vec::new();
        for merchant in snapshot.merchants.values() {
            for (connection, opened) in &merchant.polls {
                let Ok(opened) = opened else { continue };
                let hook = |host| format!("{host}/hooks/{}/{connection}", merchant.name);
                plans.push(Plan {
                    merchant: merchant.name.clone(),
                    connection: connection.clone(),
                    base_url: opened.base_url.clone(),
                    keys: opened.keys.clone(),
                    config: opened.config.clone(),
                    topics: routes_by_topic(merchant, connection),
                    hook_url: host.map(hook),
                });
            }
        }
        plans
    }

    /// What the gates of all targets have done.
    pub(super) fn gates(&self) -> Arc<Tally> {
        Arc::clone(self.loader.outbound.tally())
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.loader.dir.clone()
    }

    fn publish(&self, next: Snapshot) {
        let previous = self.snapshot.load_full();
        tell(&previous, &next);
        let faults = next.all_faults().count();
        self.metrics.config_faults.set(i64::try_from(faults).unwrap_or(i64::MAX));
        self.metrics.reloads.inc();
        let sources = sources_of(&next).going_on_from(&self.sources.load());
        self.sources.store(Arc::new(sources));
        self.keep(&next);
        self.snapshot.store(Arc::new(next));
        self.reconfigured.notify_one();
        self.repoll.notify_one();
        self.read_again.notify_one();
        self.changed.notify_one();
    }
}

impl Reloader {
    /// Puts every version on the shelf before its first event.
    fn keep(&self, next: &Snapshot) {
        for merchant in next.merchants.values() {
            for (name, entry) in merchant.catalog.entries() {
                let Some(plugin) = &entry.plugin else { continue };
                if let Err(error) = self.shelf.keep(plugin, &entry.path) {
                    warn!(plugin.name = name, %error, "the plugin could not be put on the shelf: a replay will not be able to name this version");
                }
            }
        }
    }
}

/// Logs what is different: each new fault, each plugin version that took over.
fn tell(previous: &Snapshot, next: &Snapshot) {
    let known: BTreeSet<String> = previous.all_faults().map(ToString::to_string).collect();
    for fault in next.all_faults().map(ToString::to_string).filter(|f| !known.contains(f)) {
        error!(
            fault,
            "configuration: what was good stays in use, unless the fault says that it waits"
        );
    }
    for (name, merchant) in &next.merchants {
        let before = previous.merchants.get(name);
        for (plugin, entry) in merchant.catalog.entries() {
            let Some(active) = &entry.plugin else { continue };
            let digest_before = before.and_then(|m| m.catalog.get(plugin)).map(|p| p.digest());
            if digest_before != Some(active.digest()) {
                info!(
                    merchant.name = name,
                    plugin.name = plugin,
                    plugin.version = active.version(),
                    plugin.digest = active.digest(),
                    "plugin in use"
                );
            }
        }
    }
}

fn sources_of(snapshot: &Snapshot) -> Sources {
    let mut sources = Sources::default();
    for merchant in snapshot.merchants.values() {
        if !merchant.configured {
            sources.insert_merchant_unavailable(&merchant.name, "its merchant.toml is broken");
        }
        for (connection, source) in &merchant.sources {
            let entry = match source {
                Ok(shop) => {
                    Source::woocommerce(shop.clone(), routes_by_topic(merchant, connection))
                }
                Err(why) => Source::Unavailable { why: why.clone() },
            };
            sources.insert(&merchant.name, connection, entry);
        }
    }
    sources
}

/// The routes that take each topic of a connection: a fingerprint covers their names, so that
/// `order.created` and `order.updated` of one body are one event only where they go the same ways.
fn routes_by_topic(merchant: &Merchant, connection: &str) -> BTreeMap<String, Vec<String>> {
    let literal = merchant.routes.values().flat_map(|ready| ready.route.topics.iter().cloned());
    let usual = RESOURCES
        .iter()
        .flat_map(|resource| EVENTS.iter().map(move |event| format!("{resource}.{event}")));
    literal
        .chain(usual)
        .map(|topic| {
            let takers = merchant.routes_for(connection, &topic);
            let names = takers.map(|ready| ready.name.clone()).collect();
            (topic, names)
        })
        .collect()
}

/// What a shop has webhooks for, so that `order.*` can be spelt out.
const RESOURCES: [&str; 4] = ["order", "product", "customer", "coupon"];
const EVENTS: [&str; 4] = ["created", "updated", "deleted", "restored"];
