//! Which contract a file was written for, read from the names of its imports and exports.
//!
//! This is the seam for a second major version: [`Contract`] gets a variant, `bindings` a sibling
//! that answers in today's types, and nothing else in the host learns of it. Minor versions need
//! nothing, since 1.x only adds imports, and a lookup of `@1.0.0` finds `@1.4.0`.

use semver::Version;

use super::bindings;
use super::error::{LoadError, MissingImport};
use super::plugin::Capability;

const PACKAGE: &str = "mapwright:plugin/";

/// A contract the host speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    /// `mapwright:plugin@1.x`.
    V1,
}

/// What the names of a component say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) contract: Contract,
    /// The highest version among the names.
    pub(super) version: Version,
    pub(super) capabilities: Vec<Capability>,
    /// The `wasi:` imports.
    pub(super) wasi: Vec<String>,
}

/// What the host speaks, in words.
pub(super) fn supported() -> String {
    format!("mapwright:plugin@1.x (up to {})", bindings::VERSION)
}

/// The version of a name of our package: `mapwright:plugin/log@1.0.0` has `1.0.0`.
pub(super) fn version_of(name: &str) -> Option<Version> {
    name.strip_prefix(PACKAGE)?.split_once('@').and_then(|(_, version)| version.parse().ok())
}

/// Reads the names.
pub(super) fn read(imports: &[String], exports: &[String]) -> Result<Terms, LoadError> {
    let ours = || imports.iter().chain(exports).filter(|name| name.starts_with(PACKAGE));
    let mut highest: Option<Version> = None;
    for name in ours() {
        let version = version_of(name).filter(|version| version.major == 1);
        let Some(version) = version else {
            return Err(LoadError::UnsupportedContract {
                found: name.clone(),
                supported: supported(),
            });
        };
        highest = highest.max(Some(version));
    }
    let missing: Vec<_> = imports
        .iter()
        .filter(|name| {
            !name.starts_with("wasi:")
                && !is_ours(name, &["types", "pricing-types", "log", "lookup"])
        })
        .map(|name| MissingImport { name: name.clone(), advice: advice(name) })
        .collect();
    if !missing.is_empty() {
        return Err(LoadError::MissingImport { names: missing });
    }
    let exported = |interface| exports.iter().any(|name| is_ours(name, &[interface]));
    let capabilities: Vec<_> =
        Capability::ALL.into_iter().filter(|capability| exported(capability.interface())).collect();
    let Some(version) = highest.filter(|_| exported("manifest")) else {
        let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
        return Err(LoadError::MissingExport(format!(
            "does not export `mapwright:plugin/manifest@{}`, which every plugin has; it exports {exports}",
            bindings::VERSION
        )));
    };
    if capabilities.is_empty() {
        return Err(LoadError::MissingExport(
            "exports none of `field-mapping`, `pricing` and `status-translation`, so there is nothing it can do".to_owned(),
        ));
    }
    let wasi = imports.iter().filter(|name| name.starts_with("wasi:")).cloned().collect();
    Ok(Terms { contract: Contract::V1, version, capabilities, wasi })
}

/// Refuses core imports that no component type can give.
pub(super) fn core_imports(imports: &[String]) -> Result<(), LoadError> {
    let missing: Vec<_> = imports
        .iter()
        .filter(|name| {
            let module = name.split("::").next().unwrap_or_default();
            // Component-model names hold a colon or a sigil; anything else is another world's.
            !(module.contains(':')
                || module.starts_with(['$', '['])
                || module.starts_with("cm32p2"))
        })
        .map(|name| MissingImport { name: name.clone(), advice: advice(name) })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::MissingImport { names: missing }) }
}

fn is_ours(name: &str, interfaces: &[&str]) -> bool {
    name.strip_prefix(PACKAGE)
        .and_then(|rest| rest.split('@').next())
        .is_some_and(|interface| interfaces.contains(&interface))
}

/// What to change so that the import goes away.
pub(super) fn advice(name: &str) -> &'static str {
    if name.starts_with("wasi_snapshot_preview1") || name.starts_with("wasi_unstable") {
        "WASI preview 1: build for `wasm32-unknown-unknown` or `wasm32-wasip2` instead of `wasm32-wasip1`"
    } else if name.starts_with("__wbindgen") || name.starts_with("wbg") {
        "a crate expects a browser: turn off its `js` or `wasm-bindgen` feature (getrandom, uuid, chrono)"
    } else if name.starts_with("env::") {
        "a C function that was not linked: link it in, or remove what calls it"
    } else if name.starts_with(PACKAGE) {
        "not in the contract this host speaks: build against its wit/plugin.wit"
    } else {
        "plugins are pure: remove what needs it; the host gives `log` and `lookup` only"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn later_minor_versions_are_taken_and_other_majors_are_not() {
        let exports = names(&["mapwright:plugin/manifest@1.3.0", "mapwright:plugin/pricing@1.3.0"]);
        let terms = read(&[], &exports).unwrap();
        assert_eq!(terms.capabilities, [Capability::Pricing]);
        assert_eq!(terms.version, Version::new(1, 3, 0));
        for found in ["mapwright:plugin/manifest@2.0.0", "mapwright:plugin/manifest"] {
            let error = read(&[], &names(&[found])).unwrap_err();
            assert!(
                matches!(error, LoadError::UnsupportedContract { found: it, .. } if it == found)
            );
        }
    }

    #[test]
    fn every_missing_import_is_named() {
        let error = read(&names(&["acme:http/client@1.0.0", "acme:db/rows"]), &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("acme:http/client@1.0.0") && text.contains("acme:db/rows"), "{text}");
        let error =
            core_imports(&names(&["env::foo", "wasi_snapshot_preview1::fd_write"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("env::foo") && text.contains("wasm32-wasip1"), "{text}");
    }

    #[test]
    fn a_plugin_without_a_capability_is_refused() {
        let manifest = names(&["mapwright:plugin/manifest@1.0.0"]);
        assert!(matches!(read(&[], &manifest), Err(LoadError::MissingExport(_))));
        let pricing = names(&["mapwright:plugin/pricing@1.0.0"]);
        assert!(matches!(read(&[], &pricing), Err(LoadError::MissingExport(_))));
    }
}
