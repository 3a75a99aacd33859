//! The plugin versions that lie beside the journal, taken along by a backup and put back with it.
//!
//! The journal names versions by their digests, so without the files a replay could not be asked for
//! one. They never change and are never removed, so they are copied after the journal: whatever it
//! names is there by then. It costs a copy of each for each backup. What a file is, is not known here.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::backup::{BackupError, at};

/// The folder with the plugin versions, in a data folder and in a backup.
pub const PLUGINS: &str = "plugins";
/// What is in it; other files are drafts.
const ENDING: &str = "wasm";

/// A file as a backup's account names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name, without a folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its sha256, hex.
    pub sha256: String,
}

impl Kept {
    /// Whether its name is one, and leads nowhere else.
    fn has_plain_name(&self) -> bool {
        let mut parts = Path::new(&self.file).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    }
}

/// Copies all versions of one folder that the other does not have; both are `plugins` folders.
pub(super) fn copy_all(from: &Path, to: &Path) -> Result<Vec<Kept>, BackupError> {
    let listing = match std::fs::read_dir(from) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(at(from)(source)),
    };
    let mut all = Vec::new();
    for entry in listing {
        let path = entry.map_err(at(from))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let is_version = path.extension().is_some_and(|ending| ending == ENDING);
        if let Some(file) = name.filter(|name| is_version && !to.join(name).exists()) {
            all.push(copy(&path, to, file)?);
        }
    }
    all.sort_by(|a, b| a.file.cmp(&b.file));
    if !all.is_empty() {
        File::open(to).and_then(|folder| folder.sync_all()).map_err(at(to))?;
    }
    Ok(all)
}

/// Holds what an account names against what is there.
pub(super) fn check(all: &[Kept], dir: &Path) -> Result<(), BackupError> {
    let not_whole = |said: String| BackupError::NotWhole { dir: dir.to_path_buf(), said };
    for kept in all {
        let Kept { file, bytes, sha256 } = kept;
        if !kept.has_plain_name() {
            return Err(not_whole(format!("{file:?} is not the name of a file")));
        }
        let path = dir.join(file);
        let found = File::open(&path)
            .and_then(|mut source| digested(&mut source, &mut std::io::sink()))
            .map_err(|error| not_whole(format!("{file} cannot be read ({error})")))?;
        if found != (*bytes, sha256.clone()) {
            return Err(not_whole(format!("{file} is not what was written")));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, file: String) -> Result<Kept, BackupError> {
    std::fs::create_dir_all(to).map_err(at(to))?;
    let place = to.join(&file);
    let mut source = File::open(from).map_err(at(from))?;
    let mut copy = File::create(&place).map_err(at(&place))?;
    let (bytes, sha256) = digested(&mut source, &mut copy).map_err(at(&place))?;
    copy.sync_all().map_err(at(&place))?;
    Ok(Kept { file, bytes, sha256 })
}

/// Copies, and answers the length and the sha256.
fn digested(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<(u64, String)> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        hasher.update(part);
        to.write_all(part)?;
        bytes += part.len() as u64;
    }
    Ok((bytes, hex::encode(hasher.finalize())))
}
