//! What live work loses to a candidate that runs beside it, as a ratio in one run, when there is no
//! spare capacity.
//!
//! Four merchants send orders as fast as they are answered, through a real `mapwright serve` to an ERP
//! that takes everything. In every second round each has a candidate in shadow: the same plugin in
//! another file. `--events N` of all in a round, `--rounds N` of each kind, `--plugin NAME`, `--json`.

#[path = "support/served.rs"]
mod served;
mod shop;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::served::Served;
use self::shop::{CONNECTIONS, Orders, sink};

const MERCHANTS: usize = 4;
const TOKEN: &str = "token-of-the-benchmark-01";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let word = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1).cloned())
    };
    let given =
        |name: &str, usual: usize| word(name).map_or(usual, |it| it.parse().unwrap_or(usual));
    let (events, rounds) = (given("--events", 8_000), given("--rounds", 5));
    let plugin = word("--plugin").unwrap_or_else(|| "woo-order-summary".to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let rows = runtime.block_on(measure(&plugin, events, rounds));
    report(&rows, &plugin, arguments.iter().any(|argument| argument == "--json"));
}

struct Row {
    /// Events ended per second.
    without: f64,
    with: f64,
    /// Of the events with a shadow.
    compared: u64,
    dropped: u64,
    resident_mb: f64,
}

async fn measure(plugin: &str, events: usize, rounds: usize) -> Vec<Row> {
    let component = shop::plugin(plugin);
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = sink(Arc::clone(&sunk)).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    for merchant in 0..MERCHANTS {
        let folder = dir.path().join(format!("merchants/m{merchant}"));
        shop::merchant(&folder, sink, &[(plugin, &component)]);
    }
    shop::write(&dir.path().join("token"), TOKEN.as_bytes());
    let candidate = dir.path().join("candidate.wasm");
    shop::write(&candidate, &in_another_file(component));
    let tokens = "api_tokens = [{ file = \"token\", name = \"bench\" }]\n";
    let served = Served::start(dir.path(), tokens);
    let digests: Vec<String> =
        (0..MERCHANTS).map(|merchant| push(&served, &candidate, merchant, plugin)).collect();
    let mut ids = 100_000;
    let mut rows = Vec::new();
    round(&served, &mut ids, events, &sunk).await; // warms everything up
    for _ in 0..rounds {
        let without = round(&served, &mut ids, events, &sunk).await;
        for (merchant, digest) in digests.iter().enumerate() {
            shadow(&served, merchant, plugin, &["--candidate", digest]);
        }
        let with = round(&served, &mut ids, events, &sunk).await;
        let (mut compared, mut dropped) = (0, 0);
        for merchant in 0..MERCHANTS {
            let trial = shadow(&served, merchant, plugin, &["--stop"]);
            compared += trial["compared"].as_u64().expect("a number");
            dropped += trial["dropped"].as_u64().expect("a number");
        }
        let resident_mb = served.resident_mb();
        rows.push(Row { without, with, compared, dropped, resident_mb });
    }
    rows
}

/// The same component with a custom section more, so that its digest is another.
fn in_another_file(mut component: Vec<u8>) -> Vec<u8> {
    component.extend(*b"\x00\x07\x06shadow");
    component
}

fn push(served: &Served, candidate: &Path, merchant: usize, plugin: &str) -> String {
    let merchant = format!("m{merchant}");
    let file = candidate.display().to_string();
    let pushed = mapwright(served, &["push", &file, "--as", plugin, "--merchant", &merchant]);
    pushed["digest"].as_str().expect("what is kept has a digest").to_owned()
}

fn shadow(served: &Served, merchant: usize, plugin: &str, more: &[&str]) -> Value {
    let merchant = format!("m{merchant}");
    mapwright(served, &[&["shadow", &merchant, plugin], more].concat())
}

fn mapwright(served: &Served, arguments: &[&str]) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_mapwright"))
        .args(arguments)
        .args(["--json", "--url", &format!("http://{}", served.address)])
        .env("MAPWRIGHT_TOKEN", TOKEN)
        .output()
        .expect("the command runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
}

/// Events per second from the first sent until the last is with the ERP.
async fn round(served: &Served, ids: &mut usize, events: usize, sunk: &AtomicU64) -> f64 {
    let before = sunk.load(Ordering::Relaxed);
    let each = events / MERCHANTS;
    let orders: Vec<_> = (0..MERCHANTS)
        .map(|merchant| {
            let first = *ids + merchant * each;
            (merchant, Arc::new(Orders::captured(first..first + each)))
        })
        .collect();
    *ids += events;
    let begun = Instant::now();
    let sending: Vec<_> = orders
        .into_iter()
        .map(|(merchant, orders)| {
            let to = served.address;
            tokio::spawn(async move {
                let path = format!("/hooks/m{merchant}/shop");
                orders.send(CONNECTIONS / MERCHANTS, to, &path).await;
            })
        })
        .collect();
    for one in sending {
        one.await.expect("a shop ends by itself");
    }
    while sunk.load(Ordering::Relaxed) - before < (each * MERCHANTS) as u64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "the road is blocked");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
    let sent = (each * MERCHANTS) as f64;
    sent / begun.elapsed().as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[Row], plugin: &str, json: bool) {
    let mut ratios: Vec<f64> = rows.iter().map(|row| row.with / row.without).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios[ratios.len() / 2];
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "without_per_s": row.without.round(),
                    "with_per_s": row.with.round(),
                    "compared": row.compared,
                    "dropped": row.dropped,
                    "resident_mb": row.resident_mb.round(),
                })
            })
            .collect();
        println!("{}", serde_json::json!({ "rounds": rows, "median_ratio": middle }));
        return;
    }
    println!("{MERCHANTS} merchants with {plugin}, events ended per second");
    println!("without a shadow   with one   ratio   compared   dropped   resident");
    for row in rows {
        println!(
            "{:>16.0} {:>10.0} {:>7.2} {:>10} {:>9} {:>7.0} MB",
            row.without,
            row.with,
            row.with / row.without,
            row.compared,
            row.dropped,
            row.resident_mb
        );
    }
    println!("median ratio: {middle:.2}; wanted: at least 0.90");
}
