//! How a host starts on a long history, and what it holds in memory then.
//!
//! A journal is filled with events that have gone the whole road, and some that are still open; then
//! a real `mapwright serve` is started on it: once with its checkpoints missing (they are made again
//! from the journal before anything is served), again after a `kill -9`, and with them missing once
//! more, when the journal keeps by name what they do not hold. Each time another
//! merchant sends orders and has to see them delivered. Next to it the same host on an empty journal.
//! `--events N` (a million unless said otherwise: it takes some minutes and gigabytes), `--orders N`
//! that they are about, `--json`. Linux only.

#[path = "support/history.rs"]
mod history;
#[path = "support/served.rs"]
mod served;
mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mapwright::journal::Journal;

use self::served::Served;
use self::shop::{CONNECTIONS, Orders, sink};

/// Of all events, how many are still open: more than a window holds.
const OPEN: u64 = 5_000;
/// Written at a time.
const WRITERS: u64 = 64;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str, usual: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let events = given("--events", 1_000_000);
    let orders = given("--orders", events / 10).max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let plugin = shop::plugin("woo-order-summary");
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    // An ERP that nobody answers for: what is open stays open.
    let nowhere = ([127, 0, 0, 1], 9).into();
    shop::merchant(&dir.path().join("merchants/acme"), nowhere, &[("woo-order-summary", &plugin)]);
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = runtime.block_on(sink(Arc::clone(&sunk)));
    shop::merchant(&dir.path().join("merchants/padaria"), sink, &[("woo-order-summary", &plugin)]);
    let start = |what| runtime.block_on(start(what, dir.path(), &sunk));
    start("compiles the plugin");
    let mut rows = vec![start("an empty journal")];
    let filled = Instant::now();
    runtime.block_on(fill(&dir.path().join("data"), events, orders));
    let filled = filled.elapsed().as_secs();
    rows.push(start("a long journal, its checkpoints missing"));
    rows.push(start("a long journal, after a kill"));
    // From here on the journal keeps what the checkpoints do not hold.
    std::fs::remove_dir_all(dir.path().join("data/checkpoints")).expect("they are there");
    rows.push(start("a long journal, its checkpoints missing once more"));
    report(&rows, (events, orders), filled, arguments.iter().any(|argument| argument == "--json"));
}

/// One start.
struct Row {
    what: &'static str,
    /// Until it listened.
    listens_s: f64,
    /// From then until as many orders as there are connections were delivered.
    delivers_s: f64,
    /// A second later.
    resident_mb: f64,
}

async fn start(what: &'static str, dir: &std::path::Path, sunk: &AtomicU64) -> Row {
    static IDS: AtomicU64 = AtomicU64::new(1_000_000_000);
    let served = Served::start(dir, "");
    let begun = Instant::now();
    let before = sunk.load(Ordering::Relaxed);
    let first = usize::try_from(IDS.fetch_add(1_000, Ordering::Relaxed)).expect("64 bits");
    let orders = Arc::new(Orders::captured(first..first + CONNECTIONS));
    orders.send(CONNECTIONS, served.address, "/hooks/padaria/shop").await;
    while sunk.load(Ordering::Relaxed) < before + CONNECTIONS as u64 {
        assert!(begun.elapsed() < Duration::from_secs(60), "orders are not delivered");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let delivers_s = begun.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let listens_s = served.took.as_secs_f64();
    Row { what, listens_s, delivers_s, resident_mb: served.resident_mb() }
}

async fn fill(dir: &std::path::Path, events: u64, orders: u64) {
    let journal = Journal::open(dir).expect("the journal opens");
    let order = "tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json";
    let body = Bytes::from(std::fs::read(shop::root().join(order)).expect("the capture is there"));
    let document = serde_json::value::to_raw_value(&"x".repeat(500)).expect("text is JSON");
    let next = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (journal, next, body) = (journal.clone(), Arc::clone(&next), body.clone());
            let document = document.clone();
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= events {
                        return;
                    }
                    if n + OPEN >= events {
                        let (event, fingerprint) = history::event(n, n % orders, &body);
                        journal.accept(event, fingerprint).await.expect("there is room");
                    } else {
                        history::road(&journal, n, n % orders, &body, document.clone()).await;
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer ends by itself");
    }
    // Its writer ends with the last handle.
    drop(journal);
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[Row], (events, orders): (u64, u64), filled: u64, json: bool) {
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|Row { what, listens_s, delivers_s, resident_mb }| {
                serde_json::json!({
                    "on": what,
                    "listens_s": listens_s,
                    "delivers_s": delivers_s,
                    "resident_mb": resident_mb.round(),
                })
            })
            .collect();
        println!("{}", serde_json::json!({ "events": events, "orders": orders, "starts": rows }));
        return;
    }
    println!(
        "{events} events of {orders} orders in the journal (written in {filled} s), {OPEN} of them open"
    );
    println!("until it listens   until it has delivered   resident   started on");
    for Row { what, listens_s, delivers_s, resident_mb } in rows {
        println!("{listens_s:>14.2} s {delivers_s:>22.2} s {resident_mb:>7.0} MB   {what}");
    }
}
