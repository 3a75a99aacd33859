//! The golden cases, natively; `mapwright test cases` runs the same in the sandbox.

use mapwright_guest::testing::golden;
use wholesale_pricing::WholesalePricing;

#[test]
fn the_golden_cases_hold() {
    golden::<WholesalePricing>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
