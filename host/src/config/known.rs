//! What the journal knows of the versions of a merchant's plugins, as far as reading a folder needs it:
//! which is at work where a file is only an offer, and whom somebody vouched for.
//!
//! A command that looks at a folder without its journal knows nothing; then the files alone count.

use crate::journal::Journal;
use crate::journal::versions::VersionState;
use crate::plugin::{LimitsPatch, Plugin, Shelf};

/// The journal and the shelf, where there are some.
#[derive(Debug, Clone, Default)]
pub struct Known(Option<(Journal, Shelf)>);

impl Known {
    /// Of a host.
    #[must_use]
    pub fn new(journal: Journal, shelf: Shelf) -> Self {
        Self(Some((journal, shelf)))
    }

    /// Whether anything can be known.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The digest of the version that is at work, if it is not this one and nobody is about to put
    /// this one there.
    pub(super) fn instead_of(&self, merchant: &str, plugin: &str, digest: &str) -> Option<String> {
        let (journal, _) = self.0.as_ref()?;
        let rows = journal.plugin_versions(Some(merchant), Some(plugin)).ok()?;
        let active = rows.into_iter().find(|row| row.it.state == VersionState::Active)?;
        let active = Some(active.it.digest).filter(|active| active != digest)?;
        let subject = format!("plugin/{plugin}");
        let about_to = journal.intents().ok()?.into_iter().any(|intent| {
            let entry = &intent.entry;
            let named = || serde_json::from_str::<serde_json::Value>(&entry.detail).ok();
            entry.merchant == merchant
                && entry.subject == subject
                && named().is_some_and(|detail| detail["to"]["digest"] == digest)
        });
        (!about_to).then_some(active)
    }

    /// The key that a version was signed with when it was brought in.
    pub(super) fn signer(&self, merchant: &str, plugin: &str, digest: &str) -> Option<String> {
        let (journal, _) = self.0.as_ref()?;
        journal.version(merchant, plugin, digest).ok()??.it.signed_by
    }

    /// A version off the shelf.
    pub(super) fn plugin(&self, digest: &str, asked: &LimitsPatch) -> Result<Plugin, String> {
        let Some((_, shelf)) = &self.0 else { return Err("there is no shelf".to_owned()) };
        shelf.plugin(&shelf.find(digest)?, asked)
    }
}
