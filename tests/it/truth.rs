//! `mapwright truth-table` and `check --table`: a spreadsheet as the contract between a merchant and
//! the rules.

use std::path::Path;

use mapwright_tests::command::{Ran, mapwright};
use mapwright_tests::guests::Guest;
use mapwright_tests::plugins;
use serde_json::Value;

use crate::dry_run::Desk;

fn write(plugin: &Path, spec: &Path) -> Ran {
    mapwright(["truth-table", plugin.to_str().unwrap(), "--spec", spec.to_str().unwrap()])
}

fn check(plugin: &Path, table: &Path, more: &[&str]) -> Ran {
    let args = ["check", plugin.to_str().unwrap(), "--table", table.to_str().unwrap()];
    mapwright(args.into_iter().chain(more.iter().copied()))
}

const SPEC: &str = r#"
payload = "order.json"

[[input]]
at = "/status"
name = "status"
values = ["processing", "completed", "(absent)"]

[[input]]
at = "/paid"
values = [true, false]

[[output]]
at = "outcome"

[[output]]
at = "sale/status"
name = "what the ERP gets"

[[output]]
at = "sale/lines/*/price"
name = "prices"
"#;

const ORDER: &str = r#"{"status": "pending", "lines": [{"price": "1.10"}, {"price": "-2"}]}"#;

#[test]
fn every_combination_has_a_row_and_the_table_holds_the_version_that_wrote_it() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    desk.file("order.json", ORDER);
    let spec = desk.file("status.toml", SPEC);
    let csv = write(&plugin, &spec).code(0).stdout;
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines[0], "status,/paid,outcome,what the ERP gets,prices");
    assert_eq!(lines[1], "processing,true,mapped,processing,1.10 | -2");
    assert_eq!(lines[6], "(absent),false,mapped,(absent),1.10 | -2");
    assert_eq!(lines.len(), 7);
    let table = desk.file("status.csv", &csv);
    let ran = check(&plugin, &table, &[]).code(0);
    assert!(ran.stdout.contains("all 6 rows agree"), "{ran:?}");
}

#[test]
fn a_corrected_cell_is_named_by_its_line_and_inputs() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    desk.file("order.json", ORDER);
    let spec = desk.file("spec.toml", SPEC);
    let csv = write(&plugin, &spec).code(0).stdout;
    // As a spreadsheet of half the world gives it back, with a person's own column and row.
    let mut lines: Vec<String> = csv
        .replace(',', ";")
        .replace("true", "TRUE")
        .lines()
        .map(|line| format!("{line};ok"))
        .collect();
    lines[0] = lines[0].replace(";ok", ";my notes");
    lines[2] = lines[2].replace("mapped;processing", "mapped;PROCESSED");
    lines.remove(6);
    lines.push("on-hold;TRUE;mapped;on-hold;1.10 | -2;mine".to_owned());
    lines.push(";;;;;".to_owned());
    let table = desk.file("table.csv", format!("\u{feff}{}\r\n", lines.join("\r\n")));
    let more = ["--spec", spec.to_str().unwrap(), "--json"];
    let report = check(&plugin, &table, &more).code(1).json();
    let [wrong] = &report["table"]["disagreements"].as_array().unwrap()[..] else {
        panic!("{report:#}")
    };
    assert_eq!(wrong["line"], 3);
    assert_eq!(wrong["inputs"], serde_json::json!(["status = processing", "/paid = false"]));
    assert_eq!((&wrong["wanted"], &wrong["got"]), (&"PROCESSED".into(), &"processing".into()));
    assert_eq!((&report["table"]["rows"], &report["table"]["missing"]), (&6.into(), &1.into()));
    assert_eq!(report["table"]["notes"], serde_json::json!(["my notes"]));
    let shown = check(&plugin, &table, &more[..2]).code(1).stdout;
    assert!(shown.contains("line 3") && shown.contains("the table says `PROCESSED`"), "{shown}");
}

#[test]
fn real_rules_make_a_table_of_statuses() {
    let desk = Desk::new();
    let plugin = plugins::built("woo-order-to-tryton");
    let case = plugins::folder("woo-order-to-tryton").join("cases/paid-with-coupon");
    let spec = desk.file(
        "status.toml",
        format!(
            r#"
payload = "{0}/payload.json"
settings = "{0}/settings.json"
lookups = "{0}/lookups"
[[input]]
at = "/status"
values = ["pending", "processing", "completed", "cancelled", "nonsense"]
[[input]]
at = "@settings/accept_pending"
values = [true, false]
[[output]]
at = "outcome"
[[output]]
at = "status"
[[output]]
at = "reason"
"#,
            case.display()
        ),
    );
    let csv = write(&plugin, &spec).code(0).stdout;
    let row = |start: &str| csv.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    assert!(row("pending,true").starts_with("pending,true,mapped,draft"), "{csv}");
    assert!(row("pending,false").starts_with("pending,false,skipped"), "{csv}");
    assert!(row("processing,true").contains("mapped,confirmed"), "{csv}");
    assert!(row("nonsense,true").contains("rejected"), "{csv}");
}

#[test]
fn a_spec_or_table_that_makes_no_sense_says_what_to_write() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    desk.file("order.json", ORDER);
    for (from, to, words) in [
        ("at = \"/status\"", "at = \"status\"", "is no place of an input"),
        ("at = \"/status\"", "at = \"/lines/9/x\"", "leads to nothing"),
        ("at = \"/status\"", "at = \"@context/colour\"", "is no place of an input"),
        ("at = \"outcome\"", "at = \"outcom\"", "is no output"),
        ("name = \"status\"", "name = \"prices\"", "two columns are called `prices`"),
        ("values = [true, false]", "values = []", "has no values"),
        ("[[input]]", "[[inputs]]", "unknown field `inputs`"),
    ] {
        let spec = desk.file("spec.toml", SPEC.replace(from, to));
        let ran = write(&plugin, &spec).code(2);
        assert!(ran.stderr.contains(words), "{to}: {}", ran.stderr);
    }
    let many: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    let many = format!("values = [{}]", many.join(", "));
    let spec = SPEC.replace("values = [true, false]", &many);
    let spec = desk.file(
        "spec.toml",
        spec.replace(r#"["processing", "completed", "(absent)"]"#, &many["values = ".len()..]),
    );
    assert!(write(&plugin, &spec).code(2).stderr.contains("40000 rows"));

    desk.file("table.toml", SPEC);
    for (text, words) in
        [("a,b\n1,2\n", "no column `status`"), ("status,/paid\nx,true\n", "nothing to check")]
    {
        let table = desk.file("table.csv", text);
        let ran = check(&plugin, &table, &[]).code(2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn the_forecast_says_how_many_lines_are_enough_and_what_runs_out() {
    let plugin = plugins::built("woo-order-to-tryton");
    let case = plugins::folder("woo-order-to-tryton").join("cases/paid-with-coupon");
    let forecast = |more: &[&str]| -> Value {
        let args =
            ["check", plugin.to_str().unwrap(), "--json", "--payload", case.to_str().unwrap()];
        mapwright(args.into_iter().chain(more.iter().copied())).code(0).json()["headroom"].clone()
    };
    let roomy = forecast(&["--largest", "212"]);
    let words = roomy["words"].to_string();
    assert!(words.contains("enough for") && words.contains("212 lines"), "{roomy:#}");
    let plain = &roomy["forecast"]["plain"];
    assert!(plain["points"].as_array().unwrap().len() >= 7, "{plain:#}");
    assert!(
        plain["points"].as_array().unwrap().iter().all(|it| it["outcome"] == "mapped"),
        "{plain:#}"
    );
    let lines = |enough: &Value| enough["lines"].as_u64().unwrap();
    assert!(lines(&plain["enough"]) > 1000);
    assert!(lines(&roomy["forecast"]["heavy"]["enough"]) <= lines(&plain["enough"]));

    // Under a tight budget the number is measured, and the shop's largest order does not fit.
    let desk = Desk::new();
    desk.file("mapwright.toml", "[limits]\nfuel = 3000000\n");
    let config = desk.path("");
    let tight = forecast(&["--largest", "900", "--config", config.to_str().unwrap()]);
    let enough = &tight["forecast"]["plain"]["enough"];
    assert_eq!((&enough["because"], &enough["measured"]), (&"fuel".into(), &true.into()));
    assert!((2..900).contains(&lines(enough)), "{enough:#}");
    assert!(tight["words"].to_string().contains("NOT enough"), "{tight:#}");
}

#[test]
fn what_cannot_be_forecast_says_why() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let bare = desk.file("bare.json", r#"{"id": 1}"#);
    let args = ["check", plugin.to_str().unwrap(), "--payload", bare.to_str().unwrap()];
    assert!(mapwright(args).code(0).stdout.contains("no list that could grow"));
    let plugin = plugins::built("woo-order-to-tryton");
    let draft = plugins::folder("woo-order-to-tryton").join("cases/checkout-draft");
    let args = ["check", plugin.to_str().unwrap(), "--payload", draft.to_str().unwrap()];
    assert!(mapwright(args).code(0).stdout.contains("skipped as it stands"));
}
