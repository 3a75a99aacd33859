//! The plugin files of one merchant, each loaded once, the last good version kept.
//!
//! A file is looked at again only when its size, time or inode changed, or what it may use, so a
//! thousand plugins cost a thousand `stat`s. A file that cannot be loaded leaves the version before it in place, with the
//! fault beside it; a file that is gone is gone. The swap itself is not done here: a catalog is
//! immutable, and [`super::snapshot`] publishes a new one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::text::Fault;
use crate::plugin::{Engine, Limits, Plugin, Stage};

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
    /// What its calls may use: the limits under which that version was found fit to run.
    pub limits: Limits,
    /// Why the file as it is now is not in use.
    pub fault: Option<Fault>,
    stamp: Stamp,
    /// The limits that were asked for when the file was last looked at.
    asked: Limits,
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

impl Catalog {
    /// Looks at `dir` again, loading what changed since `previous`.
    #[must_use]
    pub fn refreshed(
        previous: Option<&Self>,
        dir: &Path,
        engine: &Engine,
        limits_of: impl Fn(&str) -> Limits,
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
            let entry = match before.filter(|entry| entry.is_of(&path, &stamp, &asked)) {
                Some(same) => Arc::clone(same),
                None => Arc::new(load(engine, &name, path, stamp, asked, before)),
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
        Some(Stage { plugin: entry.plugin.clone()?, limits: entry.limits })
    }

    /// All files, by plugin name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), &**entry))
    }
}

impl Entry {
    fn is_of(&self, path: &Path, stamp: &Stamp, asked: &Limits) -> bool {
        self.path == path && self.stamp == *stamp && self.asked == *asked
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

fn load(
    engine: &Engine,
    name: &str,
    path: PathBuf,
    stamp: Stamp,
    asked: Limits,
    before: Option<&Arc<Entry>>,
) -> Entry {
    let loaded = std::fs::read(&path)
        .map_err(|error| Fault::of(&path, format!("cannot be read: {error}")))
        .and_then(|bytes| {
            engine.load(name, &bytes, &asked).map_err(|error| Fault::of(&path, error))
        });
    match loaded {
        Ok(plugin) => {
            Entry { path, plugin: Some(plugin), limits: asked, fault: None, stamp, asked }
        }
        Err(fault) => {
            // The version before goes on as it was, under the limits it went well with.
            let plugin = before.and_then(|entry| entry.plugin.clone());
            let limits = before.map_or(asked, |entry| entry.limits);
            Entry { path, plugin, limits, fault: Some(fault), stamp, asked }
        }
    }
}
