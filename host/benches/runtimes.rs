//! What plugins in several languages cost in one host: a fresh instance for each call, as in production.
//!
//! `cargo bench -p mapwright --bench runtimes -- rust=a.wasm python=b.wasm ...`: each is loaded under the limits
//! of its profile, and they take turns in one engine, so that what a large runtime does to a small one shows.
//! Time is the thread's own on the CPU, medians; *faults* are the pages that the kernel had to bring during a
//! call; *starting* is on the clock, as a dry run says it; *resident* is what the process holds more at the end than
//! before the first call. `--json` for machines, `--order FILE` and `--lookups DIR` for others than the example's, `--turns N`, `--compiled DIR`
//! to keep machine code from one run to the next, `--topic T` and `--show` to see what one call of each gives. It installs nothing: plugins are given as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cpu_time::ThreadTime;
use mapwright::plugin::{
    Capability, Context, Engine, EngineOptions, Job, LimitsPatch, Lookups, Plugin, Run, Stage,
    Stages, run,
};
use serde_json::{Value, json};

/// Calls in a turn.
const CALLS: u32 = 10;
/// Turns, unless somebody says.
const TURNS: usize = 30;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Candidate {
    name: String,
    profile: &'static str,
    bytes: u64,
    load: Duration,
    job: Job,
    first: Run,
    times: Vec<Duration>,
    starts: Vec<u64>,
    faults: Vec<u64>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let captured = "tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json";
    let order = value("--order").map_or_else(|| root.join(captured), PathBuf::from);
    let order = Bytes::from(std::fs::read(order).expect("the order is there"));
    let tables = "example-plugins/woo-order-to-tryton/cases/company-guest-with-fees/lookups";
    let tables = value("--lookups").map_or_else(|| root.join(tables), PathBuf::from);
    let lookups = Arc::new(Lookups::read(&tables).expect("the tables are there"));
    let topic = value("--topic").unwrap_or_else(|| "order.updated".to_owned());
    let turns = value("--turns").map_or(TURNS, |it| it.parse().expect("a number of turns"));

    let kept = value("--compiled");
    let engine = match &kept {
        Some(dir) => Engine::keeping(
            &EngineOptions { debug_info: false, ..EngineOptions::default() },
            Path::new(dir),
            mapwright::plugin::Compiler::InProcess,
        ),
        None => Engine::new(&EngineOptions { debug_info: false, ..EngineOptions::default() }),
    };
    let engine = engine.expect("the engine starts");
    let mut candidates: Vec<Candidate> = arguments
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .map(|(name, file)| {
            let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
            candidate(&engine, name, &bytes, &order, &lookups, &topic)
        })
        .collect();
    if arguments.iter().any(|argument| argument == "--show") {
        for Candidate { name, first, .. } in &candidates {
            print(&format!("{name}: {:?}\n{:?}\n{:?}", first.usage, first.outcome, first.logs));
        }
        return;
    }
    let before = resident_kib();
    for _ in 0..turns {
        for candidate in &mut candidates {
            let (faults, started) = (minor_faults(), ThreadTime::now());
            for _ in 0..CALLS {
                candidate.starts.push(run(&candidate.job).usage.startup.duration_us);
            }
            candidate.times.push(started.elapsed() / CALLS);
            candidate.faults.push((minor_faults() - faults) / u64::from(CALLS));
        }
    }
    let after = resident_kib();
    let rows: Vec<Value> = candidates.iter_mut().map(row).collect();
    if arguments.iter().any(|argument| argument == "--json") {
        print(
            &json!({ "runtimes": rows, "resident_kib": after.saturating_sub(before) }).to_string(),
        );
        return;
    }
    print(
        "| plugin | profile | outcome | bytes | load | fresh call | ratio | starting | faults | fuel to start | fuel | memory |",
    );
    print("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let one = rows.first().and_then(|row| row["call_us"].as_f64()).unwrap_or(1.0);
    for row in &rows {
        let number = |name: &str| row[name].as_f64().unwrap_or_default();
        let word = |name: &str| row[name].as_str().unwrap_or_default();
        print(&format!(
            "| {} | {} | {} | {} | {:.0} ms | {:.0} us | {:.2} | {} us | {} | {} | {} | {} |",
            word("name"),
            word("profile"),
            word("outcome"),
            row["bytes"],
            number("load_ms"),
            number("call_us"),
            number("call_us") / one,
            row["start_us"],
            row["faults"],
            row["startup_fuel"],
            row["fuel"],
            row["memory_bytes"],
        ));
    }
    print(&format!("\nresident: {} KiB more than before", after.saturating_sub(before)));
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn print(line: &str) {
    println!("{line}");
}

fn candidate(
    engine: &Engine,
    name: &str,
    bytes: &[u8],
    order: &Bytes,
    lookups: &Arc<Lookups>,
    topic: &str,
) -> Candidate {
    let asked = LimitsPatch::default();
    let started = Instant::now();
    let plugin = engine
        .load(name, bytes, &asked.for_file(bytes))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let load = started.elapsed();
    let mut job = Job { lookups: Arc::clone(lookups), ..job(&plugin, asked, order) };
    topic.clone_into(&mut job.context.topic);
    let first = run(&job);
    Candidate {
        name: name.to_owned(),
        profile: plugin.profile().name(),
        bytes: bytes.len() as u64,
        load,
        job,
        first,
        times: Vec::new(),
        starts: Vec::new(),
        faults: Vec::new(),
    }
}

fn job(plugin: &Plugin, asked: LimitsPatch, order: &Bytes) -> Job {
    let stage = || Some(Stage::new(plugin.clone(), asked));
    Job {
        stages: Stages {
            field_mapping: plugin.can(Capability::FieldMapping).then(stage).flatten(),
            ..Stages::default()
        },
        context: Context {
            merchant: "acme".into(),
            route: "orders".into(),
            source: "shop".into(),
            target: "erp".into(),
            topic: "order.updated".into(),
            resource_key: "order/27".into(),
            event_id: "019fa000-0000-7000-8000-000000000001".into(),
            correlation_id: "019fa000-0000-7000-8000-000000000001".into(),
            received_at: "2026-11-22T02:15:06Z".into(),
            attempt: 1,
            settings: "{}".into(),
            ..Context::default()
        },
        payload: order.clone(),
        previous_status: None,
        lookups: Arc::new(Lookups::default()),
    }
}

fn row(candidate: &mut Candidate) -> Value {
    candidate.times.sort();
    candidate.starts.sort_unstable();
    candidate.faults.sort_unstable();
    let middle = candidate.times.len() / 2;
    let usage = &candidate.first.usage;
    json!({
        "name": candidate.name,
        "profile": candidate.profile,
        "outcome": candidate.first.outcome.name(),
        "bytes": candidate.bytes,
        "load_ms": candidate.load.as_secs_f64() * 1e3,
        "call_us": candidate.times[middle].as_secs_f64() * 1e6,
        "start_us": candidate.starts.get(candidate.starts.len() / 2),
        "faults": candidate.faults[middle],
        "startup_fuel": usage.startup.fuel,
        "fuel": usage.fuel,
        "memory_bytes": usage.memory_bytes,
    })
}

/// Of this thread, since it began.
fn minor_faults() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/stat").expect("Linux tells");
    let behind = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    behind.split_whitespace().nth(7).and_then(|it| it.parse().ok()).unwrap_or(0)
}

fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
