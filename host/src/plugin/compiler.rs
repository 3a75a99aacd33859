//! Compiling in a child process that may be killed.
//!
//! What the scan lets through can still keep an optimising compiler busy for long, or make it ask for
//! much memory. So the host lets a child of itself do it, which limits itself before it looks at a
//! byte: processor time, memory, priority. The parent keeps the wall clock and kills it. A bomb then
//! costs a core for a while and an error that says so; the host answers others meanwhile.
//!
//! The child is this same program (`mapwright compile`, not listed in the help): WebAssembly in at
//! stdin, machine code out at stdout. It costs some 20 ms to start. It trusts nobody less than the
//! parent does: what it gives is kept under a key only the host has, see [`super::compiled`].

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::engine::{Engine, EngineOptions};
use super::error::LoadError;
use super::pacing::wait;
use super::urgency::give_way;

/// What a child may use. Far more than an 18 MB Python component takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, over all its threads.
    pub cpu_s: u64,
    /// Memory beyond what the program has when it starts.
    pub memory_bytes: u64,
    /// On the clock, for a machine that is busy with other things; rests that the host made it take are not counted.
    pub wall: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { cpu_s: 120, memory_bytes: 3 << 30, wall: Duration::from_secs(120) }
    }
}

/// The largest machine code taken from a child: some fifty times the largest file admitted.
const CODE_BYTES_MAX: u64 = 1 << 30;
/// What a child may say of its failure.
const COMPLAINT_BYTES_MAX: u64 = 16 * 1024;
/// The child's way to say that the file is at fault, and it is not.
const REFUSED: u8 = 1;
/// The hidden command.
pub const COMMAND: &str = "compile";

/// Who compiles.
#[derive(Debug, Clone, Default)]
pub enum Compiler {
    /// This process, without limits: for commands that look at a file and end.
    #[default]
    InProcess,
    /// A child for each file.
    Child {
        /// The program: this one.
        program: PathBuf,
        /// What it may use.
        limits: CompileLimits,
    },
}

impl Compiler {
    /// Machine code of a component, for `engine`'s configuration.
    pub(super) fn compile(&self, engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        match self {
            Self::InProcess => engine
                .wasmtime()
                .precompile_component(wasm)
                .map_err(|error| LoadError::Invalid(format!("{error:#}"))),
            Self::Child { program, limits } => {
                in_child(program.clone(), *limits, engine, wasm.to_vec())
            }
        }
    }
}

fn in_child(
    program: PathBuf,
    limits: CompileLimits,
    engine: &Engine,
    wasm: Vec<u8>,
) -> Result<Vec<u8>, LoadError> {
    let failed = |what: &str, error: &std::io::Error| {
        LoadError::Compiler(format!("{what}: {error}; the file was not looked at, try again"))
    };
    let mut child = Command::new(&program)
        .arg(COMMAND)
        .arg(limits.cpu_s.to_string())
        .arg(limits.memory_bytes.to_string())
        .arg(engine.options().debug_info.to_string())
        // The allocator takes its memory in pieces this large; with its usual gigabyte the limit on
        // memory would be that much coarser.
        .env("MIMALLOC_ARENA_RESERVE", "32MiB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("{} cannot be started", program.display()), &error))?;
    let mut to = child.stdin.take().expect("it was piped");
    let from = child.stdout.take().expect("it was piped");
    let complaints = child.stderr.take().expect("it was piped");
    // A child that reads no further is seen by its end; what it read is its own affair.
    std::thread::spawn(move || drop(to.write_all(&wasm)));
    let code = gather(from, CODE_BYTES_MAX);
    let complaint = gather(complaints, COMPLAINT_BYTES_MAX);
    let code = wait(&child, &code, limits.wall, engine.live());
    let out_of_time = code.is_none();
    let status = end(&mut child, out_of_time).map_err(|error| failed("it was lost", &error))?;
    if out_of_time {
        return Err(LoadError::CompileBomb { spent: format!("{} s", limits.wall.as_secs()) });
    }
    let code = code.expect("it came in time").map_err(|error| failed("it broke off", &error))?;
    if status.success() {
        return Ok(code);
    }
    let complaint = complaint.recv().ok().and_then(Result::ok).unwrap_or_default();
    Err(verdict(status, &String::from_utf8_lossy(&complaint), &limits))
}

/// What a child's end says about the file.
fn verdict(status: ExitStatus, complaint: &str, limits: &CompileLimits) -> LoadError {
    use std::os::unix::process::ExitStatusExt;
    match (status.code().and_then(|code| u8::try_from(code).ok()), status.signal()) {
        (Some(REFUSED), _) => LoadError::Invalid(complaint.trim().to_owned()),
        // SIGXCPU, and the SIGKILL that follows it.
        (None, Some(24 | 9)) => {
            LoadError::CompileBomb { spent: format!("{} s of processor time", limits.cpu_s) }
        }
        // An allocation that is refused aborts.
        (None, Some(6)) if complaint.contains("allocation") || complaint.contains("memory") => {
            LoadError::CompileBomb { spent: format!("{} MiB of memory", limits.memory_bytes >> 20) }
        }
        (None, Some(6)) if complaint.contains("overflowed its stack") => {
            LoadError::CompileBomb { spent: "its stack".to_owned() }
        }
        _ => LoadError::Compiler(format!("the compiler ended with {status}: {}", complaint.trim())),
    }
}

fn gather(
    mut from: impl Read + Send + 'static,
    bytes_max: u64,
) -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (to, gathered) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = from.by_ref().take(bytes_max).read_to_end(&mut bytes);
        // Whoever waited may have gone.
        drop(to.send(read.map(|_| bytes)));
    });
    gathered
}

fn end(child: &mut Child, kill: bool) -> std::io::Result<ExitStatus> {
    if kill {
        child.kill()?;
    }
    child.wait()
}

/// The child's side: limits itself, compiles what comes in at stdin, and ends.
///
/// # Errors
/// Never: it ends with 0 and the code at stdout, or with another number and why at stderr.
#[must_use]
pub fn compile_and_exit(cpu_s: u64, memory_bytes: u64, debug_info: bool) -> ExitCode {
    let (code, complaint) = match compile_within(cpu_s, memory_bytes, debug_info) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::File(why)) => (REFUSED, why),
        Err(Failure::Machine(why)) => (2, why),
    };
    // Nobody may be listening any more.
    drop(std::io::stderr().write_all(complaint.as_bytes()));
    ExitCode::from(code)
}

enum Failure {
    File(String),
    Machine(String),
}

fn compile_within(cpu_s: u64, memory_bytes: u64, debug_info: bool) -> Result<(), Failure> {
    let machine = |error: std::io::Error| Failure::Machine(error.to_string());
    rlimit::Resource::CPU.set(cpu_s, cpu_s + 1).map_err(machine)?;
    let memory_bytes = memory_bytes.saturating_add(data_bytes().map_err(machine)?);
    rlimit::Resource::DATA.set(memory_bytes, memory_bytes).map_err(machine)?;
    // A bomb that dies leaves no gigabytes on the disk.
    rlimit::Resource::CORE.set(0, 0).map_err(machine)?;
    give_way();
    end_with_the_host();
    let mut wasm = Vec::new();
    std::io::stdin().lock().read_to_end(&mut wasm).map_err(machine)?;
    let options = EngineOptions { pooling: false, debug_info, ..EngineOptions::default() };
    let engine = Engine::new(&options).map_err(|error| Failure::Machine(error.to_string()))?;
    let code = engine
        .wasmtime()
        .precompile_component(&wasm)
        .map_err(|error| Failure::File(format!("{error:#}")))?;
    let mut out = std::io::stdout().lock();
    out.write_all(&code).and_then(|()| out.flush()).map_err(machine)
}

/// A child that is stopped would stay so when its host is killed.
fn end_with_the_host() {
    #[cfg(target_os = "linux")]
    {
        #[expect(unsafe_code, reason = "the system call has no safe wrapper here")]
        // SAFETY: it takes numbers and touches no memory. What it refuses is left as it was.
        let _refused = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    }
}

/// Memory of this process that can be written to, as the limit counts it.
fn data_bytes() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| std::io::Error::other("no VmData in /proc/self/status"))
}
