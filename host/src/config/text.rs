//! TOML read the way a person hopes: the line of the fault, and the name that was probably meant.
//!
//! Unknown keys are refused everywhere (a typo must not silently remove a rule). serde names what it
//! expected; this adds the nearest of those names and the `file:line` of the fault.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a file, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", path.display(), line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// From 1, where known.
    pub line: Option<usize>,
    /// What happened and what to do.
    pub message: String,
}

impl Fault {
    /// A fault of the file as a whole.
    pub fn of(path: &Path, message: impl std::fmt::Display) -> Self {
        Self { path: path.to_owned(), line: None, message: message.to_string() }
    }
}

/// A file's text together with where it came from.
#[derive(Debug)]
pub(super) struct Text<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Text<'a> {
    /// `path` is only for messages.
    #[must_use]
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Decodes the whole file.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub(super) fn decode<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        toml::from_str(self.text).map_err(|error| Fault {
            path: self.path.to_owned(),
            line: error.span().map(|span| self.line_at(span.start)),
            message: with_nearest(error.message()),
        })
    }

    /// Decodes a table that was set aside while decoding the file; `place` is the way to it.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub(super) fn decode_table<T: DeserializeOwned>(
        &self,
        table: toml::Table,
        place: &[&str],
    ) -> Result<T, Fault> {
        table.try_into().map_err(|error: toml::de::Error| {
            let mut way: Vec<&str> = place.to_vec();
            if let Some(key) = quoted(error.message(), "unknown field `") {
                way.push(key);
            }
            self.fault_at(&way, format!("[{}] {}", place.join("."), with_nearest(error.message())))
        })
    }

    /// Every `{ file = ".." }` in the file, wherever it stands: the places of secrets, and at worst
    /// something that only looks like one.
    pub(super) fn secret_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        if let Ok(root) = self.text.parse() {
            add_secret_files(&root, &mut files);
        }
        files
    }

    /// Whether there is nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// A fault at the table or key that `place` leads to.
    pub(super) fn fault_at(&self, place: &[&str], message: impl std::fmt::Display) -> Fault {
        Fault {
            path: self.path.to_owned(),
            line: self.line_of(place),
            message: message.to_string(),
        }
    }

    fn line_of(&self, place: &[&str]) -> Option<usize> {
        let root = DeTable::parse(self.text).ok()?;
        let mut table = root.get_ref();
        let mut found = None;
        for name in place {
            let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
            found = Some(self.line_at(key.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        found
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

fn add_secret_files(table: &toml::Table, files: &mut Vec<PathBuf>) {
    if let (Some(file), 1) = (table.get("file").and_then(toml::Value::as_str), table.len()) {
        files.push(file.into());
    }
    for inner in table.values().filter_map(toml::Value::as_table) {
        add_secret_files(inner, files);
    }
}

/// Adds "did you mean" to serde's "unknown field `x`, expected one of `a`, `b`".
fn with_nearest(message: &str) -> String {
    let unknown =
        quoted(message, "unknown field `").or_else(|| quoted(message, "unknown variant `"));
    let Some((unknown, expected)) = unknown.zip(message.split_once("expected")) else {
        return message.to_owned();
    };
    let candidates = expected.1.split('`').skip(1).step_by(2);
    match nearest(unknown, candidates) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// The candidate most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn quoted<'m>(message: &'m str, before: &str) -> Option<&'m str> {
    message.split_once(before)?.1.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "decoded for its errors")]
    struct Sample {
        listen: String,
        data_dir: String,
    }

    #[test]
    fn a_typo_is_refused_at_its_line_with_the_nearest_name() {
        let text = Text::new(Path::new("mapwright.toml"), "data_dir = \"d\"\nlisten_ = \"x\"\n");
        let fault = text.decode::<Sample>().unwrap_err();
        assert_eq!(fault.line, Some(2));
        assert!(
            fault.to_string().starts_with("mapwright.toml:2: unknown field `listen_`"),
            "{fault}"
        );
        assert!(fault.message.ends_with("did you mean `listen`?"), "{fault}");
    }

    #[test]
    fn a_typo_in_a_table_set_aside_is_placed_too() {
        let source = "a = 1\n[connections.erp]\nlistem = \"x\"\ndata_dir = \"y\"\n";
        let text = Text::new(Path::new("merchant.toml"), source);
        let root: toml::Table = toml::from_str(source).unwrap();
        let table = root["connections"]["erp"].as_table().unwrap().clone();
        let fault = text.decode_table::<Sample>(table, &["connections", "erp"]).unwrap_err();
        assert_eq!(fault.line, Some(3), "{fault}");
        assert!(fault.message.contains("did you mean `listen`?"), "{fault}");
    }
}
