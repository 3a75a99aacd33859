//! Golden cases and truth tables as they lie in a folder: read, run and judged.
//!
//! ```text
//!   payload, context, settings, tables, checkpoint --> Case --> Rehearsal --> Report
//!                                       expected.json --> Expectation --------'--> passed, or how not
//!   tables/NAME.toml + NAME.csv ------> Sheet --> the cells that disagree
//! ```
//! `mapwright test`, `dry-run` and `check` on a person's machine and admission on a host are faces of
//! this, so they cannot disagree. All that a case does not say is derived from the payload and never from
//! the clock or from chance, so the same case gives the same answer for ever. Nothing here prints, writes
//! or asks the clock for anything but how long something took. What is read is bounded file by file
//! ([`input`]); how many are run, and how long, is the caller's ([`sections`]).

mod circumstances;
mod expectation;
mod folder;
pub(crate) mod input;
mod judge;
mod rehearsal;
mod report;
pub(crate) mod sections;
mod sheet;
pub(crate) mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::evidence::trial::Input;
use crate::plugin::{self, Lookups};

pub(crate) use circumstances::{Circumstances, topic_beside};
pub(crate) use expectation::{Comparison, Expectation, bless};
pub(crate) use folder::{Expected, Folder, folders_in};
pub(crate) use input::Unreadable;
pub(crate) use judge::Judged;
pub(crate) use rehearsal::{Rehearsal, SettingsFault, capabilities_of};
pub(crate) use report::{PluginName, Report};
pub(crate) use sheet::{Effort, Sheet};

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

    /// The case as the input of a trial.
    pub(crate) fn input(&self, name: String) -> Result<Input, Unreadable> {
        Ok(Input {
            name,
            payload: self.payload.clone(),
            context: context_of(self),
            previous_status: self.circumstances.previous_status.clone(),
            lookups: Arc::new(tables(&self.lookups)?),
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

/// Lookup tables, read from their files.
pub(crate) fn tables(files: &[(String, PathBuf)]) -> Result<Lookups, Unreadable> {
    files.iter().try_fold(Lookups::default(), |lookups, (name, file)| {
        lookups
            .with_table(name, file)
            .map_err(|error| Unreadable::Table { path: file.clone(), error })
    })
}

/// What the plugin is told of the event. Where a case says nothing, the names are those of the
/// examples in the documentation, and the ids follow from the payload.
pub(crate) fn context_of(case: &Case) -> plugin::Context {
    let known = &case.circumstances;
    let or = |said: &Option<String>, else_: &str| said.clone().unwrap_or_else(|| else_.to_owned());
    let event_id = known.event_id(&case.value, &case.payload);
    plugin::Context {
        merchant: or(&known.merchant, "acme"),
        route: or(&known.route, "orders"),
        source: or(&known.source, "shop"),
        target: or(&known.target, "erp"),
        topic: known.topic().to_owned(),
        resource_key: known.resource_key(&case.payload),
        correlation_id: or(&known.correlation_id, &event_id),
        event_id,
        source_version_time: known.source_version_time(&case.value).map(|time| time.to_string()),
        received_at: known.received_at(&case.value).to_string(),
        attempt: known.attempt.unwrap_or(1),
        settings: case.settings_text().into(),
        checkpoint: case.previous_checkpoint.clone(),
        attributes: known.attributes.clone(),
    }
}
