//! What stands in the payloads: refunds as ids, variations among products, numbers of every kind.
//!
//! How plugins read them is shown by the SDK's own tests and the golden cases of the example
//! plugins; here it is that nothing is changed on the way to a plugin and from it.

use mapwright::journal::State::Delivered;
use mapwright_tests::shop::{Delivery, order};
use serde_json::json;

use super::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_comes_as_a_change_of_its_order_with_the_refunds_id() {
    let desk = Desk::open().await;
    desk.captured("034-order-br-paid-order-created").await.accepted();
    desk.captured("093-refund-partial-order-updated").await.accepted();
    desk.captured("095-refund-full-order-updated").await.accepted();
    let bodies = desk.bodies();
    assert_eq!(bodies[0]["refunds"], json!([]));
    assert!(bodies[1]["refunds"][0]["id"].is_u64(), "{}", bodies[1]["refunds"]);
    assert_eq!(
        (&bodies[1]["status"], &bodies[2]["status"]),
        (&json!("processing"), &json!("refunded"))
    );
    // The lines stay as they were sold: what went back stands in the refund alone.
    assert_eq!(bodies[0]["line_items"][0]["quantity"], bodies[1]["line_items"][0]["quantity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_line_and_a_removed_one_reach_the_target() {
    let desk = Desk::open().await;
    desk.captured("089-order-lines-order-updated").await.accepted();
    desk.captured("091-order-line-removed-order-updated").await.accepted();
    let lines: Vec<_> =
        desk.bodies().iter().map(|body| body["line_items"].as_array().unwrap().len()).collect();
    assert_eq!(lines, [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variation_comes_under_a_product_topic_and_says_whose_it_is() {
    let desk = Desk::open().await;
    desk.captured("016-variation-stock-product-updated").await.accepted();
    assert_eq!((desk.last().resource_key.as_str(), desk.last().state), ("product/18", Delivered));
    let body = &desk.bodies()[0];
    assert_eq!((&body["type"], &body["parent_id"]), (&json!("variation"), &json!(17)));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_texts_reach_the_target_with_every_digit() {
    let desk = Desk::open().await;
    let pieces = [
        r#""id": 98765432109876543210"#,
        r#""currency": "JPY", "total": "1500.00""#,
        r#""price": 33.333333333333336, "rate": 1.4271428571428573, "exponent": 1e-7, "long": 1.10"#,
        r#""fee": "-12.34", "fee_tax": -0.77"#,
        r#""meta": [null, true, 12345678901234567890, "1.2345678901235E+19", {"a": [1.0]}, [], ""]"#,
        r#""image": {"id": ""}, "sku": null, "product_id": 0"#,
        r#""date_created": "2026-11-22T00:00:00", "url": "https:\/\/a.example\/", "note": "\u00e7\ud83d\ude00""#,
    ];
    let body = format!("{{{}}}", pieces.join(", "));
    desk.send(&Delivery::signed("order.updated", &body)).await.accepted();
    assert_eq!(desk.last().resource_key, "order/98765432109876543210");
    let documents = desk.erp.documents("acme");
    let sent = documents[0].body.get();
    for piece in pieces {
        assert!(sent.contains(piece), "no {piece} in {sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_as_text_and_as_numbers_are_one_order() {
    let desk = Desk::open().await;
    for (second, id) in [(1, json!(25)), (2, json!("25"))] {
        let mut order = order(25);
        order["id"] = id;
        order["date_modified_gmt"] = json!(format!("2026-11-22T03:00:{second:02}"));
        desk.send(&Delivery::signed("order.updated", &order.to_string())).await.accepted();
    }
    let keys: Vec<_> = desk.host.rows("acme").into_iter().map(|row| row.resource_key).collect();
    assert_eq!(keys, ["order/25", "order/25"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_does_not_say_what_it_is_about_is_an_event_all_the_same() {
    let desk = Desk::open().await;
    desk.captured("038-order-br-paid-action-woocommerce-payment-complete").await.accepted();
    desk.captured("065-order-big-action-woocommerce-low-stock").await.accepted();
    desk.captured("075-order-metatypes-action-woocommerce-low-stock").await.accepted();
    assert_eq!(desk.states(), [Delivered; 3]);
}
