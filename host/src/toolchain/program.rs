//! Running other people's programs: within a time, their words kept for when they fail.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::{BuildError, tail};

/// Runs a program for at most so long.
pub(super) fn run(mut command: Command, time_max: Duration, quiet: bool) -> Result<(), BuildError> {
    let said: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let failed = |reason: String| BuildError::Install { command: said.join(" "), reason };
    if !quiet {
        anstream::eprintln!("running {}", said.join(" "));
    }
    let log = tempfile::NamedTempFile::new().map_err(|e| failed(e.to_string()))?;
    let both = || log.reopen().map(Stdio::from).map_err(|e| failed(e.to_string()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(both()?);
    let mut child = command.spawn().map_err(|e| failed(e.to_string()))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|e| failed(e.to_string()))? {
            Some(status) => break status,
            None if started.elapsed() > time_max => {
                // It may have ended just now; either way it is over.
                let _gone = child.kill();
                let _reaped = child.wait();
                return Err(failed(format!("it took longer than {} s", time_max.as_secs())));
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    if status.success() {
        return Ok(());
    }
    let output = std::fs::read(log.path()).unwrap_or_default();
    Err(failed(format!("{status}\n{}", tail(&output, 15))))
}

pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}

/// Runs a compiler. What it says goes where it belongs: to the terminal, or into the error.
pub(super) fn compile(mut command: Command, quiet: bool) -> Result<(), BuildError> {
    let program = PathBuf::from(command.get_program());
    let failed = |error| BuildError::file(&program, error);
    command.stdin(Stdio::null());
    if quiet {
        let output = command.output().map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        return Err(BuildError::Compile { output: tail(&said, 60) });
    }
    let status = command.stdout(Stdio::null()).status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(BuildError::Compile { output: String::new() }) }
}

/// The first line of what a program says of itself, if it is there and runs.
pub(super) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|it| it.status.success())?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    said.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
