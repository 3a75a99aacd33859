//! A document's body in Tryton's terms, and how it compares with what stands in the server.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// Fields and their values, in the order of the body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record(pub(super) Vec<(String, Wire)>);

/// A value as it travels.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wire {
    /// Anything that is no link, in wire form.
    Plain(Value),
    /// A many2one.
    One(Option<i64>),
    /// Existing records.
    Links(Vec<i64>),
    /// Records that belong to this one.
    Children {
        /// Their model.
        model: String,
        /// What they are.
        records: Vec<Record>,
    },
}

impl Record {
    pub(super) fn get(&self, field: &str) -> Option<&Wire> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, wire)| wire)
    }

    /// Sets the field unless the body did.
    pub(super) fn default(&mut self, field: &str, wire: Wire) {
        if self.get(field).is_none() {
            self.0.push((field.to_owned(), wire));
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// For `create`.
    pub(super) fn to_create(&self) -> Value {
        let fields = self.0.iter().map(|(name, wire)| {
            let value = match wire {
                Wire::Plain(value) => value.clone(),
                Wire::One(id) => json!(id),
                Wire::Links(ids) if ids.is_empty() => json!([]),
                Wire::Links(ids) => json!([["add", ids]]),
                Wire::Children { records, .. } if records.is_empty() => json!([]),
                Wire::Children { records, .. } => json!([["create", create_all(records)]]),
            };
            (name.clone(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

pub(super) fn create_all(records: &[Record]) -> Vec<Value> {
    records.iter().map(Record::to_create).collect()
}

/// Records as `read` answered them, by id.
#[derive(Debug, Default)]
pub(super) struct Standing(BTreeMap<i64, Value>);

impl Standing {
    pub(super) fn new(answer: Value) -> Self {
        let rows = match answer {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        };
        let by_id = |row: Value| Some((row.get("id")?.as_i64()?, row));
        Self(rows.into_iter().filter_map(by_id).collect())
    }

    pub(super) fn row(&self, id: i64) -> &Value {
        self.0.get(&id).unwrap_or(&Value::Null)
    }

    /// The first of `ids` that says the same as the record.
    pub(super) fn equal_to(&self, record: &Record, ids: &[i64]) -> Option<i64> {
        ids.iter().copied().find(|id| same_record(record, self.row(*id)))
    }
}

/// Whether a row says the same in all fields of the record. What cannot be told by looking at the
/// row alone (records that belong to it) counts as different.
pub(super) fn same_record(record: &Record, row: &Value) -> bool {
    record.0.iter().all(|(name, wire)| row.get(name).is_some_and(|value| same(wire, value)))
}

/// Whether a value as read says the same as the one to be written.
pub(super) fn same(wire: &Wire, value: &Value) -> bool {
    match wire {
        Wire::Plain(wanted) => same_plain(wanted, value),
        Wire::One(id) => *id == value.as_i64(),
        Wire::Links(ids) => {
            let sorted = |mut ids: Vec<i64>| {
                ids.sort_unstable();
                ids
            };
            sorted(ids.clone()) == sorted(super::entity::ids_of(value))
        }
        Wire::Children { records, .. } => {
            records.is_empty() && value.as_array().is_some_and(Vec::is_empty)
        }
    }
}

fn same_plain(wanted: &Value, value: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    // On SQLite a boolean is read back as 0 or 1.
    if let (Some(wanted), Some(value)) = (wanted.as_bool(), value.as_i64()) {
        return wanted == (value != 0);
    }
    if let (Some(wanted), Some(value)) = (decimal(wanted), decimal(value)) {
        return wanted == value;
    }
    if let (Some(wanted), Some(value)) = (wanted.as_f64(), value.as_f64()) {
        return (wanted - value).abs() < 1e-9;
    }
    // Tryton strips texts and keeps empty ones as they come.
    match (text(wanted), text(value)) {
        (Some(wanted), Some(value)) => wanted == value,
        _ => wanted == value,
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    value.get("decimal")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_is_not_written_again() {
        let amount = |text: &str| json!({ "__class__": "Decimal", "decimal": text });
        for (wanted, value, expected) in [
            (amount("79.90"), amount("79.9"), true),
            (amount("79.90"), amount("79.91"), false),
            (json!(2), json!(2.0), true),
            (json!("Rua A "), json!("Rua A"), true),
            (json!(""), json!(null), true),
            (json!("a"), json!(null), false),
            (json!(false), json!(false), true),
            (json!(true), json!(1), true),
            (json!(true), json!(0), false),
            (
                json!({"__class__": "date", "year": 2026}),
                json!({"__class__": "date", "year": 2026}),
                true,
            ),
        ] {
            assert_eq!(same(&Wire::Plain(wanted.clone()), &value), expected, "{wanted} {value}");
        }
        assert!(same(&Wire::Links(vec![2, 1]), &json!([1, 2])));
        assert!(!same(&Wire::Links(vec![2]), &json!([1, 2])));
        assert!(same(&Wire::One(None), &json!(null)));
    }
}
