//! `mapwright explain`: every field says what it comes from, whatever language made it.

use std::path::Path;

use mapwright_tests::command::{Ran, mapwright};
use mapwright_tests::guests::Guest;
use mapwright_tests::plugins;
use serde_json::{Value, json};

use crate::dry_run::Desk;

fn explain(plugin: &Path, payload: &Path, more: &[&str]) -> Ran {
    let args = ["explain", plugin.to_str().unwrap(), "--payload", payload.to_str().unwrap()];
    mapwright(args.into_iter().chain(more.iter().copied()))
}

/// The leaves that a field comes from.
fn from<'e>(explanation: &'e Value, field: &str) -> Vec<&'e str> {
    let fields = explanation["fields"].as_array().unwrap();
    let origin = fields.iter().find(|origin| origin["field"] == field);
    let origin = origin.unwrap_or_else(|| panic!("{field} in {explanation:#}"));
    origin["from"].as_array().unwrap().iter().map(|leaf| leaf.as_str().unwrap()).collect()
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().iter().any(|item| item == name || item["field"] == name)
}

#[test]
fn each_field_of_an_echo_comes_from_its_own_leaf() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let payload = desk
        .file("order.json", r#"{"id": 1.10, "a": [{"b/c": "x"}, null], "d": {}, "last": true}"#);
    let report = explain(&plugin, &payload, &["--json"]).code(0).json();
    let explanation = &report["explanation"];
    assert_eq!(from(explanation, "sale/id"), ["/id"]);
    assert_eq!(from(explanation, "sale/a/0/b~1c"), ["/a/0/b~1c"]);
    assert_eq!(from(explanation, "sale/a/1"), ["/a/1"]);
    assert_eq!(from(explanation, "sale/d"), ["/d"]);
    assert_eq!(from(explanation, "sale/last"), ["/last"]);
    assert!(has(&explanation["constants"], "sale@key"), "{explanation:#}");
    assert!(has(&explanation["unused"], "@context/received_at"), "{explanation:#}");
    assert_eq!(explanation["ignored"], json!([]));
}

#[test]
fn a_real_order_is_explained_through_branches_tables_and_checks() {
    let plugin = plugins::built("woo-order-to-tryton");
    let case = plugins::folder("woo-order-to-tryton").join("cases/paid-with-coupon");
    let report = explain(&plugin, &case, &["--json"]).code(0).json();
    let explanation = &report["explanation"];
    let price = from(explanation, "sale/lines/0/unit_price");
    for leaf in ["/line_items/0/total", "/line_items/0/quantity"] {
        assert!(price.contains(&leaf), "{leaf} in {price:?}");
    }
    assert!(!price.contains(&"/billing/city"), "{price:?}");
    // The state hangs on the status through a table of rules.
    assert!(from(explanation, "sale/state").contains(&"/status"));
    assert!(from(explanation, "sale/currency/$ref/key").contains(&"/currency"));
    // A tax number is only taken when its check digits are right: another good one is tried.
    assert!(
        from(explanation, "party/identifiers/0/code").iter().any(|leaf| leaf.contains("cpf")
            || leaf.starts_with("/meta_data")
            || leaf.starts_with("/billing")),
        "{explanation:#}"
    );
    let tax = from(explanation, "sale/lines/0/taxes/0/$ref/key");
    assert!(tax.iter().any(|leaf| leaf.starts_with("@lookups/taxes/")), "{tax:?}");
    assert!(has(&explanation["constants"], "sale/lines/0/type"), "{explanation:#}");
    let ignored = explanation["ignored"].as_array().unwrap();
    assert!(
        ignored.iter().any(|leaf| leaf.as_str().unwrap().starts_with("/_links")),
        "{ignored:?}"
    );
    let turns = explanation["turns"].as_array().unwrap();
    let refused = |leaf: &str, outcome: &str| {
        turns.iter().any(|turn| turn["input"] == leaf && turn["outcome"] == outcome)
    };
    assert!(refused("/total", "rejected"), "{turns:?}");
    assert!(refused("/status", "skipped"), "{turns:?}");
    // People see the same.
    let shown = explain(&plugin, &case, &[]).code(0).stdout;
    for words in ["comes from", "sale/lines/0/unit_price", "constant", "ends otherwise when"] {
        assert!(shown.contains(words), "`{words}` is not in\n{shown}");
    }
}

#[test]
fn many_payloads_give_the_read_set_with_indices_folded() {
    let plugin = plugins::built("woo-order-to-tryton");
    let cases = plugins::folder("woo-order-to-tryton").join("cases");
    let two = [cases.join("euro-two-taxes"), cases.join("company-guest-with-fees")];
    let report = explain(&plugin, &two[0], &["--payload", two[1].to_str().unwrap(), "--json"])
        .code(0)
        .json();
    let read = report["read_set"]["read"].as_object().unwrap();
    assert_eq!(report["read_set"]["payloads"], 2);
    let total = &read["/line_items/*/total"];
    assert_eq!(total["payloads"], 2);
    assert!(has(&total["fields"], "sale/lines/*/unit_price"), "{total:#}");
    let ignored = report["read_set"]["ignored"].as_object().unwrap();
    assert!(ignored.contains_key("/line_items/*/image/src"), "{ignored:?}");
    assert!(read.keys().all(|leaf| !ignored.contains_key(leaf)));
}

#[test]
fn the_number_of_runs_is_bounded_and_what_is_left_out_is_said() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let payload = desk.file("list.json", json!((0..500).collect::<Vec<_>>()).to_string());
    let report = explain(&plugin, &payload, &["--runs", "50", "--json"]).code(0).json();
    let explanation = &report["explanation"];
    assert!(explanation["runs"].as_u64().unwrap() <= 51, "{}", explanation["runs"]);
    assert!(explanation["not_examined"].as_u64().unwrap() > 450);
    let shown = explain(&plugin, &payload, &["--runs", "50"]).code(0).stdout;
    assert!(shown.contains("raise --runs"), "{shown}");
    explain(&plugin, &payload, &["--topic", "nothing.known"]).code(0);
}
