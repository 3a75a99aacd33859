//! `mapwright diff`: what a new version would change, as a consultant sees it before anybody is hurt.

use std::path::Path;

use mapwright_tests::command::{Ran, mapwright};
use mapwright_tests::guests::{Guest, PAYLOAD_AT};
use mapwright_tests::plugins;
use serde_json::{Value, json};

use crate::dry_run::Desk;

fn diff(old: &Path, new: &Path, payload: &Path, more: &[&str]) -> Ran {
    let args = ["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--payload"];
    let all = args.into_iter().chain([payload.to_str().unwrap()]).chain(more.iter().copied());
    mapwright(all)
}

/// A plugin that makes of anything one sale with this body.
fn selling(name: &str, body: &str) -> Guest {
    let mut guest = Guest::new(name);
    guest.transform = Some(guest.mapped_bodies(&[("sale", "WC-1", body)], None));
    guest
}

/// Payloads in a list: so many orders, each with its number.
fn orders(desk: &Desk, many: u32) -> std::path::PathBuf {
    let lines: Vec<_> =
        (0..many).map(|id| json!({"id": id, "currency": "BRL"}).to_string()).collect();
    desk.file("orders.ndjson", lines.join("\n"))
}

fn field<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["difference"]["fields"]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["field"] == name).unwrap_or_else(|| panic!("{name} in {report:#}"))
}

#[test]
fn a_version_that_answers_alike_passes_and_one_cent_does_not() {
    let desk = Desk::new();
    let old = desk.plugin(&selling("old", r#"{"lines":[{"price":"1.00"}]}"#));
    let new = desk.plugin(&selling("new", r#"{"lines":[{"price":"1.01"}]}"#));
    let orders = orders(&desk, 40);
    let same = diff(&old, &old, &orders, &[]).code(0);
    assert!(same.stdout.contains("40 compared, 40 equal"), "{same:?}");

    let ran = diff(&old, &new, &orders, &[]).code(1);
    for words in ["sale/lines/*/price", "+0.4 BRL", "stands in the way"] {
        assert!(ran.stdout.contains(words), "`{words}` is not in\n{}", ran.stdout);
    }
    let report = diff(&old, &new, &orders, &["--json"]).code(1).json();
    let price = field(&report, "sale/lines/*/price");
    assert_eq!((&price["events"], &price["moved"]["sum"]), (&json!(40), &json!("0.40")));
    assert_eq!(price["by_currency"]["rows"][0]["currency"], "BRL");
    assert_eq!(price["examples"][0]["event"], "orders.ndjson:1");
    assert_eq!(report["obstacles"][0]["subject"], "sale/lines/*/price");
    // The same bytes each time, whoever of the threads did what.
    assert_eq!(diff(&old, &new, &orders, &["--json"]).code(1).json(), report);

    diff(&old, &new, &orders, &["--tolerate", "price <= 0.00"]).code(1);
    diff(&old, &new, &orders, &["--tolerate", "price <= 0.01"]).code(0);
    let rules = desk.file("rules.toml", "\"/lines/*/price\" = \"any\"\n");
    diff(&old, &new, &orders, &["--tolerances", rules.to_str().unwrap()]).code(0);
}

#[test]
fn a_crash_on_one_rare_payload_is_found_and_named() {
    let desk = Desk::new();
    let old = selling("old", r#"{"a":1}"#);
    let mut new = old.clone();
    let good = new.transform.take().unwrap();
    new.name = "new".to_owned();
    let length = PAYLOAD_AT + 4;
    new.transform = Some(format!(
        "(if (i32.gt_u (i32.load offset={length} (local.get $args)) (i32.const 60)) (then (unreachable))) {good}"
    ));
    let (old, new) = (desk.plugin(&old), desk.plugin(&new));
    for number in 0..30 {
        let note = if number == 17 { "x".repeat(80) } else { String::new() };
        desk.file(&format!("in/{number:02}.json"), json!({"id": number, "n": note}).to_string());
    }
    let report = diff(&old, &new, &desk.path("in"), &["--json"]).code(1).json();
    let outcome = &report["difference"]["outcomes"]["rows"][0];
    assert_eq!((&outcome["from"], &outcome["to"]), (&json!("mapped"), &json!("trapped")));
    assert_eq!((&outcome["count"], &outcome["examples"][0]["event"]), (&json!(1), &json!("17")));
    assert_eq!(report["difference"]["equal"], 29);
    diff(&old, &new, &desk.path("in"), &["--tolerate", "outcome mapped -> trapped any"]).code(0);
}

#[test]
fn golden_cases_bring_their_own_surroundings_and_new_settings_are_judged_like_new_code() {
    let desk = Desk::new();
    let plugin = plugins::built("woo-order-to-tryton");
    let cases = plugins::folder("woo-order-to-tryton").join("cases");
    let ran = diff(&plugin, &plugin, &cases, &["--json"]).code(0).json();
    assert!(ran["difference"]["compared"].as_u64().unwrap() >= 10, "{ran}");

    let case = cases.join("fallback-product");
    let settings = desk.file("new.toml", "price_digits = 3\nfallback_product = \"DIVERSOS\"\n");
    let more = ["--json", "--new-settings", settings.to_str().unwrap()];
    let report = diff(&plugin, &plugin, &case, &more).code(1).json();
    let price = field(&report, "sale/lines/*/unit_price");
    assert!(price["moved"]["count"].as_u64().unwrap() > 0, "{report:#}");
    assert_eq!(price["by_currency"]["rows"][0]["currency"].as_str().unwrap().len(), 3);

    let broken = desk.file("broken.toml", "price_digits = \"two\"\n");
    let ran = diff(&plugin, &plugin, &case, &["--new-settings", broken.to_str().unwrap()]).code(1);
    assert!(ran.stderr.contains("/price_digits"), "{ran:?}");
}

#[test]
fn payloads_of_topics_that_neither_takes_are_passed_over_and_counted() {
    let plugin = plugins::built("woo-order-summary");
    let captured = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/woocommerce/webhooks"));
    let report = diff(&plugin, &plugin, captured, &["--json"]).code(0).json();
    assert!(report["passed_over"].as_u64().unwrap() > 20, "{report}");
    assert!(report["difference"]["compared"].as_u64().unwrap() > 10, "{report}");
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_where() {
    let desk = Desk::new();
    let plugin = desk.plugin(&selling("old", "{}"));
    let list = desk.file("list.ndjson", "{\"id\": 1}\n\n{\"id\": }\n");
    let ran = diff(&plugin, &plugin, &list, &[]).code(2);
    assert!(ran.stderr.contains("list.ndjson:3:"), "{ran:?}");
    let ran = diff(&plugin, &plugin, &desk.path("nowhere"), &[]).code(2);
    assert!(ran.stderr.contains("nowhere"), "{ran:?}");
    std::fs::create_dir(desk.path("empty")).unwrap();
    let ran = diff(&plugin, &plugin, &desk.path("empty"), &[]).code(2);
    assert!(ran.stderr.contains("golden cases"), "{ran:?}");
    let orders = orders(&desk, 1);
    let ran = diff(&plugin, &plugin, &orders, &["--tolerate", "price <= lots"]).code(2);
    assert!(ran.stderr.contains("`price <= lots` cannot be read"), "{ran:?}");
    let report = diff(&plugin, &plugin, &list, &["--json"]).code(2).json();
    assert_eq!(report["error"]["code"], "unreadable");
}
