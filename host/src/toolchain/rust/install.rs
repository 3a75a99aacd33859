//! Installing what is missing: by rustup where rustup can, by Debian's packages otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::find::TARGET;
use crate::toolchain::debian;
use crate::toolchain::error::BuildError;
use crate::toolchain::program::{on_path, run};

/// Debian's current Rust, kept beside the distribution's own for building browsers, with the
/// standard library's source. Installed under the system's prefix; rustup's Rust stays as it is.
const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

/// rustup tries for long when its server cannot be reached; the other road is waiting.
const RUSTUP_TIME_MAX: Duration = Duration::from_secs(180);

/// Installs a Rust that compiles to wasm32.
pub(super) fn install(dir: &Path, quiet: bool) -> Result<(), BuildError> {
    let mut failure = None;
    if let Some(rustup) = rustup(dir) {
        let mut add = Command::new(rustup);
        add.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1").current_dir(dir);
        match run(add, RUSTUP_TIME_MAX, quiet) {
            Ok(()) => return Ok(()),
            Err(e) if on_path("apt-get").is_none() => return Err(e),
            Err(e) => failure = Some(e),
        }
    }
    if on_path("apt-get").is_none() {
        return Err(failure.unwrap_or_else(|| BuildError::ToolchainMissing {
            missing: super::find::nothing_found().to_string(),
        }));
    }
    if let (Some(e), false) = (&failure, quiet) {
        anstream::eprintln!("{e}\ntaking Debian's packages instead");
    }
    debian::refresh(quiet);
    let linker = linker_package();
    let packages: Vec<&str> = DEBIAN.into_iter().chain([linker.as_str()]).collect();
    debian::install(&packages, quiet)
}

/// The rustup that manages the Rust in use, if it does.
pub(super) fn rustup(dir: &Path) -> Option<PathBuf> {
    let rustup = on_path("rustup")?;
    let active = Command::new(&rustup).args(["which", "rustc"]).current_dir(dir).output().ok()?;
    active.status.success().then_some(rustup)
}

/// What to type on Debian; nothing elsewhere.
pub(super) fn apt_line() -> Option<String> {
    on_path("apt-get")?; // before the linker's name is looked for
    let linker = linker_package();
    let packages: Vec<&str> = DEBIAN.into_iter().chain([linker.as_str()]).collect();
    debian::line(&packages)
}

/// Debian's `rust-lld` is a link into the LLVM it was built with, whose linker is a package of its
/// own that nothing depends on.
fn linker_package() -> String {
    const LIKELY: &str = "lld-22";
    if let Ok(target) = std::fs::read_link("/usr/bin/rust-lld")
        && let Some(name) = target.file_name().and_then(|name| name.to_str())
        && name.starts_with("lld-")
    {
        return name.to_owned();
    }
    let depends = Command::new("apt-cache").args(["depends", "rust-web-llvm"]).output();
    depends
        .ok()
        .and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            let version =
                text.lines().find_map(|line| line.trim().strip_prefix("Depends: llvm-"))?;
            Some(format!("lld-{version}"))
        })
        .unwrap_or_else(|| LIKELY.to_owned())
}
