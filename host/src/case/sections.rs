//! What is found by running a plugin, as sections of an admission report: the same words on a person's
//! machine and on a host.
//!
//! Bounded by number and by the clock: what is not reached is said to be not reached, never taken for
//! granted. A case or table that fails keeps the version out; one that could not be run in time only
//! warns, unless it is signed: being slow is no way around what a merchant has signed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Unreadable;
use super::expectation::Comparison;
use super::folder::{Folder, folders_in};
use super::judge::Judged;
use super::rehearsal::Rehearsal;
use super::sheet::{Effort, Sheet};
use crate::evidence::determinism as twice_alike;
use crate::evidence::headroom::{Forecast, NoForecast};
use crate::evidence::trial::{Input, Rules};
use crate::evidence::truth::Checked;
use crate::plugin::package::FOLDERS;
use crate::plugin::section::{Section, Went};
use crate::plugin::{Context, Lookups};

/// Cases that are run of one version: more than anybody keeps up by hand.
const CASES_MAX: usize = 500;
/// How long they may take, all together. A case takes less than a millisecond in the examples.
const CASES_TIME_MAX: Duration = Duration::from_secs(1);
/// Truth tables that a version is held to.
const TABLES_MAX: usize = 50;
/// How long that may take, all together: about ten thousand rows.
const TABLES_TIME_MAX: Duration = Duration::from_secs(2);
/// How long it may take for those that are signed, which come first and must be finished.
const SIGNED_TIME_MAX: Duration = Duration::from_secs(10);
/// Failures that are told one by one.
const TOLD_MAX: usize = 20;
/// Differences of one case that are told.
const DIFFERENCES_MAX: usize = 10;
/// Of a value in a difference, so many characters are shown.
const SHOWN_CHARS: usize = 80;

/// A truth table that a version is held to.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Its file's name without its ending.
    pub(crate) name: String,
    /// The folder that its spec may name files of; none on a person's own machine.
    pub(crate) within: Option<PathBuf>,
    /// `NAME.csv`.
    pub(crate) csv: PathBuf,
    /// `NAME.toml`.
    pub(crate) spec: PathBuf,
    /// The trusted key it was signed with.
    pub(crate) signed_by: Option<String>,
}

/// What was found of one table.
pub(crate) struct Held {
    /// Which.
    pub(crate) table: Table,
    /// What became of it; a sentence where it cannot be held against anything, none where there was no
    /// time for it.
    pub(crate) checked: Option<Result<Checked, String>>,
}

/// Runs golden cases. `base` is taken out of what is said.
pub(crate) fn golden_cases(rehearsal: &Rehearsal, base: &Path, cases: &Path) -> Section {
    const NAME: &str = "golden_cases";
    if !cases.is_dir() {
        return Section::new(NAME, Went::NotRun, "it brings no cases");
    }
    let folders = match folders_in(cases) {
        Ok(folders) if folders.is_empty() => {
            return Section::new(NAME, Went::NotRun, "it brings no cases");
        }
        Ok(folders) => folders,
        Err(error) => return Section::new(NAME, Went::Refused, without(base, &error)),
    };
    let (start, mut ran, mut failed) = (Instant::now(), 0_usize, Vec::new());
    for path in folders.iter().take(CASES_MAX) {
        if start.elapsed() > CASES_TIME_MAX {
            break;
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let judged = Folder::read(path).and_then(|folder| rehearsal.judge(&folder, &mut None));
        ran += 1;
        let (why, differences) = match judged {
            Ok(Judged::Passed) => continue,
            Ok(Judged::Failed(comparison)) => {
                let differences = differences(&comparison);
                (in_short(&differences), differences)
            }
            Ok(Judged::NothingExpected) => {
                ("it has neither expected.json nor violations.json".to_owned(), Vec::new())
            }
            Ok(Judged::Settings(faults)) => {
                let lines: Vec<_> = faults.iter().map(|fault| fault.line("settings")).collect();
                (lines.join("; "), Vec::new())
            }
            Err(error) => (without(base, &error), Vec::new()),
        };
        failed.push((name, why, differences));
    }
    let told = failed.iter().take(TOLD_MAX).map(|(name, why, differences)| {
        let shown: Vec<_> = differences.iter().take(DIFFERENCES_MAX).collect();
        json!({ "case": name, "why": why, "differences": shown })
    });
    let found = json!({
        "cases": folders.len(), "ran": ran, "failed": failed.len(), "told": told.collect::<Vec<_>>(),
    });
    let (went, said) = match failed.first() {
        Some((name, why, _)) => {
            let more = match failed.len() - 1 {
                0 => String::new(),
                more => format!("; and {more} more of {ran} fail"),
            };
            (Went::Refused, format!("case `{name}` fails: {why}{more}"))
        }
        None if ran < folders.len() => (
            Went::Warned,
            format!(
                "not all were run: {ran} of {} cases pass within the time there is",
                folders.len()
            ),
        ),
        None => (Went::Passed, format!("all {ran} cases pass")),
    };
    Section { found, ..Section::new(NAME, went, said) }
}

/// Holds a version to tables, the signed ones first.
pub(crate) fn hold(
    rehearsal: &Rehearsal,
    base: &Path,
    tables: Vec<Table>,
    threads: usize,
) -> Vec<Held> {
    let mut tables = tables;
    tables.sort_by_key(|it| (it.signed_by.is_none(), it.name.clone()));
    let begun = Instant::now();
    let hold = |(at, table): (usize, Table)| {
        let signed = table.signed_by.is_some();
        let until = begun + if signed { SIGNED_TIME_MAX } else { TABLES_TIME_MAX };
        let in_time = at < TABLES_MAX && Instant::now() < until;
        let checked = in_time.then(|| {
            let checked = one(rehearsal, &table, Effort { threads, until: Some(until) });
            checked.map_err(|it| without(table.within.as_deref().unwrap_or(base), &it))
        });
        Held { table, checked }
    };
    tables.into_iter().enumerate().map(hold).collect()
}

fn one(rehearsal: &Rehearsal, table: &Table, effort: Effort) -> Result<Checked, Unreadable> {
    let sheet = Sheet::read(&table.spec, table.within.as_deref())?;
    let faults = rehearsal.settings_faults(&sheet.case);
    if !faults.is_empty() {
        let lines: Vec<_> = faults.iter().map(|fault| fault.line("settings")).collect();
        return Err(Unreadable::sense(&table.spec, lines.join("; ")));
    }
    sheet.check(rehearsal, &table.csv, effort)
}

/// What was found of all tables.
pub(crate) fn truth_tables(held: &[Held]) -> Section {
    const NAME: &str = "truth_tables";
    if held.is_empty() {
        let said = "it brings no tables, and no signed one is kept";
        return Section::new(NAME, Went::NotRun, said);
    }
    let (mut wrong, mut rows, mut left, all) = (Vec::new(), 0, 0, held.len());
    let mut found = Vec::new();
    for Held { table, checked } in held {
        let unfinished = match checked {
            None => true,
            Some(Ok(checked)) => checked.not_reached > 0,
            Some(Err(_)) => false,
        };
        let of = match &table.signed_by {
            Some(key) => format!("table `{}` (signed by {key})", table.name),
            None => format!("table `{}`", table.name),
        };
        let mut told = json!({ "table": table.name, "signed_by": table.signed_by });
        left += usize::from(unfinished);
        if unfinished && table.signed_by.is_some() {
            wrong.push(format!(
                "{of} is not finished within the time there is: make the version faster, or sign a \
                 shorter table"
            ));
        }
        match checked {
            None => {}
            Some(Err(why)) => {
                told["why"] = json!(why);
                wrong.push(format!("{of} cannot be held against it: {why}"));
            }
            Some(Ok(checked)) => {
                rows += checked.rows;
                told["rows"] = json!(checked.rows);
                told["not_reached"] = json!(checked.not_reached);
                told["disagree"] = json!(checked.disagreements.len());
                let shown: Vec<_> = checked.disagreements.iter().take(TOLD_MAX).collect();
                told["disagreements"] = json!(shown);
                if let Some(first) = checked.disagreements.first() {
                    let more = match checked.disagreements.len() - 1 {
                        0 => String::new(),
                        more => format!("; and {more} more cells"),
                    };
                    wrong.push(format!(
                        "{of}, line {} ({}): `{}` is `{}`, the table says `{}`{more}",
                        first.line,
                        clipped(&first.inputs.join(", ")),
                        first.column,
                        clipped(&first.got),
                        clipped(&first.wanted)
                    ));
                }
            }
        }
        found.push(told);
    }
    let signed = held.iter().filter(|it| it.table.signed_by.is_some()).count();
    let (went, said) = match (wrong.is_empty(), left) {
        (false, _) => (Went::Refused, wrong.join("; ")),
        (true, 0) => (
            Went::Passed,
            format!("all {rows} rows of {all} tables agree, {signed} of them signed"),
        ),
        (true, left) => (
            Went::Warned,
            format!(
                "not all were run: {rows} rows agree, and {left} of {all} tables were not finished within the time there is"
            ),
        ),
    };
    Section { found: Value::Array(found), ..Section::new(NAME, went, said) }
}

/// What came beside a plugin, written where it can be read as a folder, and gone with the value. Names
/// were looked at when the package was opened, and so was how much there is.
pub(crate) fn unpacked(files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("mapwright-cases-").tempdir()?;
    for (name, bytes) in files {
        if !FOLDERS.iter().any(|it| name.split('/').next() == Some(it)) {
            continue; // words are for people
        }
        let path = folder.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
    }
    Ok(folder)
}

/// The tables of a folder, each with the spec beside it.
pub(crate) fn tables_of(base: &Path, confined: bool) -> Result<Vec<Table>, Unreadable> {
    let folder = base.join("tables");
    let failed = |source| Unreadable::File { path: folder.clone(), source };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let csv = entry.map_err(failed)?.path();
        if csv.extension().is_none_or(|it| it != "csv") {
            continue;
        }
        let name = csv.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let spec = csv.with_extension("toml");
        let within = confined.then(|| base.to_owned());
        tables.push(Table { name, within, csv, spec, signed_by: None });
    }
    tables.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(tables)
}

/// Whether each input gives the same answer twice.
pub(crate) fn determinism(twice: &[(Rules, Input)]) -> Section {
    const NAME: &str = "determinism";
    let found = twice
        .iter()
        .find_map(|(rules, input)| twice_alike::differs(rules, std::slice::from_ref(input)));
    match found {
        None => {
            let said = format!("the same bytes twice, on {} inputs", twice.len());
            Section::new(NAME, Went::Passed, said)
        }
        Some(said) => Section::new(NAME, Went::Refused, said),
    }
}

/// A forecast beside the largest order known: its lines, and of which orders it is the largest.
pub(crate) fn headroom(
    forecast: Result<&Forecast, &NoForecast>,
    largest: Option<(u64, &str)>,
) -> Section {
    const NAME: &str = "headroom";
    let forecast = match forecast {
        Ok(forecast) => forecast,
        Err(error) => return Section::new(NAME, Went::NotRun, error.to_string()),
    };
    let mut words = forecast.words(None);
    let enough = [&forecast.plain, &forecast.heavy]
        .into_iter()
        .filter_map(|curve| curve.enough.as_ref().map(|it| it.lines))
        .min();
    let mut went = Went::Passed;
    if let Some((lines, of)) = largest {
        words.push(format!("the largest order{of} had {lines}"));
        if enough.is_some_and(|enough| enough < lines) {
            went = Went::Warned;
        }
    }
    let found = json!({ "forecast": forecast, "largest": largest.map(|(lines, _)| lines) });
    Section { found, ..Section::new(NAME, went, words.join("; ")) }
}

/// An input for a plugin that nothing better is known for.
pub(crate) fn empty_order(merchant: &str) -> Input {
    let context = Context {
        merchant: merchant.to_owned(),
        route: "admission".to_owned(),
        source: "admission".to_owned(),
        target: "admission".to_owned(),
        topic: "order.created".to_owned(),
        resource_key: "order/1".to_owned(),
        event_id: "admission".to_owned(),
        correlation_id: "admission".to_owned(),
        received_at: "2026-01-01T00:00:00Z".to_owned(),
        attempt: 1,
        settings: "{}".into(),
        ..Context::default()
    };
    Input {
        name: "an empty order".to_owned(),
        payload: Bytes::from_static(b"{\"id\":1,\"status\":\"processing\",\"line_items\":[]}"),
        context,
        previous_status: None,
        lookups: Arc::new(Lookups::default()),
    }
}

fn differences(comparison: &Comparison) -> Vec<Value> {
    let side =
        |difference: &Value, name: &str| difference.get(name).map(|it| clipped(&it.to_string()));
    let all = comparison.differences();
    all.iter()
        .map(|it| {
            json!({
                "pointer": it["pointer"],
                "expected": side(it, "expected"),
                "actual": side(it, "actual"),
            })
        })
        .collect()
}

fn in_short(differences: &[Value]) -> String {
    let Some(first) = differences.first() else { return String::new() };
    let side = |name: &str| first[name].as_str().unwrap_or("nothing").to_owned();
    let more = match differences.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more differences"),
    };
    let pointer = first["pointer"].as_str().unwrap_or_default();
    format!("{pointer} is {}, {} is expected{more}", side("actual"), side("expected"))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}

/// What is wrong, with names from `base` on: where a package was unpacked is nobody's concern.
fn without(base: &Path, error: &Unreadable) -> String {
    error.to_string().replace(&format!("{}/", base.display()), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfinished(signed_by: Option<&str>) -> Held {
        let table = Table {
            name: "prices".to_owned(),
            within: None,
            csv: PathBuf::new(),
            spec: PathBuf::new(),
            signed_by: signed_by.map(str::to_owned),
        };
        Held { table, checked: None }
    }

    #[test]
    fn being_too_slow_for_a_table_warns_and_for_a_signed_one_refuses() {
        let section = truth_tables(&[unfinished(None)]);
        assert_eq!(section.went, Went::Warned, "{section:?}");
        let section = truth_tables(&[unfinished(None), unfinished(Some("ana"))]);
        assert_eq!(section.went, Went::Refused, "{section:?}");
        assert!(section.said.contains("`prices` (signed by ana)"), "{section:?}");
    }
}
