//! What a package brings to be held to: its golden cases, its truth tables, and those that a merchant's key
//! has signed, which every later version is held to as well.

use std::collections::BTreeMap;

use mapwright::plugin::package::{Form, Package};
use mapwright::plugin::signature::SigningKey;
use mapwright_tests::api::Api;
use mapwright_tests::host::{TestHost, until};
use serde_json::{Value, json};

use crate::lifecycle::{
    PLUGIN, active, command_line, digest, host_with, saying, until_state, version,
};

const SPEC: &str = r#"
payload = "order.json"

[[input]]
at = "/status"
values = ["processing", "completed"]

[[output]]
at = "sale/total"
name = "total"
"#;

/// A zip of a plugin and what stands beside it.
fn package(wasm: &[u8], beside: &[(&str, &str)]) -> Vec<u8> {
    let mut files: BTreeMap<String, Vec<u8>> =
        beside.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    files.insert("plugin.wasm".to_owned(), wasm.to_vec());
    Package::make(Form::Zip, &files).unwrap()
}

/// What a case expects of a plugin that says this total.
fn expecting(total: &str) -> String {
    let body = json!({ "currency": "BRL", "total": total, "note": "n" });
    json!({ "outcome": "mapped", "documents": [{ "body": body }] }).to_string()
}

/// A table that wants this total of every status.
fn table(total: &str) -> String {
    format!("/status,total\nprocessing,{total}\ncompleted,{total}\n")
}

fn section<'r>(report: &'r Value, name: &str) -> &'r Value {
    let sections = report["sections"].as_array().expect("a report has sections");
    let found = sections.iter().find(|it| it["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {report:#}"))
}

/// The report of what is refused, after a look at why.
async fn refused(api: &Api, bytes: Vec<u8>, code: &str) -> Value {
    let said = api.put(PLUGIN, bytes).await;
    assert_eq!(said.status, 422, "{said:?}");
    let report = said.json["report"].clone();
    assert_eq!(report["problems"][0]["code"], code, "{report:#}");
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cases_of_a_package_are_run_and_one_that_fails_keeps_it_out() {
    let (_folder, _erp, host, api) = host_with("").await;
    let second = saying("2.0.0", "44.00");
    let (good, wrong) = (expecting("44.00"), expecting("45.01"));
    let payload = r#"{"id":1}"#;
    let bad = package(
        &second,
        &[
            ("cases/a/payload.json", payload),
            ("cases/a/expected.json", &good),
            ("cases/b/payload.json", payload),
            ("cases/b/expected.json", &wrong),
        ],
    );
    let report = refused(&api, bad, "golden_cases").await;
    let cases = section(&report, "golden_cases");
    assert_eq!(
        cases["said"],
        "case `b` fails: /documents/0/body/total is \"44.00\", \"45.01\" is expected"
    );
    assert_eq!((&cases["found"]["ran"], &cases["found"]["failed"]), (&json!(2), &json!(1)));
    assert_eq!(version(&api, &second).await.unwrap()["kept"], false);

    // A misspelt file would pass unseen; where the package was unpacked is nobody's concern.
    let odd = [("cases/a/payload.json", payload), ("cases/a/expectd.json", &good)];
    let report = refused(&api, package(&second, &odd), "golden_cases").await;
    let said = section(&report, "golden_cases")["said"].as_str().unwrap();
    assert!(
        said.contains("fails: cases/a/expectd.json") && said.contains("`expected.json`"),
        "{said}"
    );

    // With the case put right it is let in, and the command says the same without a host.
    let good =
        package(&second, &[("cases/a/payload.json", payload), ("cases/a/expected.json", &good)]);
    let report = api.put(PLUGIN, good.clone()).await.well();
    assert_eq!(section(&report, "golden_cases")["said"], "all 1 cases pass");
    assert_eq!(section(&report, "truth_tables")["went"], "not_run");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.zip");
    std::fs::write(&file, &good).unwrap();
    let offline = command_line(&["check", file.to_str().unwrap(), "--json"]).await.code(0).json();
    for name in ["package", "golden_cases", "truth_tables", "determinism"] {
        assert_eq!(section(&offline, name), section(&report, name), "{name}");
    }

    // The same file without its package is held to the cases it came with.
    let report = api.put(PLUGIN, second).await.well();
    assert_eq!(section(&report, "golden_cases")["said"], "all 1 cases pass");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_cases_than_there_is_time_for_are_said_not_to_have_run() {
    let (_folder, _erp, host, api) = host_with("").await;
    let expected = expecting("44.00");
    let names: Vec<(String, &str)> = (0..501)
        .flat_map(|number| {
            [
                (format!("cases/{number:03}/payload.json"), r#"{"id":1}"#),
                (format!("cases/{number:03}/expected.json"), expected.as_str()),
            ]
        })
        .collect();
    let files: Vec<(&str, &str)> =
        names.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let report = api.put(PLUGIN, package(&saying("2.0.0", "44.00"), &files)).await.well();
    let cases = section(&report, "golden_cases");
    assert_eq!((&cases["went"], &cases["found"]["cases"]), (&json!("warned"), &json!(501)));
    assert!(cases["said"].as_str().unwrap().starts_with("not all were run: "), "{cases}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_signed_once_holds_every_later_version() {
    let [maria, joao] =
        [(); 2].map(|()| SigningKey::read(&SigningKey::generate().unwrap()).unwrap());
    let rules = format!("trusted_keys = [\"maria:{}\"]", maria.public());
    let (folder, _erp, host, api) = host_with(&rules).await;
    let law = |total: &str, wanted: &str, key: Option<&SigningKey>, spec: &str, version: &str| {
        let csv = table(wanted);
        let signature = key.map(|key| key.sign(csv.as_bytes()));
        let mut files = vec![
            ("tables/totals.csv", csv.as_str()),
            ("tables/totals.toml", spec),
            ("tables/order.json", r#"{"id":1,"status":"pending"}"#),
        ];
        files.extend(signature.as_deref().map(|it| ("tables/totals.csv.sig", it)));
        package(&saying(version, total), &files)
    };
    // Not signed by anybody the merchant trusts; not kept to by the version it comes with.
    let report =
        refused(&api, law("44.00", "44.00", Some(&joao), SPEC, "2.0.0"), "signature_unknown");
    let report = report.await;
    let said = section(&report, "truth_tables")["said"].as_str().unwrap();
    assert!(said.starts_with("tables/totals.csv.sig: "), "{said}");
    let report =
        refused(&api, law("43.00", "44.00", Some(&maria), SPEC, "2.0.0"), "truth_tables").await;
    assert_eq!(
        section(&report, "truth_tables")["said"],
        "table `totals` (signed by maria), line 2 (/status = processing): `total` is `43.00`, the \
         table says `44.00`; and 1 more cells"
    );
    // What was refused binds nobody.
    let report = api.put(PLUGIN, saying("2.0.1", "43.00")).await.well();
    assert_eq!(section(&report, "truth_tables")["went"], "not_run");

    let first = law("44.00", "44.00", Some(&maria), SPEC, "2.0.0");
    let report = api.put(PLUGIN, first.clone()).await.well();
    assert_eq!(
        section(&report, "truth_tables")["said"],
        "all 2 rows of 1 tables agree, 1 of them signed"
    );
    let audit = api.items("/v1/audit?merchant=acme").await;
    let detail = audit[0]["detail"].to_string();
    assert!(detail.contains("totals (signed by maria)"), "{detail}");
    // From now on a file that brings nothing is held to it.
    refused(&api, saying("3.0.0", "43.00"), "truth_tables").await;
    let report = api.put(PLUGIN, saying("3.1.0", "44.00")).await.well();
    assert_eq!(section(&report, "truth_tables")["went"], "passed");
    // Neither a gentler spec for the signed table nor a table that nobody signed gets around it.
    let gentle = SPEC.replace("sale/total", "sale/nothing").replace("\"total\"", "\"other\"");
    let gentle = format!("{gentle}\n[[output]]\nat = \"outcome\"\n");
    refused(&api, law("43.00", "44.00", Some(&maria), &gentle, "3.2.0"), "truth_tables").await;
    refused(&api, law("43.00", "43.00", None, SPEC, "3.3.0"), "truth_tables").await;

    // Another one signed in its place, and the old one does not come back with its old package.
    api.put(PLUGIN, law("43.00", "43.00", Some(&maria), SPEC, "4.0.0")).await.well();
    refused(&api, saying("4.1.0", "44.00"), "truth_tables").await;
    refused(&api, first, "truth_tables").await;
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    refused(&api, saying("4.2.0", "44.00"), "truth_tables").await;

    // A file in the folder goes to work as the merchant wants it, and is told of all the same.
    let by_hand = saying("5.0.0", "44.00");
    folder.write("merchants/acme/plugins/rules.wasm", &by_hand);
    until_state(&api, &by_hand, "active").await;
    assert_eq!(active(&api).await, "5.0.0");
    let report = until("the file is looked over", async || looked_over(&api, &by_hand).await).await;
    assert_eq!(section(&report, "truth_tables")["went"], "refused");
    assert_eq!((&report["accepted"], active(&api).await.as_str()), (&json!(false), "5.0.0"));
    host.stop().await;
}

/// The report of a version, once it has the sections that follow behind.
async fn looked_over(api: &Api, wasm: &[u8]) -> Option<Value> {
    let full = api.get(&format!("{PLUGIN}/versions/{}", digest(wasm))).await.well();
    let report = full["report"].clone();
    let sections = report["sections"].as_array()?;
    sections.iter().any(|it| it["name"] == "headroom").then_some(report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_at_work_from_the_folder_is_looked_over_behind_it() {
    let (folder, _erp, host, api) = host_with("folder = \"activate\"").await;
    let second = saying("2.0.0", "44.00");
    folder.write("merchants/acme/plugins/rules.wasm", &second);
    until_state(&api, &second, "active").await;
    let report = until("the file is looked over", async || looked_over(&api, &second).await).await;
    let names: Vec<_> =
        report["sections"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(
        names[5..],
        [
            "package",
            "signature",
            "settings",
            "golden_cases",
            "truth_tables",
            "determinism",
            "recorded_events",
            "headroom"
        ]
    );
    assert_eq!(section(&report, "determinism")["went"], "passed");
    assert_eq!(version(&api, &second).await.unwrap()["state"], "active");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_that_names_a_file_outside_of_its_package_is_refused() {
    let (_folder, _erp, host, api) = host_with("").await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "top secret").unwrap();
    let outside = secret.path().to_str().unwrap();
    for (field, name) in [("payload", outside), ("context", outside), ("payload", "../../x.json")] {
        let spec = match field {
            "payload" => SPEC.replace("order.json", name),
            _ => format!("{field} = \"{name}\"\n{SPEC}"),
        };
        let csv = table("44.00");
        let files = [
            ("tables/totals.csv", csv.as_str()),
            ("tables/totals.toml", spec.as_str()),
            ("tables/order.json", r#"{"id":1}"#),
        ];
        let sent = package(&saying("2.0.0", "44.00"), &files);
        let report = refused(&api, sent, "truth_tables").await;
        let said = section(&report, "truth_tables")["said"].as_str().unwrap();
        assert!(said.contains("which is not in the package"), "{said}");
        assert!(!said.contains("top secret"), "{said}");
    }
    host.stop().await;
}
