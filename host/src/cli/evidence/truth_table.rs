//! `mapwright truth-table`: a plugin's answers to a finite set of inputs, for a merchant to read.

use std::path::PathBuf;
use std::process::ExitCode;

use super::super::case::Unreadable;
use super::super::rehearsal::{LimitFlags, PluginFiles, Rehearsal, engine};
use super::super::screen;
use super::{Failure, fail, threads};
use crate::case::Sheet;

const HELP: &str = "\
A spec is TOML; files are named from where it lies:

  payload = \"order.json\"            # the base; what no column names stays as it is here
  settings = \"settings.toml\"        # optional, as are lookups, context and topic
  lookups = \"lookups\"

  [[input]]
  at = \"/status\"                    # a JSON Pointer into the payload, @settings/NAME,
  name = \"status\"                   # @context/NAME or @context/previous_status
  values = [\"pending\", \"processing\", \"(absent)\"]

  [[output]]
  at = \"sale/state\"                 # outcome, reason, status, ENTITY/POINTER (* for each of a list),
  name = \"state in the ERP\"         # ENTITY@operation, ENTITY@key

The table has a row for each combination of values. Let the merchant correct the outputs, keep the
file, and hold every version to it: mapwright check rules.wasm --table FILE.csv --spec FILE.toml

Exit code:
  0  written
  1  settings that break the plugin's schema
  2  a flag, file or plugin that cannot be used
  3  the plugin hit a limit or trapped while it was loaded";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The plugin: a component, or a core module with its component type.
    #[arg(value_name = "FILE.wasm")]
    plugin: PathBuf,
    /// What goes into the table.
    #[arg(long, value_name = "FILE.toml")]
    spec: PathBuf,
    /// Where to write it; standard output otherwise.
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitFlags,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    match table(args) {
        Ok(Some(text)) => {
            screen::print_raw(&text);
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, false),
    }
}

fn table(args: &Args) -> Result<Option<String>, Failure> {
    let sheet = Sheet::read(&args.spec, None)?;
    let calls = u32::try_from(threads().get()).unwrap_or(u32::MAX);
    let plugin = args.plugin.clone();
    let files = PluginFiles { plugin, pricing: None, status_translation: None };
    let engine = engine(calls, &args.plugin)?;
    let rehearsal = Rehearsal::load_on(&engine, &files, &args.limits)?;
    let faults = rehearsal.settings_faults(&sheet.case);
    if !faults.is_empty() {
        return Err(Failure::Settings(faults));
    }
    let (rules, base) = sheet.asked_of(&rehearsal)?;
    let table = sheet.spec.table(&rules, &base, threads().get());
    let table = table.map_err(|error| Unreadable::sense(&args.spec, error.to_string()))?;
    let Some(out) = &args.out else { return Ok(Some(table.csv())) };
    std::fs::write(out, table.csv())
        .map_err(|source| Unreadable::File { path: out.clone(), source })?;
    Ok(None)
}
