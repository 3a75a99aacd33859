//! One set of golden cases for all languages: in the sandbox, and natively in each language's own runner.

use mapwright_tests::command::mapwright;
use mapwright_tests::{languages, plugins};

/// The cases are those of the rules in Rust.
fn sandboxed(language: &str) {
    let plugin = languages::component(language);
    let cases = plugins::folder("woo-order-to-tryton").join("cases");
    let [cases, plugin] = [&cases, &plugin].map(|path| path.to_str().expect("a path of words"));
    let ran = mapwright(["test", cases, "--plugin", plugin, "--json"]).code(0).json();
    let (passed, failed) = (&ran["summary"]["passed"], &ran["summary"]["failed"]);
    assert!(passed.as_u64().is_some_and(|it| it >= 15) && failed == 0, "{}", ran["summary"]);
}

#[test]
fn golden_cases_pass_in_the_sandbox_in_c() {
    sandboxed("c");
}

#[test]
fn golden_cases_pass_in_the_sandbox_in_typescript() {
    sandboxed("typescript");
}

#[test]
fn golden_cases_pass_in_the_sandbox_in_python() {
    sandboxed("python");
}

#[test]
fn golden_cases_pass_in_the_sandbox_in_go() {
    sandboxed("go");
}

#[test]
fn golden_cases_pass_natively_in_c() {
    languages::native("c", &plugins::folder(&languages::reference("c")));
}

#[test]
fn golden_cases_pass_natively_in_typescript() {
    drop(languages::component("typescript")); // node_modules are there
    languages::native("typescript", &plugins::folder(&languages::reference("typescript")));
}

#[test]
fn golden_cases_pass_natively_in_python() {
    drop(languages::component("python"));
    languages::native("python", &plugins::folder(&languages::reference("python")));
}

#[test]
fn golden_cases_pass_natively_in_go() {
    drop(languages::component("go"));
    languages::native("go", &plugins::folder(&languages::reference("go")));
}

#[test]
fn the_sdk_of_c_keeps_its_promises() {
    languages::native("c", &languages::sdk("c"));
}

#[test]
fn the_sdk_of_typescript_keeps_its_promises() {
    languages::native("typescript", &languages::sdk("typescript"));
}

#[test]
fn the_sdk_of_python_keeps_its_promises() {
    drop(languages::component("python"));
    languages::native("python", &languages::sdk("python"));
}

#[test]
fn the_sdk_of_go_keeps_its_promises() {
    drop(languages::component("go"));
    languages::native("go", &languages::sdk("go"));
}
