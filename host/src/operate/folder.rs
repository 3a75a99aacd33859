//! What is put into a merchant's folder by hand, written down: a version at work, one that is offered, one
//! that is refused.
//!
//! The folder is read by [`crate::config`], which has taken a file or not by the time this looks. Where
//! a file is at work at once, it went through the same loading as an upload, and is recorded as active;
//! where the merchant wants files to be candidates, the file goes through the whole of admission here.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::activation::ACTIVATED;
use super::uploads::Upload;
use super::versions::{Named, VersionError, Versions, named};
use crate::config::Entry;
use crate::journal;
use crate::journal::audit::{Act, NewEntry};
use crate::journal::versions::{Came, NewVersion, VersionAct, VersionState};
use crate::plugin::admission;

/// Who did it, in records: whoever may write to the folder.
const FOLDER: &str = "folder";

impl Versions {
    /// Writes down what the folders hold that is not written down yet.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn follow_folders(&self) -> Result<(), journal::Error> {
        let mut offered = Vec::new();
        {
            // Nothing is put to work meanwhile, so what is read here belongs together.
            let _turn = self.turn.lock().await;
            let mut known: BTreeMap<(String, String), Vec<(String, VersionState)>> =
                BTreeMap::new();
            for state in self.journal.version_states()? {
                known.entry((state.0, state.1)).or_default().push((state.2, state.3));
            }
            let snapshot = self.snapshot.load_full();
            for (merchant, of) in &snapshot.merchants {
                for (plugin, entry) in of.catalog.entries() {
                    let rows = known.remove(&(merchant.clone(), plugin.to_owned()));
                    let rows = rows.unwrap_or_default();
                    let state = |digest: &str| {
                        rows.iter().find(|(known, _)| known == digest).map(|(_, state)| *state)
                    };
                    if let Some(digest) = &entry.offered {
                        if matches!(state(digest), None | Some(VersionState::Uploaded)) {
                            offered.push((merchant.clone(), plugin.to_owned(), entry.path.clone()));
                        }
                        continue;
                    }
                    if entry.fault.is_some() {
                        self.refused(merchant, plugin, entry, &state).await?;
                        continue;
                    }
                    let Some(now) = entry.plugin.as_ref().map(named) else { continue };
                    if state(&now.digest) != Some(VersionState::Active) {
                        let active =
                            |(_, state): &&(String, VersionState)| *state == VersionState::Active;
                        let before = rows.iter().find(active).map(|(digest, _)| digest.clone());
                        self.at_work_by_hand(merchant, plugin, entry, &now, before).await?;
                    }
                }
            }
        }
        for (merchant, plugin, path) in offered {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            let signature = std::fs::read_to_string(path.with_extension("wasm.sig")).ok();
            let upload = Upload {
                merchant: merchant.clone(),
                plugin: plugin.clone(),
                bytes: Bytes::from(bytes),
                signature,
                who: FOLDER.to_owned(),
                came: Came::Folder,
            };
            match self.upload(upload).await {
                Ok(report) => {
                    info!(
                        merchant.name = merchant,
                        plugin.name = plugin,
                        plugin.digest = report.digest,
                        "a file in the folder is a candidate now"
                    );
                    let digest = report.digest;
                    let to = VersionState::Candidate;
                    let state = VersionAct::State { merchant, plugin, digest, to };
                    self.journal.act(vec![Act::Version(state)]).await?;
                }
                Err(VersionError::Journal(error)) => return Err(error),
                Err(error) => {
                    warn!(merchant.name = merchant, plugin.name = plugin, %error, "a file in the folder is no candidate");
                }
            }
        }
        Ok(())
    }

    async fn at_work_by_hand(
        &self,
        merchant: &str,
        plugin: &str,
        entry: &Entry,
        now: &Named,
        before: Option<String>,
    ) -> Result<(), journal::Error> {
        let bytes = std::fs::read(&entry.path).unwrap_or_default();
        let report = admission::report(&self.engine, &bytes, &entry.limits);
        // A file that was replaced again meanwhile has a reading of its own to come.
        let report = Some(report).filter(|report| report.digest == now.digest);
        let put = VersionAct::Put(Box::new(NewVersion {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            digest: now.digest.clone(),
            name: Some(now.name.clone()),
            version: Some(now.version.clone()),
            state: VersionState::Admitted,
            who: FOLDER.to_owned(),
            came: Came::Folder,
            form: "file".to_owned(),
            bytes: bytes.len() as u64,
            signed_by: entry.signed_by.clone(),
            report: json!(report).to_string(),
            kept: true,
        }));
        let mut acts = vec![Act::Version(put)];
        acts.push(Act::Version(VersionAct::State {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            digest: now.digest.clone(),
            to: VersionState::Active,
        }));
        if let Some(digest) = before {
            let found = self.journal.version(merchant, plugin, &digest)?.map(|row| row.it);
            let from = found
                .map(|it| json!({ "name": it.name, "version": it.version, "digest": it.digest }));
            acts.push(Act::Note(NewEntry {
                who: FOLDER.to_owned(),
                action: ACTIVATED.to_owned(),
                merchant: merchant.to_owned(),
                subject: format!("plugin/{plugin}"),
                why: "its file was put into the folder".to_owned(),
                detail: json!({ "from": from, "to": now }).to_string(),
            }));
        }
        self.journal.act(acts).await.map(drop)
    }

    /// A file that is not taken, with the reason.
    async fn refused(
        &self,
        merchant: &str,
        plugin: &str,
        entry: &Entry,
        state: &impl Fn(&str) -> Option<VersionState>,
    ) -> Result<(), journal::Error> {
        let Ok(bytes) = std::fs::read(&entry.path) else { return Ok(()) };
        let digest = hex::encode(Sha256::digest(&bytes));
        if state(&digest).is_some() {
            return Ok(());
        }
        let mut report = admission::report(&self.engine, &bytes, &entry.limits);
        let said = entry.fault.as_ref().map(|fault| fault.message.clone()).unwrap_or_default();
        if report.accepted {
            report.accepted = false;
            report.problems.push(admission::Problem { code: "folder", message: said.clone() });
        }
        let manifest = report.manifest.as_ref();
        let put = VersionAct::Put(Box::new(NewVersion {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            digest,
            name: manifest.map(|it| it.name.clone()),
            version: manifest.map(|it| it.version.clone()),
            state: VersionState::Refused,
            who: FOLDER.to_owned(),
            came: Came::Folder,
            form: "file".to_owned(),
            bytes: bytes.len() as u64,
            signed_by: None,
            report: json!(report).to_string(),
            kept: false,
        }));
        let entry = NewEntry {
            who: FOLDER.to_owned(),
            action: "refuse_plugin".to_owned(),
            merchant: merchant.to_owned(),
            subject: format!("plugin/{plugin}"),
            why: String::new(),
            detail: json!({ "came": Came::Folder, "said": said }).to_string(),
        };
        self.journal.act(vec![Act::Version(put), Act::Note(entry)]).await.map(drop)
    }
}
