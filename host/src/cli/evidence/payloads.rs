//! Many payloads from files, folders and lists, one after the other, each with what surrounds it.
//!
//! A file is a payload; one ending in `.ndjson` or `.jsonl` is a payload on each line. Of a folder
//! its `*.json` files are payloads, and its folders with a `payload.json` are golden cases with their
//! own context, settings, tables and checkpoint. The flags go before what a case says of its own.
//! Only what is being read is in memory.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::case::{Case, Folder, Surroundings, Unreadable};
use super::stem;
use crate::case::{context_of, tables};
use crate::evidence::trial::Input;
use crate::plugin::{Lookups, Plugin};

/// The longest line of a list: the largest payload that is read from a file.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// A payload with what surrounds it, as read.
pub(crate) struct Payload {
    /// The case, for what wants settings as a value.
    pub(crate) case: Case,
    /// The same, ready to be run.
    pub(crate) input: Input,
}

/// A table's name and file.
type Named = (String, PathBuf);

/// Payloads to come.
pub(crate) struct Payloads {
    sources: VecDeque<PathBuf>,
    list: Option<List>,
    surroundings: Surroundings,
    /// Payloads that none of these takes are passed over.
    takers: Vec<Plugin>,
    /// How many were passed over.
    pub(crate) passed_over: u64,
    /// The last tables read, and their files.
    tables: Option<(Vec<Named>, Arc<Lookups>)>,
}

struct List {
    path: PathBuf,
    name: String,
    lines: BufReader<std::fs::File>,
    line: usize,
}

impl Payloads {
    /// What the paths name, in their order and by name within a folder.
    pub(crate) fn of(
        paths: &[PathBuf],
        surroundings: Surroundings,
        takers: Vec<Plugin>,
    ) -> Result<Self, Unreadable> {
        let mut sources = VecDeque::new();
        for path in paths {
            if path.is_dir() && !path.join("payload.json").is_file() {
                let found = folder(path)?;
                if found.is_empty() {
                    return Err(Unreadable::sense(
                        path,
                        "holds neither *.json payloads nor golden cases (folders with a payload.json)",
                    ));
                }
                sources.extend(found);
            } else {
                sources.push_back(path.clone());
            }
        }
        Ok(Self { sources, list: None, surroundings, takers, passed_over: 0, tables: None })
    }

    fn read(&mut self) -> Result<Option<Payload>, Unreadable> {
        loop {
            let (name, mut case) = if let Some((name, case)) = self.next_line()? {
                (name, case)
            } else {
                let Some(path) = self.sources.pop_front() else { return Ok(None) };
                if path.is_dir() {
                    (stem(&path), Folder::read(&path)?.case)
                } else if path.extension().is_some_and(|it| it == "ndjson" || it == "jsonl") {
                    let file = std::fs::File::open(&path)
                        .map_err(|source| Unreadable::File { path: path.clone(), source })?;
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    self.list = Some(List { path, name, lines: BufReader::new(file), line: 0 });
                    continue;
                } else {
                    (stem(&path), Case::of(&path)?)
                }
            };
            self.surroundings.put_around(&mut case);
            let topic = case.circumstances.topic();
            if !self.takers.is_empty() && !self.takers.iter().any(|plugin| plugin.takes(topic)) {
                self.passed_over += 1;
                continue;
            }
            let lookups = self.tables(&case)?;
            let input = Input {
                name,
                payload: case.payload.clone(),
                context: context_of(&case),
                previous_status: case.circumstances.previous_status.clone(),
                lookups,
            };
            return Ok(Some(Payload { case, input }));
        }
    }

    /// The next payload of the list that is being read; blank lines are none.
    fn next_line(&mut self) -> Result<Option<(String, Case)>, Unreadable> {
        let Some(list) = &mut self.list else { return Ok(None) };
        loop {
            list.line += 1;
            let mut line = Vec::new();
            let read = list.lines.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
            read.map_err(|source| Unreadable::File { path: list.path.clone(), source })?;
            if line.is_empty() {
                self.list = None;
                return Ok(None);
            }
            if line.len() as u64 > LINE_BYTES_MAX {
                let (path, limit) = (list.path.clone(), LINE_BYTES_MAX);
                return Err(Unreadable::TooLarge { path, limit });
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let case = Case::of_bytes(&list.path, line).map_err(|error| match error {
                // The parser saw one line; people see a file.
                Unreadable::Syntax { path, column, kind, message, .. } => {
                    Unreadable::Syntax { path, line: list.line, column, kind, message }
                }
                other => other,
            })?;
            return Ok(Some((format!("{}:{}", list.name, list.line), case)));
        }
    }

    /// The case's tables, read again only when they are others than before.
    fn tables(&mut self, case: &Case) -> Result<Arc<Lookups>, Unreadable> {
        match &self.tables {
            Some((files, lookups)) if *files == case.lookups => Ok(Arc::clone(lookups)),
            _ => {
                let lookups = Arc::new(tables(&case.lookups)?);
                self.tables = Some((case.lookups.clone(), Arc::clone(&lookups)));
                Ok(lookups)
            }
        }
    }
}

impl Iterator for Payloads {
    type Item = Result<Payload, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let failed = |source| Unreadable::File { path: path.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let payload = entry.is_file()
            && entry.extension().is_some_and(|it| it == "json" || it == "ndjson" || it == "jsonl");
        if !hidden && (payload || entry.join("payload.json").is_file()) {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}
