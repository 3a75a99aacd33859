//! Lookup tables: whether something is one, and what differs between two, row by row.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::versions::VersionError;
use super::no_changes;
use crate::plugin::Lookups;

/// Rows that are written out of a difference; the others are counted.
const ROWS_SHOWN_MAX: usize = 100;
/// The longest name of a table.
const NAME_BYTES_MAX: usize = 100;

/// The tables in a merchant's folder, by name.
pub(super) fn files(merchant: &Path) -> Vec<String> {
    let listing = std::fs::read_dir(merchant.join("lookups")).into_iter().flatten();
    let names = listing.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_table = path.extension().is_some_and(|it| it == "csv") && path.is_file();
        is_table.then(|| Some(path.file_stem()?.to_str()?.to_owned())).flatten()
    });
    let mut names: Vec<String> = names.filter(|name| check_name(name).is_ok()).collect();
    names.sort_unstable();
    names
}

/// A file's name, and nothing else: it becomes part of a path.
pub(super) fn check_name(name: &str) -> Result<(), VersionError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    let said = "a table is called by letters, digits, `-` and `_`, as its file under lookups/ is";
    Err(VersionError::Unfit(said.to_owned()))
}

fn read(name: &str, bytes: &[u8]) -> Result<Lookups, VersionError> {
    let label = format!("{name}.csv");
    let table = Lookups::default().with_table_of(name, Path::new(&label), bytes);
    table.map_err(|error| VersionError::Unfit(error.to_string()))
}

pub(super) fn look_over(name: &str, bytes: Bytes) -> Result<Bytes, VersionError> {
    read(name, &bytes)?;
    Ok(bytes)
}

/// Rows added, removed and changed, by key.
pub(super) fn difference(
    name: &str,
    before: Option<&[u8]>,
    after: &[u8],
) -> Result<Value, VersionError> {
    let after = read(name, after)?;
    // What is there may be broken; then all of the new one is new.
    let before = before.and_then(|bytes| read(name, bytes).ok()).unwrap_or_default();
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.keys(name).collect(), after.keys(name).collect());
    let mut changes = no_changes();
    let (mut shown, mut more) = (0, 0_u64);
    let mut tell = |list: &str, row: Value| {
        if shown == ROWS_SHOWN_MAX {
            more += 1;
            return;
        }
        shown += 1;
        if let Some(rows) = changes[list].as_array_mut() {
            rows.push(row);
        }
    };
    for key in old.union(&new) {
        let (was, is) = (before.cells(name, key), after.cells(name, key));
        match (was, is) {
            (None, Some(_)) => tell("added", json!(key)),
            (Some(_), None) => tell("removed", json!(key)),
            (Some(was), Some(is)) if was != is => tell("changed", cells(key, &was, &is)),
            _ => {}
        }
    }
    let counts = (old.difference(&new).count(), new.difference(&old).count());
    changes["more"] = json!(more);
    changes["rows"] = json!({ "before": old.len(), "after": new.len(),
                              "removed": counts.0, "added": counts.1 });
    Ok(changes)
}

fn cells(key: &str, was: &[(String, String)], is: &[(String, String)]) -> Value {
    let value = |row: &[(String, String)], column: &str| {
        row.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone())
    };
    let columns: BTreeSet<&str> = was.iter().chain(is).map(|(name, _)| name.as_str()).collect();
    let differing = columns.into_iter().filter_map(|column| {
        let (before, after) = (value(was, column), value(is, column));
        let differs = before != after;
        differs.then(|| json!({ "column": column, "before": before, "after": after }))
    });
    json!({ "key": key, "cells": differing.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_by_key_and_cells_by_column() {
        let before = b"sku,price,note\nA,1.00,x\nB,2.00,x\nC,3.00,x\n";
        let after = b"sku,price,unit\nA,1.00,x\nC,3.10,x\nD,4.00,x\n";
        let told = difference("prices", Some(before), after).unwrap();
        assert_eq!(told["added"], json!(["D"]));
        assert_eq!(told["removed"], json!(["B"]));
        let changed = told["changed"].as_array().unwrap();
        assert_eq!(changed.len(), 2, "A has another column too: {told}");
        let price = json!({ "column": "price", "before": "3.00", "after": "3.10" });
        assert!(changed[1]["cells"].as_array().unwrap().contains(&price), "{told}");
        assert_eq!(told["rows"], json!({ "before": 3, "after": 3, "removed": 1, "added": 1 }));
        let same = difference("prices", Some(before), before).unwrap();
        assert_eq!((&same["changed"], &same["added"]), (&json!([]), &json!([])));
    }

    #[test]
    fn a_long_difference_is_counted_and_not_written_out() {
        let rows: String = (0..1000).map(|n| format!("{n},1\n")).collect();
        let told = difference("prices", None, format!("sku,price\n{rows}").as_bytes()).unwrap();
        assert_eq!(told["added"].as_array().unwrap().len(), ROWS_SHOWN_MAX);
        assert_eq!((&told["more"], &told["rows"]["added"]), (&json!(900), &json!(1000)));
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        let said = look_over("prices", Bytes::from_static(b"a,b\n1,2\n1,3\n")).unwrap_err();
        assert!(said.to_string().contains("prices.csv:3: key `1` stands already"), "{said}");
        for odd in ["", "..", "a/b", "a b", "x.csv"] {
            assert!(check_name(odd).is_err(), "{odd}");
        }
    }
}
