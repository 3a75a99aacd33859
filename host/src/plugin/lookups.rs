//! A merchant's lookup tables: CSV files, read whole, immutable, shared by all calls.
//!
//! Each `*.csv` of a folder is a table by its file name. The first row names the columns, the first
//! column is the key, and a key stands only once: of two prices for one SKU neither is right. Files
//! are UTF-8 (a byte order mark is taken off); separators are commas.
//!
//! Who wants to know what a plugin does with its tables can have which rows it asks for written down
//! ([`Lookups::recording`]) and give it tables that differ in one cell; neither copies a table.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest table file. A price list of 100,000 rows is some 6 MB.
const TABLE_BYTES_MAX: u64 = 16 << 20;

/// All tables of a merchant together: they stay in memory.
const TABLES_BYTES_MAX: u64 = 64 << 20;

/// The most rows of one table.
const ROWS_MAX: usize = 500_000;

/// The most columns of one table.
const COLUMNS_MAX: usize = 100;

/// The most rows that are written down as asked for.
const ASKED_MAX: usize = 10_000;

/// One row: column and value, in the table's order.
pub(super) type Row = Arc<[(Arc<str>, Arc<str>)]>;

/// Why tables could not be read. Each says which file (and line), and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The file or folder could not be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Too large to keep in memory.
    #[error("{} is too large: {what} is {size}, at most {limit}. Split the table, or keep only the columns the plugin reads", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// `size in bytes`, `number of rows`, `number of columns`.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Not a table.
    #[error("{}:{line}: {message}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong and what to do.
        message: String,
    },
    /// One key, two rows.
    #[error("{}:{second}: key `{key}` stands already in {}:{first}. Remove one of the two rows", path.display(), path.display())]
    DuplicateKey {
        /// Which file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The line that has it first.
        first: u64,
        /// The line that has it again.
        second: u64,
    },
}

/// The tables of one merchant.
#[derive(Debug, Clone, Default)]
pub struct Lookups {
    tables: HashMap<String, Table>,
    bytes: u64,
    /// Rows that stand in for those of the tables; none for a row taken away.
    instead: HashMap<(String, String), Option<Row>>,
    asked: Option<Asked>,
}

/// One table.
#[derive(Debug, Clone)]
struct Table {
    rows: Arc<HashMap<Arc<str>, Row>>,
}

/// Which rows were asked for: table and key, whether there was such a row or not.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<BTreeSet<(String, String)>>>);

impl Asked {
    /// The rows, sorted; at most the first ten thousand that were asked for.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Lookups {
    /// Reads every `*.csv` of a folder; a folder that does not exist has no tables.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not a table. None is taken then: half of a merchant's
    /// tables is worse than those from before.
    pub fn read(folder: &Path) -> Result<Self, LookupError> {
        let unreadable = |source| LookupError::Unreadable { path: folder.to_owned(), source };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(unreadable(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            let csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
            if csv && path.is_file() {
                files.push(path);
            }
        }
        files.sort(); // so that of several faults always the same is reported
        files.into_iter().try_fold(Self::default(), |lookups, path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            lookups.with_table(&name, &path)
        })
    }

    /// These tables and one more, read from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not a table.
    pub fn with_table(mut self, name: &str, path: &Path) -> Result<Self, LookupError> {
        let unreadable = |source| LookupError::Unreadable { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        let too_large =
            |what, size, limit| LookupError::TooLarge { path: path.to_owned(), what, size, limit };
        if size > TABLE_BYTES_MAX {
            return Err(too_large("size in bytes", size, TABLE_BYTES_MAX));
        }
        self.bytes += size;
        if self.bytes > TABLES_BYTES_MAX {
            return Err(too_large("size of all tables together", self.bytes, TABLES_BYTES_MAX));
        }
        let text = std::fs::read(path).map_err(unreadable)?;
        let table = Table::parse(path, &text)?;
        self.tables.insert(name.to_owned(), table);
        Ok(self)
    }

    /// These tables with this one in place of the one of the same name. `path` is for messages.
    ///
    /// # Errors
    ///
    /// When it is not a table, or too large.
    pub fn with_table_of(
        &self,
        name: &str,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Self, LookupError> {
        let size = bytes.len() as u64;
        if size > TABLE_BYTES_MAX {
            let (path, what) = (path.to_owned(), "size in bytes");
            return Err(LookupError::TooLarge { path, what, size, limit: TABLE_BYTES_MAX });
        }
        let table = Table::parse(path, bytes)?;
        let mut changed = self.clone();
        changed.instead.retain(|(other, _), _| other != name);
        changed.tables.insert(name.to_owned(), table);
        Ok(changed)
    }

    /// The keys of a table, in no order; none where there is no such table.
    pub fn keys<'l>(&'l self, table: &str) -> impl Iterator<Item = &'l str> {
        self.tables.get(table).into_iter().flat_map(|table| table.rows.keys().map(|key| &**key))
    }

    /// No tables, for calls that are no event's.
    pub(super) fn shared_empty() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// The names of the tables, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.tables.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The row of a key, shared rather than copied; none on the outside where there is no such
    /// table, none within where the table has no such row.
    pub(super) fn row(&self, table: &str, key: &str) -> Option<Option<Row>> {
        let row = self.tables.get(table).map(|table| table.row(key));
        if let Some(asked) = &self.asked {
            let mut asked = asked.0.lock().unwrap_or_else(PoisonError::into_inner);
            if asked.len() < ASKED_MAX {
                asked.insert((table.to_owned(), key.to_owned()));
            }
        }
        if self.instead.is_empty() {
            return row;
        }
        match self.instead.get(&(table.to_owned(), key.to_owned())) {
            Some(instead) => row.map(|_| instead.clone()),
            None => row,
        }
    }

    /// These tables, with every row that is asked for written down.
    #[must_use]
    pub fn recording(&self) -> (Self, Asked) {
        let asked = Asked::default();
        (Self { asked: Some(asked.clone()), ..self.clone() }, asked)
    }

    /// The cells of a row, column and value; none where there is no such row.
    #[must_use]
    pub fn cells(&self, table: &str, key: &str) -> Option<Vec<(String, String)>> {
        let row = self.tables.get(table)?.row(key)?;
        Some(row.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    /// These tables with another value in one cell.
    #[must_use]
    pub fn with_cell(&self, table: &str, key: &str, column: &str, value: &str) -> Self {
        let cells = self.cells(table, key).unwrap_or_default();
        let row = cells
            .into_iter()
            .map(|(name, old)| {
                let new = if name == column { value } else { &old };
                (Arc::from(name.as_str()), Arc::from(new))
            })
            .collect();
        self.with_row(table, key, Some(row))
    }

    /// These tables without one row.
    #[must_use]
    pub fn without_row(&self, table: &str, key: &str) -> Self {
        self.with_row(table, key, None)
    }

    fn with_row(&self, table: &str, key: &str, row: Option<Row>) -> Self {
        let mut changed = self.clone();
        changed.instead.insert((table.to_owned(), key.to_owned()), row);
        changed
    }
}

impl Table {
    fn row(&self, key: &str) -> Option<Row> {
        self.rows.get(key).cloned()
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, LookupError> {
        let malformed =
            |line, message: String| LookupError::Malformed { path: path.to_owned(), line, message };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            malformed(line, "not UTF-8. Save the file as \"CSV UTF-8\"".to_owned())
        })?;
        // Not flexible: a row with more or fewer fields than the header is an error.
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let wrong = |error: &csv::Error| {
            let line = error.position().map_or(1, |at| line_of(text, at.byte()));
            let message = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
                    "{len} fields where the header has {expected_len}. Put values that contain a comma in double quotes"
                ),
                _ => error.to_string(),
            };
            malformed(line, message)
        };
        let header = reader.headers().map_err(|error| wrong(&error))?;
        let columns: Vec<Arc<str>> = header.iter().map(|name| Arc::from(name.trim())).collect();
        if columns.iter().all(|name| name.is_empty()) {
            return Err(malformed(
                1,
                "no header row. Name the columns in the first row".to_owned(),
            ));
        }
        if columns.len() > COLUMNS_MAX {
            return Err(LookupError::TooLarge {
                path: path.to_owned(),
                what: "number of columns",
                size: columns.len() as u64,
                limit: COLUMNS_MAX as u64,
            });
        }
        for (index, name) in columns.iter().enumerate() {
            if columns.iter().take(index).any(|earlier| earlier == name) {
                return Err(malformed(1, format!("column `{name}` stands twice in the header")));
            }
        }
        let mut rows: HashMap<Arc<str>, Row> = HashMap::new();
        let mut places: HashMap<Arc<str>, u64> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(&error))?;
            let place = record.position().map_or(0, csv::Position::byte);
            let key: Arc<str> = record.get(0).unwrap_or_default().into();
            if let Some(first) = places.insert(Arc::clone(&key), place) {
                return Err(LookupError::DuplicateKey {
                    path: path.to_owned(),
                    key: key.as_ref().to_owned(),
                    first: line_of(text, first),
                    second: line_of(text, place),
                });
            }
            let row = columns.iter().cloned().zip(record.iter().map(Arc::from)).collect();
            rows.insert(key, row);
            if rows.len() > ROWS_MAX {
                return Err(LookupError::TooLarge {
                    path: path.to_owned(),
                    what: "number of rows",
                    size: rows.len() as u64,
                    limit: ROWS_MAX as u64,
                });
            }
        }
        Ok(Self { rows: Arc::new(rows) })
    }
}

/// The line, from 1, of the row that begins at a byte or behind the line ends that stand there: the
/// reader has counted a row of a file with CRLF from between the two, and one behind empty lines from
/// the first of them.
fn line_of(text: &str, byte: u64) -> u64 {
    let bytes = text.as_bytes();
    let from = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let row = from + bytes[from..].iter().take_while(|byte| is_end(byte)).count();
    let before = &bytes[..row];
    let ends = before.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        // An old Mac's; before a line feed it is a part of the same end.
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Table, LookupError> {
        Table::parse(Path::new("lookups/prices.csv"), text)
    }

    fn complaint(text: &[u8]) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_row_is_found_by_its_first_column() {
        let table = parse(b"\xef\xbb\xbfsku,price\nA-1,\"10,50\"\nB-2,3\n").unwrap();
        let row = table.row("A-1").unwrap();
        let pairs: Vec<_> = row.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("sku", "A-1"), ("price", "10,50")]);
        assert!(table.row("a-1").is_none());
    }

    #[test]
    fn a_cell_can_be_changed_and_a_row_taken_away_without_touching_the_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prices.csv");
        std::fs::write(&file, "sku,price\nA,1\nB,2\n").unwrap();
        let tables = Lookups::default().with_table("prices", &file).unwrap();
        let (changed, asked) = tables.with_cell("prices", "A", "price", "9").recording();
        let price = |tables: &Lookups| tables.row("prices", "A").unwrap().unwrap()[1].1.to_string();
        assert_eq!((price(&changed), price(&tables)), ("9".to_owned(), "1".to_owned()));
        let without = changed.without_row("prices", "B");
        assert!(without.row("prices", "B").unwrap().is_none());
        assert!(without.row("nowhere", "B").is_none());
        let pair = |table: &str, key: &str| (table.to_owned(), key.to_owned());
        assert_eq!(asked.rows(), [pair("nowhere", "B"), pair("prices", "A"), pair("prices", "B")]);
    }

    #[test]
    fn a_duplicate_key_names_both_lines() {
        assert_eq!(
            complaint(b"sku,price\nA,1\nB,2\nA,3\n"),
            "lookups/prices.csv:4: key `A` stands already in lookups/prices.csv:2. Remove one of the two rows"
        );
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = |text: &str| complaint(text.replace('\n', end).as_bytes());
            let twice = lines("sku,price\nA,1\nB,2\n\nA,3\n");
            assert!(
                twice.starts_with(
                    "lookups/prices.csv:5: key `A` stands already in lookups/prices.csv:2."
                ),
                "{end:?}: {twice}"
            );
            let long = lines("sku,price\nA,1\nB,2,3\n");
            assert!(long.starts_with("lookups/prices.csv:3: 3 fields"), "{end:?}: {long}");
            let quoted = lines("sku,price\n\"A\nB\",1\nC,2,3\n");
            assert!(quoted.starts_with("lookups/prices.csv:4: 3 fields"), "{end:?}: {quoted}");
        }
    }

    #[test]
    fn malformed_tables_say_which_line() {
        assert!(
            complaint(b"sku,price\nA,1\nB,2,3\n").starts_with("lookups/prices.csv:3: 3 fields")
        );
        assert!(complaint(b"sku,price\nA,\xff\n").starts_with("lookups/prices.csv:2: not UTF-8"));
        assert!(complaint(b"").contains("no header row"));
        assert!(complaint(b"sku,price,price\n").contains("stands twice"));
    }
}
