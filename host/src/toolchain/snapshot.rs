//! Starting a language's runtime once, when the plugin is built, instead of once for each event.
//!
//! A reactor's `_initialize` is run here, in a sandbox of its own, and what it left in memory and globals
//! becomes the module's beginning (Wizer's way). What it asks of WASI meanwhile is answered the same every
//! time: no arguments, the environment that the language is given, a clock that stands, random bytes that are always these, output thrown
//! away; so the same sources give the same bytes. The contract's own imports trap: no rule may run before
//! there is an event. Costs the compilation of the module, some seconds for one of Go.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::{
    Caller, Config, Engine, Extern, ExternType, Instance, Linker, Module, OptLevel, Store, Val,
};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// What a reactor calls its beginning.
const INITIALIZE: &str = "_initialize";
/// More than any runtime needs to start, and an end for one that does not.
const FUEL: u64 = 20_000_000_000;
/// WASI's "all is well", "bad descriptor" and "no such thing here".
const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const NOSYS: i32 = 52;
/// Where the clock stands, in nanoseconds. Not at zero: Go takes that for a broken clock.
const CLOCK_NS: u64 = 1_000_000_000;
/// Enough of what it says before it gives up.
const SAID_BYTES_MAX: usize = 4 << 10;

/// The module as it is after `_initialize`, without it; the reason when that cannot be had. The runtime finds
/// these variables, `NAME=value`, and keeps them.
pub(super) fn initialized(
    module: &[u8],
    environment: &'static [&'static str],
) -> Result<Vec<u8>, String> {
    let said = |error: wasmtime::Error| format!("its runtime does not start: {error:#}");
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE);
    let (context, instrumented) =
        wizer.instrument(module).map_err(|error| format!("it cannot be snapshot: {error:#}"))?;
    let mut config = Config::new();
    // It runs once, so compiling fast is what counts.
    config.cranelift_opt_level(OptLevel::None).consume_fuel(true);
    let engine = Engine::new(&config).map_err(said)?;
    let compiled = Module::new(&engine, &instrumented).map_err(said)?;
    let mut linker = Linker::new(&engine);
    answer(&mut linker, &compiled).map_err(said)?;
    let mut store = Store::new(&engine, Asked { environment, ..Asked::default() });
    store.set_fuel(FUEL).map_err(said)?;
    let instance = linker.instantiate(&mut store, &compiled).map_err(said)?;
    let initialize = instance.get_typed_func::<(), ()>(&mut store, INITIALIZE).map_err(said)?;
    if let Err(error) = initialize.call(&mut store, ()) {
        let words = String::from_utf8_lossy(&store.data().said);
        return Err(match words.trim() {
            "" => said(error),
            words => format!("its runtime does not start: {words}"),
        });
    }
    let mut state = Started { store, instance };
    let mut snapshot = pin!(wizer.snapshot(&context, &mut state));
    // Nothing in it waits for anything.
    match snapshot.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.map_err(|error| format!("it cannot be snapshot: {error:#}")),
        Poll::Pending => Err("it cannot be snapshot: it waits for something".to_owned()),
    }
}

/// What a runtime asked for while it started.
#[derive(Default)]
struct Asked {
    environment: &'static [&'static str],
    /// The state of the random bytes.
    random: u64,
    /// What it wrote, to either stream.
    said: Vec<u8>,
}

struct Started {
    store: Store<Asked>,
    instance: Instance,
}

impl InstanceState for Started {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        let global = global.expect("Wizer exports what it asks for");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => unreachable!("Wizer refuses globals of reference types"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.expect("Wizer exports what it asks for").data(&self.store));
    }
}

/// Gives the linker all that the module imports.
fn answer(linker: &mut Linker<Asked>, module: &Module) -> wasmtime::Result<()> {
    for import in module.imports() {
        let ExternType::Func(kind) = import.ty() else {
            wasmtime::bail!(
                "it imports `{}.{}`, which is no function",
                import.module(),
                import.name()
            );
        };
        let (from, name) = (import.module().to_owned(), import.name().to_owned());
        linker.func_new(import.module(), import.name(), kind, move |caller, given, gives| {
            if from != "wasi_snapshot_preview1" {
                wasmtime::bail!("`{from}#{name}` was called before there is an event");
            }
            let code = preview1(caller, &name, given)?;
            if let Some(result) = gives.first_mut() {
                *result = Val::I32(code);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What WASI preview 1 says, always the same.
fn preview1(mut caller: Caller<'_, Asked>, name: &str, given: &[Val]) -> wasmtime::Result<i32> {
    let number = |at: usize| given.get(at).and_then(Val::i32).map_or(0, i32::cast_unsigned);
    Ok(match name {
        "args_sizes_get" => {
            put(&mut caller, number(0), &0_u32.to_le_bytes())?;
            put(&mut caller, number(1), &0_u32.to_le_bytes())?;
            SUCCESS
        }
        "environ_sizes_get" => {
            let variables = caller.data().environment;
            // Each ends with a zero.
            let bytes: usize = variables.iter().map(|it| it.len() + 1).sum();
            put(&mut caller, number(0), &u32::try_from(variables.len())?.to_le_bytes())?;
            put(&mut caller, number(1), &u32::try_from(bytes)?.to_le_bytes())?;
            SUCCESS
        }
        "environ_get" => {
            let (mut list, mut place) = (number(0), number(1));
            for variable in caller.data().environment {
                put(&mut caller, list, &place.to_le_bytes())?;
                put(&mut caller, place, variable.as_bytes())?;
                let length = u32::try_from(variable.len())?;
                put(&mut caller, place.saturating_add(length), &[0])?;
                list = list.saturating_add(4);
                place = place.saturating_add(length).saturating_add(1);
            }
            SUCCESS
        }
        "args_get" | "sched_yield" => SUCCESS,
        "clock_time_get" => {
            put(&mut caller, number(2), &CLOCK_NS.to_le_bytes())?;
            SUCCESS
        }
        "clock_res_get" => {
            put(&mut caller, number(1), &1_u64.to_le_bytes())?;
            SUCCESS
        }
        "random_get" => {
            for at in number(0)..number(0).saturating_add(number(1)) {
                // Knuth's constants: bytes that look like nothing, and are the same each time.
                let state = &mut caller.data_mut().random;
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let byte = state.to_be_bytes()[0];
                put(&mut caller, at, &[byte])?;
            }
            SUCCESS
        }
        "fd_write" => {
            let mut written = 0_u32;
            for vector in 0..number(2) {
                let at = number(1).saturating_add(vector.saturating_mul(8));
                let (from, length) =
                    (get(&mut caller, at)?, get(&mut caller, at.saturating_add(4))?);
                say(&mut caller, from, length);
                written = written.saturating_add(length);
            }
            put(&mut caller, number(3), &written.to_le_bytes())?;
            SUCCESS
        }
        "proc_exit" => wasmtime::bail!("it ended itself with code {}", number(0)),
        _ if name.starts_with("fd_") => BADF,
        _ => NOSYS,
    })
}

/// Keeps some of what it says.
fn say(caller: &mut Caller<'_, Asked>, from: u32, length: u32) {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return };
    let (bytes, asked) = memory.data_and_store_mut(caller);
    let range = usize::try_from(from).ok().zip(usize::try_from(length).ok());
    let words = range.and_then(|(from, length)| bytes.get(from..from.checked_add(length)?));
    let room = SAID_BYTES_MAX.saturating_sub(asked.said.len());
    asked.said.extend(words.into_iter().flatten().take(room));
}

fn put(caller: &mut Caller<'_, Asked>, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        wasmtime::bail!("it exports no memory");
    };
    memory.write(caller, usize::try_from(at)?, bytes)?;
    Ok(())
}

fn get(caller: &mut Caller<'_, Asked>, at: u32) -> wasmtime::Result<u32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        wasmtime::bail!("it exports no memory");
    };
    let mut bytes = [0; 4];
    memory.read(caller, usize::try_from(at)?, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}
