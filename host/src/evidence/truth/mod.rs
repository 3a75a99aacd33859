//! A finite set of inputs as a table: a merchant reads it, corrects it, and every version is held to it.
//!
//! ```text
//!   spec (columns of inputs with their values, columns of outputs)
//!     |-- rows: every combination --> answers --> CSV
//!     '-- CSV, corrected by a person --> check --> the rows that disagree
//! ```
//!
//! Everything a run depends on and no column names stays as the base payload has it. Cells are text
//! as people see it; `(absent)` is a place taken away or a field that is not there, `(null)` is null.
//! What spreadsheets do to a file on its way (a byte order mark, semicolons, `1.1` for `1.10`, `TRUE`)
//! makes no difference.

mod cell;
mod column;
mod sheet;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::answer;
use super::trial::{Input, Rules};
use crate::plugin::{Outcome, Run};

pub use column::{InputColumn, OutputColumn, SpecError};
pub use sheet::{Checked, Disagreement, SheetError};

/// A person reads it; a table of more rows than this is none.
pub const ROWS_MAX: usize = 10_000;

/// What goes into a table.
#[derive(Debug, Clone)]
pub struct Spec {
    inputs: Vec<InputColumn>,
    outputs: Vec<OutputColumn>,
}

/// A table: a header, and rows of cells as people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns, inputs first.
    pub header: Vec<String>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

impl Spec {
    /// Puts columns together.
    ///
    /// # Errors
    ///
    /// When two have one name, there are none, or they make more than [`ROWS_MAX`] rows.
    pub fn new(inputs: Vec<InputColumn>, outputs: Vec<OutputColumn>) -> Result<Self, SpecError> {
        if inputs.is_empty() || outputs.is_empty() {
            return Err(SpecError::Empty);
        }
        let mut names: Vec<_> = inputs
            .iter()
            .map(InputColumn::name)
            .chain(outputs.iter().map(OutputColumn::name))
            .collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SpecError::Twice(pair[0].to_owned()));
        }
        let rows = inputs.iter().fold(1_usize, |rows, it| rows.saturating_mul(it.values().len()));
        if rows > ROWS_MAX {
            return Err(SpecError::TooMany { rows, max: ROWS_MAX });
        }
        Ok(Self { inputs, outputs })
    }

    /// Every combination of inputs, the last column turning fastest.
    #[must_use]
    pub fn combinations(&self) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = vec![Vec::new()];
        for column in &self.inputs {
            rows = rows
                .into_iter()
                .flat_map(|row| {
                    column.values().iter().map(move |value| {
                        let mut row = row.clone();
                        row.push(value.clone());
                        row
                    })
                })
                .collect();
        }
        rows
    }

    fn header(&self) -> Vec<String> {
        let inputs = self.inputs.iter().map(|it| it.name().to_owned());
        inputs.chain(self.outputs.iter().map(|it| it.name().to_owned())).collect()
    }

    /// The base input with these cells in place; none where one of them has no place in it.
    fn input(&self, base: &Input, cells: &[String]) -> Result<Input, SpecError> {
        self.inputs
            .iter()
            .zip(cells)
            .try_fold(base.clone(), |input, (column, cell)| column.put(input, cell))
    }

    fn outputs(&self, run: &Run) -> Vec<String> {
        let fields = answer::fields(run);
        self.outputs.iter().map(|column| column.take(run, &fields)).collect()
    }

    /// What the rules answer to each row of inputs, on so many threads; to the first rows only where
    /// the time is up before the last.
    fn answers(
        &self,
        rules: &Rules,
        base: &Input,
        rows: &[Vec<String>],
        threads: usize,
        until: Option<Instant>,
    ) -> Result<Vec<Vec<String>>, SpecError> {
        // Before anything is run: a column without a place is wrong in every row.
        if let Some(first) = rows.first() {
            self.input(base, first)?;
        }
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<_>> = Mutex::default();
        let work = || {
            // Whoever has taken a row answers it, so what is answered has no gaps.
            while until.is_none_or(|until| Instant::now() < until) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(cells) = rows.get(at) else { break };
                let input = self.input(base, cells);
                let answer = input.map(|input| self.outputs(&rules.answer(&input)));
                answers.lock().unwrap_or_else(PoisonError::into_inner).push((at, answer));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// The table of what the rules answer.
    ///
    /// # Errors
    ///
    /// When a column has no place in the base input.
    pub fn table(&self, rules: &Rules, base: &Input, threads: usize) -> Result<Table, SpecError> {
        let mut rows = self.combinations();
        let answers = self.answers(rules, base, &rows, threads, None)?;
        for (row, answer) in rows.iter_mut().zip(answers) {
            row.extend(answer);
        }
        Ok(Table { header: self.header(), rows })
    }
}

/// The words of an outcome that is not `mapped`.
fn reason(run: &Run) -> String {
    match &run.outcome {
        Outcome::Skipped { reason } | Outcome::NotReady { reason } => reason.clone(),
        Outcome::Rejected { violations } => {
            let codes: Vec<_> =
                violations.iter().map(|it| format!("{} {}", it.code, it.pointer)).collect();
            codes.join(" | ")
        }
        Outcome::Trapped { message, .. } | Outcome::BadOutput { message } => message.clone(),
        _ => String::new(),
    }
}
