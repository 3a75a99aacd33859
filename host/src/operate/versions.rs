//! Versions of a merchant's plugins: brought in, looked over, judged against what really came in, put
//! to work and taken back.
//!
//! ```text
//!   upload --> admission report --> shelf       activate --> plugins/NAME.wasm --> reload
//!  (uploads)                          |      (activation)           |
//!   folder ---^  (folder)             '--> compare     not in use after it? the one before is
//!                                      (recorded events)     put back, and why is said
//! ```
//! Each step is in the journal's record of the version, refused ones too. A merchant's token is shown,
//! and may name, what was brought in for that merchant and nothing else of the shelf. The file in the
//! merchant's folder is what is active, whoever put it there: so what a restart finds is what was served,
//! and a folder under version control stays the whole truth. A version on the shelf costs its file;
//! comparing costs two runs for each event, on the threads of this machine, and touches nothing.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

use super::comparisons::Watched;
use crate::config::{Merchant, ReadyRoute, Snapshot};
use crate::event::Event;
use crate::evidence::difference::{Tally, Tolerances, Verdict};
use crate::evidence::trial::{self, Input, Options, Rules};
use crate::journal::audit::Act;
use crate::journal::list::EventFilter;
use crate::journal::versions::{Came, VersionAct, VersionRow, VersionState};
use crate::journal::{self, Journal};
use crate::plugin::admission::Report;
use crate::plugin::{Capability, Context, Engine, Kept, Plugin, Shelf, Stage, Stages};
use crate::rollout::Rollout;

/// Events compared unless more are asked for.
pub const LAST: usize = 1_000;
/// The most that one request compares: some seconds.
pub const LAST_MAX: usize = 20_000;
/// Events read from the journal at a time.
const PAGE: usize = 256;
/// Files looked over at the same time.
const ADMISSIONS_MAX: usize = 1;
/// The fewest digits of a digest that name a version.
const DIGEST_CHARS_MIN: usize = 6;
/// The longest name of a plugin file.
const NAME_BYTES_MAX: usize = 100;

/// Why a version is not where somebody wants it.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// There is no such merchant, plugin or version.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done as asked.
    #[error("{0}")]
    Unfit(String),
    /// It was put in place, did not come into use, and what was there before is back.
    #[error("it was put in place and is not in use, so the version before is back: {0}")]
    NotInUse(String),
    /// It was to be watched by the version before, and there is none.
    #[error("there is no version before it, so nothing can watch it")]
    NothingBefore,
    /// More was brought in than may be within an hour.
    #[error("{said}")]
    TooMuch {
        /// What, and how much is allowed.
        said: String,
        /// When there is room again.
        wait: Duration,
    },
    /// Admission has something against it; the record says what.
    #[error("{}", refusal(.0))]
    Refused(Box<Report>),
    /// The folder or the shelf cannot be written.
    #[error("{path}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal would not.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

/// A plugin of a merchant.
#[derive(Debug, Clone, Serialize)]
pub struct Slot {
    /// What routes call it by: its file's name.
    pub plugin: String,
    /// The version in use.
    pub active: Option<Named>,
    /// The routes that name it.
    pub routes: Vec<String>,
    /// Why the file as it is now is not in use.
    pub fault: Option<String>,
    /// Every version that was brought in, the newest first.
    pub versions: Vec<Version>,
}

/// A version, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The manifest's name, where it could be read.
    pub name: Option<String>,
    /// The manifest's version, where it could be read.
    pub version: Option<String>,
    /// sha256 of the file, hex.
    pub digest: String,
    /// Where it stands.
    pub state: VersionState,
    /// Who brought it in.
    pub who: String,
    /// How: `api`, `push`, `folder`.
    pub came: Came,
    /// As what: `file`, `zip`, `tar.gz`.
    pub form: String,
    /// Size of the WebAssembly file.
    pub bytes: u64,
    /// The trusted key it was signed with.
    pub signed_by: Option<String>,
    /// Whether its bytes are here still.
    pub kept: bool,
    /// When it came.
    pub came_at: Timestamp,
    /// When it last changed its state.
    pub changed_at: Timestamp,
    /// Other files of the same name and version: somebody forgot to count on.
    pub same_number: Vec<String>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The manifest's name.
    pub name: String,
    /// The manifest's version.
    pub version: String,
    /// sha256 of the file, hex.
    pub digest: String,
}

impl From<Kept> for Named {
    fn from(Kept { name, version, digest }: Kept) -> Self {
        Self { name, version, digest }
    }
}

/// What a candidate would change on one route.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// The route.
    pub route: String,
    /// What differs, added up.
    pub difference: Tally,
    /// Whether that is within what may.
    pub verdict: Verdict,
}

/// Which recorded events a candidate is judged by.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// The newest so many on each route.
    pub last: Option<usize>,
    /// Accepted at this moment or later.
    pub since: Option<Timestamp>,
    /// On this route only.
    pub route: Option<String>,
    /// Just these, by their numbers; the rest then says nothing but the route.
    pub events: Option<Vec<u64>>,
    /// Whether whoever asks may see all merchants.
    pub everybody_s: bool,
}

/// Versions of all merchants' plugins. Clones are the same.
#[derive(Clone)]
pub struct Versions {
    pub(super) merchants: PathBuf,
    pub(super) engine: Engine,
    pub(super) shelf: Shelf,
    pub(super) journal: Journal,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
    pub(super) reload: Arc<dyn Fn() + Send + Sync>,
    /// Two people do not put two versions in one place at the same time.
    pub(super) turn: Arc<Mutex<()>>,
    /// One file is looked over at a time: the machine is there for orders.
    pub(super) admitting: Arc<Semaphore>,
    /// What is told of a version that was put to work; none where nothing is served.
    pub(super) rollout: Option<Rollout>,
}

impl Versions {
    /// Over the host's parts: `dir` is its configuration folder, `reload` reads it again.
    #[must_use]
    pub fn new(
        dir: &Path,
        engine: Engine,
        shelf: Shelf,
        journal: Journal,
        snapshot: Arc<ArcSwap<Snapshot>>,
        reload: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        let merchants = dir.join("merchants");
        let (turn, admitting) = (Arc::default(), Arc::new(Semaphore::new(ADMISSIONS_MAX)));
        let rollout = None;
        Self { merchants, engine, shelf, journal, snapshot, reload, turn, admitting, rollout }
    }

    /// With whoever has to know of a version that was put to work: canaries and trials of it end, and a
    /// watch begins.
    #[must_use]
    pub fn telling(mut self, rollout: Rollout) -> Self {
        self.rollout = Some(rollout);
        self
    }

    /// The plugins of a merchant: those with a file, and those that were only brought in.
    ///
    /// # Errors
    /// When there is no such merchant, or the journal cannot be read.
    pub fn slots(&self, merchant: &str) -> Result<Vec<Slot>, VersionError> {
        let rows = self.journal.plugin_versions(Some(merchant), None)?;
        let merchant = self.merchant(merchant)?;
        let files = merchant.catalog.entries().map(|(name, _)| name.to_owned());
        let names: BTreeSet<String> =
            files.chain(rows.iter().map(|row| row.it.plugin.clone())).collect();
        let slots = names.into_iter().map(|plugin| {
            let mut entries = merchant.catalog.entries();
            let entry = entries.find(|(name, _)| *name == plugin).map(|(_, entry)| entry);
            let active = entry.and_then(|entry| entry.plugin.as_ref());
            Slot {
                routes: routes_of(&merchant, &plugin).map(|ready| ready.name.clone()).collect(),
                fault: entry.and_then(|entry| entry.fault.as_ref()).map(ToString::to_string),
                active: active.map(named),
                versions: shown(rows.iter().filter(|row| row.it.plugin == plugin)),
                plugin,
            }
        });
        Ok(slots.collect())
    }

    /// The versions of one plugin, the newest first.
    ///
    /// # Errors
    /// When there is no such merchant, or the journal cannot be read.
    pub fn of_plugin(&self, merchant: &str, plugin: &str) -> Result<Vec<Version>, VersionError> {
        self.merchant(merchant)?;
        Ok(shown(self.journal.plugin_versions(Some(merchant), Some(plugin))?.iter()))
    }

    /// One version of a plugin with its admission report, by the beginning of its digest or its number.
    ///
    /// # Errors
    /// [`VersionError::Unknown`] when it is none, or several.
    pub fn one(
        &self,
        merchant: &str,
        plugin: &str,
        wanted: &str,
    ) -> Result<(Version, Value), VersionError> {
        self.merchant(merchant)?;
        let rows = self.journal.plugin_versions(Some(merchant), Some(plugin))?;
        let meant = |row: &&VersionRow| {
            let by_digest = wanted.len() >= DIGEST_CHARS_MIN && row.it.digest.starts_with(wanted);
            by_digest || row.it.version.as_deref() == Some(wanted)
        };
        let found: Vec<&VersionRow> = rows.iter().filter(meant).collect();
        let [only] = &*found else {
            return Err(VersionError::Unknown(match found.is_empty() {
                true => format!("`{plugin}` has no version `{wanted}`"),
                false => format!("`{plugin}` has several versions `{wanted}`: say its sha256"),
            }));
        };
        let report = serde_json::from_str(&only.it.report).unwrap_or_default();
        let all = shown(rows.iter());
        let version = all.into_iter().find(|it| it.digest == only.it.digest);
        Ok((version.expect("it is one of them"), report))
    }

    /// A version that somebody judges is meant to be next, if it is only admitted so far.
    ///
    /// # Errors
    /// When it is not there, or the journal cannot be written.
    pub async fn nominate(
        &self,
        merchant: &str,
        plugin: &str,
        wanted: &str,
        everybody_s: bool,
    ) -> Result<(), VersionError> {
        let digest = self.find(merchant, wanted, everybody_s)?.digest;
        let row = self.journal.version(merchant, plugin, &digest)?;
        if row.is_some_and(|row| row.it.state == VersionState::Admitted) {
            let (merchant, plugin) = (merchant.to_owned(), plugin.to_owned());
            let to = VersionState::Candidate;
            let act = VersionAct::State { merchant, plugin, digest, to };
            self.journal.act(vec![Act::Version(act)]).await?;
        }
        Ok(())
    }

    /// The version on the shelf that `wanted` means, among what was brought in for the merchant. What
    /// lies there since before anybody wrote that down is anybody's who may see all merchants.
    pub(super) fn find(
        &self,
        merchant: &str,
        wanted: &str,
        everybody_s: bool,
    ) -> Result<Kept, VersionError> {
        let own = self.journal.version_digests(merchant)?;
        let known = if everybody_s { self.journal.all_version_digests()? } else { BTreeSet::new() };
        let mine = |kept: &Kept| {
            own.contains(&kept.digest) || (everybody_s && !known.contains(&kept.digest))
        };
        self.shelf.find_among(wanted, mine).map_err(VersionError::Unknown)
    }

    /// What a candidate would have made of events that really came in, beside what the version in use
    /// makes of them. Nothing is sent, and nothing remembered: each event is mapped as if it were the
    /// first of its resource.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn compare(
        &self,
        merchant: &str,
        plugin: &str,
        candidate: &str,
        sample: &Sample,
        tolerances: &Tolerances,
        watched: &Watched,
    ) -> Result<Vec<Compared>, VersionError> {
        let of = self.merchant(merchant)?;
        let kept = self.find(merchant, candidate, sample.everybody_s)?;
        let active = of.catalog.get(plugin).ok_or_else(|| {
            VersionError::Unknown(format!("merchant {merchant} has no plugin `{plugin}` in use"))
        })?;
        let wanted = |ready: &&Arc<ReadyRoute>| {
            sample.route.as_ref().is_none_or(|route| *route == ready.name)
        };
        let mut compared = Vec::new();
        for ready in routes_of(&of, plugin).filter(wanted) {
            let stages = ready.stages.as_ref().map_err(|why| {
                VersionError::Unfit(format!("route `{}` does not work now: {why}", ready.name))
            })?;
            let mut after = stages.clone();
            for stage in stages_of(&mut after) {
                if stage.plugin.digest() == active.digest() {
                    let version = self.shelf.plugin(&kept, stage.asked());
                    *stage = stage.with(version.map_err(VersionError::Unfit)?);
                }
            }
            let rules = |stages: &Stages| Rules { stages: stages.clone(), ..Rules::default() };
            let events = self.recorded(merchant, ready, sample)?;
            watched.total.fetch_add(events.len() as u64, Ordering::Relaxed);
            let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            let options = Options { threads, stop: &watched.stop, done: &watched.done };
            let inputs = events.into_iter().filter_map(|seq| {
                // What retention took away meanwhile is nobody's fault.
                let event = self.journal.event(seq).transpose()?;
                Some(event.map(|event| input(&event, ready)))
            });
            let difference = trial::compare(&rules(stages), &rules(&after), inputs, &options)?;
            let verdict = difference.judge(tolerances);
            compared.push(Compared { route: ready.name.clone(), difference, verdict });
        }
        if compared.is_empty() {
            return Err(VersionError::Unknown(format!("no route of {merchant} uses `{plugin}`")));
        }
        Ok(compared)
    }

    /// Whether a version can do what a merchant's routes need of it, with their settings.
    ///
    /// # Errors
    /// What it lacks, by route.
    pub fn suits(
        &self,
        merchant: &Merchant,
        plugin: &str,
        version: &Plugin,
    ) -> Result<(), VersionError> {
        for ready in routes_of(merchant, plugin) {
            let route = &ready.route;
            let needs = [
                (route.status_translation.as_deref(), Capability::StatusTranslation),
                (route.pricing.as_deref(), Capability::Pricing),
                (Some(&*route.field_mapping), Capability::FieldMapping),
            ];
            let needed = needs.into_iter().filter(|(name, _)| *name == Some(plugin));
            let lacks = needed.map(|(_, capability)| capability).find(|it| !version.can(*it));
            let settings = serde_json::from_str(&ready.settings).unwrap_or_default();
            let faults = version.check_settings(&settings);
            let said = match (lacks, faults.first()) {
                (Some(capability), _) => format!("it has no {}", capability.name()),
                (None, Some(fault)) => {
                    format!("the settings do not suit it{}: {}", fault.pointer, fault.message)
                }
                (None, None) => continue,
            };
            return Err(VersionError::Unfit(format!("route `{}`: {said}", ready.name)));
        }
        Ok(())
    }

    /// The numbers of the newest events that a route takes.
    pub(super) fn recorded(
        &self,
        merchant: &str,
        ready: &ReadyRoute,
        sample: &Sample,
    ) -> Result<Vec<u64>, journal::Error> {
        if let Some(events) = &sample.events {
            let mut found = Vec::new();
            for seq in events {
                let row = self.journal.event_row(*seq)?.filter(|row| row.merchant == merchant);
                if row.is_some_and(|row| ready.route.takes(&row.connection, &row.topic)) {
                    found.push(*seq);
                }
            }
            return Ok(found);
        }
        let filter = EventFilter {
            merchant: Some(merchant.to_owned()),
            connection: Some(ready.route.from.clone()),
            from: sample.since,
            ..EventFilter::default()
        };
        let most = match (sample.last, sample.since) {
            (Some(last), _) => last.min(LAST_MAX),
            (None, Some(_)) => LAST_MAX,
            (None, None) => LAST,
        };
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = self.journal.events(&filter, before, PAGE)?;
            let taken =
                page.rows.iter().filter(|row| ready.route.takes(&row.connection, &row.topic));
            found.extend(taken.map(|row| row.seq));
            before = page.next;
            if found.len() >= most || before.is_none() {
                found.truncate(most);
                return Ok(found);
            }
        }
    }

    /// The merchants that are served, by name.
    #[must_use]
    pub fn merchants(&self) -> Vec<String> {
        let snapshot = self.snapshot.load();
        let served = snapshot.merchants.values().filter(|merchant| merchant.configured);
        served.map(|merchant| merchant.name.clone()).collect()
    }

    /// A merchant as it is served now.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn merchant(&self, name: &str) -> Result<Arc<Merchant>, VersionError> {
        let snapshot = self.snapshot.load();
        let found = snapshot.merchants.get(name).filter(|merchant| merchant.configured);
        found
            .cloned()
            .ok_or_else(|| VersionError::Unknown(format!("there is no merchant `{name}`")))
    }

    pub(super) fn disk(&self, source: std::io::Error) -> VersionError {
        VersionError::Disk { path: self.shelf.dir().to_owned(), source }
    }
}

/// A plugin's name, version and digest.
pub(super) fn named(plugin: &Plugin) -> Named {
    Named {
        name: plugin.name().to_owned(),
        version: plugin.version().to_owned(),
        digest: plugin.digest().to_owned(),
    }
}

/// Rows of one plugin as they are shown.
fn shown<'r>(rows: impl Iterator<Item = &'r VersionRow> + Clone) -> Vec<Version> {
    let same = |one: &VersionRow| {
        let number = |row: &VersionRow| row.it.name.clone().zip(row.it.version.clone());
        let twins = rows.clone().filter(|row| {
            number(one).is_some()
                && number(row) == number(one)
                && row.it.digest != one.it.digest
                && row.it.state != VersionState::Refused
        });
        twins.map(|row| row.it.digest.clone()).collect()
    };
    let one = |row: &VersionRow| {
        let it = &row.it;
        Version {
            name: it.name.clone(),
            version: it.version.clone(),
            digest: it.digest.clone(),
            state: it.state,
            who: it.who.clone(),
            came: it.came,
            form: it.form.clone(),
            bytes: it.bytes,
            signed_by: it.signed_by.clone(),
            kept: it.kept,
            came_at: row.came_at,
            changed_at: row.changed_at,
            same_number: same(row),
        }
    };
    rows.clone().map(one).collect()
}

/// Everything that admission has against a file.
fn refusal(report: &Report) -> String {
    let said: Vec<String> =
        report.problems.iter().map(|it| format!("{}: {}", it.code, it.message)).collect();
    said.join("; ")
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").field("merchants", &self.merchants).finish_non_exhaustive()
    }
}

pub(super) fn routes_of<'m>(
    merchant: &'m Merchant,
    plugin: &str,
) -> impl Iterator<Item = &'m Arc<ReadyRoute>> {
    let plugin = plugin.to_owned();
    merchant.routes.values().filter(move |ready| ready.route.plugins().contains(&&*plugin))
}

pub(super) fn stages_of(stages: &mut Stages) -> impl Iterator<Item = &mut Stage> {
    let Stages { status_translation, pricing, field_mapping } = stages;
    [status_translation, pricing, field_mapping].into_iter().flatten()
}

/// A file's name, and nothing else: it becomes part of a path.
pub(super) fn check_name(plugin: &str) -> Result<(), VersionError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=NAME_BYTES_MAX).contains(&plugin.len()) && plugin.bytes().all(plain) {
        return Ok(());
    }
    let said = "a plugin is called by letters, digits, `-` and `_`, as its file under plugins/ is";
    Err(VersionError::Unfit(said.to_owned()))
}

/// An event as the dispatcher would give it to a plugin, with nothing remembered of its resource.
pub(super) fn input(event: &Event, ready: &ReadyRoute) -> Input {
    let context = Context {
        merchant: event.merchant.clone(),
        route: ready.name.clone(),
        source: event.connection.clone(),
        target: ready.route.to.clone(),
        topic: event.topic.clone(),
        resource_key: event.resource_key.clone(),
        event_id: event.id.to_string(),
        correlation_id: event.correlation_id.clone(),
        source_version_time: event.version.map(|version| version.to_string()),
        received_at: event.received_at.to_string(),
        attempt: 1,
        settings: Arc::clone(&ready.settings),
        ..Context::default()
    };
    Input {
        name: event.id.to_string(),
        payload: event.body.clone(),
        context,
        previous_status: None,
        lookups: Arc::clone(&ready.lookups),
    }
}

/// Written beside, then renamed: whoever looks sees the one or the other.
pub(super) fn replace(place: &Path, bytes: &[u8]) -> Result<(), VersionError> {
    use std::io::Write as _;
    let folder = place.parent().expect("a plugin is in a folder");
    let put = || {
        std::fs::create_dir_all(folder)?;
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(bytes)?;
        draft.as_file().sync_all()?;
        draft.persist(place)?;
        std::fs::File::open(folder)?.sync_all()
    };
    put().map_err(|source| VersionError::Disk { path: place.to_owned(), source })
}
