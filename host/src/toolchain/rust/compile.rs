//! The compilation itself: cargo with the profile of plugins.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::find::{TARGET, Toolchain};
use super::project::Project;
use crate::toolchain::error::{BuildError, tail};

/// How plugins are compiled, whatever the project's own profile says: for speed, since each call
/// pays for it; unwinding does not exist on this target; function names stay, so that a trap's
/// backtrace names them. The line tables only stay in cargo's folder, see [`super::super::component`].
const PROFILE: [(&str, &str); 8] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    // Macros and build scripts run once.
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_DEBUG", "false"),
];

/// What an instance begins with beside its stack and data. Memory that is there from the start needs
/// no growing, which costs the host two changes of page protection in every call: some 4 % of the
/// time of a 6 KB order. Pages that are not touched cost nothing.
const HEAP_BYTES: usize = 14 << 16;

/// A call of a function costs more in the sandbox than natively: each counts fuel and looks at the clock. So more is
/// inlined than LLVM would by itself, and what vectors can do is left to them. A twentieth of the time of a 50 KB order,
/// for a fifteenth more bytes; more inlining than this won nothing for small orders.
const FASTER: &str = "-Ctarget-feature=+simd128 -Cllvm-args=-inline-threshold=500";

/// Left by a cargo that runs us, meant for the host's own compilation.
const OUTER: [&str; 12] = [
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_TARGET_DIR",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// Compiles the project and gives the module's bytes.
pub(super) fn compile(
    project: &Project,
    toolchain: &Toolchain,
    quiet: bool,
) -> Result<Vec<u8>, BuildError> {
    let mut cargo = Command::new(&toolchain.cargo);
    for name in OUTER {
        cargo.env_remove(name);
    }
    cargo
        .args(["rustc", "--release", "--lib", "--target", TARGET, "--manifest-path"])
        .arg(&project.manifest)
        .arg("--target-dir")
        .arg(&project.target_dir)
        .envs(PROFILE)
        .env("RUSTC", &toolchain.rustc)
        .stdin(Stdio::null());
    if let Some(linker) = &toolchain.from_source {
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    // The flags are the same for every project of a machine on purpose: others would mean another
    // standard library.
    let mut flags = FASTER.to_owned();
    // The home folder of whoever builds has no place in a plugin.
    if let Some(home) = cargo_home() {
        flags.push_str(&format!(" --remap-path-prefix={}=cargo", home.display()));
    }
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
    cargo.args(["--", "-C"]).arg(format!("link-arg=--initial-heap={HEAP_BYTES}"));
    let failed = |e| BuildError::file(&toolchain.cargo, e);
    let output = if quiet {
        let output = cargo.output().map_err(failed)?;
        if output.status.success() { None } else { Some(tail(&output.stderr, 60)) }
    } else {
        let status = cargo.stdout(Stdio::null()).status().map_err(failed)?;
        if status.success() { None } else { Some(String::new()) }
    };
    if let Some(output) = output {
        return Err(BuildError::Compile { output });
    }
    let module = project.target_dir.join(TARGET).join("release").join(&project.module);
    std::fs::read(&module).map_err(|e| BuildError::file(&module, e))
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Option<PathBuf> {
    let home = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    home("CARGO_HOME").or_else(|| Some(home("HOME")?.join(".cargo")))
}
