//! WASI for runtimes that insist on it: the same answers for the same event, and no way out.
//!
//! Plugins are pure, and Rust for `wasm32-unknown-unknown` imports nothing of this. Other runtimes
//! (and Rust for `wasm32-wasip2`) import WASI whether they use it or not. They get a clock that
//! stands at the event's received-at, random bytes made from the event's id, streams that end
//! (stdin) or go to the plugin's log (stdout, stderr), no arguments, no environment, no folders.
//!
//! Answered: `cli/{environment,exit,stdin,stdout,stderr,terminal-*}`, `io/{error,poll,streams}`,
//! `clocks/{monotonic-clock,wall-clock}`, `random/*`, `filesystem/preopens`. `exit` ends the call
//! as a trap. Everything else of `wasi:*` (files, sockets, HTTP) is there to link and traps by name
//! when it is called. Only components that import WASI pay for any of it.

use sha2::{Digest, Sha256};
use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component, ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList,
};

use super::bindings::burn;
use super::call::Call;
use super::log::Log;

/// The most bytes of random one call gives: runtimes ask for a hash seed.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// The most bytes one write takes, as `check-write` tells the guest.
const WRITE_BYTES: u64 = 4 << 10;
/// The longest line of a stream; longer ones are broken.
const LINE_BYTES_MAX: usize = 8 << 10;

/// What the stub remembers in one call.
#[derive(Debug)]
pub(super) struct Stub {
    seconds: u64,
    nanoseconds: u32,
    seed: [u8; 32],
    drawn: u64,
    out: Vec<u8>,
    error: Vec<u8>,
    /// The next line of stderr is a panic's message.
    panicking: Option<String>,
}

struct InputStream;
struct OutputStream;
struct Pollable;
struct IoError;
struct Descriptor;
struct TerminalInput;
struct TerminalOutput;

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

impl Stub {
    /// For the events of a run.
    pub(super) fn new(event_id: &str, received_at: &str) -> Self {
        let time: jiff::Timestamp = received_at.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self {
            seconds: u64::try_from(time.as_second()).unwrap_or(0),
            nanoseconds: u32::try_from(time.subsec_nanosecond()).unwrap_or(0),
            seed: Sha256::digest(event_id.as_bytes()).into(),
            drawn: 0,
            out: Vec::new(),
            error: Vec::new(),
            panicking: None,
        }
    }

    /// For `manifest.describe`, which is no event's.
    pub(super) fn at_load() -> Self {
        Self::new("", "")
    }

    /// Bytes that depend on the event and on how many were drawn before.
    fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 32);
        while bytes.len() < length {
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.drawn.to_le_bytes())
                .finalize();
            self.drawn += 1;
            bytes.extend_from_slice(&block);
        }
        bytes.truncate(length);
        bytes
    }

    fn random_u64(&mut self) -> u64 {
        let bytes = self.random(8);
        bytes.try_into().map_or(0, u64::from_le_bytes)
    }

    fn write(&mut self, log: &mut Log, stream: u32, bytes: &[u8]) {
        for byte in bytes {
            let buffer = if stream == STDERR { &mut self.error } else { &mut self.out };
            if *byte != b'\n' {
                buffer.push(*byte);
            }
            if *byte == b'\n' || buffer.len() >= LINE_BYTES_MAX {
                let line = std::mem::take(buffer);
                self.line(log, stream, &line);
            }
        }
    }

    fn line(&mut self, log: &mut Log, stream: u32, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let level = if stream == STDERR { "error" } else { "info" };
        if stream == STDERR {
            // Rust says `thread '..' panicked at src/lib.rs:10:5:` and the message on the next line.
            // What the plugin's own SDK wrote to the log goes first: then this is the runtime's.
            if let Some(place) = self.panicking.take() {
                log.panic = Some(format!("{place} {line}"));
            } else if log.panic.is_none()
                && let Some((_, place)) = line.split_once("panicked at ")
            {
                self.panicking = Some(format!("panicked at {place}"));
                log.panic.clone_from(&self.panicking);
            }
        }
        log.write(level, log.excerpt(&line), line.len());
    }

    /// Writes what stands in the streams without a line end.
    pub(super) fn finish(mut self, log: &mut Log) {
        for (stream, line) in
            [(STDOUT, std::mem::take(&mut self.out)), (STDERR, std::mem::take(&mut self.error))]
        {
            if !line.is_empty() {
                self.line(log, stream, &line);
            }
        }
    }
}

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
                ComponentItem::Resource(_) => {
                    linker.resource(name, resource_type(name), |_, _| Ok(()))?;
                }
                ComponentItem::ComponentFunc(_) if !answer(&mut linker, base, name)? => {
                    let called = format!("{interface}#{name}");
                    linker.func_new(name, move |_, _, _, _| {
                        Err(wasmtime::format_err!(
                            "the plugin called `{called}`, which does not exist in the sandbox"
                        ))
                    })?;
                }
                _ => {}
            }
        }
    }
    Ok(())
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
    burn(&mut store, bytes.len())?;
    let (stub, log) = stub(&mut store)?;
    stub.write(log, stream, &bytes);
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
        ("wasi:io/poll", "[method]pollable.block") => {
            linker.func_wrap(function, |_, (_,): (Resource<Pollable>,)| Ok(()))
        }
        ("wasi:io/poll", "[method]pollable.ready") => {
            linker.func_wrap(function, |_, (_,): (Resource<Pollable>,)| Ok((true,)))
        }
        ("wasi:io/poll", "poll") => {
            linker.func_wrap(function, |_, (waited,): (Vec<Resource<Pollable>>,)| {
                Ok(((0_u32..).take(waited.len()).collect::<Vec<_>>(),))
            })
        }
        ("wasi:io/streams", _) => return stream(linker, function),
        ("wasi:clocks/monotonic-clock", "now") => {
            linker.func_wrap(function, |_, (): ()| Ok((0_u64,)))
        }
        ("wasi:clocks/monotonic-clock", "resolution") => {
            linker.func_wrap(function, |_, (): ()| Ok((1_u64,)))
        }
        ("wasi:clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            linker.func_wrap(function, |_, (_,): (u64,)| Ok((Resource::<Pollable>::new_own(0),)))
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
        "[method]input-stream.subscribe" => {
            linker.func_wrap(function, |_, (_,): (Input,)| Ok((Resource::<Pollable>::new_own(0),)))
        }
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
        "[method]output-stream.subscribe" => {
            linker.func_wrap(function, |_, (_,): (Output,)| Ok((Resource::<Pollable>::new_own(0),)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Limits;

    #[test]
    fn time_and_random_are_the_events() {
        let draw = |event: &str| Stub::new(event, "").random(40);
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
        let mut stub = Stub::new("a", "2026-11-22T02:15:06.5Z");
        assert_eq!((stub.seconds, stub.nanoseconds), (1_795_313_706, 500_000_000));
        assert_ne!(stub.random(32), stub.random(32));
    }

    #[test]
    fn streams_become_lines_and_a_panic_is_known() {
        let mut log = Log::new(&Limits::default());
        let mut stub = Stub::new("", "");
        stub.write(&mut log, STDOUT, b"one\ntw");
        stub.write(&mut log, STDERR, b"\nthread 'main' panicked at src/lib.rs:1:2:\nno tax\n");
        stub.write(&mut log, STDOUT, b"o");
        stub.finish(&mut log);
        assert_eq!(log.panic.as_deref(), Some("panicked at src/lib.rs:1:2: no tax"));
        let lines: Vec<_> = log.finish().into_iter().map(|line| line.message).collect();
        assert_eq!(
            lines,
            ["one", "", "thread 'main' panicked at src/lib.rs:1:2:", "no tax", "two"]
        );
    }
}
