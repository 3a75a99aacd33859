//! What plugins should not do, in each language, and how their authors hear of it.
//!
//! The sources are under `tests/guests/LANGUAGE`, one misdeed each. They are built by the real toolchain and run
//! in the real sandbox, under the limits that their runtime's profile gives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use mapwright::plugin::{
    Context, Engine, EngineOptions, Job, Lookups, Plugin, Profile, Run, Stage, Stages, run,
};
use mapwright::toolchain::BuildError;
use mapwright_tests::{languages, plugins};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineOptions::default()).expect("an engine"));

fn guests(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests").join(language)
}

fn load(file: &Path) -> Plugin {
    let bytes = std::fs::read(file).unwrap();
    ENGINE
        .load("misdeed", &bytes, &Profile::of(&bytes).limits())
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// What a component does with a captured order.
fn done(file: &Path, topic: &str) -> Run {
    done_by(&load(file), topic)
}

/// The same of one that is loaded: compiling takes most of the time. `topic` tells apart what lies in one component.
fn done_by(plugin: &Plugin, topic: &str) -> Run {
    let order = "fixtures/woocommerce/webhooks/034-order-br-paid-order-created.json";
    let order = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(order)).unwrap();
    run(&Job {
        stages: Stages {
            field_mapping: Some(Stage::new(
                plugin.clone(),
                mapwright::plugin::LimitsPatch::default(),
            )),
            ..Stages::default()
        },
        context: Context {
            merchant: "acme".to_owned(),
            route: "orders".to_owned(),
            source: "shop".to_owned(),
            target: "erp".to_owned(),
            topic: topic.to_owned(),
            resource_key: "order/27".to_owned(),
            event_id: "0199f2a0-0000-7000-8000-000000000001".to_owned(),
            correlation_id: "c-1".to_owned(),
            received_at: "2026-11-22T02:15:06Z".to_owned(),
            attempt: 1,
            settings: "{}".into(),
            ..Context::default()
        },
        payload: Bytes::from(order),
        previous_status: None,
        lookups: Arc::new(Lookups::default()),
    })
}

fn twice_the_same(file: &Path) {
    let plugin = load(file);
    let [once, again] = [0, 1].map(|_| told(&done_by(&plugin, "order.created")));
    assert_eq!(once, again, "{}", file.display());
}

/// What is wanted: the outcome's name, and words that its author must see.
type Wanted = (&'static str, &'static str, &'static [&'static str]);

/// Everything that was told, to look for words in.
fn told(run: &Run) -> String {
    let logs: Vec<_> = run.logs.iter().map(|line| line.message.as_str()).collect();
    format!("{:?}\n{}", run.outcome, logs.join("\n"))
}

fn hold(language: &str, answers: &BTreeMap<&str, Run>, wanted: &[Wanted]) {
    let mut faults = Vec::new();
    for (name, outcome, words) in wanted {
        let run = &answers[name];
        let told = told(run);
        if run.outcome.name() != *outcome || words.iter().any(|word| !told.contains(word)) {
            let told: String = told.chars().take(600).collect();
            faults.push(format!("{name}: {outcome} with {words:?} was wanted, not {told}"));
        }
    }
    assert!(faults.is_empty(), "{language}\n{}", faults.join("\n\n"));
}

/// A project of one misdeed: the guest's file in the place of the rules, and what belongs to it.
fn project(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn in_c(name: &str) -> Result<PathBuf, BuildError> {
    let guests = guests("c");
    let folder = project(&[
        ("src/misdeed.c", read(&guests.join(format!("{name}.c")))),
        ("src/guest.h", read(&guests.join("guest.h"))),
        (
            "plugin.toml",
            "name = \"misdeed\"\nversion = \"1.0.0\"\nsummary = \"does what it should not\"\n\
             language = \"c\"\nworld = \"field-mapping-plugin\"\n"
                .to_owned(),
        ),
    ]);
    linked(&languages::sdk("c"), &folder.path().join("sdk/guest-sdk/c"));
    languages::build(folder.path()).map(|built| kept(&built.path, &format!("c-{name}")))
}

/// A copy under a name of its own: the next misdeed is built in the same place.
fn kept(component: &Path, name: &str) -> PathBuf {
    let copy = languages::target().join("mapwright/misdeeds");
    std::fs::create_dir_all(&copy).unwrap();
    let copy = copy.join(format!("{name}.wasm"));
    std::fs::copy(component, &copy).unwrap();
    copy
}

fn linked(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(from.canonicalize().unwrap(), to).unwrap();
}

#[test]
fn misdeeds_in_c_are_told_to_their_author() {
    let wanted: &[Wanted] = &[
        ("uncaught", "trapped", &["panicked at ", "misdeed.c:"]),
        ("assertion", "trapped", &["misdeed.c:", "payload.len == 0"]),
        ("bounds", "trapped", &["misdeed.c:", "outside of"]),
        ("null", "trapped", &["misdeed.c:"]),
        ("loop", "out_of_fuel", &[]),
        ("allocate", "out_of_memory", &[]),
        ("recurse", "trapped", &[]),
        ("log", "mapped", &["log cut by its limits"]),
        ("nan", "trapped", &["misdeed.c:"]),
        ("utf8_key", "bad_output", &[]),
        ("overflow", "trapped", &["misdeed.c:"]),
    ];
    let built = |name: &str| in_c(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let runs = wanted.iter().map(|(name, ..)| (*name, done(&built(name), "order.created")));
    hold("c", &runs.collect(), wanted);
    // Nothing of an operating system is there to be asked, so this does not even become a component.
    for (name, says) in [
        ("print", "mw_info"),
        ("file", "lookup table"),
        ("environment", "settings"),
        ("clock", "received_at"),
        ("exits", "mw_panic"),
    ] {
        let error = in_c(name).expect_err(name).to_string();
        assert!(error.contains(says), "{name}: {error}");
    }
    let error = in_c("float").expect_err("a float is no money");
    assert!(
        matches!(&error, BuildError::Compile { output } if output.contains("float")),
        "{error}"
    );
    twice_the_same(&built("keys"));
}

fn in_typescript(name: &str) -> Result<PathBuf, BuildError> {
    drop(languages::component("typescript")); // node_modules are there
    let guests = guests("typescript");
    let package = read(&guests.join("package.json"))
        .replace("\"bad-guests\"", "\"misdeed\"")
        .replace("\"world\":", &format!("\"entry\": \"{name}.ts\", \"world\":"));
    let folder = project(&[
        (&format!("{name}.ts"), read(&guests.join(format!("{name}.ts")))),
        ("package.json", package),
    ]);
    let modules = plugins::folder(&languages::reference("typescript")).join("node_modules");
    linked(&modules, &folder.path().join("node_modules"));
    languages::build(folder.path()).map(|built| kept(&built.path, &format!("ts-{name}")))
}

#[test]
fn misdeeds_in_typescript_are_told_to_their_author() {
    let wanted: &[Wanted] = &[
        ("exception", "trapped", &["panicked at ", "exception.ts:4", "no tax for 18"]),
        ("undefined", "trapped", &["undefined.ts:"]),
        ("loop", "out_of_fuel", &[]),
        ("allocation", "out_of_memory", &[]),
        ("recursion", "trapped", &[]),
        ("console", "skipped", &[]),
        ("environment", "trapped", &["process"]),
        ("surrogate", "mapped", &[]),
        ("float", "trapped", &["/lines/0/total"]),
        ("nan", "trapped", &[]),
        ("answer", "trapped", &[]),
    ];
    let built = |name: &str| in_typescript(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let runs = wanted.iter().map(|(name, ..)| (*name, done(&built(name), "order.created")));
    hold("typescript", &runs.collect(), wanted);
    for name in ["file", "top", "world"] {
        let error = in_typescript(name).expect_err(name);
        assert!(matches!(error, BuildError::Compile { .. }), "{name}: {error}");
    }
    for name in ["clock", "order"] {
        twice_the_same(&built(name));
    }
    let clock = told(&done(&built("clock"), "order.created"));
    assert!(clock.contains("1795313706000 1795313706000 2026-11-22T02:15:06"), "{clock}");
}

#[test]
fn misdeeds_in_python_are_told_to_their_author() {
    drop(languages::component("python")); // the venv is there
    let folder = tempfile::tempdir().unwrap();
    for part in ["src", "pyproject.toml"] {
        linked(&guests("python").join(part), &folder.path().join(part));
    }
    linked(&languages::sdk("python"), &folder.path().join("sdk/guest-sdk/python"));
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    linked(&wit, &folder.path().join("sdk/wit"));
    let built = languages::build(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let every = load(&built.path);
    let wanted: &[Wanted] = &[
        ("uncaught", "trapped", &["panicked at ", "uncaught.py:"]),
        ("deep", "trapped", &["RecursionError"]),
        ("endless", "out_of_fuel", &[]),
        ("hungry", "out_of_memory", &[]),
        ("chatty", "skipped", &["log cut by its limits"]),
        ("reads_file", "trapped", &["reads_file.py:"]),
        ("connects", "trapped", &["connects.py:"]),
        ("reads_environment", "skipped", &[]),
        ("asks_time", "skipped", &["True 2026"]),
        ("exits", "trapped", &["SystemExit"]),
        ("float_money", "trapped", &["float"]),
        ("not_a_number", "trapped", &[]),
        ("a_set", "trapped", &["set"]),
        ("half_a_character", "trapped", &[]),
        ("float_decimal", "trapped", &["float"]),
        ("deep_in_c", "trapped", &["call stack exhausted"]),
        ("imports_late", "trapped", &["ModuleNotFoundError"]),
        ("imports_in_a_function", "skipped", &["1/2"]),
    ];
    let topic = |name: &str| format!("misdeed.{name}");
    let runs = wanted.iter().map(|(name, ..)| (*name, done_by(&every, &topic(name))));
    hold("python", &runs.collect(), wanted);
    for name in ["asks_time", "random_order", "random_numbers", "remembers"] {
        let [once, again] = [0, 1].map(|_| told(&done_by(&every, &topic(name))));
        assert_eq!(once, again, "{name}");
    }
}

fn in_go(name: &str) -> Result<PathBuf, BuildError> {
    let guests = guests("go");
    let sdk = languages::sdk("go").canonicalize().unwrap();
    let module =
        read(&guests.join("go.mod")).replace("../../../guest-sdk/go", &sdk.display().to_string());
    let source = read(&guests.join(format!("{name}.go"))).replacen("//go:build ignore\n", "", 1);
    let folder = project(&[
        ("main.go", read(&guests.join("main.go"))),
        (&format!("{name}.go"), source),
        ("go.mod", module),
        ("plugin.toml", read(&guests.join("plugin.toml"))),
    ]);
    languages::build(folder.path()).map(|built| kept(&built.path, &format!("go-{name}")))
}

#[test]
fn misdeeds_in_go_are_told_to_their_author() {
    let wanted: &[Wanted] = &[
        ("panic", "trapped", &["panicked at ", "panic.go:"]),
        ("error", "trapped", &["no price for this customer"]),
        ("loop", "out_of_fuel", &[]),
        ("memory", "out_of_memory", &[]),
        ("recursion", "trapped", &[]),
        ("float", "trapped", &["/total"]),
        // What its runtime is started with, and nothing of the machine.
        ("environment", "skipped", &["HOME=, 2 variables"]),
        ("exit", "trapped", &["exit"]),
    ];
    let built = |name: &str| in_go(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let runs = wanted.iter().map(|(name, ..)| (*name, done(&built(name), "order.created")));
    hold("go", &runs.collect(), wanted);
    twice_the_same(&built("maporder"));
}
