//! What the sandbox costs: one real rule set natively, in bare wasmtime, and as the host runs it.
//!
//! All three map the same order with `woo-order-to-tryton`. *Native* calls the plugin's function
//! compiled for this machine. *Warm* calls the component in a plain wasmtime that keeps its instance:
//! no fuel, no epoch, no limiter, nothing isolated. *Bare* is the same with a fresh instance for each
//! call, as wasmtime makes them by default. *Host* is `plugin::run` with everything on: a fresh
//! instance, fuel, epoch, limits, digests, checks. Time is the thread's own on the CPU, kernel
//! included, so that whatever else runs counts little; turns alternate within one run, because
//! machines have moods all the same, and what counts is the ratio of the medians. `--json` for
//! machines, `--component FILE` for another build of the plugin than `mapwright build` makes here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cpu_time::ThreadTime;
use mapwright::plugin::{
    Context, Engine, EngineOptions, Job, Limits, Lookups, Outcome, Stage, Stages, run,
};
use mapwright_guest::testing::Harness;
use mapwright_guest::{Exports, MappingInput};
use rust_decimal::Decimal;
use serde_json::Value;
use woo_order_to_tryton::OrderToTryton;

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths,
    clippy::all,
    clippy::str_to_string,
    reason = "generated"
)]
mod bare {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "mapwright:plugin/field-mapping-plugin",
    });
}

use bare::exports::mapwright::plugin::field_mapping as bare_mapping;
use bare::mapwright::plugin as bare_shared;

/// Calls in a turn, and turns of each way.
const CALLS: usize = 20;
const TURNS: usize = 200;
/// Calls in a warm instance: the guest's heap only grows, so it is renewed before that matters.
const WARM_CALLS: usize = 20;

/// An order that fills more of an instance's memory than others do.
const LARGE_BYTES: usize = 1_000_000;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let given = arguments.iter().position(|argument| argument == "--component");
    let component = match given.and_then(|at| arguments.get(at + 1)) {
        Some(file) => componentized(std::fs::read(file).expect("the component is there")),
        None => component(&root),
    };
    let mut rows = Vec::new();
    let large = order(&root, LARGE_BYTES);
    for (name, bytes_min, before) in [
        ("6 KB order", 6_000, None),
        ("50 KB order", 50_000, None),
        ("6 KB order after a large one", 6_000, Some(&*large)),
    ] {
        let order = order(&root, bytes_min);
        rows.push(compare(name, &order, before, &component, &root));
    }
    if json {
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        print(&serde_json::json!({ "mapping": rows }).to_string());
        return;
    }
    print(
        "| order | bytes | native | warm | bare | host | warm / native | bare / native | host / native |",
    );
    print("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        print(&format!(
            "| {} | {} | {:.1} us | {:.1} us | {:.1} us | {:.1} us | {:.2} | {:.2} | **{:.2}** |",
            row.name,
            row.bytes,
            micros(row.native),
            micros(row.warm),
            micros(row.bare),
            micros(row.host),
            row.warm.as_secs_f64() / row.native.as_secs_f64(),
            row.bare.as_secs_f64() / row.native.as_secs_f64(),
            row.host.as_secs_f64() / row.native.as_secs_f64(),
        ));
    }
}

struct Row {
    name: &'static str,
    bytes: usize,
    native: Duration,
    warm: Duration,
    bare: Duration,
    host: Duration,
}

impl Row {
    fn json(&self) -> Value {
        serde_json::json!({
            "order": self.name,
            "bytes": self.bytes,
            "native_us": micros(self.native),
            "warm_us": micros(self.warm),
            "bare_us": micros(self.bare),
            "host_us": micros(self.host),
            "warm_to_native": self.warm.as_secs_f64() / self.native.as_secs_f64(),
            "bare_to_native": self.bare.as_secs_f64() / self.native.as_secs_f64(),
            "host_to_native": self.host.as_secs_f64() / self.native.as_secs_f64(),
        })
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn print(line: &str) {
    println!("{line}");
}

/// The plugin as `mapwright build` makes it.
fn component(root: &Path) -> Vec<u8> {
    use mapwright::toolchain::{BuildOptions, build_plugin};
    let dir = root.join("example-plugins/woo-order-to-tryton");
    let options = BuildOptions { install_toolchain: true, ..BuildOptions::default() };
    let built = build_plugin(&dir, &options).expect("the example plugin builds");
    std::fs::read(built.path).expect("the component is there")
}

/// A module as cargo leaves it will do too.
fn componentized(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.get(4..8) != Some(&[1, 0, 0, 0]) {
        return bytes;
    }
    wit_component::ComponentEncoder::default()
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .expect("the module has a component type")
}

/// The captured company order, its real lines repeated until it is as large as wanted, with the
/// totals that go with them: the plugin checks.
fn order(root: &Path, bytes_min: usize) -> String {
    let path = "tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json";
    let text = std::fs::read_to_string(root.join(path)).expect("the capture is there");
    let mut order: Value = serde_json::from_str(&text).expect("the capture is JSON");
    let lines = order["line_items"].as_array().expect("an order has lines").clone();
    for number in 0.. {
        if order.to_string().len() >= bytes_min {
            break;
        }
        let mut line = lines[number % lines.len()].clone();
        line["id"] = (1000 + number).into();
        let (net, tax) = (amount(&line["total"]), amount(&line["total_tax"]));
        add(&mut order["total"], net + tax);
        add(&mut order["total_tax"], tax);
        add(&mut order["cart_tax"], tax);
        add(&mut order["tax_lines"][0]["tax_total"], tax);
        order["line_items"].as_array_mut().expect("an order has lines").push(line);
    }
    order.to_string()
}

fn amount(text: &Value) -> Decimal {
    text.as_str().expect("amounts are text").parse().expect("amounts are decimals")
}

fn add(total: &mut Value, more: Decimal) {
    *total = (amount(total) + more).to_string().into();
}

/// The case that the capture is mapped by in the plugin's own tests.
fn tables(root: &Path) -> PathBuf {
    root.join("example-plugins/woo-order-to-tryton/cases/company-guest-with-fees/lookups")
}

/// With `before`, each turn of the host follows an order that is not measured: what that has left in the
/// instance's place is for the next to clear away.
fn compare(
    name: &'static str,
    order: &str,
    before: Option<&str>,
    component: &[u8],
    root: &Path,
) -> Row {
    let tables = tables(root);
    let harness = Harness::of::<OrderToTryton>().lookup_file(tables.join("taxes.csv"));
    let mut native = native_way(order);
    let mut warm = bare_way(order, component, &tables, WARM_CALLS);
    let mut bare = bare_way(order, component, &tables, 1);
    let host = host_way(order, before, component, &tables);
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..TURNS {
        let [of_native, of_warm, of_bare, of_host] = &mut times;
        // The native way finds its tables by thread; the others bring their own.
        of_native.push(harness.within(|| turn(&mut native)));
        of_warm.push(turn(&mut warm));
        of_bare.push(turn(&mut bare));
        host.leave();
        of_host.push(turn(&mut || host.call()));
    }
    let [native, warm, bare, host] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    Row { name, bytes: order.len(), native, warm, bare, host }
}

/// The mean time of one call.
fn turn(way: &mut dyn FnMut()) -> Duration {
    let started = ThreadTime::now();
    for _ in 0..CALLS {
        way();
    }
    started.elapsed() / u32::try_from(CALLS).expect("few calls")
}

fn native_way(order: &str) -> impl FnMut() + use<> {
    let transform = OrderToTryton::EXPORTED.field_mapping.expect("it maps fields");
    let context = mapwright_guest::Context {
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
        ..mapwright_guest::Context::default()
    };
    let input = MappingInput { payload: order.to_owned(), ..MappingInput::default() };
    move || {
        let mapped = transform(&context, &input).expect("the order maps");
        std::hint::black_box(mapped);
    }
}

struct HostWay {
    job: Job,
    before: Option<Job>,
}

impl HostWay {
    fn call(&self) {
        let run = run(&self.job);
        assert!(matches!(run.outcome, Outcome::Mapped { .. }), "{:?}", run.outcome);
        std::hint::black_box(run);
    }

    /// Leaves behind what the order before leaves.
    fn leave(&self) {
        if let Some(before) = &self.before {
            assert!(matches!(run(before).outcome, Outcome::Mapped { .. }), "the large one maps");
        }
    }
}

fn host_way(order: &str, before: Option<&str>, component: &[u8], tables: &Path) -> HostWay {
    let engine = Engine::new(&EngineOptions::default()).expect("the engine starts");
    let limits = Limits::default();
    let plugin = engine.load("woo-order-to-tryton", component, &limits).expect("it loads");
    let lookups = Arc::new(Lookups::read(tables).expect("the tables are there"));
    let of = |order: &str| Job {
        stages: Stages {
            field_mapping: Some(Stage::within(plugin.clone(), limits)),
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
        payload: Bytes::copy_from_slice(order.as_bytes()),
        previous_status: None,
        lookups: Arc::clone(&lookups),
    };
    HostWay { job: of(order), before: before.map(of) }
}

/// Rows by table and key.
type Tables = HashMap<String, HashMap<String, Vec<(String, String)>>>;

struct BareHost {
    tables: Arc<Tables>,
}

impl bare_shared::log::Host for BareHost {
    fn write(&mut self, _: bare_shared::log::Level, _: String) {}
}

impl bare_shared::lookup::Host for BareHost {
    fn get_row(
        &mut self,
        table: String,
        key: String,
    ) -> Result<Option<Vec<(String, String)>>, bare_shared::lookup::LookupFailure> {
        let table = self.tables.get(&table);
        Ok(table.ok_or(bare_shared::lookup::LookupFailure::UnknownTable)?.get(&key).cloned())
    }
}

impl bare_shared::types::Host for BareHost {}

impl bare_shared::pricing_types::Host for BareHost {}

fn bare_tables(folder: &Path) -> Arc<Tables> {
    let mut reader = csv::Reader::from_path(folder.join("taxes.csv")).expect("the table is there");
    let header = reader.headers().expect("a table has a header").clone();
    let rows = reader.records().map(|record| {
        let record = record.expect("the table is whole");
        let row = header.iter().zip(&record).map(|(c, v)| (c.to_owned(), v.to_owned())).collect();
        (record[0].to_owned(), row)
    });
    Arc::new(HashMap::from([("taxes".to_owned(), rows.collect())]))
}

fn bare_way(
    order: &str,
    component: &[u8],
    tables: &Path,
    calls_per_instance: usize,
) -> impl FnMut() + use<> {
    use wasmtime::component::{Component, HasSelf, Linker};
    let engine = wasmtime::Engine::new(&wasmtime::Config::new()).expect("wasmtime starts");
    let component = Component::from_binary(&engine, component).expect("it compiles");
    let mut linker = Linker::new(&engine);
    bare::FieldMappingPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)
        .expect("imports link");
    let pre = linker.instantiate_pre(&component).expect("it can be instantiated");
    let pre = bare::FieldMappingPluginPre::new(pre).expect("it is a field mapping");
    let tables = bare_tables(tables);
    let context = bare_shared::types::Context {
        merchant: "acme".into(),
        route: "orders".into(),
        source: "shop".into(),
        target: "erp".into(),
        topic: "order.updated".into(),
        resource_key: "order/27".into(),
        event_id: "019fa000-0000-7000-8000-000000000001".into(),
        correlation_id: "019fa000-0000-7000-8000-000000000001".into(),
        source_version_time: None,
        received_at: "2026-11-22T02:15:06Z".into(),
        attempt: 1,
        settings: "{}".into(),
        checkpoint: None,
        attributes: Vec::new(),
    };
    let input = bare_mapping::MappingInput {
        payload: order.to_owned(),
        status: None,
        lines: Vec::new(),
        attributes: Vec::new(),
    };
    let mut calls = 0_usize;
    let mut kept = None;
    move || {
        if calls.is_multiple_of(calls_per_instance) {
            let host = BareHost { tables: Arc::clone(&tables) };
            let mut store = wasmtime::Store::new(&engine, host);
            let plugin = pre.instantiate(&mut store).expect("it instantiates");
            kept = Some((store, plugin));
        }
        calls += 1;
        let (store, plugin) = kept.as_mut().expect("just made");
        let mapping = plugin.mapwright_plugin_field_mapping();
        let answer = mapping.call_transform(store, &context, &input).expect("no trap");
        assert!(answer.is_ok(), "the order maps");
        drop(std::hint::black_box(answer));
    }
}
