//! `mapwright diff`: what a new version, or new settings or tables, would change over many payloads.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::super::case::{CaseFlags, Unreadable, input, lookup, tables_in};
use super::super::operate::recorded::{self, Recorded};
use super::super::rehearsal::{LimitFlags, PluginFiles, PluginName, Rehearsal, engine};
use super::super::screen;
use super::diff_view;
use super::payloads::Payloads;
use super::progress::Progress;
use super::{Failure, fail, threads};
use crate::case::tables;
use crate::evidence::difference::{Tally, Tolerances, Verdict};
use crate::evidence::trial::{self, Options, Rules};

const HELP: &str = "\
Examples:
  mapwright diff old.wasm new.wasm --payload orders/
  mapwright diff old.wasm new.wasm --payload orders.ndjson --tolerate 'unit_price <= 0.00'
  mapwright diff rules.wasm rules.wasm --payload orders/ --settings a.toml --new-settings b.toml
  mapwright diff old.wasm new.wasm --payload cases/ --tolerances tolerances.toml --json
  mapwright diff rules --candidate 1.3.0 --merchant acme --last 10000 --url http://127.0.0.1:8080

What may differ (--tolerate, or a line `\"SUBJECT\" = \"ALLOWED\"` in --tolerances):
  unit_price <= 0.01               a field by its last name; a cent either way, each
  total <= 0.5%                    in percent of what it was
  sale/lines/*/unit_price writing  only 1.10 for 1.1; the field as the report calls it
  /notes any                       everything at /notes of any document
  outcome rejected -> mapped any   events that end in another way; * is any outcome
  status processing -> * any       the target's status
  added invoice any                documents that only the new version makes (or removed)
  fuel <= 1.5x                     the fuel of all together

Exit code:
  0  nothing differs but what may
  1  something else differs, or settings that break a plugin's schema
  2  a flag, file or plugin that cannot be used
  3  a plugin hit a limit or trapped while it was loaded";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The version that is there; with --candidate, what routes call the plugin by.
    #[arg(value_name = "OLD.wasm|PLUGIN")]
    old: PathBuf,
    /// The version that might be.
    #[arg(value_name = "NEW.wasm", required_unless_present = "candidate")]
    new: Option<PathBuf>,
    /// A payload, a list of them (.ndjson), or a folder of payloads or golden cases; may be given
    /// many times.
    #[arg(long, value_name = "FILE|DIR|NDJSON", required_unless_present = "candidate")]
    payload: Vec<PathBuf>,
    #[command(flatten)]
    recorded: Recorded,
    #[command(flatten)]
    case: CaseFlags,
    /// Other settings for the new version.
    #[arg(long, value_name = "FILE")]
    new_settings: Option<PathBuf>,
    /// A folder of other lookup tables for the new version.
    #[arg(long, value_name = "DIR")]
    new_lookups: Option<PathBuf>,
    /// Another lookup table for the new version; with --new-lookups in place of the folder's,
    /// else the only one it gets.
    #[arg(long, value_name = "NAME=FILE.csv", value_parser = lookup)]
    new_lookup: Vec<(String, PathBuf)>,
    /// Something that may differ; may be given many times.
    #[arg(long, value_name = "RULE")]
    tolerate: Vec<String>,
    /// A file of what may differ, TOML.
    #[arg(long, value_name = "FILE.toml")]
    tolerances: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitFlags,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// What came of it.
struct Compared {
    old: PluginName,
    new: PluginName,
    tally: Tally,
    verdict: Verdict,
    passed_over: u64,
}

impl Compared {
    fn shown(&self) -> Shown<'_> {
        let name = |it: &PluginName| {
            let digest: String = it.digest.chars().take(12).collect();
            let digest = screen::paint(screen::DIM, format!("{digest}…"));
            format!("{} {} {digest}", screen::plain(&it.name), screen::plain(&it.version))
        };
        let heads = (name(&self.old), name(&self.new));
        let Self { tally, verdict, passed_over, .. } = self;
        Shown { heads, tally, verdict: Some(verdict), passed_over: *passed_over }
    }
}

/// A comparison as people see it.
pub(crate) struct Shown<'s> {
    /// What is there, and what might be.
    pub(crate) heads: (String, String),
    pub(crate) tally: &'s Tally,
    /// Nothing where nobody asks whether it may differ.
    pub(crate) verdict: Option<&'s Verdict>,
    /// Payloads that neither takes.
    pub(crate) passed_over: u64,
}

impl Shown<'_> {
    pub(crate) fn report(&self) -> String {
        diff_view::report(self)
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    if args.recorded.candidate.is_some() {
        return match tolerances(args) {
            Ok(may) => recorded::run(&args.old.to_string_lossy(), &args.recorded, &may, args.json),
            Err(failure) => fail(&failure, args.json),
        };
    }
    match compare(args) {
        Ok(compared) => {
            if args.json {
                let Compared { old, new, tally, verdict, passed_over } = &compared;
                let report = json!({
                    "within": verdict.within,
                    "obstacles": verdict.obstacles,
                    "tolerated": verdict.tolerated,
                    "old": old,
                    "new": new,
                    "passed_over": passed_over,
                    "difference": tally,
                });
                screen::print_json(&report.to_string());
            } else {
                screen::print(&compared.shown().report());
            }
            ExitCode::from(u8::from(!compared.verdict.within))
        }
        Err(failure) => fail(&failure, args.json),
    }
}

fn compare(args: &Args) -> Result<Compared, Failure> {
    let tolerances = tolerances(args)?;
    let surroundings = args.case.read()?;
    let threads = threads();
    let calls = u32::try_from(threads.get()).unwrap_or(u32::MAX);
    let new = args.new.as_ref().expect("clap asked for it");
    let engine = engine(calls, new)?;
    let load = |plugin: &PathBuf| {
        let files = PluginFiles { plugin: plugin.clone(), pricing: None, status_translation: None };
        Rehearsal::load_on(&engine, &files, &args.limits)
    };
    let (old, new) = (load(&args.old)?, load(new)?);
    let new_settings = args.new_settings.as_deref().map(input::read_object).transpose()?;
    let rules =
        |rehearsal: &Rehearsal| Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
    let (before, mut after) = (rules(&old), rules(&new));
    if let Some(settings) = &new_settings {
        after.settings = Some(serde_json::Value::Object(settings.clone()).to_string().into());
    }
    if args.new_lookups.is_some() || !args.new_lookup.is_empty() {
        let mut files = match &args.new_lookups {
            Some(folder) if !folder.is_dir() => {
                let message = "is not a folder; --new-lookups takes one";
                return Err(Unreadable::sense(folder, message).into());
            }
            Some(folder) => tables_in(folder)?,
            None => Vec::new(),
        };
        for (name, file) in &args.new_lookup {
            files.retain(|(known, _)| known != name);
            files.push((name.clone(), file.clone()));
        }
        after.lookups = Some(Arc::new(tables(&files)?));
    }

    let takers = old.plugins().chain(new.plugins()).cloned().collect();
    let mut payloads = Payloads::of(&args.payload, surroundings, takers)?;
    let mut checked = None;
    let inputs = std::iter::from_fn(|| {
        let payload = payloads.next()?;
        Some(payload.map_err(Failure::from).and_then(|payload| {
            // Settings come from one file for all, or from golden cases: new ones are checked.
            if checked.as_ref() != Some(&payload.case.settings) {
                let mut faults = old.settings_faults(&payload.case);
                let mut case = payload.case;
                let settings = case.settings.clone();
                if let Some(new) = &new_settings {
                    case.settings.clone_from(new);
                }
                faults.extend(new.settings_faults(&case));
                if !faults.is_empty() {
                    faults.dedup();
                    return Err(Failure::Settings(faults));
                }
                checked = Some(settings);
            }
            Ok(payload.input)
        }))
    });
    let progress = Progress::of("compared");
    let stop = AtomicBool::new(false);
    let options = Options { threads, stop: &stop, done: &progress.done };
    let tally = trial::compare(&before, &after, inputs, &options)?;
    drop(progress);
    let verdict = tally.judge(&tolerances);
    Ok(Compared {
        old: old.plugin_name(),
        new: new.plugin_name(),
        tally,
        verdict,
        passed_over: payloads.passed_over,
    })
}

fn tolerances(args: &Args) -> Result<Tolerances, Failure> {
    tolerances_of(&args.tolerate, args.tolerances.as_deref())
}

/// What may differ, from flags and from a file.
pub(crate) fn tolerances_of(rules: &[String], file: Option<&Path>) -> Result<Tolerances, Failure> {
    let usage = |error: crate::evidence::difference::ToleranceError| {
        Failure::Usage(format!("{error}\n  `mapwright diff --help` shows the forms"))
    };
    let flags = Tolerances::parse(rules).map_err(usage)?;
    let Some(file) = file else { return Ok(flags) };
    let mut written = Vec::new();
    for (subject, allowed) in input::read_toml(file)? {
        let Some(allowed) = allowed.as_str() else {
            let message = format!("`{subject}` must be a text like \"any\" or \"<= 0.01\"");
            return Err(Unreadable::sense(file, message).into());
        };
        written.push(format!("{subject} {allowed}"));
    }
    let file_rules =
        Tolerances::parse(&written).map_err(|error| Unreadable::sense(file, error.to_string()))?;
    file_rules.and(flags).map_err(usage)
}
