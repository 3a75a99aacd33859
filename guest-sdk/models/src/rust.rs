//! Rust: calls of the macro that declares a model and reads it in one pass.

use std::fmt::Write as _;

use crate::{Kind, Model, Written, wrapped};

const HEAD: &str = "\
//! What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit.

use super::{Decimal, Id, Json, ShopTime};
use crate::json::model;
";

/// Text beside `    /// `.
const FIELD_WIDTH: usize = 92;
const MODEL_WIDTH: usize = 92;

pub(crate) fn write(models: &[Model]) -> Written {
    let mut text = HEAD.to_owned();
    for model in models {
        text.push_str("\nmodel! {\n");
        for line in wrapped(&model.doc, MODEL_WIDTH) {
            _ = writeln!(text, "    /// {line}");
        }
        _ = writeln!(text, "    pub struct {} {{", model.name);
        for field in &model.fields {
            for line in wrapped(&field.doc, FIELD_WIDTH - 4) {
                _ = writeln!(text, "        /// {line}");
            }
            _ = write!(text, "        pub {}: {}", field.name, kind(&field.kind));
            if field.key() != field.name {
                _ = write!(text, " = \"{}\"", field.key());
            }
            text.push_str(",\n");
        }
        text.push_str("    }\n");
        if !model.require.is_empty() {
            _ = writeln!(text, "    require \"{}\";", model.require.join("\", \""));
        }
        text.push_str("}\n");
    }
    Written { path: "rust/src/woocommerce/models.rs", text }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text => "String".to_owned(),
        Kind::Id => "Id".to_owned(),
        Kind::Decimal => "Decimal".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "ShopTime".to_owned(),
        Kind::Json => "Json".to_owned(),
        Kind::Model(name) => name.clone(),
        Kind::List(of) => format!("Vec<{}>", self::kind(of)),
    }
}
