//! The reference rules in every language: their folders, their components, their own test runners.
//!
//! Components come from the real toolchain, which installs what is missing into the target folder (npm's
//! `node_modules` into the project). A first run downloads some 300 MB; later ones build what changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mapwright::toolchain::{BuildOptions, Built, build_plugin};

use crate::plugins;

/// The languages with an SDK, in the order of the benchmarks' table.
pub const LANGUAGES: [&str; 5] = ["rust", "c", "typescript", "python", "go"];

/// The example plugin that holds the reference rules in this language.
#[must_use]
pub fn reference(language: &str) -> String {
    match language {
        "rust" => "woo-order-to-tryton".to_owned(),
        other => format!("woo-order-to-tryton-{other}"),
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

/// The reference rules in this language, built once for each process.
///
/// # Panics
/// When they cannot be built; the message says why.
#[must_use]
pub fn component(language: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    if language == "rust" {
        return plugins::built(&reference(language));
    }
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(path) = all.get(language) {
        return path.clone();
    }
    let built = build(&plugins::folder(&reference(language)))
        .unwrap_or_else(|e| panic!("the reference rules in {language} cannot be built: {e}"));
    all.insert(language.to_owned(), built.path.clone());
    built.path
}
