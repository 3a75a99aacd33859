//! `mapwright push`, `activate` and `rollback`: a plugin version's way to work and back.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::screen::{self, BAD, DIM, GOOD, NAME, WARN, paint, plain};
use super::door::{self, Door, Failure, Where, encoded};

/// A plugin of a merchant.
#[derive(Debug, clap::Args)]
struct Slot {
    /// Whose.
    #[arg(long)]
    merchant: String,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
    #[command(flatten)]
    place: Where,
}

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright push rules.wasm --merchant acme --url http://127.0.0.1:8080
  mapwright push target/rules-1.3.0.wasm --as rules --merchant acme --url URL
  mapwright diff rules --candidate 1.3.0 --merchant acme --url URL
  mapwright activate rules 1.3.0 --merchant acme --why 'new freight table' --url URL

The version is looked over as `mapwright check` does, with the limits and settings it will have, and
kept. It does nothing until it is activated.

Exit code: 0 kept, 1 refused, 2 not understood, not reached or not let in")]
pub(crate) struct PushArgs {
    /// The plugin: a component or a core module with a component type.
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// What routes call it by; the file's name unless said otherwise.
    #[arg(long = "as", value_name = "PLUGIN")]
    plugin: Option<String>,
    /// Whose.
    #[arg(long)]
    merchant: String,
    #[command(flatten)]
    place: Where,
}

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright activate rules 1.3.0 --merchant acme --why 'new freight table' --url URL
  mapwright activate rules 4f2a91 --merchant acme --why 'the build of Tuesday' --url URL

It becomes the file plugins/PLUGIN.wasm of the merchant and is in use when the command returns; calls
under way end on the version they began with. If a route cannot work with it, the version before is put
back and the reason is said.

Exit code: 0 in use, 1 refused, 2 not understood, not reached or not let in")]
pub(crate) struct ActivateArgs {
    /// What routes call it by.
    plugin: String,
    /// NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(id = "which", value_name = "VERSION")]
    version: String,
    #[command(flatten)]
    slot: Slot,
}

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  mapwright rollback rules --merchant acme --why 'discounts are wrong' --url URL

What was mapped with the version in use stays as it is: `mapwright replay` maps it again.

Exit code: 0 in use, 1 refused, 2 not understood, not reached or not let in")]
pub(crate) struct RollbackArgs {
    /// What routes call it by.
    plugin: String,
    #[command(flatten)]
    slot: Slot,
}

/// Runs `push`.
pub(crate) fn push(args: &PushArgs) -> ExitCode {
    door::with(&args.place, true, async |door| {
        let bytes = std::fs::read(&args.file).map_err(|error| {
            Failure::unusable(format!("{} cannot be read: {error}", args.file.display()))
        })?;
        let stem = args.file.file_stem().unwrap_or_default().to_string_lossy();
        let plugin = args.plugin.as_deref().unwrap_or(&stem);
        let report = door.put(&path(&args.merchant, plugin, ""), bytes).await?;
        if args.place.json {
            screen::print_json(&report.to_string());
        } else {
            let named = named(&report["manifest"], &report["digest"]);
            screen::print(&format!("{} {named}\n", paint(GOOD, "kept")));
            for note in report["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                screen::print(&format!("{} {}\n", paint(WARN, "note"), plain(note)));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs `activate`.
pub(crate) fn activate(args: &ActivateArgs) -> ExitCode {
    let body = json!({ "version": args.version, "why": args.slot.why });
    put_to_work(&args.slot, &args.plugin, "/activate", &body)
}

/// Runs `rollback`.
pub(crate) fn rollback(args: &RollbackArgs) -> ExitCode {
    put_to_work(&args.slot, &args.plugin, "/rollback", &json!({ "why": args.slot.why }))
}

fn put_to_work(slot: &Slot, plugin: &str, act: &str, body: &Value) -> ExitCode {
    door::with(&slot.place, true, async |door: &Door| {
        let done = door.post(&path(&slot.merchant, plugin, act), body).await?;
        if slot.place.json {
            screen::print_json(&done.to_string());
        } else {
            let (from, to) = (&done["from"], &done["to"]);
            let before = match from {
                Value::Null => paint(DIM, "nothing"),
                from => paint(BAD, named(from, &from["digest"])),
            };
            let now = paint(GOOD, named(to, &to["digest"]));
            screen::print(&format!("{}: {before} → {now}\n", paint(NAME, plain(plugin))));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The path of a merchant's plugin.
pub(super) fn path(merchant: &str, plugin: &str, act: &str) -> String {
    format!("/v1/merchants/{}/plugins/{}{act}", encoded(merchant), encoded(plugin))
}

fn named(of: &Value, digest: &Value) -> String {
    let word = |value: &Value| plain(value.as_str().unwrap_or_default());
    let digest: String = word(digest).chars().take(12).collect();
    format!("{} {} ({digest})", word(&of["name"]), word(&of["version"]))
}
