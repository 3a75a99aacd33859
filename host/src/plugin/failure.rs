//! From a wasmtime error to a named outcome, with the number that was exceeded.

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::call::Call;
use super::limiter::Exceeded;
use super::limits::Limits;
use super::log::LastWords;
use super::outcome::{HOSTCALL, Outcome, Room};

/// How wasmtime begins its complaint about a host call that copies too much. Its type is private;
/// a test goes through this path, so a new wording is noticed.
const COPIED_TOO_MUCH: &str = "too much data";

/// How wasmtime begins its complaint about more instances than the limiter gives; behind it stands how many.
const TOO_MANY_INSTANCES: &str = "resource limit exceeded: instance count too high at ";

/// What a call ended as.
pub(super) fn outcome(
    error: &wasmtime::Error,
    call: &Call,
    limits: &Limits,
    starting: bool,
) -> Outcome {
    if let Some(exceeded) = call.limiter.exceeded {
        let Exceeded { room, requested, limit } = exceeded;
        return Outcome::OutOfMemory { room, requested, limit };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let limit = if starting { limits.startup_fuel } else { limits.fuel };
            return Outcome::OutOfFuel { limit, starting };
        }
        Some(Trap::Interrupt) => return Outcome::Deadline { limit_ms: limits.deadline_ms },
        _ => {}
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        // Not the plugin's doing: more calls at once than slots. Trying again is right.
        return Outcome::NotReady { reason: format!("the host has no free instance: {error:#}") };
    }
    let cause = error.root_cause().to_string();
    if let Some(requested) = cause.strip_prefix(TOO_MANY_INSTANCES) {
        let limit = u64::from(limits.instances);
        let requested = requested.trim().parse().unwrap_or(limit + 1);
        return Outcome::OutOfMemory { room: Room::Instances, requested, limit };
    }
    if cause.starts_with(COPIED_TOO_MUCH) {
        let limit = limits.hostcall_bytes() as u64;
        return Outcome::OutputTooLarge {
            what: HOSTCALL.to_owned(),
            // Copying stopped there; how much more there was is not known.
            size: limit + 1,
            limit,
        };
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let trap = error.downcast_ref::<Trap>();
    if trap.is_none() && backtrace.is_none() && call.log.panic.is_none() {
        // The guest had returned; its answer could not be read.
        return Outcome::BadOutput {
            message: format!(
                "the answer is not what the contract says: {cause}. Return valid UTF-8 inside the plugin's memory"
            ),
        };
    }
    // A runtime that gives up traps at `unreachable`, or ends itself; any other trap has a reason of its own.
    let gave_up = trap.is_none_or(|trap| *trap == Trap::UnreachableCodeReached);
    Outcome::Trapped {
        message: match (&call.log.panic, &call.log.last_words) {
            (Some(panic), _) => panic.clone(),
            (None, Some(LastWords::Reason(reason))) if gave_up => reason.clone(),
            (None, said) => {
                let mut message = cause;
                if trap == Some(&Trap::StackOverflow) {
                    message.push_str(": the plugin calls itself too deeply");
                }
                if starting {
                    message.push_str(" (while starting)");
                }
                if let Some(LastWords::Said(said) | LastWords::Reason(said)) = said {
                    message.push_str(". Last on stderr:\n");
                    message.push_str(said);
                }
                message
            }
        },
        backtrace: backtrace.map(|it| frames(it, call.log.panic.is_some())).unwrap_or_default(),
    }
}

/// What Rust's own library has on the stack while it panics: the place of the panic is in its text.
const PANICKING: [&str; 5] = ["__rustc::", "std::", "core::", "alloc::", "rust_"];

/// `function (file:line)`, innermost first; inlined functions have a line of their own.
fn frames(backtrace: &WasmBacktrace, panicked: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for frame in backtrace.frames() {
        let name =
            frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), readable);
        let symbols = frame.symbols();
        if symbols.is_empty() {
            lines.push(name);
            continue;
        }
        for symbol in symbols {
            let name = symbol.name().map_or_else(|| name.clone(), readable);
            lines.push(match (symbol.file(), symbol.line()) {
                (Some(file), Some(line)) => format!("{name} ({file}:{line})"),
                (Some(file), None) => format!("{name} ({file})"),
                _ => name,
            });
        }
    }
    let library = |line: &String| {
        let line = line.trim_start_matches('<');
        PANICKING.iter().any(|it| line.starts_with(it))
    };
    if panicked && let Some(own) = lines.iter().position(|line| !library(line)) {
        lines.drain(..own);
    }
    lines
}

/// A name as its author wrote it: Rust's are mangled, with a hash behind them; others come as they are.
fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    match name.rsplit_once("::h") {
        // One that somebody has demangled already.
        Some((head, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            head.to_owned()
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_source() {
        for (mangled, name) in [
            (
                "_ZN69_$LT$evil..Evil$u20$as$u20$mapwright_guest..mapping..FieldMapping$GT$9transform17h70bc7ef4cf0c95e0E",
                "<evil::Evil as mapwright_guest::mapping::FieldMapping>::transform",
            ),
            ("_RNvCsfLfy6EI15iL_7___rustc12___rust_abort", "__rustc::__rust_abort"),
            ("rules::price::h70bc7ef4cf0c95e0", "rules::price"),
            ("main.transform", "main.transform"),
        ] {
            assert_eq!(readable(mangled), name);
        }
    }
}
