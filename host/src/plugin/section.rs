//! The sections of an admission report: what was looked at, how it went, and why something was not.
//!
//! | section | refuses | only warns |
//! |---|---|---|
//! | `package`, `signature` | whatever is wrong with them | |
//! | `size`, `structure`, `imports_exports`, `compile`, `manifest` | whatever the host cannot take | |
//! | `settings` | | settings of a route that its schema refuses: they may change with the version |
//! | `determinism` | two answers to one input | |
//! | `recorded_events` | | events on which it fails: the data may be at fault, and `diff` judges |
//! | `headroom` | | less room than the largest order known needs |
//! | `golden_cases` | a case that fails or cannot be read | cases that there was no time for |
//! | `truth_tables` | a cell that disagrees, a table that cannot be read | rows that there was no time for |

use serde::Serialize;
use serde_json::Value;

use super::admission::{Problem, Report};

/// How a section went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// There is nothing against it.
    Passed,
    /// There is, and it does not keep the version out.
    Warned,
    /// It keeps the version out.
    Refused,
    /// It was not looked at; why is said.
    NotRun,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Stable name.
    pub name: &'static str,
    /// How it went.
    pub went: Went,
    /// What was found, in words.
    pub said: String,
    /// What was found, for programs.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub found: Value,
}

/// The steps of loading a file, in order, with the codes of [`super::LoadError`] that end each.
const STEPS: [(&str, &[&str]); 5] = [
    ("size", &["limits"]),
    ("structure", &["not_wasm", "precompiled", "too_large"]),
    (
        "imports_exports",
        &[
            "program",
            "core_module_without_type",
            "not_a_component",
            "asynchronous",
            "missing_import",
            "unsupported_contract",
            "missing_export",
            "wrong_type",
        ],
    ),
    ("compile", &["invalid", "compile_bomb", "compiler"]),
    ("manifest", &["manifest_failed", "bad_manifest"]),
];

impl Section {
    /// A section with words alone.
    #[must_use]
    pub fn new(name: &'static str, went: Went, said: impl Into<String>) -> Self {
        Self { name, went, said: said.into(), found: Value::Null }
    }
}

impl Report {
    /// Adds a section; one that refuses is a problem of the whole.
    pub fn add(&mut self, section: Section, code: &'static str) {
        if section.went == Went::Refused {
            self.accepted = false;
            self.problems.push(Problem { code, message: section.said.clone() });
        }
        self.sections.push(section);
    }

    /// The sections of loading, from how far it got.
    pub(super) fn tell_steps(&mut self) {
        let failed = self.problems.first().cloned();
        let ends = failed
            .as_ref()
            .and_then(|problem| STEPS.iter().position(|(_, codes)| codes.contains(&problem.code)));
        for (step, (name, _)) in STEPS.iter().enumerate() {
            let section = match (ends, &failed) {
                (Some(end), Some(problem)) if step == end => {
                    Section::new(name, Went::Refused, problem.message.clone())
                }
                (Some(end), _) if step > end => {
                    let before = STEPS[end].0;
                    Section::new(name, Went::NotRun, format!("refused before, at `{before}`"))
                }
                (None, Some(_)) => Section::new(name, Went::NotRun, "refused before"),
                _ => Section::new(name, Went::Passed, self.fact(name)),
            };
            self.sections.push(section);
        }
    }

    fn fact(&self, step: &str) -> String {
        match step {
            "size" => format!("{} bytes", self.size_bytes),
            "structure" => format!(
                "{}, {} functions",
                self.kind.unwrap_or("unknown"),
                self.functions.unwrap_or_default()
            ),
            "imports_exports" => format!(
                "contract {}; {}; limits of the profile `{}`",
                self.contract.as_deref().unwrap_or("unknown"),
                match self.wasi.is_empty() {
                    true => "no WASI",
                    false => "WASI, answered by a stub",
                },
                self.profile.name(),
            ),
            "compile" => "within the limits of the compiler".to_owned(),
            _ => self.manifest.as_ref().map_or_else(String::new, |manifest| {
                format!("{} {}", manifest.name, manifest.version)
            }),
        }
    }
}
