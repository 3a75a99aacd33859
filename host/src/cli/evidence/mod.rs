//! The commands that judge plugins by running them on files: faces over [`crate::evidence`].

pub(crate) mod diff;
mod diff_view;
pub(crate) mod explain;
pub(crate) mod headroom;
pub(crate) mod payloads;
pub(crate) mod progress;
pub(crate) mod truth_table;

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::rehearsal::{LoadFailure, SettingsFault};
use super::screen;

/// A core for each thread; more would only queue.
const THREADS_MAX: usize = 64;

/// How many threads to run plugins on.
pub(crate) fn threads() -> NonZeroUsize {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    cores.min(NonZeroUsize::new(THREADS_MAX).unwrap_or(NonZeroUsize::MIN))
}

/// Why a command ends without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A flag, file or plugin that cannot be used.
    Load(LoadFailure),
    /// Settings that a plugin's schema does not allow.
    Settings(Vec<SettingsFault>),
    /// Something said on the command line or in a file that makes no sense.
    Usage(String),
}

impl<E: Into<LoadFailure>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Load(error.into())
    }
}

/// Says why, to people and, if asked, to programs.
pub(crate) fn fail(failure: &Failure, as_json: bool) -> ExitCode {
    let (message, mut detail, code) = match failure {
        Failure::Load(failure) => (
            failure.to_string(),
            json!({"code": failure.code(), "file": failure.path()}),
            failure.exit_code(),
        ),
        Failure::Settings(faults) => {
            let lines: Vec<_> = faults.iter().map(|fault| fault.line("settings")).collect();
            (lines.join("\n  "), json!({"code": "settings", "settings": faults}), 1)
        }
        Failure::Usage(message) => (message.clone(), json!({"code": "usage"}), 2),
    };
    screen::complain(&message);
    if as_json {
        detail["message"] = json!(message);
        screen::print_json(&json!({"error": detail}).to_string());
    }
    ExitCode::from(code)
}

/// A file's own name, for people.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
