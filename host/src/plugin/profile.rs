//! Which limits fit a file, told by what it asks for.
//!
//! A plugin in Rust or C is its author's rules and little else; one in JavaScript, Python or Go brings a
//! language with it, which takes memory before it does anything and burns many times the fuel for the same
//! order. So the limits that nobody has set come from one of three profiles:
//!
//! | profile | taken by | what it is |
//! |---|---|---|
//! | `bare` | files that import no `wasi:` interface | rules, compiled (Rust, C, Zig) |
//! | `engine` | files that import some | a small engine or a runtime with a collector (QuickJS, Go; also Rust for `wasm32-wasip2`) |
//! | `interpreter` | files that import `wasi:sockets`, and any above 8 MiB | a whole interpreter with its library (CPython) |
//!
//! A profile is only where limits begin: what configuration says of a limit always wins over it, see
//! [`LimitsPatch`]. It is a function of the file alone, so `check`, a dry run and production agree, and
//! another version of a plugin in another language gets its own. Telling costs microseconds: modules inside of a component are
//! jumped over.

use serde::{Deserialize, Serialize};
use wasmparser::{Chunk, Encoding, Parser, Payload};

use super::limits::{Limits, LimitsPatch};

/// A file above this carries an interpreter, whatever it imports: those that were told to keep WASI out
/// (`--stub-wasi`) import none. QuickJS with rules has 1.6 MB, Go 2 to 5, CPython 18.
const LARGE_BYTES: usize = 8 << 20;

/// Limits with a name.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Rules, compiled: no WASI.
    #[default]
    Bare,
    /// A small engine, or a runtime with a collector: some WASI.
    Engine,
    /// A whole interpreter.
    Interpreter,
}

impl Profile {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Engine, Self::Interpreter];

    /// The one that fits these bytes. What cannot be read fits `bare`: it is refused anyway.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut profile = if bytes.len() > LARGE_BYTES { Self::Interpreter } else { Self::Bare };
        imports(bytes, &mut |name| {
            if name.starts_with("wasi:sockets/") {
                profile = profile.max(Self::Interpreter);
            } else if name.starts_with("wasi:") {
                profile = profile.max(Self::Engine);
            }
        });
        profile
    }

    /// Its name in JSON and on screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Engine => "engine",
            Self::Interpreter => "interpreter",
        }
    }

    /// What it stands for, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Bare => "compiled rules",
            Self::Engine => "a small engine, or a runtime with a collector",
            Self::Interpreter => "a whole interpreter",
        }
    }

    /// The limits that hold where nobody set others.
    #[must_use]
    pub fn limits(self) -> Limits {
        let bare = Limits::default();
        match self {
            Self::Bare => bare,
            Self::Engine => Limits {
                // An order of a thousand lines took 900 million in JavaScript, less than a tenth in Go and in
                // Rust; an endless loop burns this in some 0.6 s.
                fuel: 2_000_000_000,
                startup_fuel: 50_000_000,
                deadline_ms: 10_000,
                instances: 32,
                ..bare
            },
            Self::Interpreter => Limits {
                // The same order took 470 million in Python, whose own loops are dearer still.
                fuel: 2_000_000_000,
                startup_fuel: 200_000_000,
                deadline_ms: 10_000,
                // CPython has 13 MiB before it does anything.
                memory_bytes: 128 << 20,
                table_elements: 50_000,
                instances: 64,
                ..bare
            },
        }
    }
}

impl LimitsPatch {
    /// The limits of a file: its profile's, with what was set in their place.
    #[must_use]
    pub fn for_file(&self, bytes: &[u8]) -> Limits {
        Profile::of(bytes).limits().patched(self)
    }
}

/// Names of the imports of a component, or modules of those of a core module, as far as they can be read.
fn imports(bytes: &[u8], see: &mut dyn FnMut(&str)) {
    let (mut parser, mut rest, mut component) = (Parser::new(0), bytes, false);
    while let Ok(Chunk::Parsed { consumed, payload }) = parser.parse(rest, true) {
        let mut jump = 0;
        match payload {
            Payload::Version { encoding, .. } => component = encoding == Encoding::Component,
            Payload::ComponentImportSection(section) => {
                section.into_iter().flatten().for_each(|import| see(import.name.name));
            }
            Payload::ImportSection(section) if !component => {
                section.into_imports().flatten().for_each(|import| see(import.module));
            }
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                // The parser is behind it already, and leaves what is inside to another.
                jump = unchecked_range.end - unchecked_range.start;
            }
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                jump = usize::try_from(size).unwrap_or(usize::MAX);
            }
            Payload::End(_) => return,
            _ => {}
        }
        let next = consumed.checked_add(jump);
        let Some(behind) = next.and_then(|next| rest.get(next..)) else { return };
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section: its number, its length, its content.
    fn section(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128, "a length of one byte");
        [&[number, length], content].concat()
    }

    /// A core module that imports a function from this module.
    fn module(from: &str) -> Vec<u8> {
        let types = section(1, &[1, 0x60, 0, 0]);
        let name = [&[u8::try_from(from.len()).unwrap()], from.as_bytes()].concat();
        let imports = section(2, &[&[1][..], &name, &[1, b'f', 0, 0]].concat());
        [&b"\0asm\x01\0\0\0"[..], &types, &imports].concat()
    }

    /// A component with a module inside, and behind it an import of this name.
    fn component(inside: &[u8], from: &str) -> Vec<u8> {
        let name = [&[0, u8::try_from(from.len()).unwrap()], from.as_bytes()].concat();
        let instance = section(7, &[1, 0x42, 0]);
        let imports = section(10, &[&[1][..], &name, &[5, 0]].concat());
        [&b"\0asm\x0d\0\x01\0"[..], &section(1, inside), &instance, &imports].concat()
    }

    #[test]
    fn what_a_file_imports_tells_its_profile() {
        for (name, profile) in [
            ("mapwright:plugin/log@1.0.0", Profile::Bare),
            ("wasi:cli/stdout@0.2.9", Profile::Engine),
            ("wasi:sockets/tcp@0.2.9", Profile::Interpreter),
        ] {
            assert_eq!(Profile::of(&module(name)), profile, "{name}");
            // What a module inside imports is between it and its component.
            let component = component(&module("wasi:sockets/tcp@0.2.9"), name);
            assert_eq!(Profile::of(&component), profile, "{name}");
        }
    }

    #[test]
    fn a_large_file_is_an_interpreter_and_an_unreadable_one_is_bare() {
        assert_eq!(Profile::of(b"MZ"), Profile::Bare);
        assert_eq!(Profile::of(&vec![0; LARGE_BYTES]), Profile::Bare);
        assert_eq!(Profile::of(&vec![0; LARGE_BYTES + 1]), Profile::Interpreter);
    }

    #[test]
    fn what_was_set_wins_over_every_profile() {
        let asked = LimitsPatch { fuel: Some(7), ..LimitsPatch::default() };
        for profile in Profile::ALL {
            let limits = profile.limits();
            assert_eq!(limits.validate(), Ok(()), "{profile:?}");
            assert_eq!(limits.patched(&asked), Limits { fuel: 7, ..limits });
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, component: bool) {
            let head: &[u8] = if component { b"\0asm\x0d\0\x01\0" } else { b"\0asm\x01\0\0\0" };
            bytes.splice(0..0, head.iter().copied());
            assert!(!Profile::of(&bytes).name().is_empty());
        }
    }
}
