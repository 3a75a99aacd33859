//! The same order several times: repeated, renamed, late, out of order, within one second.

use mapwright::journal::State::{Delivered, Skipped};
use mapwright_tests::shop::{Delivery, order};
use serde_json::json;

use super::{Desk, is_skipped};

/// An order at a second, with a note that tells versions apart.
fn version(second: u32, note: &str) -> Delivery {
    let mut order = order(25);
    order["date_modified_gmt"] = json!(format!("2026-11-22T03:00:{second:02}"));
    order["customer_note"] = json!(note);
    Delivery::signed("order.updated", &order.to_string())
}

fn notes(desk: &Desk) -> Vec<String> {
    desk.bodies().iter().map(|body| body["customer_note"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn created_and_updated_with_one_body_are_one_upsert() {
    for (created, updated) in [
        ("034-order-br-paid-order-created", "035-order-br-paid-order-updated"),
        ("117-burst-order-created", "118-burst-order-updated"),
    ] {
        // The Store API delivers them the other way round.
        for pair in [[created, updated], [updated, created]] {
            let desk = Desk::open().await;
            desk.captured(pair[0]).await.accepted();
            let second = desk.captured(pair[1]).await;
            assert_eq!((second.status, second.word("status")), (200, "duplicate"), "{pair:?}");
            assert_eq!(desk.bodies().len(), 1, "{pair:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn created_then_changed_is_one_document_in_its_last_state() {
    let desk = Desk::open().await;
    for name in [
        "032-order-br-pending-order-created",
        "076-status-processing-order-updated",
        "081-order-meta-order-updated",
        "082-status-completed-order-updated",
    ] {
        desk.captured(name).await.accepted();
    }
    let documents = desk.erp.documents("acme");
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    assert!(document.body.get().contains(r#""status":"completed""#), "{document:?}");
    assert_eq!(document.times, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_sent_again_and_again_is_delivered_once() {
    let desk = Desk::open().await;
    let first = desk.captured("080-status-same-order-updated").await.accepted();
    for _ in 0..5 {
        let again = desk.captured("080-status-same-order-updated").await;
        assert_eq!(again.word("status"), "duplicate");
        assert_eq!(again.word("event_id"), first.word("event_id"));
    }
    assert_eq!(desk.bodies().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_not_a_duplicate_for_ever() {
    let desk = Desk::open().await;
    // A status that is set, taken back and set again within a second: the first body once more.
    for note in ["set", "taken back", "set"] {
        desk.send(&version(10, note)).await.accepted();
    }
    assert_eq!(notes(&desk), ["set", "taken back", "set"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_newer_than_its_event_is_taken_as_what_it_is() {
    let desk = Desk::open().await;
    // The shop builds the body when it sends it: `created` says completed already.
    desk.captured("117-burst-order-created").await.accepted();
    assert_eq!(desk.bodies()[0]["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_that_comes_late_is_skipped_and_names_the_newer() {
    let desk = Desk::open().await;
    desk.captured("082-status-completed-order-updated").await.accepted();
    desk.captured("076-status-processing-order-updated").await.accepted();
    is_skipped(&desk.last(), &["order/25", "2026-11-22T02:17:33Z"]);
    // `created` may come after all of it.
    desk.captured("032-order-br-pending-order-created").await.accepted();
    assert_eq!(desk.states(), [Delivered, Skipped, Skipped]);
    assert_eq!(desk.bodies().len(), 1);
    assert_eq!(desk.bodies()[0]["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_replayed_by_who_saw_it_overwrites_nothing() {
    let desk = Desk::open().await;
    // A signature covers the body alone and has no time: an old one stays right.
    let seen = Delivery::captured("076-status-processing-order-updated");
    desk.send(&seen).await.accepted();
    desk.captured("082-status-completed-order-updated").await.accepted();
    desk.send(&seen).await.accepted();
    assert_eq!(desk.states(), [Delivered, Delivered, Skipped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_versions_of_one_second_the_one_received_later_wins() {
    let desk = Desk::open().await;
    desk.send(&version(10, "first")).await.accepted();
    desk.send(&version(10, "second")).await.accepted();
    desk.send(&version(9, "older")).await.accepted();
    assert_eq!(notes(&desk), ["first", "second"]);
    assert_eq!(desk.states(), [Delivered, Delivered, Skipped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_wait_together_are_delivered_in_order_of_receipt_and_none_goes_back() {
    let desk = Desk::open().await;
    desk.erp
        .trouble(|request, _| (request < 2).then_some(mapwright_tests::erp::Trouble::Status(503)));
    for (second, note) in [(10, "a"), (12, "b"), (11, "late"), (12, "c"), (13, "d")] {
        desk.shop.send(&version(second, note)).await.accepted();
    }
    desk.host.settle().await;
    assert_eq!(notes(&desk), ["a", "b", "c", "d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_is_the_gmt_date_whatever_the_shops_time_zone() {
    let desk = Desk::open().await;
    // Clocks go back an hour in the shop's zone: its local date runs backwards, GMT does not.
    for (local, gmt, note) in [
        ("2026-02-21T23:59:00", "2026-02-22T01:59:00", "before"),
        ("2026-02-21T23:01:00", "2026-02-22T02:01:00", "after"),
    ] {
        let mut order = order(25);
        order["date_modified"] = json!(local);
        order["date_modified_gmt"] = json!(gmt);
        order["customer_note"] = json!(note);
        desk.send(&Delivery::signed("order.updated", &order.to_string())).await.accepted();
    }
    assert_eq!(notes(&desk), ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_two_api_versions_for_one_topic_make_one_document() {
    let desk = Desk::open().await;
    desk.captured("107-order-apiver-order-created").await.accepted();
    // The bytes differ by a link to the version of the API; what they say does not.
    for name in ["109-order-apiver-order-created", "110-order-apiver-order-updated"] {
        assert_eq!(desk.captured(name).await.word("status"), "duplicate", "{name}");
    }
    assert_eq!(desk.erp.documents("acme").len(), 1);
}
