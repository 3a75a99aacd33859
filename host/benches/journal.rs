//! Durable accepts per second, against the least that durability can cost.
//!
//! There are two yardsticks. One is a plain append with fdatasync, as a program does it: each client appends its
//! body to one file and waits for its own fdatasync. The other is a plain log that forms groups as the journal
//! does: length, CRC and body are appended, with the same clients and the same channel, and one fdatasync is for
//! all that has gathered. All three take short turns in the same run, because disks have moods and machines have other
//! work; what counts is the ratio of the sums. `--json` for machines, `--seconds N` for how long
//! each of them works with each number of clients.
//!
//! How much of them a journal reaches depends on the disk: where a sync takes long, both wait
//! for it most of the time; where it takes nothing, only work is compared. So the same is measured once
//! more with syncs that take a millisecond longer (`--sync-us N` for another time), for both alike.

#[path = "support/history.rs"]
mod history;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mapwright::journal::Journal;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// Different bodies, taken in turn.
const BODIES: u32 = 1024;
const CLIENTS: [usize; 3] = [1, 8, 64];
/// Turns that each of them takes.
const TURNS: u32 = 16;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments
        .iter()
        .position(|it| it == "--seconds")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(4.0);
    let as_json = arguments.iter().any(|it| it == "--json");
    let turn = Duration::from_secs_f64(seconds) / TURNS;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let rows: Vec<_> = CLIENTS.map(|clients| in_turns(&runtime, clients, turn)).into();
    if std::env::var_os(SYNC_US).is_some() {
        return report(&rows, None, as_json);
    }
    let roads = in_folder(|dir| roads(&runtime, dir, 64, turn * TURNS));
    report(&rows, Some(roads), as_json);
    let sync_us = arguments.iter().position(|it| it == "--sync-us");
    let sync_us = sync_us.and_then(|at| arguments.get(at + 1)?.parse().ok());
    on_a_slower_disk(sync_us.unwrap_or(1_000), &arguments);
}

/// Says to `support/slow_sync.c` how much longer a sync takes.
const SYNC_US: &str = "MAPWRIGHT_BENCH_SYNC_US";

/// The same measurement in a process whose syncs take longer.
#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn on_a_slower_disk(sync_us: u64, arguments: &[String]) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/support/slow_sync.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow_sync.so");
    let built = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([library.as_os_str(), source.as_ref(), "-ldl".as_ref()])
        .status();
    if !built.is_ok_and(|status| status.success()) {
        println!("no C compiler: what a slower disk makes of it is left out");
        return;
    }
    println!("with syncs that take {sync_us} us longer:");
    let program = std::env::current_exe().expect("this program has a path");
    let measured = std::process::Command::new(program)
        .args(&arguments[1..])
        .env("LD_PRELOAD", &library)
        .env(SYNC_US, sync_us.to_string())
        .status();
    assert!(measured.is_ok_and(|status| status.success()), "the slower disk was not measured");
}

/// Accepts per second of all, with one number of clients.
struct Row {
    clients: usize,
    /// Each client appends and syncs for itself.
    each: f64,
    plain: f64,
    journal: f64,
}

fn in_turns(runtime: &Runtime, clients: usize, turn: Duration) -> Row {
    in_folder(|dir| {
        let (queue, writer) = plain_log(dir);
        let journal = Journal::open(dir).expect("a new journal opens");
        let bodies = bodies();
        let mut row = Row { clients, each: 0.0, plain: 0.0, journal: 0.0 };
        let next = Arc::new(AtomicU64::new(0));
        let apart = File::create(dir.join("apart")).expect("a file can be made");
        for _ in 0..TURNS {
            row.each += each_for_itself(&apart, &bodies, clients, turn) / f64::from(TURNS);
            let (to, what, count) = (queue.clone(), Arc::clone(&bodies), Arc::clone(&next));
            row.plain += measure(runtime, clients, turn, move || {
                let queue = to.clone();
                let body = one_of(&what, count.fetch_add(1, Ordering::Relaxed));
                async move {
                    let (reply, answer) = oneshot::channel();
                    queue.send((body, reply)).await.expect("the writer lives");
                    answer.await.expect("the writer answers");
                }
            }) / f64::from(TURNS);
            let (to, what, count) = (journal.clone(), Arc::clone(&bodies), Arc::clone(&next));
            row.journal += measure(runtime, clients, turn, move || {
                let journal = to.clone();
                let n = count.fetch_add(1, Ordering::Relaxed);
                let body = one_of(&what, n);
                async move {
                    let (event, fingerprint) = history::event(n, n, &body);
                    journal.accept(event, fingerprint).await.expect("there is room");
                }
            }) / f64::from(TURNS);
        }
        drop(queue);
        writer.join().expect("the writer ends with its queue");
        row
    })
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[Row], roads: Option<f64>, json: bool) {
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "clients": row.clients,
                    "plain_per_s": row.plain.round(),
                    "journal_per_s": row.journal.round(),
                    "ratio": (row.journal / row.plain * 100.0).round() / 100.0,
                    "each_for_itself_per_s": row.each.round(),
                    "ratio_to_each": (row.journal / row.each * 100.0).round() / 100.0,
                })
            })
            .collect();
        let all =
            serde_json::json!({ "accepts": rows, "whole_roads_per_s": roads.map(f64::round) });
        println!("{all}");
        return;
    }
    println!("durable accepts of captured orders, all in {TURNS} turns; append + fdatasync");
    println!("clients   each for itself/s   in groups/s   journal/s   of each   of groups");
    for Row { clients, each, plain, journal } in rows {
        let (of_each, of_groups) = (journal / each, journal / plain);
        println!(
            "{clients:>7} {each:>19.0} {plain:>13.0} {journal:>11.0} {of_each:>9.2} {of_groups:>11.2}"
        );
    }
    if let Some(roads) = roads {
        println!("events through all their steps (3 commits each), 64 at a time: {roads:.0}/s");
    }
}

fn in_folder<T>(measure: impl FnOnce(&Path) -> T) -> T {
    // Beside the build and not in /tmp, which may be memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    measure(dir.path())
}

/// Runs `clients` loops of `work` for `turn`; gives the number of rounds per second.
fn measure<F, W>(runtime: &Runtime, clients: usize, turn: Duration, work: W) -> f64
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn() -> F + Clone + Send + 'static,
{
    let begun = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let work = work.clone();
            runtime.spawn(async move {
                let mut done = 0_u32;
                while begun.elapsed() < turn {
                    work().await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let done: f64 = clients
        .into_iter()
        .map(|client| f64::from(runtime.block_on(client).expect("a client ends by itself")))
        .sum();
    done / begun.elapsed().as_secs_f64()
}

/// Captured orders of about 4.5 KB (none of them is in the dictionary that payloads are packed with),
/// each with an id, a key and a note of its own, so that no two pack alike.
fn bodies() -> Arc<[Bytes]> {
    let captured =
        ["039-order-br-cnpj-order-created", "044-order-es-eur-order-created"].map(|name| {
            let folder =
                concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/woocommerce/webhooks");
            std::fs::read_to_string(format!("{folder}/{name}.json")).expect("the capture is there")
        });
    let letters = |count| (0..count).map(|_| fastrand::alphanumeric()).collect::<String>();
    let body = |n: u32| {
        let order = &captured[n as usize % captured.len()];
        let (_, rest) = order.split_once(',').expect("an order has more than an id");
        let (key, note) = (letters(13), letters(200));
        Bytes::from(format!("{{\"id\":{n},\"x_key\":\"{key}\",\"x_note\":\"{note}\",{rest}"))
    };
    (0..BODIES).map(body).collect()
}

fn one_of(bodies: &[Bytes], n: u64) -> Bytes {
    bodies[usize::try_from(n).expect("64 bits") % bodies.len()].clone()
}

/// Clients without a writer: a thread each, which appends a body and waits until it is on the disk.
fn each_for_itself(file: &File, bodies: &[Bytes], clients: usize, turn: Duration) -> f64 {
    let (begun, next) = (Instant::now(), AtomicU64::new(0));
    let done: u32 = std::thread::scope(|scope| {
        let client = || {
            let (mut done, mut record) = (0, Vec::new());
            while begun.elapsed() < turn {
                let body = one_of(bodies, next.fetch_add(1, Ordering::Relaxed));
                record.clear();
                framed(&body, &mut record);
                // One call: what others append does not come between.
                (&*file).write_all(&record).expect("the disk takes it");
                file.sync_data().expect("the disk keeps it");
                done += 1;
            }
            done
        };
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|it| it.join().expect("a client ends by itself")).sum()
    });
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Length, sum and body, as a log has them.
fn framed(body: &[u8], into: &mut Vec<u8>) {
    let length = u32::try_from(body.len()).expect("bodies are small");
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(&crc32fast::hash(body).to_be_bytes());
    into.extend_from_slice(body);
}

type PlainJob = (Bytes, oneshot::Sender<()>);

/// The yardstick.
fn plain_log(dir: &Path) -> (mpsc::Sender<PlainJob>, JoinHandle<()>) {
    let (queue, mut jobs) = mpsc::channel::<PlainJob>(1024);
    let mut file = File::create(dir.join("log")).expect("a file can be made");
    let writer = std::thread::spawn(move || {
        let mut buffer = Vec::new();
        let mut replies = Vec::new();
        while let Some(first) = jobs.blocking_recv() {
            buffer.clear();
            let mut job = Some(first);
            while let Some((body, reply)) = job {
                framed(&body, &mut buffer);
                replies.push(reply);
                job = if replies.len() < 512 { jobs.try_recv().ok() } else { None };
            }
            file.write_all(&buffer).expect("the disk takes it");
            file.sync_data().expect("the disk keeps it");
            for reply in replies.drain(..) {
                reply.send(()).expect("clients wait for their answer");
            }
        }
    });
    (queue, writer)
}

/// Accepted, read back, mapped into a document of 2 KB, delivered: what the road asks of the
/// journal for one event.
fn roads(runtime: &Runtime, dir: &Path, clients: usize, turn: Duration) -> f64 {
    let journal = Journal::open(dir).expect("a new journal opens");
    let bodies = bodies();
    let document = serde_json::value::to_raw_value(&"x".repeat(2000)).expect("text is JSON");
    let next = Arc::new(AtomicU64::new(0));
    measure(runtime, clients, turn, move || {
        let (journal, document) = (journal.clone(), document.clone());
        let n = next.fetch_add(1, Ordering::Relaxed);
        let body = one_of(&bodies, n);
        async move { history::road(&journal, n, n, &body, document).await }
    })
}
