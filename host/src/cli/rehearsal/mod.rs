//! Running a [`Case`] as the host would run an event: same engine, same limits, same order of stages.
//!
//! `dry-run` and `test` are two faces of this. Nothing here writes anywhere or asks the clock for
//! anything but how long a call took.

mod expectation;
mod report;
pub(crate) mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::case::input::{self, read_bytes};
use super::case::{Case, Unreadable};
use crate::plugin::{
    self, Capability, Engine, EngineOptions, Limits, LimitsPatch, LoadError, Lookups, Plugin,
    Stage, Stages,
};
use crate::toolchain::BuildError;

pub(crate) use expectation::{Comparison, Expectation, bless};
pub(crate) use report::{PluginName, Report, StageNames};

/// The files that the three capabilities come from.
#[derive(Debug, Clone)]
pub(crate) struct PluginFiles {
    /// The plugin in question; every capability it has is used.
    pub(crate) plugin: PathBuf,
    /// Prices in its stead.
    pub(crate) pricing: Option<PathBuf>,
    /// Translates status in its stead.
    pub(crate) status_translation: Option<PathBuf>,
}

/// Limits other than the defaults.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LimitFlags {
    /// Limits other than the defaults, JSON or TOML, as under `[limits]` in the configuration.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// The fuel one call may burn.
    #[arg(long, value_name = "UNITS")]
    fuel: Option<u64>,
    /// Limits that were decided elsewhere.
    #[arg(skip)]
    decided: Option<Limits>,
}

/// A place in the settings that the plugin's schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SettingsFault {
    /// JSON Pointer into the settings.
    pub(crate) pointer: String,
    /// The word of the schema that it breaks (`required`).
    pub(crate) code: String,
    /// What the schema says of it.
    pub(crate) message: String,
    /// Whose schema.
    pub(crate) plugin: String,
}

/// Why plugins are not there to run cases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    /// A file cannot be used.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The host refuses the plugin.
    #[error("{}: {error}\n  `mapwright check {}` shows the whole admission report", path.display(), path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        error: LoadError,
    },
    /// The project could not be built.
    #[error("{error}")]
    NotBuilt {
        /// Its folder.
        dir: PathBuf,
        /// What is missing or wrong.
        error: BuildError,
    },
}

/// Plugins, loaded and ready to run cases.
pub(crate) struct Rehearsal {
    limits: Limits,
    main: Plugin,
    stages: Stages,
}

impl LimitFlags {
    /// These limits and no others.
    pub(crate) fn of(limits: Limits) -> Self {
        Self { limits: None, fuel: None, decided: Some(limits) }
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> Result<Limits, Unreadable> {
        let mut limits = self.decided.unwrap_or_default();
        if let Some(file) = &self.limits {
            let object = input::read_object(file)?;
            let known = |name: &&String| LimitsPatch::NAMES.contains(&name.as_str());
            if let Some(name) = object.keys().find(|name| !known(name)) {
                let hint = input::hint(name, LimitsPatch::NAMES);
                return Err(Unreadable::sense(
                    file,
                    format!("no limit is called `{name}`; {hint}"),
                ));
            }
            let patch: LimitsPatch = serde_json::from_value(serde_json::Value::Object(object))
                .map_err(|error| Unreadable::sense(file, error.to_string()))?;
            limits = limits.patched(&patch);
            limits.validate().map_err(|message| Unreadable::sense(file, message))?;
        }
        if let Some(fuel) = self.fuel {
            limits.fuel = fuel;
        }
        Ok(limits)
    }
}

impl LoadFailure {
    /// The file it is about.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Unreadable(unreadable) => unreadable.path(),
            Self::Refused { path, .. } => path,
            Self::NotBuilt { dir, .. } => dir,
        }
    }

    /// A stable word for it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Refused { error, .. } => error.code(),
            Self::NotBuilt { .. } => "not_built",
        }
    }

    /// 3 when the plugin hit a limit or trapped while it was loaded, 2 otherwise.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { error: LoadError::ManifestFailed(_), .. } => 3,
            _ => 2,
        }
    }
}

impl SettingsFault {
    /// The fault in one line.
    pub(crate) fn line(&self, what: &str) -> String {
        let Self { pointer, message, plugin, .. } = self;
        let pointer = if pointer.is_empty() { "(the whole)" } else { pointer };
        format!("{what} {pointer}: {message} (says the settings schema of {plugin})")
    }
}

impl Rehearsal {
    /// Loads the plugins.
    pub(crate) fn load(files: &PluginFiles, limits: &LimitFlags) -> Result<Self, LoadFailure> {
        // One call at a time: a pool of one slot costs the least address space.
        Self::load_on(&engine(1, &files.plugin)?, files, limits)
    }

    /// Loads the plugins on an engine that others are on too.
    pub(crate) fn load_on(
        engine: &Engine,
        files: &PluginFiles,
        limits: &LimitFlags,
    ) -> Result<Self, LoadFailure> {
        let limits = limits.limits()?;
        let load = |path: &Path| -> Result<Plugin, LoadFailure> {
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
            let bytes = read_bytes(path)?;
            engine
                .load(&name, &bytes, &limits)
                .map_err(|error| LoadFailure::Refused { path: path.to_owned(), error })
        };
        let main = load(&files.plugin)?;
        let other = |file: &Option<PathBuf>, capability: Capability| {
            let Some(path) = file else {
                return Ok(main.can(capability).then(|| main.clone()));
            };
            let plugin = load(path)?;
            if plugin.can(capability) {
                return Ok(Some(plugin));
            }
            let message = format!(
                "the plugin {} has no {}, only {}",
                plugin.name(),
                capability.name(),
                names(&plugin).join(", ")
            );
            Err(LoadFailure::Unreadable(Unreadable::sense(path, message)))
        };
        let stage = |plugin: Option<Plugin>| plugin.map(|plugin| Stage { plugin, limits });
        let stages = Stages {
            status_translation: stage(other(
                &files.status_translation,
                Capability::StatusTranslation,
            )?),
            pricing: stage(other(&files.pricing, Capability::Pricing)?),
            field_mapping: stage(other(&None, Capability::FieldMapping)?),
        };
        Ok(Self { limits, main, stages })
    }

    /// What the plugin in question is called.
    pub(crate) fn plugin_name(&self) -> PluginName {
        PluginName {
            name: self.main.name().to_owned(),
            version: self.main.version().to_owned(),
            digest: self.main.digest().to_owned(),
            capabilities: names(&self.main),
        }
    }

    /// Where the case's settings break a schema of the plugins that would get them.
    pub(crate) fn settings_faults(&self, case: &Case) -> Vec<SettingsFault> {
        let settings = serde_json::Value::Object(case.settings.clone());
        let mut faults = Vec::new();
        let mut asked: Vec<&str> = Vec::new();
        for plugin in self.plugins() {
            if asked.contains(&plugin.digest()) {
                continue;
            }
            asked.push(plugin.digest());
            faults.extend(plugin.check_settings(&settings).into_iter().map(|fault| {
                SettingsFault {
                    pointer: fault.pointer,
                    code: fault.code,
                    message: fault.message,
                    plugin: plugin.name().to_owned(),
                }
            }));
        }
        faults
    }

    /// The plugins that do not say they take the case's topic. The host would not send it to them.
    pub(crate) fn strangers_to(&self, topic: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            self.plugins().filter(|plugin| !plugin.takes(topic)).map(Plugin::name).collect();
        names.dedup();
        names
    }

    /// The plugins of all stages; one that does several things comes several times.
    pub(crate) fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        let Stages { status_translation, pricing, field_mapping } = &self.stages;
        [status_translation, pricing, field_mapping]
            .into_iter()
            .flatten()
            .map(|stage| &stage.plugin)
    }

    /// Which plugin does what.
    pub(crate) fn stages(&self) -> &Stages {
        &self.stages
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Runs the case.
    pub(crate) fn run(&self, case: &Case) -> Result<Report, Unreadable> {
        let job = plugin::Job {
            stages: self.stages.clone(),
            context: context_of(case),
            payload: case.payload.clone(),
            previous_status: case.circumstances.previous_status.clone(),
            lookups: Arc::new(tables(&case.lookups)?),
        };
        let run = plugin::run(&job);
        let stage = |stage: &Option<Stage>| {
            let plugin = &stage.as_ref()?.plugin;
            Some(format!("{}@{}", plugin.name(), plugin.version()))
        };
        let stages = StageNames {
            status_translation: stage(&self.stages.status_translation),
            pricing: stage(&self.stages.pricing),
            field_mapping: stage(&self.stages.field_mapping),
        };
        Ok(Report::of(run, self.plugin_name(), stages, self.limits))
    }
}

/// An engine for so many calls at once; `plugin` is only for the message.
pub(crate) fn engine(calls_max: u32, plugin: &Path) -> Result<Engine, Unreadable> {
    Engine::new(&EngineOptions { calls_max, ..EngineOptions::default() })
        .map_err(|error| Unreadable::sense(plugin, error.to_string()))
}

/// Lookup tables, read from their files.
pub(crate) fn tables(files: &[(String, PathBuf)]) -> Result<Lookups, Unreadable> {
    files.iter().try_fold(Lookups::default(), |lookups, (name, file)| {
        lookups
            .with_table(name, file)
            .map_err(|error| Unreadable::Table { path: file.clone(), error })
    })
}

fn names(plugin: &Plugin) -> Vec<String> {
    plugin.capabilities().iter().map(|capability| capability.name().to_owned()).collect()
}

/// What the plugin is told of the event. Where a case says nothing, the names are those of the
/// examples in the documentation, and the ids follow from the payload.
pub(crate) fn context_of(case: &Case) -> plugin::Context {
    let known = &case.circumstances;
    let or = |said: &Option<String>, else_: &str| said.clone().unwrap_or_else(|| else_.to_owned());
    let event_id = known.event_id(&case.value, &case.payload);
    plugin::Context {
        merchant: or(&known.merchant, "acme"),
        route: or(&known.route, "orders"),
        source: or(&known.source, "shop"),
        target: or(&known.target, "erp"),
        topic: known.topic().to_owned(),
        resource_key: known.resource_key(&case.payload),
        correlation_id: or(&known.correlation_id, &event_id),
        event_id,
        source_version_time: known.source_version_time(&case.value).map(|time| time.to_string()),
        received_at: known.received_at(&case.value).to_string(),
        attempt: known.attempt.unwrap_or(1),
        settings: case.settings_text().into(),
        checkpoint: case.previous_checkpoint.clone(),
        attributes: known.attributes.clone(),
    }
}
