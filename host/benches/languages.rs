//! What each language costs: the same rules, one run, ratios to Rust.
//!
//! `woo-order-to-tryton` and its ports, built as `mapwright build` builds them (tools that are missing are
//! installed). *Compile* is what admission pays once for each version: processor time of all threads. *From
//! cache* is what a restart pays for each plugin, until its manifest is read. *Call* is `plugin::run` on a
//! captured order of 5 KB, everything on, each in a fresh instance: the thread's own processor time, kernel
//! included; languages take turns, the median counts. Fuel and memory are the same in every run. `--json` for
//! machines, `--turns N`, `--component LANGUAGE=FILE` for one that is already built (may be said for each).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cpu_time::{ProcessTime, ThreadTime};
use mapwright::plugin::{
    Compiler, Context, Engine, EngineOptions, Job, Lookups, Outcome, Profile, Stage, Stages, Usage,
    run,
};
use mapwright::toolchain::{BuildOptions, build_plugin};
use serde_json::{Value, json};

const LANGUAGES: [&str; 5] = ["rust", "c", "typescript", "python", "go"];
const ORDER: &str = "tests/fixtures/woocommerce/webhooks/034-order-br-paid-order-created.json";
/// Calls of each language in a turn.
const CALLS: u32 = 5;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Row {
    language: &'static str,
    bytes: usize,
    compile: Duration,
    from_cache: Duration,
    calls: Vec<Duration>,
    usage: Usage,
    job: Job,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let turns = arguments.iter().position(|it| it == "--turns");
    let turns = turns.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(60_u32);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    let components = LANGUAGES.map(|language| match given(&arguments, language) {
        Some(file) => std::fs::read(file).expect("the component is there"),
        None => component(&root, language),
    });
    let mut compiled = Vec::new();
    for bytes in &components {
        compiled.push(loaded(dir.path(), bytes).0);
    }
    // Everything is in the cache now, and belongs to one engine, as in a host.
    let options = EngineOptions::default();
    let engine = Engine::keeping(&options, dir.path(), Compiler::InProcess).expect("it starts");
    let mut rows = Vec::new();
    for ((language, bytes), compile) in LANGUAGES.into_iter().zip(&components).zip(compiled) {
        let limits = Profile::of(bytes).limits();
        let started = Instant::now();
        let plugin = engine.load(language, bytes, &limits).expect("it loads");
        let from_cache = started.elapsed();
        let stage = || Some(Stage::within(plugin.clone(), limits));
        let job = Job {
            stages: Stages { status_translation: stage(), pricing: None, field_mapping: stage() },
            ..job(&root)
        };
        let usage = run(&job).usage;
        let calls = Vec::new();
        rows.push(Row { language, bytes: bytes.len(), compile, from_cache, calls, usage, job });
    }
    for _ in 0..turns {
        for row in &mut rows {
            let started = ThreadTime::now();
            for _ in 0..CALLS {
                let done = run(&row.job);
                assert!(matches!(done.outcome, Outcome::Mapped { .. }), "{:?}", done.outcome);
            }
            row.calls.push(started.elapsed() / CALLS);
        }
    }
    for row in &mut rows {
        row.calls.sort();
    }
    report(&rows, arguments.iter().any(|it| it == "--json"));
}

/// The component that the command line says for a language.
fn given<'a>(arguments: &'a [String], language: &str) -> Option<&'a str> {
    let pairs = arguments.windows(2).filter(|pair| pair[0] == "--component");
    let mut pairs = pairs.filter_map(|pair| pair[1].split_once('='));
    pairs.find_map(|(name, file)| (name == language).then_some(file))
}

/// The reference rules in a language, as `mapwright build` makes them.
fn component(root: &Path, language: &str) -> Vec<u8> {
    let name = match language {
        "rust" => "woo-order-to-tryton".to_owned(),
        other => format!("woo-order-to-tryton-{other}"),
    };
    let target_dir: PathBuf = root.join("target");
    let options = BuildOptions {
        install_toolchain: true,
        target_dir: (language != "rust").then(|| target_dir.canonicalize().expect("it is there")),
        ..BuildOptions::default()
    };
    let built = build_plugin(&root.join("example-plugins").join(name), &options);
    let built = built.unwrap_or_else(|error| panic!("{language}: {error}"));
    std::fs::read(built.path).expect("it was just built")
}

/// What it takes to load a component in an engine of its own: processor time, and wall time.
fn loaded(dir: &Path, bytes: &[u8]) -> (Duration, Duration) {
    let options = EngineOptions::default();
    let engine = Engine::keeping(&options, dir, Compiler::InProcess).expect("the engine starts");
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    engine.load("plugin", bytes, &Profile::of(bytes).limits()).expect("it loads");
    (cpu.elapsed(), wall.elapsed())
}

fn job(root: &Path) -> Job {
    let tables = root.join("example-plugins/woo-order-to-tryton/cases/paid-with-coupon/lookups");
    Job {
        stages: Stages::default(),
        context: Context {
            merchant: "acme".into(),
            route: "orders".into(),
            source: "shop".into(),
            target: "erp".into(),
            topic: "order.created".into(),
            resource_key: "order/27".into(),
            event_id: "019fa000-0000-7000-8000-000000000001".into(),
            correlation_id: "019fa000-0000-7000-8000-000000000001".into(),
            received_at: "2026-11-22T02:15:06Z".into(),
            attempt: 1,
            settings: "{}".into(),
            ..Context::default()
        },
        payload: Bytes::from(std::fs::read(root.join(ORDER)).expect("the capture is there")),
        previous_status: None,
        lookups: Arc::new(Lookups::read(&tables).expect("the tables are there")),
    }
}

impl Row {
    fn call(&self) -> Duration {
        self.calls[self.calls.len() / 2]
    }

    fn json(&self, rust: &Self) -> Value {
        json!({
            "language": self.language,
            "component_bytes": self.bytes,
            "compile_cpu_s": self.compile.as_secs_f64(),
            "from_cache_ms": self.from_cache.as_secs_f64() * 1e3,
            "call_us": self.call().as_secs_f64() * 1e6,
            "call_to_rust": ratio(self.call(), rust.call()),
            "memory_bytes": self.usage.memory_bytes,
            "fuel": self.usage.fuel,
            "fuel_to_rust": self.usage.fuel as f64 / rust.usage.fuel as f64,
        })
    }
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn report(rows: &[Row], as_json: bool) {
    let rust = &rows[0];
    if as_json {
        let rows: Vec<_> = rows.iter().map(|row| row.json(rust)).collect();
        println!("{}", json!({ "languages": rows }));
        return;
    }
    println!(
        "| language | component | compile, CPU | from cache | two calls, fresh instances | / Rust | memory | fuel | / Rust |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {} KB | {:.2} s | {:.1} ms | {:.0} us | **{:.1}** | {:.1} MB | {:.2} M | {:.1} |",
            row.language,
            row.bytes.div_ceil(1024),
            row.compile.as_secs_f64(),
            row.from_cache.as_secs_f64() * 1e3,
            row.call().as_secs_f64() * 1e6,
            ratio(row.call(), rust.call()),
            row.usage.memory_bytes as f64 / 1e6,
            row.usage.fuel as f64 / 1e6,
            row.usage.fuel as f64 / rust.usage.fuel as f64,
        );
    }
}
