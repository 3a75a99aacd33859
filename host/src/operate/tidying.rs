//! How much of the shelf a merchant may keep: the oldest versions go, never one that anybody needs.
//!
//! Needed is what is at work, offered as candidate, shadowing, named by an open passage, job or issue, and
//! the version that a rollback would go back to. The record of a version stays; its bytes go when no
//! other merchant's record keeps them. The journal says so first: a crash in between leaves a file too
//! many, which the next tidying takes.

use std::collections::BTreeSet;

use tracing::{info, warn};

use super::versions::Versions;
use crate::journal;
use crate::journal::audit::Act;
use crate::journal::versions::{VersionAct, VersionRow, VersionState};

impl Versions {
    /// Keeps a merchant's versions within what its file says. What goes wrong is only told: it costs
    /// room on the disk.
    pub(super) async fn tidy(&self, merchant: &str) {
        if let Err(error) = self.try_tidy(merchant).await {
            warn!(merchant.name = merchant, %error, "old plugin versions could not be taken off the shelf");
        }
    }

    async fn try_tidy(&self, merchant: &str) -> Result<(), journal::Error> {
        let Ok(of) = self.merchant(merchant) else { return Ok(()) };
        let rules = of.plugin_rules();
        let mut rows = self.journal.plugin_versions(Some(merchant), None)?;
        rows.retain(|row| row.it.kept);
        let old = |row: &VersionRow| {
            matches!(row.it.state, VersionState::Admitted | VersionState::Retired)
        };
        let (mut count, mut bytes) = (0, 0);
        let needed = self.needed(&rows)?;
        let mut dropped = Vec::new();
        // The newest first: what is above the limit is what comes late.
        rows.sort_by_key(|row| std::cmp::Reverse(row.changed_at));
        for row in rows.iter().filter(|row| old(row)) {
            count += 1;
            bytes += row.it.bytes;
            let above = count > rules.keep_versions || bytes > rules.keep_bytes;
            if above && !needed.contains(&row.it.digest) {
                bytes -= row.it.bytes;
                count -= 1;
                dropped.push(row);
            }
        }
        for row in &dropped {
            let act = VersionAct::Dropped {
                merchant: merchant.to_owned(),
                plugin: row.it.plugin.clone(),
                digest: row.it.digest.clone(),
            };
            self.journal.act(vec![Act::Version(act)]).await?;
        }
        let still: BTreeSet<String> = self.journal.kept_digests()?;
        let known = self.journal.all_version_digests()?;
        let needed = self.journal.needed_digests()?;
        for kept in self.shelf.all() {
            let digest = &kept.digest;
            if known.contains(digest) && !still.contains(digest) && !needed.contains(digest) {
                info!(
                    plugin.name = kept.name,
                    plugin.version = kept.version,
                    plugin.digest = digest,
                    "an old version is taken off the shelf"
                );
                if let Err(error) = self.shelf.remove(&kept) {
                    warn!(plugin.digest = digest, %error, "an old version could not be removed");
                }
            }
        }
        Ok(())
    }

    /// The digests that nobody may take away.
    fn needed(&self, rows: &[VersionRow]) -> Result<BTreeSet<String>, journal::Error> {
        let mut needed = self.journal.needed_digests()?;
        let snapshot = self.snapshot.load();
        let entries = snapshot.merchants.values().flat_map(|it| it.catalog.entries());
        needed.extend(entries.filter_map(|(_, it)| Some(it.plugin.as_ref()?.digest().to_owned())));
        let plugins: BTreeSet<&str> = rows.iter().map(|row| row.it.plugin.as_str()).collect();
        for plugin in plugins {
            let retired = rows
                .iter()
                .filter(|row| row.it.plugin == plugin && row.it.state == VersionState::Retired);
            let last = retired.max_by_key(|row| row.changed_at);
            needed.extend(last.map(|row| row.it.digest.clone()));
        }
        Ok(needed)
    }
}
