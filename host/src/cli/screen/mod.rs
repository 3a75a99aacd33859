//! What the commands show on a terminal: styles, numbers for people, bars, tables.
//!
//! Everything is built as text with ANSI styles in it and handed to [`print`], which takes the styles
//! out again where they are not wanted (a pipe, `NO_COLOR`, `TERM=dumb`). Text that came from a
//! payload or a plugin goes through [`plain`] first, so that it cannot steer the terminal.

pub(crate) mod diff;
pub(crate) mod json;

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};

pub(crate) use crate::case::words::{bytes, count};

/// All is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Look here.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Not well.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// Names of things.
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
/// What may be read over.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What to read first.
pub(crate) const STRONG: Style = Style::new().bold();

/// A terminal narrower than this (or one that says 0) gets long lines instead of tall tables.
const TABLE_COLUMNS_MIN: u16 = 60;

/// How many cells a usage bar is wide: three of them and their numbers fit 80 columns.
const BAR_CELLS: u64 = 24;

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes to standard output. A reader that has gone away (`| head`) is not an error.
pub(crate) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(out);
    said(written);
}

/// Ends the program with 2 where what it says cannot be written (a full disk): who reads the file must not take half
/// an answer, or none, for a good one.
fn said(written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(format_args!("what this command says cannot be written: {error}"));
            std::process::exit(2);
        }
        Ok(()) | Err(_) => {}
    }
}

/// Writes to standard output exactly this text: what programs read and people keep as a file.
pub(crate) fn print_raw(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(out);
    said(written);
}

/// Writes JSON text to standard output: in colour on a terminal, elsewhere exactly the text, over
/// several lines.
pub(crate) fn print_json(text: &str) {
    let stdout = std::io::stdout();
    if anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never {
        // Past anstream: a string in the JSON may hold what looks like an escape sequence.
        let mut out = stdout.lock();
        let written = writeln!(out, "{}", json::pretty(text)).and_then(|()| out.flush());
        drop(out);
        said(written);
    } else {
        print(&format!("{}\n", json::coloured(text)));
    }
}

/// Writes one complaint to standard error, headed `error:`.
pub(crate) fn complain(text: impl Display) {
    let mut out = anstream::stderr().lock();
    drop(writeln!(out, "{} {text}", paint(BAD.bold(), "error:")));
}

/// Writes one remark to standard error, headed `warning:`.
pub(crate) fn warn(text: impl Display) {
    let mut out = anstream::stderr().lock();
    drop(writeln!(out, "{} {text}", paint(WARN.bold(), "warning:")));
}

/// `text` with its control characters spelt out, line ends and tabs apart.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// `text` with `indent` spaces before each line.
pub(crate) fn indented(text: &str, indent: usize) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// `3 documents`, `1 document`.
pub(crate) fn many(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `1.24 ms`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.2} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// `used` of `limit` as a bar and a percentage: green to a half, yellow to four fifths, then red.
pub(crate) fn bar(used: u64, limit: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let limit = u128::from(limit.max(1));
    let used = u128::from(used);
    let eighths = (used * u128::from(BAR_CELLS) * 8).div_ceil(limit).min(u128::from(BAR_CELLS) * 8);
    let eighths = usize::try_from(eighths).expect("at most eight times the cells");
    let cells = usize::try_from(BAR_CELLS).expect("a small constant");
    let mut filled = "█".repeat(eighths / 8);
    filled.push_str(PARTS[eighths % 8]);
    let rest = "·".repeat(cells - eighths.div_ceil(8));
    let style = match used * 100 / limit {
        0..50 => GOOD,
        50..80 => WARN,
        _ => BAD,
    };
    let tenths = used * 1000 / limit;
    format!(
        "{}{} {:>5}",
        paint(style, filled),
        paint(DIM, rest),
        format!("{}.{}%", tenths / 10, tenths % 10)
    )
}

/// An empty table with a header, as wide as the terminal at most.
pub(crate) fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    let arrangement = match table.width() {
        Some(columns) if columns >= TABLE_COLUMNS_MIN => comfy_table::ContentArrangement::Dynamic,
        _ => comfy_table::ContentArrangement::Disabled,
    };
    table
        .load_style(comfy_table::presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(arrangement)
        .set_header(
            header.iter().map(|name| {
                comfy_table::Cell::new(name).add_attribute(comfy_table::Attribute::Bold)
            }),
        );
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(1_376_256), "1.3 MiB");
        assert_eq!(duration(999), "999 µs");
        assert_eq!(duration(1_240), "1.24 ms");
    }

    #[test]
    fn a_bar_is_never_longer_than_its_cells() {
        for (used, limit) in [(0, 0), (0, 10), (1, 1_000_000), (5, 10), (10, 10), (u64::MAX, 1)] {
            let bar = anstream::adapter::strip_str(&bar(used, limit)).to_string();
            let cells = bar.chars().take_while(|c| *c != ' ').count() as u64;
            assert_eq!(cells, BAR_CELLS, "{used} of {limit}: {bar}");
        }
    }

    #[test]
    fn what_a_payload_says_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}c\nd"), "a\\u{1b}[2Jb\\u{9b}c\nd");
    }
}
