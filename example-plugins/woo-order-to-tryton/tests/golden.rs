//! The golden cases, natively; `mapwright test cases` runs the same in the sandbox.

use woo_order_to_tryton::OrderToTryton;
use mapwright_guest::testing::golden;

#[test]
fn the_golden_cases_hold() {
    golden::<OrderToTryton>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
