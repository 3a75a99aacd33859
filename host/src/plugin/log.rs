//! What a plugin logs in one call, kept within its limits.
//!
//! Beyond the limits lines are dropped and counted, never an error: a chatty plugin still maps. The
//! text of a panic is kept apart, since it often comes after the log is full; so is what a runtime said last
//! on stderr, for plugins whose SDK says nothing itself.

use super::limits::Limits;
use super::outcome::LogLine;

/// How a guest's panic hook begins its last words.
const PANIC: &str = "panicked";

/// Enough of a panic to see what and where.
const PANIC_BYTES: usize = 4 << 10;

/// What a language's runtime said last on stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LastWords {
    /// Why it ended, by the way it begins.
    Reason(String),
    /// Something; it may have nothing to do with the end.
    Said(String),
}

/// The log of one call.
#[derive(Debug)]
pub(super) struct Log {
    lines: Vec<LogLine>,
    bytes_left: usize,
    lines_left: usize,
    dropped_lines: u64,
    dropped_bytes: u64,
    /// The last error line that is a panic's.
    pub(super) panic: Option<String>,
    /// Of plugins with WASI, once the call is over.
    pub(super) last_words: Option<LastWords>,
}

impl Log {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            lines: Vec::new(),
            bytes_left: usize::try_from(limits.log_bytes).unwrap_or(usize::MAX),
            lines_left: usize::try_from(limits.log_lines).unwrap_or(usize::MAX),
            dropped_lines: 0,
            dropped_bytes: 0,
            panic: None,
            last_words: None,
        }
    }

    /// Whether whatever comes is only counted.
    pub(super) fn is_full(&self) -> bool {
        self.lines_left == 0 || self.bytes_left == 0
    }

    /// As much of a message as could be kept: a panic's always, otherwise what the limits leave.
    pub(super) fn excerpt(&self, message: &str) -> String {
        let room = if self.lines_left == 0 { 0 } else { self.bytes_left };
        let room = if message.starts_with(PANIC) { room.max(PANIC_BYTES) } else { room };
        head(message, room).to_owned()
    }

    /// Writes a line: what [`Self::excerpt`] kept of a message of this length.
    pub(super) fn write(&mut self, level: &str, mut kept: String, length: usize) {
        if level == "error" && kept.starts_with(PANIC) {
            self.panic = Some(head(&kept, PANIC_BYTES).to_owned());
        }
        if self.lines_left == 0 || (self.bytes_left == 0 && length > 0) {
            self.dropped_lines += 1;
            self.dropped_bytes += length as u64;
            return;
        }
        kept.truncate(head(&kept, self.bytes_left).len());
        self.lines_left -= 1;
        self.bytes_left -= kept.len();
        if kept.len() < length {
            self.dropped_bytes += (length - kept.len()) as u64;
            self.bytes_left = 0;
            kept.push('…');
        }
        self.lines.push(LogLine { level: level.to_owned(), message: kept });
    }

    /// The lines, with one more that says what was dropped.
    pub(super) fn finish(mut self) -> Vec<LogLine> {
        if self.dropped_lines > 0 || self.dropped_bytes > 0 {
            self.lines.push(LogLine {
                level: "warning".to_owned(),
                message: format!(
                    "log cut by its limits: {} lines and {} bytes dropped",
                    self.dropped_lines, self.dropped_bytes
                ),
            });
        }
        self.lines
    }
}

/// The longest head of a text that fits into so many bytes.
fn head(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(log: &mut Log, level: &str, message: &str) {
        let kept = log.excerpt(message);
        log.write(level, kept, message.len());
    }

    #[test]
    fn a_full_log_drops_and_counts() {
        let mut log = Log::new(&Limits { log_bytes: 6, log_lines: 10, ..Limits::default() });
        write(&mut log, "info", "abc");
        write(&mut log, "info", "dééé");
        write(&mut log, "info", "more");
        let lines: Vec<_> = log.finish().into_iter().map(|line| line.message).collect();
        assert_eq!(lines, ["abc", "dé…", "log cut by its limits: 1 lines and 8 bytes dropped"]);
    }

    #[test]
    fn the_panic_is_kept_when_the_log_is_full() {
        let mut log = Log::new(&Limits { log_lines: 1, ..Limits::default() });
        write(&mut log, "info", "abc");
        write(&mut log, "error", "panicked at src/lib.rs:1:2: no");
        assert_eq!(log.panic.as_deref(), Some("panicked at src/lib.rs:1:2: no"));
        assert_eq!(log.finish().len(), 2);
    }

    #[test]
    fn an_empty_line_is_a_line() {
        let mut log = Log::new(&Limits::default());
        write(&mut log, "info", "");
        assert_eq!(log.finish().len(), 1);
    }
}
