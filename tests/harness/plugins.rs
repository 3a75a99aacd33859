//! The example plugins as components, built by the real toolchain the first time one is asked for.
//!
//! What is missing on the machine is installed. The first build of a clean checkout compiles the
//! standard library for wasm32 and takes minutes; later ones take a second. Tests of several
//! processes may ask at the same time: the toolchain holds a lock.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mapwright::toolchain::{BuildOptions, build_plugin};

/// The names of all example plugins.
pub const EXAMPLES: [&str; 4] =
    ["wholesale-pricing", "woo-order-summary", "woo-order-to-bling", "woo-order-to-tryton"];

/// The folder of an example plugin.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-plugins").join(name)
}

/// The component of an example plugin, built once for each process.
///
/// # Panics
///
/// When it cannot be built; the message says why.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    // A build that panicked left nothing half done: the next test tries again and says why, too.
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(path) = all.get(name) {
        return path.clone();
    }
    let options = BuildOptions { install_toolchain: true, quiet: true, ..BuildOptions::default() };
    let built = build_plugin(&folder(name), &options)
        .unwrap_or_else(|e| panic!("the example plugin {name} cannot be built: {e}"));
    all.insert(name.to_owned(), built.path.clone());
    built.path
}
