//! placeholder
use super::call::Call;
use super::log::Log;
use wasmtime::component::{Component, Linker};
pub(super) struct Stub;
impl Stub {
    pub(super) fn at_load() -> Self {
        Self
    }
    pub(super) fn new(_event_id: &str, _received_at: &str) -> Self {
        Self
    }
    pub(super) fn finish(self, _log: &mut Log) {}
}
pub(super) fn add(linker: &mut Linker<Call>, component: &Component) -> wasmtime::Result<()> {
    linker.define_unknown_imports_as_traps(component)
}
