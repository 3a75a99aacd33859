//! `*.deleted` is nothing but an id, and not always that of what went.

use mapwright::journal::State::Delivered;
use mapwright_tests::shop::Delivery;

use super::{Desk, is_skipped};

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_after_a_restore_is_delivered_again() {
    let desk = Desk::open().await;
    let deleted = Delivery::captured("096-order-trash-order-deleted");
    let pattern = Delivery::captured("066-order-minimal-order-created").body;
    let pattern = String::from_utf8(pattern).unwrap();
    desk.captured("066-order-minimal-order-created").await.accepted();
    for day in 23..26 {
        desk.send(&deleted).await.accepted();
        assert_eq!(desk.send(&deleted).await.word("status"), "duplicate");
        let restored = pattern.replace("2026-11-22", &format!("2026-11-{day}"));
        desk.send(&Delivery::signed("order.updated", &restored)).await.accepted();
    }
    assert_eq!(desk.states(), [Delivered; 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_under_another_name_leaves_the_order_and_the_product_alone() {
    let desk = Desk::open().await;
    desk.captured("066-order-minimal-order-created").await.accepted();
    // Where orders are posts, one order in the trash fires all three, with the same body.
    let order = Delivery::captured("096-order-trash-order-deleted");
    for topic in ["coupon.deleted", "product.deleted"] {
        desk.send(&order.clone().with("x-wc-webhook-topic", topic)).await.accepted();
        is_skipped(&desk.last(), &["/34", "order/34"]);
    }
    desk.send(&order).await.accepted();
    assert_eq!(desk.last().state, Delivered);
    // What came before does not make it a product.
    desk.send(&order.with("x-wc-webhook-topic", "coupon.deleted")).await;
    // A product in the trash fires two.
    desk.captured("097-tmp-product-product-created").await.accepted();
    desk.captured("098-product-trash-coupon-deleted").await.accepted();
    is_skipped(&desk.last(), &["coupon/41", "product/41"]);
    desk.captured("099-product-trash-product-deleted").await.accepted();
    assert_eq!(desk.last().state, Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_route_from_the_same_shop_knows_what_an_id_is() {
    let desk = Desk::with(|toml| {
        let topics = r#"topics = ["order.*", "product.*", "coupon.*", "customer.*", "action.*"]"#;
        let toml = toml.replace(topics, r#"topics = ["product.*"]"#);
        format!(
            "{toml}\n[routes.coupons]\nfrom = \"shop\"\ntopics = [\"coupon.*\"]\nto = \"erp\"\nfield_mapping = \"echo\"\n"
        )
    });
    let desk = desk.await;
    // The coupon in the trash fires product.deleted as well.
    desk.captured("022-coupons-coupon-created").await.accepted();
    desk.captured("102-coupon-trash-product-deleted").await.accepted();
    is_skipped(&desk.last(), &["product/23", "coupon/23"]);
    desk.captured("101-coupon-trash-coupon-deleted").await.accepted();
    assert_eq!((desk.last().state, desk.last().route.as_deref()), (Delivered, Some("coupons")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_has_ids_of_its_own() {
    let desk = Desk::open().await;
    let order =
        Delivery::signed("order.updated", r#"{"id":4,"date_modified_gmt":"2026-11-22T02:00:00"}"#);
    desk.send(&order).await.accepted();
    desk.captured("103-customer-deleted-customer-deleted").await.accepted();
    assert_eq!((desk.last().resource_key.as_str(), desk.last().state), ("customer/4", Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_of_what_nobody_knows_goes_on_for_the_target_to_judge() {
    let desk = Desk::open().await;
    desk.captured("099-product-trash-product-deleted").await.accepted();
    assert_eq!(desk.last().state, Delivered);
}
