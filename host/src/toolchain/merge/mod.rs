//! One module of the many that a component is linked of.
//!
//! componentize-py links CPython, its C library and its own parts when the component starts: a dozen core
//! modules that share a memory and a table, and take their functions from each other by name. The host would
//! do that linking anew for each event. Here it is done once, when the plugin is built: calls between the
//! libraries become direct, addresses become constants, and what a table holds is known before anything runs,
//! so the host fills none of it in vain. No instruction changes but its indices; the budget counts as before.
//!
//! What stays apart: the little module through which the host's functions are reached before there is a
//! memory, and the one that fills it (wit-component's shim and fixup). Names of functions stay for backtraces,
//! names of the linking go. Refused: what such components do not have (start functions, tags, other imports
//! than functions). Costs half a second for the 7 MB of CPython's code.

mod around;
mod component;
mod image;
mod link;
mod module;
mod numbers;
mod part;

use wasmparser::{Validator, WasmFeatures};

/// The component with its modules merged; the reason where that cannot be done.
pub(super) fn merged(component: &[u8]) -> Result<Vec<u8>, String> {
    let linked = component::read(component).and_then(|parts| around::write(component, &parts));
    let bytes = linked.map_err(|reason| format!("its modules cannot be linked: {reason}"))?;
    // A mistake in here is to be found here, not in production.
    let valid = Validator::new_with_features(WasmFeatures::default()).validate_all(&bytes);
    valid.map_err(|error| format!("its modules cannot be linked: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, Linker};
    use wasmtime::{Engine, Store};

    use super::*;

    /// Two libraries as they are linked: the second takes all from the first, and lies where that says.
    const LINKED: &str = r#"(component
        (core module $main
            (memory (export "memory") 1)
            (table (export "table") 4 funcref)
            (global (export "memory_base") i32 (i32.const 1024))
            (global (export "table_base") i32 (i32.const 2))
            (global (export "address") (mut i32) (i32.const 1028))
            (global (export "stack") (mut i32) (i32.const 3))
            (func (export "twice") (param i32) (result i32) local.get 0 i32.const 2 i32.mul)
            (data (i32.const 1028) "\07"))
        (core module $library
            (import "env" "memory" (memory 1))
            (import "env" "table" (table 4 funcref))
            (import "env" "memory_base" (global $memory i32))
            (import "env" "table_base" (global $table i32))
            (import "env" "stack" (global $stack (mut i32)))
            (import "env" "twice" (func $twice (param i32) (result i32)))
            (import "GOT.mem" "address" (global $address (mut i32)))
            (type $none (func (result i32)))
            (func $seven (result i32) global.get $address i32.load8_u)
            (elem (global.get $table) func $seven)
            (data (global.get $memory) "\05")
            (func (export "run") (result i32)
                (global.set $stack (i32.add (global.get $stack) (i32.const 1)))
                (call $twice (call_indirect (type $none) (global.get $table)))
                (i32.add (i32.load8_u (global.get $memory)))
                (i32.add (global.get $stack))))
        (core instance $main (instantiate $main))
        (core instance $env
            (export "memory" (memory $main "memory")) (export "table" (table $main "table"))
            (export "memory_base" (global $main "memory_base"))
            (export "table_base" (global $main "table_base"))
            (export "stack" (global $main "stack")) (export "twice" (func $main "twice")))
        (core instance $got (export "address" (global $main "address")))
        (core instance $library (instantiate $library
            (with "env" (instance $env)) (with "GOT.mem" (instance $got))))
        (func (export "run") (result u32) (canon lift (core func $library "run"))))"#;

    fn run(component: &[u8]) -> u32 {
        let engine = Engine::default();
        let component = Component::new(&engine, component).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
        let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run").unwrap();
        run.call(&mut store, ()).unwrap().0
    }

    fn modules(component: &[u8]) -> usize {
        let payloads = wasmparser::Parser::new(0).parse_all(component);
        payloads.filter(|it| matches!(it, Ok(wasmparser::Payload::ModuleSection { .. }))).count()
    }

    #[test]
    fn merged_modules_do_what_linked_ones_did() {
        let linked = wat::parse_str(LINKED).unwrap();
        let one = merged(&linked).unwrap();
        assert_eq!((modules(&linked), modules(&one)), (2, 1));
        assert_eq!((run(&linked), run(&one)), (23, 23));
    }

    #[test]
    fn what_begins_by_itself_is_refused() {
        let starting = LINKED.replacen("(data (i32", "(func $f) (start $f) (data (i32", 1);
        let refusal = merged(&wat::parse_str(starting).unwrap()).unwrap_err();
        assert!(refusal.contains("has a start"), "{refusal}");
    }
}
