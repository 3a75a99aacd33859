//! Installing what is missing: by rustup where rustup can, by Debian's packages otherwise.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::{BuildError, tail};
use super::find::TARGET;

/// Debian's current Rust, kept beside the distribution's own for building browsers, with the
/// standard library's source. Installed under the system's prefix; rustup's Rust stays as it is.
const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

/// rustup tries for long when its server cannot be reached; the other road is waiting.
const RUSTUP_TIME_MAX: Duration = Duration::from_secs(180);
/// Some 200 MB over a slow line.
const APT_TIME_MAX: Duration = Duration::from_secs(1200);

/// Installs a Rust that compiles to wasm32.
pub(super) fn install(dir: &Path, quiet: bool) -> Result<(), BuildError> {
    let mut failure = None;
    if let Some(rustup) = rustup(dir) {
        let mut add = Command::new(rustup);
        add.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1").current_dir(dir);
        match run(add, RUSTUP_TIME_MAX, quiet) {
            Ok(()) => return Ok(()),
            Err(e) if on_path("apt-get").is_none() => return Err(e),
            Err(e) => failure = Some(e),
        }
    }
    if on_path("apt-get").is_none() {
        return Err(failure.unwrap_or_else(|| BuildError::ToolchainMissing {
            missing: super::find::nothing_found(),
        }));
    }
    if let (Some(e), false) = (&failure, quiet) {
        anstream::eprintln!("{e}\ntaking Debian's packages instead");
    }
    // Lists that are old name packages that are gone; a list that cannot be refreshed may still do.
    let _stale_lists_may_do = run(apt(&["update"]), APT_TIME_MAX, quiet);
    let mut packages = vec!["install", "-y", "--no-install-recommends"];
    packages.extend(DEBIAN);
    let linker = linker_package();
    packages.push(&linker);
    run(apt(&packages), APT_TIME_MAX, quiet)
}

/// The rustup that manages the Rust in use, if it does.
pub(super) fn rustup(dir: &Path) -> Option<PathBuf> {
    let rustup = on_path("rustup")?;
    let active = Command::new(&rustup).args(["which", "rustc"]).current_dir(dir).output().ok()?;
    active.status.success().then_some(rustup)
}

/// What to type on Debian; nothing elsewhere.
pub(super) fn apt_line() -> Option<String> {
    on_path("apt-get")?;
    let packages = DEBIAN.join(" ");
    let linker = linker_package();
    Some(format!("sudo apt-get install --no-install-recommends {packages} {linker}"))
}

/// Debian's `rust-lld` is a link into the LLVM it was built with, whose linker is a package of its
/// own that nothing depends on.
fn linker_package() -> String {
    const LIKELY: &str = "lld-22";
    if let Ok(target) = std::fs::read_link("/usr/bin/rust-lld")
        && let Some(name) = target.file_name().and_then(|name| name.to_str())
        && name.starts_with("lld-")
    {
        return name.to_owned();
    }
    let depends = Command::new("apt-cache").args(["depends", "rust-web-llvm"]).output();
    depends
        .ok()
        .and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            let version =
                text.lines().find_map(|line| line.trim().strip_prefix("Depends: llvm-"))?;
            Some(format!("lld-{version}"))
        })
        .unwrap_or_else(|| LIKELY.to_owned())
}

/// apt-get, as root or by a sudo that asks nothing.
fn apt(args: &[&str]) -> Command {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
    if !root {
        command.args(["-n", "apt-get"]);
    }
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Runs a program for at most so long.
fn run(mut command: Command, time_max: Duration, quiet: bool) -> Result<(), BuildError> {
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

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}
