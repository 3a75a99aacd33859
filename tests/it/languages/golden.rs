//! One set of golden cases for all languages: in the sandbox, and natively in each language's own runner.

use mapwright_tests::command::mapwright;
use mapwright_tests::languages::{self, Rules};

/// The cases are those of the rules in Rust.
fn sandboxed(language: &str) {
    for (rules, cases) in [(Rules::Tryton, 15), (Rules::Pricing, 7)] {
        let plugin = languages::component_of(rules, language);
        let folder = rules.folder("rust").join("cases");
        let [folder, plugin] =
            [&folder, &plugin].map(|path| path.to_str().expect("a path of words"));
        let ran = mapwright(["test", folder, "--plugin", plugin, "--json"]).code(0).json();
        let (passed, failed) = (&ran["summary"]["passed"], &ran["summary"]["failed"]);
        assert!(
            passed.as_u64().is_some_and(|it| it >= cases) && failed == 0,
            "{}: {}",
            rules.name(),
            ran["summary"]
        );
    }
}

/// The same cases where an author runs them first.
fn natively(language: &str) {
    for rules in [Rules::Tryton, Rules::Pricing] {
        drop(languages::component_of(rules, language)); // its tools are there, and node_modules
        languages::native(language, &rules.folder(language));
    }
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
    natively("c");
}

#[test]
fn golden_cases_pass_natively_in_typescript() {
    natively("typescript");
}

#[test]
fn golden_cases_pass_natively_in_python() {
    natively("python");
}

#[test]
fn golden_cases_pass_natively_in_go() {
    natively("go");
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
