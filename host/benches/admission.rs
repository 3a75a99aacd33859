//! How long a version takes to be admitted, and what live work loses to it, as a ratio in one run.
//!
//! Four merchants send orders through a real `mapwright serve` to an ERP that
//! takes everything. `mapwright push` brings in a component of some 300 KB that they all work with (so that
//! recorded orders are run and the headroom is measured), and one of 18 MB (`support/large.rs`): first on a
//! quiet host, then again and again while the orders go. Each upload is another file, so each is compiled. The
//! time is that of the command, its start included.
//!
//! Orders go in two ways. *At a pace*: half of what the host can do, as on a shop's best day, three seconds
//! between uploads; live work is undisturbed if as many end in a second as without uploads, and answers come as
//! soon. *Flat out*: as fast as they are answered, uploads without pause; there is nothing to spare then, so the
//! ratio says what uploads take from live work.
//! `--events N` of all in a round, `--rounds N`, `--steady SECONDS`, `--large BYTES`, `--json`.

#[path = "support/large.rs"]
mod large;
#[path = "support/served.rs"]
mod served;
mod shop;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::served::Served;
use self::shop::{CONNECTIONS, Orders, sink};

const MERCHANTS: usize = 4;
const TOKEN: &str = "token-of-the-benchmark-01";
const PLUGIN: &str = "woo-order-summary";
/// Between uploads at a pace: somebody works at a version, and brings it in when it is ready.
const PAUSE: Duration = Duration::from_secs(3);
/// Uploads on the quiet host.
const QUIET_SMALL: usize = 5;
const QUIET_LARGE: usize = 2;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str, usual: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let (events, rounds) = (given("--events", 8_000), given("--rounds", 4));
    let steady_s = given("--steady", 20);
    let large_bytes = given("--large", 18_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let found = runtime.block_on(measure(events, rounds, steady_s, large_bytes));
    report(&found, arguments.iter().any(|argument| argument == "--json"));
}

/// A component to be brought in, each time as another file.
#[derive(Clone)]
struct Brought {
    bytes: Arc<Vec<u8>>,
    file: PathBuf,
    times: Arc<AtomicU64>,
}

struct Found {
    /// Bytes of the two, and seconds of each upload on the quiet host.
    small: (usize, Vec<f64>),
    large: (usize, Vec<f64>),
    /// At a pace: nothing beside, the small one beside, the large one.
    steady: [Steady; 3],
    rows: Vec<Row>,
}

/// A round at a pace.
struct Steady {
    /// Sent, and ended, per second.
    sent: f64,
    ended: f64,
    /// How long after it was due an order was answered; in order.
    late: Vec<Duration>,
    /// Seconds of each upload meanwhile.
    uploads: Vec<f64>,
}

struct Row {
    /// Events ended per second.
    without: f64,
    with_small: f64,
    with_large: f64,
    /// Seconds of each upload meanwhile.
    small: Vec<f64>,
    large: Vec<f64>,
    resident_mb: f64,
}

async fn measure(events: usize, rounds: usize, steady_s: usize, large_bytes: usize) -> Found {
    let component = shop::plugin(PLUGIN);
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = sink(Arc::clone(&sunk)).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    for merchant in 0..MERCHANTS {
        let folder = dir.path().join(format!("merchants/m{merchant}"));
        shop::merchant(&folder, sink, &[(PLUGIN, &component)]);
        let toml = folder.join("merchant.toml");
        let mut words = std::fs::read_to_string(&toml).expect("it was just written");
        words.push_str(
            "[plugins]\nuploads_per_hour = 1000000\nupload_bytes_per_hour = 1000000000000\n",
        );
        shop::write(&toml, words.as_bytes());
    }
    shop::write(&dir.path().join("token"), TOKEN.as_bytes());
    let served =
        Served::start(dir.path(), "api_tokens = [{ file = \"token\", name = \"bench\" }]\n");
    let brought = |name: &str, bytes: Vec<u8>| Brought {
        bytes: Arc::new(bytes),
        file: dir.path().join(name),
        times: Arc::default(),
    };
    let large = brought("large.wasm", large::grown_to(&component, large_bytes));
    let small = brought("small.wasm", component);
    let mut ids = 100_000;
    round(&served, &mut ids, events, &sunk).await; // warms everything up, and is recorded
    let flat_out = round(&served, &mut ids, events, &sunk).await;
    let quiet = |what: &Brought, times: usize| -> Vec<f64> {
        (0..times).map(|_| what.push(&format!("http://{}", served.address))).collect()
    };
    let small_quiet = tokio::task::block_in_place(|| quiet(&small, QUIET_SMALL));
    let large_quiet = tokio::task::block_in_place(|| quiet(&large, QUIET_LARGE));
    let mut steady = Vec::new();
    for what in [None, Some(&small), Some(&large)] {
        let enough = Arc::new(AtomicBool::new(false));
        let uploads = what.map(|what| what.again_and_again(&served, PAUSE, &enough));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut found = at_a_pace(&served, &mut ids, (flat_out / 2.0, steady_s), &sunk).await;
        enough.store(true, Ordering::Relaxed);
        if let Some(uploads) = uploads {
            found.uploads = uploads.await.expect("the uploads end by themselves");
        }
        steady.push(found);
    }
    let Ok(steady) = <[Steady; 3]>::try_from(steady) else { unreachable!("three were measured") };
    let mut rows = Vec::new();
    for _ in 0..rounds {
        let without = round(&served, &mut ids, events, &sunk).await;
        let mut beside = Vec::new();
        for what in [&small, &large] {
            let enough = Arc::new(AtomicBool::new(false));
            let uploads = what.again_and_again(&served, Duration::ZERO, &enough);
            // What it does is felt from the beginning.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let with = round(&served, &mut ids, events, &sunk).await;
            enough.store(true, Ordering::Relaxed);
            beside.push((with, uploads.await.expect("the uploads end by themselves")));
        }
        let ((with_large, large), (with_small, small)) =
            (beside.pop().expect("two rounds"), beside.pop().expect("two rounds"));
        let resident_mb = served.resident_mb();
        rows.push(Row { without, with_small, with_large, small, large, resident_mb });
    }
    let small = (small.bytes.len(), small_quiet);
    Found { small, large: (large.bytes.len(), large_quiet), steady, rows }
}

impl Brought {
    /// Brings it in, as a file that nobody has seen; seconds until the command has its report.
    fn push(&self, url: &str) -> f64 {
        let time = self.times.fetch_add(1, Ordering::Relaxed);
        let mut bytes = self.bytes.as_ref().clone();
        // A custom section more.
        bytes.extend_from_slice(b"\x00\x0d\x04time");
        bytes.extend_from_slice(&time.to_le_bytes());
        std::fs::write(&self.file, bytes).expect("it can be written");
        let begun = Instant::now();
        let report = mapwright(url, &self.file);
        let took = begun.elapsed().as_secs_f64();
        assert_eq!(report["accepted"], true, "{report:#}");
        took
    }

    /// One upload after the other with a pause between, the last of them finished; seconds of each.
    fn again_and_again(
        &self,
        served: &Served,
        pause: Duration,
        enough: &Arc<AtomicBool>,
    ) -> tokio::task::JoinHandle<Vec<f64>> {
        let (this, enough) = (self.clone(), Arc::clone(enough));
        let url = format!("http://{}", served.address);
        tokio::task::spawn_blocking(move || {
            let mut took = Vec::new();
            while !enough.load(Ordering::Relaxed) {
                took.push(this.push(&url));
                std::thread::sleep(pause);
            }
            took
        })
    }
}

fn mapwright(url: &str, file: &Path) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_mapwright"))
        .arg("push")
        .arg(file)
        .args(["--as", PLUGIN, "--merchant", "m0", "--json", "--url", url])
        .env("MAPWRIGHT_TOKEN", TOKEN)
        .output()
        .expect("the command runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("push: {error}: {said}"))
}

/// Events per second from the first sent until the last is with the ERP, sent as fast as they are answered.
async fn round(served: &Served, ids: &mut usize, events: usize, sunk: &AtomicU64) -> f64 {
    through(served, ids, events / MERCHANTS, None, sunk).await.0
}

/// The same, `per_second` of them sent for so many seconds.
async fn at_a_pace(
    served: &Served,
    ids: &mut usize,
    (per_second, seconds): (f64, usize),
    sunk: &AtomicU64,
) -> Steady {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "thousands")]
    let each = (per_second * count(seconds)) as usize / MERCHANTS;
    let (ended, mut late) = through(served, ids, each, Some(per_second), sunk).await;
    late.sort();
    Steady { sent: per_second, ended, late, uploads: Vec::new() }
}

/// Sends `each` orders of every merchant and waits until the last is with the ERP: how many ended in a second, and, where
/// they have a pace, how long after it was due each was answered.
async fn through(
    served: &Served,
    ids: &mut usize,
    each: usize,
    per_second: Option<f64>,
    sunk: &AtomicU64,
) -> (f64, Vec<Duration>) {
    let before = sunk.load(Ordering::Relaxed);
    let orders: Vec<_> = (0..MERCHANTS)
        .map(|merchant| {
            let first = *ids + merchant * each;
            (merchant, Arc::new(Orders::captured(first..first + each)))
        })
        .collect();
    *ids += each * MERCHANTS;
    let begun = Instant::now();
    let sending: Vec<_> = orders
        .into_iter()
        .map(|(merchant, orders)| {
            let (to, connections) = (served.address, CONNECTIONS / MERCHANTS);
            tokio::spawn(async move {
                let path = format!("/hooks/m{merchant}/shop");
                let Some(pace) = per_second.map(|it| it / count(MERCHANTS)) else {
                    orders.send(connections, to, &path).await;
                    return Vec::new();
                };
                orders.send_at(connections, to, &path, pace).await
            })
        })
        .collect();
    let mut late = Vec::new();
    for one in sending {
        late.extend(one.await.expect("a shop ends by itself"));
    }
    while sunk.load(Ordering::Relaxed) - before < (each * MERCHANTS) as u64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "the road is blocked");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (count(each * MERCHANTS) / begun.elapsed().as_secs_f64(), late)
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

impl Steady {
    /// Milliseconds that so many in a thousand waited at most.
    fn late_ms(&self, per_mille: usize) -> f64 {
        let at = self.late.len() * per_mille / 1000;
        self.late.get(at).map_or(f64::NAN, |it| it.as_secs_f64() * 1e3)
    }
}

fn middle(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn longest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(found: &Found, json: bool) {
    let Found { small, large, steady, rows } = found;
    let small_ratio = middle(rows.iter().map(|row| row.with_small / row.without));
    let large_ratio = middle(rows.iter().map(|row| row.with_large / row.without));
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "without_per_s": row.without.round(),
                    "with_small_per_s": row.with_small.round(),
                    "with_large_per_s": row.with_large.round(),
                    "small_s": row.small,
                    "large_s": row.large,
                    "resident_mb": row.resident_mb.round(),
                })
            })
            .collect();
        let quiet = |(bytes, took): &(usize, Vec<f64>)| json!({ "bytes": bytes, "quiet_s": took });
        println!(
            "{}",
            json!({
                "small": quiet(small),
                "large": quiet(large),
                "at_a_pace": steady.each_ref().map(|it| json!({
                    "sent_per_s": it.sent.round(),
                    "ended_per_s": it.ended.round(),
                    "ended_to_sent": it.ended / it.sent,
                    "answered_ms": { "p50": it.late_ms(500), "p99": it.late_ms(990), "p999": it.late_ms(999) },
                    "uploads_s": it.uploads,
                })),
                "rounds": rows,
                "median_ratio_small": small_ratio,
                "median_ratio_large": large_ratio,
            })
        );
        return;
    }
    for (name, (bytes, took)) in [("small", small), ("large", large)] {
        let (middle, longest) = (middle(took.iter().copied()), longest(took));
        println!("{name}, {bytes} bytes, quiet host: {middle:.2} s, at most {longest:.2} s");
    }
    println!(
        "at a pace       sent/s  ended/s  ratio   answered after p50   p99  p99.9   uploads in the middle, longest"
    );
    for (name, it) in ["nothing", "small", "large"].into_iter().zip(steady) {
        let uploads = match &it.uploads[..] {
            [] => String::new(),
            all => format!("{:.2} s, {:.2} s", middle(all.iter().copied()), longest(all)),
        };
        println!(
            "{name:<12} {:>9.0} {:>8.0} {:>6.2} {:>17.1} ms {:>4.0} {:>6.0}   {uploads}",
            it.sent,
            it.ended,
            it.ended / it.sent,
            it.late_ms(500),
            it.late_ms(990),
            it.late_ms(999),
        );
    }
    println!("flat out: events ended per second, and the longest upload meanwhile");
    println!("without   with small          with large         resident");
    for row in rows {
        println!(
            "{:>7.0} {:>7.0} {:>5.2} {:>5.2} s {:>7.0} {:>5.2} {:>5.1} s {:>6.0} MB",
            row.without,
            row.with_small,
            row.with_small / row.without,
            longest(&row.small),
            row.with_large,
            row.with_large / row.without,
            longest(&row.large),
            row.resident_mb,
        );
    }
    println!("median ratios: {small_ratio:.2} and {large_ratio:.2}");
}
