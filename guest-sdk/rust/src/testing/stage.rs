//! What the sandbox would import, for one native run at a time on each thread: tables to look up and
//! a log to write to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::log::Level;

/// Rows of a table: the columns of each by name, found by the first column.
pub(crate) type Table = BTreeMap<String, Vec<(String, String)>>;

#[derive(Default)]
struct Stage {
    tables: BTreeMap<String, Table>,
    logs: Vec<(Level, String)>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// Writes to the log of this thread's run.
pub(crate) fn log(level: Level, message: &str) {
    STAGE.with_borrow_mut(|stage| stage.logs.push((level, message.to_owned())));
}

/// A row of this thread's run; none when there is no such table.
#[expect(clippy::option_option, reason = "no table and no row are two answers")]
pub(crate) fn row(table: &str, key: &str) -> Option<Option<Vec<(String, String)>>> {
    STAGE.with_borrow(|stage| stage.tables.get(table).map(|rows| rows.get(key).cloned()))
}

/// Runs `work` with these tables and hands back what it logged.
pub(crate) fn play<T>(
    tables: &BTreeMap<String, Table>,
    work: impl FnOnce() -> T,
) -> (T, Vec<(Level, String)>) {
    STAGE.with_borrow_mut(|stage| {
        *stage = Stage { tables: tables.clone(), logs: Vec::new() };
    });
    let result = work();
    (result, STAGE.take().logs)
}

/// Reads a table from CSV.
pub(crate) fn table(csv_text: &str) -> Result<Table, String> {
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let mut table = Table::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let key = record.get(0).unwrap_or_default().to_owned();
        let row = header.iter().zip(&record).map(|(c, v)| (c.to_owned(), v.to_owned())).collect();
        if table.insert(key.clone(), row).is_some() {
            return Err(format!("the key `{key}` stands twice"));
        }
    }
    Ok(table)
}
