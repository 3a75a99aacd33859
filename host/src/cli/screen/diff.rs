//! The difference between two JSON values as a unified diff of their canonical text.
//!
//! Canonical is: keys sorted, two spaces to a level. Two values that are equal as JSON therefore
//! never show a difference, whatever the order of their keys was.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{BAD, DIM, GOOD, NAME, paint, plain};
use crate::case::words::canonical;

/// Lines of sameness shown around each difference.
const CONTEXT_LINES: usize = 3;
/// Lines of difference shown at most; a wholly different document is not read line by line.
const LINES_MAX: usize = 400;

/// What would have to change in `expected` to make it `actual`; empty when they are equal.
pub(crate) fn unified(expected: &Value, actual: &Value) -> String {
    let (old, new) = (canonical(expected), canonical(actual));
    if old == new {
        return String::new();
    }
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = vec![paint(BAD, "--- expected"), paint(GOOD, "+++ actual")];
    for hunk in diff.unified_diff().context_radius(CONTEXT_LINES).iter_hunks() {
        lines.push(paint(NAME, hunk.header()));
        for change in hunk.iter_changes() {
            let text = plain(change.value().trim_end_matches('\n'));
            lines.push(match change.tag() {
                ChangeTag::Equal => format!(" {text}"),
                ChangeTag::Delete => paint(BAD, format!("-{text}")),
                ChangeTag::Insert => paint(GOOD, format!("+{text}")),
            });
        }
    }
    if lines.len() > LINES_MAX {
        let hidden = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(paint(DIM, format!("({hidden} more lines; --json has all of it)")));
    }
    let mut out = lines.join("\n");
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_is_no_difference() {
        let left: Value = serde_json::from_str(r#"{"a":{"x":1,"y":2},"b":3}"#).unwrap();
        let right: Value = serde_json::from_str(r#"{"b":3,"a":{"y":2,"x":1}}"#).unwrap();
        assert_eq!(unified(&left, &right), "");
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let shown = unified(&json!({"total": "10.00"}), &json!({"total": "10.01"}));
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert!(shown.contains("\n-  \"total\": \"10.00\"\n+  \"total\": \"10.01\"\n"), "{shown}");
    }
}
