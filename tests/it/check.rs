//! `mapwright check` says what a file is, whether the host would take it, and why not.

use std::path::{Path, PathBuf};

use mapwright_tests::command::mapwright;
use mapwright_tests::guests::Guest;

/// A file in a folder of its own.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn check(path: &Path, more: &[&str]) -> mapwright_tests::command::Ran {
    let path = path.to_str().unwrap();
    mapwright(["check", path].into_iter().chain(more.iter().copied()))
}

#[test]
fn a_good_plugin_is_described_to_people_and_to_machines() {
    let mut guest = Guest::echo("my-rules");
    guest.settings_schema = r#"{"type":"object","properties":{"shop_name":{"type":"string",
        "description":"What the shop is called"},
        "rounding":{"enum":["half_up","down"]}},"required":["shop_name"]}"#
        .to_owned();
    let (_folder, path) = file("my-rules.wasm", &guest.module());
    let shown = check(&path, &[]).code(0).stdout;
    for words in [
        "accepted",
        "my-rules 1.0.0",
        "field_mapping",
        "mapwright:plugin@1.0.0",
        "shop_name",
        "required",
        "What the shop is called",
        "half_up | down",
        "100,000,000",
        "128 KiB at the start",
    ] {
        assert!(shown.contains(words), "`{words}` is not in:\n{shown}");
    }
    let report = check(&path, &["--json"]).code(0).json();
    assert_eq!(report["accepted"], true);
    assert_eq!(report["manifest"]["settings_schema"]["required"][0], "shop_name");
    assert_eq!(report["limits"]["output_bytes"], 4 << 20);

    let settings = path.with_file_name("settings.json");
    for (text, code, words) in [
        (r#"{"shop_name":"Acme"}"#, 0, "suit"),
        (r#"{"shop_name":1}"#, 1, "/shop_name"),
        (r#"{"shop_name":"Acme","shop_nmae":"Acme"}"#, 1, "did you mean `shop_name`?"),
    ] {
        std::fs::write(&settings, text).unwrap();
        let more = ["--json", "--settings", settings.to_str().unwrap()];
        let report = check(&path, &more).code(code).json();
        let sections = report["sections"].as_array().unwrap();
        let section = sections.iter().find(|it| it["name"] == "settings").unwrap();
        assert!(section["said"].as_str().unwrap().contains(words), "{section}");
    }
}

#[test]
fn a_refused_file_ends_with_1_and_says_what_to_change() {
    let mut guest = Guest::echo("tomorrow");
    guest.contract = "2.0.0".to_owned();
    guest.wit = guest.wit.replace("@1.0.0", "@2.0.0");
    let (_folder, path) = file("tomorrow.wasm", &guest.module());
    let shown = check(&path, &[]).code(1).stdout;
    assert!(shown.contains("refused") && shown.contains("@2.0.0"), "{shown}");
    let report = check(&path, &["--json"]).code(1).json();
    assert_eq!(report["problems"][0]["code"], "unsupported_contract");
    // What can be read without compiling is there all the same.
    assert_eq!(report["kind"], "core module");
    assert_eq!(report["contract"], "2.0.0");
}

#[test]
fn a_file_that_is_not_there_ends_with_2() {
    let ran = check(Path::new("no-such-file.wasm"), &[]).code(2);
    assert!(ran.stderr.contains("no-such-file.wasm"), "{}", ran.stderr);
    assert_eq!(
        check(Path::new("no-such-file.wasm"), &["--json"]).code(2).json()["error"]["code"],
        "unreadable"
    );
}

#[test]
fn limits_come_from_the_host_the_merchant_and_the_plugin() {
    let (folder, path) = file("my-rules.wasm", &Guest::echo("my-rules").module());
    let config = folder.path();
    let merchant = config.join("merchants/acme");
    std::fs::create_dir_all(&merchant).unwrap();
    std::fs::write(config.join("mapwright.toml"), "[limits]\nfuel = 1000000\nlog_lines = 7\n")
        .unwrap();
    std::fs::write(
        merchant.join("merchant.toml"),
        "[limits]\nfuel = 2000000\n[plugins.my-rules.limits]\nmemory_bytes = 8388608\n",
    )
    .unwrap();
    let config = config.to_str().unwrap();
    let of = |more: &[&str]| check(&path, more).code(0).json()["limits"].clone();
    let host = of(&["--json", "--config", config]);
    assert_eq!((&host["fuel"], &host["log_lines"]), (&1_000_000.into(), &7.into()));
    let all = of(&["--json", "--config", config, "--merchant", "acme"]);
    assert_eq!((&all["fuel"], &all["log_lines"]), (&2_000_000.into(), &7.into()));
    assert_eq!(all["memory_bytes"], 8 << 20);

    // A dry run is held to the same, and says so.
    let payload = folder.path().join("order.json");
    std::fs::write(&payload, r#"{"id":1}"#).unwrap();
    let [plugin, payload] = [&path, &payload].map(|it| it.to_str().unwrap());
    let args = ["dry-run", plugin, "--payload", payload, "--json", "--config", config];
    let run = mapwright_tests::command::mapwright(args.into_iter().chain([
        "--merchant",
        "acme",
        "--fuel",
        "3000000",
    ]));
    let limits = run.code(0).json()["limits"].clone();
    assert_eq!((&limits["fuel"], &limits["log_lines"]), (&3_000_000.into(), &7.into()));
    assert_eq!(limits["memory_bytes"], 8_388_608);

    std::fs::write(folder.path().join("mapwright.toml"), "[limits]\nfule = 1\n").unwrap();
    let ran = check(&path, &["--config", config]).code(2);
    assert!(ran.stderr.contains("fule") && ran.stderr.contains("fuel"), "{}", ran.stderr);
}

#[test]
fn cases_determinism_and_headroom_are_looked_at_without_a_host() {
    let (folder, path) = file("my-rules.wasm", &Guest::echo("my-rules").module());
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let payload = put("cases/a/payload.json", r#"{"id":7,"line_items":[{"id":1,"total":"1.00"}]}"#);
    put("cases/a/expected.json", r#"{"outcome":"mapped"}"#);
    let dir = folder.path().to_str().unwrap();
    let section = |report: &serde_json::Value, name: &str| {
        let sections = report["sections"].as_array().unwrap().clone();
        sections.into_iter().find(|it| it["name"] == name).unwrap()
    };
    let report = check(&path, &["--json"]).code(0).json();
    assert_eq!(section(&report, "golden_cases")["went"], "not_run");
    assert_eq!(section(&report, "headroom")["went"], "not_run");
    assert_eq!(section(&report, "determinism")["said"], "the same bytes twice, on 1 inputs");

    let more = ["--cases", dir, "--payload", &payload, "--largest", "212", "--json"];
    let report = check(&path, &more).code(0).json();
    assert_eq!(section(&report, "golden_cases")["said"], "all 1 cases pass");
    let said = section(&report, "headroom")["said"].as_str().unwrap().to_owned();
    assert!(said.contains("enough for") && said.contains("the largest order had 212"), "{said}");

    put("cases/a/expected.json", r#"{"outcome":"skipped"}"#);
    let shown = check(&path, &["--cases", dir]).code(1).stdout;
    let said = "case `a` fails: /outcome is \"mapped\", \"skipped\" is expected";
    assert!(shown.contains("refused") && shown.contains(said), "{shown}");
    // Not the package that it says it is.
    let zip = put("broken.zip", "PK\u{3}\u{4}nothing");
    let report = check(Path::new(&zip), &["--json"]).code(1).json();
    assert_eq!(report["problems"][0]["code"], "package_damaged");
}
