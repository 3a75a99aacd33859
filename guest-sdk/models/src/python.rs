//! Python: dataclasses for people and their editors, and below each the call that tells how it is read.

use std::fmt::Write as _;

use crate::{Kind, Model, Written, wrapped};

const HEAD: &str = "\
\"\"\"What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit.\"\"\"

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .. import _reading as _read
from .._reading import Extra, Id, Json, ShopTime
from ..money import ZERO
from . import _answers
";

/// Models that can be asked more than their fields; the answers are in `_answers.py`.
const ANSWERS: [(&str, &str); 5] = [
    ("Address", "AddressAnswers"),
    ("Customer", "WithMeta"),
    ("LineItem", "LineItemAnswers"),
    ("Order", "OrderAnswers"),
    ("Product", "ProductAnswers"),
];

/// Text between `    \"\"\"` and `\"\"\"`.
const DOC_WIDTH: usize = 106;

pub(crate) fn write(models: &[Model]) -> Written {
    let mut text = HEAD.to_owned();
    for model in models {
        let base = ANSWERS
            .iter()
            .find(|(name, _)| *name == model.name)
            .map_or_else(|| "_read.Model".to_owned(), |(_, base)| format!("_answers.{base}"));
        _ = write!(text, "\n\n@dataclass(kw_only=True)\nclass {}({base}):\n", model.name);
        document(&mut text, &model.doc);
        text.push('\n');
        for field in &model.fields {
            _ = writeln!(
                text,
                "    {}: {} = {}",
                field.name,
                hint(&field.kind),
                nothing(&field.kind)
            );
            document(&mut text, &field.doc);
        }
        text.push_str("    extra: Extra = field(default_factory=Extra)\n");
        document(&mut text, "The fields this model does not know.");
    }
    // Last, since models are made of models that come after them.
    for model in models {
        _ = write!(text, "\n_read.declare(\n    {},\n", model.name);
        if !model.require.is_empty() {
            _ = writeln!(text, "    (\"{}\",),", model.require.join("\", \""));
        }
        for field in &model.fields {
            let kind = reader(&field.kind);
            if field.key() == field.name {
                _ = writeln!(text, "    {}={kind},", field.name);
            } else {
                _ = writeln!(text, "    {}=(\"{}\", {kind}),", field.name, field.key());
            }
        }
        text.push_str(")\n");
    }
    Written { path: "python/src/mapwright_guest/woocommerce/models.py", text }
}

/// A docstring, with Rust's `[`Order::delivery_address`]` in Python's words.
fn document(text: &mut String, doc: &str) {
    let doc = doc.replace("[`", "`").replace("`]", "`").replace("::", ".");
    let lines = wrapped(&doc.replace('`', "``"), DOC_WIDTH);
    _ = writeln!(text, "    \"\"\"{}\"\"\"", lines.join("\n    "));
}

fn hint(kind: &Kind) -> String {
    match kind {
        Kind::Text => "str".to_owned(),
        Kind::Id => "Id".to_owned(),
        Kind::Decimal => "Decimal".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "ShopTime".to_owned(),
        Kind::Json => "Json".to_owned(),
        Kind::Model(name) => name.clone(),
        Kind::List(of) => format!("list[{}]", hint(of)),
    }
}

/// What a field holds when the shop says nothing.
fn nothing(kind: &Kind) -> String {
    match kind {
        Kind::Text => "\"\"".to_owned(),
        Kind::Id => "Id()".to_owned(),
        Kind::Decimal => "ZERO".to_owned(),
        Kind::Bool => "False".to_owned(),
        Kind::Time => "ShopTime()".to_owned(),
        Kind::Json => "field(default_factory=Json)".to_owned(),
        Kind::Model(name) => format!("field(default_factory=lambda: {name}())"),
        Kind::List(_) => "field(default_factory=list)".to_owned(),
    }
}

fn reader(kind: &Kind) -> String {
    match kind {
        Kind::Text => "_read.text".to_owned(),
        Kind::Id => "_read.id_".to_owned(),
        Kind::Decimal => "_read.number".to_owned(),
        Kind::Bool => "_read.flag".to_owned(),
        Kind::Time => "_read.time".to_owned(),
        Kind::Json => "_read.json_".to_owned(),
        Kind::Model(name) => format!("_read.model({name})"),
        Kind::List(of) => format!("_read.list_of({})", reader(of)),
    }
}
