//! A shop that loops: the same order again and again, each time a little different.

use std::time::{Duration, Instant};

use mapwright::journal::State::Delivered;
use mapwright_tests::shop::{Delivery, order};
use serde_json::json;

use super::Desk;

/// What reading an order does to it in a shop that loops: another second, nothing else.
fn touched(number: u64, second: u32) -> Delivery {
    let mut order = order(number);
    order["date_modified_gmt"] = json!(format!("2026-11-22T03:00:{second:02}"));
    Delivery::signed("order.updated", &order.to_string())
}

/// Three bodies in three seconds are one order's share.
fn small_share(toml: String) -> String {
    let key = "resource_share = { bodies_max = 3, window_s = 3 }\nwebhook_secret = ";
    toml.replace("webhook_secret = ", key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_reported_and_slowed_and_nothing_of_it_is_lost() {
    let desk = Desk::with(small_share).await;
    let began = Instant::now();
    for second in 0..8 {
        desk.shop.send(&touched(5, second)).await.accepted();
    }
    // Another order of the same shop does not wait for it.
    desk.shop.send(&touched(6, 0)).await.accepted();
    let ready = desk.host.ready().await;
    let noisy = &ready["noisy_resources"][0];
    assert_eq!(
        (noisy["merchant"].as_str(), noisy["resource"].as_str()),
        (Some("acme"), Some("order/5"))
    );
    assert_eq!(ready["noisy_resources"].as_array().unwrap().len(), 1, "{ready:#}");
    let (_, metrics) = desk.host.get("/metrics").await;
    assert!(metrics.contains("mapwright_noisy_resources 1"), "{metrics}");
    desk.host.settle().await;
    assert_eq!(desk.states(), [Delivered; 9]);
    // At one in a second, eight take a while; how long depends on when the first ones went.
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
    let seconds: Vec<_> = desk.bodies().into_iter().filter(|body| body["id"] == 5).collect();
    let seconds: Vec<_> =
        seconds.iter().map(|body| body["date_modified_gmt"].as_str().unwrap()).collect();
    let mut sorted = seconds.clone();
    sorted.sort_unstable();
    assert_eq!((seconds.len(), &seconds), (8, &sorted));
    let other = desk.bodies().iter().position(|body| body["id"] == 6).unwrap();
    assert!(other < 8, "the other order came before the loop had ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_of_identical_bodies_is_one_event_and_is_reported_too() {
    let desk = Desk::with(small_share).await;
    for _ in 0..8 {
        desk.shop.send(&touched(5, 0)).await;
    }
    let ready = desk.host.ready().await;
    assert_eq!(ready["noisy_resources"][0]["resource"], "order/5", "{ready:#}");
    desk.host.settle().await;
    assert_eq!(desk.bodies().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_orders_at_once_are_no_loop() {
    let desk = Desk::with(small_share).await;
    for number in 1..20 {
        desk.shop.send(&Delivery::order(number)).await.accepted();
    }
    assert_eq!(desk.host.ready().await["noisy_resources"], json!([]));
}
