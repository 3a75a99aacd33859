//! What is put into a merchant's folder by hand, written down: a version at work, one that is offered, one
//! that is refused.
//!
//! The folder is read by [`crate::config`], which has taken a file or not by the time this looks. Where
//! a file is at work at once, it went through the same loading as an upload, is recorded as active, and the
//! rest of admission follows behind it;
//! where the merchant wants files to be candidates, the file goes through the whole of admission here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::activation::ACTIVATED;
use super::brought::Of;
use super::quietly::quietly;
use super::uploads::Upload;
use super::versions::{Named, VersionError, Versions, named};
use crate::config::Entry;
use crate::journal;
use crate::journal::audit::{Act, NewEntry};
use crate::journal::versions::{Came, NewVersion, VersionAct, VersionState};
use crate::plugin::admission::{self, Problem, Report};
use crate::plugin::section::{Section, Went};
use crate::plugin::{LimitsPatch, Plugin};

/// A file that is at work and has yet to be looked over in full.
struct AtWork {
    /// Its record as it was first written.
    put: NewVersion,
    version: Plugin,
    /// What was found by loading it.
    report: Report,
    /// What is asked of its limits.
    asked: LimitsPatch,
}

/// Looking over what is compiled already takes a few seconds at the most.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Who did it, in records: whoever may write to the folder.
const FOLDER: &str = "folder";

impl Versions {
    /// Writes down what the folders hold that is not written down yet.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn follow_folders(&self) -> Result<(), journal::Error> {
        let (mut offered, mut at_work) = (Vec::new(), Vec::new());
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
                        let told = self.at_work_by_hand(merchant, plugin, entry, &now, before);
                        at_work.extend(told.await?);
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
        for at_work in at_work {
            self.judge_at_work(at_work).await?;
        }
        Ok(())
    }

    /// Looks over what is at work already, as an upload would have been: told in the record, and as a
    /// warning where something is against it. The merchant has decided that files go to work at once.
    async fn judge_at_work(&self, at_work: AtWork) -> Result<(), journal::Error> {
        let put = at_work.put.clone();
        let (merchant, plugin) = (put.merchant.clone(), put.plugin.clone());
        let judged = {
            let turn = Arc::clone(&self.admitting).acquire_owned().await;
            let turn = turn.expect("nobody closes it");
            let this = self.clone();
            let judge = move || {
                let report = this.judged(at_work);
                drop(this); // the journal, before whoever waits for the turn closes it
                drop(turn);
                report
            };
            match quietly(judge).await {
                Ok(Some(report)) => report,
                Ok(None) => return Ok(()), // the merchant is gone
                Err(error) => {
                    warn!(merchant.name = merchant, plugin.name = plugin, %error, "looking a file over broke off");
                    return Ok(());
                }
            }
        };
        for section in &judged.sections {
            if matches!(section.went, Went::Refused | Went::Warned) {
                warn!(
                    merchant.name = merchant,
                    plugin.name = plugin,
                    plugin.digest = put.digest,
                    section = section.name,
                    said = section.said,
                    "a file in the folder is at work, and admission has something against it"
                );
            }
        }
        // Where it stands, and whether its bytes are kept, is as it is by now.
        let put = NewVersion { report: json!(judged).to_string(), kept: false, ..put };
        self.journal.act(vec![Act::Version(VersionAct::Put(Box::new(put)))]).await.map(drop)
    }

    /// Waits, within [`STOP_PATIENCE`], until nothing is being looked over.
    pub async fn idle(&self) {
        if tokio::time::timeout(STOP_PATIENCE, self.admitting.acquire()).await.is_err() {
            warn!("a plugin is still being looked over; what is found is not written down");
        }
    }

    fn judged(&self, at_work: AtWork) -> Option<Report> {
        let AtWork { put, version, mut report, asked } = at_work;
        let merchant = self.merchant(&put.merchant).ok()?;
        let said = "the file itself, from the folder";
        report.add(Section::new("package", Went::Passed, said), "package");
        let said = match &put.signed_by {
            Some(name) => format!("signed by {name}"),
            None => "not signed, and the merchant does not ask for it".to_owned(),
        };
        report.add(Section::new("signature", Went::Passed, said), "signature");
        let of = Of { merchant: &put.merchant, plugin: &put.plugin, digest: &put.digest };
        match self.brought(of, &BTreeMap::new(), None, &merchant.plugin_rules()) {
            Ok(brought) => {
                self.judge(&merchant, &put.plugin, &version, &asked, &brought, &mut report);
            }
            Err(Problem { code, message }) => {
                report.add(Section::new("truth_tables", Went::Refused, message), code);
            }
        }
        Some(report)
    }

    async fn at_work_by_hand(
        &self,
        merchant: &str,
        plugin: &str,
        entry: &Entry,
        now: &Named,
        before: Option<String>,
    ) -> Result<Option<AtWork>, journal::Error> {
        let bytes = std::fs::read(&entry.path).unwrap_or_default();
        let report = admission::report(&self.engine, &bytes, &entry.limits.for_file(&bytes));
        // A file that was replaced again meanwhile has a reading of its own to come.
        let report = Some(report).filter(|report| report.digest == now.digest);
        let put = NewVersion {
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
        };
        let mut acts = vec![Act::Version(VersionAct::Put(Box::new(put.clone())))];
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
        self.journal.act(acts).await?;
        let version = entry.plugin.clone();
        Ok(version.zip(report).map(|(version, report)| AtWork {
            put,
            version,
            report,
            asked: entry.limits,
        }))
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
        let limits = entry.limits.for_file(&bytes);
        let mut report = admission::report(&self.engine, &bytes, &limits);
        let said = entry.fault.as_ref().map(|fault| fault.message.clone()).unwrap_or_default();
        if report.accepted {
            report.accepted = false;
            report.problems.push(Problem { code: "folder", message: said.clone() });
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
