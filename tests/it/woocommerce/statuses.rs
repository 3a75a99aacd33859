//! Orders that are none yet: drafts never leave the host, `pending` when the route says so.

use mapwright::journal::State::{Delivered, Skipped};
use mapwright_tests::host::faults;
use mapwright_tests::shop::Delivery;

use super::{Desk, is_skipped};

fn with_key(toml: String, key: &str) -> String {
    toml.replace("field_mapping = ", &format!("{key}\nfield_mapping = "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_never_reaches_the_erp_whatever_the_plugin_thinks() {
    let desk = Desk::open().await;
    for (name, status) in [
        ("068-order-autodraft-order-created", "auto-draft"),
        ("070-order-checkoutdraft-order-created", "checkout-draft"),
    ] {
        desk.captured(name).await.accepted();
        is_skipped(&desk.last(), &[status, "skip_statuses"]);
        assert!(desk.last().receipts.is_empty(), "no plugin was asked");
    }
    assert!(desk.erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_becomes_an_order_is_delivered() {
    let desk = Desk::open().await;
    let draft = Delivery::captured("070-order-checkoutdraft-order-created");
    desk.send(&draft).await.accepted();
    let placed = String::from_utf8(draft.body).unwrap().replace("checkout-draft", "processing");
    // Within the same second: the draft must not stand in its way.
    desk.send(&Delivery::signed("order.updated", &placed)).await.accepted();
    assert_eq!(desk.states(), [Skipped, Delivered]);
    assert_eq!(desk.bodies()[0]["status"], "processing");
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_is_kept_back_where_the_route_says_so_and_goes_out_when_it_is_paid() {
    let key = r#"skip_statuses = ["auto-draft", "checkout-draft", "pending"]"#;
    let desk = Desk::with(|toml| with_key(toml, key)).await;
    desk.captured("032-order-br-pending-order-created").await.accepted();
    is_skipped(&desk.last(), &["order/25", "pending"]);
    desk.captured("076-status-processing-order-updated").await.accepted();
    assert_eq!(desk.states(), [Skipped, Delivered]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_has_is_told_of_every_status() {
    let desk = Desk::with(|toml| with_key(toml, r#"skip_statuses = ["pending"]"#)).await;
    let paid = Delivery::captured("076-status-processing-order-updated");
    desk.send(&paid).await.accepted();
    let back = String::from_utf8(paid.body).unwrap();
    let back = back.replace(r#""status":"processing""#, r#""status":"pending""#);
    let back = back.replace("2026-11-22T02:17:03", "2026-11-22T02:17:04");
    desk.send(&Delivery::signed("order.updated", &back)).await.accepted();
    assert_eq!(desk.states(), [Delivered, Delivered]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_may_take_drafts_if_it_says_so() {
    let desk = Desk::with(|toml| with_key(toml, "skip_statuses = []")).await;
    desk.captured("070-order-checkoutdraft-order-created").await.accepted();
    assert_eq!(desk.last().state, Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_as_the_database_spells_it_is_refused_with_the_right_one() {
    let desk = Desk::with(|toml| with_key(toml, r#"skip_statuses = ["wc-pending"]"#)).await;
    let said = faults(&desk.host.ready().await);
    assert!(said[0].contains("wc-pending") && said[0].contains("`pending`"), "{said:?}");
}
