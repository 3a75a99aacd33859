//! Plugins from files, under limits from flags, made ready to run cases; the running stands in
//! [`crate::case`].

mod configured;
pub(crate) mod view;

use std::path::{Path, PathBuf};

use super::case::Unreadable;
use super::case::input::{self, read_bytes};
use crate::case::capabilities_of;
use crate::plugin::{
    Capability, Engine, EngineOptions, LimitsPatch, LoadError, Plugin, Profile, Stage, Stages,
};
use crate::toolchain::BuildError;

pub(crate) use self::configured::configured;
pub(crate) use crate::case::{
    Comparison, Expectation, Judged, PluginName, Rehearsal, Report, SettingsFault, bless,
};

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

/// Limits other than those of the plugin's profile.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LimitFlags {
    /// Limits other than the plugin's profile has, JSON or TOML, as under `[limits]` in the configuration.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// The fuel that the work of one call may burn.
    #[arg(long, value_name = "UNITS")]
    fuel: Option<u64>,
    /// What a configuration sets; flags win over it.
    #[arg(skip)]
    pub(crate) configured: LimitsPatch,
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

impl LimitFlags {
    /// What is asked for.
    pub(crate) fn asked(&self) -> Result<LimitsPatch, Unreadable> {
        let mut asked = LimitsPatch::default();
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
            asked = serde_json::from_value(serde_json::Value::Object(object))
                .map_err(|error| Unreadable::sense(file, error.to_string()))?;
            let limits = Profile::default().limits().patched(&asked);
            limits.validate().map_err(|message| Unreadable::sense(file, message))?;
        }
        asked.fuel = self.fuel.or(asked.fuel);
        Ok(self.configured.then(&asked))
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
        let asked = limits.asked()?;
        let load = |path: &Path| -> Result<Plugin, LoadFailure> {
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
            let bytes = read_bytes(path)?;
            engine
                .load(&name, &bytes, &asked.for_file(&bytes))
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
                capabilities_of(&plugin).join(", ")
            );
            Err(LoadFailure::Unreadable(Unreadable::sense(path, message)))
        };
        let stage = |plugin: Option<Plugin>| plugin.map(|plugin| Stage::new(plugin, asked));
        let stages = Stages {
            status_translation: stage(other(
                &files.status_translation,
                Capability::StatusTranslation,
            )?),
            pricing: stage(other(&files.pricing, Capability::Pricing)?),
            field_mapping: stage(other(&None, Capability::FieldMapping)?),
        };
        Ok(Self::with(main, stages, asked))
    }
}

/// An engine for so many calls at once; `plugin` is only for the message.
pub(crate) fn engine(calls_max: u32, plugin: &Path) -> Result<Engine, Unreadable> {
    Engine::new(&EngineOptions { calls_max, ..EngineOptions::default() })
        .map_err(|error| Unreadable::sense(plugin, error.to_string()))
}
