//! One process at a time on a data folder.
//!
//! The lock is an advisory one on the file `lock`, held as long as the handle lives; the system
//! lets go of it however the process ends, so nothing is left to clean up after a crash. The
//! process number in the file is only there for the message.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::OpenError;

/// Keeps others out of the data folder while it lives.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let folder = |source| OpenError::Folder { dir: dir.to_path_buf(), source };
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(dir.join("lock"))
            .map_err(folder)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let who = match file.read_to_string(&mut owner) {
                    Ok(_) if !owner.trim().is_empty() => format!(" (process {})", owner.trim()),
                    _ => String::new(),
                };
                return Err(OpenError::Locked { dir: dir.to_path_buf(), who });
            }
            Err(TryLockError::Error(source)) => return Err(folder(source)),
        }
        // Not being able to leave a number (a full disk) is no reason not to start.
        let _untold = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        Ok(Self { _file: file })
    }
}
