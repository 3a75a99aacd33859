//! `mapwright dry-run`: one payload through a plugin exactly as the host would do it, delivering
//! nothing.
//!
//! The engine, the limits and the order of the stages are those of `serve`. What differs is only
//! where the inputs come from: flags and files instead of the journal and the configuration.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::case::{Case, CaseFlags};
use super::rehearsal::{
    Comparison, Expectation, LimitFlags, LoadFailure, PluginFiles, Rehearsal, Report,
    SettingsFault, configured, view,
};
use super::screen;
use crate::ingress;

const HELP: &str = "\
Examples:
  mapwright dry-run plugin.wasm --payload order.json
  mapwright dry-run plugin.wasm --payload order.json --settings settings.toml --lookups lookups/
  mapwright dry-run plugin.wasm --payload order.json --json > expected.json
  mapwright dry-run plugin.wasm --payload order.json --expect expected.json
  mapwright dry-run plugin.wasm --payload order.json --config /etc/mapwright --merchant acme
  curl -s https://shop.example/order.json | mapwright dry-run plugin.wasm --payload -

Exit code:
  0  mapped or skipped, and as expected
  1  rejected, not ready, different from --expect, or settings that break the plugin's schema
  2  a flag, file or plugin that cannot be used
  3  the plugin hit a limit or trapped

usage.fuel is what the work burnt, of usage.fuel_limit; usage.startup is what the plugin took before it was
asked anything, which is apart. usage.duration_us is the whole.
The same input gives the same bytes each time, both duration_us apart: time and ids are taken
from the payload, never from the clock.";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// The plugin: a component, or a core module with its component type.
    #[arg(value_name = "FILE.wasm")]
    plugin: PathBuf,
    /// The payload as the source sends it; `-` reads standard input.
    #[arg(long, value_name = "FILE|-")]
    payload: PathBuf,
    #[command(flatten)]
    case: CaseFlags,
    /// What should come of it: an object with keys of the report (those it has are compared), or a
    /// list of violations.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Take pricing from this plugin, as a route may.
    #[arg(long, value_name = "FILE.wasm")]
    pricing: Option<PathBuf>,
    /// Take status translation from this plugin, as a route may.
    #[arg(long, value_name = "FILE.wasm")]
    status: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitFlags,
    /// Run under what this configuration sets of the limits, over those of the plugin's profile.
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// The merchant in that configuration.
    #[arg(long, value_name = "NAME", requires = "config")]
    merchant: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    match rehearse(args) {
        Ok(Ending::Ran(rehearsed)) => {
            let Rehearsed { report, comparison, heading, payload } = *rehearsed;
            let same = comparison.as_ref().is_none_or(Comparison::same);
            if args.json {
                screen::print_json(&as_json(&report, comparison.as_ref()));
            } else {
                screen::print(&view::report(&report, &heading, &payload));
            }
            if let (Some(comparison), Some(file)) = (&comparison, &args.expect) {
                show_comparison(args, comparison, file);
            }
            match report.exit_code() {
                0 if !same => ExitCode::from(1),
                code => ExitCode::from(code),
            }
        }
        Ok(Ending::Settings(faults)) => {
            let shown: Vec<_> = faults.iter().map(|fault| fault.line("settings")).collect();
            complain(args, &shown.join("\n  "), json!({"code": "settings", "settings": faults}));
            ExitCode::from(1)
        }
        Err(failure) => {
            let detail = json!({"code": failure.code(), "file": failure.path()});
            complain(args, &failure.to_string(), detail);
            ExitCode::from(failure.exit_code())
        }
    }
}

enum Ending {
    Ran(Box<Rehearsed>),
    Settings(Vec<SettingsFault>),
}

struct Rehearsed {
    report: Report,
    comparison: Option<Comparison>,
    heading: String,
    payload: Value,
}

fn rehearse(args: &Args) -> Result<Ending, LoadFailure> {
    let mut case = Case::of(&args.payload)?;
    args.case.read()?.put_around(&mut case);
    let expectation = args.expect.as_deref().map(Expectation::read).transpose()?;
    let files = PluginFiles {
        plugin: args.plugin.clone(),
        pricing: args.pricing.clone(),
        status_translation: args.status.clone(),
    };
    let mut limits = args.limits.clone();
    if let Some(dir) = &args.config {
        limits.configured = configured(dir, args.merchant.as_deref(), &args.plugin)?;
    }
    let rehearsal = Rehearsal::load(&files, &limits)?;
    let faults = rehearsal.settings_faults(&case);
    if !faults.is_empty() {
        return Ok(Ending::Settings(faults));
    }
    let topic = case.circumstances.topic();
    for name in rehearsal.strangers_to(topic) {
        screen::warn(format_args!(
            "the manifest of {name} does not list the topic {topic}; say another with --topic"
        ));
    }
    if let Err((_, why)) = ingress::look(topic, &case.payload) {
        screen::warn(format_args!("the host would put this payload into quarantine: {why}"));
    }
    let report = rehearsal.run(&case)?;
    for (entity, plugin) in rehearsal.unlisted(&report.documents) {
        screen::warn(format_args!("the manifest of {plugin} does not list the entity {entity}"));
    }
    let comparison = expectation.map(|expectation| expectation.compare(&report));
    let heading = format!(
        "{} · {} · {}",
        case.payload_file.display(),
        case.circumstances.topic(),
        case.circumstances.resource_key(&case.payload),
    );
    Ok(Ending::Ran(Box::new(Rehearsed { report, comparison, heading, payload: case.value })))
}

/// The report; with `--expect` also whether it is as expected, and what differs.
fn as_json(report: &Report, comparison: Option<&Comparison>) -> String {
    let text = report.text();
    let Some(comparison) = comparison else { return text };
    let differences = match comparison.same() {
        true => json!(null),
        false => json!({"expected": comparison.expected, "actual": comparison.actual}),
    };
    // Put behind the text, which stays as it is: bodies are the plugin's own.
    let open = text.strip_suffix('}').expect("a report is an object");
    format!("{open},\"as_expected\":{},\"differences\":{differences}}}", comparison.same())
}

/// Says on standard error, when the report is JSON, and below the report otherwise, what differs.
fn show_comparison(args: &Args, comparison: &Comparison, file: &std::path::Path) {
    let file = file.display();
    let text = if comparison.same() {
        format!("\n{} as {file} expects\n", screen::paint(screen::GOOD.bold(), "✓"))
    } else {
        let head = screen::paint(screen::BAD.bold(), "✗ different");
        format!(
            "\n{head} from {file}\n{}",
            screen::diff::unified(&comparison.expected, &comparison.actual)
        )
    };
    if !args.json {
        screen::print(&text);
    } else if !comparison.same() {
        screen::complain(format_args!(
            "different from {file}\n{}",
            screen::diff::unified(&comparison.expected, &comparison.actual)
        ));
    }
}

/// One complaint: for people on standard error, for programs also as JSON on standard output.
fn complain(args: &Args, message: &str, mut detail: Value) {
    screen::complain(message);
    if args.json {
        detail["message"] = json!(message);
        screen::print_json(&json!({"error": detail}).to_string());
    }
}
