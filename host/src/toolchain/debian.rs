//! Debian's packages: the one thing that is installed for the whole machine.

use std::process::Command;
use std::time::Duration;

use super::error::BuildError;
use super::program::{on_path, run};

/// Some 200 MB over a slow line.
const APT_TIME_MAX: Duration = Duration::from_secs(1200);

/// Fetches the lists of packages. Old ones name packages that are gone; when they cannot be fetched they may
/// still do.
pub(super) fn refresh(quiet: bool) {
    let _stale_lists_may_do = run(apt(&["update"]), APT_TIME_MAX, quiet);
}

/// Installs packages, with nothing beside them. [`refresh`] goes before.
pub(super) fn install(packages: &[&str], quiet: bool) -> Result<(), BuildError> {
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    run(apt(&arguments), APT_TIME_MAX, quiet)
}

/// What to type for that; nothing where there is no Debian.
pub(super) fn line(packages: &[&str]) -> Option<String> {
    on_path("apt-get")?;
    Some(format!("sudo apt-get install --no-install-recommends {}", packages.join(" ")))
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
