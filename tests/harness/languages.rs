//! The reference rules in every language: their folders, their components, their own test runners.
//!
//! Components come from the real toolchain, which installs what is missing into the target folder (npm's
//! `node_modules` into the project). A first run downloads some 300 MB; later ones build what changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use mapwright::toolchain::{BuildOptions, Built, build_plugin};

use crate::plugins;

/// The languages with an SDK, in the order of the benchmarks' table.
pub const LANGUAGES: [&str; 5] = ["rust", "c", "typescript", "python", "go"];

/// The rules that there are in every language: the example plugins by the name that they have in Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Field mapping and status translation.
    Tryton,
    /// Pricing.
    Pricing,
}

impl Rules {
    /// The rules in Rust, whose golden cases are those of all languages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tryton => "woo-order-to-tryton",
            Self::Pricing => "wholesale-pricing",
        }
    }

    /// The example plugin that holds them in this language.
    #[must_use]
    pub fn plugin(self, language: &str) -> String {
        match language {
            "rust" => self.name().to_owned(),
            other => format!("{}-{other}", self.name()),
        }
    }

    /// The folder of that plugin.
    #[must_use]
    pub fn folder(self, language: &str) -> PathBuf {
        plugins::folder(&self.plugin(language))
    }
}

/// The checkout's target folder, where builds keep what they make.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    std::fs::create_dir_all(&target).expect("the target folder can be made");
    target.canonicalize().expect("it was just made")
}

/// Builds a project of any language, with the tools that other tests use.
///
/// # Errors
/// The toolchain's own.
pub fn build(project: &Path) -> Result<Built, mapwright::toolchain::BuildError> {
    let options = BuildOptions { install_toolchain: true, quiet: true, target_dir: Some(target()) };
    build_plugin(project, &options)
}

/// The example plugin that holds the first of the reference rules in this language.
#[must_use]
pub fn reference(language: &str) -> String {
    Rules::Tryton.plugin(language)
}

/// Its component.
///
/// # Panics
/// As [`component_of`].
#[must_use]
pub fn component(language: &str) -> PathBuf {
    component_of(Rules::Tryton, language)
}

/// These rules in this language, built once for each process.
///
/// # Panics
/// When they cannot be built; the message says why.
#[must_use]
pub fn component_of(rules: Rules, language: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let name = rules.plugin(language);
    if language == "rust" {
        return plugins::built(&name);
    }
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(path) = all.get(&name) {
        return path.clone();
    }
    if language == "typescript" && rules != Rules::Tryton {
        share_packages(rules);
    }
    let built = build(&rules.folder(language))
        .unwrap_or_else(|e| panic!("{} in {language} cannot be built: {e}", rules.name()));
    all.insert(name, built.path.clone());
    built.path
}

/// Lets rules in TypeScript use the npm packages of the first ones, which are the same, instead of some more
/// hundred megabytes of their own.
fn share_packages(rules: Rules) {
    let first = Rules::Tryton.folder("typescript");
    let packages = rules.folder("typescript").join("node_modules");
    if packages.exists() {
        return;
    }
    if !first.join("node_modules").is_dir() {
        drop(build(&first).expect("the reference rules in typescript can be built"));
    }
    // A link that leads nowhere is not `exists`, and in the way.
    drop(std::fs::remove_file(&packages));
    let link = Path::new("..").join(Rules::Tryton.plugin("typescript")).join("node_modules");
    let made = std::os::unix::fs::symlink(link, &packages);
    // Another process of tests may have been quicker.
    assert!(made.is_ok() || packages.exists(), "{}: {made:?}", packages.display());
}

/// The folder of a language's SDK.
#[must_use]
pub fn sdk(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk").join(language)
}

/// Runs a project's own tests, in its language's own runner, with the tools that a build installed.
///
/// # Panics
/// When one fails, or none was run; with what the runner said.
pub fn native(language: &str, project: &Path) {
    let project = project.canonicalize().expect("the project is there");
    // Beside the sources nothing is left that was not there.
    let out = target()
        .join("mapwright/native")
        .join(language)
        .join(project.file_name().expect("a folder"));
    let command = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&project).env_remove("MAPWRIGHT_BLESS");
        command
    };
    let said = match language {
        "c" => {
            let out = |name: &str| format!("{name}={}", out.display());
            ran(command(Path::new("make"), &["test", &out("BUILD"), &out("OUT")]))
        }
        "python" => {
            let python = target().join("mapwright/tools/python/venv/bin/python");
            let mut pytest = command(&python, &["-m", "pytest", "-p", "no:cacheprovider"]);
            pytest.env("PYTHONDONTWRITEBYTECODE", "1");
            ran(pytest)
        }
        "typescript" | "javascript" => {
            // The node that a build installed, where the machine has none.
            let bin = target().join("mapwright/tools/typescript/venv/bin");
            let own = bin.join("npm");
            let npm = if own.is_file() { own } else { PathBuf::from("npm") };
            let path = std::env::var_os("PATH").unwrap_or_default();
            let path = std::iter::once(bin).chain(std::env::split_paths(&path));
            let path = std::env::join_paths(path).expect("the target folder has no colon");
            let npm = |arguments: &[&str]| {
                let mut npm = command(&npm, arguments);
                npm.env("PATH", &path);
                ran(npm)
            };
            if !project.join("node_modules").is_dir() {
                npm(&["install", "--no-audit", "--no-fund", "--no-package-lock"]);
            }
            npm(&["test"])
        }
        "go" => {
            let mut go = command(&go(), &["test", "./..."]);
            for (name, value) in [("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOENV", "off")] {
                go.env(name, value);
            }
            ran(go)
        }
        other => panic!("nobody knows how {other} runs its tests"),
    };
    let none = ["no tests ran", "no test files\n\n", "# tests 0", "0 tests", "0 cases"];
    assert!(!none.iter().any(|it| said.starts_with(it)) && !said.is_empty(), "{said}");
}

/// The Go that the toolchain found or installed.
fn go() -> PathBuf {
    let lib = target().join("mapwright/tools/go/venv/lib");
    let own = std::fs::read_dir(lib).into_iter().flatten().flatten();
    let mut own = own.map(|python| python.path().join("site-packages/go/bin/go"));
    own.find(|go| go.is_file()).unwrap_or_else(|| PathBuf::from("go"))
}

/// What a command said; it has to end well.
fn ran(mut command: Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// A Python that has zig (`-m ziglang`): the one that compiles C here, or one made for it.
///
/// # Panics
/// When it cannot be had.
#[must_use]
pub fn zig() -> PathBuf {
    let venv = target().join("mapwright/tools/c/venv");
    let python = venv.join("bin/python");
    if component("c").is_file() && python.is_file() {
        return python;
    }
    // C was compiled by a clang of the machine's.
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&venv);
    ran(make);
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "ziglang==0.16.0"]);
    ran(pip);
    python
}
