//! The one line that makes a component of a plugin.

use crate::{Context, Manifest, Mapped, MappingInput, PriceLine, Refusal, SourceStatus};

/// A field mapping, as a function.
pub type TransformFn = fn(&Context, &MappingInput) -> Result<Mapped, Refusal>;
/// A pricing, as a function.
pub type RepriceFn = fn(&Context, Vec<PriceLine>) -> Result<Vec<PriceLine>, Refusal>;
/// A status translation, as a function.
pub type TranslateFn = fn(&Context, &SourceStatus) -> Result<Option<String>, Refusal>;

/// What a plugin exports; written by [`crate::export!`], read by the native harness and benchmarks.
#[derive(Debug, Clone, Copy)]
pub struct Exported {
    /// Its description.
    pub manifest: Manifest,
    /// Its field mapping, if exported.
    pub field_mapping: Option<TransformFn>,
    /// Its pricing, if exported.
    pub pricing: Option<RepriceFn>,
    /// Its status translation, if exported.
    pub status_translation: Option<TranslateFn>,
}

/// A plugin that [`crate::export!`] was used on.
pub trait Exports {
    /// What it exports.
    const EXPORTED: Exported;
}

/// Exports a plugin: its type, then the capabilities it implements, any of `field_mapping`,
/// `pricing` and `status_translation`. Used once in a crate, at its top level.
///
/// ```
/// use mapwright_guest::{Context, Manifest, Mapped, MappingInput, Plugin, FieldMapping, Refusal};
///
/// struct Nothing;
///
/// impl Plugin for Nothing {
///     const MANIFEST: Manifest = mapwright_guest::package!();
/// }
///
/// impl FieldMapping for Nothing {
///     fn transform(_: &Context, _: &MappingInput) -> Result<Mapped, Refusal> {
///         Ok(Mapped::skipped("this plugin does nothing"))
///     }
/// }
///
/// mapwright_guest::export!(Nothing: field_mapping);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ident : $($capability:ident),+ $(,)?) => {
        impl $crate::Exports for $plugin {
            const EXPORTED: $crate::Exported = {
                let mut exported = $crate::Exported {
                    manifest: <$plugin as $crate::Plugin>::MANIFEST,
                    field_mapping: None,
                    pricing: None,
                    status_translation: None,
                };
                $( $crate::__exported!(exported $capability $plugin); )+
                exported
            };
        }
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Glue;
            $crate::__glue!(manifest $plugin);
            $( $crate::__glue!($capability $plugin); )+
        };
    };
}

/// Part of [`crate::export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __exported {
    ($to:ident field_mapping $plugin:ident) => {
        $to.field_mapping = Some(<$plugin as $crate::FieldMapping>::transform);
    };
    ($to:ident pricing $plugin:ident) => {
        $to.pricing = Some(<$plugin as $crate::Pricing>::reprice);
    };
    ($to:ident status_translation $plugin:ident) => {
        $to.status_translation = Some(<$plugin as $crate::StatusTranslation>::translate);
    };
    ($to:ident $other:ident $plugin:ident) => {
        compile_error!(concat!(
            "`",
            stringify!($other),
            "` is no capability; there are `field_mapping`, `pricing` and `status_translation`"
        ));
    };
}

/// Part of [`crate::export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __glue {
    (manifest $plugin:ident) => {
        impl $crate::bindings::base::exports::mapwright::plugin::manifest::Guest for Glue {
            fn describe() -> $crate::bindings::base::exports::mapwright::plugin::manifest::PluginManifest {
                $crate::glue::describe(&<$plugin as $crate::Plugin>::MANIFEST)
            }
        }
        $crate::bindings::base::export_base!(Glue with_types_in $crate::bindings::base);
    };
    (field_mapping $plugin:ident) => {
        impl $crate::bindings::field_mapping::exports::mapwright::plugin::field_mapping::Guest for Glue {
            fn transform(
                context: $crate::glue::WireContext,
                input: $crate::glue::WireMappingInput,
            ) -> Result<$crate::glue::WireMappingOutcome, $crate::glue::WireRefusal> {
                $crate::glue::transform(<$plugin as $crate::FieldMapping>::transform, context, input)
            }
        }
        $crate::bindings::field_mapping::export_field_mapping!(
            Glue with_types_in $crate::bindings::field_mapping
        );
    };
    (pricing $plugin:ident) => {
        impl $crate::bindings::pricing::exports::mapwright::plugin::pricing::Guest for Glue {
            fn reprice(
                context: $crate::glue::WireContext,
                lines: Vec<$crate::glue::WirePriceLine>,
            ) -> Result<Vec<$crate::glue::WirePriceLine>, $crate::glue::WireRefusal> {
                $crate::glue::reprice(<$plugin as $crate::Pricing>::reprice, context, lines)
            }
        }
        $crate::bindings::pricing::export_pricing!(Glue with_types_in $crate::bindings::pricing);
    };
    (status_translation $plugin:ident) => {
        impl $crate::bindings::status_translation::exports::mapwright::plugin::status_translation::Guest
            for Glue
        {
            fn translate(
                context: $crate::glue::WireContext,
                status: $crate::glue::WireSourceStatus,
            ) -> Result<Option<String>, $crate::glue::WireRefusal> {
                $crate::glue::translate(
                    <$plugin as $crate::StatusTranslation>::translate, context, status,
                )
            }
        }
        $crate::bindings::status_translation::export_status_translation!(
            Glue with_types_in $crate::bindings::status_translation
        );
    };
    ($other:ident $plugin:ident) => {};
}
