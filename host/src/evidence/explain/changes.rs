//! What to put in place of a value: others of its kind, so that rules take them and give another
//! answer, and what is no value at all, so that branches show.
//!
//! A random text in place of a tax number only shows that it is checked. So the kind of a value is
//! guessed from its looks and its name, and what replaces it is a good one of that kind: an amount a
//! cent further, another status that shops have, a date a year before, another CPF whose check
//! digits are right.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::exact::{Node, Value, decimal_of};

/// The statuses of WooCommerce orders.
const STATUSES: [&str; 7] =
    ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"];

/// Numbers whose check digits are right, two of each so that one is another.
const CPFS: [&str; 2] = ["11144477735", "52998224725"];
const CNPJS: [&str; 2] = ["11444777000161", "11222333000181"];

/// A change to a text of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// `other`, `empty`, `null`.
    pub(super) kind: &'static str,
    /// What stands there then.
    pub(super) text: String,
}

fn change(kind: &'static str, text: impl Into<String>) -> Change {
    Change { kind, text: text.into() }
}

/// What to put in place of a leaf; `key` is the name it stands under.
pub(super) fn of(node: &Node<'_>, key: &str) -> Vec<Change> {
    let mut changes = match &node.value {
        Value::Null => vec![change("other", "\"x\""), change("other", "1")],
        Value::Bool(truth) => vec![change("other", (!truth).to_string())],
        Value::Number(text) => numbers(text),
        Value::Text(text) => of_text(text, key)
            .into_iter()
            .map(|it| change(it.kind, Json::String(it.text).to_string()))
            .collect(),
        // Empty lists and objects, and what is too deep to look into.
        Value::Array(_) | Value::Object(_) | Value::Deep => Vec::new(),
    };
    if node.value != Value::Null {
        changes.push(change("null", "null"));
    }
    changes
}

/// The next one in the last place (within what rules tolerate), one more (beyond it), and none.
fn numbers(text: &str) -> Vec<Change> {
    let Ok(number) = text.parse::<Decimal>() else { return vec![change("other", "1")] };
    let mut changes: Vec<_> = steps(number).map(|it| change("other", it)).collect();
    if !number.is_zero() {
        changes.push(change("empty", "0"));
    }
    changes
}

fn steps(number: Decimal) -> impl Iterator<Item = String> {
    let last = Decimal::new(1, number.scale());
    let next = number.checked_add(last);
    let more = number.checked_add(Decimal::ONE).filter(|_| number.scale() > 0);
    [next, more].into_iter().flatten().map(|it| it.to_string())
}

/// What to put in place of a text, as plain text.
pub(super) fn of_text(text: &str, key: &str) -> Vec<Change> {
    let mut others = others(text, key);
    others.retain(|other| other != text);
    others.truncate(STATUSES.len());
    let mut changes: Vec<_> = others.into_iter().map(|it| change("other", it)).collect();
    if !text.is_empty() {
        changes.push(change("empty", ""));
    }
    changes
}

fn others(text: &str, key: &str) -> Vec<String> {
    if key.ends_with("status") || STATUSES.contains(&text) {
        return other_statuses(text);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let punctuated = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '/' | ' '));
    for known in [&CPFS, &CNPJS] {
        if punctuated && digits.len() == known[0].len() {
            let other = if digits == known[0] { known[1] } else { known[0] };
            return vec![in_the_shape_of(text, other), last_digit_moved(text)];
        }
    }
    if let Some(number) = decimal_of(text) {
        return steps(number).collect();
    }
    if is_date(text) {
        return vec![year_before(text)];
    }
    let upper = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match (upper, text.len()) {
        (true, 3) => return vec!["EUR".to_owned(), "USD".to_owned(), "XTS".to_owned()],
        (true, 2) => return vec!["RJ".to_owned(), "SP".to_owned(), "PT".to_owned()],
        _ => {}
    }
    match text {
        "" => vec!["x".to_owned(), "1".to_owned()],
        "yes" => vec!["no".to_owned()],
        "no" => vec!["yes".to_owned()],
        "true" => vec!["false".to_owned()],
        "false" => vec!["true".to_owned()],
        _ if text.contains('@') => vec![format!("x{text}")],
        _ if punctuated => vec![last_digit_moved(text)],
        _ => vec![format!("{text}x"), "x".to_owned()],
    }
}

/// The other statuses of an order.
pub(super) fn other_statuses(status: &str) -> Vec<String> {
    STATUSES.iter().filter(|it| **it != status).map(|it| (*it).to_owned()).collect()
}

/// What to put in place of a field of the context.
pub(super) fn of_context(name: &str, value: &str) -> Vec<String> {
    match name {
        "topic" => {
            let resource = value.split('.').next().unwrap_or_default();
            ["created", "updated", "deleted"]
                .map(|what| format!("{resource}.{what}"))
                .into_iter()
                .filter(|topic| topic != value)
                .collect()
        }
        "resource_key" => vec![format!("{value}1")],
        "event_id" => vec!["019fa000-0000-7000-8000-0000000000ff".to_owned()],
        "received_at" | "source_version_time" => {
            let year =
                if is_date(value) { year_before(value) } else { "2025-01-01T00:00:00Z".into() };
            vec![year]
        }
        _ => vec![format!("{value}x")],
    }
}

/// Values that a schema might allow.
pub(super) fn for_schema(schema: &Json) -> Vec<Json> {
    let mut values: Vec<Json> =
        schema.get("enum").and_then(Json::as_array).cloned().unwrap_or_default();
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => vec!["string", "integer", "boolean"],
    };
    for kind in types {
        match kind {
            "string" => values.extend(["x", "1.50"].map(Json::from)),
            "integer" => values.extend([0, 1, 3].map(Json::from)),
            "number" => values.extend([Json::from(1), Json::from(0.5)]),
            "boolean" => values.extend([true, false].map(Json::from)),
            _ => {}
        }
    }
    values
}

/// `other`'s digits where `text` has digits.
fn in_the_shape_of(text: &str, other: &str) -> String {
    let mut digits = other.chars();
    text.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or(c) } else { c }).collect()
}

fn last_digit_moved(text: &str) -> String {
    let mut out: Vec<char> = text.chars().collect();
    match out.iter_mut().rev().find(|c| c.is_ascii_digit()) {
        Some(digit) => *digit = if *digit == '9' { '8' } else { '9' },
        None => out.push('9'),
    }
    out.into_iter().collect()
}

/// `2026-11-22` and whatever follows.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && bytes.iter().take(4).all(u8::is_ascii_digit)
}

/// The same a year or so before; February has 28 days in any year.
fn year_before(text: &str) -> String {
    let year: u32 = text.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    let rest = text.get(4..).unwrap_or_default();
    let rest = rest.replacen("-02-29", "-02-28", 1);
    format!("{:04}{rest}", year.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(text: &str, key: &str) -> Vec<String> {
        of(&Node::of(text).unwrap(), key).into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn a_value_is_replaced_by_a_good_one_of_its_kind() {
        assert_eq!(tried(r#""71.91""#, "total")[..2], [r#""71.92""#, r#""72.91""#]);
        assert_eq!(tried("3", "quantity"), ["4", "0", "null"]);
        assert_eq!(tried(r#""529.982.247-25""#, "cpf")[0], r#""111.444.777-35""#);
        assert_eq!(tried(r#""2024-02-29T10:00:00""#, "date")[0], r#""2023-02-28T10:00:00""#);
        assert_eq!(tried(r#""BRL""#, "currency")[0], r#""EUR""#);
        assert_eq!(tried(r#""04563-060""#, "postcode")[0], r#""04563-069""#);
        assert!(tried(r#""processing""#, "status").contains(&r#""completed""#.to_owned()));
        assert_eq!(tried("true", "paid"), ["false", "null"]);
        assert_eq!(tried("[]", "fees"), ["null"]);
    }

    #[test]
    fn nothing_is_replaced_by_itself() {
        for text in [r#""EUR""#, r#""x""#, r#""1""#, r#""""#, r#""SP""#, r#""11144477735""#] {
            assert!(!tried(text, "k").contains(&text.to_owned()), "{text}");
        }
    }
}
