//! A truth table as it lies in a folder: `NAME.csv`, and beside it the spec `NAME.toml` that says what
//! goes in and what comes out.
//!
//! A spec names files. On a person's machine they may lie anywhere; in a package that somebody sent, a
//! name that leads out of the package is refused: the host's own files are nobody's base payload.

use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;

use super::{Case, Circumstances, Rehearsal, Unreadable, input, tables_in};
use crate::evidence::trial::{Input, Rules};
use crate::evidence::truth::{Checked, InputColumn, OutputColumn, Spec};

/// The spec as it is written.
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

/// A spec with its base, read.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The columns.
    pub(crate) spec: Spec,
    /// What no column names.
    pub(crate) case: Case,
    /// The files that it was read from.
    pub(crate) files: Vec<PathBuf>,
}

/// How long a table may be held against a plugin, on how many threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// The engine must allow as many calls at once.
    pub(crate) threads: usize,
    /// Rows that are not reached by then are counted and left.
    pub(crate) until: Option<Instant>,
}

impl Sheet {
    /// Reads a spec; with `within`, only from files below that folder.
    pub(crate) fn read(path: &Path, within: Option<&Path>) -> Result<Self, Unreadable> {
        let sense = |message: String| Unreadable::sense(path, message);
        let file: File = toml::Value::Table(input::read_toml(path)?)
            .try_into()
            .map_err(|error: toml::de::Error| sense(error.message().to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut files = vec![path.to_owned()];
        let place = |named: &Path| -> Result<PathBuf, Unreadable> {
            let Some(within) = within else { return Ok(folder.join(named)) };
            below(within, folder, named).ok_or_else(|| {
                sense(format!("names `{}`, which is not in the package", named.display()))
            })
        };
        let payload = place(&file.payload)?;
        let mut case = Case::of(&payload)?;
        files.push(payload);
        if let Some(context) = &file.context {
            let context = place(context)?;
            case.circumstances = Circumstances::read(&context)?;
            files.push(context);
        }
        if file.topic.is_some() {
            case.circumstances.topic = file.topic;
        }
        if let Some(settings) = &file.settings {
            let settings = place(settings)?;
            case.settings = input::read_object(&settings)?;
            files.push(settings);
        }
        if let Some(lookups) = &file.lookups {
            case.lookups = tables_in(&place(lookups)?)?;
            files.extend(case.lookups.iter().map(|(_, file)| file.clone()));
        }
        let inputs = file.input.into_iter().map(|column| {
            let values: Vec<_> = column.values.into_iter().map(input::json_of).collect();
            InputColumn::new(column.name.as_deref(), &column.at, &values)
        });
        let inputs = inputs.collect::<Result<_, _>>().map_err(|it| sense(it.to_string()))?;
        let outputs =
            file.output.iter().map(|column| OutputColumn::new(column.name.as_deref(), &column.at));
        let outputs = outputs.collect::<Result<_, _>>().map_err(|it| sense(it.to_string()))?;
        let spec = Spec::new(inputs, outputs).map_err(|it| sense(it.to_string()))?;
        Ok(Self { spec, case, files })
    }

    /// The rules and the base input that a table of this is asked of.
    pub(crate) fn asked_of(&self, rehearsal: &Rehearsal) -> Result<(Rules, Input), Unreadable> {
        let stem = self.case.payload_file.file_stem().unwrap_or_default();
        let base = self.case.input(stem.to_string_lossy().into_owned())?;
        let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
        Ok((rules, base))
    }

    /// Holds a plugin to the table in this file.
    pub(crate) fn check(
        &self,
        rehearsal: &Rehearsal,
        csv: &Path,
        effort: Effort,
    ) -> Result<Checked, Unreadable> {
        let (rules, base) = self.asked_of(rehearsal)?;
        let text = input::read_bytes(csv)?;
        let checked = self.spec.check(&rules, &base, &text, effort.threads, effort.until);
        checked.map_err(|error| Unreadable::sense(csv, error.to_string()))
    }
}

/// `named`, from `folder`, by its words alone; none where it leads out of `within`. There are no links in
/// a package, so the words are all there is.
fn below(within: &Path, folder: &Path, named: &Path) -> Option<PathBuf> {
    let mut parts: Vec<_> = folder.strip_prefix(within).ok()?.components().collect();
    for part in named.components() {
        match part {
            Component::Normal(_) => parts.push(part),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(within.join(parts.iter().collect::<PathBuf>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_of_a_package_names_nothing_outside_it() {
        let at = |named| below(Path::new("/p"), Path::new("/p/tables"), Path::new(named));
        assert_eq!(at("order.json"), Some(PathBuf::from("/p/tables/order.json")));
        assert_eq!(at("../cases/a/./payload.json"), Some(PathBuf::from("/p/cases/a/payload.json")));
        for out in ["/etc/passwd", "../../x", "../../p/tables/x", "x/../../../y"] {
            assert_eq!(at(out), None, "{out}");
        }
    }
}
