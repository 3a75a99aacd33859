//! What is to be run: a payload, its context, and the plugins of the route with their limits.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::limits::{Limits, LimitsPatch};
use super::lookups::Lookups;
use super::plugin::Plugin;

/// What a plugin may know of the event beside its payload; `context` of `wit/plugin.wit`, where
/// each field is explained.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are explained once, in the contract")]
pub struct Context {
    pub merchant: String,
    pub route: String,
    pub source: String,
    pub target: String,
    pub topic: String,
    pub resource_key: String,
    pub event_id: String,
    pub correlation_id: String,
    pub source_version_time: Option<String>,
    /// RFC 3339, UTC. Also what the stub of WASI gives as the time.
    pub received_at: String,
    pub attempt: u32,
    /// A JSON object.
    pub settings: Arc<str>,
    pub checkpoint: Option<String>,
    pub attributes: Vec<(String, String)>,
}

/// A plugin and what it may use.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Which.
    pub plugin: Plugin,
    /// How much.
    pub limits: Limits,
    /// What somebody asked for, whatever the plugin's profile says.
    asked: LimitsPatch,
}

impl Stage {
    /// A plugin within the limits of its profile, with what was asked for in their place.
    #[must_use]
    pub fn new(plugin: Plugin, asked: LimitsPatch) -> Self {
        Self { limits: plugin.limits(&asked), plugin, asked }
    }

    /// A plugin within exactly these limits.
    #[must_use]
    pub fn within(plugin: Plugin, limits: Limits) -> Self {
        Self { plugin, limits, asked: limits.into() }
    }

    /// Another version in its place. What was asked for holds for it as well; the rest is its own profile's, since it
    /// may be in another language.
    #[must_use]
    pub fn with(&self, plugin: Plugin) -> Self {
        Self::new(plugin, self.asked)
    }

    /// What was asked for.
    #[must_use]
    pub fn asked(&self) -> &LimitsPatch {
        &self.asked
    }
}

/// The plugins of a route, in the order of the road. The same plugin may stand in all three.
#[derive(Debug, Clone, Default)]
pub struct Stages {
    /// Runs first, on orders only.
    pub status_translation: Option<Stage>,
    /// Runs second, on orders only.
    pub pricing: Option<Stage>,
    /// Runs last.
    pub field_mapping: Option<Stage>,
}

impl Stages {
    /// A setting that none of the plugins declares, with all that are declared. A route's settings are one table for
    /// all its plugins, so a plugin's schema cannot refuse what it does not know itself; a key that none of them
    /// knows is a typo.
    #[must_use]
    pub fn unknown_setting<'a>(&'a self, settings: &'a Value) -> Option<(&'a str, Vec<&'a str>)> {
        let mut known = Vec::new();
        for stage in
            [&self.status_translation, &self.pricing, &self.field_mapping].into_iter().flatten()
        {
            // A schema without properties takes anything.
            let schema = &stage.plugin.manifest().settings_schema;
            known.extend(schema.get("properties")?.as_object()?.keys().map(String::as_str));
        }
        let unknown = settings.as_object()?.keys().find(|key| !known.contains(&key.as_str()))?;
        Some((unknown, known))
    }
}

/// One walk through the plugins of a route.
#[derive(Debug, Clone)]
pub struct Job {
    /// Which plugins.
    pub stages: Stages,
    /// What they are told.
    pub context: Context,
    /// What they are to map: JSON, as received.
    pub payload: Bytes,
    /// The resource's status when it was last delivered, in the source's words.
    pub previous_status: Option<String>,
    /// The merchant's tables.
    pub lookups: Arc<Lookups>,
}
