//! What is to be built: cargo's own answer about a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::toolchain::error::{BuildError, tail};

/// A plugin project.
#[derive(Debug)]
pub(super) struct Project {
    /// Its package name.
    pub(super) name: String,
    /// Its `Cargo.toml`.
    pub(super) manifest: PathBuf,
    /// The file name of the module that cargo makes.
    pub(super) module: String,
    /// cargo's target folder for plugins: never the one of a native build, whose flags differ.
    pub(super) target_dir: PathBuf,
    /// Where the component goes.
    pub(super) out_dir: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// Reads the project in `dir`.
pub(super) fn read(dir: &Path, target_dir: Option<&Path>) -> Result<Project, BuildError> {
    let not_a_project = |reason: String| BuildError::NotAProject { dir: dir.to_path_buf(), reason };
    let manifest = dir.join("Cargo.toml");
    let manifest = manifest.canonicalize().map_err(|_| {
        not_a_project("there is no Cargo.toml; `mapwright new NAME` makes a project".to_owned())
    })?;
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(&manifest)
        .output()
        .map_err(|_| BuildError::ToolchainMissing {
            missing: super::find::nothing_found().to_string(),
        })?;
    if !output.status.success() {
        return Err(not_a_project(tail(&output.stderr, 20)));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|e| not_a_project(format!("cargo's answer cannot be read: {e}")))?;
    let package = metadata
        .packages
        .into_iter()
        .find(|package| package.manifest_path == manifest)
        .ok_or_else(|| not_a_project("its Cargo.toml describes no package".to_owned()))?;
    let library = package
        .targets
        .iter()
        .find(|target| target.crate_types.iter().any(|t| t == "cdylib"))
        .ok_or_else(|| {
            not_a_project(
                "its library is no cdylib; write `crate-type = [\"cdylib\", \"rlib\"]` under [lib]"
                    .to_owned(),
            )
        })?;
    let target = target_dir.unwrap_or(&metadata.target_directory).join("mapwright");
    Ok(Project {
        module: format!("{}.wasm", library.name.replace('-', "_")),
        name: package.name,
        manifest,
        target_dir: target.join("cargo"),
        out_dir: target,
    })
}
