//! A cell of a spreadsheet, as people and their programs write it.

use crate::exact::decimal_of;

/// A place that is not there.
pub(super) const ABSENT: &str = "(absent)";

/// JSON's null.
pub(super) const NULL: &str = "(null)";

/// A cell as it is written to a file. A spreadsheet takes what begins with one of these for a
/// formula; what a plugin answers must not become one.
pub(super) fn guarded(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '@', '\t', '\r'])
        || cell.starts_with('-') && decimal_of(cell).is_none();
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

/// A cell as it was before it was written.
pub(super) fn read(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '@', '-', '\t', '\r']) => rest,
        _ => cell,
    }
}

/// Whether two cells say the same.
pub(super) fn alike(left: &str, right: &str) -> bool {
    let (left, right) = (read(left), read(right));
    let truth =
        |cell: &str| cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false");
    left == right
        || decimal_of(left).is_some_and(|number| decimal_of(right) == Some(number))
        || truth(left) && left.eq_ignore_ascii_case(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_does_to_a_cell_makes_no_difference() {
        for (left, right) in [("1.10", "1.1"), ("true", "TRUE"), (" a ", "a"), ("'=x", "=x")] {
            assert!(alike(left, right), "{left} {right}");
        }
        for (left, right) in [("1.10", "1.11"), ("0100", "100"), ("a", "A"), ("", "(absent)")] {
            assert!(!alike(left, right), "{left} {right}");
        }
    }

    #[test]
    fn nothing_a_plugin_answers_becomes_a_formula() {
        assert_eq!(guarded("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!([guarded("-1.50"), guarded("-x")], ["-1.50".to_owned(), "'-x".to_owned()]);
        assert_eq!(read(&guarded("@lines")), "@lines");
    }
}
