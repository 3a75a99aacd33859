//! Plugins that were built once and must load for ever: one of each language, made for `mapwright:plugin@1.0.0`.
//!
//! They are never built again. Whoever changes the contract, the stub of WASI or the limits sees here what it
//! does to plugins that nobody will ever touch. Each package has the golden case it was made with.

use std::path::Path;

use mapwright_tests::command::mapwright;

fn loads_and_maps(language: &str) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("fixtures/plugins/{language}-1.0.0.zip"));
    let report = mapwright(["check", package.to_str().unwrap(), "--json"]).code(0).json();
    assert_eq!(report["accepted"], true, "{report:#}");
    let sections = report["sections"].as_array().expect("a report has sections");
    let cases =
        sections.iter().find(|it| it["name"] == "golden_cases").expect("its cases were run");
    assert_eq!(cases["went"], "passed", "{cases:#}");
    assert!(cases["found"]["ran"].as_u64().is_some_and(|it| it >= 1), "{cases:#}");
}

#[test]
fn a_plugin_in_rust_loads_for_ever() {
    loads_and_maps("rust");
}

#[test]
fn a_plugin_in_c_loads_for_ever() {
    loads_and_maps("c");
}

#[test]
fn a_plugin_in_typescript_loads_for_ever() {
    loads_and_maps("typescript");
}

#[test]
fn a_plugin_in_python_loads_for_ever() {
    loads_and_maps("python");
}

#[test]
fn a_plugin_in_go_loads_for_ever() {
    loads_and_maps("go");
}
