//! Plugins are swapped, broken and taken away under a running host: each order is mapped once by one
//! version, the last good one goes on, and what is wrong is said aloud.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mapwright::journal::State;
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost, faults, no_faults};
use mapwright_tests::plugins::built;
use mapwright_tests::shop::Delivery;
use mapwright_tests::variants::variant;
use serde_json::Value;

const PLUGIN: &str = "woo-order-summary";

async fn one_merchant() -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

/// The first plugin of a merchant, as `/readyz` shows it.
fn plugin<'a>(ready: &'a Value, merchant: &str) -> &'a Value {
    &ready["merchants"][merchant]["plugins"][0]
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_with_a_swap_each_second_every_order_is_mapped_once_by_one_version() {
    const LASTS: Duration = Duration::from_secs(8);
    let versions = ["1.0.0", "1.1.0"];
    let components =
        [built(PLUGIN), variant(PLUGIN, versions[1])].map(|path| fs::read(path).unwrap());
    let (folder, erp, host) = one_merchant().await;
    let enough = Arc::new(AtomicBool::new(false));
    let shops: Vec<_> = (0..4_u64)
        .map(|shop| {
            let (sender, enough) = (host.shop("acme"), Arc::clone(&enough));
            tokio::spawn(async move {
                let mut sent = 0;
                while !enough.load(Ordering::Relaxed) {
                    sender.send(&Delivery::order(shop * 100_000 + sent)).await.accepted();
                    sent += 1;
                    tokio::time::sleep(Duration::from_millis(8)).await;
                }
                sent
            })
        })
        .collect();
    let started = Instant::now();
    let mut swaps = 0;
    while started.elapsed() < LASTS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        swaps += 1;
        folder.write(folder.plugin("acme", PLUGIN), &components[swaps % 2]);
    }
    enough.store(true, Ordering::Relaxed);
    let mut orders = 0;
    for shop in shops {
        orders += shop.await.unwrap();
    }
    host.settle().await;

    let rows = host.rows("acme");
    assert_eq!(rows.len() as u64, orders, "one passage for each order");
    let mut by_version = BTreeMap::new();
    for row in &rows {
        assert_eq!(row.state, State::Delivered, "{row:#?}");
        let [receipt] = row.receipts.as_slice() else { panic!("mapped once: {row:#?}") };
        *by_version.entry((receipt.version.clone(), receipt.digest.clone())).or_insert(0_u64) += 1;
    }
    let seen: Vec<_> = by_version.keys().map(|(version, _)| version.as_str()).collect();
    assert_eq!(seen, versions, "each version is one file, and both did work");
    assert_eq!(erp.arrivals().len() as u64, orders, "each was sent once");
    assert!(erp.documents("acme").iter().all(|kept| kept.times == 1));
    println!("{orders} orders, {swaps} swaps, {by_version:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_plugin_leaves_the_last_good_one_running_and_is_reported_until_mended() {
    let (folder, erp, host) = one_merchant().await;
    let good = fs::read(built(PLUGIN)).unwrap();
    folder.write(folder.plugin("acme", PLUGIN), &good[..good.len() / 2]);
    let ready = host
        .until_ready("the broken file is seen", |r| plugin(r, "acme")["state"] == "last_good")
        .await;
    assert_eq!(ready["status"], "degraded");
    assert_eq!(plugin(&ready, "acme")["version"], "1.0.0");
    let said = faults(&ready);
    assert!(said.len() == 1 && said[0].contains("acme/plugins/woo-order-summary.wasm"), "{said:?}");
    let (_, metrics) = host.get("/metrics").await;
    assert!(metrics.contains("mapwright_config_faults 1"), "{metrics}");

    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(host.rows("acme")[0].receipts[0].version, "1.0.0");

    folder.write(folder.plugin("acme", PLUGIN), &good);
    let ready = host.until_ready("it is mended", no_faults).await;
    assert_eq!(plugin(&ready, "acme")["state"], "ready");
    assert_eq!(erp.documents("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_plugin_a_route_waits_and_its_orders_with_it_until_it_is_back() {
    let (folder, erp, host) = one_merchant().await;
    folder.remove(folder.plugin("acme", PLUGIN));
    let ready = host
        .until_ready("the route waits", |r| {
            r["merchants"]["acme"]["routes"]["orders"]["available"] == false
        })
        .await;
    assert!(faults(&ready)[0].contains("there is no plugins/woo-order-summary.wasm"), "{ready:#}");
    for order in 1..=5 {
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
    }
    let counts = host.journal().counts().unwrap();
    assert_eq!((counts.events, counts.open), (5, 5));
    assert!(erp.arrivals().is_empty());
    folder.install("acme", PLUGIN);
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 5);
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_opening_and_serving_is_not_missed() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let stop = tokio_util::sync::CancellationToken::new();
    let host = mapwright::host::Host::open(folder.dir()).await.unwrap();
    let address = host.address();
    folder.merchant("bazar", erp.address());
    let serving = tokio::spawn(host.serve(stop.clone()));
    mapwright_tests::host::until_ready(address, "the new merchant is there", |r| {
        r["merchants"].get("bazar").is_some()
    })
    .await;
    stop.cancel();
    serving.await.unwrap().unwrap();
}
