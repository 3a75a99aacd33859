//! `mapwright build`: a plugin project becomes a component.
//!
//! A face over [`crate::toolchain`]: exit 0 and the component's path, 1 when the project does not
//! compile or is no plugin, 2 when there is nothing to build or no Rust to build it with.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::toolchain::{BuildError, BuildOptions, Built, build_plugin};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The component is written to target/mapwright/NAME.wasm of the project (or of its cargo workspace). Drop it into merchants/MERCHANT/plugins/ of a running host, or look at it first:

  mapwright build my-plugin
  mapwright check my-plugin/target/mapwright/my-plugin.wasm
  mapwright test my-plugin/cases")]
pub(super) struct Args {
    /// The plugin project: a folder with a Cargo.toml, package.json, pyproject.toml, go.mod or plugin.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Install what is missing instead of naming it: into the project's own folder, Debian's packages and
    /// rustup's wasm target excepted.
    #[arg(long)]
    install_toolchain: bool,
    /// Answer in JSON, on standard output, and say nothing else.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let options = BuildOptions {
        install_toolchain: args.install_toolchain,
        quiet: args.json,
        target_dir: None,
    };
    match build_plugin(&args.dir, &options) {
        Ok(built) => {
            if args.json {
                anstream::println!("{:#}", as_json(&built));
            } else {
                anstream::println!("{}", built.path.display());
                anstream::eprintln!(
                    "{} KB in {:.1} s",
                    built.bytes.div_ceil(1024),
                    built.duration.as_secs_f64()
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let (name, code) = kind(&error);
            if args.json {
                let answer =
                    json!({"ok": false, "error": {"code": name, "message": error.to_string()}});
                anstream::println!("{answer:#}");
            } else {
                anstream::eprintln!("error: {error}");
            }
            ExitCode::from(code)
        }
    }
}

fn as_json(built: &Built) -> serde_json::Value {
    json!({
        "ok": true,
        "name": built.name,
        "lang": built.language.word(),
        "path": built.path,
        "bytes": built.bytes,
        "toolchain": built.toolchain,
        "duration_ms": u64::try_from(built.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

/// The error's name in JSON and its exit code.
fn kind(error: &BuildError) -> (&'static str, u8) {
    match error {
        BuildError::NotAProject { .. } => ("not_a_project", 2),
        BuildError::ToolchainMissing { .. } => ("toolchain_missing", 2),
        BuildError::StillMissing { .. } => ("toolchain_still_missing", 2),
        BuildError::Install { .. } => ("install_failed", 2),
        BuildError::File { .. } => ("file", 2),
        BuildError::Compile { .. } => ("does_not_compile", 1),
        BuildError::NotAComponent { .. } => ("not_a_component", 1),
    }
}
