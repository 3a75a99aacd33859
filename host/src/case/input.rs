//! Reading what a person wrote: JSON, TOML and plain files, with errors that point at the place.
//!
//! Every failure is an [`Unreadable`]; a command that meets one ends with exit code 2.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::plugin::LookupError;

/// The largest payload, settings or expectation read, as large as the largest webhook body that the
/// ingress may be configured to take.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A file that cannot be used; the text says which, where in it, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The file could not be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is larger than anything the host would take.
    #[error("{} is larger than {limit} bytes, the most that is read", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// It is not what its kind says.
    #[error("{}:{line}:{column}: not {kind}: {message}", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// `JSON`, `TOML`.
        kind: &'static str,
        /// The parser's words.
        message: String,
    },
    /// It reads, and says something that makes no sense here.
    #[error("{}: {message}", path.display())]
    Sense {
        /// Which.
        path: PathBuf,
        /// What, and what to write instead.
        message: String,
    },
    /// It is not a lookup table; the text names file and line.
    #[error("{error}")]
    Table {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: LookupError,
    },
}

impl Unreadable {
    /// What makes no sense in `path`.
    pub(crate) fn sense(path: &Path, message: impl Into<String>) -> Self {
        Self::Sense { path: path.to_owned(), message: message.into() }
    }

    /// The file it is about.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Syntax { path, .. }
            | Self::Sense { path, .. }
            | Self::Table { path, .. } => path,
        }
    }
}

/// The file's bytes; `-` is standard input.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let failed = |source| Unreadable::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    source.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge { path: path.to_owned(), limit: FILE_BYTES_MAX });
    }
    Ok(bytes)
}

/// The file's text, which must be UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, Unreadable> {
    String::from_utf8(read_bytes(path)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let (line, column) = place(error.as_bytes(), valid);
        Unreadable::Syntax {
            path: path.to_owned(),
            line,
            column,
            kind: "UTF-8",
            message: format!("the byte at offset {valid} is not part of a character"),
        }
    })
}

/// The file as JSON.
pub(crate) fn read_json(path: &Path) -> Result<Value, Unreadable> {
    parse_json(path, &read_bytes(path)?)
}

/// `bytes`, which came from `path`, as JSON.
pub(crate) fn parse_json(path: &Path, bytes: &[u8]) -> Result<Value, Unreadable> {
    let syntax = |offset: usize, message: &str| {
        let (line, column) = place(bytes, offset);
        let message = message.to_owned();
        Unreadable::Syntax { path: path.to_owned(), line, column, kind: "JSON", message }
    };
    if let Err(error) = std::str::from_utf8(bytes) {
        let message = "it is not UTF-8 here; save it as UTF-8 (it may be Latin-1)";
        return Err(syntax(error.valid_up_to(), message));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(syntax(0, "it begins with a byte order mark; save it without (UTF-8, no BOM)"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let message = error.to_string();
        let tail = format!(" at line {} column {}", error.line(), error.column());
        Unreadable::Syntax {
            path: path.to_owned(),
            line: error.line(),
            column: error.column().max(1),
            kind: "JSON",
            message: message.strip_suffix(&tail).unwrap_or(&message).to_owned(),
        }
    })
}

/// The file as TOML.
pub(crate) fn read_toml(path: &Path) -> Result<toml::Table, Unreadable> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| {
        let (line, column) = place(text.as_bytes(), error.span().map_or(0, |span| span.start));
        Unreadable::Syntax {
            path: path.to_owned(),
            line,
            column,
            kind: "TOML",
            message: error.message().to_owned(),
        }
    })
}

/// The file as a JSON object, written in TOML when its name ends in `.toml`.
pub(crate) fn read_object(path: &Path) -> Result<serde_json::Map<String, Value>, Unreadable> {
    let value = if path.extension().is_some_and(|extension| extension == "toml") {
        json_of(toml::Value::Table(read_toml(path)?))
    } else {
        read_json(path)?
    };
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Unreadable::sense(
            path,
            format!("must hold an object (`{{…}}`), but holds {}", kind_of(&other)),
        )),
    }
}

/// TOML as JSON: dates and times become their text.
pub(crate) fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, json_of(value))).collect()
        }
    }
}

/// `an array`, `a string`: how to call a value that is not what it should be.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Which of `known` was most likely meant by `name`, as ` (did you mean …?)`; all of them otherwise.
pub(crate) fn hint(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(likeness, _)| *likeness > 0.8);
    match nearest {
        Some((_, nearest)) => format!("did you mean `{nearest}`?"),
        None => format!("known are: {}", known.join(", ")),
    }
}

/// Line and column, from 1, of the byte at `offset`.
fn place(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_json_is_placed_once() {
        let error = parse_json(Path::new("payload.json"), b"{\"id\": 1,\n  nope}").unwrap_err();
        assert_eq!(error.to_string(), "payload.json:2:3: not JSON: key must be a string");
        for (bytes, said) in [
            (&b"{\"a\":\n \"\xe9\"}"[..], "payload.json:2:3: not JSON: it is not UTF-8 here"),
            (b"\xef\xbb\xbf{}", "payload.json:1:1: not JSON: it begins with a byte order mark"),
        ] {
            let error = parse_json(Path::new("payload.json"), bytes).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_given_its_nearest_name() {
        assert_eq!(hint("setings", &["settings", "payload"]), "did you mean `settings`?");
        assert_eq!(hint("zzz", &["settings", "payload"]), "known are: settings, payload");
    }

    #[test]
    fn toml_dates_become_text() {
        let table: toml::Table =
            toml::from_str("since = 2026-01-01T00:00:00Z\nrate = 0.5").unwrap();
        assert_eq!(
            json_of(toml::Value::Table(table)),
            serde_json::json!({"since": "2026-01-01T00:00:00Z", "rate": 0.5})
        );
    }
}
