//! `mapwright test`: a plugin's golden cases, each a folder, each through the same engine and limits
//! as `dry-run` and `serve`.
//!
//! Cases run one after the other in the order of their names, so two runs print the same. `--bless`
//! rewrites the expectations of the cases that fail, and leaves those that pass as they were
//! written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::case::{Expected, Folder, Unreadable, folders_in, input};
use super::rehearsal::{
    Comparison, Judged, LimitFlags, LoadFailure, PluginFiles, PluginName, Rehearsal, Report,
    SettingsFault, bless, view,
};
use super::screen::{self, BAD, DIM, GOOD, STRONG, WARN, paint};
use crate::toolchain::{BuildOptions, build_plugin, is_project};

const HELP: &str = "\
A case is a folder:
  payload.json                the payload as received
  context.toml                optional: topic, merchant, received_at, previous_status …
  settings.json               optional: the route's settings (or settings.toml)
  lookups/NAME.csv            optional: the merchant's tables
  previous-checkpoint         optional: what the plugin returned the last time (or .json)
  expected.json               what must come of it: keys of the dry run's report, those it has are
                              compared; or
  violations.json             why it must be rejected: a list of {pointer, code, message}

A new case: make the folder, put the payload in, run with --bless, read what was written.

Exit code:
  0  every case passes (or was blessed)
  1  a case fails
  2  a flag, case or plugin that cannot be used
  3  a plugin hit a limit or trapped in a case that does not expect it";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// A plugin project (with `cases/`), a folder of cases, or one case.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Test this plugin instead of building the project.
    #[arg(long, value_name = "FILE.wasm")]
    plugin: Option<PathBuf>,
    /// Run this case only; may be given many times.
    #[arg(long, value_name = "NAME")]
    case: Vec<String>,
    /// Write down what came as what is expected, for each case that fails.
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    limits: LimitFlags,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    match test(args) {
        Ok((plugin, results)) => {
            if args.json {
                screen::print_json(&as_json(&plugin, &results).to_string());
            } else {
                show(&plugin, &results);
            }
            let worst = results.iter().map(CaseResult::exit_code).max_by_key(|code| match code {
                2 => 4,
                other => *other,
            });
            ExitCode::from(worst.unwrap_or(0))
        }
        Err(failure) => {
            screen::complain(&failure);
            if args.json {
                let error = json!({
                    "code": failure.code(),
                    "file": failure.path(),
                    "message": failure.to_string(),
                });
                screen::print_json(&json!({"error": error}).to_string());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// What became of one case.
struct CaseResult {
    name: String,
    /// Absent when it did not come to a run.
    report: Option<Report>,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    Failed(Comparison),
    Blessed(PathBuf),
    NothingExpected,
    Settings(Vec<SettingsFault>),
    Unreadable(Unreadable),
}

impl CaseResult {
    fn exit_code(&self) -> u8 {
        match &self.verdict {
            Verdict::Passed | Verdict::Blessed(_) => 0,
            Verdict::Unreadable(_) => 2,
            Verdict::Failed(_) | Verdict::NothingExpected | Verdict::Settings(_) => {
                match self.report.as_ref().map(Report::exit_code) {
                    Some(3) => 3,
                    _ => 1,
                }
            }
        }
    }

    fn word(&self) -> &'static str {
        match &self.verdict {
            Verdict::Passed => "passed",
            Verdict::Blessed(_) => "blessed",
            Verdict::Failed(_) | Verdict::NothingExpected | Verdict::Settings(_) => "failed",
            Verdict::Unreadable(_) => "unreadable",
        }
    }

    /// Why it did not pass, in words; empty when it did.
    fn why(&self) -> String {
        match &self.verdict {
            Verdict::Passed => String::new(),
            Verdict::Blessed(file) => format!("wrote {}", file.display()),
            Verdict::Failed(_) => "what came is not what is expected".to_owned(),
            Verdict::NothingExpected => match self.report.as_ref().map(Report::exit_code) {
                Some(3) => "the plugin hit a limit or trapped; that is not blessed".to_owned(),
                _ => "has neither expected.json nor violations.json; read what comes with \
                      `mapwright dry-run`, then write it down with `mapwright test --bless`"
                    .to_owned(),
            },
            Verdict::Settings(faults) => {
                faults.iter().map(|fault| fault.line("settings")).collect::<Vec<_>>().join("\n")
            }
            Verdict::Unreadable(unreadable) => unreadable.to_string(),
        }
    }
}

fn test(args: &Args) -> Result<(PluginName, Vec<CaseResult>), LoadFailure> {
    let folders = case_folders(args)?;
    let plugin = match &args.plugin {
        Some(file) => file.clone(),
        None => build(args)?,
    };
    let files = PluginFiles { plugin, pricing: None, status_translation: None };
    let rehearsal = Rehearsal::load(&files, &args.limits)?;
    let results = folders
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            let mut report = None;
            let verdict = run_case(args, &rehearsal, path, &mut report);
            CaseResult { name, report, verdict: verdict.unwrap_or_else(Verdict::Unreadable) }
        })
        .collect();
    Ok((rehearsal.plugin_name(), results))
}

/// Runs one case; leaves in `slot` what came of it.
fn run_case(
    args: &Args,
    rehearsal: &Rehearsal,
    path: &Path,
    slot: &mut Option<Report>,
) -> Result<Verdict, Unreadable> {
    let folder = Folder::read(path)?;
    let failed = match rehearsal.judge(&folder, slot)? {
        Judged::Passed => return Ok(Verdict::Passed),
        Judged::Settings(faults) => return Ok(Verdict::Settings(faults)),
        Judged::Failed(comparison) => Verdict::Failed(comparison),
        Judged::NothingExpected => Verdict::NothingExpected,
    };
    let Some(report) = slot else { return Ok(failed) };
    // A rule set that runs into its limits is never what is wanted; whoever does want it writes
    // that expectation by hand.
    if !args.bless || report.exit_code() == 3 {
        return Ok(failed);
    }
    let (file, text) = bless(&folder.path, report);
    let failed = |source| Unreadable::File { path: file.clone(), source };
    std::fs::write(&file, text).map_err(failed)?;
    if let Expected::File(old) = &folder.expected
        && *old != file
    {
        std::fs::remove_file(old).map_err(failed)?;
    }
    Ok(Verdict::Blessed(file))
}

/// The case folders that are to be run, in the order of their names.
fn case_folders(args: &Args) -> Result<Vec<PathBuf>, Unreadable> {
    let dir = &args.dir;
    let root = dir.join("cases");
    let root = if root.is_dir() { root } else { dir.clone() };
    if root.join("payload.json").is_file() {
        return Ok(vec![root]);
    }
    let mut folders = folders_in(&root)?;
    let name_of = |path: &PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let names: Vec<String> = folders.iter().map(name_of).collect();
    for wanted in &args.case {
        if !names.contains(wanted) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let hint = input::hint(wanted, &names);
            return Err(Unreadable::sense(&root, format!("has no case `{wanted}`; {hint}")));
        }
    }
    if !args.case.is_empty() {
        folders.retain(|path| args.case.contains(&name_of(path)));
    }
    if folders.is_empty() {
        return Err(Unreadable::sense(
            &root,
            "has no cases; a case is a folder with a payload.json (see `mapwright test --help`)",
        ));
    }
    Ok(folders)
}

/// Builds the project that the cases belong to; the component's path.
fn build(args: &Args) -> Result<PathBuf, LoadFailure> {
    // DIR may be the project, its `cases/`, or one case. Looked at in full, since `.` has no parent.
    let failed = |source| Unreadable::File { path: args.dir.clone(), source };
    let dir = args.dir.canonicalize().map_err(failed)?;
    let project = dir.ancestors().take(3).find(|folder| is_project(folder));
    let Some(project) = project else {
        let message = "is not a plugin project; say which plugin to test with \
                       --plugin FILE.wasm";
        return Err(Unreadable::sense(&args.dir, message).into());
    };
    let options = BuildOptions { quiet: args.json, ..BuildOptions::default() };
    match build_plugin(project, &options) {
        Ok(built) => Ok(built.path),
        Err(error) => Err(LoadFailure::NotBuilt { dir: project.to_owned(), error }),
    }
}

fn as_json(plugin: &PluginName, results: &[CaseResult]) -> Value {
    let cases: Vec<Value> = results
        .iter()
        .map(|result| {
            let differences = match &result.verdict {
                Verdict::Failed(comparison) => comparison.differences(),
                _ => Vec::new(),
            };
            json!({
                "case": result.name,
                "result": result.word(),
                "why": Some(result.why()).filter(|why| !why.is_empty()),
                "differences": differences,
                "report": result.report.as_ref().map(Report::value),
            })
        })
        .collect();
    let number = |word| results.iter().filter(|result| result.word() == word).count();
    json!({
        "plugin": plugin,
        "cases": cases,
        "summary": {
            "cases": results.len(),
            "passed": number("passed"),
            "failed": number("failed"),
            "blessed": number("blessed"),
            "unreadable": number("unreadable"),
        },
    })
}

fn show(plugin: &PluginName, results: &[CaseResult]) {
    let mut table = screen::table(&["", "case", "outcome", "fuel", "memory", "time"]);
    for result in results {
        let (sign, colour) = match &result.verdict {
            Verdict::Passed => ("✓", comfy_table::Color::Green),
            Verdict::Blessed(_) => ("+", comfy_table::Color::Yellow),
            _ => ("✗", comfy_table::Color::Red),
        };
        let mut row = vec![
            comfy_table::Cell::new(sign).fg(colour),
            comfy_table::Cell::new(screen::plain(&result.name)),
        ];
        if let Some(report) = &result.report {
            let number = |text| {
                comfy_table::Cell::new(text).set_alignment(comfy_table::CellAlignment::Right)
            };
            row.push(comfy_table::Cell::new(
                anstream::adapter::strip_str(&view::verdict(report)).to_string(),
            ));
            row.push(number(screen::count(report.usage.fuel)));
            row.push(number(screen::bytes(report.usage.memory_bytes)));
            row.push(number(screen::duration(report.usage.duration_us)));
        }
        table.add_row(row);
    }
    let head = paint(STRONG, screen::plain(&plugin.name));
    screen::print(&format!("{head} {}\n{table}\n", screen::plain(&plugin.version)));

    for result in results.iter().filter(|result| result.word() != "passed") {
        let style = if result.exit_code() == 0 { WARN } else { BAD };
        let head =
            paint(style.bold(), format!("{} {}", result.word(), screen::plain(&result.name)));
        let mut text = format!("\n{head}\n{}", screen::indented(&result.why(), 2));
        if let Verdict::Failed(comparison) = &result.verdict {
            text.push_str(&screen::indented(
                &screen::diff::unified(&comparison.expected, &comparison.actual),
                2,
            ));
        }
        let failure = result.report.as_ref().and_then(|report| report.failure.as_ref());
        if let Some(failure) = failure {
            text.push_str(&view::failed(failure));
        }
        screen::print(&text);
    }
    let number = |word| results.iter().filter(|result| result.word() == word).count();
    let parts = [("passed", GOOD), ("blessed", WARN), ("failed", BAD), ("unreadable", BAD)]
        .map(|(word, style)| (number(word), word, style))
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, word, style)| paint(style, format!("{number} {word}")))
        .collect::<Vec<_>>();
    let total = paint(DIM, format!("{}:", screen::many(results.len(), "case")));
    screen::print(&format!("\n{total} {}\n", parts.join(", ")));
}
