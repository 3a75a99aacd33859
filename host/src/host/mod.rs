//! A whole host: everything opened in road order, closed in the same order.
//!
//! [`Host::open`] reads the configuration, takes the data folder, rebuilds what a crash left
//! behind and loads every plugin; [`Host::serve`] listens and walks until told to stop. Ingress
//! stops first, then the dispatcher finishes what is in hand, then checkpoints and journal close.

mod health;
mod operate;
mod housekeeping;
mod listener;
mod reload;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use self::health::account;
use self::listener::Door;
pub use self::operate::{act_in, look_into};
use self::reload::Reloader;
use crate::backlog::Backlog;
use crate::checkpoint::{self, Checkpoints};
use crate::config::{Fault, HostFile, Known, Loader, Snapshot, Watch};
use crate::delivery::{self, Outbound};
use crate::dispatch::{Dispatcher, Parts};
use crate::ingress::{self, Counters, Guard, Ingress};
use crate::journal::{self, Journal};
use crate::operate::api::{self, Tokens};
use crate::operate::recall::Recalls;
use crate::operate::values::Values;
use crate::operate::versions::Versions;
use crate::operate::{Comparisons, Operate, Replays, keep_watch};
use crate::plugin::{Compiler, Engine, EngineOptions, Pool, Shelf};
use crate::poll::{self, Pollers};
use crate::rollout::Rollout;
use crate::telemetry::Metrics;

/// Jobs waiting for a plugin thread; each is a walk, and walks are bounded already.
const PLUGIN_QUEUE_MAX: usize = 1024;

/// Thousands of plugins may be loaded: line numbers of their code would cost megabytes each, and a
/// panic says where it was anyway. `dry-run` has them.
const ENGINE: EngineOptions = EngineOptions { calls_max: 64, pooling: true, debug_info: false };
/// In the data folder: machine code of plugins, made again whenever it is missing.
const COMPILED_FOLDER: &str = "compiled";

/// Why a host does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `mapwright.toml` is missing or wrong.
    #[error(transparent)]
    Config(#[from] Fault),
    /// The sandbox cannot be set up.
    #[error("the plugin engine cannot start: {0}")]
    Engine(#[from] crate::plugin::EngineError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] journal::OpenError),
    /// The checkpoints cannot be opened or rebuilt.
    #[error(transparent)]
    Checkpoints(#[from] checkpoint::Error),
    /// What was decided about routes and versions cannot be read.
    #[error("routes and versions cannot be taken up from the journal: {0}")]
    Rollout(#[from] journal::Error),
    /// The machine cannot do outbound HTTP.
    #[error(transparent)]
    Outbound(#[from] delivery::OpenError),
    /// The machine cannot do HTTP, so no shop can be polled.
    #[error("shops cannot be polled: {0}")]
    Polling(reqwest::Error),
    /// No threads to be had.
    #[error("plugin threads cannot be started: {0}")]
    Threads(std::io::Error),
    /// The address is not to be had.
    #[error(
        "cannot listen on {address}: {source}; another host may be running, or choose another `listen`"
    )]
    Listen {
        /// As configured.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder cannot be made or watched.
    #[error("{path}: {reason}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

/// A host, opened and listening, not yet serving.
#[derive(Debug)]
pub struct Host {
    file: HostFile,
    listener: TcpListener,
    journal: Journal,
    checkpoints: Checkpoints,
    reloader: Reloader,
    engine: Engine,
    shelf: Shelf,
    rollout: Rollout,
    tokens: Tokens,
    pollers: Pollers,
    metrics: Arc<Metrics>,
    counters: Arc<Counters>,
    guard: Arc<Guard>,
    backlog: Arc<Backlog>,
}

impl Host {
    /// Opens the host configured in `dir`.
    ///
    /// # Errors
    /// [`OpenError`]; a merchant whose files are wrong is reported, never an error here.
    pub async fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, Compiler::InProcess).await
    }

    /// The same, with plugins compiled by whom the caller says.
    ///
    /// # Errors
    /// As [`Host::open`].
    pub async fn open_with(dir: &Path, compiler: Compiler) -> Result<Self, OpenError> {
        let file = HostFile::read(dir)?;
        let data_dir = dir.join(&file.data_dir);
        for folder in [&data_dir, &dir.join("merchants")] {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder {
                path: folder.clone(),
                reason: format!("cannot be made: {error}"),
            })?;
        }
        let metrics = Arc::new(Metrics::default());
        metrics.started.set(jiff::Timestamp::now().as_duration().as_secs_f64());
        let journal = Journal::open(&data_dir)?;
        let checkpoints = open_checkpoints(&data_dir, &journal)?;
        let tokens = operate::tokens(dir, &file)?;
        let engine = Engine::keeping(&ENGINE, &data_dir.join(COMPILED_FOLDER), compiler)?;
        let shelf = Shelf::new(data_dir.join(journal::PLUGINS), engine.clone());
        let known = Known::new(journal.clone(), shelf.clone());
        let loader = Loader::new(dir, &file, engine.clone(), Outbound::new()?).knowing(known);
        let reloader =
            Reloader::new(loader, shelf.clone(), file.public_url.clone(), Arc::clone(&metrics));
        let rollout = Rollout::open(
            journal.clone(),
            shelf.clone(),
            reloader.snapshot(),
            Arc::clone(&metrics),
            reloader.reconfigured(),
        )?;
        let (counters, guard): (Arc<Counters>, Arc<Guard>) = Default::default();
        let ingress = Ingress {
            journal: journal.clone(),
            sources: reloader.sources(),
            counters: Arc::clone(&counters),
            guard: Arc::clone(&guard),
        };
        let client = poll::Client::new().map_err(OpenError::Polling)?;
        let backlog = Arc::new(Backlog::new(file.backlog));
        let pollers = Pollers::new(
            client,
            ingress,
            checkpoints.clone(),
            Arc::clone(&metrics),
            Arc::clone(&backlog),
        );
        let listener = TcpListener::bind(&file.listen)
            .await
            .map_err(|source| OpenError::Listen { address: file.listen.clone(), source })?;
        Ok(Self {
            file,
            listener,
            journal,
            checkpoints,
            reloader,
            engine,
            shelf,
            rollout,
            tokens,
            pollers,
            metrics,
            counters,
            guard,
            backlog,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound listener has an address")
    }

    /// The journal, for screens.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Whoever polls shops, for screens and commands.
    #[must_use]
    pub fn pollers(&self) -> Pollers {
        self.pollers.clone()
    }

    /// What is being served, for screens.
    #[must_use]
    pub fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        self.reloader.snapshot()
    }

    /// Serves until `stop`, then finishes what is in hand.
    ///
    /// # Errors
    /// When the configuration folder cannot be watched or the listener fails.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), OpenError> {
        let threads = self
            .file
            .plugin_threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let pool = Pool::new(threads, PLUGIN_QUEUE_MAX).map_err(OpenError::Threads)?;
        let load = pool.load();
        self.engine.give_way_to(load.clone());
        let dispatcher = Dispatcher::new(Parts {
            journal: self.journal.clone(),
            checkpoints: self.checkpoints.clone(),
            pool,
            shelf: self.shelf.clone(),
            rollout: self.rollout.clone(),
            snapshot: self.reloader.snapshot(),
            metrics: Arc::clone(&self.metrics),
            guard: Arc::clone(&self.guard),
            reconfigured: self.reloader.reconfigured(),
            backlog: Arc::clone(&self.backlog),
            in_flight_max: self.file.passages_in_flight,
            plugin_threads: threads.get(),
        });
        let watch = self.watch()?;
        let beside = self.rollout.start(load).map_err(OpenError::Threads)?;
        let versions = self.versions();
        if let Err(error) = versions.recover().await {
            warn!(%error, "what a crash cut short could not be told; the next start tries again");
        }
        let following = tokio::spawn(follow_folders(
            versions.clone(),
            self.reloader.read_again(),
            stop.clone(),
        ));
        let house = tokio::spawn(housekeeping::keep_house(
            self.journal.clone(),
            self.reloader.snapshot(),
            stop.clone(),
        ));
        let watching =
            tokio::spawn(keep_watch(versions.clone(), self.rollout.clone(), stop.clone()));
        let grace = Duration::from_millis(self.file.shutdown_ms);
        let walking = tokio::spawn(dispatcher.run(stop.clone(), grace));
        let polling =
            tokio::spawn(keep_polling(self.pollers.clone(), self.reloader.clone(), stop.clone()));
        info!(address = %self.address(), "serving");
        let replays = Replays::new(self.journal.clone(), self.shelf.clone(), stop.clone());
        if let Err(error) = replays.take_up() {
            warn!(%error, "replays of before could not be taken up; the next start tries again");
        }
        let recalls = self.recalls(stop.clone());
        if let Err(error) = recalls.take_up() {
            warn!(%error, "recalls of before could not be taken up; the next start tries again");
        }
        let values = self.values();
        let (changed, until) = (self.reloader.changed(), stop.clone());
        let keeping = tokio::spawn(keep_values(values.clone(), changed, until));
        let router = self.router(replays.clone(), recalls.clone(), values, versions);
        let serving = listener::serve(self.listener, router, Door::of_this_process(), stop.clone());
        // A sender that goes silent in the middle of a request would be waited for without end.
        let out_of_patience = async {
            stop.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            () = serving => {}
            () = out_of_patience => warn!("some senders did not finish in time; they were not answered"),
        }
        drop(watch);
        replays.ended().await;
        recalls.ended().await;
        if let Err(error) = keeping.await {
            warn!(%error, "keeping versions of tables and settings did not end well");
        }
        if let Err(error) = polling.await {
            warn!(%error, "polling did not end well");
        }
        if let Err(error) = following.await {
            warn!(%error, "the record of versions did not end well");
        }
        if let Err(error) = walking.await {
            warn!(%error, "the dispatcher did not end well");
        }
        if let Err(error) = watching.await {
            warn!(%error, "watching promoted versions did not end well");
        }
        beside.stop().await;
        if let Err(error) = house.await {
            warn!(%error, "housekeeping did not end well");
        }
        info!("stopped");
        Ok(())
    }

    fn router(
        &self,
        replays: Replays,
        recalls: Recalls,
        values: Values,
        versions: Versions,
    ) -> axum::Router {
        let ingress = Ingress {
            journal: self.journal.clone(),
            sources: self.reloader.sources(),
            counters: Arc::clone(&self.counters),
            guard: Arc::clone(&self.guard),
        };
        let operate = Operate {
            merchants: self.reloader.dir().join("merchants"),
            journal: self.journal.clone(),
            ingress: ingress.clone(),
            shelf: self.shelf.clone(),
            versions: Some(versions),
            rollout: Some(self.rollout.clone()),
            values: Some(values),
            comparisons: Comparisons::default(),
            replays,
            recalls,
            connections: operate::connections(self.reloader.snapshot(), self.pollers.clone()),
            pollers: Some(self.pollers.clone()),
        };
        let api = api::router(operate, self.tokens.clone());
        ingress::router(ingress).merge(api).merge(health::router(health::Health {
            metrics: Arc::clone(&self.metrics),
            counters: Arc::clone(&self.counters),
            guard: Arc::clone(&self.guard),
            snapshot: self.reloader.snapshot(),
            journal: self.journal.clone(),
            rollout: self.rollout.clone(),
            pollers: self.pollers.clone(),
            gates: self.reloader.gates(),
        }))
    }

    fn recalls(&self, stop: CancellationToken) -> Recalls {
        let snapshot = Some(self.reloader.snapshot());
        Recalls::new(self.journal.clone(), self.shelf.clone(), snapshot, stop)
    }

    fn versions(&self) -> Versions {
        let reloader = self.reloader.clone();
        Versions::new(
            &self.reloader.dir(),
            self.engine.clone(),
            self.shelf.clone(),
            self.journal.clone(),
            self.reloader.snapshot(),
            Arc::new(move || reloader.reload()),
        )
        .telling(self.rollout.clone())
    }

    fn values(&self) -> Values {
        let reloader = self.reloader.clone();
        Values::new(
            &self.reloader.dir(),
            self.journal.clone(),
            self.reloader.snapshot(),
            self.versions(),
            Arc::new(move || reloader.reload()),
        )
    }

    fn watch(&self) -> Result<Watch, OpenError> {
        let dir = self.reloader.dir();
        let reloader = self.reloader.clone();
        Watch::start(&dir, move || reloader.reload())
            .map_err(|error| OpenError::Folder { path: dir, reason: error.to_string() })
    }
}

/// Keeps a version of each table and each route's settings that come into use, until `stop`.
async fn keep_values(values: Values, changed: Arc<Notify>, stop: CancellationToken) {
    loop {
        values.note().await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = changed.notified() => {}
        }
    }
}

/// Polls what the configuration says, as it changes, until `stop`.
async fn keep_polling(pollers: Pollers, reloader: Reloader, stop: CancellationToken) {
    let repoll = reloader.repoll();
    loop {
        pollers.apply(reloader.plans());
        tokio::select! {
            () = stop.cancelled() => break,
            () = repoll.notified() => {}
        }
    }
    pollers.stop().await;
}

/// Writes down what is put into the folders by hand, whenever they were read, until `stop`.
async fn follow_folders(versions: Versions, read_again: Arc<Notify>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            followed = versions.follow_folders() => if let Err(error) = followed {
                warn!(%error, "the versions in the folders could not be written down");
            },
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = read_again.notified() => {}
        }
    }
    versions.idle().await;
}

fn open_checkpoints(data_dir: &Path, journal: &Journal) -> Result<Checkpoints, OpenError> {
    Ok(Checkpoints::open(&data_dir.join(checkpoint::FOLDER), JournalTail(journal.clone()))?)
}

/// The journal as checkpoints see it.
struct JournalTail(Journal);

impl checkpoint::Tail for JournalTail {
    fn finished_after(&self, mark: u64, limit: usize) -> Result<Vec<checkpoint::Finished>, String> {
        let finished = self.0.finished_after(mark, limit).map_err(|error| error.to_string())?;
        Ok(finished.into_iter().map(as_checkpoint).collect())
    }

    fn last_mark(&self) -> Result<u64, String> {
        self.0.last_mark().map_err(|error| error.to_string())
    }

    fn checkpoint_of(&self, event_seq: u64, route: &str) -> Result<Option<String>, String> {
        self.0.checkpoint_of(event_seq, route).map_err(|error| error.to_string())
    }

    fn kept_to(&self) -> Result<u64, String> {
        self.0.kept_to().map_err(|error| error.to_string())
    }

    fn kept(
        &self,
        merchant: &str,
        route: &str,
        resource_key: &str,
    ) -> Result<Option<checkpoint::Finished>, String> {
        let kept = self.0.kept(merchant, route, resource_key).map_err(|error| error.to_string())?;
        Ok(kept.map(as_checkpoint))
    }

    fn keep_range(&self, from: u64, to: u64) -> Result<(), String> {
        apart(|| self.0.keep_range(from, to))
    }

    fn keep(&self, words: Vec<checkpoint::Finished>, to: u64) -> Result<(), String> {
        let words = words.into_iter().map(as_finished).collect();
        apart(|| self.0.keep(words, to))
    }
}

/// Runs on a thread of its own: the store is opened by one that has a runtime, and must not wait in it.
fn apart(keep: impl FnOnce() -> Result<(), journal::Error> + Send) -> Result<(), String> {
    std::thread::scope(|scope| scope.spawn(keep).join())
        .map_err(|_| "the journal panicked".to_owned())?
        .map_err(|error| error.to_string())
}

/// And back.
fn as_finished(finished: checkpoint::Finished) -> journal::Finished {
    journal::Finished {
        mark: finished.mark,
        merchant: finished.merchant,
        route: finished.route,
        resource_key: finished.resource_key,
        event_seq: finished.event_seq,
        version: finished.version,
        status: finished.status,
        target_status: finished.target_status,
        checkpoint: finished.checkpoint,
    }
}

/// The journal's account of a delivered passage, in the checkpoints' words.
fn as_checkpoint(finished: journal::Finished) -> checkpoint::Finished {
    checkpoint::Finished {
        mark: finished.mark,
        merchant: finished.merchant,
        route: finished.route,
        resource_key: finished.resource_key,
        event_seq: finished.event_seq,
        version: finished.version,
        status: finished.status,
        target_status: finished.target_status,
        checkpoint: finished.checkpoint,
    }
}
