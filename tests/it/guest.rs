//! The guest SDK, `mapwright new` and `mapwright build`: what a consultant meets on the first day.
//! The projects are real, built by the real toolchain into the workspace's own target folder, so
//! that the standard library is compiled once.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use mapwright::toolchain::{BuildError, BuildOptions, build_plugin};
use mapwright_tests::command::mapwright;
use mapwright_tests::plugins::{EXAMPLES, built};
use wit_component::DecodedWasm;
use wit_parser::WorldItem;

/// The names of the interfaces that a component imports and exports.
fn worlds(component: &Path) -> [BTreeSet<String>; 2] {
    let bytes = std::fs::read(component).unwrap();
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap() else {
        panic!("{} is no component", component.display());
    };
    let world = &resolve.worlds[world];
    [&world.imports, &world.exports].map(|items| {
        items
            .iter()
            .map(|(key, item)| match item {
                WorldItem::Interface { id, .. } => resolve.id_of(*id).unwrap(),
                _ => resolve.name_world_key(key),
            })
            .collect()
    })
}

fn contract(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("mapwright:plugin/{name}@1.0.0")).collect()
}

#[test]
fn a_plugin_exports_what_it_implements_and_imports_nothing_but_the_contract() {
    for (name, exports) in [
        ("woo-order-summary", &["manifest", "field-mapping"][..]),
        ("woo-order-to-tryton", &["manifest", "field-mapping", "status-translation"]),
        ("woo-order-to-bling", &["manifest", "field-mapping", "status-translation"]),
        ("wholesale-pricing", &["manifest", "pricing"]),
    ] {
        let [imported, exported] = worlds(&built(name));
        assert_eq!(exported, contract(exports), "{name}");
        let allowed = contract(&["log", "lookup", "types", "pricing-types"]);
        assert!(imported.is_subset(&allowed), "{name} imports {imported:?}");
    }
}

#[test]
fn the_golden_cases_of_the_examples_hold_in_the_sandbox_as_they_do_natively() {
    for name in EXAMPLES {
        let cases = mapwright_tests::plugins::folder(name).join("cases");
        let cases = cases.to_str().unwrap();
        let tested =
            mapwright(["test", cases, "--plugin", built(name).to_str().unwrap(), "--json"]);
        assert_eq!(tested.code, 0, "{tested:#?}");
    }
}

/// Runs cargo in a project, sharing the build of its dependencies with other runs of the tests.
fn cargo_test(project: &Path) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/mapwright/native");
    let output = Command::new("cargo")
        .args(["test", "--quiet", "--target-dir"])
        .arg(shared)
        .current_dir(project)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn build(project: &Path) -> Result<mapwright::toolchain::Built, BuildError> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let options = BuildOptions { install_toolchain: true, quiet: true, target_dir: Some(target) };
    build_plugin(project, &options)
}

#[test]
fn a_new_project_builds_and_its_tests_pass_untouched_also_inside_another_workspace() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    let project = folder.path().join("loja-da-ana");
    let dir = project.to_str().unwrap();
    let made = mapwright(["new", "loja-da-ana", "--lang", "rust", "--dir", dir]);
    assert_eq!(made.code, 0, "{made:?}");
    cargo_test(&project);
    let component = build(&project).unwrap().path;
    assert_eq!(worlds(&component)[1], contract(&["manifest", "field-mapping"]));
    let checked = mapwright(["check", component.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{checked:?}");

    // A panic is told with its text and its place.
    let rules = project.join("src/lib.rs");
    let source = std::fs::read_to_string(&rules).unwrap();
    let at = "        if order.is_draft() {";
    assert!(source.contains(at));
    let panics =
        format!("        assert!(order.id.as_str() != \"13\", \"no thirteen here\");\n{at}");
    std::fs::write(&rules, source.replace(at, &panics)).unwrap();
    let component = build(&project).unwrap().path;
    let payload = project.join("thirteen.json");
    let order = r#"{"id":13,"status":"processing","currency":"BRL","total":"1.00"}"#;
    std::fs::write(&payload, order).unwrap();
    let [component, payload] = [&component, &payload].map(|path| path.to_str().unwrap());
    let run = mapwright(["dry-run", component, "--payload", payload, "--json"]).code(3).json();
    assert_eq!(run["outcome"], "trapped");
    let said = run["logs"].to_string();
    assert!(
        said.contains("panicked at src/lib.rs:") && said.contains("no thirteen here"),
        "{run:#}"
    );
    // The way there begins with the author's own function, by the name it has in the source.
    let first = run["failure"]["backtrace"][0].as_str().unwrap();
    assert!(first.contains("LojaDaAna") && first.ends_with("::transform"), "{run:#}");

    // What does not compile is not taken for a plugin, and cargo's own words come through.
    std::fs::write(&rules, "fn main() { nonsense }").unwrap();
    let error = build(&project).unwrap_err();
    assert!(
        matches!(&error, BuildError::Compile { output } if output.contains("nonsense")),
        "{error}"
    );
    std::fs::write(&rules, "//! Exports nothing.").unwrap();
    let error = build(&project).unwrap_err().to_string();
    assert!(error.contains("export!"), "{error}");
}

#[test]
fn a_bad_name_is_refused_with_a_good_one_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("project");
    let ran = mapwright(["new", "Loja São_João", "--dir", dir.to_str().unwrap()]).code(2);
    assert!(ran.stderr.contains("`loja-sao-joao` can"), "{ran:?}");
    assert!(!dir.exists());
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let ran = mapwright(["new", "orders", "--dir", folder.path().to_str().unwrap()]).code(2);
    assert!(ran.stderr.contains("not empty"), "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_built_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let ran = mapwright(["build", dir]).code(2);
    assert!(ran.stderr.contains("mapwright new NAME"), "{ran:?}");
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), "").unwrap();
    let manifest = "[package]\nname = \"plain\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let ran = mapwright(["build", dir, "--json"]).code(2);
    assert_eq!(ran.json()["error"]["code"], "not_a_project");
    assert!(ran.stdout.contains("cdylib"), "{ran:?}");
}
