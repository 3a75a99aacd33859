//! What should come of a case, and how what came differs.
//!
//! An expectation is a part of the report: only the keys it has are compared, and within a list of
//! records (documents, lines, violations, logs) only the keys that each expected record has; the
//! number of records and everything below a record's keys must be the same. How a run was made
//! (`usage`, `plugin`, `stages`, `limits`) is never compared, so that a saved `--json` output can be
//! expected as it is.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Unreadable;
use super::input::{hint, kind_of, read_json};
use super::report::Report;
use super::words::canonical;

/// Keys that can be expected.
const COMPARED: [&str; 9] = [
    "outcome",
    "documents",
    "status",
    "lines",
    "checkpoint",
    "violations",
    "reason",
    "logs",
    "failure",
];
/// Keys of a report that say how it was made.
const NOT_COMPARED: [&str; 6] =
    ["usage", "plugin", "stages", "limits", "as_expected", "differences"];
/// Keys that hold a list of records.
const RECORDS: [&str; 4] = ["documents", "lines", "violations", "logs"];

/// What should come of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    wanted: Map<String, Value>,
}

/// An expectation beside what came, narrowed to what was expected.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    /// What should have come.
    pub(crate) expected: Value,
    /// What came.
    pub(crate) actual: Value,
}

impl Expectation {
    /// Reads an expectation: an object with keys of the report, a list of documents, or a list of
    /// violations.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let mut wanted = Map::new();
        match read_json(path)? {
            Value::Array(items) => {
                let violations = path.file_name().is_some_and(|name| name == "violations.json")
                    || items.iter().any(|item| item.get("pointer").is_some());
                if violations {
                    wanted.insert("outcome".to_owned(), json!("rejected"));
                    wanted.insert("violations".to_owned(), Value::Array(items));
                } else {
                    wanted.insert("documents".to_owned(), Value::Array(items));
                }
            }
            Value::Object(object) => {
                for (key, value) in object {
                    if NOT_COMPARED.contains(&key.as_str()) {
                        continue;
                    }
                    if !COMPARED.contains(&key.as_str()) {
                        let hint = hint(&key, &COMPARED);
                        return Err(Unreadable::sense(
                            path,
                            format!("`{key}` is not a key of the dry run's report; {hint}"),
                        ));
                    }
                    wanted.insert(key, value);
                }
            }
            other => {
                return Err(Unreadable::sense(
                    path,
                    format!(
                        "must hold an object with keys of the report ({}) or a list of violations, but holds {}",
                        COMPARED.join(", "),
                        kind_of(&other)
                    ),
                ));
            }
        }
        if wanted.is_empty() {
            return Err(Unreadable::sense(
                path,
                format!("expects nothing; expect at least one of {}", COMPARED.join(", ")),
            ));
        }
        Ok(Self { wanted })
    }

    /// Lays the expectation beside what came.
    pub(crate) fn compare(&self, report: &Report) -> Comparison {
        let report = report.value();
        let actual = self
            .wanted
            .iter()
            .map(|(key, wanted)| {
                let came = report.get(key).cloned().unwrap_or_default();
                let records = RECORDS.contains(&key.as_str());
                (key.clone(), if records { narrow(wanted, came) } else { came })
            })
            .collect();
        Comparison { expected: Value::Object(self.wanted.clone()), actual: Value::Object(actual) }
    }
}

impl Comparison {
    /// Whether all is as it should be.
    pub(crate) fn same(&self) -> bool {
        self.expected == self.actual
    }

    /// The difference for programs: a list of `{pointer, expected, actual}`, where a side that has
    /// nothing at the pointer lacks its key.
    pub(crate) fn differences(&self) -> Vec<Value> {
        let mut out = Vec::new();
        collect(&mut String::new(), &self.expected, &self.actual, &mut out);
        out
    }
}

/// The expectation that `report` meets, and the file name it goes by.
pub(crate) fn bless(folder: &Path, report: &Report) -> (PathBuf, String) {
    let report_value = report.value();
    let (name, value) = if report.outcome == "rejected" {
        ("violations.json", report_value.get("violations").cloned().unwrap_or_default())
    } else {
        let keys: &[&str] = match report.outcome {
            "mapped" => &["outcome", "documents", "status", "lines", "checkpoint"],
            _ => &["outcome", "reason"],
        };
        let kept = |(key, value): (&String, &Value)| {
            keys.contains(&key.as_str()).then(|| (key.clone(), value.clone()))
        };
        let object = report_value.as_object().into_iter().flatten().filter_map(kept).collect();
        ("expected.json", Value::Object(object))
    };
    (folder.join(name), canonical(&value))
}

/// `came` without the keys that the record at the same place in `wanted` does not have.
fn narrow(wanted: &Value, came: Value) -> Value {
    match (wanted, came) {
        (Value::Array(wanted), Value::Array(came)) => came
            .into_iter()
            .enumerate()
            .map(|(place, record)| match (wanted.get(place), record) {
                (Some(Value::Object(wanted)), Value::Object(record)) => Value::Object(
                    record.into_iter().filter(|(key, _)| wanted.contains_key(key)).collect(),
                ),
                (_, record) => record,
            })
            .collect(),
        (_, came) => came,
    }
}

fn collect(pointer: &mut String, expected: &Value, actual: &Value, out: &mut Vec<Value>) {
    if expected == actual {
        return;
    }
    let mut step = |token: &str, expected: Option<&Value>, actual: Option<&Value>| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        match (expected, actual) {
            (Some(expected), Some(actual)) => collect(pointer, expected, actual, out),
            (Some(expected), None) => out.push(json!({"pointer": pointer, "expected": expected})),
            (None, Some(actual)) => out.push(json!({"pointer": pointer, "actual": actual})),
            (None, None) => {}
        }
        pointer.truncate(length);
    };
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, expected) in left {
                step(key, Some(expected), right.get(key));
            }
            for (key, actual) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                step(key, None, Some(actual));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for place in 0..left.len().max(right.len()) {
                step(&place.to_string(), left.get(place), right.get(place));
            }
        }
        _ => out.push(json!({"pointer": pointer, "expected": expected, "actual": actual})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Expectation, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Expectation::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn how_a_run_was_made_is_not_expected() {
        let expectation = read("e.json", r#"{"outcome":"mapped","usage":{"fuel":1}}"#).unwrap();
        assert_eq!(expectation.wanted.keys().collect::<Vec<_>>(), ["outcome"]);
    }

    #[test]
    fn a_key_that_no_report_has_is_refused() {
        let error = read("e.json", r#"{"document":[]}"#).unwrap_err();
        assert!(error.ends_with("did you mean `documents`?"), "{error}");
        assert!(read("e.json", "{}").unwrap_err().contains("expects nothing"));
        assert!(read("e.json", "3").unwrap_err().contains("holds a number"));
    }

    #[test]
    fn a_list_of_violations_expects_a_rejection() {
        let expectation = read("violations.json", r#"[{"pointer":"/id","code":"x"}]"#).unwrap();
        assert_eq!(expectation.wanted["outcome"], "rejected");
    }

    #[test]
    fn records_are_compared_on_the_keys_expected_and_counted() {
        let wanted = json!([{"code": "a"}]);
        assert_eq!(narrow(&wanted, json!([{"code": "a", "message": "m"}])), wanted);
        assert_ne!(narrow(&wanted, json!([{"code": "a"}, {"code": "b"}])), wanted);
        assert_ne!(narrow(&wanted, json!([])), wanted);
    }

    #[test]
    fn a_difference_is_placed_by_its_pointer() {
        let comparison = Comparison {
            expected: json!({"documents": [{"a/b": 1}], "status": "x"}),
            actual: json!({"documents": [{"a/b": 2}, 3], "status": "x"}),
        };
        assert_eq!(
            comparison.differences(),
            [
                json!({"pointer": "/documents/0/a~1b", "expected": 1, "actual": 2}),
                json!({"pointer": "/documents/1", "actual": 3}),
            ]
        );
    }
}
