//! `mapwright dry-run` as a consultant meets it: the real command, run as a process on plugins that
//! end in every way there is.

use std::path::PathBuf;

use mapwright_tests::command::{Ran, mapwright, with_input};
use mapwright_tests::guests::Guest;
use serde_json::{Value, json};

/// A folder with plugins and inputs in it.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn plugin(&self, guest: &Guest) -> PathBuf {
        self.file(&format!("{}.wasm", guest.name), guest.component())
    }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/woocommerce/webhooks")).join(name)
}

fn order() -> PathBuf {
    fixture("034-order-br-paid-order-created.json")
}

/// `dry-run PLUGIN --payload PAYLOAD` and these arguments.
fn dry_run(plugin: &std::path::Path, payload: &std::path::Path, more: &[&str]) -> Ran {
    let mut args =
        vec!["dry-run", plugin.to_str().unwrap(), "--payload", payload.to_str().unwrap()];
    args.extend(more);
    mapwright(args)
}

/// What the answer of `guest` to a real order looks like as JSON.
fn report(guest: &Guest, more: &[&str], code: i32) -> Value {
    let desk = Desk::new();
    let mut args = vec!["--json"];
    args.extend(more);
    dry_run(&desk.plugin(guest), &order(), &args).code(code).json()
}

pub(crate) fn rejecting(name: &str) -> Guest {
    let mut guest = Guest::new(name);
    let body = guest.rejected(&[
        ("/billing/cpf", "cpf_invalid", "The CPF has a wrong check digit."),
        ("/billing/nowhere", "field_missing", "There must be one."),
    ]);
    guest.transform = Some(body);
    guest
}

pub(crate) fn looping(name: &str) -> Guest {
    Guest::transforming(name, "(loop $again (br $again)) (unreachable)")
}

#[test]
fn every_outcome_has_its_name_its_exit_code_and_its_numbers() {
    let mut skipping = Guest::new("skipping");
    skipping.transform = Some(skipping.skipped("a draft is nobody's business"));
    let mut waiting = Guest::new("waiting");
    waiting.transform = Some(waiting.not_ready("the customer is not known yet"));
    let trapping = Guest::transforming("trapping", "(unreachable)");
    let growing = Guest::transforming(
        "growing",
        "(loop $again (drop (memory.grow (i32.const 100))) (br $again)) (unreachable)",
    );
    let mut flooding = Guest::new("flooding");
    flooding.pages = 40;
    flooding.transform = Some(flooding.mapped_at(65536, 1 << 20, 1));
    let mut babbling = Guest::new("babbling");
    babbling.transform = Some(babbling.mapped_bodies(&[("sale", "k", "{nope")], None));

    let desk = Desk::new();
    let patient = desk.file("patient.toml", "fuel = 1_000_000_000_000_000\ndeadline_ms = 50");
    let patient = patient.to_str().unwrap();
    let tight = desk.file("tight.json", r#"{"output_bytes": 100000}"#);
    let tight = tight.to_str().unwrap();

    let cases: [(&str, Guest, &[&str], i32, &str); 10] = [
        ("mapped", Guest::echo("echo"), &[], 0, ""),
        ("skipped", skipping, &[], 0, ""),
        ("rejected", rejecting("rejecting"), &[], 1, ""),
        ("not_ready", waiting, &[], 1, ""),
        ("trapped", trapping, &[], 3, "unreachable"),
        ("out_of_fuel", looping("looping"), &["--fuel", "50000"], 3, "50,000 units"),
        ("deadline", looping("waiting-long"), &["--limits", patient], 3, "within 50 ms"),
        ("out_of_memory", growing, &[], 3, "may have 64 MiB"),
        ("output_too_large", flooding, &["--limits", tight], 3, "may be"),
        ("bad_output", babbling, &[], 3, "JSON"),
    ];
    for (outcome, guest, more, code, message) in cases {
        let report = report(&guest, more, code);
        assert_eq!(report["outcome"], outcome, "{report:#}");
        let failure = report["failure"]["message"].as_str().unwrap_or_default();
        assert!(failure.contains(message), "{outcome}: {failure}");
        assert_eq!(report["failure"].is_null(), code < 3, "{report:#}");
        assert_eq!(report["reason"].is_null(), !matches!(outcome, "skipped" | "not_ready"));
        assert_eq!(report["violations"] == json!([]), outcome != "rejected");
    }
}

#[test]
fn all_keys_are_there_in_their_order_whatever_the_outcome() {
    for (guest, code) in [(Guest::echo("echo"), 0), (rejecting("rejecting"), 1)] {
        let report = report(&guest, &[], code);
        let keys: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "outcome",
                "documents",
                "status",
                "lines",
                "checkpoint",
                "violations",
                "reason",
                "logs",
                "usage",
                "plugin",
                "stages",
                "limits",
                "failure",
            ]
        );
        let usage: Vec<_> = report["usage"].as_object().unwrap().keys().collect();
        assert_eq!(
            usage,
            [
                "fuel",
                "fuel_limit",
                "memory_bytes",
                "memory_limit_bytes",
                "duration_us",
                "output_bytes",
                "startup",
            ]
        );
        let startup: Vec<_> = report["usage"]["startup"].as_object().unwrap().keys().collect();
        assert_eq!(startup, ["fuel", "fuel_limit", "duration_us"]);
        let plugin: Vec<_> = report["plugin"].as_object().unwrap().keys().collect();
        assert_eq!(plugin, ["name", "version", "digest", "capabilities", "profile"]);
    }
}

#[test]
fn the_document_is_what_the_plugin_made_of_the_payload() {
    let report = report(&Guest::echo("echo"), &[], 0);
    let payload: Value = serde_json::from_slice(&std::fs::read(order()).unwrap()).unwrap();
    let document = &report["documents"][0];
    assert_eq!(document["entity"], "sale");
    assert_eq!(document["idempotency_key"], "sale-1");
    assert_eq!(document["operation"], "upsert");
    assert_eq!(document["body"], payload);
    assert_eq!(report["checkpoint"], "seen");
    assert_eq!(report["plugin"]["capabilities"], json!(["field_mapping"]));
    assert_eq!(report["stages"]["field_mapping"], "echo@1.0.0");
    assert_eq!(report["usage"]["fuel_limit"], report["limits"]["fuel"]);
}

#[test]
fn two_runs_differ_in_their_duration_and_in_nothing_else() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let run = || {
        let stdout = dry_run(&plugin, &order(), &["--json"]).code(0).stdout;
        let lines = stdout.lines().filter(|line| !line.contains("\"duration_us\""));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = run();
    assert!(first.iter().any(|line| line.contains("\"fuel\"")));
    assert_eq!(first, run());
}

#[test]
fn numbers_and_escapes_of_a_body_are_shown_as_they_were_written() {
    let desk = Desk::new();
    let payload = r#"{"id":1,"exact":12.3400,"long":123456789012345678901234567890,"e":"\u00e3"}"#;
    let payload = desk.file("payload.json", payload);
    let ran = dry_run(&desk.plugin(&Guest::echo("echo")), &payload, &["--json"]).code(0);
    for piece in ["12.3400", "123456789012345678901234567890", r"\u00e3"] {
        assert!(ran.stdout.contains(piece), "{ran:#?}");
    }
}

#[test]
fn the_payload_may_come_by_standard_input() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let args = ["dry-run", plugin.to_str().unwrap(), "--payload", "-", "--json"];
    let report = with_input(args, br#"{"id": 9}"#).code(0).json();
    assert_eq!(report["documents"][0]["body"], json!({"id": 9}));
}

#[test]
fn a_captured_webhook_brings_its_topic() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let ran = dry_run(&plugin, &order(), &[]).code(0);
    assert!(ran.stdout.contains("order.created · order/"), "{ran:#?}");
    let ran = dry_run(&plugin, &order(), &["--topic", "order.restored"]).code(0);
    assert!(ran.stdout.contains("order.restored · order/"), "{ran:#?}");
}

#[test]
fn people_see_the_document_the_bars_and_no_colour_in_a_pipe() {
    let desk = Desk::new();
    let ran = dry_run(&desk.plugin(&Guest::echo("echo")), &order(), &[]).code(0);
    for piece in
        ["✓ mapped 1 document", "1. sale upsert sale-1", "fuel ", "of 64 MiB", "checkpoint"]
    {
        assert!(ran.stdout.contains(piece), "no {piece} in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:#?}");
}

#[test]
fn a_violation_is_shown_with_the_piece_of_the_payload_it_means() {
    let desk = Desk::new();
    let ran = dry_run(&desk.plugin(&rejecting("rejecting")), &order(), &[]).code(1);
    let payload: Value = serde_json::from_slice(&std::fs::read(order()).unwrap()).unwrap();
    let quoted = format!("│ {}", payload["billing"]["cpf"]);
    for piece in ["✗ rejected 2 violations", "/billing/cpf cpf_invalid", &quoted, "/billing has "]
    {
        assert!(ran.stdout.contains(piece), "no {piece} in {}", ran.stdout);
    }
}

#[test]
fn what_comes_is_compared_with_what_is_expected() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let payload = desk.file("payload.json", r#"{"id": 1, "total": "10.00"}"#);
    let expect = |text: &str| desk.file("expect.json", text).to_str().unwrap().to_owned();

    // The order of keys and what is not mentioned do not matter.
    let file = expect(r#"{"documents": [{"body": {"total": "10.00", "id": 1}}]}"#);
    let ran = dry_run(&plugin, &payload, &["--expect", &file]).code(0);
    assert!(ran.stdout.contains("✓ as "), "{ran:#?}");

    let file = expect(r#"{"documents": [{"body": {"total": "10.01", "id": 1}}]}"#);
    let ran = dry_run(&plugin, &payload, &["--expect", &file]).code(1);
    assert!(ran.stdout.contains("✗ different"), "{ran:#?}");
    assert!(ran.stdout.contains("-        \"total\": \"10.01\""), "{ran:#?}");
    assert!(ran.stdout.contains("+        \"total\": \"10.00\""), "{ran:#?}");
    let ran = dry_run(&plugin, &payload, &["--expect", &file, "--json"]).code(1);
    assert_eq!(ran.json()["outcome"], "mapped");
    assert!(ran.stderr.contains("different from"), "{ran:#?}");
    let said = ran.json();
    assert_eq!(said["as_expected"], false);
    assert_eq!(said["differences"]["expected"]["documents"][0]["body"]["total"], "10.01");
    assert_eq!(said["differences"]["actual"]["documents"][0]["body"]["total"], "10.00");

    // What was saved can be expected as it is.
    let file = expect(&dry_run(&plugin, &payload, &["--json"]).code(0).stdout);
    let ran = dry_run(&plugin, &payload, &["--expect", &file, "--json"]).code(0);
    assert_eq!(ran.json()["as_expected"], true);
    let file = expect(&ran.stdout);
    dry_run(&plugin, &payload, &["--expect", &file, "--json"]).code(0);
}

#[test]
fn a_setting_that_no_plugin_knows_is_refused_as_the_host_refuses_it() {
    let desk = Desk::new();
    let mut guest = Guest::echo("echo");
    guest.settings_schema =
        json!({"type": "object", "properties": {"shop_name": {"type": "string"}}}).to_string();
    let plugin = desk.plugin(&guest);
    let typo = desk.file("typo.json", r#"{"shop_nmae": "Acme"}"#);
    let ran = dry_run(&plugin, &order(), &["--settings", typo.to_str().unwrap(), "--json"]).code(1);
    assert!(ran.stderr.contains("did you mean `shop_name`?"), "{ran:#?}");
    assert_eq!(ran.json()["error"]["settings"][0]["pointer"], "/shop_nmae");
    // A plugin whose schema names nothing takes anything.
    let plugin = desk.plugin(&Guest::echo("open"));
    dry_run(&plugin, &order(), &["--settings", typo.to_str().unwrap()]).code(0);
}

#[test]
fn a_table_that_is_said_twice_is_refused() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let [one, two] = ["one.csv", "two.csv"].map(|name| desk.file(name, "key,rate\nBR,18\n"));
    let [one, two] = [&one, &two].map(|file| format!("taxes={}", file.display()));
    let ran = dry_run(&plugin, &order(), &["--lookup", &one, "--lookup", &two]).code(2);
    assert!(ran.stderr.contains("the table `taxes` twice"), "{ran:#?}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_no_success() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    for more in [&["--json"][..], &[]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = std::process::Command::new(mapwright_tests::command::path())
            .arg("dry-run")
            .arg(&plugin)
            .arg("--payload")
            .arg(order())
            .args(more)
            .stdout(full)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot be written"), "{said}");
    }
}

#[test]
fn what_the_host_would_not_take_is_remarked() {
    let desk = Desk::new();
    let plugin = desk.plugin(&Guest::echo("echo"));
    let deep = format!(r#"{{"id":1,"a":{}{}}}"#, "[".repeat(110), "]".repeat(110));
    let deep = desk.file("deep.json", deep);
    let ran = dry_run(&plugin, &deep, &["--json"]).code(0);
    assert!(ran.stderr.contains("into quarantine: the body nests 111 deep"), "{ran:#?}");
    let ran = dry_run(&plugin, &order(), &["--json"]).code(0);
    assert!(ran.stderr.is_empty(), "{ran:#?}");
}

#[test]
fn limits_are_told_also_where_nothing_could_be_run() {
    let desk = Desk::new();
    let payload = desk.file("list.json", "[]");
    let plugin = desk.plugin(&Guest::echo("echo"));
    let report = dry_run(&plugin, &payload, &["--json"]).code(1).json();
    assert_eq!(report["outcome"], "rejected");
    assert_eq!(report["usage"]["fuel_limit"], 100_000_000);
    assert_eq!(report["usage"]["memory_limit_bytes"], 64 << 20);
}

#[test]
fn settings_that_break_the_plugins_schema_are_placed_by_their_pointer() {
    let desk = Desk::new();
    let mut guest = Guest::echo("echo");
    guest.settings_schema = json!({
        "type": "object",
        "properties": {"shop": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "additionalProperties": false,
    })
    .to_string();
    let plugin = desk.plugin(&guest);

    let good = desk.file("good.toml", "[shop]\nname = \"Acme\"");
    dry_run(&plugin, &order(), &["--settings", good.to_str().unwrap()]).code(0);

    let bad = desk.file("bad.json", r#"{"shop": {"name": 3}}"#);
    let ran = dry_run(&plugin, &order(), &["--settings", bad.to_str().unwrap(), "--json"]).code(1);
    assert!(ran.stderr.contains("settings /shop/name: "), "{ran:#?}");
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "settings");
    assert_eq!(error["settings"][0]["pointer"], "/shop/name");
    assert_eq!(error["settings"][0]["plugin"], "echo");
}

#[test]
fn a_capability_may_come_from_another_plugin() {
    let desk = Desk::new();
    let mut pricing = Guest::new("pricing");
    pricing.reprice = Some(pricing.lines_as_they_are());
    let mut status = Guest::new("status");
    status.translate = Some(status.translated("confirmed"));
    let (pricing, status) = (desk.plugin(&pricing), desk.plugin(&status));
    let more = ["--pricing", pricing.to_str().unwrap(), "--status", status.to_str().unwrap()];

    let mut args = more.to_vec();
    args.push("--json");
    let report = dry_run(&desk.plugin(&Guest::echo("echo")), &order(), &args).code(0).json();
    assert_eq!(report["status"], "confirmed");
    assert_eq!(report["stages"]["pricing"], "pricing@1.0.0");
    assert_eq!(report["plugin"]["name"], "echo");
    assert!(!report["lines"].as_array().unwrap().is_empty(), "{report:#}");
    assert!(report["lines"][0]["unit_price"].is_string(), "{report:#}");

    let swapped = ["--pricing", more[3]];
    let ran = dry_run(&desk.plugin(&Guest::echo("echo")), &order(), &swapped).code(2);
    assert!(ran.stderr.contains("has no pricing, only status_translation"), "{ran:#?}");
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let desk = Desk::new();
    let echo = Guest::echo("echo");
    let plugin = desk.plugin(&echo);
    let mut half = echo.component();
    half.truncate(half.len() / 2);
    let half = desk.file("half.wasm", half);
    let missing = desk.path("missing.json");
    let broken = desk.file("broken.json", "{\"id\": 1,\n nope}");
    let doubled = desk.file("doubled.csv", "sku,price\nA,1\nB,2\nA,3\n");
    let limits = desk.file("limits.toml", "fule = 3");
    let context = desk.file("context.toml", "topik = \"order.created\"");
    let list = desk.file("list.json", "[]");
    let typo = desk.file("typo.json", r#"{"document": []}"#);
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let table = format!("prices={}", text(&doubled));

    let (good, none) = (order(), Vec::new());
    let cases: [(&PathBuf, &PathBuf, Vec<&str>, &str); 12] = [
        (&plugin, &missing, none.clone(), "cannot read "),
        (&plugin, &broken, none.clone(), "broken.json:2:2: not JSON: key must be a string"),
        (&missing, &good, none.clone(), "cannot read "),
        (&half, &good, none.clone(), "mapwright check"),
        (&plugin, &good, vec!["--lookup", &table], "doubled.csv:4: key `A` stands already"),
        (&plugin, &good, vec!["--lookup", "prices"], "write NAME=FILE.csv"),
        (&plugin, &good, vec!["--lookups", text(&missing).leak()], "is not a folder"),
        (&plugin, &good, vec!["--limits", text(&limits).leak()], "did you mean `fuel`?"),
        (&plugin, &good, vec!["--context", text(&context).leak()], "did you mean `topic`?"),
        (&plugin, &good, vec!["--settings", text(&list).leak()], "but holds an array"),
        (&plugin, &good, vec!["--expect", text(&typo).leak()], "did you mean `documents`?"),
        (&plugin, &good, vec!["--fuel", "lots"], "invalid value 'lots'"),
    ];
    for (plugin, payload, more, message) in cases {
        let ran = dry_run(plugin, payload, &more).code(2);
        assert!(ran.stderr.contains(message), "no {message} in {ran:#?}");
        assert_eq!(ran.stdout, "");
    }
    let ran = dry_run(&plugin, &broken, &["--json"]).code(2);
    assert_eq!(ran.json()["error"]["code"], "unreadable");
}

#[test]
fn a_plugin_that_traps_while_it_is_loaded_is_a_trap() {
    let desk = Desk::new();
    let mut guest = Guest::echo("echo");
    guest.describe = "(unreachable)".to_owned();
    let ran = dry_run(&desk.plugin(&guest), &order(), &["--json"]).code(3);
    assert_eq!(ran.json()["error"]["code"], "manifest_failed");
}
