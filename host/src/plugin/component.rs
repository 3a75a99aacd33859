//! A core module with an embedded component type becomes a component here.
//!
//! What `wasm-tools component new` does, done by the host: a Rust plugin for
//! `wasm32-unknown-unknown` is dropped in as `cargo build` leaves it. Costs a few milliseconds at
//! load. No adapters are taken along, so WASI preview 1 is refused by name; `mapwright build` brings them.
//!
//! What makes it reads the component type as its author's own tool left it, and trusts it. Two things fill
//! its stack, which no process survives: packages that depend on each other in a circle, so that is looked at
//! before, over all types of the file together; and types within types, some 3 KB for each three bytes of the
//! file, so `scan` bounds the section and the stack here is four times what that can fill. A panic is an
//! error like any other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::contract;
use super::error::LoadError;
use super::scan::Shape;

/// For the thread that makes components. Only what is used of it is ever memory.
const STACK_BYTES: usize = 256 << 20;

/// The component in these bytes, made where it is not one yet.
pub(super) fn component<'a>(bytes: &'a [u8], shape: &Shape) -> Result<Cow<'a, [u8]>, LoadError> {
    if shape.component {
        return Ok(Cow::Borrowed(bytes));
    }
    contract::no_program(shape)?;
    // Named before the encoder sees them: it stops at the first.
    contract::core_imports(&shape.imports, shape.language)?;
    if !shape.embedded_type {
        return Err(LoadError::CoreModuleWithoutType);
    }
    let make = || match circle(bytes) {
        Some(names) => Err(format!("packages of its component type depend on each other: {names}")),
        None => wit_component::ComponentEncoder::default()
            .module(bytes)
            .and_then(|encoder| encoder.validate(true).encode())
            .map_err(|error| format!("{error:#}")),
    };
    let made = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, make).map_err(|error| {
            LoadError::Compiler(format!("no thread to make a component: {error}; try again"))
        })?;
        let made = thread.join();
        Ok(made.unwrap_or_else(|_| Err("its component type makes no sense".to_owned())))
    })?;
    made.map(Cow::Owned).map_err(|reason| LoadError::NotAComponent { reason })
}

/// Packages of the component types in a module that need each other: `a -> b -> a`. What cannot be read here
/// is left to whoever reads it next, who says why.
fn circle(module: &[u8]) -> Option<String> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let Ok(wasmparser::Payload::CustomSection(section)) = payload else { continue };
        if !section.name().starts_with("component-type") {
            continue;
        }
        let Ok(decoded) = wit_component::decode(section.data()) else { continue };
        let resolve = decoded.resolve();
        for (id, package) in resolve.packages.iter() {
            let others = resolve.package_direct_deps(id);
            let others = others.map(|other| resolve.packages[other].name.to_string());
            needs.entry(package.name.to_string()).or_default().extend(others);
        }
    }
    // Whoever needs only what has left can leave; who stays to the end stands in a circle or behind one.
    loop {
        let before = needs.len();
        let left: BTreeSet<String> = needs.keys().cloned().collect();
        needs.retain(|_, others| others.iter().any(|other| left.contains(other)));
        if needs.len() == before {
            break;
        }
    }
    let mut walked = vec![needs.keys().next()?.clone()];
    loop {
        let next = needs[walked.last()?].iter().find(|other| needs.contains_key(*other))?;
        let again = walked.iter().position(|name| name == next);
        walked.push(next.clone());
        if let Some(first) = again {
            return Some(walked[first..].join(" -> "));
        }
    }
}
