//! A report for people: what came of it first, then the documents, then what it cost.

use serde_json::Value;

use super::super::screen::{
    self, BAD, DIM, GOOD, NAME, STRONG, WARN, bar, bytes, count, duration, indented, json, many,
    paint, plain,
};
use super::Report;
use crate::event::{Operation, Violation};

/// Lines quoted from the payload for one violation.
const QUOTE_LINES_MAX: usize = 8;
/// Names listed where a pointer leads to nothing.
const NAMES_MAX: usize = 12;

/// The whole report; `payload` is quoted where a violation points into it.
pub(crate) fn report(report: &Report, heading: &str, payload: &Value) -> String {
    let mut out = String::new();
    let plugin = &report.plugin;
    let digest: String = plugin.digest.chars().take(12).collect();
    line(
        &mut out,
        &[
            &paint(STRONG, plain(&plugin.name)),
            &plain(&plugin.version),
            &paint(
                DIM,
                format!(
                    "sha256 {digest}…  {}  limits of `{}`",
                    plugin.capabilities.join(", "),
                    plugin.profile.name()
                ),
            ),
        ],
    );
    line(&mut out, &[&paint(DIM, plain(heading))]);
    out.push('\n');
    line(&mut out, &[&verdict(report)]);
    if let Some(reason) = &report.reason {
        out.push_str(&indented(&plain(reason), 2));
    }
    for violation in &report.violations {
        out.push('\n');
        out.push_str(&quoted(violation, payload));
    }
    if let Some(failure) = &report.failure {
        out.push_str(&failed(failure));
    }
    if let Some(status) = &report.status {
        line(&mut out, &["\nstatus", &paint(STRONG, plain(status))]);
    }
    if !report.lines.is_empty() {
        out.push_str(&format!("\n{}\n", lines(report)));
    }
    documents(&mut out, report);
    if let Some(checkpoint) = &report.checkpoint {
        line(&mut out, &[&format!("\n{}", paint(DIM, "checkpoint, given back next time"))]);
        out.push_str(&indented(&plain(checkpoint), 2));
    }
    if !report.logs.is_empty() {
        line(&mut out, &[&format!("\n{}", paint(DIM, "log"))]);
        for entry in &report.logs {
            let style = match entry.level.as_str() {
                "error" => BAD,
                "warning" => WARN,
                "info" => GOOD,
                _ => DIM,
            };
            let level = paint(style, format!("{:<7}", entry.level));
            let message = plain(&entry.message).replace('\n', "\n          ");
            line(&mut out, &[" ", &level, &message]);
        }
    }
    out.push('\n');
    out.push_str(&usage(report));
    out
}

/// One line: how it ended.
pub(crate) fn verdict(report: &Report) -> String {
    let (sign, style) = sign_of(report.outcome);
    let words = report.outcome.replace('_', " ");
    let detail = match report.outcome {
        "mapped" => many(report.documents.len(), "document"),
        "rejected" => many(report.violations.len(), "violation"),
        _ => String::new(),
    };
    format!("{} {}", paint(style.bold(), format!("{sign} {words}")), detail)
}

fn sign_of(outcome: &str) -> (&'static str, anstyle::Style) {
    match outcome {
        "mapped" => ("✓", GOOD),
        "skipped" => ("○", GOOD),
        "not_ready" => ("…", WARN),
        _ => ("✗", BAD),
    }
}

fn line(out: &mut String, parts: &[&str]) {
    out.push_str(parts.join(" ").trim_end());
    out.push('\n');
}

fn documents(out: &mut String, report: &Report) {
    for (place, document) in report.documents.iter().enumerate() {
        let operation = match document.operation {
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Upsert => "upsert",
            Operation::Cancel => "cancel",
            Operation::Delete => "delete",
        };
        line(
            out,
            &[
                &paint(DIM, format!("\n{}.", place + 1)),
                &paint(STRONG, plain(&document.entity)),
                &paint(NAME, operation),
                &plain(&document.key),
            ],
        );
        for (name, value) in &document.attributes {
            line(out, &[" ", &paint(DIM, plain(name)), &plain(value)]);
        }
        out.push_str(&indented(&json::coloured(document.body.get()), 2));
    }
}

fn lines(report: &Report) -> comfy_table::Table {
    let mut table = screen::table(&["line", "SKU", "quantity", "unit price", "currency"]);
    for line in &report.lines {
        let cells = [&line.id, &line.sku, &line.quantity, &line.unit_price, &line.currency];
        table.add_row(cells.map(|cell| plain(cell)));
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    table
}

/// A violation with the piece of the payload it points at.
fn quoted(violation: &Violation, payload: &Value) -> String {
    let mut out = String::new();
    let pointer =
        if violation.pointer.is_empty() { "(the whole payload)" } else { &violation.pointer };
    let pointer = plain(pointer);
    line(&mut out, &["  ", &paint(NAME, pointer), &paint(WARN, plain(&violation.code))]);
    out.push_str(&indented(&plain(&violation.message), 4));
    match payload.pointer(&violation.pointer) {
        Some(value) => {
            let text = json::coloured(&value.to_string());
            let all = text.lines().count();
            let shown: Vec<_> = text.lines().take(QUOTE_LINES_MAX).collect();
            for text in shown {
                line(&mut out, &["    ", &paint(DIM, "│"), text]);
            }
            if all > QUOTE_LINES_MAX {
                let rest = format!("│ … {}", many(all - QUOTE_LINES_MAX, "more line"));
                line(&mut out, &["    ", &paint(DIM, rest)]);
            }
        }
        None => {
            let note = format!("│ {}", absent(&violation.pointer, payload));
            line(&mut out, &["    ", &paint(DIM, plain(&note))]);
        }
    }
    out
}

/// What stands in the payload as near to `pointer` as there is anything.
fn absent(pointer: &str, payload: &Value) -> String {
    let mut near = pointer;
    while let Some((parent, _)) = near.rsplit_once('/') {
        near = parent;
        let Some(value) = payload.pointer(near) else { continue };
        let place = if near.is_empty() { "the payload" } else { near };
        return match value {
            Value::Object(object) => {
                let mut names: Vec<_> = object.keys().take(NAMES_MAX).map(String::as_str).collect();
                if object.len() > NAMES_MAX {
                    names.push("…");
                }
                format!("is not there; {place} has {}", names.join(", "))
            }
            Value::Array(items) => {
                format!("is not there; {place} has {}", many(items.len(), "item"))
            }
            other => format!("is not there; {place} is {other}"),
        };
    }
    "is not a JSON Pointer into the payload".to_owned()
}

/// What failed, with the backtrace.
pub(crate) fn failed(failure: &Value) -> String {
    let mut out = String::new();
    if let Some(message) = failure.get("message").and_then(Value::as_str) {
        out.push_str(&indented(&plain(message), 2));
    }
    let frames = failure.get("backtrace").and_then(Value::as_array);
    for frame in frames.into_iter().flatten().filter_map(Value::as_str) {
        line(&mut out, &["   ", &paint(DIM, format!("at {}", plain(frame)))]);
    }
    out
}

fn usage(report: &Report) -> String {
    let usage = &report.usage;
    let limits = &report.limits;
    let mut out = String::new();
    let mut row = |name: &str, used: u64, limit: u64, words: String| {
        let name = paint(DIM, format!("{name:<8}"));
        line(&mut out, &[&name, &bar(used, limit), "", &words]);
    };
    row(
        "starting",
        usage.startup.fuel,
        usage.startup.fuel_limit,
        format!(
            "{} of {} fuel, {}",
            count(usage.startup.fuel),
            count(usage.startup.fuel_limit),
            duration(usage.startup.duration_us)
        ),
    );
    if report.outcome == "out_of_fuel" && usage.fuel >= limits.fuel {
        // The budget is one call's; what calls before it left of theirs is no use to it.
        let words = format!("all {} of one call", count(limits.fuel));
        let others = usage.fuel - limits.fuel;
        let before = format!(" ({} in calls before it)", count(others));
        let before = if others == 0 { String::new() } else { before };
        row("fuel", limits.fuel, limits.fuel, words + &before);
    } else {
        row(
            "fuel",
            usage.fuel,
            usage.fuel_limit,
            format!("{} of {}", count(usage.fuel), count(usage.fuel_limit)),
        );
    }
    row(
        "memory",
        usage.memory_bytes,
        usage.memory_limit_bytes,
        format!("{} of {}", bytes(usage.memory_bytes), bytes(usage.memory_limit_bytes)),
    );
    row(
        "output",
        usage.output_bytes,
        limits.output_bytes,
        format!("{} of {}", bytes(usage.output_bytes), bytes(limits.output_bytes)),
    );
    row(
        "time",
        usage.duration_us,
        limits.deadline_ms.saturating_mul(1000),
        format!("{} of {}", duration(usage.duration_us), duration(limits.deadline_ms * 1000)),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_violation_quotes_what_it_points_at() {
        let violation = |pointer: &str| Violation {
            pointer: pointer.to_owned(),
            code: "cpf_invalid".to_owned(),
            message: "The CPF has a wrong check digit.".to_owned(),
        };
        let payload = json!({"billing": {"cpf": "529", "name": "João"}, "line_items": [1]});
        let shown = |pointer| {
            anstream::adapter::strip_str(&quoted(&violation(pointer), &payload)).to_string()
        };
        assert!(shown("/billing/cpf").contains("│ \"529\""));
        assert!(shown("/billing/cnpj").contains("│ is not there; /billing has cpf, name"));
        assert!(shown("/line_items/4/sku").contains("│ is not there; /line_items has 1 item\n"));
        assert!(shown("billing").contains("│ is not a JSON Pointer"));
    }
}
