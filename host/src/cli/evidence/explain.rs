//! `mapwright explain`: what each field of a plugin's documents comes from.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::super::case::CaseFlags;
use super::super::rehearsal::{LimitFlags, PluginFiles, PluginName, Rehearsal, engine};
use super::super::screen::{self, BAD, DIM, NAME, STRONG, WARN, count, paint, plain};
use super::payloads::{Payload, Payloads};
use super::progress::Progress;
use super::{Failure, fail, threads};
use crate::evidence::explain::{self, Explanation, Options, ReadSet};
use crate::evidence::trial::Rules;

const HELP: &str = "\
Examples:
  mapwright explain rules.wasm --payload order.json
  mapwright explain rules.wasm --payload order.json --settings settings.toml --lookups lookups/
  mapwright explain rules.wasm --payload orders/ --json | jq '.read_set.read | keys'

Each leaf of the payload, the settings, the context and the lookup rows asked for is changed in
several ways, one at a time, and the plugin is run again: a field comes from the leaves that move it.
Of one payload you see each field; of several (a folder, a list, --payload many times) the read set:
which leaves matter at all, with indices folded.

\"Ignored\" means that no change that was tried made a difference on these payloads.

Exit code:
  0  explained
  1  settings that break the plugin's schema
  2  a flag, file or plugin that cannot be used
  3  the plugin hit a limit or trapped on a payload as it is";

/// Values longer than this are cut on the screen.
const VALUE_CHARS_MAX: usize = 40;

/// Leaves shown for one field; JSON has all.
const LEAVES_MAX: usize = 8;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The plugin: a component, or a core module with its component type.
    #[arg(value_name = "FILE.wasm")]
    plugin: PathBuf,
    /// A payload, a list of them (.ndjson), or a folder of payloads or golden cases; may be given
    /// many times.
    #[arg(long, value_name = "FILE|DIR|NDJSON", required = true)]
    payload: Vec<PathBuf>,
    #[command(flatten)]
    case: CaseFlags,
    /// The most runs for one payload.
    #[arg(long, value_name = "NUMBER", default_value_t = explain::RUNS_MAX)]
    runs: usize,
    #[command(flatten)]
    limits: LimitFlags,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

struct Explained {
    plugin: PluginName,
    /// The only one, when there was only one.
    one: Option<(String, Explanation)>,
    set: ReadSet,
    passed_over: u64,
    failed: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    match explained(args) {
        Ok(explained) => {
            let Explained { plugin, one, set, passed_over, failed } = &explained;
            if args.json {
                let report = match one {
                    Some((name, explanation)) => {
                        json!({"plugin": plugin, "payload": name, "explanation": explanation})
                    }
                    None => json!({"plugin": plugin, "passed_over": passed_over, "read_set": set}),
                };
                screen::print_json(&report.to_string());
            } else {
                screen::print(&view(&explained));
            }
            ExitCode::from(if *failed { 3 } else { 0 })
        }
        Err(failure) => fail(&failure, args.json),
    }
}

fn explained(args: &Args) -> Result<Explained, Failure> {
    let surroundings = args.case.read()?;
    let threads = threads();
    let calls = u32::try_from(threads.get()).unwrap_or(u32::MAX);
    let files =
        PluginFiles { plugin: args.plugin.clone(), pricing: None, status_translation: None };
    let rehearsal = Rehearsal::load_on(&engine(calls, &args.plugin)?, &files, &args.limits)?;
    let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
    let takers = rehearsal.plugins().cloned().collect();
    let mut payloads = Payloads::of(&args.payload, surroundings, takers)?;
    let progress = Progress::of("runs");
    let (mut set, mut last, mut failed) = (ReadSet::default(), None, false);
    for payload in payloads.by_ref() {
        let Payload { case, input } = payload?;
        let faults = rehearsal.settings_faults(&case);
        if !faults.is_empty() {
            return Err(Failure::Settings(faults));
        }
        let options = Options { threads, runs_max: args.runs, done: &progress.done };
        let explanation = explain::explain(&rules, &input, &options);
        failed |= !matches!(
            explanation.outcome.as_str(),
            "mapped" | "skipped" | "rejected" | "not_ready"
        );
        set.add(&explanation);
        last = Some((input.name, explanation));
    }
    drop(progress);
    if set.payloads == 0 {
        let passed = payloads.passed_over;
        return Err(Failure::Usage(format!(
            "nothing to explain: {passed} payloads are of topics that the plugin does not take. Say another with --topic"
        )));
    }
    Ok(Explained {
        plugin: rehearsal.plugin_name(),
        one: last.filter(|_| set.payloads == 1),
        set,
        passed_over: payloads.passed_over,
        failed,
    })
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn heading(out: &mut String, text: &str) {
    line(out, &format!("\n{}", paint(DIM, text)));
}

fn view(explained: &Explained) -> String {
    let Explained { plugin, one, set, passed_over, .. } = explained;
    let mut out = String::new();
    line(&mut out, &format!("{} {}", paint(STRONG, plain(&plugin.name)), plain(&plugin.version)));
    match one {
        Some((name, explanation)) => of_one(&mut out, name, explanation),
        None => of_many(&mut out, set, *passed_over),
    }
    let mut cost = format!("{} runs", count(set.runs as u64));
    if set.not_examined > 0 {
        let left = count(set.not_examined as u64);
        cost.push_str(&format!("; {left} leaves not examined, raise --runs for them"));
    }
    line(&mut out, &paint(DIM, format!("\n{cost}")));
    out
}

fn of_one(out: &mut String, name: &str, explanation: &Explanation) {
    line(out, &format!("{} {}", plain(name), paint(DIM, plain(&explanation.outcome))));
    heading(out, "comes from");
    for origin in &explanation.fields {
        let value = origin.value.as_deref().map(|value| format!(" = {}", short(value)));
        line(
            out,
            &format!(
                "  {}{}",
                paint(NAME, plain(&origin.field)),
                paint(DIM, value.unwrap_or_default())
            ),
        );
        line(out, &format!("    {}", leaves(&origin.from)));
    }
    if !explanation.constants.is_empty() {
        heading(out, "constant");
        for origin in &explanation.constants {
            let value = short(origin.value.as_deref().unwrap_or_default());
            line(out, &format!("  {} {}", plain(&origin.field), paint(DIM, format!("= {value}"))));
        }
    }
    if !explanation.turns.is_empty() {
        heading(out, "ends otherwise when");
        for turn in &explanation.turns {
            let to = match &turn.to {
                Some(to) => format!("is {}", short(to)),
                None => "is gone".to_owned(),
            };
            line(
                out,
                &format!(
                    "  {} {to}: {} {}",
                    plain(&turn.input),
                    paint(if turn.outcome == "skipped" { WARN } else { BAD }, &turn.outcome),
                    paint(DIM, plain(&turn.detail))
                ),
            );
        }
    }
    for (title, names) in [
        ("ignored", &explanation.ignored),
        ("unused settings, context and tables", &explanation.unused),
        ("rows asked for that are not there", &explanation.missing_rows),
    ] {
        if !names.is_empty() {
            heading(out, title);
            for name in names {
                line(out, &format!("  {}", plain(name)));
            }
        }
    }
}

fn of_many(out: &mut String, set: &ReadSet, passed_over: u64) {
    let mut head = format!("{} payloads", count(set.payloads));
    if passed_over > 0 {
        head.push_str(&format!("; {} of topics it does not take", count(passed_over)));
    }
    line(out, &head);
    heading(out, "reads");
    for (leaf, read) in &set.read {
        let name = paint(NAME, plain(leaf));
        let times = paint(DIM, format!("{} payloads", count(read.payloads)));
        line(out, &format!("  {name} {times}"));
        let mut to: Vec<_> = read.fields.iter().cloned().collect();
        to.extend(read.outcomes.iter().map(|outcome| format!("({outcome})")));
        line(out, &format!("    → {}", leaves(&to)));
    }
    if set.cut {
        line(out, &paint(DIM, "  (and more than is told)"));
    }
    heading(out, "ignored");
    for leaf in set.ignored.keys() {
        line(out, &format!("  {}", plain(leaf)));
    }
}

fn leaves(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(LEAVES_MAX).map(|name| plain(name)).collect();
    if names.len() > LEAVES_MAX {
        shown.push(format!("and {} more", names.len() - LEAVES_MAX));
    }
    shown.join(", ")
}

fn short(value: &str) -> String {
    let value = plain(value).replace('\n', "⏎");
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value,
    }
}
