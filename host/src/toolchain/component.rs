//! From a core module to a component: the type of a world where the module has none, the adapter for WASI
//! preview 1 where it wants one, no debug information.
//!
//! The contract is the one this program was built with; what a project carries under `sdk/wit` is for its
//! tools. Costs some milliseconds for a small module, a second for one of Go.

use std::collections::BTreeSet;

use super::error::BuildError;

/// The contract.
const CONTRACT: &str = include_str!("../../../wit/plugin.wit");
/// What a module says that is compiled against WASI preview 1.
const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Gives a module the type of one of the contract's worlds.
pub(super) fn embed(module: &[u8], world: &str, hint: &'static str) -> Result<Vec<u8>, BuildError> {
    let reason = |e| BuildError::NotAComponent { reason: format!("{e:#}"), hint };
    let (resolve, id) = select(world, hint)?;
    let mut module = module.to_vec();
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, id, utf8).map_err(reason)?;
    Ok(module)
}

/// A world of the contract.
fn select(
    world: &str,
    hint: &'static str,
) -> Result<(wit_parser::Resolve, wit_parser::WorldId), BuildError> {
    let reason = |e| BuildError::NotAComponent { reason: format!("{e:#}"), hint };
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("plugin.wit", CONTRACT).map_err(reason)?;
    let id = resolve.select_world(&[package], Some(world)).map_err(reason)?;
    Ok((resolve, id))
}

/// The interfaces that a world exports: `manifest`, `pricing`, ...
pub(super) fn interfaces_of(
    world: &str,
    hint: &'static str,
) -> Result<BTreeSet<String>, BuildError> {
    let (resolve, id) = select(world, hint)?;
    let names = resolve.worlds[id].exports.keys().map(|key| resolve.name_world_key(key));
    Ok(names.filter_map(|name| interface(&name)).collect())
}

/// The interfaces of which a core module exports functions.
pub(super) fn exported_interfaces(module: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for payload in wasmparser::Parser::new(0).parse_all(module).flatten() {
        let wasmparser::Payload::ExportSection(exports) = payload else { continue };
        found.extend(exports.into_iter().flatten().filter_map(|it| interface(it.name)));
    }
    found
}

/// `pricing` of `mapwright:plugin/pricing@1.0.0#reprice`.
fn interface(name: &str) -> Option<String> {
    let name = name.strip_prefix("mapwright:plugin/")?;
    name.split('@').next().map(str::to_owned)
}

/// Makes a component of a module that carries its component type.
///
/// Debug information stays behind: it is nine tenths of the file, every host would keep it in
/// memory, and panics say their place without it. Whoever wants to turn an offset of a backtrace
/// into a line finds the module with its tables in cargo's target folder.
pub(super) fn componentize(module: &[u8], hint: &'static str) -> Result<Vec<u8>, BuildError> {
    componentize_with(module, Debug::Dropped, hint)
}

/// Whether a component keeps its debug information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Debug {
    Kept,
    Dropped,
}

/// The same, with its debug information or without.
pub(super) fn componentize_with(
    module: &[u8],
    debug: Debug,
    hint: &'static str,
) -> Result<Vec<u8>, BuildError> {
    let reason = |e| BuildError::NotAComponent { reason: format!("{e:#}"), hint };
    let module = match debug {
        Debug::Kept => module.to_vec(),
        Debug::Dropped => without_debug_sections(module)
            .map_err(|e| BuildError::NotAComponent { reason: e.to_string(), hint })?,
    };
    let mut encoder = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .map_err(reason)?;
    if !preview1_functions(&module).is_empty() {
        let adapter =
            wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
        encoder = encoder.adapter(PREVIEW1, adapter).map_err(reason)?;
    }
    let component = encoder.encode().map_err(reason)?;
    // A library that exports nothing makes a flawless component of nothing.
    match wit_component::decode(&component).map_err(reason)? {
        wit_component::DecodedWasm::Component(resolve, world)
            if !resolve.worlds[world].exports.is_empty() =>
        {
            Ok(component)
        }
        _ => Err(BuildError::NotAComponent { reason: "it exports nothing".to_owned(), hint }),
    }
}

/// The module without its `.debug_*` sections; what the others hold stays byte for byte.
fn without_debug_sections(module: &[u8]) -> Result<Vec<u8>, wasmparser::BinaryReaderError> {
    /// Magic and version of a core module.
    const HEAD_BYTES: usize = 8;
    let mut kept = module.get(..HEAD_BYTES).unwrap_or_default().to_vec();
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let payload = payload?;
        if matches!(&payload, wasmparser::Payload::CustomSection(section)
            if section.name().starts_with(".debug_"))
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            kept.push(id);
            push_leb128(&mut kept, range.len());
            kept.extend_from_slice(module.get(range).unwrap_or_default());
        }
    }
    Ok(kept)
}

fn push_leb128(to: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        to.push((number & 0x7f | 0x80).to_le_bytes()[0]);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

/// What a module asks of WASI preview 1.
pub(super) fn preview1_functions(module: &[u8]) -> Vec<String> {
    let mut functions = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(module).flatten() {
        let wasmparser::Payload::ImportSection(imports) = payload else { continue };
        let imports = imports.into_imports().flatten().filter(|it| it.module == PREVIEW1);
        functions.extend(imports.map(|it| it.name.to_owned()));
    }
    functions
}
