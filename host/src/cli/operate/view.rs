//! What these commands have in common on the screen.

use std::process::ExitCode;

use comfy_table::{Cell, Color};
use serde_json::{Value, json};

use super::super::screen::{self, DIM, NAME, paint, plain};

/// Texts in tables are cut here; `show` and `--json` have them whole.
const CELL_CHARS_MAX: usize = 60;

/// A value as a word: nothing for null.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A moment to the second.
pub(super) fn moment(value: &Value) -> String {
    let text = word(value);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// A word, cut for a table.
pub(super) fn short(value: &Value) -> String {
    let text = word(value).replace('\n', " ");
    if text.chars().count() <= CELL_CHARS_MAX {
        return text;
    }
    text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect()
}

/// Where something stands, in its colour.
pub(super) fn state(value: &Value) -> Cell {
    let text = word(value);
    let colour = match text.as_str() {
        "delivered" | "resolved" | "done" | "released" => Color::Green,
        "dead" | "open" | "failed" | "held" => Color::Red,
        "waiting" | "delivering" | "replayed" | "running" | "queued" | "stopped" => Color::Yellow,
        _ => Color::Reset,
    };
    Cell::new(text).fg(colour)
}

/// A list as a table, or as JSON.
pub(super) fn list(
    rows: &[Value],
    more: bool,
    as_json: bool,
    header: &[&str],
    row: impl Fn(&Value) -> Vec<Cell>,
) -> ExitCode {
    if as_json {
        screen::print_json(&json!({ "items": rows, "more": more }).to_string());
        return ExitCode::SUCCESS;
    }
    if rows.is_empty() {
        screen::print("Nothing.\n");
        return ExitCode::SUCCESS;
    }
    let mut table = screen::table(header);
    for value in rows {
        table.add_row(row(value));
    }
    let mut text = format!("{table}\n");
    if more {
        text.push_str(&paint(DIM, "There are more: raise --limit.\n"));
    }
    screen::print(&text);
    ExitCode::SUCCESS
}

/// One thing, field by field, or as JSON.
pub(super) fn one(value: &Value, as_json: bool) -> ExitCode {
    if as_json {
        screen::print_json(&value.to_string());
    } else {
        let mut text = String::new();
        fields(value, 0, &mut text);
        screen::print(&text);
    }
    ExitCode::SUCCESS
}

fn fields(value: &Value, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    for (key, value) in value.as_object().into_iter().flatten() {
        let name = paint(NAME, key.replace('_', " "));
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(map) if map.is_empty() => {}
            Value::Array(items) if items.iter().all(Value::is_object) => {
                for item in items {
                    text.push_str(&format!("{pad}{name}\n"));
                    fields(item, indent + 2, text);
                }
            }
            Value::Object(_) => {
                text.push_str(&format!("{pad}{name}\n"));
                fields(value, indent + 2, text);
            }
            other => text.push_str(&format!("{pad}{name}: {}\n", word(other))),
        }
    }
}
