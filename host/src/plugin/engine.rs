//! The one wasmtime engine of the process, and the thread that ticks its clock.
//!
//! One engine, because compiled plugins belong to the engine that compiled them. It keeps a pool of
//! instance slots (a fresh instance then costs microseconds) where the machine can reserve the
//! address space, and allocates on demand where it cannot. Nothing of a plugin is kept here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

use super::compiled::Compiled;
use super::compiler::Compiler;
use super::limits::{CORE_INSTANCES_CEILING, Limits, MEMORY_BYTES_CEILING, TABLE_ELEMENTS_CEILING};
use super::plugin::Loaded;
use super::pool::Load;

/// How often the epoch moves on: fine enough for deadlines of tens of milliseconds, and a hundred
/// wake-ups a second cost nothing.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// What calls of a plugin's functions may take of the stack of the thread that runs it. Threads have 2 MiB where
/// nobody says otherwise, and what the host puts below and above is far less than the rest.
const WASM_STACK_BYTES: usize = 1 << 20;

/// The most tables of one component: one for each library that is not linked into the others'.
const TABLES_MAX: u32 = 8;

/// How the engine is set up. The defaults are right for a host; a command that runs one plugin
/// once may take a smaller pool.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Calls that may be inside plugins at once: the number of instance slots. Kept small, since a
    /// slot is reused by the next merchant and each reserves some 4 GiB of address space.
    pub calls_max: u32,
    /// Whether to keep a pool of instance slots at all.
    pub pooling: bool,
    /// Whether backtraces tell file and line, for plugins that carry debug information. It stays in
    /// memory then, megabytes for each plugin: for authors yes, for a host with a thousand no.
    pub debug_info: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { calls_max: 64, pooling: true, debug_info: true }
    }
}

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refused the configuration on this machine.
    #[error("the WebAssembly engine cannot run on this machine: {0}")]
    Unsupported(String),
    /// The folder for machine code cannot be used.
    #[error("{}: machine code of plugins cannot be kept here", .0.display())]
    Compiled(PathBuf, #[source] std::io::Error),
    /// The ticking thread could not be started.
    #[error("the thread that keeps plugin deadlines could not be started")]
    Ticker(#[source] std::io::Error),
}

/// The engine; cheap to clone, one for each process.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// A file's digest, and the limits its manifest was read under.
type Key = (String, Limits);

struct Inner {
    wasmtime: wasmtime::Engine,
    options: EngineOptions,
    pooling: bool,
    /// Where machine code is kept; none for one that ends with its command.
    compiled: Option<Compiled>,
    compiler: Compiler,
    /// The work that compiling gives way to, once there is some.
    live: OnceLock<Load>,
    /// What is loaded, so that a file that many merchants use is compiled and kept once.
    loaded: Mutex<HashMap<Key, Weak<Loaded>>>,
    // Last, so that the clock stands only after nothing can run any more.
    _ticker: Ticker,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("pooling", &self.inner.pooling).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes the engine and starts its clock.
    ///
    /// # Errors
    ///
    /// When wasmtime cannot run here at all, or no thread can be started.
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        Self::make(options, None, Compiler::InProcess)
    }

    /// The same, with machine code kept in `dir` from one start to the next, made by `compiler`.
    ///
    /// # Errors
    ///
    /// Also when the folder cannot be made or read.
    pub fn keeping(
        options: &EngineOptions,
        dir: &Path,
        compiler: Compiler,
    ) -> Result<Self, EngineError> {
        Self::make(options, Some(dir), compiler)
    }

    fn make(
        options: &EngineOptions,
        dir: Option<&Path>,
        compiler: Compiler,
    ) -> Result<Self, EngineError> {
        let pooled = if options.pooling {
            let mut config = base_config(options);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
            match wasmtime::Engine::new(&config) {
                Ok(engine) => Some(engine),
                Err(error) => {
                    // Containers with RLIMIT_AS and machines with 39-bit address spaces end here.
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "no pool of plugin instances on this machine, allocating on demand"
                    );
                    None
                }
            }
        } else {
            None
        };
        let pooling = pooled.is_some();
        let wasmtime = match pooled {
            Some(engine) => engine,
            None => wasmtime::Engine::new(&base_config(options))
                .map_err(|error| EngineError::Unsupported(format!("{error:#}")))?,
        };
        let ticker = Ticker::start(wasmtime.clone()).map_err(EngineError::Ticker)?;
        let compiled = dir
            .map(|dir| {
                Compiled::open(dir, &wasmtime)
                    .map_err(|error| EngineError::Compiled(dir.to_owned(), error))
            })
            .transpose()?;
        let inner = Inner {
            wasmtime,
            options: *options,
            pooling,
            compiled,
            compiler,
            live: OnceLock::new(),
            loaded: Mutex::default(),
            _ticker: ticker,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether instances come from a pool (they do unless the machine cannot reserve one).
    #[must_use]
    pub fn pooling(&self) -> bool {
        self.inner.pooling
    }

    /// Has children that compile give way to what this pool runs. The first one said counts.
    pub fn give_way_to(&self, live: Load) {
        let _one_already = self.inner.live.set(live);
    }

    pub(super) fn live(&self) -> Option<&Load> {
        self.inner.live.get()
    }

    /// The plugin of this file, when it is loaded already.
    pub(super) fn find(&self, digest: &str, limits: &Limits) -> Option<Arc<Loaded>> {
        let loaded = self.inner.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(&(digest.to_owned(), *limits))?.upgrade()
    }

    /// Lets others find it for as long as somebody keeps it.
    pub(super) fn remember(&self, limits: &Limits, plugin: &Arc<Loaded>) {
        let mut loaded = self.inner.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert((plugin.digest.clone(), *limits), Arc::downgrade(plugin));
    }

    pub(super) fn options(&self) -> EngineOptions {
        self.inner.options
    }

    /// Where machine code is kept, if it is, and who makes it.
    pub(super) fn compiler(&self) -> (Option<&Compiled>, &Compiler) {
        (self.inner.compiled.as_ref(), &self.inner.compiler)
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }
}

fn base_config(options: &EngineOptions) -> Config {
    let mut config = Config::new();
    config
        // The budget: deterministic, the same number in a dry run and in production.
        .consume_fuel(true)
        // The wall-clock backstop.
        .epoch_interruption(true)
        // Same bits on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        // Plugins are synchronous and 32-bit: whatever they do not need stays off.
        .concurrency_support(false)
        .wasm_memory64(false)
        // QuickJS takes nearly a kilobyte for each call of a function: 400 were too deep for 256 KB.
        .max_wasm_stack(WASM_STACK_BYTES)
        .memory_init_cow(true)
        // Names of functions are there either way.
        .wasm_backtrace_details(if options.debug_info {
            WasmBacktraceDetails::Enable
        } else {
            WasmBacktraceDetails::Disable
        });
    config
}

fn pool(options: &EngineOptions) -> PoolingAllocationConfig {
    let calls = options.calls_max.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        // Only counted, so there is room for calls of nothing but interpreters, each linked of a dozen
        // libraries; what one call may have is in its limits.
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES_CEILING))
        .max_core_instances_per_component(CORE_INSTANCES_CEILING)
        // A component has one memory and two tables (its own and its adapters'); one that was
        // pre-initialised may have a second memory, of no pages.
        .total_memories(calls.saturating_mul(2))
        .max_memories_per_component(2)
        .total_tables(calls.saturating_mul(TABLES_MAX))
        .max_tables_per_component(TABLES_MAX)
        .table_elements(usize::try_from(TABLE_ELEMENTS_CEILING).unwrap_or(usize::MAX))
        .max_memory_size(usize::try_from(MEMORY_BYTES_CEILING).unwrap_or(usize::MAX))
        // What a plugin in Rust, C or JavaScript writes for an order of usual size stays mapped between calls; it
        // is put back by hand, which is cheaper than giving the pages up and faulting them in again. Each page
        // kept is cleared at each call, whether this one wrote to it or not: with 2 MiB, small orders took half
        // as long again in a place where a large one had been.
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(64 << 10)
        // Resets only the pages that were written, where the kernel can say which.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(calls.min(32));
    pool
}

/// Moves the epoch on until it is dropped.
struct Ticker {
    stop: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: wasmtime::Engine) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::sync_channel(1);
        let thread =
            std::thread::Builder::new().name("plugin-epoch".to_owned()).spawn(move || {
                while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take()); // the thread sees the channel close
        if let Some(thread) = self.thread.take() {
            // It only counts, so it cannot have panicked.
            drop(thread.join());
        }
    }
}
