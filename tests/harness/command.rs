//! The real command, run as a process.
//!
//! Cargo builds it beside the tests from the same sources (`mapwright-under-test` of this package),
//! so it is never older than they are.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Where the command under test lies.
///
/// # Panics
///
/// When it was not built, which Cargo does for every run of the tests.
#[must_use]
pub fn path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let file = format!("mapwright-under-test{}", std::env::consts::EXE_SUFFIX);
    test.ancestors()
        .skip(1)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{file} lies nowhere above {}", test.display()))
}

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON; the message has everything that was printed.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// This, when it ended with `code`.
    ///
    /// # Panics
    ///
    /// When it ended otherwise; the message has everything that was printed.
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

/// Runs `mapwright` with these arguments and nothing on standard input.
pub fn mapwright(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    with_input(args, b"")
}

/// Runs `mapwright` with these arguments against a running host, with this token.
///
/// # Panics
///
/// When the process cannot be started.
pub fn against(token: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    let mut command = Command::new(path());
    command.args(args).env("USER", "maria").env("MAPWRIGHT_TOKEN", token);
    let Output { status, stdout, stderr } = command.output().expect("the command can be run");
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Runs `mapwright` with these arguments and these bytes on standard input.
///
/// # Panics
///
/// When the process cannot be started.
pub fn with_input(args: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &[u8]) -> Ran {
    let mut child = Command::new(path())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built and can be run");
    let mut stdin = child.stdin.take().expect("it was asked for");
    // A command that fails before it reads has closed its end; its exit code tells.
    drop(stdin.write_all(input));
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it was started");
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
