//! The plugin files of one merchant, each loaded once, the last good version kept.
//!
//! A file is looked at again only when its size, time or inode changed, or what it may use, so a
//! thousand plugins cost two thousand `stat`s. A file that cannot be loaded leaves the version before it in place, with the
//! fault beside it; a file that is gone is gone. The swap itself is not done here: a catalog is
//! immutable, and [`super::snapshot`] publishes a new one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::known::Known;
use super::text::Fault;
use crate::plugin::signature::{self, SignatureError};
use crate::plugin::{Engine, FolderFile, LimitsPatch, Plugin, Rules, Stage};

/// What was found under `plugins/`.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entries: BTreeMap<String, Arc<Entry>>,
}

/// One file.
#[derive(Debug)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// The version in use: the file's own, or the last good one before it.
    pub plugin: Option<Plugin>,
    /// What was asked of its limits when that version was found fit to run; the rest is its profile's.
    pub limits: LimitsPatch,
    /// Why the file as it is now is not in use.
    pub fault: Option<Fault>,
    /// The digest of the file, where it is only offered and another version is at work.
    pub offered: Option<String>,
    /// The trusted key that the file was signed with.
    pub signed_by: Option<String>,
    stamp: Stamp,
    /// Of the signature beside it.
    signature: Option<Stamp>,
    rules: Rules,
    /// What was asked of its limits when the file was last looked at.
    asked: LimitsPatch,
}

/// Changes whenever a file is replaced or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        Ok(Self { bytes: meta.len(), modified: meta.modified().ok(), inode: inode(&meta) })
    }
}

#[cfg(unix)]
fn inode(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// What a file has to pass before it is in use.
pub(super) struct Door<'d> {
    pub(super) merchant: &'d str,
    pub(super) rules: &'d Rules,
    pub(super) known: &'d Known,
}

impl Catalog {
    /// Looks at `dir` again, loading what changed since `previous`.
    #[must_use]
    pub(super) fn refreshed(
        previous: Option<&Self>,
        dir: &Path,
        engine: &Engine,
        limits_of: impl Fn(&str) -> LimitsPatch,
        door: &Door<'_>,
    ) -> Self {
        let mut entries = BTreeMap::new();
        for path in wasm_files(dir) {
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)
            else {
                continue;
            };
            // A file that vanishes between the listing and now is simply gone.
            let Ok(stamp) = Stamp::of(&path) else { continue };
            let before = previous.and_then(|catalog| catalog.entries.get(&name));
            let asked = limits_of(&name);
            let entry = match before.filter(|entry| entry.is_of(&path, &stamp, &asked, door)) {
                Some(same) => Arc::clone(same),
                None => Arc::new(load(engine, &name, path, stamp, asked, before, door)),
            };
            entries.insert(name, entry);
        }
        Self { entries }
    }

    /// The plugin in use under `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Plugin> {
        self.entries.get(name)?.plugin.as_ref()
    }

    /// The same, ready to be called within its limits.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<Stage> {
        let entry = self.entries.get(name)?;
        Some(Stage::new(entry.plugin.clone()?, entry.limits))
    }

    /// All files, by plugin name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), &**entry))
    }
}

impl Entry {
    fn is_of(&self, path: &Path, stamp: &Stamp, asked: &LimitsPatch, door: &Door<'_>) -> bool {
        // What is offered may have been put to work meanwhile.
        self.offered.is_none()
            && self.path == path
            && self.stamp == *stamp
            && self.asked == *asked
            && self.rules == *door.rules
            && self.signature == Stamp::of(&signature_of(path)).ok()
    }
}

fn wasm_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<PathBuf> = listing
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    files
}

/// Where the signature of a file is, if it has one.
fn signature_of(path: &Path) -> PathBuf {
    path.with_extension("wasm.sig")
}

fn load(
    engine: &Engine,
    name: &str,
    path: PathBuf,
    stamp: Stamp,
    asked: LimitsPatch,
    before: Option<&Arc<Entry>>,
    door: &Door<'_>,
) -> Entry {
    let mut entry = Entry {
        plugin: None,
        limits: asked,
        fault: None,
        offered: None,
        signed_by: None,
        signature: Stamp::of(&signature_of(&path)).ok(),
        rules: door.rules.clone(),
        path,
        stamp,
        asked,
    };
    if let Err(fault) = fill(&mut entry, engine, name, before, door) {
        // The version before goes on as it was, under the limits it went well with.
        entry.plugin = before.and_then(|entry| entry.plugin.clone());
        entry.limits = before.map_or(asked, |entry| entry.limits);
        entry.fault = Some(fault);
    }
    entry
}

fn fill(
    entry: &mut Entry,
    engine: &Engine,
    name: &str,
    before: Option<&Arc<Entry>>,
    door: &Door<'_>,
) -> Result<(), Fault> {
    let Door { merchant, rules, known } = door;
    let path = entry.path.clone();
    let bytes = std::fs::read(&path)
        .map_err(|error| Fault::of(&path, format!("cannot be read: {error}")))?;
    if rules.folder == FolderFile::Candidate {
        let digest = hex::encode(Sha256::digest(&bytes));
        if let Some(active) = known.instead_of(merchant, name, &digest) {
            let at_work =
                before.and_then(|it| it.plugin.clone()).filter(|it| it.digest() == active);
            let at_work = at_work.map_or_else(|| known.plugin(&active, &entry.asked), Ok);
            entry.plugin = Some(at_work.map_err(|why| {
                Fault::of(&path, format!("is only offered, and what is at work is gone: {why}"))
            })?);
            entry.offered = Some(digest);
            return Ok(());
        }
    }
    entry.signed_by = vouched(&path, &bytes, name, door).map_err(|why| Fault::of(&path, why))?;
    let loaded = engine.load(name, &bytes, &entry.asked.for_file(&bytes));
    entry.plugin = Some(loaded.map_err(|error| Fault::of(&path, error))?);
    Ok(())
}

/// Who vouches for a file: whoever signed it, or signed it when it was brought in.
fn vouched(
    path: &Path,
    bytes: &[u8],
    name: &str,
    door: &Door<'_>,
) -> Result<Option<String>, SignatureError> {
    let Door { merchant, rules, known } = door;
    if let Ok(beside) = std::fs::read_to_string(signature_of(path)) {
        return signature::verify(&rules.trusted_keys, bytes, &beside).map(Some);
    }
    let digest = hex::encode(Sha256::digest(bytes));
    let trusted = |name: &String| rules.trusted_keys.iter().any(|key| key.name == *name);
    let signer = known.signer(merchant, name, &digest).filter(trusted);
    if signer.is_none() && rules.require_signature && known.is_there() {
        return Err(SignatureError::Missing);
    }
    Ok(signer)
}
