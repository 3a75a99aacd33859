//! Puts what `mapwright new` writes into the binary: templates, SDKs, the contract.
//!
//! A list of names and `include_bytes!`, so that what a build or a test left in those folders (tools, caches,
//! compiled files: gigabytes) stays out of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What is never part of a template or SDK.
const LEFT_BEHIND: [&str; 9] = [
    "target",
    "build",
    "dist",
    "node_modules",
    "__pycache__",
    ".mapwright",
    ".pytest_cache",
    ".mypy_cache",
    ".venv",
];

fn main() -> io::Result<()> {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says it"));
    let mut list = String::new();
    for (name, folder) in [
        ("TEMPLATES", host.join("templates")),
        ("SDKS", host.join("../guest-sdk")),
        ("WIT", host.join("../wit")),
    ] {
        let mut files = Vec::new();
        gather(&folder, &mut files)?;
        files.sort();
        _ = writeln!(list, "pub(super) static {name}: &[(&str, &[u8])] = &[");
        for file in files {
            let within = file.strip_prefix(&folder).expect("it was found there");
            _ = writeln!(list, "    ({within:?}, include_bytes!({file:?})),");
        }
        list.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says it"));
    fs::write(out.join("embedded.rs"), list)
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    // A file more or less in a folder changes the folder.
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if LEFT_BEHIND.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            gather(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
