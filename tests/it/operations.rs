//! What whoever runs the host sees: health, numbers, logs, and an end on request.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use mapwright::journal::{Journal, State};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};

/// Samples by name and labels, as they stand in the text.
fn numbers(metrics: &str) -> BTreeMap<String, f64> {
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    metrics.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_those_of_what_was_sent() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let shop = host.shop("acme");
    erp.trouble(|n, _| match n {
        0 => Some(Trouble::Status(503)),
        2 => Some(Trouble::Status(422)),
        _ => None,
    });
    for order in 1..=5 {
        shop.send(&Delivery::order(order)).await.accepted();
        host.settle().await;
    }
    shop.send(&Delivery::order(5)).await; // a duplicate
    shop.send(&Delivery::captured("001-register-ping")).await;
    // A status that the host lets through and the plugin does not.
    let draft = Delivery::captured("070-order-checkoutdraft-order-created").body;
    let draft = String::from_utf8(draft).unwrap().replace("checkout-draft", "draft");
    shop.send(&Delivery::signed("order.created", &draft)).await.accepted();
    shop.send(&Delivery::captured("003-products-product-created")).await.accepted();
    shop.send(&Delivery::captured("108-order-apiver-order-created")).await; // a signed error
    host.shop("nobody").send(&Delivery::order(9)).await;
    host.settle().await;

    let (status, text) = host.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "it is whole OpenMetrics");
    let numbers = numbers(&text);
    let started = numbers["mapwright_started_seconds"];
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((now - 3600.0..now).contains(&started), "{started}");
    for (sample, value) in [
        ("mapwright_intake_total{outcome=\"accepted\"}", 7.0),
        ("mapwright_intake_total{outcome=\"duplicate\"}", 1.0),
        ("mapwright_intake_total{outcome=\"ping\"}", 1.0),
        ("mapwright_intake_total{outcome=\"quarantined\"}", 1.0),
        ("mapwright_intake_total{outcome=\"refused\"}", 1.0),
        ("mapwright_intake_total{outcome=\"unavailable\"}", 0.0),
        ("mapwright_passages_total{outcome=\"delivered\"}", 4.0),
        ("mapwright_passages_total{outcome=\"dead_letter\"}", 1.0),
        ("mapwright_passages_total{outcome=\"skipped\"}", 1.0),
        ("mapwright_passages_total{outcome=\"unrouted\"}", 1.0),
        ("mapwright_mappings_total{outcome=\"mapped\"}", 5.0),
        ("mapwright_mappings_total{outcome=\"skipped\"}", 1.0),
        ("mapwright_attempts_total{outcome=\"delivered\"}", 4.0),
        ("mapwright_attempts_total{outcome=\"retry\"}", 1.0),
        ("mapwright_attempts_total{outcome=\"rejected\"}", 1.0),
        ("mapwright_passage_seconds_count", 6.0),
        ("mapwright_backlog", 0.0),
        ("mapwright_in_flight", 0.0),
        ("mapwright_config_faults", 0.0),
    ] {
        assert_eq!(numbers.get(sample), Some(&value), "{sample} in\n{text}");
    }
    assert!(numbers["mapwright_plugin_fuel_total"] > 1000.0, "{text}");

    assert_eq!(host.get("/healthz").await, (200, "ok\n".to_owned()));
    let ready = host.ready().await;
    assert_eq!((&ready["status"], &ready["journal"]["writable"]), (&"ready".into(), &true.into()));
    let counts = &ready["journal"]["counts"];
    assert_eq!((&counts["events"], &counts["dead_letters"]), (&7.into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_carry_the_correlation_id_from_ingress_to_the_erp() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| (n == 0).then_some(Trouble::Status(503)));
    let mut served = Served::start(&folder);
    let address = served.address().await;
    let delivery = Delivery::order(1).with("x-correlation-id", "till-4711");
    Shop::of("acme", address).send(&delivery).await.accepted();
    until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    let (_, log) = served.terminate().await;
    assert!(log.iter().all(serde_json::Value::is_object), "each line is JSON: {log:#?}");
    let told: Vec<&str> = log
        .iter()
        .filter(|line| line["correlation.id"] == "till-4711")
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["accepted", "waits", "delivered"], "{log:#?}");
    assert!(erp.arrivals().iter().all(|arrival| arrival.correlation_id == "till-4711"));
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains(mapwright_tests::shop::SECRET), "no secret is ever logged");
    assert!(!text.contains("joao.silva"), "nor who the customer is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_stop_finishes_what_is_in_hand_and_ends_well() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Slow(Duration::from_secs(2))));
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&Delivery::order(1)).await.accepted();
    until("it is on its way", async || (erp.arrivals().len() == 1).then_some(())).await;
    let (status, log) = served.terminate().await;
    assert!(status.success(), "{status:?} {log:#?}");
    let journal = Journal::open(&folder.data()).unwrap();
    assert_eq!(rows(&journal, "acme")[0].state, State::Delivered, "the answer was waited for");
    assert_eq!(erp.documents("acme")[0].times, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_never_finishes_does_not_keep_the_host_from_stopping() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let file = std::fs::read_to_string(folder.dir().join("mapwright.toml")).unwrap();
    folder.write("mapwright.toml", format!("shutdown_ms = 1500\n{file}"));
    let mut served = Served::start(&folder);
    let address = served.address().await;
    // One that only connects, one that stops in its headers, one that stops in its body.
    let mut senders = Vec::new();
    for said in [
        "",
        "POST /hooks/acme/shop HTTP/1.1\r\nHost: x\r\n",
        "POST /hooks/acme/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ] {
        let mut sender = std::net::TcpStream::connect(address).unwrap();
        sender.write_all(said.as_bytes()).unwrap();
        senders.push(sender);
    }
    // Whoever is behind them in the queue has been heard, so they have been heard too.
    Shop::of("acme", address).send(&Delivery::order(1)).await.accepted();
    let asked = Instant::now();
    let (status, log) = served.terminate().await;
    assert!(status.success(), "{status:?} {log:#?}");
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?} {log:#?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_turns_senders_away_until_there_is_room_and_loses_nothing() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let shop = host.shop("acme");
    shop.send(&Delivery::order(0)).await.accepted();
    host.settle().await;
    // SQLite takes the size it has when told to stay below it.
    host.journal().limit_pages(Some(1)).await.unwrap();
    let (mut taken, mut refused) = (1, 0);
    for order in 1..200 {
        let reply = shop.send(&Delivery::order(order)).await;
        match reply.status {
            200 => taken += 1,
            503 => {
                assert!(reply.retry_after.is_some(), "{reply:?}");
                refused += 1;
            }
            _ => panic!("{reply:?}"),
        }
    }
    assert!(refused > 100, "{taken} were taken");
    assert_eq!(host.get("/healthz").await.0, 200, "it lives");
    let (status, text) = host.get("/readyz").await;
    assert_eq!(status, 503, "and cannot work: {text}");
    host.journal().limit_pages(None).await.unwrap();
    assert_eq!(host.get("/readyz").await.0, 200);
    for order in 1..200 {
        let reply = shop.send(&Delivery::order(order)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 200);
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}
