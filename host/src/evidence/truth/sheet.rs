//! The table as a CSV file: written, and read back after a person had it in a spreadsheet.

use std::collections::HashSet;
use std::time::Instant;

use serde::Serialize;

use super::cell::{alike, guarded, read};
use super::{Spec, SpecError, Table};
use crate::evidence::trial::{Input, Rules};

/// The most rows that are read: a person's own besides those of the spec.
const ROWS_MAX: usize = 2 * super::ROWS_MAX;

/// A table that cannot be held against anything.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not CSV.
    #[error("line {line}: {message}")]
    Malformed {
        /// From 1.
        line: u64,
        /// What is wrong and what to do.
        message: String,
    },
    /// A column of the spec that it lacks.
    #[error("there is no column `{0}`; write the table anew with `mapwright truth-table`")]
    NoColumn(String),
    /// No column to check.
    #[error("it has none of the output columns {0}, so there is nothing to check")]
    NoOutputs(String),
    /// The spec does not fit.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// A cell that says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The line of the file, from 1.
    pub line: u64,
    /// The inputs, `name = value`.
    pub inputs: Vec<String>,
    /// The column.
    pub column: String,
    /// What the table says.
    pub wanted: String,
    /// What the plugin says.
    pub got: String,
}

/// What became of checking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Rows held against the plugin.
    pub rows: usize,
    /// Cells that say otherwise.
    pub disagreements: Vec<Disagreement>,
    /// Combinations of the spec that the table lacks.
    pub missing: usize,
    /// Columns that nobody knows: a person's notes.
    pub notes: Vec<String>,
    /// Rows that there was no time for.
    #[serde(skip_serializing_if = "is_none")]
    pub not_reached: usize,
}

/// Whether there are none, which needs no telling.
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl Table {
    /// The table as CSV, so that a spreadsheet shows it as it is.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let cells = row.iter().map(|cell| guarded(cell));
            writer.write_record(cells).expect("memory takes everything");
        }
        let bytes = writer.into_inner().expect("memory takes everything");
        String::from_utf8(bytes).expect("cells are text")
    }
}

impl Spec {
    /// Cells as the spec lists them, where it does.
    fn as_listed<'c>(&'c self, cells: &'c [String]) -> Vec<&'c str> {
        let listed = |(column, cell): (&'c super::InputColumn, &'c String)| {
            column.values().iter().find(|value| alike(value, cell)).unwrap_or(cell).as_str()
        };
        self.inputs.iter().zip(cells).map(listed).collect()
    }

    /// Holds rules to a table that a person has read; rows that are not reached until then are
    /// counted.
    ///
    /// # Errors
    ///
    /// When the file is not a table of this spec.
    pub fn check(
        &self,
        rules: &Rules,
        base: &Input,
        text: &[u8],
        threads: usize,
        until: Option<Instant>,
    ) -> Result<Checked, SheetError> {
        let malformed = |line, message: String| SheetError::Malformed { line, message };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let text = std::str::from_utf8(text).map_err(|error| {
            let before = text.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            malformed(line, "not UTF-8. Save the file as \"CSV UTF-8\"".to_owned())
        })?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .flexible(true)
            .from_reader(text.as_bytes());
        let wrong = |error: csv::Error| {
            malformed(error.position().map_or(1, csv::Position::line), error.to_string())
        };
        let header: Vec<String> =
            reader.headers().map_err(wrong)?.iter().map(|name| read(name).to_owned()).collect();
        let place = |name: &str| header.iter().position(|known| known == name);
        let inputs: Vec<usize> = self
            .inputs
            .iter()
            .map(|it| place(it.name()).ok_or_else(|| SheetError::NoColumn(it.name().to_owned())))
            .collect::<Result<_, _>>()?;
        let outputs: Vec<Option<usize>> = self.outputs.iter().map(|it| place(it.name())).collect();
        if outputs.iter().all(Option::is_none) {
            let names: Vec<_> = self.outputs.iter().map(|it| it.name()).collect();
            return Err(SheetError::NoOutputs(names.join(", ")));
        }

        let mut lines = Vec::new();
        let mut lines_of = Lines { text: text.as_bytes(), byte: 0, line: 1 };
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue; // the empty rows below a table
            }
            let line = lines_of.at(record.position().map_or(0, csv::Position::byte));
            if lines.len() >= ROWS_MAX {
                return Err(malformed(line, format!("more than {ROWS_MAX} rows; split the table")));
            }
            lines.push((line, record));
        }
        let rows: Vec<Vec<String>> = lines
            .iter()
            .map(|(_, record)| {
                inputs
                    .iter()
                    .map(|at| read(record.get(*at).unwrap_or_default()).to_owned())
                    .collect()
            })
            .collect();
        let answers = self.answers(rules, base, &rows, threads, until)?;

        let not_reached = rows.len() - answers.len();
        let mut checked = Checked { rows: answers.len(), not_reached, ..Checked::default() };
        for (((line, record), row), answer) in lines.iter().zip(&rows).zip(answers) {
            for ((column, at), got) in self.outputs.iter().zip(&outputs).zip(answer) {
                let Some(at) = at else { continue };
                let wanted = read(record.get(*at).unwrap_or_default());
                if !alike(wanted, &got) {
                    let inputs = self.inputs.iter().zip(row);
                    checked.disagreements.push(Disagreement {
                        line: *line,
                        inputs: inputs
                            .map(|(it, cell)| format!("{} = {cell}", it.name()))
                            .collect(),
                        column: column.name().to_owned(),
                        wanted: wanted.to_owned(),
                        got,
                    });
                }
            }
        }
        // By the spec's own way of writing each cell, so that 1.1 is found as 1.10.
        let there: HashSet<Vec<&str>> = rows.iter().map(|row| self.as_listed(row)).collect();
        let combinations = self.combinations();
        let wanted = combinations.iter().map(|row| self.as_listed(row));
        checked.missing = wanted.filter(|row| !there.contains(row)).count();
        let known = self.header();
        checked.notes =
            header.into_iter().filter(|it| !known.contains(it) && !it.is_empty()).collect();
        Ok(checked)
    }
}

/// Which line a byte is on. The reader's own count is one short after the `\r\n` of a spreadsheet.
struct Lines<'t> {
    text: &'t [u8],
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first character at or behind this byte that is no line end; bytes only grow.
    fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.text.get(self.byte) {
            if self.byte >= byte && !matches!(next, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*next == b'\n');
            self.byte += 1;
        }
        self.line
    }
}

/// What separates the cells of the header: spreadsheets of half the world write semicolons.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |byte: u8| head.bytes().filter(|it| *it == byte).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}
