//! `mapwright push`, `activate` and `rollback`: a plugin version's way to work and back.

use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::super::evidence::diff::tolerances_of;
use super::super::evidence::fail;
use super::super::screen::{self, BAD, DIM, GOOD, NAME, WARN, paint, plain};
use super::super::sign;
use super::door::{self, Door, Failure, Query, Where, encoded};
use super::trials::WatchFlags;
use super::view::{self, moment, word};

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
  mapwright push rules.zip --merchant acme --url URL
  mapwright diff rules --candidate 1.3.0 --merchant acme --url URL
  mapwright activate rules 1.3.0 --merchant acme --why 'new freight table' --url URL

What is sent is a .wasm file or a package that `mapwright pack` made. Where FILE.sig is beside it, or
--signature names one, the signature goes along. The version is looked over as `mapwright check` does,
with the limits and settings it will have, and kept. It does nothing until it is activated.

Exit code: 0 kept, 1 refused, 2 not understood, not reached or not let in")]
pub(crate) struct PushArgs {
    /// The plugin (a component or a core module with a component type), or a package of it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The signature that `mapwright sign` made; FILE.sig, if that is there.
    #[arg(long, value_name = "FILE.sig")]
    signature: Option<PathBuf>,
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
  mapwright activate rules 1.3.0 --merchant acme --why 'new table' --watch 24h --url URL

It becomes the file plugins/PLUGIN.wasm of the merchant and is in use when the command returns; calls
under way end on the version they began with. If a route cannot work with it, the version before is put
back and the reason is said.

With --watch the version before looks on at every event that live work leaves room for, and the host puts
it back by itself, within a second of knowing, when in 3 events (--revert-after) and in more than 1% of
all (--failures-max) the new one is refused, traps or meets a limit where the one before does not; when 3
of its answers break a seatbelt that those of the one before keep; or when something differs beyond the
tolerances in 3 events.

Exit code: 0 in use, 1 refused, 2 not understood, not reached or not let in")]
pub(crate) struct ActivateArgs {
    /// What routes call it by.
    plugin: String,
    /// NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(value_name = "VERSION")]
    wanted: String,
    #[command(flatten)]
    watch: WatchFlags,
    /// Something that may differ under --watch; without any, only failures and seatbelts count.
    #[arg(long, requires = "watch", value_name = "RULE")]
    tolerate: Vec<String>,
    /// A file of what may differ under --watch, TOML.
    #[arg(long, requires = "watch", value_name = "FILE.toml")]
    tolerances: Option<PathBuf>,
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
        let name = args.file.file_name().unwrap_or_default().to_string_lossy();
        let endings = [".wasm", ".zip", ".tar.gz", ".tgz"];
        let stem = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
        let plugin = args.plugin.as_deref().unwrap_or(stem);
        let beside = sign::beside(&args.file);
        let signature = args.signature.as_ref().or_else(|| Some(&beside).filter(|it| it.exists()));
        let signature = match signature {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                Failure::unusable(format!("{} cannot be read: {error}", file.display()))
            })?),
            None => None,
        };
        let place = path(&args.merchant, plugin, "");
        let report = door.put(&place, bytes, signature.as_deref()).await?;
        if args.place.json {
            screen::print_json(&report.to_string());
        } else {
            let named = named(&report["manifest"], &report["digest"]);
            screen::print(&format!("{} {named}\n", paint(GOOD, "kept")));
            for section in report["sections"].as_array().into_iter().flatten() {
                screen::print(&format!(
                    "  {} {} {}\n",
                    went(&section["went"]),
                    paint(NAME, format!("{:<16}", word(&section["name"]))),
                    word(&section["said"])
                ));
            }
            for note in report["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                screen::print(&format!("{} {}\n", paint(WARN, "note"), plain(note)));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs `activate`.
pub(crate) fn activate(args: &ActivateArgs) -> ExitCode {
    let mut body = json!({ "version": args.wanted, "why": args.slot.why });
    let tolerances = match (&*args.tolerate, &args.tolerances) {
        ([], None) => None,
        (rules, file) => match tolerances_of(rules, file.as_deref()) {
            Ok(tolerances) => Some(tolerances),
            Err(failure) => return fail(&failure, args.slot.place.json),
        },
    };
    if let Some(watch) = args.watch.ask(tolerances.as_ref()) {
        body["watch"] = watch;
    }
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

/// How a section of the report went, in its colour.
fn went(word_of: &Value) -> String {
    let word = format!("{:<7}", word(word_of).replace('_', " "));
    match word_of.as_str() {
        Some("passed") => paint(GOOD, word),
        Some("warned") => paint(WARN, word),
        Some("refused") => paint(BAD, word),
        _ => paint(DIM, word),
    }
}

/// Every version of a merchant's plugins on a running host, and where it stands.
pub(crate) fn list(url: &str, merchant: &str, json: bool) -> ExitCode {
    door::with(&Where::host(url.to_owned(), json), false, async |door| {
        let path = format!("/v1/merchants/{}/plugins", encoded(merchant));
        let (slots, _) = door.list(&path, Query::default(), usize::MAX).await?;
        if json {
            return Ok(view::list(&slots, false, true, &[], |_| Vec::new()));
        }
        let mut rows = Vec::new();
        for slot in &slots {
            for version in slot["versions"].as_array().into_iter().flatten() {
                let mut row = version.clone();
                row["plugin"] = slot["plugin"].clone();
                rows.push(row);
            }
        }
        let header =
            ["plugin", "version", "sha256", "state", "came", "who", "how", "signed by", ""];
        Ok(view::list(&rows, false, false, &header, row))
    })
}

fn row(version: &Value) -> Vec<Cell> {
    let twins = version["same_number"].as_array().map_or(0, Vec::len);
    let mut remarks = Vec::new();
    if twins > 0 {
        remarks.push(format!("{twins} more of this number"));
    }
    if version["kept"] == false {
        remarks.push("not kept".to_owned());
    }
    let state = word(&version["state"]);
    let colour = match state.as_str() {
        "active" => comfy_table::Color::Green,
        "refused" => comfy_table::Color::Red,
        "candidate" | "shadow" => comfy_table::Color::Yellow,
        _ => comfy_table::Color::Reset,
    };
    let digest: String = word(&version["digest"]).chars().take(12).collect();
    vec![
        Cell::new(word(&version["plugin"])),
        Cell::new(word(&version["version"])),
        Cell::new(digest),
        Cell::new(state).fg(colour),
        Cell::new(moment(&version["came_at"])),
        Cell::new(word(&version["who"])),
        Cell::new(format!("{}, {}", word(&version["came"]), word(&version["form"]))),
        Cell::new(word(&version["signed_by"])),
        Cell::new(remarks.join(", ")),
    ]
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
