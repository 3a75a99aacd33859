//! Golden cases: a folder each, the same that `mapwright test` runs in the sandbox.
//!
//! `payload.json`; optional `context.toml`, `settings.json`, `previous-checkpoint.json`,
//! `lookups/*.csv`; and `expected.json` (the keys it has are compared) or `violations.json` (the
//! whole list). With `MAPWRIGHT_BLESS=1` in the environment, what comes out is written there
//! instead: look at the difference before you commit it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::harness::{Harness, Run};
use crate::export::{Exported, Exports};

/// Runs all golden cases of a plugin, the folders in `dir`, and says how many there were.
///
/// # Panics
/// When one gives something else than expected, with what differs for each; when there are none.
pub fn golden<P: Exports>(dir: impl AsRef<Path>) -> usize {
    let dir = dir.as_ref();
    let cases = folders(dir);
    assert!(!cases.is_empty(), "there are no golden cases in {}", dir.display());
    let faults: Vec<String> =
        cases.iter().filter_map(|case| check(P::EXPORTED, case).err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    cases.len()
}

/// Runs one golden case and gives what came out, compared or not.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn golden_case<P: Exports>(case: impl AsRef<Path>) -> Run {
    load(P::EXPORTED, case.as_ref()).run()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut folders: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("payload.json").is_file())
        .collect();
    folders.sort();
    folders
}

fn check(exported: Exported, case: &Path) -> Result<(), String> {
    let actual = load(exported, case).run().to_json();
    if std::env::var_os("MAPWRIGHT_BLESS").is_some_and(|bless| bless == "1") {
        return bless(&actual, case);
    }
    let mut differences = String::new();
    if let Some(expected) = json_in(case, "expected.json") {
        let Value::Object(expected) = expected else {
            return Err(format!("{}: expected.json must hold an object", case.display()));
        };
        for (key, wanted) in &expected {
            compare(&format!("/{key}"), wanted, &actual[key.as_str()], &mut differences);
        }
    } else if let Some(expected) = json_in(case, "violations.json") {
        compare("/violations", &expected, &actual["violations"], &mut differences);
    } else {
        return Err(format!("{}: there is no expected.json or violations.json", case.display()));
    }
    if differences.is_empty() {
        return Ok(());
    }
    let all = serde_json::to_string_pretty(&actual).unwrap_or_default();
    Err(format!("{}:\n{differences}the whole answer:\n{all}", case.display()))
}

/// Accepts an answer as the one to expect, without what says nothing.
fn bless(actual: &Value, case: &Path) -> Result<(), String> {
    let (write, remove) = match actual["outcome"].as_str() {
        Some("rejected") => ("violations.json", "expected.json"),
        _ => ("expected.json", "violations.json"),
    };
    let mut accepted = match write {
        "violations.json" => actual["violations"].clone(),
        _ => actual.clone(),
    };
    if let Value::Object(keys) = &mut accepted {
        let says_nothing =
            |value: &Value| value.is_null() || value.as_array().is_some_and(|list| list.is_empty());
        keys.retain(|_, value| !says_nothing(value));
    }
    let text = serde_json::to_string_pretty(&accepted).unwrap_or_default() + "\n";
    let path = case.join(write);
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    match fs::remove_file(case.join(remove)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.to_string()),
        _ => Ok(()),
    }
}

/// Notes where two values differ, each leaf with its pointer.
fn compare(at: &str, wanted: &Value, actual: &Value, out: &mut String) {
    match (wanted, actual) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                compare(&format!("{at}/{key}"), &wanted[key.as_str()], &actual[key.as_str()], out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (wanted, actual)) in a.iter().zip(b).enumerate() {
                compare(&format!("{at}/{index}"), wanted, actual, out);
            }
        }
        _ if wanted == actual => {}
        _ => {
            let _ = writeln!(out, "  {at}: expected {wanted}, got {actual}");
        }
    }
}

fn load(exported: Exported, case: &Path) -> Harness {
    let mut harness = Harness::exported(exported).payload_file(case.join("payload.json"));
    if let Some(settings) = json_in(case, "settings.json") {
        harness = harness.settings(settings.to_string());
    }
    if let Ok(checkpoint) = fs::read_to_string(case.join("previous-checkpoint.json")) {
        harness = harness.checkpoint(checkpoint.trim_end());
    }
    let mut tables: Vec<_> = fs::read_dir(case.join("lookups"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .collect();
    tables.sort();
    for table in tables {
        harness = harness.lookup_file(table);
    }
    match fs::read_to_string(case.join("context.toml")) {
        Ok(text) => context(harness, &text, case),
        Err(_) => harness,
    }
}

fn context(mut harness: Harness, text: &str, case: &Path) -> Harness {
    let table: toml::Table =
        text.parse().unwrap_or_else(|e| panic!("{}/context.toml: {e}", case.display()));
    for (key, value) in table {
        let text = match &value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Datetime(time) => time.to_string(),
            _ => String::new(),
        };
        if key == "previous_status" {
            harness = harness.previous_status(text);
            continue;
        }
        harness = harness.context(|context| match key.as_str() {
            "merchant" => context.merchant = text,
            "route" => context.route = text,
            "source" => context.source = text,
            "target" => context.target = text,
            "topic" => context.topic = text,
            "resource_key" => context.resource_key = text,
            "event_id" => context.event_id = text,
            "correlation_id" => context.correlation_id = text,
            "source_version_time" => context.source_version_time = Some(text),
            "received_at" => context.received_at = text,
            "attempt" => {
                context.attempt = text.parse().unwrap_or_else(|_| {
                    panic!("{}/context.toml: `attempt` must be a number from 1", case.display())
                });
            }
            "attributes" => {
                context.attributes = value
                    .as_table()
                    .into_iter()
                    .flatten()
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect();
            }
            unknown => panic!("{}/context.toml: unknown key `{unknown}`", case.display()),
        });
    }
    harness
}

fn json_in(case: &Path, name: &str) -> Option<Value> {
    let path = case.join(name);
    let text = fs::read_to_string(&path).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}
