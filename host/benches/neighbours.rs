//! What good merchants feel of a bad one, as a ratio in one run.
//!
//! Twenty merchants send orders as fast as they are answered, through a real `mapwright serve` to an
//! ERP that takes everything. Beside them is one whose plugin burns its whole budget at each order on
//! one route, and whose ERP on another is dead; in every second round it sends as well, without
//! pause. `--events N` of all good ones in a round, `--rounds N` of each kind, `--json`.

#[path = "support/served.rs"]
mod served;
mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mapwright::toolchain::{BuildOptions, build_plugin};

use self::served::Served;
use self::shop::{CONNECTIONS, Orders, SECRET, sink};

const GOOD: usize = 20;
/// Connections of the bad one.
const NOISE: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str, usual: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let (events, rounds) = (given("--events", 8_000), given("--rounds", 4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let rows = runtime.block_on(measure(events, rounds));
    report(&rows, arguments.iter().any(|argument| argument == "--json"));
}

/// Ended events of the good ones per second, without and with the bad one, and megabytes after it.
type Row = (f64, f64, f64);

async fn measure(events: usize, rounds: usize) -> Vec<Row> {
    let plugin = shop::plugin("woo-order-summary");
    let guest = shop::root().join("host/benches/guests/busy");
    let options = BuildOptions { install_toolchain: true, ..BuildOptions::default() };
    let busy = build_plugin(&guest, &options).expect("the busy plugin builds");
    let busy = std::fs::read(busy.path).expect("the component is there");
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = sink(Arc::clone(&sunk)).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    for good in 0..GOOD {
        let folder = dir.path().join(format!("merchants/good-{good:02}"));
        shop::merchant(&folder, sink, &[("woo-order-summary", &plugin)]);
    }
    let bad = dir.path().join("merchants/bad");
    shop::write(&bad.join("merchant.toml"), bad_toml().as_bytes());
    shop::write(&bad.join("secret"), SECRET.as_bytes());
    shop::write(&bad.join("plugins/busy.wasm"), &busy);
    shop::write(&bad.join("plugins/woo-order-summary.wasm"), &plugin);
    let served = Served::start(dir.path(), "");
    let mut ids = 100_000;
    let mut rows = Vec::new();
    round(&served, &mut ids, events, &sunk).await; // warms everything up
    for _ in 0..rounds {
        let without = round(&served, &mut ids, events, &sunk).await;
        let enough = Arc::new(AtomicBool::new(false));
        let noise = make_noise(&served, &mut ids, &enough);
        // What it does is felt from the beginning.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let with = round(&served, &mut ids, events, &sunk).await;
        enough.store(true, Ordering::Relaxed);
        noise.await.expect("the noise ends by itself");
        rows.push((without, with, served.resident_mb()));
    }
    rows
}

fn bad_toml() -> String {
    "[connections.shop]\nconnector = \"woocommerce\"\nbase_url = \"https://shop.example\"\n\
     webhook_secret = { file = \"secret\" }\n\
     [connections.dead]\nconnector = \"http\"\nurl = \"http://127.0.0.1:9/documents\"\n\
     [routes.busy]\nfrom = \"shop\"\ntopics = [\"order.created\"]\nto = \"dead\"\n\
     field_mapping = \"busy\"\n\
     [routes.dead]\nfrom = \"shop\"\ntopics = [\"order.created\"]\nto = \"dead\"\n\
     field_mapping = \"woo-order-summary\"\n"
        .to_owned()
}

/// Events per second from the first sent until the last is with the ERP.
async fn round(served: &Served, ids: &mut usize, events: usize, sunk: &AtomicU64) -> f64 {
    let before = sunk.load(Ordering::Relaxed);
    let each = events / GOOD;
    let orders: Vec<_> = (0..GOOD)
        .map(|good| {
            let first = *ids + good * each;
            (good, Arc::new(Orders::captured(first..first + each)))
        })
        .collect();
    *ids += events;
    let begun = Instant::now();
    let sending: Vec<_> = orders
        .into_iter()
        .map(|(good, orders)| {
            let to = served.address;
            tokio::spawn(async move {
                let path = format!("/hooks/good-{good:02}/shop");
                orders.send(CONNECTIONS / GOOD, to, &path).await;
            })
        })
        .collect();
    for one in sending {
        one.await.expect("a shop ends by itself");
    }
    while sunk.load(Ordering::Relaxed) - before < (each * GOOD) as u64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "the road is blocked");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
    let sent = (each * GOOD) as f64;
    sent / begun.elapsed().as_secs_f64()
}

fn make_noise(
    served: &Served,
    ids: &mut usize,
    enough: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<()> {
    const AT_A_TIME: usize = 200;
    let (to, enough, mut id) = (served.address, Arc::clone(enough), *ids + 10_000_000);
    *ids += 1;
    tokio::spawn(async move {
        while !enough.load(Ordering::Relaxed) {
            let orders = Arc::new(Orders::captured(id..id + AT_A_TIME));
            id += AT_A_TIME;
            orders.send(NOISE, to, "/hooks/bad/shop").await;
        }
    })
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[Row], json: bool) {
    let mut ratios: Vec<f64> = rows.iter().map(|(without, with, _)| with / without).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios[ratios.len() / 2];
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(without, with, mb)| {
                serde_json::json!({
                    "without_per_s": without.round(),
                    "with_per_s": with.round(),
                    "resident_mb": mb.round(),
                })
            })
            .collect();
        println!("{}", serde_json::json!({ "rounds": rows, "median_ratio": middle }));
        return;
    }
    println!("{GOOD} good merchants, events ended per second");
    println!("without the bad one   with it   ratio   resident");
    for (without, with, mb) in rows {
        println!("{without:>19.0} {with:>9.0} {:>7.2} {mb:>7.0} MB", with / without);
    }
    println!("median ratio: {middle:.2}");
}
