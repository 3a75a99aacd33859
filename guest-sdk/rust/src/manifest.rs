//! What a plugin says of itself.

/// A plugin's description; the host reads it once, when the plugin is loaded.
///
/// [`crate::package!`] fills name, version and summary from the plugin's `Cargo.toml`:
///
/// ```
/// use mapwright_guest::{Manifest, package};
///
/// const MANIFEST: Manifest = Manifest {
///     topics: &["order.created", "order.updated"],
///     entities: &["sale"],
///     ..package!()
/// };
/// assert_eq!(MANIFEST.name, "mapwright-guest");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    /// Lower-case words joined by hyphens; the name that routes call it by.
    pub name: &'static str,
    /// Semantic version of the rules.
    pub version: &'static str,
    /// One line for the merchant.
    pub summary: &'static str,
    /// JSON Schema 2020-12 of the route settings; `{}` when anything goes.
    pub settings_schema: &'static str,
    /// The topics it understands; empty for any.
    pub topics: &'static [&'static str],
    /// The entities of the documents it makes.
    pub entities: &'static [&'static str],
    /// Open name and value pairs.
    pub attributes: &'static [(&'static str, &'static str)],
}

/// What every plugin has beside its rules.
pub trait Plugin {
    /// Its description.
    const MANIFEST: Manifest;
}

/// A [`Manifest`] with name, version and summary (`description`) of the package it is used in, any
/// settings, any topics, no entities.
#[macro_export]
macro_rules! package {
    () => {
        $crate::Manifest {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            summary: env!("CARGO_PKG_DESCRIPTION"),
            settings_schema: "{}",
            topics: &[],
            entities: &[],
            attributes: &[],
        }
    };
}
