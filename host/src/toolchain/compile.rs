//! The compilation itself: cargo with the profile of plugins, then the component around the module.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::BuildOptions;
use super::error::{BuildError, tail};
use super::find::{TARGET, Toolchain};
use super::project::Project;

/// How plugins are compiled, whatever the project's own profile says: for speed, since each call
/// pays for it; unwinding does not exist on this target; function names stay, so that a trap's
/// backtrace names them.
const PROFILE: [(&str, &str); 7] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    // Macros and build scripts run once.
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_DEBUG", "false"),
];

/// Line tables are nine tenths of a component and of the time it takes to load; a panic's text says
/// file and line without them.
const DEBUG: &str = "CARGO_PROFILE_RELEASE_DEBUG";

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
    options: &BuildOptions,
) -> Result<Vec<u8>, BuildError> {
    let mut cargo = Command::new(&toolchain.cargo);
    for name in OUTER {
        cargo.env_remove(name);
    }
    cargo
        .args(["build", "--release", "--lib", "--target", TARGET, "--manifest-path"])
        .arg(&project.manifest)
        .arg("--target-dir")
        .arg(&project.target_dir)
        .envs(PROFILE)
        .env(DEBUG, if options.debug_info { "line-tables-only" } else { "none" })
        .env("RUSTC", &toolchain.rustc)
        .stdin(Stdio::null());
    if let Some(linker) = &toolchain.from_source {
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    // The home folder of whoever builds has no place in a plugin. The flag is the same for every
    // project of a machine on purpose: other flags would mean another standard library.
    if let Some(home) = cargo_home() {
        cargo.env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            format!("--remap-path-prefix={}=cargo", home.display()),
        );
    }
    let failed = |e| BuildError::file(&toolchain.cargo, e);
    let output = if options.quiet {
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

/// Makes a component of a module that carries its component type.
pub(super) fn componentize(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let reason = |e| BuildError::NotAComponent { reason: format!("{e:#}") };
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .map_err(reason)?
        .encode()
        .map_err(reason)
}
