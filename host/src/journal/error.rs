//! What can go wrong with the journal, by what the reader of the error does next.
//!
//! At the door, [`OpenError`] says why the host will not start. In service, [`Error`] tells a
//! caller whether to try again later ([`Error::Full`]), to go home ([`Error::Stopped`]), or that
//! something is wrong that a person has to look at.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ffi;

/// Why a journal was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else works on this folder.
    #[error(
        "another mapwright{who} already works on the data folder {dir}: stop it first, or give \
         this one a data_dir of its own"
    )]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// ` (process 123)`, or nothing where it is not known.
        who: String,
    },
    /// The file is not what was written.
    #[error(
        "the journal {path} is damaged: {said}. Nothing was changed. Move the whole data folder \
         aside and put back a backup of it, or save what can be read with `sqlite3 {path} \
         .recover | sqlite3 new.db`; starting without it would forget accepted events"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        said: String,
    },
    /// A later Mapwright wrote it.
    #[error(
        "the journal {path} has layout {found}, this mapwright knows layouts up to {known}: start \
         the newer mapwright that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout known here.
        known: i64,
    },
    /// The folder cannot be used.
    #[error("the data folder {dir} cannot be used: {source}")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite could not do it, for a reason that is not damage.
    #[error("the journal {path} cannot be opened: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Why the journal did not do what it was asked. Nothing of the request was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No room: on the disk, or within the configured size.
    #[error("the journal has no room left: free some disk space or raise its size limit")]
    Full,
    /// The host is going down.
    #[error("the journal is closed: the host is stopping")]
    Stopped,
    /// The step does not follow from where the passage stands; a fault of the caller.
    #[error("the journal refused a step: {0}")]
    Misplaced(String),
    /// What is on the disk is not what was written.
    #[error("the journal is damaged: {0}")]
    Damaged(Arc<str>),
    /// Reading or writing failed.
    #[error("the journal failed: {0}")]
    Io(Arc<str>),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match extended_code(&error) {
            // A full disk also shows itself when the shared-memory file cannot grow.
            Some(code)
                if code & 0xff == ffi::SQLITE_FULL
                    || code == ffi::SQLITE_IOERR_SHMSIZE
                    || code == ffi::SQLITE_IOERR_SHMOPEN =>
            {
                Self::Full
            }
            Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => {
                stop_the_process(&error.to_string())
            }
            _ => Self::Io(error.to_string().into()),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Io(format!("a record does not read back: {error}").into())
    }
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => Some(error.extended_code),
        _ => None,
    }
}

/// Whether SQLite says that the file itself is wrong.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        extended_code(error).map(|code| code & 0xff),
        Some(ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB)
    )
}

/// Ends the process after a failed fsync. The kernel may have thrown the unwritten pages away and
/// will report success next time, so the only honest way on is to start again from what is on the
/// disk.
pub(super) fn stop_the_process(said: &str) -> ! {
    tracing::error!(error = said, "fsync of the journal failed");
    #[expect(
        clippy::print_stderr,
        reason = "the last words must not depend on a log that is set up"
    )]
    {
        eprintln!(
            "mapwright: fsync of the journal failed ({said}). What the disk holds is not known any \
             more, so the host stops here. Check the disk, then start mapwright again: it goes on \
             from what is on the disk"
        );
    }
    std::process::abort()
}
