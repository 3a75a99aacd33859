//! Putting a version to work, and finishing what a crash cut short.
//!
//! ```text
//!   intent in the journal --> file replaced --> folder read --> in use?
//!                                                      yes: state and audit line, intent gone
//!                                                      no:  the file before back, intent gone
//! ```
//! The file is outside of the journal, so the intent is written before it is touched. What a start finds
//! of one is looked up in the folder: if the file is there, the line that is missing is written then,
//! and says so.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::versions::{
    Named, VersionError, Versions, check_name, named, replace, routes_of, stages_of,
};
use crate::journal;
use crate::journal::audit::{Act, NewEntry};
use crate::journal::versions::{Came, NewVersion, VersionAct, VersionState};
use crate::rollout::{self, Activated, Terms, Watch};

/// The word of the audit record for it.
pub const ACTIVATED: &str = "activate_plugin";
/// And for what the host takes back by itself.
const REVERTED: &str = "revert_plugin";

/// What somebody wants to have at work.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// `NAME@VERSION`, `VERSION`, or the beginning of a digest.
    pub version: String,
    /// Who wants it.
    pub who: String,
    /// And why.
    pub why: String,
    /// Whether they may see all merchants.
    pub everybody_s: bool,
    /// How the version before watches it, if it does.
    pub watch: Option<Terms>,
    /// Only where this version is in use now, if that is said.
    pub expected: Option<String>,
    /// What the host saw, where it takes a version back by itself.
    pub reverted: Option<String>,
}

impl Versions {
    /// Puts a version to work, and answers the one before and the one it is now.
    ///
    /// # Errors
    /// [`VersionError`]; then everything is as it was.
    pub async fn activate(&self, change: &Change) -> Result<(Option<Named>, Named), VersionError> {
        let Change { merchant, plugin, version, who, why, everybody_s, .. } = change;
        check_name(plugin)?;
        let _turn = self.turn.lock().await;
        let active = self.merchant(merchant)?.catalog.get(plugin).cloned();
        let before = active.as_ref().map(named);
        let in_use = before.as_ref().map(|it| it.digest.as_str());
        if change.expected.is_some() && in_use != change.expected.as_deref() {
            let said = "another version was put to work meanwhile";
            return Err(VersionError::Unfit(said.to_owned()));
        }
        let watch = match (&change.watch, active) {
            (None, _) => None,
            (Some(_), None) => return Err(VersionError::NothingBefore),
            (Some(terms), Some(before)) => {
                let (terms, who, why) = (terms.clone(), who.clone(), why.clone());
                Some(Watch { before, terms, who, why })
            }
        };
        let kept = self.find(merchant, version, *everybody_s)?;
        if let Some(before) = before.as_ref().filter(|before| before.name != kept.name) {
            return Err(VersionError::Unfit(format!(
                "`{plugin}` is {}, and that version is of {}",
                before.name, kept.name
            )));
        }
        let bytes = self.shelf.read(&kept).map_err(VersionError::Unfit)?;
        let (to, size) = (Named::from(kept), bytes.len() as u64);
        let entry = NewEntry {
            who: who.clone(),
            action: if change.reverted.is_some() { REVERTED } else { ACTIVATED }.to_owned(),
            merchant: merchant.clone(),
            subject: format!("plugin/{plugin}"),
            why: why.clone(),
            detail: json!({ "from": before, "to": to }).to_string(),
        };
        let key = uuid::Uuid::now_v7().to_string();
        let intend = VersionAct::Intend { key: key.clone(), entry: entry.clone() };
        self.journal.act(vec![Act::Version(intend)]).await?;
        let swap = {
            let (this, merchant, plugin) = (self.clone(), merchant.clone(), plugin.clone());
            let digest = to.digest.clone();
            move || this.swap(&merchant, &plugin, &digest, &bytes)
        };
        let swapped = match tokio::task::spawn_blocking(swap).await {
            Ok(swapped) => swapped,
            Err(error) => Err(VersionError::Unfit(format!("it broke off: {error}"))),
        };
        let settled = Act::Version(VersionAct::Settled { key });
        match swapped {
            Ok(()) => {
                let mut acts = self.at_work(merchant, plugin, &to, size);
                acts.extend([Act::Note(entry), settled]);
                let activated = Activated {
                    merchant,
                    plugin,
                    to: &to.digest,
                    // What is in use already is not watched by itself.
                    watch: watch.filter(|watch| watch.before.digest() != to.digest),
                    reverted: change.reverted.as_deref(),
                };
                self.tell(activated, acts).await?;
                self.tidy(merchant).await;
                Ok((before, to))
            }
            Err(error) => {
                self.journal.act(vec![settled]).await?;
                Err(error)
            }
        }
    }

    /// Writes down what was done, and lets canaries and trials know of it, in one commit.
    async fn tell(&self, activated: Activated<'_>, acts: Vec<Act>) -> Result<(), VersionError> {
        let Some(rollout) = &self.rollout else {
            self.journal.act(acts).await?;
            return Ok(());
        };
        match rollout.activated(activated, acts).await {
            Ok(()) => Ok(()),
            Err(rollout::Error::Journal(error)) => Err(error.into()),
            Err(error) => Err(VersionError::Unfit(error.to_string())),
        }
    }

    /// The record of a version that is at work now, also of one that was never written down.
    fn at_work(&self, merchant: &str, plugin: &str, to: &Named, bytes: u64) -> Vec<Act> {
        let known = self.journal.version(merchant, plugin, &to.digest).ok().flatten();
        let mut acts = Vec::new();
        if known.is_none() {
            acts.push(Act::Version(VersionAct::Put(Box::new(NewVersion {
                merchant: merchant.to_owned(),
                plugin: plugin.to_owned(),
                digest: to.digest.clone(),
                name: Some(to.name.clone()),
                version: Some(to.version.clone()),
                state: VersionState::Admitted,
                who: "shelf".to_owned(),
                came: Came::Folder,
                form: "file".to_owned(),
                bytes,
                signed_by: None,
                report: "{}".to_owned(),
                kept: true,
            }))));
        }
        acts.push(Act::Version(VersionAct::State {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            digest: to.digest.clone(),
            to: VersionState::Active,
        }));
        acts
    }

    /// Replaces the file and looks whether every route runs it; if not, puts the one before back.
    fn swap(
        &self,
        merchant: &str,
        plugin: &str,
        digest: &str,
        bytes: &[u8],
    ) -> Result<(), VersionError> {
        let folder = self.merchants.join(merchant).join("plugins");
        let place = folder.join(format!("{plugin}.wasm"));
        let signature = folder.join(format!("{plugin}.wasm.sig"));
        let there = std::fs::read(&place).ok();
        let signed = std::fs::read(&signature).ok();
        // A signature beside the file is of the file that was there; who signed this one is recorded.
        if signed.is_some() {
            std::fs::remove_file(&signature)
                .map_err(|source| VersionError::Disk { path: signature.clone(), source })?;
        }
        replace(&place, bytes)?;
        (self.reload)();
        let Err(why) = self.in_use(merchant, plugin, digest) else { return Ok(()) };
        if let Some(signed) = signed {
            replace(&signature, &signed)?;
        }
        match there {
            Some(bytes) => replace(&place, &bytes)?,
            None => std::fs::remove_file(&place)
                .map_err(|source| VersionError::Disk { path: place.clone(), source })?,
        }
        (self.reload)();
        Err(VersionError::NotInUse(why))
    }

    /// Whether every route that names a plugin is walked with this version of it.
    fn in_use(&self, merchant: &str, plugin: &str, digest: &str) -> Result<(), String> {
        let merchant = self.merchant(merchant).map_err(|error| error.to_string())?;
        let entry = merchant.catalog.entries().find(|(name, _)| *name == plugin);
        match entry.map(|(_, entry)| (entry.plugin.as_ref(), &entry.fault)) {
            Some((Some(active), None)) if active.digest() == digest => {}
            Some((_, Some(fault))) => return Err(fault.to_string()),
            _ => return Err("its file is not there any more".to_owned()),
        }
        for ready in routes_of(&merchant, plugin) {
            let runs = ready.stages.as_ref().is_ok_and(|stages| {
                let mut stages = stages.clone();
                stages_of(&mut stages).any(|stage| stage.plugin.digest() == digest)
            });
            if !runs {
                let said: Vec<String> = merchant.faults.iter().map(ToString::to_string).collect();
                return Err(format!("route `{}`: {}", ready.name, said.join("; ")));
            }
        }
        Ok(())
    }

    /// Tells what a crash kept from being told. Called once, at the start.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn recover(&self) -> Result<(), journal::Error> {
        for intent in self.journal.intents()? {
            let mut entry = intent.entry;
            let mut detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
            let plugin = entry.subject.trim_start_matches("plugin/").to_owned();
            let to = &detail["to"];
            let word = |name: &str| to[name].as_str().unwrap_or_default().to_owned();
            let to = Named { name: word("name"), version: word("version"), digest: word("digest") };
            let folder = self.merchants.join(&entry.merchant).join("plugins");
            let file = std::fs::read(folder.join(format!("{plugin}.wasm"))).unwrap_or_default();
            let done = hex::encode(Sha256::digest(&file)) == to.digest;
            detail["told_at_start"] = json!(true);
            let mut acts = Vec::new();
            if done {
                info!(
                    merchant.name = entry.merchant,
                    plugin.name = plugin,
                    plugin.digest = to.digest,
                    "the host stopped while this version was put to work; it is at work"
                );
                acts = self.at_work(&entry.merchant, &plugin, &to, file.len() as u64);
            } else {
                warn!(
                    merchant.name = entry.merchant,
                    plugin.name = plugin,
                    plugin.digest = to.digest,
                    "the host stopped before this version was put to work; it is not"
                );
                entry.action = format!("{ACTIVATED}_broken_off");
            }
            entry.detail = detail.to_string();
            acts.push(Act::Note(entry));
            acts.push(Act::Version(VersionAct::Settled { key: intent.key }));
            self.journal.act(acts).await?;
        }
        Ok(())
    }
}
