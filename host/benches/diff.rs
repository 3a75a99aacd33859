//! How fast a candidate is judged: events compared per second, two plugins each, on all cores.
//!
//! Orders are derived from the captured ones, every one different (id, number, amounts stay a real
//! order's), and run through `woo-order-summary` and `woo-order-to-tryton`. Each is judged
//! against itself, where all answers are alike and no document is looked into, and (the second plugin)
//! under another setting, where every sale differs and everything is told. Wanted:
//! 5,000 events per second on two cores for the first plugin. `--json` for machines, `--events N`.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use bytes::Bytes;
use mapwright::evidence::difference::Tally;
use mapwright::evidence::trial::{Input, Options, Rules, compare};
use mapwright::plugin::{Context, Engine, EngineOptions, Limits, Lookups, Stage, Stages};
use serde_json::{Value, json};

/// Events for each measurement, unless `--events` says otherwise.
const EVENTS: usize = 10_000;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Row {
    name: String,
    events: u64,
    different: u64,
    per_second: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let given = arguments.iter().position(|argument| argument == "--events");
    let events = given
        .and_then(|at| arguments.get(at + 1))
        .map_or(EVENTS, |number| number.parse().expect("--events takes a number"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let threads = std::thread::available_parallelism().expect("a machine has cores");
    let calls = u32::try_from(threads.get()).expect("few cores");
    let options = EngineOptions { calls_max: calls, ..EngineOptions::default() };
    let engine = Engine::new(&options).expect("the engine starts");
    let orders = orders(&root, events);
    let mut rows = Vec::new();
    for (name, changed) in [
        // It takes no settings, so there is nothing that could differ.
        ("woo-order-summary", None),
        ("woo-order-to-tryton", Some(json!({"shop_name": "Another"}))),
    ] {
        let rules = rules(&engine, &root, name);
        let changed = changed
            .map(|it: Value| Rules { settings: Some(it.to_string().into()), ..rules.clone() });
        // The first round warms caches and pools up and is not counted.
        judge(&rules, &rules, orders.get(..events / 10).unwrap_or_default(), threads);
        let mut measure = |what: &str, after: &Rules| {
            let (tally, per_second) = judge(&rules, after, &orders, threads);
            rows.push(Row {
                name: format!("{name}, {what}"),
                events: tally.compared,
                different: tally.different(),
                per_second,
            });
        };
        measure("all alike", &rules);
        if let Some(changed) = &changed {
            measure("all different", changed);
        }
    }
    if json {
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        return print(&json!({"diff": rows, "threads": threads.get()}).to_string());
    }
    print(&format!("| plugin, {threads} threads | events | different | events per second |"));
    print("|---|---|---|---|");
    for Row { name, events, different, per_second } in rows {
        print(&format!("| {name} | {events} | {different} | **{per_second:.0}** |"));
    }
}

impl Row {
    fn json(&self) -> Value {
        let Self { name, events, different, per_second } = self;
        json!({"what": name, "events": events, "different": different, "per_second": per_second})
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn print(line: &str) {
    println!("{line}");
}

fn judge(before: &Rules, after: &Rules, orders: &[Input], threads: NonZeroUsize) -> (Tally, f64) {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let options = Options { threads, stop: &stop, done: &done };
    let started = Instant::now();
    let inputs = orders.iter().cloned().map(Ok::<_, Infallible>);
    let Ok(tally) = compare(before, after, inputs, &options);
    let seconds = started.elapsed().as_secs_f64();
    assert!(tally.outcomes.is_empty(), "orders end as they ended before");
    (tally.clone(), tally.compared as f64 / seconds)
}

/// The plugin as `mapwright build` makes it.
fn rules(engine: &Engine, root: &Path, name: &str) -> Rules {
    use mapwright::toolchain::{BuildOptions, build_plugin};
    let options = BuildOptions { install_toolchain: true, ..BuildOptions::default() };
    let built = build_plugin(&root.join("example-plugins").join(name), &options);
    let component = std::fs::read(built.expect("the example plugin builds").path);
    let limits = Limits::default();
    let plugin = engine
        .load(name, &component.expect("the component is there"), &limits)
        .expect("the plugin loads");
    let stage = Some(Stage::within(plugin, limits));
    Rules { stages: Stages { field_mapping: stage, ..Stages::default() }, ..Rules::default() }
}

/// Orders made of the captured ones, each another.
fn orders(root: &Path, events: usize) -> Vec<Input> {
    let captures = [
        "034-order-br-paid-order-created",
        "035-order-br-paid-order-updated",
        "039-order-br-cnpj-order-created",
        "040-order-br-cnpj-order-updated",
    ];
    let folder = root.join("tests/fixtures/woocommerce/webhooks");
    let bases: Vec<Value> = captures
        .iter()
        .map(|name| {
            let text = std::fs::read(folder.join(format!("{name}.json")));
            serde_json::from_slice(&text.expect("the capture is there")).expect("it is JSON")
        })
        .collect();
    let tables = "example-plugins/woo-order-to-tryton/cases/company-guest-with-fees/lookups";
    let lookups = Arc::new(Lookups::read(&root.join(tables)).expect("the tables are there"));
    (0..events)
        .map(|number| {
            let mut order = bases[number % bases.len()].clone();
            order["id"] = json!(100_000 + number);
            order["number"] = json!((100_000 + number).to_string());
            order["customer_note"] = json!(format!("Pedido {number}, entregar de {number}"));
            Input {
                name: format!("019fa000-0000-7000-8000-{number:012}"),
                payload: Bytes::from(order.to_string()),
                context: Context {
                    merchant: "acme".to_owned(),
                    route: "orders".to_owned(),
                    source: "shop".to_owned(),
                    target: "erp".to_owned(),
                    topic: "order.updated".to_owned(),
                    resource_key: format!("order/{}", 100_000 + number),
                    event_id: format!("019fa000-0000-7000-8000-{number:012}"),
                    received_at: "2026-11-22T02:15:06Z".to_owned(),
                    attempt: 1,
                    settings: "{}".into(),
                    ..Context::default()
                },
                previous_status: None,
                lookups: Arc::clone(&lookups),
            }
        })
        .collect()
}
