//! What wit-bindgen makes of the contract, cut into facets so that a component exports only what a
//! plugin implements.
//!
//! Every facet is a world of its own with an export macro of its own. Only when that macro is used
//! does the component type of its exports get into the binary, and `wit-component` joins all the
//! types it finds there. So [`crate::export!`] picks facets and no world has to be named. Nobody
//! writes a plugin against this module; it is public because the macros expand in the plugin's crate.

/// The imports, the shared types and the manifest.
pub mod base {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package mapwright:guest-base;
            world facet-base {
                import mapwright:plugin/types@1.0.0;
                import mapwright:plugin/pricing-types@1.0.0;
                import mapwright:plugin/log@1.0.0;
                import mapwright:plugin/lookup@1.0.0;
                export mapwright:plugin/manifest@1.0.0;
            }
        ",
        world: "mapwright:guest-base/facet-base",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_base",
        runtime_path: "::mapwright_guest::__rt",
    });
}

/// The facet of field mapping.
pub mod field_mapping {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package mapwright:guest-field-mapping;
            world facet-field-mapping { export mapwright:plugin/field-mapping@1.0.0; }
        ",
        world: "mapwright:guest-field-mapping/facet-field-mapping",
        with: {
            "mapwright:plugin/types@1.0.0": ::mapwright_guest::bindings::base::mapwright::plugin::types,
            "mapwright:plugin/pricing-types@1.0.0": ::mapwright_guest::bindings::base::mapwright::plugin::pricing_types,
        },
        pub_export_macro: true,
        export_macro_name: "export_field_mapping",
        runtime_path: "::mapwright_guest::__rt",
    });
}

/// The facet of pricing.
pub mod pricing {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package mapwright:guest-pricing;
            world facet-pricing { export mapwright:plugin/pricing@1.0.0; }
        ",
        world: "mapwright:guest-pricing/facet-pricing",
        with: {
            "mapwright:plugin/types@1.0.0": ::mapwright_guest::bindings::base::mapwright::plugin::types,
            "mapwright:plugin/pricing-types@1.0.0": ::mapwright_guest::bindings::base::mapwright::plugin::pricing_types,
        },
        pub_export_macro: true,
        export_macro_name: "export_pricing",
        runtime_path: "::mapwright_guest::__rt",
    });
}

/// The facet of status translation.
pub mod status_translation {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package mapwright:guest-status-translation;
            world facet-status-translation { export mapwright:plugin/status-translation@1.0.0; }
        ",
        world: "mapwright:guest-status-translation/facet-status-translation",
        with: {
            "mapwright:plugin/types@1.0.0": ::mapwright_guest::bindings::base::mapwright::plugin::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_status_translation",
        runtime_path: "::mapwright_guest::__rt",
    });
}
