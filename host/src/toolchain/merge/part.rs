//! A core module, read: its lists as they stand, with nothing looked up.

use std::collections::HashMap;

use wasmparser::{
    Data, Element, Export, FuncType, FunctionBody, Global, KnownCustom, MemoryType, Name, Parser,
    Payload, Table, TypeRef,
};

use super::link::Kind;

/// Whether a module has a memory of its own.
pub(super) fn defines_memory(module: &[u8]) -> Result<bool, String> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::MemorySection(section) = payload.map_err(said)? {
            return Ok(section.count() > 0);
        }
    }
    Ok(false)
}

/// One of the modules, read.
#[derive(Default)]
pub(super) struct Part<'a> {
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<(&'a str, &'a str, TypeRef)>,
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: HashMap<&'a str, Export<'a>>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) data: Vec<Data<'a>>,
    pub(super) names: Vec<(u32, &'a str)>,
}

impl<'a> Part<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut part = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(said)? {
                Payload::TypeSection(section) => {
                    for kind in section.into_iter_err_on_gc_types() {
                        part.types.push(kind.map_err(said)?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(said)?;
                        part.imports.push((import.module, import.name, import.ty));
                    }
                }
                Payload::FunctionSection(section) => part.functions = all(section)?,
                Payload::TableSection(section) => part.tables = all(section)?,
                Payload::MemorySection(section) => part.memories = all(section)?,
                Payload::GlobalSection(section) => part.globals = all(section)?,
                Payload::ElementSection(section) => part.elements = all(section)?,
                Payload::DataSection(section) => part.data = all(section)?,
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(said)?;
                        part.exports.insert(export.name, export);
                    }
                }
                Payload::CodeSectionEntry(body) => part.bodies.push(body),
                Payload::StartSection { .. } => return Err("a module has a start".to_owned()),
                Payload::TagSection(_) => return Err("a module has tags".to_owned()),
                Payload::CustomSection(section) => {
                    let KnownCustom::Name(names) = section.as_known() else { continue };
                    for subsection in names {
                        let Ok(Name::Function(names)) = subsection else { continue };
                        part.names
                            .extend(names.into_iter().flatten().map(|it| (it.index, it.name)));
                    }
                }
                _ => {}
            }
        }
        Ok(part)
    }

    /// What it imports of one kind.
    pub(super) fn imported(
        &self,
        kind: Kind,
    ) -> impl Iterator<Item = &(&'a str, &'a str, TypeRef)> {
        self.imports.iter().filter(move |(_, _, of)| kind_of(of) == Some(kind))
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> Result<Vec<T>, String> {
    section.into_iter().collect::<Result<_, _>>().map_err(said)
}

fn kind_of(kind: &TypeRef) -> Option<Kind> {
    Some(match kind {
        TypeRef::Func(_) => Kind::Function,
        TypeRef::Table(_) => Kind::Table,
        TypeRef::Memory(_) => Kind::Memory,
        TypeRef::Global(_) => Kind::Global,
        _ => return None,
    })
}

pub(super) fn said(error: wasmparser::Error) -> String {
    error.to_string()
}
