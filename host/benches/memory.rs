//! Resident memory of a real `mapwright serve`: idle, with many plugins, with a long journal.
//!
//! The host is a child process (the binary of this build), so nothing of the bench counts. *Idle*
//! is two merchants with a plugin each, after a few orders have gone through. *Plugins* is as many
//! distinct plugins as wanted, made distinct by a custom section, in ten merchants. *Journal* sends
//! orders along the whole road and looks at the memory again after many times as many. Linux only:
//! it reads `/proc`. `--plugins N` (each is compiled, so a thousand take minutes), `--events N`,
//! `--json`; `--plugin FILE` for another build of the plugin.

#[path = "support/served.rs"]
mod served;
mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::served::Served;
use self::shop::{CONNECTIONS, Orders, sink};

/// What the first look at the journal's memory comes after.
const EVENTS_FEW: usize = 2_000;
/// Sent at a time; all of them are held here, not in the host.
const CHUNK: usize = 5_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number =
        |name: &str, usual: usize| given(name).and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (plugins, events) = (number("--plugins", 1_000), number("--events", 200_000));
    let plugin = match given("--plugin") {
        Some(file) => std::fs::read(file).expect("the plugin is there"),
        None => shop::plugin("woo-order-summary"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let json = arguments.iter().any(|argument| argument == "--json");
    // What is known is said at once: a thousand plugins take minutes to be compiled.
    runtime.block_on(async {
        report(&journal(&plugin, events).await, json);
        if plugins > 0 {
            report(&many_plugins(&plugin, plugins).await, json);
        }
    });
}

/// What was looked at, and the megabytes found.
type Row = (String, f64);

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn report(rows: &[Row], json: bool) {
    if json {
        let rows: serde_json::Map<String, serde_json::Value> =
            rows.iter().map(|(what, mb)| (what.clone(), mb.round().into())).collect();
        println!("{}", serde_json::json!({ "resident_mb": rows }));
        return;
    }
    for (what, mb) in rows {
        println!("{mb:>6.0} MB  {what}");
    }
}

/// Two merchants: idle, after a few thousand events and after many.
async fn journal(plugin: &[u8], events: usize) -> Vec<Row> {
    let sunk = Arc::new(AtomicU64::new(0));
    let sink = sink(Arc::clone(&sunk)).await;
    let dir = folder();
    for merchant in ["acme", "padaria"] {
        let merchant = dir.path().join("merchants").join(merchant);
        shop::merchant(&merchant, sink, &[("woo-order-summary", plugin)]);
    }
    let host = Served::start(dir.path(), "");
    let mut rows =
        vec![("two merchants, idle, nothing received yet".to_owned(), host.resident_mb())];
    let mut sent = 0;
    for (until, looked) in [(10, "after 10"), (EVENTS_FEW, ""), (events, "")] {
        while sent < until {
            let end = until.min(sent + CHUNK);
            let orders = Arc::new(Orders::captured(100_000 + sent..100_000 + end));
            orders.send(CONNECTIONS, host.address, "/hooks/acme/shop").await;
            sent = end;
            settled(&sunk, sent).await;
        }
        // Whatever a burst needed is given back by now, and the plugin that was found looked over with large orders.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let what = match looked {
            "" => format!("after {until} events of 4.5 KB along the whole road"),
            _ => format!("two merchants, idle, {looked} events"),
        };
        rows.push((what, host.resident_mb()));
    }
    rows
}

async fn settled(sunk: &AtomicU64, sent: usize) {
    let begun = Instant::now();
    while sunk.load(Ordering::Relaxed) < sent as u64 {
        assert!(begun.elapsed() < Duration::from_secs(300), "the road is blocked");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A host with so many plugins that no two are alike.
async fn many_plugins(plugin: &[u8], count: usize) -> [Row; 2] {
    const MERCHANTS: usize = 10;
    let sink = sink(Arc::default()).await;
    let dir = folder();
    for merchant in 0..MERCHANTS {
        let plugins: Vec<(String, Vec<u8>)> = (0..count.div_ceil(MERCHANTS))
            .map(|number| {
                let name = format!("rules-{number}");
                (name, marked(plugin, &format!("merchant {merchant}, rules {number}")))
            })
            .collect();
        let plugins: Vec<(&str, &[u8])> =
            plugins.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let folder = dir.path().join(format!("merchants/merchant-{merchant}"));
        shop::merchant(&folder, sink, &plugins);
    }
    let size = plugin.len().div_ceil(1024);
    // The first start compiles them; the second is what every other one is like.
    ["first", "second"].map(|which| {
        let host = Served::start(dir.path(), "");
        std::thread::sleep(Duration::from_secs(5));
        let took = host.took.as_secs_f64();
        let what = format!(
            "{count} distinct plugins of {size} KB, {which} start (listens in {took:.1} s)"
        );
        (what, host.resident_mb())
    })
}

/// The same component with a custom section more: another file to everybody.
fn marked(component: &[u8], mark: &str) -> Vec<u8> {
    let name = b"mark";
    let length = u8::try_from(1 + name.len() + mark.len()).expect("marks are short");
    assert!(length < 0x80, "a length of one byte");
    let mut marked = component.to_vec();
    marked.extend_from_slice(&[0, length, 4]);
    marked.extend_from_slice(name);
    marked.extend_from_slice(mark.as_bytes());
    marked
}

fn folder() -> tempfile::TempDir {
    // Beside the build and not in /tmp, which may be memory.
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made")
}
