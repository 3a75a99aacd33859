//! One call: a fresh instance from the pool, the limits around it, and what it cost.
//!
//! Starting has a budget of its own and is counted apart: what a language's runtime does before it is
//! asked anything says nothing of the rules. The deadline is over both.
//!
//! Nothing survives a call, so nothing leaks between events or merchants, and a call that ended
//! badly leaves nothing to clean up.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use super::call::Call;
use super::engine::TICK;
use super::failure;
use super::limiter::Limiter;
use super::limits::Limits;
use super::log::Log;
use super::lookups::Lookups;
use super::outcome::{LogLine, Outcome, Startup};
use super::still::Stub;

/// More handles than any plugin needs: our contract has none, WASI's streams are a handful.
const COMPONENT_HANDLES_MAX: usize = 256;

/// What a call needs.
pub(super) struct Instructions<'a> {
    pub(super) pre: &'a InstancePre<Call>,
    pub(super) limits: &'a Limits,
    pub(super) lookups: &'a Arc<Lookups>,
    pub(super) wasi: Option<Stub>,
}

/// What came of it.
pub(super) struct Called<T> {
    pub(super) result: Result<T, Outcome>,
    pub(super) logs: Vec<LogLine>,
    /// Of the work.
    pub(super) fuel: u64,
    pub(super) startup: Startup,
    pub(super) memory_bytes: u64,
    /// Of the whole.
    pub(super) duration_us: u64,
}

/// Instantiates and does the work, within the limits.
pub(super) fn call<T>(
    instructions: Instructions<'_>,
    work: impl FnOnce(&mut Store<Call>, &Instance) -> wasmtime::Result<T>,
) -> Called<T> {
    let started = Instant::now();
    let limits = instructions.limits;
    let mut store = Store::new(
        instructions.pre.engine(),
        Call {
            limiter: Limiter::new(limits),
            log: Log::new(limits),
            lookups: Arc::clone(instructions.lookups),
            wasi: instructions.wasi.map(Box::new),
        },
    );
    let ready = bound(&mut store, limits).and_then(|()| instructions.pre.instantiate(&mut store));
    let startup = Startup {
        fuel: burnt(&store, limits.startup_fuel),
        fuel_limit: limits.startup_fuel,
        duration_us: micros(started),
    };
    let starting = ready.is_err();
    let result = ready.and_then(|instance| {
        store.set_fuel(limits.fuel)?;
        work(&mut store, &instance)
    });
    let fuel = if starting { 0 } else { burnt(&store, limits.fuel) };
    let mut call = store.into_data();
    if let Some(stub) = call.wasi.take() {
        stub.streams.finish(&mut call.log);
    }
    let result = result.map_err(|error| failure::outcome(&error, &call, limits, starting));
    Called {
        result,
        fuel,
        startup,
        memory_bytes: call.limiter.memory_bytes(),
        logs: call.log.finish(),
        duration_us: micros(started),
    }
}

/// What is gone of a budget.
fn burnt(store: &Store<Call>, budget: u64) -> u64 {
    budget.saturating_sub(store.get_fuel().unwrap_or(0))
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Puts every limit on the store. It begins with no fuel and no time, so none may be forgotten.
fn bound(store: &mut Store<Call>, limits: &Limits) -> wasmtime::Result<()> {
    store.limiter(|call| &mut call.limiter);
    store.set_fuel(limits.startup_fuel)?;
    let tick = u64::try_from(TICK.as_millis()).unwrap_or(1);
    // One more, since the first tick may come at once.
    store.set_epoch_deadline(limits.deadline_ms.div_ceil(tick).saturating_add(1));
    store.set_hostcall_fuel(limits.hostcall_bytes());
    store.set_max_component_handles(COMPONENT_HANDLES_MAX);
    Ok(())
}
