//! Versions of a merchant's plugins: brought in, looked over, judged against what really came in, put
//! to work and taken back.
//!
//! ```text
//!   upload --> admission report --> shelf       activate --> plugins/NAME.wasm --> reload
//!                                     |            ^                |
//!                                     '--> compare-'         not in use after it? the one before is
//!                                      (recorded events)     put back, and why is said
//! ```
//! The file in the merchant's folder is what is active, whoever put it there: so what a restart finds
//! is what was served, and a folder under version control stays the whole truth. A version on the
//! shelf costs its file; comparing costs two runs for each event, on the threads of this machine, and
//! touches nothing.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use serde::Serialize;

use crate::config::{Merchant, ReadyRoute, Snapshot};
use crate::event::Event;
use crate::evidence::difference::{Tally, Tolerances, Verdict};
use crate::evidence::trial::{self, Input, Options, Rules};
use crate::journal::list::EventFilter;
use crate::journal::{self, Journal};
use crate::plugin::admission::{self, Report};
use crate::plugin::{Context, Engine, Kept, Limits, Shelf, Stage, Stages};

/// Events compared unless more are asked for.
pub const LAST: usize = 1_000;
/// The most that one request compares: some seconds.
pub const LAST_MAX: usize = 20_000;
/// Events read from the journal at a time.
const PAGE: usize = 256;
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
    /// The versions that may be put to work.
    pub versions: Vec<Named>,
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
    pub since: Option<jiff::Timestamp>,
    /// On this route only.
    pub route: Option<String>,
}

/// Versions of all merchants' plugins. Clones are the same.
#[derive(Clone)]
pub struct Versions {
    merchants: PathBuf,
    engine: Engine,
    shelf: Shelf,
    journal: Journal,
    snapshot: Arc<ArcSwap<Snapshot>>,
    reload: Arc<dyn Fn() + Send + Sync>,
    /// Two people do not put two versions in one place at the same time.
    turn: Arc<Mutex<()>>,
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
        Self { merchants, engine, shelf, journal, snapshot, reload, turn: Arc::default() }
    }

    /// The plugins of a merchant.
    ///
    /// # Errors
    /// When there is no such merchant.
    pub fn slots(&self, merchant: &str) -> Result<Vec<Slot>, VersionError> {
        let merchant = self.merchant(merchant)?;
        let shelf = self.shelf.all();
        let slots = merchant.catalog.entries().map(|(name, entry)| {
            let active = entry.plugin.as_ref().map(|plugin| Named {
                name: plugin.name().to_owned(),
                version: plugin.version().to_owned(),
                digest: plugin.digest().to_owned(),
            });
            let of = |kept: &&Kept| active.as_ref().is_some_and(|it| it.name == kept.name);
            Slot {
                plugin: name.to_owned(),
                routes: routes_of(&merchant, name).map(|ready| ready.name.clone()).collect(),
                fault: entry.fault.as_ref().map(ToString::to_string),
                versions: shelf.iter().filter(of).cloned().map(Named::from).collect(),
                active,
            }
        });
        Ok(slots.collect())
    }

    /// Looks a file over and keeps it, without putting it to work. What is refused is not kept.
    ///
    /// # Errors
    /// [`VersionError`]; a file that is refused is a report, not an error.
    pub fn upload(
        &self,
        merchant: &str,
        plugin: &str,
        bytes: &[u8],
    ) -> Result<Report, VersionError> {
        let merchant = self.merchant(merchant)?;
        check_name(plugin)?;
        let limits = limits_of(&merchant, plugin);
        let mut report = admission::report(&self.engine, bytes, &limits);
        if !report.accepted {
            return Ok(report);
        }
        let unfit = |error: &dyn std::fmt::Display| VersionError::Unfit(error.to_string());
        let loaded = self.engine.load(plugin, bytes, &limits).map_err(|error| unfit(&error))?;
        for ready in routes_of(&merchant, plugin) {
            let settings = serde_json::from_str(&ready.settings).unwrap_or_default();
            for fault in loaded.check_settings(&settings) {
                report.notes.push(format!(
                    "the settings of route `{}` do not suit it{}: {}",
                    ready.name, fault.pointer, fault.message
                ));
            }
        }
        self.shelf.put(&loaded, bytes).map_err(|source| self.disk(source))?;
        Ok(report)
    }

    /// Puts a version to work, and answers the one before and the one it is now.
    ///
    /// # Errors
    /// [`VersionError`]; then everything is as it was.
    pub fn activate(
        &self,
        merchant: &str,
        plugin: &str,
        wanted: &str,
    ) -> Result<(Option<Named>, Named), VersionError> {
        check_name(plugin)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.merchant(merchant)?;
        let before = before.catalog.get(plugin).map(|it| Named {
            name: it.name().to_owned(),
            version: it.version().to_owned(),
            digest: it.digest().to_owned(),
        });
        let kept = self.shelf.find(wanted).map_err(VersionError::Unknown)?;
        if let Some(before) = before.as_ref().filter(|before| before.name != kept.name) {
            return Err(VersionError::Unfit(format!(
                "`{plugin}` is {}, and that version is of {}",
                before.name, kept.name
            )));
        }
        let bytes = self.shelf.read(&kept).map_err(VersionError::Unfit)?;
        let folder = self.merchants.join(merchant).join("plugins");
        let place = folder.join(format!("{plugin}.wasm"));
        let there = std::fs::read(&place).ok();
        replace(&place, &bytes)?;
        (self.reload)();
        let Err(why) = self.in_use(merchant, plugin, &kept.digest) else {
            return Ok((before, kept.into()));
        };
        match there {
            Some(bytes) => replace(&place, &bytes)?,
            None => std::fs::remove_file(&place)
                .map_err(|source| VersionError::Disk { path: place.clone(), source })?,
        }
        (self.reload)();
        Err(VersionError::NotInUse(why))
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
    ) -> Result<Vec<Compared>, VersionError> {
        let of = self.merchant(merchant)?;
        let kept = self.shelf.find(candidate).map_err(VersionError::Unknown)?;
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
                    let limits = stage.limits;
                    let plugin = self.shelf.plugin(&kept, &limits).map_err(VersionError::Unfit)?;
                    *stage = Stage { plugin, limits };
                }
            }
            let rules = |stages: &Stages| Rules { stages: stages.clone(), ..Rules::default() };
            let events = self.recorded(merchant, ready, sample)?;
            let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
            let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            let options = Options { threads, stop: &stop, done: &done };
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

    /// The numbers of the newest events that a route takes.
    pub(super) fn recorded(
        &self,
        merchant: &str,
        ready: &ReadyRoute,
        sample: &Sample,
    ) -> Result<Vec<u64>, journal::Error> {
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

    fn disk(&self, source: std::io::Error) -> VersionError {
        VersionError::Disk { path: self.shelf.dir().to_owned(), source }
    }
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").field("merchants", &self.merchants).finish_non_exhaustive()
    }
}

fn routes_of<'m>(
    merchant: &'m Merchant,
    plugin: &str,
) -> impl Iterator<Item = &'m Arc<ReadyRoute>> {
    let plugin = plugin.to_owned();
    merchant.routes.values().filter(move |ready| ready.route.plugins().contains(&&*plugin))
}

fn stages_of(stages: &mut Stages) -> impl Iterator<Item = &mut Stage> {
    let Stages { status_translation, pricing, field_mapping } = stages;
    [status_translation, pricing, field_mapping].into_iter().flatten()
}

fn limits_of(merchant: &Merchant, plugin: &str) -> Limits {
    let mut entries = merchant.catalog.entries();
    entries
        .find(|(name, _)| *name == plugin)
        .map_or_else(Limits::default, |(_, entry)| entry.limits)
}

/// A file's name, and nothing else: it becomes part of a path.
fn check_name(plugin: &str) -> Result<(), VersionError> {
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
