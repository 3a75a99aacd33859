//! What the sandbox costs: one real rule set natively, in bare wasmtime, and as the host runs it.
//!
//! All three map the same order with `woo-order-to-tryton`. *Native* calls the plugin's function
//! compiled for this machine. *Bare* calls the component in one warm instance of a plain wasmtime:
//! no fuel, no epoch, no limiter, no fresh instance. *Host* is `plugin::run` with everything on: a
//! fresh instance, fuel, epoch, limits, digests, checks. Turns alternate within one run, because
//! machines have moods; what counts is the ratio of medians. `--json` for machines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mapwright::plugin::{
    Context, Engine, EngineOptions, Job, Limits, Lookups, Outcome, Stage, Stages, run,
};
use mapwright_guest::{Exports, MappingInput};
use woo_order_to_tryton::WooOrderToTryton;

mod bare {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "mapwright:plugin/field-mapping-plugin",
    });
}

use bare::exports::mapwright::plugin::field_mapping as bare_mapping;
use bare::mapwright::plugin as bare_shared;

/// Calls in a turn, and turns of each way.
const CALLS: usize = 100;
const TURNS: usize = 40;

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let component = component(&root);
    let mut rows = Vec::new();
    for (name, bytes_min) in [("6 KB order", 6_000), ("50 KB order", 50_000)] {
        let order = order(&root, bytes_min);
        rows.push(compare(name, &order, &component, &root));
    }
    if json {
        let rows: Vec<serde_json::Value> = rows.iter().map(Row::json).collect();
        print(&serde_json::json!({ "mapping": rows }).to_string());
        return;
    }
    print("| order | bytes | native | bare wasmtime | host | bare / native | host / native |");
    print("|---|---|---|---|---|---|---|");
    for row in rows {
        print(&format!(
            "| {} | {} | {:.1} us | {:.1} us | {:.1} us | {:.2} | **{:.2}** |",
            row.name,
            row.bytes,
            micros(row.native),
            micros(row.bare),
            micros(row.host),
            row.bare.as_secs_f64() / row.native.as_secs_f64(),
            row.host.as_secs_f64() / row.native.as_secs_f64(),
        ));
    }
}

struct Row {
    name: &'static str,
    bytes: usize,
    native: Duration,
    bare: Duration,
    host: Duration,
}

impl Row {
    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "order": self.name,
            "bytes": self.bytes,
            "native_us": micros(self.native),
            "bare_us": micros(self.bare),
            "host_us": micros(self.host),
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

/// The captured company order, its real lines repeated until it is as large as wanted.
fn order(root: &Path, bytes_min: usize) -> String {
    let path: PathBuf = root.join(
        "tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json",
    );
    let text = std::fs::read_to_string(path).expect("the capture is there");
    let mut order: serde_json::Value = serde_json::from_str(&text).expect("the capture is JSON");
    let lines = order["line_items"].as_array().expect("an order has lines").clone();
    for number in 0.. {
        if order.to_string().len() >= bytes_min {
            break;
        }
        let line = lines[number % lines.len()].clone();
        order["line_items"].as_array_mut().expect("an order has lines").push(line);
    }
    order.to_string()
}

fn compare(name: &'static str, order: &str, component: &[u8], root: &Path) -> Row {
    let tables = root.join("example-plugins/woo-order-to-tryton/cases/company-guest-with-fees");
    let mut native = native_way(order, &tables);
    let mut bare = bare_way(order, component, &tables);
    let mut host = host_way(order, component, &tables);
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..TURNS {
        let ways: [&mut dyn FnMut(); 3] = [&mut native, &mut bare, &mut host];
        for (way, times) in ways.into_iter().zip(&mut times) {
            let started = Instant::now();
            for _ in 0..CALLS {
                way();
            }
            times.push(started.elapsed() / u32::try_from(CALLS).expect("few calls"));
        }
    }
    let [native, bare, host] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    Row { name, bytes: order.len(), native, bare, host }
}

fn native_way(order: &str, case: &Path) -> impl FnMut() + use<> {
    let transform = WooOrderToTryton::EXPORTED.field_mapping.expect("it maps fields");
    let harness = mapwright_guest::testing::Harness::of::<WooOrderToTryton>()
        .lookup_file(case.join("lookups/taxes.csv"));
    let context = mapwright_guest::Context {
        topic: "order.updated".into(),
        resource_key: "order/27".into(),
        settings: "{}".into(),
        received_at: "2026-11-22T02:15:06Z".into(),
        ..mapwright_guest::Context::default()
    };
    let input = MappingInput { payload: order.to_owned(), ..MappingInput::default() };
    // The harness answers lookups for the whole of the thread's life.
    let tables = harness.install();
    move || {
        let _held = &tables;
        let mapped = transform(&context, &input).expect("the order maps");
        std::hint::black_box(mapped);
    }
}

fn host_way(order: &str, component: &[u8], case: &Path) -> impl FnMut() + use<> {
    let engine = Engine::new(&EngineOptions::default()).expect("the engine starts");
    let limits = Limits::default();
    let plugin = engine.load("woo-order-to-tryton", component, &limits).expect("it loads");
    let lookups = Lookups::read(&case.join("lookups")).expect("the tables are there");
    let job = Job {
        stages: Stages {
            field_mapping: Some(Stage { plugin, limits }),
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
        lookups: Arc::new(lookups),
    };
    move || {
        let run = run(&job);
        assert!(matches!(run.outcome, Outcome::Mapped { .. }), "{:?}", run.outcome);
        std::hint::black_box(run);
    }
}

struct BareHost {
    lookups: Lookups,
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
        let table =
            self.lookups.table(&table).ok_or(bare_shared::lookup::LookupFailure::UnknownTable)?;
        Ok(table.row(&key).map(|row| {
            row.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }))
    }
}

impl bare_shared::types::Host for BareHost {}

fn bare_way(order: &str, component: &[u8], case: &Path) -> impl FnMut() + use<> {
    use wasmtime::component::{Component, HasSelf, Linker};
    let engine = wasmtime::Engine::new(&wasmtime::Config::new()).expect("wasmtime starts");
    let component = Component::from_binary(&engine, component).expect("it compiles");
    let mut linker = Linker::new(&engine);
    bare::FieldMappingPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)
        .expect("imports link");
    let lookups = Lookups::read(&case.join("lookups")).expect("the tables are there");
    let mut store = wasmtime::Store::new(&engine, BareHost { lookups });
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
    let mut plugin = None;
    move || {
        // The guest never frees: a warm instance is replaced before its memory matters.
        if calls.is_multiple_of(200) {
            plugin = Some(
                bare::FieldMappingPlugin::instantiate(&mut store, &component, &linker)
                    .expect("it instantiates"),
            );
        }
        calls += 1;
        let plugin = plugin.as_ref().expect("just made");
        let mapping = plugin.mapwright_plugin_field_mapping();
        let answer = mapping.call_transform(&mut store, &context, &input).expect("no trap");
        assert!(answer.is_ok(), "the order maps");
        std::hint::black_box(answer);
    }
}
