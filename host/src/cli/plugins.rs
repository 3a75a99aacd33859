//! `mapwright plugins`: the plugins of a configuration folder, and whether the host would take them.
//!
//! Each file is loaded as the host loads it, under the default limits. What a running host holds
//! (it may keep an older version because the newest is refused) is told by that host.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::case::Unreadable;
use super::case::input::read_bytes;
use super::screen::{self, BAD, paint, plain};
use crate::plugin::{Capability, Engine, EngineOptions, Limits};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 every plugin is ready, 1 one is refused, 2 the folder cannot be read.")]
pub(super) struct Args {
    /// The configuration folder, with mapwright.toml and merchants/.
    #[arg(long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// One plugin file.
#[derive(Debug, Serialize)]
struct Entry {
    merchant: String,
    file: String,
    /// `ready` or `refused`.
    state: &'static str,
    name: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    capabilities: Vec<Capability>,
    /// Why it is refused.
    reason: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    match entries(&args.config) {
        Ok(entries) => {
            if args.json {
                screen::print_json(&json!({"plugins": entries}).to_string());
            } else {
                show(&entries);
            }
            ExitCode::from(u8::from(entries.iter().any(|entry| entry.state != "ready")))
        }
        Err(unreadable) => {
            screen::complain(&unreadable);
            if args.json {
                let error = json!({"message": unreadable.to_string(), "file": unreadable.path()});
                screen::print_json(&json!({"error": error}).to_string());
            }
            ExitCode::from(2)
        }
    }
}

fn entries(config: &Path) -> Result<Vec<Entry>, Unreadable> {
    let engine = Engine::new(&EngineOptions { calls_max: 1, ..EngineOptions::default() })
        .map_err(|error| Unreadable::sense(config, error.to_string()))?;
    let mut entries = Vec::new();
    for merchant in children(&config.join("merchants"))? {
        let plugins = merchant.join("plugins");
        if !plugins.is_dir() {
            continue;
        }
        for file in children(&plugins)? {
            if file.extension().is_some_and(|extension| extension == "wasm") {
                entries.push(entry(&engine, &merchant, &file)?);
            }
        }
    }
    Ok(entries)
}

fn entry(engine: &Engine, merchant: &Path, file: &Path) -> Result<Entry, Unreadable> {
    let name_of =
        |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let bytes = read_bytes(file)?;
    let mut entry = Entry {
        merchant: name_of(merchant),
        file: name_of(file),
        state: "ready",
        name: None,
        version: None,
        digest: None,
        capabilities: Vec::new(),
        reason: None,
    };
    match engine.load(&entry.file, &bytes, &Limits::default()) {
        Ok(plugin) => {
            entry.name = Some(plugin.name().to_owned());
            entry.version = Some(plugin.version().to_owned());
            entry.digest = Some(plugin.digest().to_owned());
            entry.capabilities = plugin.capabilities().to_vec();
        }
        Err(error) => {
            entry.state = "refused";
            entry.reason = Some(error.to_string());
        }
    }
    Ok(entry)
}

/// What is in a folder, by name, hidden things left out.
fn children(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let failed = |source| Unreadable::File { path: folder.to_owned(), source };
    let mut children = Vec::new();
    for child in std::fs::read_dir(folder).map_err(failed)? {
        let child = child.map_err(failed)?;
        if !child.file_name().to_string_lossy().starts_with('.') {
            children.push(child.path());
        }
    }
    children.sort();
    Ok(children)
}

fn show(entries: &[Entry]) {
    let header = ["merchant", "file", "state", "plugin", "version", "sha256", "capabilities"];
    let mut table = screen::table(&header);
    for entry in entries {
        let colour = if entry.state == "ready" {
            comfy_table::Color::Green
        } else {
            comfy_table::Color::Red
        };
        let or_nothing = |text: &Option<String>| plain(text.as_deref().unwrap_or("–"));
        let digest = entry.digest.as_ref().map(|digest| digest.chars().take(12).collect());
        let capabilities: Vec<_> =
            entry.capabilities.iter().map(|capability| capability.name()).collect();
        table.add_row([
            comfy_table::Cell::new(plain(&entry.merchant)),
            comfy_table::Cell::new(plain(&entry.file)),
            comfy_table::Cell::new(entry.state).fg(colour),
            comfy_table::Cell::new(or_nothing(&entry.name)),
            comfy_table::Cell::new(or_nothing(&entry.version)),
            comfy_table::Cell::new(or_nothing(&digest)),
            comfy_table::Cell::new(capabilities.join(", ")),
        ]);
    }
    let mut text = format!("{table}\n");
    for entry in entries {
        if let Some(reason) = &entry.reason {
            let head = paint(BAD.bold(), format!("{}/{}", entry.merchant, entry.file));
            text.push_str(&format!("\n{head}\n{}", screen::indented(&plain(reason), 2)));
        }
    }
    screen::print(&text);
}
