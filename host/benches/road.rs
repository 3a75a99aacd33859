//! Events end to end per second, everything in one process: the load generator, the host, the ERP.
//!
//! Signed orders, each another one, come over 64 connections that stay open, are made durable,
//! mapped in the sandbox by `woo-order-summary`, sent by HTTP to a sink, and recorded as delivered.
//! The host has done some already when the clock starts (and looked over the plugin it found); it stops
//! when the journal has no open event left. The yardstick in the same run is the
//! least such a thing can be: the same HTTP in, signature checked, the same rules compiled natively,
//! the same HTTP out, nothing durable and nothing isolated. Both use two threads for the executor.
//! `--events N`, `--rounds N`, `--json`; `--plugin FILE` for another build of the plugin.

mod shop;
#[path = "support/stolen.rs"]
mod stolen;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use base64::Engine as _;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use mapwright::host::Host;
use mapwright::journal::Journal;
use mapwright_guest::{Exports, Mapped, MappingInput, TransformFn};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use woo_order_summary::OrderSummary;

use self::shop::{CONNECTIONS, Orders, SECRET, sink};
use self::stolen::Since;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Orders that go before those that are measured.
const BEFORE: usize = 2_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let events = given("--events").and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let rounds: usize = given("--rounds").and_then(|n| n.parse().ok()).unwrap_or(3);
    let plugin = match given("--plugin") {
        Some(file) => std::fs::read(file).expect("the plugin is there"),
        None => shop::plugin("woo-order-summary"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let orders = Arc::new(Orders::captured(100_000..100_000 + events));
    let before = Arc::new(Orders::captured(10_000..10_000 + BEFORE));
    let mut measured: Vec<Round> = (0..rounds)
        .map(|_| {
            let native = runtime.block_on(native_loop(&before, &orders));
            let since = Since::now();
            let (accepted, ended) = runtime.block_on(whole_road(&before, &orders, &plugin));
            Round { native, accepted, ended, stolen: since.share() }
        })
        .collect();
    measured.sort_by(|a, b| a.ended.total_cmp(&b.ended));
    report(&measured, events, arguments.iter().any(|argument| argument == "--json"));
}

/// Events per second.
struct Round {
    native: f64,
    /// Until the last was answered.
    accepted: f64,
    /// Until the last had ended.
    ended: f64,
    /// The share of the processors that others took from the host meanwhile.
    stolen: f64,
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rounds: &[Round], events: usize, json: bool) {
    let middle = &rounds[rounds.len() / 2];
    if json {
        let rounds: Vec<_> = rounds
            .iter()
            .map(|round| {
                serde_json::json!({
                    "native_per_s": round.native.round(),
                    "accepted_per_s": round.accepted.round(),
                    "ended_per_s": round.ended.round(),
                    "stolen": round.stolen,
                })
            })
            .collect();
        println!("{}", serde_json::json!({ "events": events, "rounds": rounds }));
        return;
    }
    println!(
        "{events} events over {CONNECTIONS} connections; {} rounds, slowest first",
        rounds.len()
    );
    println!("native loop/s   accepted/s   ended/s   ended / native   stolen by others");
    for round in rounds {
        println!(
            "{:>13.0} {:>12.0} {:>9.0} {:>16.2} {:>16.0} %",
            round.native,
            round.accepted,
            round.ended,
            round.ended / round.native,
            round.stolen * 100.0
        );
    }
    println!("median: {:.0} events/s end to end", middle.ended);
}

/// The host with one merchant; gives events per second until the last was answered, and until the
/// last had ended.
async fn whole_road(before: &Arc<Orders>, orders: &Arc<Orders>, plugin: &[u8]) -> (f64, f64) {
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = sink(Arc::clone(&sunk)).await;
    // Beside the build and not in /tmp, which may be memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    shop::write(&dir.path().join("mapwright.toml"), b"listen = \"127.0.0.1:0\"\n");
    let acme = dir.path().join("merchants/acme");
    shop::merchant(&acme, sink, &[("woo-order-summary", plugin)]);
    let host = Host::open(dir.path()).await.expect("the host opens");
    let (address, journal) = (host.address(), host.journal());
    let stop = CancellationToken::new();
    let serving = tokio::spawn(host.serve(stop.clone()));

    orders_end(before, address, &journal, before.requests.len(), &sunk).await;
    let all = before.requests.len() + orders.requests.len();
    let (accepting, ending) = orders_end(orders, address, &journal, all, &sunk).await;
    let counts = journal.counts().expect("the journal is read");
    assert_eq!((counts.delivered, counts.dead_letters, counts.quarantined), (all as u64, 0, 0));
    stop.cancel();
    serving.await.expect("the host ends by itself").expect("the host ends well");
    (per_second(orders, accepting), per_second(orders, ending))
}

/// How long it takes until the last of these is answered, and until the last of `all` has ended.
async fn orders_end(
    orders: &Arc<Orders>,
    to: SocketAddr,
    journal: &Journal,
    all: usize,
    sunk: &AtomicU64,
) -> (Duration, Duration) {
    let begun = Instant::now();
    let accepting = orders.send(CONNECTIONS, to, "/hooks/acme/shop").await;
    while sunk.load(Ordering::Relaxed) < all as u64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "the road is blocked");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    while !journal.open_events("acme", 0, 1).expect("the journal is read").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(300), "an event does not end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (accepting, begun.elapsed())
}

/// What the native loop works with.
#[derive(Clone)]
struct Native {
    client: reqwest::Client,
    url: Arc<str>,
    transform: TransformFn,
    key: Hmac<Sha256>,
}

/// HTTP in, mapped natively, HTTP out.
async fn native_loop(before: &Arc<Orders>, orders: &Arc<Orders>) -> f64 {
    let sink = sink(Arc::default()).await;
    // As the host does; the second time it is chosen already.
    rustls::crypto::ring::default_provider().install_default().ok();
    let native = Native {
        client: reqwest::Client::builder().build().expect("a client can be made"),
        url: format!("http://{sink}/documents").into(),
        transform: OrderSummary::EXPORTED.field_mapping.expect("it maps fields"),
        key: Hmac::new_from_slice(SECRET.as_bytes()).expect("any key will do"),
    };
    let router = axum::Router::new().fallback(native_event).with_state(native);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
    let address = listener.local_addr().expect("a bound listener has an address");
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let serving =
        tokio::spawn(
            async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await },
        );
    before.send(CONNECTIONS, address, "/").await;
    let took = orders.send(CONNECTIONS, address, "/").await;
    stop.cancel();
    serving.await.expect("the loop ends by itself").expect("the loop ends well");
    per_second(orders, took)
}

async fn native_event(State(native): State<Native>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut mac = native.key.clone();
    mac.update(&body);
    let right = mac.finalize().into_bytes();
    let engine = base64::engine::general_purpose::STANDARD;
    let given = headers.get("x-wc-webhook-signature").map(|text| engine.decode(text));
    if !matches!(given, Some(Ok(given)) if given == right.as_slice()) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(payload) = String::from_utf8(body.into()) else { return StatusCode::BAD_REQUEST };
    let context = mapwright_guest::Context {
        resource_key: "order/27".into(),
        ..mapwright_guest::Context::default()
    };
    let input = MappingInput { payload, ..MappingInput::default() };
    let Ok(Mapped::Documents { documents, .. }) = (native.transform)(&context, &input) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    for document in documents {
        let request = native.client.post(&*native.url).body(document.body.get().to_owned());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => drop(answer.bytes().await),
            _ => return StatusCode::BAD_GATEWAY,
        }
    }
    StatusCode::OK
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
fn per_second(orders: &Orders, took: Duration) -> f64 {
    orders.requests.len() as f64 / took.as_secs_f64()
}
