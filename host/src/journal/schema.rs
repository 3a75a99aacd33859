//! The layout of `journal.db`, how it grows, and how connections to it are made.
//!
//! Rows that carry bytes (`events`, `mappings`, `attempts`) are only ever added; what changes with
//! each step (`open`, `passages`, `resources`) is small and apart, so a step rewrites a few hundred
//! bytes and not a payload. One index is there for screens alone (`events_by_merchant`, a few bytes
//! at the end of each merchant's part); whatever else they ask starts from small tables.
//!
//! `events` one row for each accepted payload. `open` those not closed yet, by merchant, with all
//! that planning needs, so that a long backlog is planned without a look at its payloads.
//! `unrouted` why an event was closed without a passage. `resources` the last accepted fingerprint
//! of each resource. `passages` the state machine drawn in `record.rs`. `mappings` what the
//! plugins made. `attempts` each try of each document. `finished` passages that ended delivered,
//! in the order they did; `remembered` what of them outlives their events. `dead_letters`,
//! `identities`, `quarantine` as their names say. `cursors` and `followups` are described in
//! `follow.rs`, `jobs` in `jobs.rs`, `issues`, `issue_money` and what is new in `dead_letters` in
//! `issues.rs`, `past_passages` and `job_ends` in `replay.rs`, `bookmarks`, `audit` and
//! `answers_given` in `audit.rs`, `corrections` in `recall.rs`, `route_pauses`, `canaries` and
//! `trials` in `rollouts.rs`, `api_tokens` in `tokens.rs`, `versions`, `uploads` and `intents` in
//! `versions.rs`, `version_cases` and `signed_tables` in `cases.rs`, `value_versions` in `values.rs`, `echoes` in `echoes.rs`, `kept` in `kept.rs`.
//! Times are microseconds since 1970 UTC.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use super::error::is_damage;
use super::issues;

/// What `user_version` says after all migrations.
pub(super) const LAYOUT: i64 = 3;

/// Marks the file as ours: "MpWj".
const APPLICATION_ID: i64 = 0x4d70_576a;

/// Step n brings a journal of layout n to n + 1. Released steps are never edited.
const MIGRATIONS: [&str; 3] =
    [include_str!("layout/1.sql"), include_str!("layout/2.sql"), include_str!("layout/3.sql")];

/// Up to this size the whole file is checked at open; larger ones only where the host works next,
/// because a full check of a long journal takes minutes.
const CHECKED_WHOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Opens the one connection that writes, making or migrating the file as needed.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let wal = path.with_extension("db-wal");
    let wal_bytes = std::fs::metadata(&wal).map_or(0, |it| it.len());
    let bytes = std::fs::metadata(path).map_or(0, |it| it.len());
    if bytes == 0 && wal_bytes > 0 {
        // SQLite would throw the orphaned log away and begin an empty journal.
        return Err(damaged(path, "its main file is missing or empty while its -wal file is not"));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        set_up_writer(&connection)?;
        Ok(connection)
    });
    let mut connection = opened.map_err(|error| refusal(path, error))?;
    migrate(&mut connection, path)?;
    check(&connection, path, bytes)?;
    // The names of the new files are durable too, or the first power cut takes the journal along.
    if let Some(dir) = path.parent() {
        sync_folder(dir)?;
        if let Some(above) = dir.parent().filter(|above| !above.as_os_str().is_empty()) {
            // The parent may belong to somebody else; then it is theirs to keep.
            let _not_ours = sync_folder(above);
        }
    }
    Ok(connection)
}

fn sync_folder(dir: &Path) -> Result<(), OpenError> {
    std::fs::File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| OpenError::Folder { dir: dir.to_path_buf(), source })
}

fn set_up_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // Takes effect in a new file only: pages that become free can be given back bit by bit.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a commit returns when the log is on the disk.
    connection.pragma_update(None, "synchronous", "full")?;
    // The checkpointer does this, away from the writer.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What a burst made of the log file is given back.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    // 8 MiB: more than the largest group of commands dirties, so nothing spills before commit.
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    keep_plans(connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Opens a connection that only reads, or only copies the log into the main file.
pub(super) fn open_beside(path: &Path, read_only: bool) -> rusqlite::Result<Connection> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "cache_size", -1024)?;
    if !read_only {
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    }
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Statements are planned once. Without this SQLite plans a statement with a range or a limit anew
/// for each new value it is given, which was a tenth of what an event costs the host.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let refuse = |error| refusal(path, error);
    let found: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(refuse)?;
    if found > LAYOUT {
        return Err(OpenError::Newer { path: path.to_path_buf(), found, known: LAYOUT });
    }
    let mark: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(refuse)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(refuse)?;
    if mark != APPLICATION_ID && tables > 0 {
        return Err(damaged(path, "it is an SQLite database of another program"));
    }
    let Ok(from) = usize::try_from(found) else {
        return Err(damaged(path, "its layout number is negative"));
    };
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(from) {
        let transaction = connection.transaction().map_err(refuse)?;
        transaction.execute_batch(sql).map_err(refuse)?;
        if step == 1 {
            issues::adopt(&transaction).map_err(refuse)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(refuse)?;
        transaction.pragma_update(None, "user_version", step + 1).map_err(refuse)?;
        transaction.commit().map_err(refuse)?;
    }
    Ok(())
}

fn check(connection: &Connection, path: &Path, bytes: u64) -> Result<(), OpenError> {
    if bytes <= CHECKED_WHOLE_BYTES_MAX {
        let said: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| refusal(path, error))?;
        if said != "ok" {
            return Err(damaged(path, &said));
        }
        return Ok(());
    }
    for last in [
        "SELECT seq FROM events ORDER BY seq DESC LIMIT 1",
        "SELECT seq FROM open ORDER BY merchant, seq LIMIT 1",
        "SELECT seq FROM passages ORDER BY seq DESC LIMIT 1",
        "SELECT seq FROM mappings ORDER BY seq DESC LIMIT 1",
        "SELECT mark FROM finished ORDER BY mark DESC LIMIT 1",
    ] {
        match connection.query_row(last, [], |row| row.get::<_, i64>(0)) {
            Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => {}
            Err(error) => return Err(refusal(path, error)),
        }
    }
    Ok(())
}

fn damaged(path: &Path, said: &str) -> OpenError {
    OpenError::Damaged { path: path.to_path_buf(), said: said.to_owned() }
}

fn refusal(path: &Path, error: rusqlite::Error) -> OpenError {
    // A table that should be there and is not is damage too.
    let missing = error.to_string().contains("no such");
    if is_damage(&error) || missing {
        damaged(path, &error.to_string())
    } else {
        OpenError::Sqlite { path: path.to_path_buf(), source: error }
    }
}
