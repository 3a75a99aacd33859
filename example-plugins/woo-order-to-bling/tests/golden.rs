//! The golden cases, natively; `mapwright test cases` runs the same in the sandbox.

use mapwright_guest::testing::golden;
use woo_order_to_bling::OrderToBling;

#[test]
fn the_golden_cases_hold() {
    golden::<OrderToBling>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
