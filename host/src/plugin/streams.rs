//! What a language's runtime writes to stdout and stderr: lines for the log, and why it ended.
//!
//! A line of a stream is a line of the log, within the log's caps; nothing of a stream is kept beyond a line.
//! Of stderr the last block is kept apart, in a few KB, since that is where a runtime says why it gives up:
//! a traceback of Python, the panic of Go with its goroutines, the panic of Rust. Which of them it was is told by how
//! the block begins; a runtime that is itself written in Rust panics behind the author's own error, which
//! then is the reason. What begins like none of these is only quoted.
//!
//! An SDK that catches its author's errors says it better, in a line of the log that begins with `panicked`:
//! that wins, see [`super::log`].

use super::log::{LastWords, Log};

/// The longest line of a stream; longer ones are broken.
const LINE_BYTES_MAX: usize = 8 << 10;
/// What is kept of the last block of stderr, its last line not counted.
const BLOCK_BYTES_MAX: usize = 4 << 10;
/// What is kept of one line of it.
const BLOCK_LINE_BYTES_MAX: usize = 1 << 10;

/// How a runtime begins to say why it ends: Python, Go (twice), C.
const HEADS: [&str; 4] =
    ["Traceback (most recent call last):", "panic: ", "fatal error: ", "Assertion failed: "];
/// What Rust says behind its panics.
const NOTE: &str = "note: run with `RUST_BACKTRACE";

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Error,
}

/// Both streams of one call.
#[derive(Debug, Default)]
pub(super) struct Streams {
    out: Vec<u8>,
    error: Vec<u8>,
    block: Block,
}

impl Streams {
    /// Takes what a plugin writes.
    pub(super) fn write(&mut self, log: &mut Log, stream: Stream, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.strip_suffix(b"\n");
            let mut piece = whole.unwrap_or(piece);
            while self.buffer(stream).len() + piece.len() > LINE_BYTES_MAX {
                let room = LINE_BYTES_MAX - self.buffer(stream).len();
                let (head, rest) = piece.split_at(room);
                self.buffer(stream).extend_from_slice(head);
                self.line(log, stream);
                piece = rest;
            }
            self.buffer(stream).extend_from_slice(piece);
            if whole.is_some() {
                self.line(log, stream);
            }
        }
    }

    fn buffer(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Error => &mut self.error,
        }
    }

    fn line(&mut self, log: &mut Log, stream: Stream) {
        let mut bytes = std::mem::take(self.buffer(stream));
        if stream == Stream::Out && log.is_full() {
            log.write("info", String::new(), bytes.len());
        } else {
            let line = String::from_utf8_lossy(&bytes);
            let level = if stream == Stream::Error { "error" } else { "info" };
            if stream == Stream::Error {
                self.block.line(&line);
            }
            log.write(level, log.excerpt(&line), line.len());
        }
        bytes.clear();
        *self.buffer(stream) = bytes; // its room is used again
    }

    /// Writes what stands in the streams without a line end, and tells why the runtime ended, if it did.
    pub(super) fn finish(mut self, log: &mut Log) {
        for stream in [Stream::Out, Stream::Error] {
            if !self.buffer(stream).is_empty() {
                self.line(log, stream);
            }
        }
        log.last_words = self.block.words();
    }
}

/// The last block of stderr.
#[derive(Debug, Default)]
struct Block {
    kind: Kind,
    lines: Vec<String>,
    bytes: usize,
    /// The newest line that found no room: Python's reason stands in the last one.
    last: Option<String>,
    /// Nothing more belongs to it.
    closed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// Lines up to an empty one.
    #[default]
    Plain,
    /// Begun by one of [`HEADS`]; empty lines belong to it.
    Headed,
    /// The panic of a program in Rust.
    Rust,
}

impl Block {
    fn line(&mut self, line: &str) {
        let text = line.trim_end();
        let rust = text.starts_with("thread '").then(|| text.split_once("panicked at ")).flatten();
        if let Some((_, place)) = rust {
            // Behind the reason of what runs in it, it is only the runtime that gives up.
            match self.kind {
                Kind::Headed => self.closed = true,
                Kind::Plain | Kind::Rust => self.begin(Kind::Rust, &format!("panicked at {place}")),
            }
        } else if HEADS.iter().any(|head| text.starts_with(head)) {
            self.begin(Kind::Headed, text);
        } else if self.kind == Kind::Rust && text.starts_with(NOTE) {
            self.closed = true;
        } else if self.kind != Kind::Plain {
            self.add(text);
        } else if text.is_empty() {
            self.closed = !self.lines.is_empty();
        } else if self.closed {
            self.begin(Kind::Plain, text);
        } else {
            self.add(text);
        }
    }

    fn begin(&mut self, kind: Kind, line: &str) {
        *self = Self { kind, ..Self::default() };
        self.add(line);
    }

    fn add(&mut self, line: &str) {
        if self.closed {
            return;
        }
        let end = line.floor_char_boundary(BLOCK_LINE_BYTES_MAX);
        let line = line.get(..end).unwrap_or_default();
        if self.bytes + line.len() >= BLOCK_BYTES_MAX {
            if !line.is_empty() {
                self.last = Some(line.to_owned());
            }
            return;
        }
        self.bytes += line.len() + 1;
        self.lines.push(line.to_owned());
    }

    fn words(mut self) -> Option<LastWords> {
        if let Some(last) = self.last.take() {
            self.lines.extend(["…".to_owned(), last]);
        }
        let text = match (self.kind, self.lines.split_first()) {
            // The place, and what it says of it, in one line as an SDK would.
            (Kind::Rust, Some((place, said))) => format!("{place} {}", said.join("\n")),
            _ => self.lines.join("\n"),
        };
        let text = text.trim().to_owned();
        match self.kind {
            _ if text.is_empty() => None,
            Kind::Plain => Some(LastWords::Said(text)),
            Kind::Headed | Kind::Rust => Some(LastWords::Reason(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Limits;

    fn last_words(stderr: &str) -> Option<LastWords> {
        let mut log = Log::new(&Limits::default());
        let mut streams = Streams::default();
        // In pieces, as runtimes write.
        for piece in stderr.as_bytes().chunks(7) {
            streams.write(&mut log, Stream::Error, piece);
        }
        streams.finish(&mut log);
        log.last_words
    }

    fn reason(stderr: &str) -> String {
        match last_words(stderr) {
            Some(LastWords::Reason(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn streams_become_lines() {
        let mut log = Log::new(&Limits::default());
        let mut streams = Streams::default();
        streams.write(&mut log, Stream::Out, b"one\ntw");
        streams.write(&mut log, Stream::Error, b"\nthree\n");
        streams.write(&mut log, Stream::Out, b"o");
        streams.write(&mut log, Stream::Out, &[b'x'; LINE_BYTES_MAX + 1]);
        streams.finish(&mut log);
        let lines: Vec<_> = log.finish().into_iter().map(|line| line.message).collect();
        assert_eq!(lines[..3], ["one", "", "three"]);
        assert_eq!(lines[3].len(), LINE_BYTES_MAX);
        assert_eq!(lines[4], "xxxx");
    }

    #[test]
    fn a_panic_of_rust_is_the_reason() {
        let panic = "\nthread 'main' (1) panicked at src/lib.rs:1:2:\nno tax\n  left: 1\nnote: run with \
                     `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert_eq!(reason(panic), "panicked at src/lib.rs:1:2: no tax\n  left: 1");
    }

    #[test]
    fn an_interpreters_own_panic_stands_behind_its_authors_error() {
        let python = "a warning\n\nTraceback (most recent call last):\n  File \"/0/rules.py\", line 22, in transform\n\
                      ValueError: boo\n\nthread '<unnamed>' (1) panicked at runtime/src/lib.rs:1293:29:\nPython \
                      function threw an unexpected exception\n";
        assert_eq!(
            reason(python),
            "Traceback (most recent call last):\n  File \"/0/rules.py\", line 22, in transform\nValueError: boo"
        );
    }

    #[test]
    fn a_panic_of_go_keeps_its_goroutines_and_the_last_traceback_counts() {
        let go = "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.rules(...)\n\t/rules.go:7\n";
        assert_eq!(reason(go), go.trim());
        let chained = "Traceback (most recent call last):\nKeyError: 'a'\n\nDuring handling of the above exception, another \
                       exception occurred:\n\nTraceback (most recent call last):\nValueError: b\n";
        assert_eq!(reason(chained), "Traceback (most recent call last):\nValueError: b");
    }

    #[test]
    fn a_long_traceback_keeps_its_beginning_and_its_last_line() {
        let frames = "  File \"/0/rules.py\", line 22, in deep\n".repeat(1_000);
        let text =
            reason(&format!("Traceback (most recent call last):\n{frames}ValueError: boo\n\n"));
        assert!(text.starts_with("Traceback") && text.ends_with("…\nValueError: boo"), "{text}");
        assert!(text.len() < BLOCK_BYTES_MAX + BLOCK_LINE_BYTES_MAX);
    }

    #[test]
    fn what_begins_like_nothing_known_is_quoted() {
        assert_eq!(last_words(""), None);
        assert_eq!(
            last_words("first\n\nout of cheese\nredo from start\n\n"),
            Some(LastWords::Said("out of cheese\nredo from start".to_owned()))
        );
    }
}
