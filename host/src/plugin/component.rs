//! A core module with an embedded component type becomes a component here.
//!
//! What `wasm-tools component new` does, done by the host: a Rust plugin for
//! `wasm32-unknown-unknown` is dropped in as `cargo build` leaves it. Costs a few milliseconds at
//! load. No adapters are taken along, so WASI preview 1 is refused by name.

use std::borrow::Cow;

use super::contract;
use super::error::LoadError;
use super::scan::Shape;

/// The component in these bytes, made where it is not one yet.
pub(super) fn component<'a>(bytes: &'a [u8], shape: &Shape) -> Result<Cow<'a, [u8]>, LoadError> {
    if shape.component {
        return Ok(Cow::Borrowed(bytes));
    }
    // Named before the encoder sees them: it stops at the first.
    contract::core_imports(&shape.imports)?;
    if !shape.embedded_type {
        return Err(LoadError::CoreModuleWithoutType);
    }
    let failed = |error| LoadError::NotAComponent { reason: format!("{error:#}") };
    wit_component::ComponentEncoder::default()
        .module(bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .map(Cow::Owned)
        .map_err(failed)
}
