//! An example plugin in another version: the same source, another number in its manifest.
//!
//! Built once and kept under `target/`, with the standard library that the examples were built with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mapwright::toolchain::{BuildOptions, build_plugin};

use crate::plugins;

/// The component of an example plugin that says it is of this version.
///
/// # Panics
/// When it cannot be built; the message says why.
#[must_use]
pub fn variant(name: &str, version: &str) -> PathBuf {
    altered(name, version, &[])
}

/// The same with parts of its source in other words: what somebody gets wrong in a new version.
///
/// # Panics
/// When it cannot be built, or its source does not say what is to be said otherwise.
#[must_use]
pub fn altered(name: &str, version: &str, edits: &[(&str, &str)]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let folder = plugins::folder(name);
    // A package of its own, so that its component lies beside the other and not in its place.
    let package = format!("{name}-{}", version.replace('.', "-"));
    let copy = target.join("variants").join(&package);
    let sdk =
        folder.join("../../guest-sdk/rust").canonicalize().expect("the SDK is in the checkout");
    let manifest = read(&folder.join("Cargo.toml"))
        .replace(&format!("name = \"{name}\""), &format!("name = \"{package}\""))
        .replace("version = \"1.0.0\"", &format!("version = \"{version}\""))
        .replace("../../guest-sdk/rust", &sdk.display().to_string());
    write(&copy.join("Cargo.toml"), &format!("{manifest}\n[workspace]\n[workspace.lints.rust]\n"));
    write(&copy.join("Cargo.lock"), &read(&folder.join("../../Cargo.lock")));
    let mut source = read(&folder.join("src/lib.rs"));
    let own_name = format!("name: \"{name}\", ..package!()");
    // A new version of the same plugin calls itself the same; the package beside it cannot.
    let named = [("..package!()", own_name.as_str())];
    for (from, to) in edits.iter().chain(named.iter().filter(|_| !edits.is_empty())) {
        assert!(source.contains(from), "the source of {name} does not say {from:?}");
        source = source.replace(from, to);
    }
    write(&copy.join("src/lib.rs"), &source);
    let target = target.canonicalize().expect("it was just written to");
    let options = BuildOptions { install_toolchain: true, quiet: true, target_dir: Some(target) };
    build_plugin(&copy, &options).unwrap_or_else(|e| panic!("{package} cannot be built: {e}")).path
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// An equal file is left alone, so that cargo sees nothing new.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("in the target folder")).expect("it can be made");
    fs::write(path, text).expect("the target folder can be written to");
}
