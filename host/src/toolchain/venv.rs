//! Tools from the Python package index, pinned, in a virtual environment of the project's own.
//!
//! What is in it is seen by what pip leaves there, so that the second build asks nobody. Costs a download of
//! some 30 to 90 MB the first time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::debian;
use super::error::BuildError;
use super::program::{first_line, on_path, run};

/// Some 90 MB over a slow line.
const PIP_TIME_MAX: Duration = Duration::from_secs(1200);
const VENV_TIME_MAX: Duration = Duration::from_secs(120);
/// Older ones are not looked after any more, or lack what the tools need.
const PYTHON_MINOR_MIN: u32 = 11;

/// A virtual environment.
pub(super) struct Venv {
    dir: PathBuf,
}

/// What a venv is for, when it is not there.
pub(super) struct Wanted<'a> {
    /// Where.
    pub(super) dir: &'a Path,
    /// `name==version` of each package.
    pub(super) packages: &'a [&'a str],
    /// A file with more that the project wants in it, for its tests.
    pub(super) requirements: Option<&'a Path>,
    /// What they are needed for: "Python plugins are compiled by".
    pub(super) purpose: &'a str,
}

impl Venv {
    /// The environment, if it has these packages.
    pub(super) fn find(wanted: &Wanted<'_>) -> Option<Self> {
        let lib = fs::read_dir(wanted.dir.join("lib")).ok()?;
        let packages = lib.flatten().map(|python| python.path().join("site-packages"));
        let ready = wanted.dir.join("bin/python").exists()
            && packages.into_iter().any(|there| wanted.packages.iter().all(|it| has(&there, it)));
        ready.then(|| Self { dir: wanted.dir.to_path_buf() })
    }

    /// The environment; made where it is missing and that is wished.
    pub(super) fn ready(
        wanted: &Wanted<'_>,
        install: bool,
        quiet: bool,
    ) -> Result<Self, BuildError> {
        if let Some(found) = Self::find(wanted) {
            return Ok(found);
        }
        if !install {
            return Err(BuildError::ToolchainMissing { missing: missing(wanted) });
        }
        make(wanted, quiet)?;
        Self::find(wanted).ok_or_else(|| BuildError::StillMissing { missing: missing(wanted) })
    }

    /// Where a program in it is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join("bin").join(name)
    }

    /// A program in it.
    pub(super) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        // Packages of the machine or the user are not those that were pinned.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONNOUSERSITE", "1");
        command
    }
}

/// Whether pip has put this package, in this version, into that folder.
fn has(folder: &Path, package: &str) -> bool {
    let name = package.replace("==", "-version-").replace('-', "_").replace("_version_", "-");
    folder.join(format!("{name}.dist-info")).is_dir()
}

/// What to type for it.
pub(super) fn missing(wanted: &Wanted<'_>) -> String {
    let mut packages = wanted.packages.join(" ");
    if let Some(file) = wanted.requirements {
        packages = format!("{packages} -r {}", file.display());
    }
    let dir = wanted.dir.display();
    let python = match python() {
        Ok(_) => String::new(),
        Err(why) => format!("{why}\n"),
    };
    format!(
        "{python}{} {packages}, not in {dir} yet. To put that there\n  \
         python3 -m venv {dir} && {dir}/bin/pip install {packages}\n\
         or run this again with --install-toolchain, which does it for you",
        wanted.purpose,
    )
}

fn make(wanted: &Wanted<'_>, quiet: bool) -> Result<(), BuildError> {
    let python = match python() {
        Ok(python) => python,
        Err(missing) if on_path("apt-get").is_none() => {
            return Err(BuildError::ToolchainMissing { missing });
        }
        Err(_) => {
            debian::refresh(quiet);
            debian::install(&["python3", "python3-venv"], quiet)?;
            python().map_err(|missing| BuildError::StillMissing { missing })?
        }
    };
    let parent = wanted.dir.parent().unwrap_or(wanted.dir);
    fs::create_dir_all(parent).map_err(|e| BuildError::file(parent, e))?;
    let venv = || {
        let mut command = Command::new(&python);
        command.args(["-m", "venv", "--clear"]).arg(wanted.dir);
        command
    };
    if let Err(error) = run(venv(), VENV_TIME_MAX, quiet) {
        // Debian keeps pip for venvs in a package of its own.
        if on_path("apt-get").is_none() {
            return Err(error);
        }
        debian::refresh(quiet);
        debian::install(&["python3-venv"], quiet)?;
        run(venv(), VENV_TIME_MAX, quiet)?;
    }
    let mut pip = Command::new(wanted.dir.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(wanted.packages);
    if let Some(file) = wanted.requirements {
        pip.arg("-r").arg(file);
    }
    run(pip, PIP_TIME_MAX, quiet)
}

/// The Python to make environments with, or what is wrong with the one there is.
fn python() -> Result<PathBuf, String> {
    let install = debian::line(&["python3", "python3-venv"]).map_or_else(
        || "install it from https://python.org".to_owned(),
        |line| format!("try\n  {line}"),
    );
    let Some(python) = on_path("python3") else {
        return Err(format!("there is no Python on this machine; {install}"));
    };
    let said = first_line(Command::new(&python).arg("--version")).unwrap_or_default();
    let minor = said
        .strip_prefix("Python 3.")
        .and_then(|rest| rest.split(|it: char| !it.is_ascii_digit()).next()?.parse::<u32>().ok());
    match minor {
        Some(minor) if minor >= PYTHON_MINOR_MIN => Ok(python),
        _ => Err(format!(
            "`{said}` at {} is too old: Python 3.{PYTHON_MINOR_MIN} or newer is needed; {install}",
            python.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_there_only_in_its_version() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("componentize_py-0.25.0.dist-info")).unwrap();
        assert!(has(dir.path(), "componentize-py==0.25.0"));
        assert!(!has(dir.path(), "componentize-py==0.24.0"));
        assert!(!has(dir.path(), "pytest==8.4.0"));
    }
}
