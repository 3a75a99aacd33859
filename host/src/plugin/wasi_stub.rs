//! WASI for runtimes that insist on it: the same answers for the same event, and no way out.
//!
//! Plugins are pure, and Rust for `wasm32-unknown-unknown` imports nothing of this. Other runtimes
//! (QuickJS, CPython, Go, and Rust for `wasm32-wasip2`) import WASI whether they use it or not. They get clocks that
//! stand at the event's received-at, random bytes made from the event's id, streams that end
//! (stdin) or go to the plugin's log (stdout, stderr), no arguments, no environment, no folders, no network.
//!
//! Both clocks stand. Only who waits for time to pass moves the monotonic one on, by what it waits for
//! and at no cost: a runtime that sleeps until a moment would else sleep for ever.
//!
//! Answered: `cli/{environment,exit,stdin,stdout,stderr,terminal-*}`, `io/{error,poll,streams}`,
//! `clocks/{monotonic-clock,wall-clock}`, `random/*`, `filesystem/preopens`, `sockets/instance-network`.
//! `exit` ends the call as a trap. What else can fail by its type (opening a file, making a socket, looking up
//! a name) fails with "access denied", which the author's language shows as its own exception with a line. The
//! rest is there to link and traps by name when it is called. Only components that import WASI pay for any of it.

use wasmtime::StoreContextMut;
use wasmtime::component::types::{self, ComponentItem, Type};
use wasmtime::component::{
    Component, ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, Val, WasmList,
};

use super::bindings::burn;
use super::call::Call;
use super::log::Log;
use super::still::{READY, Stub};
use super::streams::Stream;

/// The most bytes of random one call gives: runtimes ask for a hash seed.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// The most bytes one write takes, as `check-write` tells the guest.
const WRITE_BYTES: u64 = 4 << 10;
/// What each line of a stream costs beside its bytes: looking after it takes the host some hundred instructions.
const LINE_FUEL: usize = 100;
struct InputStream;
struct OutputStream;
struct Pollable;
struct IoError;
struct Descriptor;
struct TerminalInput;
struct TerminalOutput;
struct Network;

/// How the two output streams are told apart.
const STDOUT: u32 = 1;
const STDERR: u32 = 2;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "the type has it; nothing here fails")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Streamed<T> = (Result<T, StreamError>,);

/// Gives the linker every `wasi:` interface the component imports, as it imports it.
pub(super) fn add(linker: &mut Linker<Call>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (interface, import) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        if !interface.starts_with("wasi:") {
            continue;
        }
        let mut linker = linker.instance(interface)?;
        let base = interface.split('@').next().unwrap_or_default();
        for (name, export) in instance.exports(&engine) {
            match export.ty {
                ComponentItem::Resource(_) if name == "pollable" => {
                    linker.resource(name, resource_type(name), |mut store, pollable| {
                        stub(&mut store)?.0.dropped(pollable);
                        Ok(())
                    })?;
                }
                ComponentItem::Resource(_) => {
                    linker.resource(name, resource_type(name), |_, _| Ok(()))?;
                }
                ComponentItem::ComponentFunc(_) if answer(&mut linker, base, name)? => {}
                ComponentItem::ComponentFunc(function) => match refusal(&function) {
                    Some(refusal) => linker.func_new(name, move |mut store, _, _, results| {
                        burn(&mut store, 0)?;
                        results.fill(refusal.clone());
                        Ok(())
                    })?,
                    None => {
                        let called = format!("{interface}#{name}");
                        linker.func_new(name, move |_, _, _, _| {
                            Err(wasmtime::format_err!(
                                "the plugin called `{called}`, which does not exist in the sandbox"
                            ))
                        })?;
                    }
                },
                _ => {}
            }
        }
    }
    Ok(())
}

/// The error that says no, where a function has one.
fn refusal(function: &types::ComponentFunc) -> Option<Val> {
    const NO: [&str; 4] = ["access-denied", "access", "not-permitted", "not-supported"];
    let mut results = function.results();
    let (Some(Type::Result(result)), None) = (results.next(), results.next()) else { return None };
    let Some(Type::Enum(codes)) = result.err() else { return None };
    let no = NO.into_iter().find(|no| codes.names().any(|code| code == *no))?;
    Some(Val::Result(Err(Some(Box::new(Val::Enum(no.to_owned()))))))
}

fn resource_type(name: &str) -> ResourceType {
    match name {
        "input-stream" => ResourceType::host::<InputStream>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        "pollable" => ResourceType::host::<Pollable>(),
        "error" => ResourceType::host::<IoError>(),
        "descriptor" => ResourceType::host::<Descriptor>(),
        "terminal-input" => ResourceType::host::<TerminalInput>(),
        "terminal-output" => ResourceType::host::<TerminalOutput>(),
        "network" => ResourceType::host::<Network>(),
        // Only ever named by functions that trap; the type is told apart by its name.
        other => ResourceType::host_dynamic(crc32fast::hash(other.as_bytes())),
    }
}

type Store<'a> = StoreContextMut<'a, Call>;

fn stub<'a>(store: &'a mut Store<'_>) -> wasmtime::Result<(&'a mut Stub, &'a mut Log)> {
    let call = store.data_mut();
    match &mut call.wasi {
        Some(stub) => Ok((stub, &mut call.log)),
        None => Err(wasmtime::format_err!("the call was made without the stub of WASI")),
    }
}

fn write(
    mut store: Store<'_>,
    stream: u32,
    bytes: &WasmList<u8>,
) -> wasmtime::Result<Streamed<()>> {
    let bytes = bytes.as_le_slice(&store).to_vec(); // at most what a host call may copy
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    burn(&mut store, bytes.len().saturating_add(lines.saturating_mul(LINE_FUEL)))?;
    let (stub, log) = stub(&mut store)?;
    let stream = if stream == STDERR { Stream::Error } else { Stream::Out };
    stub.streams.write(log, stream, &bytes);
    Ok((Ok(()),))
}

fn random(mut store: Store<'_>, length: u64) -> wasmtime::Result<(Vec<u8>,)> {
    let length = Some(length).filter(|length| *length <= RANDOM_BYTES_MAX);
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return Err(wasmtime::format_err!("more than {RANDOM_BYTES_MAX} random bytes at once"));
    };
    burn(&mut store, length)?;
    Ok((stub(&mut store)?.0.random(length),))
}

/// Defines one function, where the stub has an answer to it.
fn answer(
    linker: &mut LinkerInstance<'_, Call>,
    interface: &str,
    function: &str,
) -> wasmtime::Result<bool> {
    let exited = || Err(wasmtime::format_err!("the plugin ended itself with `exit`"));
    match (interface, function) {
        ("wasi:cli/environment", "get-environment") => {
            linker.func_wrap(function, |_, (): ()| Ok((Vec::<(String, String)>::new(),)))
        }
        ("wasi:cli/environment", "get-arguments") => {
            linker.func_wrap(function, |_, (): ()| Ok((Vec::<String>::new(),)))
        }
        ("wasi:cli/environment", "initial-cwd") => {
            linker.func_wrap(function, |_, (): ()| Ok((None::<String>,)))
        }
        ("wasi:cli/exit", "exit") => linker
            .func_wrap(function, move |_, (_,): (Result<(), ()>,)| -> wasmtime::Result<()> {
                exited()
            }),
        ("wasi:cli/stdin", "get-stdin") => {
            linker.func_wrap(function, |_, (): ()| Ok((Resource::<InputStream>::new_own(0),)))
        }
        ("wasi:cli/stdout", "get-stdout") => {
            linker.func_wrap(function, |_, (): ()| Ok((Resource::<OutputStream>::new_own(STDOUT),)))
        }
        ("wasi:cli/stderr", "get-stderr") => {
            linker.func_wrap(function, |_, (): ()| Ok((Resource::<OutputStream>::new_own(STDERR),)))
        }
        ("wasi:cli/terminal-stdin", "get-terminal-stdin") => {
            linker.func_wrap(function, |_, (): ()| Ok((None::<Resource<TerminalInput>>,)))
        }
        ("wasi:cli/terminal-stdout", "get-terminal-stdout")
        | ("wasi:cli/terminal-stderr", "get-terminal-stderr") => {
            linker.func_wrap(function, |_, (): ()| Ok((None::<Resource<TerminalOutput>>,)))
        }
        ("wasi:io/error", "[method]error.to-debug-string") => {
            linker.func_wrap(function, |_, (_,): (Resource<IoError>,)| Ok((String::new(),)))
        }
        ("wasi:io/poll", "[method]pollable.block") => linker.func_wrap(
            function,
            |mut store: Store<'_>, (pollable,): (Resource<Pollable>,)| {
                stub(&mut store)?.0.poll(&[pollable.rep()]);
                Ok(())
            },
        ),
        ("wasi:io/poll", "[method]pollable.ready") => linker.func_wrap(
            function,
            |mut store: Store<'_>, (pollable,): (Resource<Pollable>,)| {
                Ok((stub(&mut store)?.0.is_ready(pollable.rep()),))
            },
        ),
        ("wasi:io/poll", "poll") => linker.func_wrap(
            function,
            |mut store: Store<'_>, (pollables,): (Vec<Resource<Pollable>>,)| {
                burn(&mut store, pollables.len())?;
                let pollables: Vec<u32> = pollables.iter().map(Resource::rep).collect();
                Ok((stub(&mut store)?.0.poll(&pollables),))
            },
        ),
        ("wasi:io/streams", _) => return stream(linker, function),
        ("wasi:clocks/monotonic-clock", "now") => linker
            .func_wrap(function, |mut store: Store<'_>, (): ()| {
                Ok((stub(&mut store)?.0.monotonic,))
            }),
        ("wasi:clocks/monotonic-clock", "resolution") => {
            linker.func_wrap(function, |_, (): ()| Ok((1_u64,)))
        }
        ("wasi:clocks/monotonic-clock", "subscribe-instant") => {
            linker.func_wrap(function, |mut store: Store<'_>, (moment,): (u64,)| {
                Ok((Resource::<Pollable>::new_own(stub(&mut store)?.0.wait_for(moment)),))
            })
        }
        ("wasi:clocks/monotonic-clock", "subscribe-duration") => {
            linker.func_wrap(function, |mut store: Store<'_>, (duration,): (u64,)| {
                let (stub, _) = stub(&mut store)?;
                let moment = stub.monotonic.saturating_add(duration);
                Ok((Resource::<Pollable>::new_own(stub.wait_for(moment)),))
            })
        }
        ("wasi:clocks/wall-clock", "now") => {
            linker.func_wrap(function, |mut store: Store<'_>, (): ()| {
                let (stub, _) = stub(&mut store)?;
                Ok((Datetime { seconds: stub.seconds, nanoseconds: stub.nanoseconds },))
            })
        }
        ("wasi:clocks/wall-clock", "resolution") => {
            linker.func_wrap(function, |_, (): ()| Ok((Datetime { seconds: 0, nanoseconds: 1 },)))
        }
        ("wasi:random/random", "get-random-bytes")
        | ("wasi:random/insecure", "get-insecure-random-bytes") => {
            linker.func_wrap(function, |store: Store<'_>, (length,): (u64,)| random(store, length))
        }
        ("wasi:random/random", "get-random-u64")
        | ("wasi:random/insecure", "get-insecure-random-u64") => linker
            .func_wrap(function, |mut store: Store<'_>, (): ()| {
                Ok((stub(&mut store)?.0.random_u64(),))
            }),
        ("wasi:random/insecure-seed", "insecure-seed") => {
            linker.func_wrap(function, |mut store: Store<'_>, (): ()| {
                let (stub, _) = stub(&mut store)?;
                Ok(((stub.random_u64(), stub.random_u64()),))
            })
        }
        ("wasi:filesystem/preopens", "get-directories") => linker
            .func_wrap(function, |_, (): ()| Ok((Vec::<(Resource<Descriptor>, String)>::new(),))),
        ("wasi:sockets/instance-network", "instance-network") => {
            linker.func_wrap(function, |_, (): ()| Ok((Resource::<Network>::new_own(0),)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

/// The functions of `wasi:io/streams`: nothing comes in, what goes out is log.
fn stream(linker: &mut LinkerInstance<'_, Call>, function: &str) -> wasmtime::Result<bool> {
    type Input = Resource<InputStream>;
    type Output = Resource<OutputStream>;
    match function {
        "[method]input-stream.read" | "[method]input-stream.blocking-read" => linker.func_wrap(
            function,
            |_, (_, _): (Input, u64)| -> wasmtime::Result<Streamed<Vec<u8>>> {
                Ok((Err(StreamError::Closed),))
            },
        ),
        "[method]input-stream.skip" | "[method]input-stream.blocking-skip" => linker.func_wrap(
            function,
            |_, (_, _): (Input, u64)| -> wasmtime::Result<Streamed<u64>> {
                Ok((Err(StreamError::Closed),))
            },
        ),
        "[method]input-stream.subscribe" => linker
            .func_wrap(function, |_, (_,): (Input,)| Ok((Resource::<Pollable>::new_own(READY),))),
        "[method]output-stream.check-write" => linker
            .func_wrap(function, |_, (_,): (Output,)| -> wasmtime::Result<Streamed<u64>> {
                Ok((Ok(WRITE_BYTES),))
            }),
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => linker
            .func_wrap(function, |store: Store<'_>, (to, bytes): (Output, WasmList<u8>)| {
                write(store, to.rep(), &bytes)
            }),
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => linker
            .func_wrap(function, |_, (_,): (Output,)| -> wasmtime::Result<Streamed<()>> {
                Ok((Ok(()),))
            }),
        "[method]output-stream.subscribe" => linker
            .func_wrap(function, |_, (_,): (Output,)| Ok((Resource::<Pollable>::new_own(READY),))),
        _ => return Ok(false),
    }?;
    Ok(true)
}
