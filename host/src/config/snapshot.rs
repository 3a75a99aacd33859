//! All merchants as they are served at one moment: immutable, swapped whole.
//!
//! [`Loader::load`] reads the configuration folder against the snapshot before it and makes the
//! next one. Walks hold the [`ReadyRoute`](super::ReadyRoute) they began on, so a swap needs no
//! draining.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{HostFile, MerchantFile};
use super::known::Known;
use super::merchant::Merchant;
use super::text::Fault;
use crate::delivery::{Outbound, backoff};
use crate::journal::{Retention, RetentionPatch, Retentions};
use crate::plugin::{Engine, LimitsPatch};

/// What is being served.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// By name.
    pub merchants: BTreeMap<String, Arc<Merchant>>,
    /// How long what has ended is kept.
    pub retentions: Retentions,
    /// Faults of the host's own file.
    pub faults: Vec<Fault>,
}

impl Snapshot {
    /// Every fault of every file.
    pub fn all_faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().chain(self.merchants.values().flat_map(|m| &m.faults))
    }
}

/// Makes snapshots of one configuration folder.
#[derive(Debug, Clone)]
pub struct Loader {
    /// The folder with `mapwright.toml`.
    pub dir: PathBuf,
    /// Compiles plugins.
    pub engine: Engine,
    /// The host's limits.
    pub limits: LimitsPatch,
    /// The host's schedule.
    pub retry: backoff::Schedule,
    /// The host's retention.
    pub retention: RetentionPatch,
    /// Shared by all targets.
    pub outbound: Outbound,
    /// What is known of versions.
    pub known: Known,
}

impl Loader {
    /// For the folder that `file` was read from.
    #[must_use]
    pub fn new(dir: &Path, file: &HostFile, engine: Engine, outbound: Outbound) -> Self {
        Self {
            dir: dir.to_owned(),
            engine,
            limits: file.limits,
            retry: file.retry,
            retention: file.retention,
            outbound,
            known: Known::default(),
        }
    }

    /// The same for a host, which knows what was brought in and what is at work.
    #[must_use]
    pub fn knowing(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// The next snapshot.
    #[must_use]
    pub fn load(&self, previous: Option<&Snapshot>) -> Snapshot {
        let mut merchants = BTreeMap::new();
        let folder = self.dir.join("merchants");
        let mut faults = Vec::new();
        // Limits and schedule are read again; an address or data folder needs a restart.
        let loader = match HostFile::read(&self.dir) {
            Ok(file) => Self {
                limits: file.limits,
                retry: file.retry,
                retention: file.retention,
                ..self.clone()
            },
            Err(fault) => {
                faults.push(fault);
                self.clone()
            }
        };
        let host = Retention::default().patched(loader.retention);
        let mut retentions = Retentions { host, ..Retentions::default() };
        for (name, dir) in merchant_folders(&folder) {
            let before = previous.and_then(|p| p.merchants.get(&name)).map(|m| &**m);
            let merchant = Merchant::load(&loader, &name, &dir, before);
            retentions.merchants.insert(name.clone(), host.patched(merchant.retention()));
            merchants.insert(name, Arc::new(merchant));
        }
        Snapshot { merchants, retentions, faults }
    }

    /// What is asked of a plugin's limits, over those of its profile: by the host, then by the merchant, then of
    /// the plugin alone.
    #[must_use]
    pub fn limits_of(&self, file: Option<&MerchantFile>, plugin: &str) -> LimitsPatch {
        let Some(file) = file else { return self.limits };
        let asked = self.limits.then(&file.limits);
        file.plugin_limits.get(plugin).map_or(asked, |own| asked.then(own))
    }
}

fn merchant_folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(listing) = std::fs::read_dir(folder) else { return Vec::new() };
    listing
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            (!name.starts_with('.')).then(|| (name.to_owned(), path.clone()))
        })
        .collect()
}
