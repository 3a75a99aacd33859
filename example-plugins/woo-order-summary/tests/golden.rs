//! What the plugin promises, shown on orders a real shop sent.

use mapwright_guest::testing::{Harness, golden};
use woo_order_summary::OrderSummary;

#[test]
fn the_golden_cases_hold() {
    golden::<OrderSummary>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

#[test]
fn an_error_object_of_the_shop_is_no_order() {
    let run = Harness::of::<OrderSummary>()
        .payload(
            r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":403}}"#,
        )
        .run();
    assert_eq!(run.violations()[0].code, "source_error");
}
