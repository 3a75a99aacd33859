//! The values that rules work with: a merchant's lookup tables and the settings of its routes.
//!
//! ```text
//!   put --> looked over --> kept as a version     activate --> lookups/NAME.csv  --> reload
//!                               |                    ^         merchant.toml           |
//!                               '--> compare --------'      a route cannot work with it? what was
//!                                   (recorded events)       there before is back, and why is said
//! ```
//! As with plugins, the file in the merchant's folder is what is in use, whoever put it there; every
//! version of it that was in use is kept, so that there is a way back. Settings stand in `merchant.toml`
//! among other things: only their own lines are changed, comments and all the rest stay.
//!
//! It costs a file's size in the journal for each version, packed; the newest fifty are kept. It does
//! not change which tables there are to a route: each sees all of its merchant's.

mod compare;
mod settings;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tracing::warn;

use super::versions::{VersionError, Versions};
use crate::config::{Merchant, Snapshot};
use crate::journal::values::{NewVersion, Subject, Version};
use crate::journal::{self, Journal};

/// The fewest digits of a digest that name a version.
const PREFIX_CHARS_MIN: usize = 6;

/// What a version is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A lookup table; its name is the file's.
    Table,
    /// The settings of a route; their name is the route's.
    Settings,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Settings => "settings",
        }
    }
}

/// A table or a route's settings, and what is kept of them.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// sha256 of what is in use; none where there is nothing.
    pub active: Option<String>,
    /// Why the file as it is now is not in use.
    pub fault: Option<String>,
    /// What is kept, the newest first.
    pub versions: Vec<Version>,
}

/// What was brought in, and what it would change.
#[derive(Debug, Clone, Serialize)]
pub struct Put {
    /// sha256 of it.
    pub digest: String,
    /// Its number among the versions.
    pub no: u64,
    /// What it changes of what is in use: rows, or fields.
    pub changes: Value,
}

/// Tables and settings of all merchants. Clones are the same.
#[derive(Clone)]
pub struct Values {
    merchants: PathBuf,
    journal: Journal,
    snapshot: Arc<ArcSwap<Snapshot>>,
    reload: Arc<dyn Fn() + Send + Sync>,
    versions: Versions,
    /// Two people do not put two versions in one place at the same time.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The files whose versions are kept already, as they were.
    noted: Arc<Mutex<BTreeMap<PathBuf, Stamp>>>,
}

/// What tells whether a file may have changed.
type Stamp = (u64, Option<SystemTime>);

/// One of the two kinds of one merchant, as it stands in a folder.
struct Place<'v> {
    subject: Subject,
    kind: Kind,
    file: PathBuf,
    merchant: Arc<Merchant>,
    values: &'v Values,
}

impl Values {
    /// Over the host's parts: `dir` is its configuration folder, `reload` reads it again.
    #[must_use]
    pub fn new(
        dir: &Path,
        journal: Journal,
        snapshot: Arc<ArcSwap<Snapshot>>,
        versions: Versions,
        reload: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        let merchants = dir.join("merchants");
        let (turn, noted) = (Arc::default(), Arc::default());
        Self { merchants, journal, snapshot, reload, versions, turn, noted }
    }

    /// Everything that a merchant has of both kinds.
    ///
    /// # Errors
    /// When there is no such merchant.
    pub fn all(&self, merchant: &str) -> Result<Vec<Held>, VersionError> {
        let of = self.merchant(merchant)?;
        let mut held = Vec::new();
        let tables = of.routes.values().next().map(|ready| Arc::clone(&ready.lookups));
        let mut names: Vec<String> =
            tables.iter().flat_map(|it| it.names()).map(str::to_owned).collect();
        names.extend(table::files(&self.merchants.join(merchant)));
        names.sort_unstable();
        names.dedup();
        for name in names {
            held.push(self.place(merchant, Kind::Table, &name)?.held()?);
        }
        for name in of.routes.keys() {
            held.push(self.place(merchant, Kind::Settings, name)?.held()?);
        }
        Ok(held)
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is nothing of that name and nothing ever was.
    pub fn one(&self, merchant: &str, kind: Kind, name: &str) -> Result<Held, VersionError> {
        let held = self.place(merchant, kind, name)?.held()?;
        if held.active.is_none() && held.versions.is_empty() {
            let kind = kind.as_str();
            return Err(VersionError::Unknown(format!("{merchant} has no {kind} `{name}`")));
        }
        Ok(held)
    }

    /// What a version says; the one in use where none is named.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn says(
        &self,
        merchant: &str,
        kind: Kind,
        name: &str,
        version: Option<&str>,
    ) -> Result<Bytes, VersionError> {
        let place = self.place(merchant, kind, name)?;
        match version {
            Some(version) => place.kept(version).map(|(_, bytes)| bytes),
            None => place.in_use()?.ok_or_else(|| {
                VersionError::Unknown(format!("{merchant} has no {} `{name}`", kind.as_str()))
            }),
        }
    }

    /// What a version changes of another; of what is in use, where none is named.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn changes(
        &self,
        merchant: &str,
        kind: Kind,
        name: &str,
        to: &str,
        from: Option<&str>,
    ) -> Result<Value, VersionError> {
        let place = self.place(merchant, kind, name)?;
        let before = match from {
            Some(from) => Some(place.kept(from)?.1),
            None => place.in_use()?,
        };
        place.difference(before.as_deref(), &place.kept(to)?.1)
    }

    /// Looks a version over and keeps it, without putting it to work.
    ///
    /// # Errors
    /// [`VersionError::Unfit`] when it is not a table, or not settings that the route's plugins take.
    pub async fn put(
        &self,
        merchant: &str,
        kind: Kind,
        name: &str,
        bytes: Bytes,
        who: &str,
        why: &str,
    ) -> Result<Put, VersionError> {
        let place = self.place(merchant, kind, name)?;
        let bytes = place.look_over(bytes)?;
        let changes = place.difference(place.in_use()?.as_deref(), &bytes)?;
        let digest = digest_of(&bytes);
        let version = NewVersion {
            subject: place.subject.clone(),
            digest: digest.clone(),
            origin: "api".to_owned(),
            who: who.to_owned(),
            why: why.to_owned(),
            bytes,
        };
        let no = self.journal.keep_version(version).await?;
        Ok(Put { digest, no, changes })
    }

    /// Puts a version to work, and answers the digests of the one before and the one it is now.
    ///
    /// # Errors
    /// [`VersionError`]; then everything is as it was.
    pub async fn activate(
        &self,
        merchant: &str,
        kind: Kind,
        name: &str,
        wanted: &str,
    ) -> Result<(Option<String>, String), VersionError> {
        let _turn = self.turn.lock().await;
        let place = self.place(merchant, kind, name)?;
        let (digest, bytes) = place.kept(wanted)?;
        let before = place.in_use()?;
        if let Some(before) = &before {
            self.keep_as_found(&place, before.clone()).await?;
        }
        let from = before.as_deref().map(digest_of);
        let this = self.clone();
        let (merchant, name) = (merchant.to_owned(), name.to_owned());
        let to = digest.clone();
        let acting = tokio::task::spawn_blocking(move || {
            this.place(&merchant, kind, &name)?.put_to_work(&bytes, &to)
        });
        acting.await.unwrap_or(Err(VersionError::Journal(journal::Error::Stopped)))?;
        Ok((from, digest))
    }

    /// The version that was in use before the one that is, as far as the versions tell: the newest one
    /// before it.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn before(
        &self,
        merchant: &str,
        kind: Kind,
        name: &str,
    ) -> Result<Option<String>, VersionError> {
        let held = self.one(merchant, kind, name)?;
        let active = held.versions.iter().position(|it| Some(&it.digest) == held.active.as_ref());
        let before = active.and_then(|at| held.versions.get(at + 1));
        Ok(before.map(|it| it.digest.clone()))
    }

    /// Keeps what is in use now and was not kept yet: what somebody changed in the folder.
    pub async fn note(&self) {
        let snapshot = self.snapshot.load_full();
        for merchant in snapshot.merchants.values().filter(|it| it.configured) {
            let tables = table::files(&self.merchants.join(&merchant.name));
            let tables = tables.into_iter().map(|name| (Kind::Table, name));
            let routes = merchant.routes.keys().map(|name| (Kind::Settings, name.clone()));
            for (kind, name) in tables.chain(routes) {
                if let Err(error) = self.note_one(&merchant.name, kind, &name).await {
                    let kind = kind.as_str();
                    warn!(merchant.name = merchant.name, kind, name, %error, "what is in use could not be kept as a version");
                }
            }
        }
    }

    async fn note_one(&self, merchant: &str, kind: Kind, name: &str) -> Result<(), VersionError> {
        let place = self.place(merchant, kind, name)?;
        if kind == Kind::Table {
            let meta = std::fs::metadata(&place.file).ok();
            let stamp = meta.map(|it| (it.len(), it.modified().ok()));
            let noted = |it: &Mutex<BTreeMap<_, _>>| {
                let mut noted = it.lock().unwrap_or_else(PoisonError::into_inner);
                stamp.is_none_or(|stamp| noted.insert(place.file.clone(), stamp) == Some(stamp))
            };
            if noted(&self.noted) {
                return Ok(());
            }
        }
        match place.in_use()? {
            // What is broken is not in use, and no version to go back to.
            Some(bytes) if place.look_over(bytes.clone()).is_ok() => {
                self.keep_as_found(&place, bytes).await
            }
            _ => Ok(()),
        }
    }

    async fn keep_as_found(&self, place: &Place<'_>, bytes: Bytes) -> Result<(), VersionError> {
        let version = NewVersion {
            subject: place.subject.clone(),
            digest: digest_of(&bytes),
            origin: "folder".to_owned(),
            who: String::new(),
            why: String::new(),
            bytes,
        };
        self.journal.keep_version(version).await?;
        Ok(())
    }

    fn merchant(&self, name: &str) -> Result<Arc<Merchant>, VersionError> {
        let snapshot = self.snapshot.load();
        let found = snapshot.merchants.get(name).filter(|merchant| merchant.configured);
        found
            .cloned()
            .ok_or_else(|| VersionError::Unknown(format!("there is no merchant `{name}`")))
    }

    fn place(&self, merchant: &str, kind: Kind, name: &str) -> Result<Place<'_>, VersionError> {
        let of = self.merchant(merchant)?;
        let folder = self.merchants.join(merchant);
        let file = match kind {
            Kind::Table => {
                table::check_name(name)?;
                folder.join("lookups").join(format!("{name}.csv"))
            }
            Kind::Settings if of.routes.contains_key(name) => folder.join("merchant.toml"),
            Kind::Settings => {
                let said = format!("{merchant} has no route `{name}`");
                return Err(VersionError::Unknown(said));
            }
        };
        let subject = Subject {
            merchant: merchant.to_owned(),
            kind: kind.as_str().to_owned(),
            name: name.to_owned(),
        };
        Ok(Place { subject, kind, file, merchant: of, values: self })
    }
}

impl Place<'_> {
    fn held(&self) -> Result<Held, VersionError> {
        let active = self.in_use()?.as_deref().map(digest_of);
        let of_file = |path: &Path| match self.kind {
            Kind::Table => path.starts_with(self.file.parent().unwrap_or(&self.file)),
            Kind::Settings => path == self.file,
        };
        let fault = self.merchant.faults.iter().find(|it| of_file(&it.path));
        Ok(Held {
            kind: self.kind,
            name: self.subject.name.clone(),
            active,
            fault: fault.map(ToString::to_string),
            versions: self.values.journal.value_versions(&self.subject)?,
        })
    }

    /// What the folder says now.
    fn in_use(&self) -> Result<Option<Bytes>, VersionError> {
        match self.kind {
            Kind::Settings => {
                let ready = self.merchant.routes.get(&self.subject.name);
                Ok(ready.map(|ready| settings::canonical(&ready.route.settings).into()))
            }
            Kind::Table => match std::fs::read(&self.file) {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(VersionError::Disk { path: self.file.clone(), source }),
            },
        }
    }

    /// A version that is kept: `3`, or the beginning of its digest.
    fn kept(&self, wanted: &str) -> Result<(String, Bytes), VersionError> {
        let versions = self.values.journal.value_versions(&self.subject)?;
        let number: Option<u64> = wanted.parse().ok();
        let by_digest =
            |it: &&Version| wanted.len() >= PREFIX_CHARS_MIN && it.digest.starts_with(wanted);
        let by_number = |it: &&Version| Some(it.no) == number;
        let found = versions.iter().find(by_number).or_else(|| versions.iter().find(by_digest));
        let Some(found) = found else {
            let Subject { kind, name, .. } = &self.subject;
            let said = format!(
                "no version `{wanted}` of {kind} `{name}` is kept; its number or the beginning of \
                 its digest names one"
            );
            return Err(VersionError::Unknown(said));
        };
        let bytes = self.values.journal.version_bytes(&self.subject, &found.digest)?;
        let gone = || VersionError::Unknown("that version was forgotten meanwhile".to_owned());
        Ok((found.digest.clone(), bytes.ok_or_else(gone)?))
    }

    /// What is to be kept of something brought in, if it can be used.
    fn look_over(&self, bytes: Bytes) -> Result<Bytes, VersionError> {
        match self.kind {
            Kind::Table => table::look_over(&self.subject.name, bytes),
            Kind::Settings => settings::look_over(&self.merchant, &self.subject.name, &bytes),
        }
    }

    fn difference(&self, before: Option<&[u8]>, after: &[u8]) -> Result<Value, VersionError> {
        match self.kind {
            Kind::Table => table::difference(&self.subject.name, before, after),
            Kind::Settings => Ok(settings::difference(before, after)),
        }
    }

    fn put_to_work(&self, bytes: &[u8], digest: &str) -> Result<(), VersionError> {
        let there = std::fs::read(&self.file).ok();
        let written = match self.kind {
            Kind::Table => bytes.to_vec(),
            Kind::Settings => {
                let text = there.as_deref().unwrap_or_default();
                settings::edited(&self.file, text, &self.subject.name, bytes)?
            }
        };
        super::versions::replace(&self.file, &written)?;
        (self.values.reload)();
        let Err(why) = self.is_in_use(digest) else { return Ok(()) };
        match there {
            Some(bytes) => super::versions::replace(&self.file, &bytes)?,
            None => std::fs::remove_file(&self.file)
                .map_err(|source| VersionError::Disk { path: self.file.clone(), source })?,
        }
        (self.values.reload)();
        Err(VersionError::NotInUse(why))
    }

    /// Whether every route of the merchant works with what was just put in place.
    fn is_in_use(&self, digest: &str) -> Result<(), String> {
        let Subject { merchant, kind: _, name } = &self.subject;
        let now = self.values.place(merchant, self.kind, name).map_err(|it| it.to_string())?;
        let held = now.held().map_err(|it| it.to_string())?;
        if let Some(fault) = held.fault {
            return Err(fault);
        }
        if held.active.as_deref() != Some(digest) {
            return Err("the folder says something else by now".to_owned());
        }
        Ok(())
    }
}

fn digest_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Values").field("merchants", &self.merchants).finish_non_exhaustive()
    }
}

/// Nothing differs.
fn no_changes() -> Value {
    json!({ "added": [], "removed": [], "changed": [], "more": 0 })
}
