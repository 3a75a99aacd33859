//! `mapwright pack`: a plugin project becomes one file to send.
//!
//! The plugin is the one given, or built now; beside it go what admission looks at (`cases/`, `lookups/`,
//! `tables/`) and what people read. The same files make the same bytes, so a signature can be made anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::screen;
use crate::plugin::package::{FOLDERS, Form, PLUGIN, Package, WORDS};
use crate::toolchain::{BuildOptions, build_plugin};

/// Make a package of a plugin project: the plugin, its cases, tables and README.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright pack my-rules                             # builds, writes my-rules.zip
  mapwright pack my-rules --wasm rules.wasm --out rules-1.3.0.tar.gz
  mapwright sign my-rules.zip --key maria.pem
  mapwright push my-rules.zip --merchant acme --url URL

Exit code: 0 made, 1 it cannot be made, 2 a file cannot be read or written")]
pub(super) struct Args {
    /// The plugin project.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The plugin, where it is built already.
    #[arg(long, value_name = "FILE.wasm")]
    wasm: Option<PathBuf>,
    /// The package, a .zip or .tar.gz; NAME.zip unless said otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    match pack(args) {
        Ok((out, names, bytes)) => {
            if args.json {
                let said = json!({ "file": out, "entries": names, "bytes": bytes });
                screen::print_json(&said.to_string());
            } else {
                screen::print(&format!("{}\n", out.display()));
            }
            ExitCode::SUCCESS
        }
        Err((code, message)) => {
            screen::complain(&message);
            if args.json {
                screen::print_json(&json!({ "error": { "message": message } }).to_string());
            }
            ExitCode::from(code)
        }
    }
}

type Packed = (PathBuf, Vec<String>, usize);

fn pack(args: &Args) -> Result<Packed, (u8, String)> {
    let (wasm, name) = match &args.wasm {
        Some(wasm) => {
            let name = wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (wasm.clone(), name)
        }
        None => {
            let options =
                BuildOptions { install_toolchain: false, quiet: args.json, target_dir: None };
            let built =
                build_plugin(&args.dir, &options).map_err(|error| (1, error.to_string()))?;
            (built.path, built.name)
        }
    };
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.zip")));
    let form: Form = out.to_string_lossy().parse().map_err(|why: String| (2, why))?;
    let mut files = BTreeMap::new();
    files.insert(PLUGIN.to_owned(), read(&wasm)?);
    for entry in listed(&args.dir)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && FOLDERS.contains(&&*name) {
            add(&entry, &name, &mut files)?;
        } else if entry.is_file() && WORDS.iter().any(|word| name.starts_with(word)) {
            files.insert(name, read(&entry)?);
        }
    }
    let made = Package::make(form, &files).map_err(|error| (1, error.to_string()))?;
    std::fs::write(&out, &made)
        .map_err(|error| (2, format!("{} cannot be written: {error}", out.display())))?;
    Ok((out, files.into_keys().collect(), made.len()))
}

fn add(dir: &Path, under: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), (u8, String)> {
    for entry in listed(dir)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let under = format!("{under}/{name}");
        if entry.is_dir() {
            add(&entry, &under, files)?;
        } else {
            files.insert(under, read(&entry)?);
        }
    }
    Ok(())
}

fn listed(dir: &Path) -> Result<Vec<PathBuf>, (u8, String)> {
    let failed = |error| (2, format!("{} cannot be read: {error}", dir.display()));
    let listing = std::fs::read_dir(dir).map_err(failed)?;
    listing.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, (u8, String)> {
    std::fs::read(path).map_err(|error| (2, format!("{} cannot be read: {error}", path.display())))
}
