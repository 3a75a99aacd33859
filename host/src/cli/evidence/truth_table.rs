//! `mapwright truth-table`: a plugin's answers to a finite set of inputs, for a merchant to read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Deserialize;

use super::super::case::{Case, Circumstances, Unreadable, input, tables_in};
use super::super::rehearsal::{LimitFlags, PluginFiles, Rehearsal, context_of, engine, tables};
use super::super::screen;
use super::{Failure, fail, stem, threads};
use crate::evidence::trial::{Input, Rules};
use crate::evidence::truth::{Checked, InputColumn, OutputColumn, Spec};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    payload: PathBuf,
    settings: Option<PathBuf>,
    lookups: Option<PathBuf>,
    context: Option<PathBuf>,
    topic: Option<String>,
    #[serde(default)]
    input: Vec<In>,
    #[serde(default)]
    output: Vec<Out>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    at: String,
    name: Option<String>,
    values: Vec<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Out {
    at: String,
    name: Option<String>,
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
    let ready = Ready::of(&args.plugin, &args.spec, &args.limits)?;
    let table = ready.spec.table(&ready.rules, &ready.base, threads().get());
    let table = table.map_err(|error| Unreadable::sense(&args.spec, error.to_string()))?;
    let Some(out) = &args.out else { return Ok(Some(table.csv())) };
    std::fs::write(out, table.csv())
        .map_err(|source| Unreadable::File { path: out.clone(), source })?;
    Ok(None)
}

/// Holds a plugin to a table, for `check`.
pub(crate) fn check(
    plugin: &Path,
    spec: &Path,
    csv: &Path,
    limits: &LimitFlags,
) -> Result<Checked, Failure> {
    let ready = Ready::of(plugin, spec, limits)?;
    let text = input::read_bytes(csv)?;
    let checked = ready.spec.check(&ready.rules, &ready.base, &text, threads().get());
    Ok(checked.map_err(|error| Unreadable::sense(csv, error.to_string()))?)
}

/// A plugin and a spec, ready to be asked.
struct Ready {
    spec: Spec,
    rules: Rules,
    base: Input,
}

impl Ready {
    fn of(plugin: &Path, spec: &Path, limits: &LimitFlags) -> Result<Self, Failure> {
        let sense = |message: String| Unreadable::sense(spec, message);
        let file: File = toml::Value::Table(input::read_toml(spec)?)
            .try_into()
            .map_err(|error: toml::de::Error| sense(error.message().to_owned()))?;
        let folder = spec.parent().unwrap_or(Path::new("."));
        let mut case = Case::of(&folder.join(&file.payload))?;
        if let Some(context) = &file.context {
            case.circumstances = Circumstances::read(&folder.join(context))?;
        }
        if file.topic.is_some() {
            case.circumstances.topic = file.topic;
        }
        if let Some(settings) = &file.settings {
            case.settings = input::read_object(&folder.join(settings))?;
        }
        if let Some(lookups) = &file.lookups {
            case.lookups = tables_in(&folder.join(lookups))?;
        }
        let inputs = file.input.into_iter().map(|column| {
            let values: Vec<_> = column.values.into_iter().map(input::json_of).collect();
            InputColumn::new(column.name.as_deref(), &column.at, &values)
        });
        let inputs = inputs.collect::<Result<_, _>>().map_err(|it| sense(it.to_string()))?;
        let outputs =
            file.output.iter().map(|column| OutputColumn::new(column.name.as_deref(), &column.at));
        let outputs = outputs.collect::<Result<_, _>>().map_err(|it| sense(it.to_string()))?;
        let spec_is = Spec::new(inputs, outputs).map_err(|it| sense(it.to_string()))?;

        let calls = u32::try_from(threads().get()).unwrap_or(u32::MAX);
        let files =
            PluginFiles { plugin: plugin.to_owned(), pricing: None, status_translation: None };
        let rehearsal = Rehearsal::load_on(&engine(calls, plugin)?, &files, limits)?;
        let faults = rehearsal.settings_faults(&case);
        if !faults.is_empty() {
            return Err(Failure::Settings(faults));
        }
        let base = Input {
            name: stem(&case.payload_file),
            payload: case.payload.clone(),
            context: context_of(&case),
            previous_status: case.circumstances.previous_status.clone(),
            lookups: Arc::new(tables(&case.lookups)?),
        };
        let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
        Ok(Self { spec: spec_is, rules, base })
    }
}
