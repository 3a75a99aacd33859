//! Running a [`Case`] as the host would run an event: same engine, same limits, same order of stages,
//! a fresh instance each time.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::input;
use super::report::{PluginName, Report, StageNames};
use super::{Case, Unreadable, context_of, tables};
use crate::event::Document;
use crate::plugin::{self, Capability, Limits, LimitsPatch, Plugin, Stage, Stages};

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

/// Plugins, loaded and ready to run cases.
pub(crate) struct Rehearsal {
    limits: Limits,
    main: Plugin,
    stages: Stages,
}

impl SettingsFault {
    /// The fault in one line.
    pub(crate) fn line(&self, what: &str) -> String {
        let Self { pointer, message, plugin, .. } = self;
        let pointer = if pointer.is_empty() { "(the whole)" } else { pointer };
        match self.code.as_str() {
            "unknown" => format!("{what} {pointer}: {message}"),
            _ => format!("{what} {pointer}: {message} (says the settings schema of {plugin})"),
        }
    }
}

impl Rehearsal {
    /// A plugin that does all that it can.
    pub(crate) fn of(main: &Plugin, asked: LimitsPatch) -> Self {
        let stage = |capability| main.can(capability).then(|| Stage::new(main.clone(), asked));
        let stages = Stages {
            status_translation: stage(Capability::StatusTranslation),
            pricing: stage(Capability::Pricing),
            field_mapping: stage(Capability::FieldMapping),
        };
        Self::with(main.clone(), stages, asked)
    }

    /// A plugin among others.
    pub(crate) fn with(main: Plugin, stages: Stages, asked: LimitsPatch) -> Self {
        Self { limits: main.limits(&asked), main, stages }
    }

    /// What the plugin in question is called.
    pub(crate) fn plugin_name(&self) -> PluginName {
        PluginName {
            name: self.main.name().to_owned(),
            version: self.main.version().to_owned(),
            digest: self.main.digest().to_owned(),
            capabilities: capabilities_of(&self.main),
            profile: self.main.profile(),
        }
    }

    /// Where the case's settings break a schema of the plugins that would get them, or are known to none.
    pub(crate) fn settings_faults(&self, case: &Case) -> Vec<SettingsFault> {
        self.faults_of(&case.settings)
    }

    /// The same of settings by themselves.
    pub(crate) fn faults_of(&self, settings: &Map<String, Value>) -> Vec<SettingsFault> {
        let settings = Value::Object(settings.clone());
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
        if let Some((unknown, known)) = self.stages.unknown_setting(&settings) {
            faults.push(SettingsFault {
                pointer: format!("/{}", unknown.replace('~', "~0").replace('/', "~1")),
                code: "unknown".to_owned(),
                message: format!(
                    "no plugin that gets it knows this setting; {}",
                    input::hint(unknown, &known)
                ),
                plugin: self.main.name().to_owned(),
            });
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

    /// The entities among the documents that the manifest of who made them does not list, each once. A manifest
    /// without entities lists none on purpose.
    pub(crate) fn unlisted<'a>(&'a self, documents: &'a [Document]) -> Vec<(&'a str, &'a str)> {
        let Some(stage) = &self.stages.field_mapping else { return Vec::new() };
        let listed = &stage.plugin.manifest().entities;
        let mut names: Vec<&str> = documents.iter().map(|it| it.entity.as_str()).collect();
        names.retain(|name| !listed.is_empty() && !listed.iter().any(|it| it == name));
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| (name, stage.plugin.name())).collect()
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

    /// The limits in force for the plugin in question.
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

/// What a plugin exports, in words.
pub(crate) fn capabilities_of(plugin: &Plugin) -> Vec<String> {
    plugin.capabilities().iter().map(|capability| capability.name().to_owned()).collect()
}
