//! Files change under a running host: what is good takes effect, what is broken leaves the last good
//! state at work and is said aloud, and no order notices.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mapwright::journal::State;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, merchant_toml, until};
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

fn no_faults(ready: &Value) -> bool {
    ready["status"] == "ready" && ready["faults"].as_array().is_some_and(Vec::is_empty)
}

/// The messages of all faults, with the places they name.
fn faults(ready: &Value) -> Vec<String> {
    let faults = ready["faults"].as_array().unwrap();
    let shown = |fault: &Value| {
        let (path, line) = (fault["path"].as_str().unwrap(), &fault["line"]);
        format!("{path}:{line}: {}", fault["message"].as_str().unwrap())
    };
    faults.iter().map(shown).collect()
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
    assert_eq!(plugin(&ready, "acme")["state"], "active");
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
async fn an_edited_merchant_file_takes_effect_for_what_comes_and_what_waits() {
    let (folder, erp, host) = one_merchant().await;
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    // First to where nobody listens, so that something waits for the file to change.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.write(&path, merchant_toml("acme", nobody, PLUGIN));
    let mut order = 0;
    until("an order has been tried in vain", async || {
        order += 1;
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
        tokio::time::sleep(Duration::from_millis(100)).await;
        host.rows("acme")
            .iter()
            .any(|row| row.attempts.iter().any(|a| a.outcome == "retry"))
            .then_some(())
    })
    .await;
    folder.write(&path, file.replace("/acme/{entity}", "/acme/moved/{entity}"));
    host.settle().await;
    host.shop("acme").send(&Delivery::order(order + 1)).await.accepted();
    host.settle().await;
    let moved =
        |kept: &&mapwright::delivery::sandbox::Kept| kept.path == "/acme/moved/order_summary";
    let documents = erp.documents("acme");
    let keys: Vec<_> = documents.iter().filter(moved).map(|kept| kept.key.clone()).collect();
    let [waited, came] = [order, order + 1].map(|number| format!("order/{number}"));
    assert!(keys.contains(&waited) && keys.contains(&came), "{documents:?}");
    assert_eq!(documents.len() as u64, order + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typo_keeps_the_last_good_file_and_is_named_with_its_line_and_the_nearest_key() {
    let (folder, erp, host) = one_merchant().await;
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    let line = 1 + file.lines().position(|line| line.starts_with("field_mapping")).unwrap();
    folder.write(&path, file.replace("field_mapping =", "feild_mapping ="));
    let ready = host.until_ready("the typo is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains(&format!("acme/merchant.toml:{line}: ")), "{said:?}");
    assert!(said[0].contains("did you mean `field_mapping`?"), "{said:?}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
    folder.write(&path, file);
    host.until_ready("it is mended", no_faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_a_key_twice_keeps_the_last_good_one_and_names_both_lines() {
    let (folder, erp, host) = one_merchant().await;
    let table = folder.of("acme", "lookups/prices.csv");
    folder.write(&table, "sku,price\nA,1\nB,2\n");
    folder.write(&table, "sku,price\nA,1\nB,2\nA,3\n");
    let ready = host.until_ready("the key is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains("prices.csv:4: key `A` stands already in"), "{said:?}");
    assert!(said[0].contains("prices.csv:2"), "{said:?}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
    folder.write(&table, "sku,price\nA,3\nB,2\n");
    host.until_ready("it is mended", no_faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_is_used_by_the_next_order() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let component = fs::read(built("woo-order-to-tryton")).unwrap();
    folder.merchant_with("acme", erp.address(), "woo-order-to-tryton", &component);
    folder.write(folder.of("acme", "lookups/taxes.csv"), "rate,tax\n7,Another\n");
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let row = &host.rows("acme")[0];
    assert_eq!((row.state, row.cause.as_deref()), (State::Dead, Some("rejected")));
    assert!(row.detail.as_deref().unwrap().contains("tax_unknown"), "{row:#?}");

    folder.write(folder.of("acme", "lookups/taxes.csv"), "rate,tax\n18,ICMS 18%\n");
    let mut order = 1;
    until("an order is mapped with the new table", async || {
        order += 1;
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
        tokio::time::sleep(Duration::from_millis(200)).await;
        erp.arrivals().iter().any(|a| a.path == "/acme/party").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_break_the_schema_leave_the_route_as_it_was() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let mut guest = Guest::echo("strict");
    guest.settings_schema =
        r#"{"type":"object","properties":{"digits":{"type":"integer"}},"additionalProperties":false}"#
            .to_owned();
    folder.merchant_with("acme", erp.address(), "strict", &guest.component());
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    folder.write(&path, format!("{file}settings = {{ digits = 2 }}\n"));
    let host = TestHost::start(&folder).await;
    folder.write(&path, format!("{file}settings = {{ digits = \"two\" }}\n"));
    let ready = host.until_ready("the fault is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains("[routes.orders]") && said[0].contains("settings/digits"), "{said:?}");
    assert_eq!(ready["merchants"]["acme"]["routes"]["orders"]["available"], true);
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(host.rows("acme")[0].state, State::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_comes_while_the_host_runs_is_served_and_one_that_goes_waits() {
    let (folder, erp, host) = one_merchant().await;
    folder.merchant("bazar", erp.address());
    host.until_ready("the new merchant is there", |r| {
        no_faults(r) && r["merchants"]["bazar"]["routes"]["orders"]["available"] == true
    })
    .await;
    host.shop("bazar").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 1);

    // Its orders wait for a plugin; then all of the merchant is moved away, and back.
    folder.remove(folder.plugin("bazar", PLUGIN));
    host.until_ready("its route waits", |r| !no_faults(r)).await;
    host.shop("bazar").send(&Delivery::order(2)).await.accepted();
    let (here, away) = (folder.of("bazar", ""), folder.dir().join("bazar-away"));
    fs::rename(&here, &away).unwrap();
    host.until_ready("it is gone", |r| r["merchants"].get("bazar").is_none()).await;
    assert_eq!(host.shop("bazar").send(&Delivery::order(3)).await.status, 404);
    assert_eq!(host.journal().counts().unwrap().open, 1);
    fs::rename(&away, &here).unwrap();
    folder.install("bazar", PLUGIN);
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 2);
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
