//! Bringing a version in: counted, opened, its signature checked, looked over, recorded, kept.
//!
//! The record is written before the file is looked at, so a file that takes the host down with it can be
//! found by name; and after, with everything that admission said. A refused file is recorded with the
//! reasons, and its bytes are thrown away. One file is looked over at a time, on a thread of its own, so
//! that orders go on; what waits is bounded by what a merchant may bring in within an hour.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::brought::Of;
use super::quietly::quietly;
use super::versions::{VersionError, Versions, check_name};
use crate::config::Merchant;
use crate::journal::audit::{Act, NewEntry};
use crate::journal::cases::CasesAct;
use crate::journal::versions::{Came, NewVersion, UPLOAD_WINDOW, VersionAct, VersionState};
use crate::plugin::admission::{self, Problem, Report};
use crate::plugin::package::{Form, Package};
use crate::plugin::section::{Section, Went};
use crate::plugin::signature::{self, SignatureError};
use crate::plugin::{Plugin, Rules};

/// What somebody brings.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// The file or package.
    pub bytes: Bytes,
    /// The signature over it, base64.
    pub signature: Option<String>,
    /// Who brings it.
    pub who: String,
    /// How.
    pub came: Came,
}

/// What was found out about it.
struct Looked {
    report: Report,
    form: Form,
    signed_by: Option<String>,
    /// What is kept of it, where it may be.
    good: Option<Good>,
}

/// What is kept of a version that was let in.
struct Good {
    plugin: Plugin,
    wasm: Vec<u8>,
    /// Writes down what came beside it.
    beside: Vec<Act>,
}

impl Versions {
    /// Looks a file or package over and keeps it, without putting it to work.
    ///
    /// # Errors
    /// [`VersionError`]; [`VersionError::Refused`] has the report of what is not kept.
    pub async fn upload(&self, upload: Upload) -> Result<Report, VersionError> {
        let merchant = self.merchant(&upload.merchant)?;
        check_name(&upload.plugin)?;
        let rules = merchant.plugin_rules();
        self.count(&upload, &rules).await?;
        // Before anybody waits: what came is known from here on.
        let digest = hex::encode(Sha256::digest(&upload.bytes));
        let waiting = || NewVersion {
            merchant: upload.merchant.clone(),
            plugin: upload.plugin.clone(),
            digest: digest.clone(),
            name: None,
            version: None,
            state: VersionState::Uploaded,
            who: upload.who.clone(),
            came: upload.came,
            form: Form::of(&upload.bytes).as_str().to_owned(),
            bytes: upload.bytes.len() as u64,
            signed_by: None,
            report: "{}".to_owned(),
            kept: false,
        };
        let is_file = Form::of(&upload.bytes) == Form::File;
        let known = self.journal.version(&upload.merchant, &upload.plugin, &digest)?;
        if is_file && known.is_none() {
            let put = VersionAct::Put(Box::new(waiting()));
            self.journal.act(vec![Act::Version(put)]).await?;
        }
        let looked = {
            let _turn = self.admitting.acquire().await.expect("nobody closes it");
            let (this, upload, rules) = (self.clone(), upload.clone(), rules);
            let look = move || this.look(&merchant, &upload, &rules);
            match quietly(look).await {
                Ok(looked) => looked,
                Err(error) => return Err(VersionError::Unfit(error)),
            }
        };
        let Looked { report, form, signed_by, good } = looked;
        let mut kept = false;
        let (mut acts, mut holds) = (Vec::new(), Vec::new());
        if let Some(Good { plugin, wasm, beside }) = good {
            holds = beside.iter().filter_map(held_by).collect();
            acts = beside;
            let shelf = self.shelf.clone();
            let put = tokio::task::spawn_blocking(move || shelf.put(&plugin, &wasm)).await;
            put.map_err(std::io::Error::other)
                .and_then(|put| put)
                .map_err(|source| self.disk(source))?;
            kept = true;
        }
        let manifest = report.manifest.as_ref();
        let state = if kept { VersionState::Admitted } else { VersionState::Refused };
        let put = VersionAct::Put(Box::new(NewVersion {
            digest: report.digest.clone(),
            name: manifest.map(|it| it.name.clone()),
            version: manifest.map(|it| it.version.clone()),
            state,
            form: form.as_str().to_owned(),
            bytes: report.size_bytes,
            signed_by: signed_by.clone(),
            report: serde_json::to_string(&report).expect("a report has only plain fields"),
            kept,
            ..waiting()
        }));
        let codes: Vec<&str> = report.problems.iter().map(|it| it.code).collect();
        let entry = NewEntry {
            who: upload.who.clone(),
            action: if kept { "upload_plugin" } else { "refuse_plugin" }.to_owned(),
            merchant: upload.merchant.clone(),
            subject: format!("plugin/{}", upload.plugin),
            why: String::new(),
            detail: json!({
                "digest": report.digest,
                "came": upload.came,
                "form": form,
                "signed_by": signed_by,
                "problems": codes,
                "holds": holds,
            })
            .to_string(),
        };
        acts.extend([Act::Version(put), Act::Note(entry)]);
        self.journal.act(acts).await?;
        if !kept {
            return Err(VersionError::Refused(Box::new(report)));
        }
        self.tidy(&upload.merchant).await;
        Ok(report)
    }

    /// Counts what is brought, or refuses more than there may be within an hour. The folder is a
    /// person's own disk, and is not counted.
    async fn count(&self, upload: &Upload, rules: &Rules) -> Result<(), VersionError> {
        if upload.came == Came::Folder {
            return Ok(());
        }
        let (now, coming) = (Timestamp::now(), upload.bytes.len() as u64);
        let (count, bytes, oldest) = self.journal.uploads(&upload.merchant, now)?;
        let said = match () {
            () if count >= rules.uploads_per_hour => {
                format!(
                    "{count} versions were brought in within an hour, which is what `uploads_per_hour` allows"
                )
            }
            () if count > 0 && bytes + coming > rules.upload_bytes_per_hour => format!(
                "with this one {} bytes were brought in within an hour, and `upload_bytes_per_hour` \
                 allows {}",
                bytes + coming,
                rules.upload_bytes_per_hour
            ),
            () => {
                let act = VersionAct::Counted { merchant: upload.merchant.clone(), bytes: coming };
                self.journal.act(vec![Act::Version(act)]).await?;
                return Ok(());
            }
        };
        let free = oldest.and_then(|at| at.checked_add(UPLOAD_WINDOW).ok()).unwrap_or(now);
        let wait = Duration::try_from(free.duration_since(now)).unwrap_or_default();
        Err(VersionError::TooMuch { said, wait })
    }

    /// Everything that admission looks at.
    fn look(&self, merchant: &Merchant, upload: &Upload, rules: &Rules) -> Looked {
        let asked = merchant.limits_of(&upload.plugin);
        let form = Form::of(&upload.bytes);
        let refused = |code: &'static str, message: String| {
            let mut report = admission::refused(
                &upload.bytes,
                &asked.for_file(&upload.bytes),
                Problem { code, message: message.clone() },
            );
            let name = if code.starts_with("signature") { "signature" } else { "package" };
            report.sections.insert(0, Section::new(name, Went::Refused, message));
            Looked { report, form, signed_by: None, good: None }
        };
        let signed_by = match vouched(upload, rules) {
            Ok(signed_by) => signed_by,
            Err(error) => return refused(error.code(), error.to_string()),
        };
        let package = match Package::open(&upload.bytes) {
            Ok(package) => package,
            Err(error) => return refused(error.code, error.said),
        };
        let limits = asked.for_file(&package.wasm);
        let mut report = admission::report(&self.engine, &package.wasm, &limits);
        let loaded = self.engine.load(&upload.plugin, &package.wasm, &limits);
        let Some(plugin) = loaded.ok().filter(|_| report.accepted) else {
            return Looked { report, form, signed_by, good: None };
        };
        report.add(Section::new("package", Went::Passed, package.words()), "package");
        let said = match &signed_by {
            Some(name) => format!("signed by {name}"),
            None => "not signed, and the merchant does not ask for it".to_owned(),
        };
        report.add(Section::new("signature", Went::Passed, said), "signature");
        let of = Of {
            merchant: &upload.merchant,
            plugin: &upload.plugin,
            digest: &report.digest.clone(),
        };
        let brought = match self.brought(of, &package.files, signed_by.as_deref(), rules) {
            Ok(brought) => brought,
            Err(Problem { code, message }) => {
                report.add(Section::new("truth_tables", Went::Refused, message), code);
                return Looked { report, form, signed_by, good: None };
            }
        };
        report.notes.extend(brought.note.clone());
        self.judge(merchant, &upload.plugin, &plugin, &asked, &brought, &mut report);
        if !report.accepted {
            return Looked { report, form, signed_by, good: None };
        }
        let good = Good { plugin, wasm: package.wasm, beside: brought.acts };
        Looked { report, form, signed_by, good: Some(good) }
    }
}

/// The signed table that an act holds against all versions to come, for the audit record.
fn held_by(act: &Act) -> Option<String> {
    match act {
        Act::Cases(CasesAct::Hold(it)) => Some(format!("{} (signed by {})", it.name, it.signed_by)),
        _ => None,
    }
}

/// Who vouches for it, as far as the merchant wants to know.
fn vouched(upload: &Upload, rules: &Rules) -> Result<Option<String>, SignatureError> {
    match &upload.signature {
        Some(signature) => {
            signature::verify(&rules.trusted_keys, &upload.bytes, signature).map(Some)
        }
        None if rules.require_signature => Err(SignatureError::Missing),
        None => Ok(None),
    }
}
