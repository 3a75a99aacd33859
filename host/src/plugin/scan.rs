//! A look at a file before anything is compiled: what it is, what it imports and exports, and
//! whether it is of a size the compiler should ever see.
//!
//! A compiler can be kept busy for hours by a file that is valid; wasmtime does not count that as
//! a fault of its own. So the ceilings here are on what makes compiling slow, and they are looked
//! at in one pass over the bytes. Validity itself is left to wasmtime.

use wasmparser::{
    BinaryReader, CanonicalFunction, CanonicalOption, Encoding, Parser, Payload,
    ProducersSectionReader,
};

use super::error::LoadError;
use super::limits::{FILE_BYTES_MAX, MEMORY_BYTES_CEILING, TABLE_ELEMENTS_CEILING};

/// The most functions in all modules together.
const FUNCTIONS_MAX: u64 = 50_000;
/// The most types in all modules and components together; each is looked up and compared with the others,
/// before there is a compiler that could be stopped. An interpreter of Python has some 2,000.
const TYPES_MAX: u64 = 20_000;
/// The largest component type embedded in a module: ours have some 2 KB, a world of all of WASI 30. It bounds how
/// deep types can lie in types, see `component`.
const TYPE_BYTES_MAX: u64 = 64 << 10;
/// The largest function body: the interpreter loop of a language runtime fits.
const BODY_BYTES_MAX: u64 = 512 << 10;
/// The most locals of one function; register allocation is worse than linear in them.
const LOCALS_MAX: u64 = 5_000;
/// The most modules in a component: its own, adapters, and shared libraries. CPython has a dozen, and
/// one more for each package with native code.
const MODULES_MAX: u64 = 64;
/// The most components inside a component.
const COMPONENTS_MAX: u64 = 32;
/// The most memories of all modules together.
const MEMORIES_MAX: u64 = 2;

const SMALLER: &str = "Build with optimisation and without debug information, or split the rules";

/// What a file turned out to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// A component; otherwise a core module.
    pub(super) component: bool,
    /// A core module that carries its component type.
    pub(super) embedded_type: bool,
    /// Names of the imports: interfaces of a component, `module::field` of a core module.
    pub(super) imports: Vec<String>,
    /// Names of the exports.
    pub(super) exports: Vec<String>,
    /// Functions in all modules.
    pub(super) functions: u64,
    /// The language of a core module, as its compiler says.
    pub(super) language: Language,
    /// It uses the asynchronous half of the component model.
    pub(super) asynchronous: bool,
}

/// What a module was written in, for advice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    Unknown,
    Rust,
    Go,
    C,
    AssemblyScript,
}

/// Looks at the bytes.
pub(super) fn scan(bytes: &[u8]) -> Result<Shape, LoadError> {
    at_most("file size in bytes", bytes.len() as u64, FILE_BYTES_MAX)?;
    let mut shape = Shape::default();
    let (mut modules, mut components, mut memories, mut depth) = (0, 0, 0, 0_u32);
    let mut types = 0_u64;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(not_wasm)? {
            Payload::Version { encoding, .. } => {
                if depth == 0 {
                    shape.component = encoding == Encoding::Component;
                } else if encoding == Encoding::Component {
                    components += 1;
                    at_most("number of nested components", components, COMPONENTS_MAX)?;
                }
                if encoding == Encoding::Module {
                    modules += 1;
                    at_most("number of modules", modules, MODULES_MAX)?;
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ImportSection(section) if depth == 1 && !shape.component => {
                for import in section.into_imports() {
                    let import = import.map_err(not_wasm)?;
                    shape.imports.push(format!("{}::{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) if depth == 1 => {
                for export in section {
                    shape.exports.push(export.map_err(not_wasm)?.name.to_owned());
                }
            }
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    shape.imports.push(import.map_err(not_wasm)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    shape.exports.push(export.map_err(not_wasm)?.name.name.to_owned());
                }
            }
            Payload::MemorySection(section) => {
                memories += u64::from(section.count());
                at_most("number of memories", memories, MEMORIES_MAX)?;
                for memory in section {
                    let bytes = memory.map_err(not_wasm)?.initial.saturating_mul(64 << 10);
                    at_most("initial memory in bytes", bytes, MEMORY_BYTES_CEILING)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let elements = table.map_err(not_wasm)?.ty.initial;
                    at_most("initial size of a table", elements, TABLE_ELEMENTS_CEILING)?;
                }
            }
            Payload::TypeSection(section) => {
                for group in section {
                    types += group.map_err(not_wasm)?.types().len() as u64;
                    at_most("number of types", types, TYPES_MAX)?;
                }
            }
            Payload::ComponentTypeSection(section) => {
                types += u64::from(section.count());
                at_most("number of types", types, TYPES_MAX)?;
            }
            Payload::CoreTypeSection(section) => {
                types += u64::from(section.count());
                at_most("number of types", types, TYPES_MAX)?;
            }
            Payload::FunctionSection(section) => {
                shape.functions += u64::from(section.count());
                at_most("number of functions", shape.functions, FUNCTIONS_MAX)?;
            }
            Payload::CodeSectionEntry(body) => {
                at_most(
                    "size of one function in bytes",
                    body.range().len() as u64,
                    BODY_BYTES_MAX,
                )?;
                let mut locals = 0_u64;
                for group in body.get_locals_reader().map_err(not_wasm)? {
                    locals += u64::from(group.map_err(not_wasm)?.0);
                    at_most("number of locals of one function", locals, LOCALS_MAX)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    shape.asynchronous |= is_asynchronous(&function.map_err(not_wasm)?);
                }
            }
            Payload::CustomSection(section) if depth == 1 && section.name() == "producers" => {
                let reader = BinaryReader::new(section.data(), 0);
                shape.language = language(reader).unwrap_or_default();
            }
            Payload::CustomSection(section)
                if depth == 1 && section.name().starts_with("component-type") =>
            {
                let bytes = section.data().len() as u64;
                at_most("size of a component type in bytes", bytes, TYPE_BYTES_MAX)?;
                shape.embedded_type = true;
            }
            _ => {}
        }
    }
    Ok(shape)
}

/// Whether a function needs more than calls that end when they return.
fn is_asynchronous(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.contains(&CanonicalOption::Async)
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => false,
        _ => true,
    }
}

/// The language in a section of producers; what cannot be read says nothing.
fn language(section: BinaryReader<'_>) -> Option<Language> {
    for field in ProducersSectionReader::new(section).ok()? {
        for value in field.ok()?.values {
            let name = value.ok()?.name;
            let language = match name {
                "Rust" => Language::Rust,
                "Go" | "TinyGo" => Language::Go,
                "AssemblyScript" => Language::AssemblyScript,
                // Zig's own output says nothing of itself; `zig cc` is clang.
                _ if name.starts_with('C') || name == "clang" => Language::C,
                _ => continue,
            };
            return Some(language);
        }
    }
    None
}

fn at_most(what: &'static str, size: u64, limit: u64) -> Result<(), LoadError> {
    if size > limit {
        return Err(LoadError::TooLarge { what, size, limit, advice: SMALLER });
    }
    Ok(())
}

fn not_wasm(error: wasmparser::BinaryReaderError) -> LoadError {
    // It shows bytes one to a line.
    let said = error.to_string();
    let reason = match said.split_once(" - expected=") {
        Some((what, _)) => format!("{what} (at offset {:#x})", error.offset()),
        None => said,
    };
    LoadError::NotWasm { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wasm_is_said_with_its_offset() {
        for bytes in [&b""[..], b"hello", b"\0asm", b"\0asm\x01\0\0\0\x01\xff"] {
            let error = scan(bytes).unwrap_err();
            assert!(matches!(error, LoadError::NotWasm { .. }), "{error}");
            let said = error.to_string();
            assert!(said.contains("(at offset 0x") && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn an_empty_module_is_a_module() {
        let shape = scan(b"\0asm\x01\0\0\0").unwrap();
        assert!(!shape.component && !shape.embedded_type);
    }

    #[test]
    fn a_file_above_the_ceiling_is_not_even_parsed() {
        let above = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
        let error = scan(&vec![0; above]).unwrap_err();
        assert!(matches!(error, LoadError::TooLarge { limit: FILE_BYTES_MAX, .. }), "{error}");
        let error = scan(&vec![0; above - 1]).unwrap_err();
        assert!(matches!(error, LoadError::NotWasm { .. }), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, component: bool) {
            let head: &[u8] = if component { b"\0asm\x0d\0\x01\0" } else { b"\0asm\x01\0\0\0" };
            bytes.splice(0..0, head.iter().copied());
            drop(scan(&bytes));
        }
    }
}
