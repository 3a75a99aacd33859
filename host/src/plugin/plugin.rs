//! A loaded plugin: what it says of itself, and the compiled component behind it.
//!
//! Cheap to clone and immutable. A newer version of a file is a new `Plugin`; calls in flight keep
//! the one they began with for as long as they hold it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wasmtime::component::InstancePre;

use crate::event::Violation;

use super::bindings::Facets;
use super::call::Call;
use super::compiled;
use super::engine::Engine;
use super::limits::{Limits, LimitsPatch};
use super::profile::Profile;

/// Something a plugin can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Translates a status of the source into one of the target.
    StatusTranslation,
    /// Prices the lines of an order.
    Pricing,
    /// Turns a payload into documents.
    FieldMapping,
}

impl Capability {
    /// All three, in the order of the road.
    pub const ALL: [Self; 3] = [Self::StatusTranslation, Self::Pricing, Self::FieldMapping];

    /// Its name in receipts, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusTranslation => "status_translation",
            Self::Pricing => "pricing",
            Self::FieldMapping => "field_mapping",
        }
    }

    /// Its interface in `wit/plugin.wit`.
    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::StatusTranslation => "status-translation",
            Self::Pricing => "pricing",
            Self::FieldMapping => "field-mapping",
        }
    }
}

/// What a plugin says it is, checked.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// Lower-case words joined by hyphens.
    pub name: String,
    /// Semantic version of the rules.
    pub version: String,
    /// One line for the merchant.
    pub summary: String,
    /// JSON Schema of the route settings it takes.
    pub settings_schema: serde_json::Value,
    /// The topics it understands; empty means any.
    pub topics: Vec<String>,
    /// The entities it produces.
    pub entities: Vec<String>,
    /// Open pairs.
    pub attributes: Vec<(String, String)>,
}

/// A plugin ready to be called.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Loaded>,
}

pub(super) struct Loaded {
    pub(super) manifest: Manifest,
    pub(super) settings: jsonschema::Validator,
    pub(super) digest: String,
    pub(super) contract: String,
    pub(super) profile: Profile,
    pub(super) capabilities: Vec<Capability>,
    pub(super) wasi: Vec<String>,
    pub(super) memory_minimum_bytes: Option<u64>,
    pub(super) pre: InstancePre<Call>,
    pub(super) facets: Facets,
    // Keeps the epoch ticking for as long as the plugin can be called.
    pub(super) engine: Engine,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.name(), self.version(), self.digest())
    }
}

impl Plugin {
    pub(super) fn new(inner: Arc<Loaded>) -> Self {
        Self { inner }
    }

    pub(super) fn loaded(&self) -> &Loaded {
        &self.inner
    }

    /// Lets the machine have the memory that its code fills, until it is called: for who has called a plugin that
    /// rests otherwise.
    pub fn rest(&self) {
        if self.inner.engine.compiler().0.is_some() {
            compiled::rest(self.inner.pre.component());
        }
    }

    /// Its name, from the manifest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.manifest.name
    }

    /// Its version, from the manifest.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.inner.manifest.version
    }

    /// sha256 of its file, hex: this is the plugin version that receipts name.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// The contract it was written for (`1.0.0`).
    #[must_use]
    pub fn contract(&self) -> &str {
        &self.inner.contract
    }

    /// Which limits fit its file.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.inner.profile
    }

    /// Its limits: its profile's, with what somebody asked for in their place.
    #[must_use]
    pub fn limits(&self, asked: &LimitsPatch) -> Limits {
        self.profile().limits().patched(asked)
    }

    /// What it can do, in the order of the road.
    #[must_use]
    pub fn capabilities(&self) -> &[Capability] {
        &self.inner.capabilities
    }

    /// Whether it can do this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.inner.capabilities.contains(&capability)
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// The WASI interfaces it imports, which the host answers with a stub.
    #[must_use]
    pub fn wasi(&self) -> &[String] {
        &self.inner.wasi
    }

    /// The memory an instance has before it does anything, where the component says.
    #[must_use]
    pub fn memory_minimum_bytes(&self) -> Option<u64> {
        self.inner.memory_minimum_bytes
    }

    /// The engine that compiled it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Whether it takes events of this topic.
    #[must_use]
    pub fn takes(&self, topic: &str) -> bool {
        let topics = &self.inner.manifest.topics;
        topics.is_empty() || topics.iter().any(|taken| taken == topic)
    }

    /// Where route settings break the plugin's schema; empty when they satisfy it.
    #[must_use]
    pub fn check_settings(&self, settings: &serde_json::Value) -> Vec<Violation> {
        self.inner
            .settings
            .iter_errors(settings)
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                code: error.kind().keyword().to_owned(),
                message: error.to_string(),
            })
            .collect()
    }
}
