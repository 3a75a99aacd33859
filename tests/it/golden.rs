//! `mapwright test`: golden cases that pass, fail, are blessed and are misspelt.

use mapwright_tests::command::{Ran, mapwright};
use mapwright_tests::guests::Guest;
use serde_json::{Value, json};

use crate::dry_run::{Desk, looping, rejecting};

const PAYLOAD: &str = r#"{"id": 7, "total": "10.00"}"#;

fn test(desk: &Desk, guest: &Guest, more: &[&str]) -> Ran {
    let plugin = desk.plugin(guest);
    let dir = desk.path("project");
    let mut args = vec!["test", dir.to_str().unwrap(), "--plugin", plugin.to_str().unwrap()];
    args.extend(more);
    mapwright(args)
}

fn case(desk: &Desk, name: &str, expected: Option<&Value>) {
    desk.file(&format!("project/cases/{name}/payload.json"), PAYLOAD);
    if let Some(expected) = expected {
        desk.file(&format!("project/cases/{name}/expected.json"), expected.to_string());
    }
}

fn good() -> Value {
    json!({"outcome": "mapped", "documents": [{"entity": "sale", "body": {"id": 7, "total": "10.00"}}]})
}

#[test]
fn cases_that_come_out_as_expected_pass_in_the_order_of_their_names() {
    let desk = Desk::new();
    case(&desk, "b-second", Some(&json!({"outcome": "mapped"})));
    case(&desk, "a-first", Some(&good()));
    let ran = test(&desk, &Guest::echo("echo"), &[]).code(0);
    let place = |name| ran.stdout.find(name).unwrap();
    assert!(place("a-first") < place("b-second"), "{ran:#?}");
    assert!(ran.stdout.contains("2 cases: 2 passed"), "{ran:#?}");
}

#[test]
fn a_case_that_differs_fails_and_shows_where() {
    let desk = Desk::new();
    case(&desk, "good", Some(&good()));
    let mut wrong = good();
    wrong["documents"][0]["body"]["total"] = json!("10.01");
    case(&desk, "wrong", Some(&wrong));
    let ran = test(&desk, &Guest::echo("echo"), &[]).code(1);
    for piece in [
        "failed wrong",
        "-        \"total\": \"10.01\"",
        "+        \"total\": \"10.00\"",
        "1 passed",
        "1 failed",
    ] {
        assert!(ran.stdout.contains(piece), "no {piece} in {}", ran.stdout);
    }
    let json = test(&desk, &Guest::echo("echo"), &["--json"]).code(1).json();
    assert_eq!(json["summary"]["failed"], 1);
    assert_eq!(json["cases"][1]["result"], "failed");
    assert_eq!(
        json["cases"][1]["differences"],
        json!([{"pointer": "/documents/0/body/total", "expected": "10.01", "actual": "10.00"}])
    );
}

#[test]
fn one_case_can_be_run_alone() {
    let desk = Desk::new();
    case(&desk, "good", Some(&good()));
    case(&desk, "wrong", Some(&json!({"outcome": "skipped"})));
    test(&desk, &Guest::echo("echo"), &["--case", "good"]).code(0);
    let ran = test(&desk, &Guest::echo("echo"), &["--case", "god"]).code(2);
    assert!(ran.stderr.contains("has no case `god`; did you mean `good`?"), "{ran:#?}");
}

#[test]
fn a_case_without_an_expectation_fails_until_it_is_blessed() {
    let desk = Desk::new();
    case(&desk, "new", None);
    let ran = test(&desk, &Guest::echo("echo"), &[]).code(1);
    assert!(ran.stdout.contains("--bless"), "{ran:#?}");

    let ran = test(&desk, &Guest::echo("echo"), &["--bless"]).code(0);
    assert!(ran.stdout.contains("1 blessed"), "{ran:#?}");
    let written = std::fs::read_to_string(desk.path("project/cases/new/expected.json")).unwrap();
    let value: Value = serde_json::from_str(&written).unwrap();
    let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["checkpoint", "documents", "lines", "outcome", "status"]);
    assert!(written.ends_with("}\n") && !written.contains("duration"), "{written}");
    test(&desk, &Guest::echo("echo"), &[]).code(0);
}

#[test]
fn blessing_leaves_what_passes_as_it_was_written() {
    let desk = Desk::new();
    case(&desk, "good", Some(&good()));
    let before = std::fs::read(desk.path("project/cases/good/expected.json")).unwrap();
    test(&desk, &Guest::echo("echo"), &["--bless"]).code(0);
    assert_eq!(std::fs::read(desk.path("project/cases/good/expected.json")).unwrap(), before);
}

#[test]
fn a_rejection_is_blessed_as_its_violations() {
    let desk = Desk::new();
    case(&desk, "bad", Some(&good()));
    test(&desk, &rejecting("rejecting"), &["--bless"]).code(0);
    assert!(!desk.path("project/cases/bad/expected.json").exists());
    let written = std::fs::read_to_string(desk.path("project/cases/bad/violations.json")).unwrap();
    let violations: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(violations[0]["pointer"], "/billing/cpf");
    test(&desk, &rejecting("rejecting"), &[]).code(0);

    // The message is the plugin's to reword; pointer and code are the promise.
    let short = json!([
        {"pointer": "/billing/cpf", "code": "cpf_invalid"},
        {"pointer": "/billing/nowhere", "code": "field_missing"},
    ]);
    desk.file("project/cases/bad/violations.json", short.to_string());
    test(&desk, &rejecting("rejecting"), &[]).code(0);
    desk.file("project/cases/bad/violations.json", json!([short[0]]).to_string());
    test(&desk, &rejecting("rejecting"), &[]).code(1);
}

#[test]
fn a_plugin_at_its_limits_is_told_apart_and_never_blessed() {
    let desk = Desk::new();
    case(&desk, "good", Some(&good()));
    let fuel = ["--fuel", "50000"];
    let ran = test(&desk, &looping("looping"), &fuel).code(3);
    assert!(ran.stdout.contains("out of fuel"), "{ran:#?}");
    test(&desk, &looping("looping"), &["--fuel", "50000", "--bless"]).code(3);
    assert!(desk.path("project/cases/good/expected.json").exists());

    // Unless that is what the case is about.
    desk.file("project/cases/good/expected.json", r#"{"outcome": "out_of_fuel"}"#);
    test(&desk, &looping("looping"), &fuel).code(0);
}

#[test]
fn a_case_brings_its_settings_tables_and_checkpoint() {
    let desk = Desk::new();
    let mut guest = Guest::echo("echo");
    guest.settings_schema = json!({"type": "object", "required": ["shop_name"]}).to_string();
    case(&desk, "good", Some(&good()));
    let ran = test(&desk, &guest, &[]).code(1);
    assert!(ran.stdout.contains("\"shop_name\" is a required property"), "{ran:#?}");
    desk.file("project/cases/good/settings.toml", "shop_name = \"Acme\"");
    desk.file("project/cases/good/context.toml", "topic = \"order.created\"\nattempt = 2");
    desk.file("project/cases/good/previous-checkpoint", "seen\n");
    desk.file("project/cases/good/lookups/prices.csv", "sku,price\nA,1\n");
    test(&desk, &guest, &[]).code(0);
}

#[test]
fn a_case_that_cannot_be_read_is_named_with_its_fault() {
    for (file, content, message) in [
        ("expectd.json", "{}", "did you mean `expected.json`?"),
        ("payload.json", "{", "payload.json:1:1: not JSON"),
        ("context.toml", "atempt = 2", "did you mean `attempt`?"),
        ("lookups/prices.csv", "sku,price\nA,1\nA,2\n", "prices.csv:3: key `A` stands already"),
        ("lookups/prices.txt", "", "is not a lookup table"),
        ("violations.json", "[]", "both expected.json and violations.json"),
    ] {
        let desk = Desk::new();
        case(&desk, "good", Some(&good()));
        case(&desk, "odd", Some(&good()));
        desk.file(&format!("project/cases/odd/{file}"), content);
        let ran = test(&desk, &Guest::echo("echo"), &[]).code(2);
        assert!(ran.stdout.contains(message), "no {message} in {ran:#?}");
        assert!(ran.stdout.contains("1 passed"), "the others still run: {ran:#?}");
    }
}

#[test]
fn a_folder_without_cases_says_what_a_case_is() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("project")).unwrap();
    let ran = test(&desk, &Guest::echo("echo"), &["--json"]).code(2);
    assert!(ran.stderr.contains("a case is a folder with a payload.json"), "{ran:#?}");
    assert_eq!(ran.json()["error"]["code"], "unreadable");
}

#[test]
fn cases_without_a_project_want_a_plugin() {
    let desk = Desk::new();
    case(&desk, "good", Some(&good()));
    let ran = mapwright(["test", desk.path("project").to_str().unwrap()]).code(2);
    assert!(ran.stderr.contains("--plugin FILE.wasm"), "{ran:#?}");
    assert!(ran.stderr.contains("is not a plugin project"), "{ran:#?}");
}

#[test]
fn the_plugins_of_a_configuration_folder_are_shown_with_the_refused_among_them() {
    let desk = Desk::new();
    let echo = Guest::echo("echo").component();
    desk.file("config/merchants/acme/plugins/echo.wasm", &echo);
    desk.file("config/merchants/beta/plugins/half.wasm", echo.split_at(echo.len() / 2).0);
    for merchant in ["acme", "beta"] {
        desk.file(&format!("config/merchants/{merchant}/merchant.toml"), "[routes]\n");
    }
    desk.file("config/mapwright.toml", "");
    let config = desk.path("config");
    let args = ["plugins", "--config", config.to_str().unwrap()];

    let ran = mapwright(args.iter().chain(&["--json"])).code(1).json();
    let state = |place: usize, key: &str| ran["plugins"][place][key].clone();
    assert_eq!([state(0, "merchant"), state(0, "state")], ["acme", "ready"]);
    assert_eq!([state(0, "name"), state(0, "version")], ["echo", "1.0.0"]);
    assert_eq!([state(1, "merchant"), state(1, "state")], ["beta", "refused"]);
    let fault = state(1, "fault");
    assert!(fault["message"].as_str().unwrap().contains("not a WebAssembly file"), "{ran:#}");
    assert_eq!(ran["faults"][0], fault);

    let ran = mapwright(args).code(1);
    assert!(ran.stdout.contains("half.wasm"), "{ran:#?}");
    std::fs::remove_file(desk.path("config/merchants/beta/plugins/half.wasm")).unwrap();
    mapwright(args).code(0);
}
