//! One set of golden cases for all languages: in the sandbox, and natively in each language's own runner.

use std::path::Path;
use std::process::Command;

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

/// Runs a command of a project's own and holds it to a number of tests that were run.
fn runs(folder: &Path, program: &Path, arguments: &[&str], says: &str) {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_remove("MAPWRIGHT_BLESS");
    let output = command.output().unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains(says), "{program:?} {arguments:?}\n{said}");
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
