//! One merchant, opened: what its files say, turned into sources, targets and routes ready to walk.
//!
//! Each part keeps its last good state on its own: a broken `merchant.toml`, table or plugin leaves
//! the one before it at work, and a route that no longer fits together goes on exactly as it last
//! did. Only what a person took away is gone. Every fault is in [`Merchant::faults`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalog::{Catalog, Door, Stamp};
use super::files::{Connection, MerchantFile, TargetTable};
use super::snapshot::Loader;
use super::text::{Fault, Text};
use crate::delivery::{Outbound, Target, backoff};
use crate::ingress::woocommerce::WooCommerce;
use crate::journal::RetentionPatch;
use crate::plugin::{Capability, LimitsPatch, Lookups, Rules, Stages};
use crate::poll;
use crate::route::Route;
use crate::seatbelt::{Belts, Seatbelts};

/// One merchant as it is served now.
#[derive(Debug)]
pub struct Merchant {
    /// The folder's name.
    pub name: String,
    /// Shops, by connection name: ready to check signatures, or why not.
    pub sources: BTreeMap<String, Result<WooCommerce, String>>,
    /// Shops that are polled, by connection name: with their keys, or why not.
    pub polls: BTreeMap<String, Result<poll::Opened, String>>,
    /// Routes by name, each ready or with the reason why it is not.
    pub routes: BTreeMap<String, Arc<ReadyRoute>>,
    /// Plugins by name.
    pub catalog: Catalog,
    /// All that is wrong with its files now.
    pub faults: Vec<Fault>,
    /// Whether any `merchant.toml` was ever good.
    pub configured: bool,
    file: Arc<OpenedFile>,
    lookups: LookupState,
    limits: AllLimits,
}

/// What is asked of the limits of plugins that are not there yet.
#[derive(Debug, Default)]
struct AllLimits {
    of_the_merchant: LimitsPatch,
    of_plugins: BTreeMap<String, LimitsPatch>,
}

impl AllLimits {
    fn read(loader: &Loader, file: Option<&MerchantFile>) -> Self {
        let names = file.into_iter().flat_map(|file| file.plugin_limits.keys());
        Self {
            of_the_merchant: loader.limits_of(file, ""),
            of_plugins: names.map(|it| (it.clone(), loader.limits_of(file, it))).collect(),
        }
    }

    fn of(&self, plugin: &str) -> LimitsPatch {
        self.of_plugins.get(plugin).copied().unwrap_or(self.of_the_merchant)
    }
}

/// A route and all it needs, held together: a walk that began on it ends on it.
#[derive(Debug)]
pub struct ReadyRoute {
    /// Its name.
    pub name: String,
    /// What it says.
    pub route: Route,
    /// All routes from the same connection, by name: what each has delivered tells what an id is.
    pub neighbours: Arc<[String]>,
    /// Its settings as JSON text.
    pub settings: Arc<str>,
    /// Its plugins, or why they cannot be used.
    pub stages: Result<Stages, String>,
    /// The merchant's tables.
    pub lookups: Arc<Lookups>,
    /// What must hold of each answer, if anything was asked for.
    pub belts: Result<Option<Arc<Belts>>, String>,
    /// Where documents go, or why they cannot.
    pub target: Result<Arc<Target>, String>,
    /// When to try again.
    pub retry: backoff::Schedule,
    /// Whether the merchant's routes write to where it comes from: what it brings may be an echo.
    pub hears_itself: bool,
}

impl ReadyRoute {
    /// Why it cannot be walked now, if it cannot.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        let stages = self.stages.as_ref().err();
        stages
            .or_else(|| self.belts.as_ref().err())
            .or_else(|| self.target.as_ref().err())
            .map(String::as_str)
    }
}

/// A good `merchant.toml` with its connections opened.
#[derive(Debug, Default)]
struct OpenedFile {
    text: String,
    /// The files that hold its secrets, as they were.
    secrets: Vec<(PathBuf, Option<Stamp>)>,
    file: Option<MerchantFile>,
    sources: BTreeMap<String, Result<WooCommerce, String>>,
    polls: BTreeMap<String, Result<poll::Opened, String>>,
    targets: BTreeMap<String, Result<Arc<Target>, String>>,
    faults: Vec<Fault>,
}

#[derive(Debug, Clone, Default)]
struct LookupState {
    stamps: Vec<(PathBuf, Stamp)>,
    tables: Arc<Lookups>,
    fault: Option<Fault>,
}

impl Merchant {
    /// Reads the merchant's folder, keeping of `previous` what has not changed or is better.
    #[must_use]
    pub fn load(loader: &Loader, name: &str, dir: &Path, previous: Option<&Self>) -> Self {
        let mut faults = Vec::new();
        let file = match open_file(
            name,
            &dir.join("merchant.toml"),
            &loader.outbound,
            previous.map(|p| &p.file),
        ) {
            Ok(file) => file,
            Err(fault) => {
                faults.push(fault);
                previous.map(|p| Arc::clone(&p.file)).unwrap_or_default()
            }
        };
        faults.extend(file.faults.iter().cloned());
        let lookups = read_lookups(&dir.join("lookups"), previous.map(|p| &p.lookups));
        faults.extend(lookups.fault.clone());
        let limits_of = |plugin: &str| loader.limits_of(file.file.as_ref(), plugin);
        let rules = file.file.as_ref().map(|file| file.plugins.clone()).unwrap_or_default();
        let door = Door { merchant: name, rules: &rules, known: &loader.known };
        let catalog = Catalog::refreshed(
            previous.map(|p| &p.catalog),
            &dir.join("plugins"),
            &loader.engine,
            limits_of,
            &door,
        );
        faults.extend(catalog.entries().filter_map(|(_, entry)| entry.fault.clone()));
        let mut routes = BTreeMap::new();
        for (route_name, route) in file.file.iter().flat_map(|file| &file.routes) {
            let (ready, fault) =
                ready_route(loader, dir, &file, route_name, route, &catalog, &lookups.tables);
            let ready = match fault {
                None => Arc::new(ready),
                Some((fault, keep_last_good)) => {
                    faults.push(fault);
                    let last_good = previous
                        .and_then(|p| p.routes.get(route_name))
                        .filter(|route| keep_last_good && route.unavailable().is_none());
                    last_good.map_or_else(|| Arc::new(ready), Arc::clone)
                }
            };
            routes.insert(route_name.clone(), ready);
        }
        Self {
            name: name.to_owned(),
            sources: file.sources.clone(),
            polls: file.polls.clone(),
            routes,
            catalog,
            faults,
            configured: file.file.is_some(),
            limits: AllLimits::read(loader, file.file.as_ref()),
            file,
            lookups,
        }
    }

    /// The opened targets, by connection name.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &Arc<Target>)> {
        let targets = self.file.targets.iter();
        targets.filter_map(|(name, target)| Some((name.as_str(), target.as_ref().ok()?)))
    }

    /// How long its file says that what has ended is kept.
    #[must_use]
    pub fn retention(&self) -> RetentionPatch {
        self.file.file.as_ref().map(|file| file.retention).unwrap_or_default()
    }

    /// What its file asks of versions that are brought in.
    #[must_use]
    pub fn plugin_rules(&self) -> Rules {
        self.file.file.as_ref().map(|file| file.plugins.clone()).unwrap_or_default()
    }

    /// What is asked of the limits of a plugin of this name, whether its file is there or not.
    #[must_use]
    pub fn limits_of(&self, plugin: &str) -> LimitsPatch {
        let mut entries = self.catalog.entries();
        let entry = entries.find(|(name, _)| *name == plugin);
        entry.map_or_else(|| self.limits.of(plugin), |(_, entry)| entry.limits)
    }

    /// The routes that take a topic of a connection, by name.
    pub fn routes_for(
        &self,
        connection: &str,
        topic: &str,
    ) -> impl Iterator<Item = &Arc<ReadyRoute>> {
        self.routes.values().filter(move |ready| ready.route.takes(connection, topic))
    }
}

impl OpenedFile {
    /// An opened target, and the table it was opened with.
    fn target(&self, name: &str) -> Option<(&Arc<Target>, &toml::Table)> {
        let table = self.file.as_ref()?.connections.get(name)?.target()?;
        Some((self.targets.get(name)?.as_ref().ok()?, &table.written))
    }
}

fn open_file(
    merchant: &str,
    path: &Path,
    outbound: &Outbound,
    previous: Option<&Arc<OpenedFile>>,
) -> Result<Arc<OpenedFile>, Fault> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Fault::of(path, format!("cannot be read: {error}")))?;
    let base = path.parent().unwrap_or(Path::new("."));
    let secrets: Vec<_> = Text::new(path, &text)
        .secret_files()
        .into_iter()
        .map(|file| {
            let file = base.join(file);
            let stamp = Stamp::of(&file).ok();
            (file, stamp)
        })
        .collect();
    // A connection that failed to open (a secret not there yet) is tried again at every look.
    let same = |p: &&Arc<OpenedFile>| p.text == text && p.secrets == secrets && p.faults.is_empty();
    if let Some(previous) = previous.filter(same) {
        return Ok(Arc::clone(previous));
    }
    let file = MerchantFile::decode(path, &text)?;
    let mut opened = OpenedFile { text, secrets, ..OpenedFile::default() };
    for (name, connection) in &file.connections {
        let full = format!("{merchant}/{name}");
        let mut fault = |error: &dyn std::fmt::Display| {
            let message = format!("[connections.{name}] {error}");
            opened.faults.push(Fault::of(path, &message));
            message
        };
        if let Connection::Shop { source: Some(config), .. } = connection {
            let secret = config.webhook_secret.resolve(base);
            let source = secret.map(|secret| WooCommerce::new(config, &secret));
            let source = source.map_err(|error| fault(&error)).or_else(|why| {
                // A shop that was heard until now is not turned away for a secret that vanished.
                let last_good = previous.and_then(|p| p.sources.get(name)?.as_ref().ok());
                last_good.cloned().ok_or(why)
            });
            opened.sources.insert(name.clone(), source);
        }
        if let Some(TargetTable { config, written }) = connection.target() {
            let before = previous.and_then(|p| p.target(name));
            let gate = match before {
                Some((target, table)) if table == written => {
                    let gate = Arc::clone(target.gate());
                    if previous.is_some_and(|p| p.secrets != opened.secrets) {
                        gate.try_now();
                    }
                    Ok(gate)
                }
                Some((target, _)) => {
                    config.gate(&full, outbound).map(|gate| Arc::new(gate.after(target.gate())))
                }
                None => config.gate(&full, outbound).map(Arc::new),
            };
            let target = gate
                .and_then(|gate| Target::open_behind(gate, config, base, outbound))
                .map(Arc::new);
            opened.targets.insert(name.clone(), target.map_err(|error| fault(&error)));
        }
    }
    for (name, section) in &file.polls {
        let polled = section.open(base).map_err(|error| {
            let message = format!("[connections.{name}] api: {error}");
            opened.faults.push(Fault::of(path, &message));
            message
        });
        // Keys that vanished are no reason to stop asking with the ones we have.
        let polled = polled.or_else(|why| {
            let last_good = previous.and_then(|p| p.polls.get(name)?.as_ref().ok());
            last_good.cloned().ok_or(why)
        });
        opened.polls.insert(name.clone(), polled);
    }
    opened.file = Some(file);
    Ok(Arc::new(opened))
}

fn read_lookups(dir: &Path, previous: Option<&LookupState>) -> LookupState {
    let mut stamps: Vec<(PathBuf, Stamp)> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Stamp::of(&path).ok().map(|stamp| (path, stamp)))
        .collect();
    stamps.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(previous) = previous.filter(|p| p.stamps == stamps) {
        return previous.clone();
    }
    match Lookups::read(dir) {
        Ok(tables) => LookupState { stamps, tables: Arc::new(tables), fault: None },
        Err(error) => LookupState {
            stamps,
            tables: previous.map(|p| Arc::clone(&p.tables)).unwrap_or_default(),
            fault: Some(Fault::of(dir, error)),
        },
    }
}

/// A route put together, with its fault if it does not fit, and whether the last good one should
/// stand in (not where a person took the plugin away).
fn ready_route(
    loader: &Loader,
    dir: &Path,
    file: &OpenedFile,
    name: &str,
    route: &Route,
    catalog: &Catalog,
    lookups: &Arc<Lookups>,
) -> (ReadyRoute, Option<(Fault, bool)>) {
    let path = dir.join("merchant.toml");
    let (stages, fault) = match stages(route, catalog) {
        Ok(stages) => (Ok(stages), None),
        Err((reason, keep)) => {
            let fault = Fault::of(&path, format!("[routes.{name}] {reason}"));
            (Err(reason), Some((fault, keep)))
        }
    };
    let target = match file.targets.get(&route.to) {
        Some(Ok(target)) => Ok(Arc::clone(target)),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err(format!("connection `{}` is not a target", route.to)),
    };
    // A target that did not open has its own fault already; the last good route still stands in.
    let fault = fault.or_else(|| {
        let reason = target.as_ref().err()?;
        Some((Fault::of(&path, format!("[routes.{name}] waits: {reason}")), true))
    });
    let belts = belts(route);
    // A route is not walked without the belts that it was to have.
    let fault = fault.or_else(|| {
        let reason = belts.as_ref().err()?;
        Some((Fault::of(&path, format!("[routes.{name}] {reason}")), true))
    });
    let retry = file.file.as_ref().and_then(|f| f.retry);
    let routes = file.file.iter().flat_map(|file| &file.routes);
    let neighbours = routes
        .filter(|(_, other)| other.from == route.from)
        .map(|(name, _)| name.clone())
        .collect();
    let ready = ReadyRoute {
        name: name.to_owned(),
        neighbours,
        settings: route.settings.to_string().into(),
        route: route.clone(),
        stages,
        lookups: Arc::clone(lookups),
        belts,
        target,
        retry: retry.unwrap_or(loader.retry),
        hears_itself: file.targets.contains_key(&route.from),
    };
    (ready, fault)
}

/// The belts that a route asks for.
fn belts(route: &Route) -> Result<Option<Arc<Belts>>, String> {
    let Some(written) = &route.seatbelts else { return Ok(None) };
    let written: Seatbelts =
        serde_json::from_value(written.clone()).map_err(|error| format!("seatbelts: {error}"))?;
    let belts = written.fasten().map_err(|fault| fault.to_string())?;
    Ok(Some(Arc::new(belts)))
}

fn stages(route: &Route, catalog: &Catalog) -> Result<Stages, (String, bool)> {
    let stage = |name: &str, capability: Capability| {
        let Some(stage) = catalog.stage(name) else {
            let there: Vec<&str> = catalog.entries().map(|(name, _)| name).collect();
            if there.contains(&name) {
                let said = format!("waits: plugins/{name}.wasm cannot be used, see there for why");
                return Err((said, false));
            }
            let hint = super::text::nearest(name, there)
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Err((format!("waits: there is no plugins/{name}.wasm{hint}"), false));
        };
        let plugin = &stage.plugin;
        if !plugin.can(capability) {
            return Err((format!("plugin `{name}` has no {}", capability.name()), true));
        }
        // Of the typed stages nothing is asked where there is no order; only the mapping must know
        // every topic of the route.
        let maps = capability == Capability::FieldMapping;
        let strange = |topic: &&String| maps && !topic.ends_with(".*") && !plugin.takes(topic);
        if let Some(topic) = route.topics.iter().find(strange) {
            let taken = &plugin.manifest().topics;
            let reason = format!("plugin `{name}` does not take topic `{topic}`, only {taken:?}");
            return Err((reason, true));
        }
        let faults = plugin.check_settings(&route.settings);
        if !faults.is_empty() {
            let said: Vec<String> =
                faults.iter().map(|f| format!("settings{}: {}", f.pointer, f.message)).collect();
            let said = said.join("; ");
            return Err((format!("its settings do not suit plugin `{name}`: {said}"), true));
        }
        Ok(stage)
    };
    let status_translation = route
        .status_translation
        .as_deref()
        .map(|name| stage(name, Capability::StatusTranslation))
        .transpose()?;
    let pricing =
        route.pricing.as_deref().map(|name| stage(name, Capability::Pricing)).transpose()?;
    let field_mapping = stage(&route.field_mapping, Capability::FieldMapping)?;
    let stages = Stages { status_translation, pricing, field_mapping: Some(field_mapping) };
    match unknown_setting(route, &stages) {
        None => Ok(stages),
        Some(reason) => Err((reason, true)),
    }
}

/// A setting that none of the route's plugins knows, in words.
fn unknown_setting(route: &Route, stages: &Stages) -> Option<String> {
    let (unknown, known) = stages.unknown_setting(&route.settings)?;
    let hint = super::text::nearest(unknown, known)
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Some(format!("none of its plugins knows the setting `{unknown}`{hint}"))
}
