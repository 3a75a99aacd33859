//! The merchant's lookup tables: `lookups/NAME.csv`, found by the first column.

use crate::Refusal;
use crate::money::{self, Decimal};

/// The row of `table` whose first column is exactly `key`.
///
/// # Errors
/// [`UnknownTable`] when the merchant has no such table; `?` turns it into "not ready", because the
/// event is as good as before once the table is there.
pub fn row(table: &str, key: &str) -> Result<Option<Row>, UnknownTable> {
    #[cfg(target_arch = "wasm32")]
    let answer = crate::bindings::base::mapwright::plugin::lookup::get_row(table, key)
        .map_err(|_| UnknownTable(table.to_owned()))?;
    #[cfg(not(target_arch = "wasm32"))]
    let answer =
        crate::testing::stage::row(table, key).ok_or_else(|| UnknownTable(table.to_owned()))?;
    Ok(answer.map(|columns| Row { table: table.to_owned(), key: key.to_owned(), columns }))
}

/// The merchant has no lookup table of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTable(pub String);

impl std::fmt::Display for UnknownTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no lookup table `{0}`; add lookups/{0}.csv", self.0)
    }
}

impl std::error::Error for UnknownTable {}

impl From<UnknownTable> for Refusal {
    fn from(unknown: UnknownTable) -> Self {
        Self::NotReady(unknown.to_string())
    }
}

/// A row of a lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    table: String,
    key: String,
    columns: Vec<(String, String)>,
}

impl Row {
    /// The value of a column; nothing when the table has no such column or it is empty here.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.columns
            .iter()
            .find(|(c, _)| c == column)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }

    /// The value of a column that must be there.
    ///
    /// # Errors
    /// [`Refusal::NotReady`] that names table, row and column.
    pub fn text(&self, column: &str) -> Result<&str, Refusal> {
        self.get(column).ok_or_else(|| {
            Refusal::not_ready(format!(
                "lookup table `{}` has nothing in column `{column}` for `{}`",
                self.table, self.key
            ))
        })
    }

    /// The value of a column that must hold a decimal number.
    ///
    /// # Errors
    /// As [`Row::text`], also when the value is no number.
    pub fn decimal(&self, column: &str) -> Result<Decimal, Refusal> {
        money::parse(self.text(column)?).map_err(|e| {
            Refusal::not_ready(format!(
                "lookup table `{}`, row `{}`, column `{column}`: {e}",
                self.table, self.key
            ))
        })
    }

    /// All columns in the table's order, the key column included.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.iter().map(|(c, v)| (c.as_str(), v.as_str()))
    }
}
