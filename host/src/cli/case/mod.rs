//! One rehearsed event: a payload and all that a run is given beside it.
//!
//! A case comes from the flags of `dry-run` or from a folder of golden cases; from there on both
//! take the same way. All that is not said is derived from the payload and never from the clock or
//! from chance, so the same case gives the same answer for ever.

mod circumstances;
mod flags;
mod folder;
pub(crate) mod input;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Map, Value};

pub(crate) use circumstances::{Circumstances, topic_beside};
pub(crate) use flags::{CaseFlags, Surroundings, lookup};
pub(crate) use folder::{Expected, Folder};
pub(crate) use input::Unreadable;

/// What a run is given.
#[derive(Debug)]
pub(crate) struct Case {
    /// Where the payload came from; `-` for standard input.
    pub(crate) payload_file: PathBuf,
    /// The payload as it would be received.
    pub(crate) payload: Bytes,
    /// The payload as a value, for quoting from it.
    pub(crate) value: Value,
    /// The route's settings.
    pub(crate) settings: Map<String, Value>,
    /// Lookup tables: name and file.
    pub(crate) lookups: Vec<(String, PathBuf)>,
    /// What the plugin remembers of the resource.
    pub(crate) previous_checkpoint: Option<String>,
    /// Everything else the plugin may know.
    pub(crate) circumstances: Circumstances,
}

impl Case {
    /// A case with a payload and nothing else said.
    pub(crate) fn of(payload_file: &Path) -> Result<Self, Unreadable> {
        Self::of_bytes(payload_file, input::read_bytes(payload_file)?)
    }

    /// The same of a payload that was read already.
    pub(crate) fn of_bytes(payload_file: &Path, payload: Vec<u8>) -> Result<Self, Unreadable> {
        let value = input::parse_json(payload_file, &payload)?;
        Ok(Self {
            payload_file: payload_file.to_owned(),
            payload: Bytes::from(payload),
            value,
            settings: Map::new(),
            lookups: Vec::new(),
            previous_checkpoint: None,
            circumstances: Circumstances::default(),
        })
    }

    /// The settings as the plugin gets them.
    pub(crate) fn settings_text(&self) -> String {
        serde_json::to_string(&self.settings).expect("a JSON object always has its text")
    }
}

/// The `*.csv` files of a folder as lookup tables, by name; a folder that is not there has none.
pub(crate) fn tables_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Unreadable> {
    let failed = |source| Unreadable::File { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut tables = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        match name.as_deref() {
            None => {}
            Some(name) if name.starts_with('.') => {}
            Some(name) => match name.strip_suffix(".csv") {
                Some(table) => tables.push((table.to_owned(), path)),
                None => {
                    return Err(Unreadable::sense(
                        &path,
                        "is not a lookup table; a table is a file NAME.csv with a header line",
                    ));
                }
            },
        }
    }
    tables.sort();
    Ok(tables)
}

/// A checkpoint file's text; the line end that an editor adds does not belong to it.
pub(crate) fn read_checkpoint(path: &Path) -> Result<String, Unreadable> {
    let mut text = input::read_text(path)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
