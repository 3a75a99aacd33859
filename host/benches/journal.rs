//! Durable accepts per second, against the least that durability can cost.
//!
//! The yardstick is a plain file to which length, CRC and body are appended and which is then
//! fdatasynced, with the same clients, the same channel and the same forming of groups as the
//! journal. Both are measured in turns in the same run, several times, because disks have moods;
//! what counts is the ratio. `--json` for machines, `--seconds N` for the length of a turn.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use mapwright::event::{Document, EventId, NewEvent, Operation, Receipt};
use mapwright::journal::{AttemptRecord, DocumentDelivered, Identity, Journal, Mapped, Next};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// An order with two lines, as WooCommerce sends it, has about this size.
const BODY_BYTES: usize = 5 * 1024;
const CLIENTS: [usize; 3] = [1, 8, 64];
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments
        .iter()
        .position(|it| it == "--seconds")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(2.0);
    let turn = Duration::from_secs_f64(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let plain = in_folder(|dir| plain_appends(&runtime, dir, clients, turn));
            let journal = in_folder(|dir| journal_accepts(&runtime, dir, clients, turn));
            rounds.push((journal / plain, plain, journal));
        }
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.push((clients, rounds[ROUNDS / 2]));
    }
    let roads = in_folder(|dir| roads(&runtime, dir, 64, turn));
    report(&rows, roads, arguments.iter().any(|it| it == "--json"));
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[(usize, (f64, f64, f64))], roads: f64, json: bool) {
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(clients, (ratio, plain, journal))| {
                serde_json::json!({
                    "clients": clients,
                    "plain_per_s": plain.round(),
                    "journal_per_s": journal.round(),
                    "ratio": (ratio * 100.0).round() / 100.0,
                })
            })
            .collect();
        let all = serde_json::json!({ "accepts": rows, "whole_roads_per_s": roads.round() });
        println!("{all}");
        return;
    }
    println!("durable accepts of {BODY_BYTES} bytes, median of {ROUNDS} rounds");
    println!("clients   plain append + fdatasync/s   journal/s   ratio");
    for (clients, (ratio, plain, journal)) in rows {
        println!("{clients:>7} {plain:>28.0} {journal:>11.0} {ratio:>7.2}");
    }
    println!("events through all their steps (3 commits each), 64 at a time: {roads:.0}/s");
}

fn in_folder(measure: impl FnOnce(&Path) -> f64) -> f64 {
    // Beside the build and not in /tmp, which may be memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    measure(dir.path())
}

/// Runs `clients` loops of `work` for `turn`; gives the number of rounds per second.
fn measure<F, W>(runtime: &Runtime, clients: usize, turn: Duration, work: W) -> f64
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(u64) -> F + Clone + Send + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (next, work) = (Arc::clone(&next), work.clone());
            runtime.spawn(async move {
                while begun.elapsed() < turn {
                    work(next.fetch_add(1, Ordering::Relaxed)).await;
                }
            })
        })
        .collect();
    for client in clients {
        runtime.block_on(client).expect("a client ends by itself");
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds' work is far below 2^52")]
    let done = next.load(Ordering::Relaxed) as f64;
    done / begun.elapsed().as_secs_f64()
}

fn body() -> Bytes {
    let line = br#"{"id":27,"name":"Camiseta \u201cB\u00e1sica\u201d","total":"254.56"},"#;
    Bytes::from(line.iter().copied().cycle().take(BODY_BYTES).collect::<Vec<u8>>())
}

/// The yardstick.
fn plain_appends(runtime: &Runtime, dir: &Path, clients: usize, turn: Duration) -> f64 {
    type Job = (Bytes, oneshot::Sender<()>);
    let (queue, mut jobs) = mpsc::channel::<Job>(1024);
    let mut file = File::create(dir.join("log")).expect("a file can be made");
    let writer = std::thread::spawn(move || {
        let mut buffer = Vec::new();
        let mut replies = Vec::new();
        while let Some(first) = jobs.blocking_recv() {
            buffer.clear();
            let mut job = Some(first);
            while let Some((body, reply)) = job {
                let length = u32::try_from(body.len()).expect("bodies are small");
                buffer.extend_from_slice(&length.to_be_bytes());
                buffer.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
                buffer.extend_from_slice(&body);
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
    let body = body();
    let rate = measure(runtime, clients, turn, move |_| {
        let (queue, body) = (queue.clone(), body.clone());
        async move {
            let (reply, answer) = oneshot::channel();
            queue.send((body, reply)).await.expect("the writer lives");
            answer.await.expect("the writer answers");
        }
    });
    writer.join().expect("the writer ends with its queue");
    rate
}

fn event(n: u64, body: &Bytes) -> (NewEvent, [u8; 32]) {
    let event = NewEvent {
        id: EventId::fresh(),
        correlation_id: format!("c-{n}"),
        merchant: "acme".into(),
        connection: "shop".into(),
        topic: "order.updated".into(),
        resource_key: format!("order/{n}"),
        version: Some(Timestamp::UNIX_EPOCH),
        received_at: Timestamp::now(),
        body: body.clone(),
    };
    let mut fingerprint = [0x5a; 32];
    fingerprint[..8].copy_from_slice(&n.to_be_bytes());
    (event, fingerprint)
}

fn journal_accepts(runtime: &Runtime, dir: &Path, clients: usize, turn: Duration) -> f64 {
    let journal = Journal::open(dir).expect("a new journal opens");
    let body = body();
    measure(runtime, clients, turn, move |n| {
        let (journal, body) = (journal.clone(), body.clone());
        async move {
            let (event, fingerprint) = event(n, &body);
            journal.accept(event, fingerprint).await.expect("there is room");
        }
    })
}

/// Accepted, read back, mapped into a document of 2 KB, delivered: what the road asks of the
/// journal for one event.
fn roads(runtime: &Runtime, dir: &Path, clients: usize, turn: Duration) -> f64 {
    let journal = Journal::open(dir).expect("a new journal opens");
    let body = body();
    let document = serde_json::value::to_raw_value(&"x".repeat(2000)).expect("text is JSON");
    measure(runtime, clients, turn, move |n| {
        let (journal, body, document) = (journal.clone(), body.clone(), document.clone());
        async move {
            let (event, fingerprint) = event(n, &body);
            let accepted = journal.accept(event, fingerprint).await.expect("there is room");
            let mapwright::journal::Acceptance::Accepted { seq } = accepted else {
                unreachable!("every event is new")
            };
            let route = "orders".to_owned();
            let read = journal.event(seq).expect("it reads back").expect("it is there");
            let document = Document {
                entity: "sale".into(),
                key: format!("acme:{n}"),
                operation: Operation::Upsert,
                body: document,
                attributes: Vec::new(),
            };
            let digest = "0".repeat(64);
            let receipt = Receipt {
                capability: "field_mapping".into(),
                plugin: "woo-order-summary".into(),
                version: "1.0.0".into(),
                digest: digest.clone(),
                settings_digest: digest.clone(),
                output_digest: digest,
                fuel: 1_000_000,
                memory_bytes: 1 << 20,
                duration_us: 200,
            };
            let step = Mapped {
                seq,
                route: route.clone(),
                receipts: vec![receipt],
                documents: vec![document],
                checkpoint: Some("{}".into()),
                status: Some("processing".into()),
                at: read.received_at,
            };
            journal.mapped(step).await.expect("it is open");
            let target_id = format!("T-{n}");
            let step = DocumentDelivered {
                seq,
                route,
                ordinal: 0,
                target_id: Some(target_id.clone()),
                attempt: AttemptRecord {
                    ordinal: 0,
                    no: 1,
                    at: read.received_at,
                    duration_us: 900,
                    outcome: "delivered".into(),
                    detail: String::new(),
                },
                identities: vec![Identity {
                    merchant: "acme".into(),
                    connection: "erp".into(),
                    entity: "sale".into(),
                    key: format!("acme:{n}"),
                    target_id,
                }],
                next: Next::EndDelivered,
                closes_event: true,
            };
            journal.document_delivered(step).await.expect("it is mapped");
        }
    })
}
