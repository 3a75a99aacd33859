//! The sled folder: opened with distrust, written so that a power cut takes nothing back.
//!
//! sled 0.34's `flush` does not sync, it cannot open a folder with a half-written snapshot, and a
//! damaged folder may panic, hang or give old data without a word. Hence:
//! - a batch ends with our own `sync_data` on sled's one file;
//! - `snap.*.generating` is deleted before opening; opening happens on a thread of its own, panics
//!   caught, with a time limit, and a mark on the disk tells the next start that it never ended;
//! - next to the values lies a *seal* (watermark, number of values, a checksum over all of them),
//!   changed in the same atomic batch. At open every value is read and the seal compared: what
//!   comes out is exactly what was put in, or the folder is moved to `quarantine-<time>` and made
//!   again from the journal.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::value;
use super::{Error, ResourceCheckpoint};

/// Small: the values are, and most are read once per event of a resource.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// Longer than any folder of ours takes to open; a damaged one may take for ever.
const OPEN_TIME_MAX: Duration = Duration::from_secs(60);
/// Ours is the only process here (the journal's lock says so), so a locked store will be free soon.
const LOCK_TIME_MAX: Duration = Duration::from_secs(10);
const SEAL_KEY: &[u8] = b"m";

/// What the store says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seal {
    /// Every finished passage up to this mark is in the values.
    pub(super) watermark: u64,
    count: u64,
    sum: u64,
    /// Last words up to this mark are not among them any more: the journal keeps them.
    pub(super) floor: u64,
}

impl Seal {
    fn encode(self) -> Vec<u8> {
        let mut bytes = vec![2];
        for number in [self.watermark, self.count, self.sum, self.floor] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        value::seal(SEAL_KEY, bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (schema, rest) = value::unseal(SEAL_KEY, bytes)?.split_first()?;
        let number = |n: usize| {
            let bytes = rest.get(n * 8..n * 8 + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        let floor = match (schema, rest.len()) {
            // Before anything was let go.
            (1, 24) => 0,
            (2, 32) => number(3)?,
            _ => return None,
        };
        Some(Self { watermark: number(0)?, count: number(1)?, sum: number(2)?, floor })
    }

    /// The sum is an exclusive or, so values come and go in any order.
    fn toggle(&mut self, key: &[u8], value: &[u8]) {
        let mut hasher = Sha256::new();
        hasher.update((key.len() as u64).to_be_bytes());
        hasher.update(key);
        hasher.update(value);
        let digest = hasher.finalize();
        let (head, _) = digest.split_first_chunk::<8>().expect("a sha256 has 32 bytes");
        self.sum ^= u64::from_be_bytes(*head);
    }
}

/// The open folder.
pub(super) struct Store {
    db: sled::Db,
    file: File,
    seal: Seal,
}

impl Store {
    /// Opens `dir`, or moves it aside and begins an empty one. `last_mark` is the journal's: a
    /// store that knows more than the journal belongs to another journal.
    ///
    /// `kept_to` is how far the journal keeps last words by itself: one that has let go of more lacks
    /// them, and one that ends before it may have outdated ones.
    pub(super) fn open(dir: &Path, last_mark: u64, kept_to: u64) -> Result<Self, Error> {
        let unusable = |said| Error::Unusable { dir: dir.to_path_buf(), said };
        match open_checked(dir, last_mark, kept_to) {
            Ok(store) => Ok(store),
            Err(Refusal::System(said)) => Err(unusable(said)),
            Err(Refusal::Damaged(why)) => {
                let aside = set_aside(dir)?;
                tracing::warn!(
                    why,
                    folder = %dir.display(),
                    moved_to = %aside.display(),
                    "the checkpoints were damaged; they are made again from the journal"
                );
                open_checked(dir, last_mark, kept_to).map_err(|refusal| match refusal {
                    Refusal::Damaged(said) | Refusal::System(said) => unusable(said),
                })
            }
        }
    }

    pub(super) fn watermark(&self) -> u64 {
        self.seal.watermark
    }

    pub(super) fn floor(&self) -> u64 {
        self.seal.floor
    }

    pub(super) fn count(&self) -> u64 {
        self.seal.count
    }

    /// What is held under a key, if it has this mark: then it is a last word still.
    pub(super) fn word(&self, key: &[u8], mark: u64) -> Result<Option<value::Stored>, Error> {
        let Some(found) = self.db.get(key)? else { return Ok(None) };
        let stored = value::decode(key, &found).ok_or(Error::Damaged)?;
        Ok((stored.checkpoint.mark == mark).then_some(stored))
    }

    /// Lets go of words, all of them up to the new floor; durable when it returns.
    pub(super) fn let_go(&mut self, keys: &[Vec<u8>], floor: u64) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        let mut seal = Seal { floor, watermark: self.seal.watermark.max(floor), ..self.seal };
        for key in keys {
            if let Some(old) = self.db.get(key)? {
                seal.toggle(key, &old);
                seal.count -= 1;
                batch.remove(&key[..]);
            }
        }
        self.write(batch, seal)
    }

    fn write(&mut self, mut batch: sled::Batch, seal: Seal) -> Result<(), Error> {
        batch.insert(SEAL_KEY, seal.encode());
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        if let Err(error) = self.file.sync_data() {
            stop_the_process(&error);
        }
        self.seal = seal;
        Ok(())
    }

    /// A handle to read by.
    pub(super) fn reader(&self) -> sled::Db {
        self.db.clone()
    }

    /// Writes `puts` and the new watermark as one, durable when it returns. A put older than what
    /// is there is left out.
    pub(super) fn commit<'p>(
        &mut self,
        puts: impl Iterator<Item = (&'p [u8], &'p ResourceCheckpoint)>,
        watermark: u64,
    ) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        let mut seal = self.seal;
        for (key, checkpoint) in puts {
            let old = self.db.get(key)?;
            match &old {
                Some(old) => {
                    let stored = value::decode(key, old).ok_or(Error::Damaged)?;
                    if stored.checkpoint.mark >= checkpoint.mark {
                        continue;
                    }
                    seal.toggle(key, old);
                }
                None => seal.count += 1,
            }
            let new = value::encode(key, checkpoint);
            assert!(new.len() <= value::VALUE_BYTES_MAX, "a value is cut to fit before it is put");
            seal.toggle(key, &new);
            batch.insert(key, new);
        }
        seal.watermark = watermark;
        self.write(batch, seal)
    }
}

/// Why a folder was not opened.
enum Refusal {
    /// What is in it is not what was written: another one has to be made.
    Damaged(String),
    /// The system does not let us: another one would fare no better.
    System(String),
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem => Self::System(error.to_string()),
            // sled says so of files that are too short, among others.
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl From<sled::Error> for Refusal {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

fn damaged(why: impl Into<String>) -> Refusal {
    Refusal::Damaged(why.into())
}

fn open_checked(dir: &Path, last_mark: u64, kept_to: u64) -> Result<Store, Refusal> {
    std::fs::create_dir_all(dir).map_err(|error| Refusal::System(error.to_string()))?;
    let mark = dir.with_extension("opening");
    if mark.exists() {
        // Either the host was killed in these milliseconds, or the folder is what killed it.
        let _removed = std::fs::remove_file(&mark);
        return Err(damaged("the host ended while it was opening them"));
    }
    delete_half_snapshots(dir)?;
    // On a full disk there is no mark and no protection; that alone is no reason not to start.
    let _unmarked = File::create(&mark);
    let (done, opened) = std::sync::mpsc::sync_channel(1);
    let folder = dir.to_path_buf();
    let opener = std::thread::Builder::new()
        .name("checkpoint-open".into())
        .spawn(move || {
            let opened = std::panic::catch_unwind(AssertUnwindSafe(|| {
                open_here(&folder, last_mark, kept_to)
            }));
            // Nobody waits any longer: then the store is closed again by being dropped here.
            let _too_late = done.send(opened.unwrap_or_else(|_| Err(damaged("sled panicked"))));
        })
        .map_err(|error| Refusal::System(error.to_string()))?;
    let result = opened.recv_timeout(OPEN_TIME_MAX);
    let _unmarked = std::fs::remove_file(&mark);
    match result {
        Ok(result) => {
            // It has sent its answer; what is left of it is its end.
            let _ended = opener.join();
            result
        }
        Err(_) => Err(damaged(format!("opening took more than {OPEN_TIME_MAX:?}"))),
    }
}

fn open_here(dir: &Path, last_mark: u64, kept_to: u64) -> Result<Store, Refusal> {
    let db = open_unlocked(dir)?;
    let file = File::open(dir.join("db"))?;
    let seal = match db.get(SEAL_KEY)? {
        Some(bytes) => Some(Seal::decode(&bytes).ok_or_else(|| damaged("the seal is damaged"))?),
        None => None,
    };
    let Seal { watermark, floor, .. } = seal.unwrap_or_default();
    let mut seen = Seal { watermark, floor, ..Seal::default() };
    for entry in db.iter() {
        let (key, bytes) = entry?;
        if *key == *SEAL_KEY {
            continue;
        }
        value::decode(&key, &bytes).ok_or_else(|| damaged("a value is damaged"))?;
        seen.count += 1;
        seen.toggle(&key, &bytes);
    }
    if seal.unwrap_or_default() != seen {
        return Err(damaged("the values are not the ones that were written last"));
    }
    if seen.watermark > last_mark {
        let watermark = seen.watermark;
        return Err(damaged(format!("they go up to mark {watermark}, the journal to {last_mark}")));
    }
    if seen.floor > kept_to {
        let floor = seen.floor;
        return Err(damaged(format!(
            "they lack what lies before mark {floor}, the journal keeps it up to {kept_to}"
        )));
    }
    if seen.watermark < kept_to && seen.count > 0 {
        return Err(damaged(format!(
            "they go up to mark {}, and the journal keeps words up to {kept_to}",
            seen.watermark
        )));
    }
    let mut store = Store { db, file, seal: seen };
    if seal.is_none() {
        store.commit(std::iter::empty(), 0).map_err(|error| match error {
            Error::Store(error) => error.into(),
            other => damaged(other.to_string()),
        })?;
        for folder in [Some(dir), dir.parent()].into_iter().flatten() {
            File::open(folder)?.sync_all()?;
        }
    }
    Ok(store)
}

/// sled's threads may hold a store's lock for some moments after it was closed.
fn open_unlocked(dir: &Path) -> Result<sled::Db, Refusal> {
    let config = sled::Config::default().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let until = Instant::now() + LOCK_TIME_MAX;
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                if Instant::now() > until {
                    return Err(Refusal::System(error.to_string()));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return Ok(opened?),
        }
    }
}

/// A kill in the wrong moment leaves these, and sled refuses to open for ever after.
fn delete_half_snapshots(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn set_aside(dir: &Path) -> Result<PathBuf, Error> {
    let stamp = jiff::Timestamp::now().as_millisecond();
    let mut aside = dir.with_file_name(format!("quarantine-{stamp}"));
    let mut n = 1;
    while aside.exists() {
        aside = dir.with_file_name(format!("quarantine-{stamp}-{n}"));
        n += 1;
    }
    std::fs::rename(dir, &aside)
        .map_err(|error| Error::Unusable { dir: dir.to_path_buf(), said: error.to_string() })?;
    Ok(aside)
}

/// Ends the process after a failed fsync: what the disk holds is not known any more.
fn stop_the_process(error: &std::io::Error) -> ! {
    tracing::error!(%error, "fsync of the checkpoints failed");
    #[expect(
        clippy::print_stderr,
        reason = "the last words must not depend on a log that is set up"
    )]
    {
        eprintln!(
            "mapwright: fsync of the checkpoints failed ({error}). What the disk holds is not \
             known any more, so the host stops here. Check the disk, then start mapwright again: \
             it goes on from the journal"
        );
    }
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(mark: u64) -> ResourceCheckpoint {
        ResourceCheckpoint {
            checkpoint: Some(format!("of {mark}")),
            target_status: None,
            status: None,
            version: None,
            event_seq: mark,
            mark,
        }
    }

    fn put(store: &mut Store, keys: &[(&[u8], u64)], watermark: u64) {
        let puts: Vec<_> = keys.iter().map(|(key, mark)| (*key, checkpoint(*mark))).collect();
        store.commit(puts.iter().map(|(key, it)| (*key, it)), watermark).unwrap();
    }

    fn mark_of(store: &Store, key: &[u8]) -> Option<u64> {
        let found = store.db.get(key).unwrap()?;
        Some(value::decode(key, &found).unwrap().checkpoint.mark)
    }

    #[test]
    fn a_late_put_does_not_replace_a_newer_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("c"), 9, 0).unwrap();
        put(&mut store, &[(b"c1", 5)], 0);
        put(&mut store, &[(b"c1", 4), (b"c2", 3)], 5);
        assert_eq!(mark_of(&store, b"c1"), Some(5));
        assert_eq!(mark_of(&store, b"c2"), Some(3));
    }

    /// What sled itself cannot see: every value is whole, but they are not the ones written last.
    #[test]
    fn a_value_that_went_back_or_away_is_noticed() {
        let tamper: [fn(&sled::Db, &[u8]); 3] = [
            |db, _| drop(db.remove(b"c1").unwrap()),
            |db, old| drop(db.insert(b"c1", old).unwrap()),
            |db, old| drop(db.insert(b"c3", old).unwrap()),
        ];
        for tamper in tamper {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("c");
            let mut store = Store::open(&folder, 9, 0).unwrap();
            put(&mut store, &[(b"c1", 1), (b"c2", 2)], 2);
            let old = store.db.get(b"c1").unwrap().unwrap();
            put(&mut store, &[(b"c1", 3)], 3);
            drop(store);
            let store = Store::open(&folder, 9, 0).unwrap();
            assert_eq!((store.watermark(), mark_of(&store, b"c1")), (3, Some(3)));
            tamper(&store.db, &old);
            drop(store);
            let store = Store::open(&folder, 9, 0).unwrap();
            assert_eq!(store.watermark(), 0, "it has to be made again");
            assert_eq!(mark_of(&store, b"c2"), None);
        }
    }
}
