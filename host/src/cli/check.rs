//! `mapwright check`: the admission report of a plugin file.
//!
//! The file is loaded exactly as the host loads it, its cases and tables are run as the host runs them,
//! and the sections are the host's: "accepted" here is accepted there, as far as it can be known without
//! the merchant's own events. The limits are those of the file's profile; with `--config` what the configuration sets of them
//! for this plugin is in their place.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::case::{CaseFlags, Unreadable, input};
use super::evidence::headroom::{Outlook, outlook, ready};
use super::evidence::{Failure, fail, stem, threads};
use super::rehearsal::{configured, engine};
use super::screen::{
    self, BAD, DIM, GOOD, NAME, STRONG, WARN, bytes, count, indented, paint, plain, table,
};
use crate::case::sections::{self, Held, Table};
use crate::case::{Effort, Rehearsal, Sheet};
use crate::evidence::trial::Rules;
use crate::evidence::truth::Checked;
use crate::plugin::LimitsPatch;
use crate::plugin::admission::{self, Problem, Report};
use crate::plugin::package::Package;
use crate::plugin::section::{Section, Went};

/// Said of what only a host can look at.
const HOST: &str = "a host looks at it, when the version is brought in";

const HELP: &str = "\
Examples:
  mapwright check target/wasm32-unknown-unknown/release/my_rules.wasm
  mapwright check my-rules.wasm --json | jq .manifest.settings_schema
  mapwright check my-rules.wasm --config /etc/mapwright --merchant acme
  mapwright check my-rules.wasm --payload order.json --lookups lookups/ --largest 212
  mapwright check my-rules.wasm --table status.csv --spec status.toml
  mapwright check my-rules.wasm --cases my-rules --payload order.json
  mapwright check my-rules.zip

Exit code:
  0  the host would take it, and it keeps to its cases and tables
  1  it would not, or does not; the reasons say what to change
  2  the file or the configuration cannot be read";

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// The plugin: a component, a core module with its component type, or a package of one.
    #[arg(value_name = "FILE")]
    plugin: PathBuf,
    /// Check under what this configuration sets of the limits, over those of the plugin's profile.
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// The merchant in that configuration.
    #[arg(long, value_name = "NAME", requires = "config")]
    merchant: Option<String>,
    /// Forecast from this payload (or golden case) how much larger an order may be.
    #[arg(long, value_name = "FILE|DIR")]
    payload: Option<PathBuf>,
    #[command(flatten)]
    case: CaseFlags,
    /// How many lines the largest known order has, to be set beside the forecast.
    #[arg(long, value_name = "LINES", requires = "payload")]
    largest: Option<u64>,
    /// Hold the plugin to a table that `truth-table` wrote and a person corrected.
    #[arg(long, value_name = "FILE.csv")]
    table: Option<PathBuf>,
    /// The spec of that table; by default the .toml beside it.
    #[arg(long, value_name = "FILE.toml", requires = "table")]
    spec: Option<PathBuf>,
    /// Run these golden cases (a plugin project or a folder of cases) and its tables; those of a
    /// package are run without being asked for.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// What was found beside what the host itself would say.
struct Findings {
    /// There is one at the end.
    report: Option<Report>,
    outlook: Option<Outlook>,
    table: Option<Checked>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let findings = match check(args) {
        Ok(findings) => findings,
        // As ever: nothing on standard error but for people.
        Err(Failure::Load(error)) if args.json => {
            let error = serde_json::json!({"code": error.code(), "message": error.to_string()});
            screen::print_json(&serde_json::json!({ "error": error }).to_string());
            return ExitCode::from(2);
        }
        Err(failure) => return fail(&failure, args.json),
    };
    let Findings { report, outlook, table } = &findings;
    let report = report.as_ref().expect("whoever looks a file over leaves a report");
    if args.json {
        let mut value = serde_json::to_value(report).expect("a report has only plain fields");
        if let Some(outlook) = outlook {
            value["headroom"] = match outlook {
                Ok(forecast) => serde_json::json!({
                    "words": forecast.words(args.largest),
                    "forecast": forecast,
                }),
                Err(error) => serde_json::json!({"error": error.to_string()}),
            };
        }
        if let Some(table) = table {
            value["table"] = serde_json::json!(table);
        }
        screen::print_json(&value.to_string());
    } else {
        let mut out = view(report, &args.plugin);
        looked_at(&mut out, report);
        if let Some(outlook) = outlook {
            headroom(&mut out, outlook, args.largest);
        }
        if let Some(table) = table {
            disagreements(&mut out, table);
        }
        screen::print(&out);
    }
    ExitCode::from(u8::from(!report.accepted))
}

fn check(args: &Args) -> Result<Findings, Failure> {
    let file = input::read_bytes(&args.plugin)?;
    let asked = match &args.config {
        Some(dir) => configured(dir, args.merchant.as_deref(), &args.plugin)?,
        None => LimitsPatch::default(),
    };
    let mut findings = Findings { report: None, outlook: None, table: None };
    let package = match Package::open(&file) {
        Ok(package) => package,
        Err(error) => {
            let problem = Problem { code: error.code, message: error.said.clone() };
            let mut report = admission::refused(&file, &asked.for_file(&file), problem);
            report.sections.insert(0, Section::new("package", Went::Refused, error.said));
            findings.report = Some(report);
            return Ok(findings);
        }
    };
    let engine = engine(u32::try_from(threads().get()).unwrap_or(u32::MAX), &args.plugin)?;
    let limits = asked.for_file(&package.wasm);
    let mut report = admission::report(&engine, &package.wasm, &limits);
    let name = args.plugin.file_stem().unwrap_or(args.plugin.as_os_str()).to_string_lossy();
    let plugin = engine.load(&name, &package.wasm, &limits);
    let Some(plugin) = plugin.ok().filter(|_| report.accepted) else {
        findings.report = Some(report);
        return Ok(findings); // there is nothing to run
    };
    report.add(Section::new("package", Went::Passed, package.words()), "package");
    report.add(Section::new("signature", Went::NotRun, HOST), "signature");
    let rehearsal = Rehearsal::of(&plugin, asked);
    report.add(given_settings(args, &rehearsal)?, "settings");
    if !report.accepted {
        findings.report = Some(report);
        return Ok(findings);
    }
    run_it(args, &package, &rehearsal, &mut report, &mut findings)?;
    findings.report = Some(report);
    Ok(findings)
}

/// Whether the plugin takes the settings that were given with it.
fn given_settings(args: &Args, rehearsal: &Rehearsal) -> Result<Section, Failure> {
    let Some(settings) = args.case.settings()? else {
        return Ok(Section::new("settings", Went::NotRun, HOST));
    };
    let faults = rehearsal.faults_of(&settings);
    let said: Vec<String> = faults.iter().map(|fault| fault.line("settings")).collect();
    Ok(match said.is_empty() {
        true => Section::new("settings", Went::Passed, "they suit the plugin's schema"),
        false => Section::new("settings", Went::Refused, said.join("; ")),
    })
}

/// Adds the sections that need the plugin to run.
fn run_it(
    args: &Args,
    package: &Package,
    rehearsal: &Rehearsal,
    report: &mut Report,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let unpacked = sections::unpacked(&package.files)
        .map_err(|source| Unreadable::File { path: args.plugin.clone(), source })?;
    let (base, confined) = match &args.cases {
        Some(dir) => (dir.as_path(), false),
        None => (unpacked.path(), true),
    };
    let cases = base.join("cases");
    let cases = if args.cases.is_some() && !cases.is_dir() { base } else { &cases };
    report.add(sections::golden_cases(rehearsal, base, cases), "golden_cases");

    let tables = sections::tables_of(base, confined)?;
    let mut held = sections::hold(rehearsal, base, tables, threads().get());
    if let Some(csv) = &args.table {
        let spec = args.spec.clone().unwrap_or_else(|| csv.with_extension("toml"));
        let sheet = Sheet::read(&spec, None)?;
        let faults = rehearsal.settings_faults(&sheet.case);
        if !faults.is_empty() {
            return Err(Failure::Settings(faults));
        }
        // A person waits for it, and can stop it.
        let effort = Effort { threads: threads().get(), until: None };
        let checked = sheet.check(rehearsal, csv, effort)?;
        findings.table = Some(checked.clone());
        let name = stem(csv);
        let table = Table { name, within: None, csv: csv.clone(), spec, signed_by: None };
        held.push(Held { table, checked: Some(Ok(checked)) });
    }
    report.add(sections::truth_tables(&held), "truth_tables");

    let payload = args.payload.as_deref();
    let ready = payload.map(|it| ready(rehearsal, it, &args.case)).transpose()?;
    let twice = ready.clone().unwrap_or_else(|| {
        let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
        (rules, sections::empty_order("acme"))
    });
    report.add(sections::determinism(&[twice]), "nondeterminism");
    report.add(Section::new("recorded_events", Went::NotRun, HOST), "recorded_events");
    let section = match &ready {
        None => Section::new("headroom", Went::NotRun, "say --payload, and it is forecast from it"),
        Some((rules, input)) => {
            let outlook = findings.outlook.insert(outlook(rehearsal, rules, input));
            sections::headroom(outlook.as_ref(), args.largest.map(|lines| (lines, "")))
        }
    };
    report.add(section, "headroom");
    Ok(())
}

/// What was found by running it, and is not shown at length below.
fn looked_at(out: &mut String, report: &Report) {
    let shown = ["golden_cases", "truth_tables", "determinism"];
    let ran = |it: &&Section| it.went != Went::NotRun && shown.contains(&it.name);
    for (at, section) in report.sections.iter().filter(ran).enumerate() {
        if at == 0 {
            line(out, &format!("\n{}", paint(DIM, "by running it")));
        }
        let (word, style) = match section.went {
            Went::Refused => ("refused", BAD),
            Went::Warned => ("warned", WARN),
            Went::Passed | Went::NotRun => ("passed", GOOD),
        };
        let name = section.name.replace('_', " ");
        let (word, said) = (paint(style, format!("{word:<8}")), plain(&section.said));
        line(out, &format!("  {word} {} {said}", paint(NAME, format!("{name:<13}"))));
    }
}

fn headroom(out: &mut String, outlook: &Outlook, largest: Option<u64>) {
    line(out, &format!("\n{}", paint(DIM, "headroom")));
    match outlook {
        Ok(forecast) => {
            for words in forecast.words(largest) {
                let style = if words.starts_with("NOT") { BAD } else { STRONG };
                line(out, &format!("  {}", paint(style, plain(&words))));
            }
        }
        Err(error) => line(out, &format!("  {}", paint(WARN, error))),
    }
}

fn disagreements(out: &mut String, table: &Checked) {
    line(out, &format!("\n{}", paint(DIM, "table")));
    for it in &table.disagreements {
        line(
            out,
            &format!(
                "  {} {}: {} is `{}`, the table says `{}`",
                paint(BAD, format!("line {}", it.line)),
                plain(&it.inputs.join(", ")),
                paint(NAME, plain(&it.column)),
                plain(&it.got),
                plain(&it.wanted)
            ),
        );
    }
    let rows = count(table.rows as u64);
    let words = if table.disagreements.is_empty() {
        paint(GOOD, format!("all {rows} rows agree"))
    } else {
        let cells = count(table.disagreements.len() as u64);
        paint(BAD, format!("{cells} cells in {rows} rows disagree"))
    };
    line(out, &format!("  {words}"));
    if table.missing > 0 {
        let missing = count(table.missing as u64);
        line(
            out,
            &paint(WARN, format!("  {missing} combinations of the spec are not in the table")),
        );
    }
}

/// The report for people: the verdict first, then what it is, then what it takes and may use.
fn view(report: &Report, file: &Path) -> String {
    let mut out = String::new();
    let verdict =
        if report.accepted { paint(GOOD.bold(), "accepted") } else { paint(BAD.bold(), "refused") };
    let name = match &report.manifest {
        Some(manifest) => format!("{} {}", plain(&manifest.name), plain(&manifest.version)),
        None => plain(&file.display().to_string()),
    };
    line(&mut out, &format!("{verdict}  {}", paint(STRONG, name)));
    if let Some(manifest) = report.manifest.as_ref().filter(|it| !it.summary.is_empty()) {
        line(&mut out, &paint(DIM, plain(&manifest.summary)));
    }
    for problem in &report.problems {
        line(&mut out, &format!("\n{}", paint(BAD, problem.code)));
        out.push_str(&indented(&plain(&problem.message), 2));
    }
    for note in &report.notes {
        line(&mut out, &format!("\n{}", paint(WARN, "note")));
        out.push_str(&indented(&plain(note), 2));
    }
    out.push('\n');
    facts(&mut out, report, file);
    names(&mut out, "imports", &report.imports);
    names(&mut out, "exports", &report.exports);
    if let Some(manifest) = &report.manifest {
        settings(&mut out, &manifest.settings_schema);
    }
    limits(&mut out, report);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn facts(out: &mut String, report: &Report, file: &Path) {
    let mut facts: Vec<(&str, String)> = vec![("file", plain(&file.display().to_string()))];
    let functions = report.functions.map(|number| format!(", {} functions", count(number)));
    facts.push((
        "size",
        format!(
            "{}, {}{}",
            bytes(report.size_bytes),
            report.kind.unwrap_or("not read as WebAssembly"),
            functions.unwrap_or_default()
        ),
    ));
    facts.push(("sha256", report.digest.clone()));
    if let Some(contract) = &report.contract {
        facts.push(("contract", format!("mapwright:plugin@{contract}")));
    }
    if !report.capabilities.is_empty() {
        let names: Vec<_> = report.capabilities.iter().map(|it| it.name()).collect();
        facts.push(("capabilities", names.join(", ")));
    }
    if let Some(memory) = report.memory_minimum_bytes {
        let limit = bytes(report.limits.memory_bytes);
        facts.push(("memory", format!("{} at the start, of {limit}", bytes(memory))));
    }
    if let Some(manifest) = &report.manifest {
        let any = |words: &[String], none: &str| {
            if words.is_empty() { none.to_owned() } else { plain(&words.join(", ")) }
        };
        facts.push(("topics", any(&manifest.topics, "any")));
        facts.push(("entities", any(&manifest.entities, "none")));
    }
    for (name, value) in facts {
        line(out, &format!("{} {value}", paint(DIM, format!("{name:<13}"))));
    }
}

fn names(out: &mut String, heading: &str, names: &[String]) {
    let shown = if names.is_empty() { " none" } else { "" };
    line(out, &format!("\n{}{shown}", paint(DIM, heading)));
    for name in names {
        line(out, &format!("  {}", paint(NAME, plain(name))));
    }
}

/// The settings as a table where the schema is the usual list of properties, else as it is.
fn settings(out: &mut String, schema: &Value) {
    line(out, &format!("\n{}", paint(DIM, "settings")));
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        let anything = schema.as_object().is_some_and(serde_json::Map::is_empty);
        let text = if anything {
            "anything".to_owned()
        } else {
            plain(&serde_json::to_string_pretty(schema).unwrap_or_default())
        };
        out.push_str(&indented(&text, 2));
        return;
    };
    let required: Vec<_> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut rows = table(&["name", "type", "", "description"]);
    for (name, property) in properties {
        let word = |key: &str| {
            let value = property.get(key);
            value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let one_of = property.get("enum").and_then(Value::as_array).map(|values| {
            let text =
                |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            values.iter().map(text).collect::<Vec<_>>().join(" | ")
        });
        let default = word("default").map(|value| format!("default {value}"));
        let needed = if required.contains(&name.as_str()) {
            "required".to_owned()
        } else {
            default.unwrap_or_default()
        };
        rows.add_row([
            plain(name),
            plain(&one_of.or_else(|| word("type")).unwrap_or_else(|| "any".to_owned())),
            plain(&needed),
            plain(&word("description").or_else(|| word("title")).unwrap_or_default()),
        ]);
    }
    line(out, &rows.to_string());
}

fn limits(out: &mut String, report: &Report) {
    let profile = report.profile;
    let heading = paint(DIM, "limits of one call");
    let (name, words) = (paint(NAME, profile.name()), profile.words());
    line(out, &format!("\n{heading}, from the profile {name} ({words})"));
    let Ok(Value::Object(limits)) = serde_json::to_value(report.limits) else { return };
    for (name, value) in limits {
        let number = value.as_u64().unwrap_or_default();
        let shown = if name.ends_with("_bytes") { bytes(number) } else { count(number) };
        line(out, &format!("  {} {shown}", paint(NAME, format!("{name:<16}"))));
    }
}
