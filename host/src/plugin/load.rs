//! From the bytes of a file to a plugin that can be called.
//!
//! Cheapest look first: what the file is, then the names of its imports and exports, then its
//! compilation, then the types, then one call of `manifest.describe` under the same limits as any
//! other call. After this, a fault in types can no longer come up in front of an order.
//!
//! What could keep the compiler busy is refused by `scan`; what gets past it meets the limits of
//! [`super::compiler`].

use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use super::bindings::{self, Described, Facets};

use super::component;
use super::contract;
use super::engine::Engine;
use super::error::{LoadError, MissingImport};
use super::instance;
use super::limits::Limits;
use super::lookups::Lookups;
use super::plugin::{Loaded, Manifest, Plugin};
use super::profile::Profile;
use super::scan::{self, Language};
use super::still::Stub;
use super::wasi_stub;

/// The longest name, version or summary: they stand in logs and on screens.
const WORD_BYTES_MAX: usize = 200;

impl Engine {
    /// Loads a plugin from the bytes of a component or of a core module with a component type.
    ///
    /// The same bytes are compiled once: while a plugin is in use, loading its file again gives the
    /// same one. `name` is what the file is called, for the log. The limits hold for the one call of
    /// `manifest.describe`; later calls bring their own. Takes about a second for each megabyte.
    ///
    /// # Errors
    ///
    /// When the file is not a plugin this host can run; see [`LoadError`].
    pub fn load(&self, name: &str, bytes: &[u8], limits: &Limits) -> Result<Plugin, LoadError> {
        let started = std::time::Instant::now();
        limits.validate().map_err(LoadError::Limits)?;
        if wasmtime::Engine::detect_precompiled(bytes).is_some() {
            return Err(LoadError::Precompiled);
        }
        let digest = hex::encode(Sha256::digest(bytes));
        if let Some(loaded) = self.find(&digest, limits) {
            return Ok(Plugin::new(loaded));
        }
        let shape = scan::scan(bytes)?;
        let encoded = component::component(bytes, &shape)?;
        let shape = if shape.component { shape } else { scan::scan(&encoded)? };
        if shape.asynchronous {
            return Err(LoadError::Asynchronous);
        }
        let terms = contract::read(&shape.imports, &shape.exports)?;

        let engine = self.wasmtime();
        let component = self.component(&encoded)?;
        let mut linker = Linker::new(engine);
        bindings::add_imports(&mut linker).map_err(wrong_type)?;
        missing_functions(self, &component)?;
        if !terms.wasi.is_empty() {
            wasi_stub::add(&mut linker, &component).map_err(wrong_type)?;
        }
        let pre = linker.instantiate_pre(&component).map_err(wrong_type)?;
        let facets = Facets::find(&pre).map_err(wrong_type)?;

        let call = instance::Instructions {
            pre: &pre,
            limits,
            lookups: &Lookups::shared_empty(),
            wasi: (!terms.wasi.is_empty()).then(Stub::at_load),
        };
        let mut typecheck = Ok(());
        let described = instance::call(call, |store, instance| {
            typecheck = facets.typecheck(store, instance);
            if typecheck.is_err() {
                return Ok(None);
            }
            facets.describe(store, instance).map(Some)
        });
        typecheck.map_err(wrong_type)?;
        let described = match described.result {
            Ok(Some(described)) => described,
            Ok(None) => return Err(LoadError::WrongType("the exports".to_owned())),
            Err(outcome) => return Err(LoadError::ManifestFailed(Box::new(outcome))),
        };
        let (manifest, settings) = check_manifest(described).map_err(LoadError::BadManifest)?;

        tracing::debug!(
            file = name,
            plugin.name = manifest.name,
            plugin.version = manifest.version,
            digest,
            duration_ms = started.elapsed().as_millis(),
            "plugin loaded"
        );
        let loaded = Arc::new(Loaded {
            manifest,
            settings,
            digest,
            contract: terms.version.to_string(),
            profile: Profile::of(bytes),
            capabilities: terms.capabilities,
            wasi: terms.wasi,
            memory_minimum_bytes: component.resources_required().map(|required| {
                required.max_initial_memory_size.unwrap_or(0).saturating_mul(64 << 10)
            }),
            pre,
            facets,
            engine: self.clone(),
        });
        self.remember(limits, &loaded);
        let plugin = Plugin::new(loaded);
        plugin.rest();
        Ok(plugin)
    }
}

fn wrong_type(error: wasmtime::Error) -> LoadError {
    LoadError::WrongType(format!("{error:#}"))
}

/// Functions a later 1.x added to `log` or `lookup`, which this host does not give yet.
fn missing_functions(engine: &Engine, component: &Component) -> Result<(), LoadError> {
    let given = |interface: &str, function: &str| {
        interface.starts_with("wasi:")
            || matches!(
                (interface.split('@').next().unwrap_or_default(), function),
                ("mapwright:plugin/log", "write") | ("mapwright:plugin/lookup", "get-row")
            )
    };
    let mut names = Vec::new();
    for (interface, import) in component.component_type().imports(engine.wasmtime()) {
        if let ComponentItem::ComponentInstance(instance) = import.ty {
            for (function, export) in instance.exports(engine.wasmtime()) {
                let function_import = matches!(export.ty, ComponentItem::ComponentFunc(_));
                if function_import && !given(interface, function) {
                    let name = format!("{interface}#{function}");
                    names.push(MissingImport {
                        advice: contract::advice(&name, Language::Unknown),
                        name,
                    });
                }
            }
        }
    }
    if names.is_empty() { Ok(()) } else { Err(LoadError::MissingImport { names }) }
}

/// The manifest and its settings schema, or everything that is wrong with them.
fn check_manifest(described: Described) -> Result<(Manifest, jsonschema::Validator), Vec<String>> {
    let mut problems = Vec::new();
    if !is_kebab(&described.name) {
        problems.push(format!(
            "`name` is `{}`; it must be lower-case words joined by hyphens, like `woo-order-to-erp`",
            excerpt(&described.name)
        ));
    }
    if described.version.len() > WORD_BYTES_MAX
        || semver::Version::parse(&described.version).is_err()
    {
        problems.push(format!(
            "`version` is `{}`; it must be a semantic version, like `1.4.0`",
            excerpt(&described.version)
        ));
    }
    if described.summary.len() > WORD_BYTES_MAX || described.summary.contains(['\n', '\r']) {
        problems.push(format!("`summary` must be one line of at most {WORD_BYTES_MAX} bytes"));
    }
    for (field, words) in [("topics", &described.topics), ("entities", &described.entities)] {
        if words.iter().any(|word| word.is_empty() || word.len() > WORD_BYTES_MAX) {
            problems.push(format!("`{field}` holds an empty or overlong word"));
        }
    }
    let schema = match serde_json::from_str(&described.settings_schema) {
        Ok(schema @ (serde_json::Value::Object(_) | serde_json::Value::Bool(_))) => Some(schema),
        Ok(_) => {
            problems
                .push("`settings-schema` must be a JSON object; `{}` takes anything".to_owned());
            None
        }
        Err(error) => {
            problems.push(format!("`settings-schema` is not JSON: {error}"));
            None
        }
    };
    // Offline: a schema that refers to the network would make loading depend on it.
    let validator = schema.and_then(|schema| {
        let draft = jsonschema::Draft::Draft202012;
        match jsonschema::options().with_draft(draft).offline().build(&schema) {
            Ok(validator) => Some((schema, validator)),
            Err(error) => {
                problems.push(format!(
                    "`settings-schema` is not a JSON Schema: {error} at `{}`",
                    error.instance_path()
                ));
                None
            }
        }
    });
    let Some((settings_schema, validator)) = validator.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let manifest = Manifest {
        name: described.name,
        version: described.version,
        summary: described.summary,
        settings_schema,
        topics: described.topics,
        entities: described.entities,
        attributes: described.attributes,
    };
    Ok((manifest, validator))
}

/// Lower-case words of letters and digits joined by single hyphens.
fn is_kebab(name: &str) -> bool {
    name.len() <= WORD_BYTES_MAX
        && name.split('-').all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(name: &str, version: &str, schema: &str) -> Described {
        Described {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: String::new(),
            settings_schema: schema.to_owned(),
            topics: Vec::new(),
            entities: Vec::new(),
            attributes: Vec::new(),
        }
    }

    #[test]
    fn every_fault_of_a_manifest_is_told_at_once() {
        let problems = check_manifest(described("Woo_Order", "1", "{")).err().unwrap();
        assert_eq!(problems.len(), 3, "{problems:?}");
        let problems = check_manifest(described("a", "1.0.0", r#"{"type": 5}"#)).err().unwrap();
        assert!(problems[0].contains("not a JSON Schema"), "{problems:?}");
    }

    #[test]
    fn a_good_manifest_is_taken() {
        let schema = r#"{"type": "object", "required": ["shop"]}"#;
        let (_, validator) = check_manifest(described("woo-1", "1.2.3-rc.1", schema)).ok().unwrap();
        assert!(!validator.is_valid(&serde_json::json!({})));
    }
}
