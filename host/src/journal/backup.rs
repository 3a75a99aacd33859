//! Backups: the journal copied while the host works, and put back when it does not.
//!
//! A backup is a folder: `journal.db`, one whole file as it stood at one moment, `plugins`, every
//! version that was in use by then (see [`beside`]), and `backup.json`, which says what they are and
//! their digests. Checkpoints are not in it, they are made again. It is written beside its name and renamed when all of it is on the disk, so what has the name is whole.
//!
//! Taking one costs a read of the whole journal; meanwhile its log cannot be emptied and grows with
//! what is accepted. A restored journal does not know what was delivered after the backup was taken:
//! for everything that was open then, connectors look in the target before they send.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::beside::{self, Kept, PLUGINS};
use super::lock::FolderLock;
use super::{FILE, OpenError, schema};

/// What describes a backup.
const ACCOUNT: &str = "backup.json";
/// Its name in the table `meta`.
const RESTORED_SEQ: &str = "restored_seq";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The Mapwright that took it.
    pub mapwright: String,
    /// The journal's layout.
    pub layout: i64,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The last event in it.
    pub last_seq: u64,
    /// Events in it that were not closed.
    pub open: u64,
    /// The length of `journal.db`.
    pub bytes: u64,
    /// sha256 of `journal.db`, hex.
    pub sha256: String,
    /// The plugin versions; backups of before have none.
    #[serde(default)]
    pub plugins: Vec<Kept>,
}

/// Why a backup was not taken or not put back. What was there before still is.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something where the backup should go.
    #[error("{0} is there already: a backup never replaces anything; name a new folder")]
    Exists(PathBuf),
    /// A data folder without a journal.
    #[error("there is no journal in {0}: is this the data_dir of mapwright.toml?")]
    NoJournal(PathBuf),
    /// Not a backup, or not a whole one.
    #[error("{dir} is not a whole backup: {said}. Take another one")]
    NotWhole {
        /// The folder.
        dir: PathBuf,
        /// What is wrong.
        said: String,
    },
    /// A journal would be replaced.
    #[error(
        "{0} already holds a journal. To put the backup in its place, say --replace: the present \
         data is moved aside, not deleted"
    )]
    WouldReplace(PathBuf),
    /// A host works on the folder, or it cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite could not do it.
    #[error("the journal {path} could not be copied: {source}")]
    Sqlite {
        /// Which.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Copies the journal in `data_dir` to the new folder `to`, whether or not a host works on it.
///
/// # Errors
/// [`BackupError`]; nothing has the name `to` then.
pub fn backup(data_dir: &Path, to: &Path) -> Result<Backup, BackupError> {
    let from = data_dir.join(FILE);
    if !from.exists() {
        return Err(BackupError::NoJournal(data_dir.to_path_buf()));
    }
    if to.exists() {
        return Err(BackupError::Exists(to.to_path_buf()));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    match std::fs::remove_dir_all(&partial) {
        Ok(()) => tracing::info!(dir = %partial.display(), "removed a backup that was cut short"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(BackupError::File { path: partial, source }),
    }
    std::fs::create_dir_all(&partial).map_err(at(&partial))?;
    let copy = partial.join(FILE);
    let sqlite = |source| BackupError::Sqlite { path: from.clone(), source };
    let connection = schema::open_beside(&from, true).map_err(sqlite)?;
    let name = copy.to_str().ok_or_else(|| BackupError::NotWhole {
        dir: to.to_path_buf(),
        said: "its name is not UTF-8".into(),
    })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(sqlite)?;
    let (last_seq, open) = numbers(&copy).map_err(sqlite)?;
    let account = Backup {
        mapwright: env!("CARGO_PKG_VERSION").to_owned(),
        layout: schema::LAYOUT,
        taken_at: Timestamp::now(),
        last_seq,
        open,
        bytes: std::fs::metadata(&copy).map_err(at(&copy))?.len(),
        sha256: digest(&copy)?,
        plugins: beside::copy_all(&data_dir.join(PLUGINS), &partial.join(PLUGINS))?,
    };
    let text = serde_json::to_vec_pretty(&account).expect("an account is plain data");
    let path = partial.join(ACCOUNT);
    std::fs::write(&path, text).map_err(at(&path))?;
    for path in [&path, &copy, &partial] {
        File::open(path).and_then(|file| file.sync_all()).map_err(at(path))?;
    }
    std::fs::rename(&partial, to).map_err(at(to))?;
    sync_parent(to)?;
    Ok(account)
}

/// What [`restore`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// What was put back.
    pub backup: Backup,
    /// Where what was there before has gone.
    pub moved_to: Option<PathBuf>,
}

/// Puts the backup in `from` in place of whatever is in `data_dir`. The host must not be running.
///
/// # Errors
/// [`BackupError`]; `data_dir` is as it was then.
pub fn restore(from: &Path, data_dir: &Path, replace: bool) -> Result<Restored, BackupError> {
    let backup = verified(from)?;
    std::fs::create_dir_all(data_dir).map_err(at(data_dir))?;
    let lock = FolderLock::take(data_dir)?;
    let occupied = data_dir.join(FILE).exists();
    if occupied && !replace {
        return Err(BackupError::WouldReplace(data_dir.to_path_buf()));
    }
    // All is made ready beside the folder; two renames then put it in its place.
    let stem = data_dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let next_to = |what: &str| data_dir.with_file_name(format!("{stem}-{what}-{stamp}"));
    let ready = next_to("restoring");
    std::fs::create_dir(&ready).map_err(at(&ready))?;
    let copy = ready.join(FILE);
    std::fs::copy(from.join(FILE), &copy).map_err(at(&copy))?;
    note_restored(&copy, backup.last_seq)?;
    let plugins = ready.join(PLUGINS);
    beside::copy_all(&from.join(PLUGINS), &plugins)?;
    // What was in use here may be asked for here, also where the backup does not know it.
    beside::copy_all(&data_dir.join(PLUGINS), &plugins)?;
    for path in [&copy, &ready] {
        File::open(path).and_then(|file| file.sync_all()).map_err(at(path))?;
    }
    let aside = next_to("before");
    std::fs::rename(data_dir, &aside).map_err(at(data_dir))?;
    std::fs::rename(&ready, data_dir).map_err(at(data_dir))?;
    sync_parent(data_dir)?;
    drop(lock);
    let moved_to = if occupied {
        Some(aside)
    } else {
        // Nothing but our own lock was in it.
        std::fs::remove_dir_all(&aside).map_err(at(&aside))?;
        None
    };
    Ok(Restored { backup, moved_to })
}

/// The account of a backup whose journal is what the account says.
fn verified(dir: &Path) -> Result<Backup, BackupError> {
    let not_whole = |said: String| BackupError::NotWhole { dir: dir.to_path_buf(), said };
    let text = std::fs::read(dir.join(ACCOUNT))
        .map_err(|error| not_whole(format!("{ACCOUNT} cannot be read ({error})")))?;
    let backup: Backup = serde_json::from_slice(&text)
        .map_err(|error| not_whole(format!("{ACCOUNT} cannot be read ({error})")))?;
    if backup.layout > schema::LAYOUT {
        let (path, found) = (dir.join(FILE), backup.layout);
        return Err(OpenError::Newer { path, found, known: schema::LAYOUT }.into());
    }
    if digest(&dir.join(FILE))? != backup.sha256 {
        return Err(not_whole(format!("{FILE} is not what was written")));
    }
    beside::check(&backup.plugins, &dir.join(PLUGINS))?;
    Ok(backup)
}

fn numbers(copy: &Path) -> rusqlite::Result<(u64, u64)> {
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.query_row(
        "SELECT (SELECT coalesce(max(seq), 0) FROM events), (SELECT count(*) FROM open)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// From now on whatever was open in the backup may have been delivered since.
fn note_restored(copy: &Path, last_seq: u64) -> Result<(), BackupError> {
    let connection = schema::open_writer(copy)?;
    let note = || {
        connection.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            params![RESTORED_SEQ, last_seq],
        )?;
        // The log goes into the main file, and away with the last connection.
        connection.pragma_update(None, "wal_checkpoint", "truncate")
    };
    note().map_err(|source| BackupError::Sqlite { path: copy.to_path_buf(), source })
}

/// The last event of the backup that this journal was restored from; 0 if it never was.
pub(super) fn restored_seq(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row(
        "SELECT coalesce((SELECT value FROM meta WHERE name = ?1), 0)",
        [RESTORED_SEQ],
        |row| row.get(0),
    )
}

fn digest(path: &Path) -> Result<String, BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(at(path))? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn sync_parent(path: &Path) -> Result<(), BackupError> {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(at(parent))
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_path_buf();
    move |source| BackupError::File { path, source }
}
