//! `mapwright plugins`: the plugins of every merchant, and what is wrong with any file.
//!
//! Asked for a folder, it loads the files as the host would at a start. Asked for a running host
//! (`--url`), it shows what that host holds, which may be the last good version of a file that is
//! broken now. Both come from the same account, which `/readyz` gives too.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::operate::trials::line;
use super::operate::versions;
use super::screen::{self, BAD, paint, plain};
use crate::config::{HostFile, Loader};
use crate::delivery::Outbound;
use crate::host;
use crate::plugin::{Engine, EngineOptions};

/// A host that does not answer in this time is not well.
const PATIENCE: Duration = Duration::from_secs(10);

/// Show the plugins of a configuration folder or of a running host, and every fault.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright plugins --config /etc/mapwright
  mapwright plugins --url http://127.0.0.1:8080
  mapwright plugins --url http://127.0.0.1:8080 --merchant acme

With --merchant every version that was brought in is shown, with who did and where it stands; that needs the
token in MAPWRIGHT_TOKEN. A plugin is `ready`, `last_good` (the file is broken, the version before it is in use) or `refused`.
Exit code: 0 all is well, 1 something is wrong with a file, 2 folder or host cannot be read.")]
pub(super) struct Args {
    /// The configuration folder, with mapwright.toml and merchants/.
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "url")]
    config: PathBuf,
    /// A running host.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Every version of this merchant's plugins, on a running host.
    #[arg(long, requires = "url")]
    merchant: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// All there is to show.
#[derive(Debug, Serialize)]
struct View {
    plugins: Vec<Entry>,
    /// Of a running host: candidates with a share, versions in shadow and watched.
    canaries: Vec<Value>,
    trials: Vec<Value>,
    faults: Vec<Fault>,
}

/// One plugin file.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(default)]
    merchant: String,
    /// The file's name without `.wasm`, which routes call it by.
    name: String,
    state: String,
    version: Option<String>,
    digest: Option<String>,
    capabilities: Option<Vec<String>>,
    /// Which limits fit it, where nobody set others. A host from before there were profiles does not say.
    #[serde(default)]
    profile: Option<String>,
    /// Why the file as it is now is not in use.
    fault: Option<Fault>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fault {
    path: PathBuf,
    line: Option<usize>,
    message: String,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    if let (Some(url), Some(merchant)) = (&args.url, &args.merchant) {
        return versions::list(url, merchant, args.json);
    }
    let account = match &args.url {
        Some(url) => ask(url),
        None => look(&args.config),
    };
    match account.and_then(|account| view(&account)) {
        Ok(view) => {
            if args.json {
                screen::print_json(&json!(view).to_string());
            } else {
                show(&view);
            }
            ExitCode::from(u8::from(!view.faults.is_empty()))
        }
        Err(message) => {
            screen::complain(&message);
            if args.json {
                screen::print_json(&json!({"error": {"message": message}}).to_string());
            }
            ExitCode::from(2)
        }
    }
}

/// What a host would make of the folder if it started now.
fn look(dir: &Path) -> Result<Value, String> {
    let file = HostFile::read(dir).map_err(|fault| fault.to_string())?;
    let engine = Engine::new(&EngineOptions { calls_max: 1, ..EngineOptions::default() })
        .map_err(|error| error.to_string())?;
    let outbound = Outbound::new().map_err(|error| error.to_string())?;
    Ok(host::account(&Loader::new(dir, &file, engine, outbound).load(None)))
}

/// What a running host says of itself.
fn ask(url: &str) -> Result<Value, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let address = format!("{}/readyz", url.trim_end_matches('/'));
    runtime.block_on(async {
        // The outbound client of the host sets up TLS.
        Outbound::new().map_err(|error| error.to_string())?;
        let said = |error: reqwest::Error| format!("{address}: {error}; is the host running?");
        let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(said)?;
        let body = client.get(&address).send().await.map_err(said)?.bytes().await.map_err(said)?;
        serde_json::from_slice(&body).map_err(|error| format!("{address} gave no account: {error}"))
    })
}

fn view(account: &Value) -> Result<View, String> {
    let strange = |error: serde_json::Error| format!("the account cannot be read: {error}");
    let mut plugins = Vec::new();
    for (merchant, part) in account["merchants"].as_object().into_iter().flatten() {
        let entries: Vec<Entry> =
            serde_json::from_value(part["plugins"].clone()).map_err(strange)?;
        plugins
            .extend(entries.into_iter().map(|entry| Entry { merchant: merchant.clone(), ..entry }));
    }
    let faults = serde_json::from_value(account["faults"].clone()).map_err(strange)?;
    let list = |key: &str| account[key].as_array().cloned().unwrap_or_default();
    Ok(View { plugins, canaries: list("canaries"), trials: list("trials"), faults })
}

fn show(view: &View) {
    let mut table = screen::table(&[
        "merchant",
        "plugin",
        "state",
        "version",
        "sha256",
        "profile",
        "capabilities",
    ]);
    for entry in &view.plugins {
        let colour = match entry.state.as_str() {
            "ready" => comfy_table::Color::Green,
            _ => comfy_table::Color::Red,
        };
        let or_nothing = |text: &Option<String>| plain(text.as_deref().unwrap_or("–"));
        let digest = entry.digest.as_ref().map(|digest| digest.chars().take(12).collect());
        table.add_row([
            comfy_table::Cell::new(plain(&entry.merchant)),
            comfy_table::Cell::new(plain(&entry.name)),
            comfy_table::Cell::new(plain(&entry.state)).fg(colour),
            comfy_table::Cell::new(or_nothing(&entry.version)),
            comfy_table::Cell::new(or_nothing(&digest)),
            comfy_table::Cell::new(or_nothing(&entry.profile)),
            comfy_table::Cell::new(entry.capabilities.as_deref().unwrap_or_default().join(", ")),
        ]);
    }
    let mut text = format!("{table}\n");
    for canary in &view.canaries {
        let word = |key: &str| plain(canary[key].as_str().unwrap_or_default());
        let (merchant, plugin, version) = (word("merchant"), word("plugin"), word("version"));
        text.push_str(&format!("{merchant}/{plugin} {version} is a canary: {}\n", word("share")));
    }
    for trial in &view.trials {
        text.push_str(&format!("{}\n", line(trial)));
    }
    for fault in &view.faults {
        let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
        let head = paint(BAD.bold(), format!("{}{line}", fault.path.display()));
        text.push_str(&format!("\n{head}\n{}", screen::indented(&plain(&fault.message), 2)));
    }
    screen::print(&text);
}
