//! From `new` to a green test and a component, in each language, nothing changed by hand.

use mapwright_tests::command::mapwright;
use mapwright_tests::languages;

fn a_new_project_works(language: &str) {
    let folder = tempfile::tempdir().unwrap();
    // Tools that several projects share are under the target folder; here a project is alone.
    let project = folder.path().join(format!("loja-da-ana-{language}"));
    let dir = project.to_str().unwrap();
    let made =
        mapwright(["new", &format!("loja-da-ana-{language}"), "--lang", language, "--dir", dir]);
    assert_eq!(made.code, 0, "{made:?}");
    let built = languages::build(&project).unwrap_or_else(|e| panic!("{language}: {e}"));
    assert_eq!(built.name, format!("loja-da-ana-{language}"));
    languages::native(language, &project);
    let component = built.path.to_str().unwrap();
    let report = mapwright(["check", component, "--json"]).code(0).json();
    let capabilities = report["capabilities"].to_string();
    assert!(
        capabilities.contains("field_mapping") && !capabilities.contains("pricing"),
        "{report:#}"
    );
    assert_eq!(report["manifest"]["name"], built.name);
    let ran = mapwright(["test", dir, "--plugin", component, "--json"]).code(0).json();
    assert_eq!(
        (&ran["summary"]["passed"], &ran["summary"]["failed"]),
        (&1.into(), &0.into()),
        "{ran:#}"
    );
    // The second build finds everything as it was.
    let again = languages::build(&project).unwrap_or_else(|e| panic!("{language}: {e}"));
    assert_eq!(std::fs::read(&again.path).unwrap(), std::fs::read(&built.path).unwrap());
}

#[test]
fn a_new_project_in_c_builds_and_passes_untouched() {
    a_new_project_works("c");
}

#[test]
fn a_new_project_in_typescript_builds_and_passes_untouched() {
    a_new_project_works("typescript");
}

#[test]
fn a_new_project_in_javascript_builds_and_passes_untouched() {
    a_new_project_works("javascript");
}

#[test]
fn a_new_project_in_python_builds_and_passes_untouched() {
    a_new_project_works("python");
}

#[test]
fn a_new_project_in_go_builds_and_passes_untouched() {
    a_new_project_works("go");
}
