//! C: structures in a header, and tables by which one reader fills them.

use std::fmt::Write as _;

use crate::{Kind, Model, Written, wrapped};

const HEADER_HEAD: &str = "\
/*
 * What WooCommerce sends, field by field. Made from models/woocommerce.toml; do not edit.
 */
#ifndef MAPWRIGHT_MODELS_H
#define MAPWRIGHT_MODELS_H

#include \"woocommerce.h\"
";

const TABLES_HEAD: &str = "\
/*
 * Where each field of a payload goes. Made from models/woocommerce.toml; do not edit.
 */
#include <stddef.h>

#include \"internal.h\"
";

const WIDTH: usize = 100;

/// Bits of the reader's note of which fields came.
const FIELDS_MAX: usize = 64;

/// The structures.
pub(crate) fn header(models: &[Model]) -> Written {
    let mut text = HEADER_HEAD.to_owned();
    // A list may be of a model that comes later.
    text.push('\n');
    for model in models {
        _ = writeln!(text, "typedef struct {0} {0};", name(&model.name));
    }
    for model in models {
        let name = name(&model.name);
        _ = writeln!(
            text,
            "\ntypedef struct {name}_list {{\n    const {name} *items;\n    size_t count;\n}} {name}_list;"
        );
    }
    for model in in_order(models) {
        text.push('\n');
        comment(&mut text, "", &linked(&model.doc, models));
        _ = writeln!(text, "struct {} {{", name(&model.name));
        for field in &model.fields {
            comment(&mut text, "    ", &linked(&field.doc, models));
            _ = writeln!(text, "    {} {};", kind(&field.kind), field.name);
        }
        text.push_str(
            "    /* The fields that this model does not know. */\n    mw_extra extra;\n};\n",
        );
    }
    text.push_str("\n#endif\n");
    Written { path: "c/include/mapwright/models.h", text }
}

/// The tables.
pub(crate) fn tables(models: &[Model]) -> Written {
    let mut text = TABLES_HEAD.to_owned();
    text.push('\n');
    for model in models {
        _ = writeln!(text, "extern const mw_model {}_model;", name(&model.name));
    }
    for model in models {
        let name = name(&model.name);
        assert!(model.fields.len() <= FIELDS_MAX, "{name} has more fields than the reader notes");
        _ = writeln!(text, "\nstatic const mw_field {name}_fields[] = {{");
        for field in &model.fields {
            let (of, list) = match &field.kind {
                Kind::List(of) => (of.as_ref(), true),
                of => (of, false),
            };
            let table = match of {
                Kind::Model(other) => format!("&{}_model", self::name(other)),
                _ => "NULL".to_owned(),
            };
            let key = field.key();
            _ = writeln!(
                text,
                "    {{\"{key}\", {}, {}, {list}, {}, offsetof({name}, {}), {table}}},",
                key.len(),
                constant(of),
                model.require.iter().any(|required| required == key),
                field.name,
            );
        }
        _ = writeln!(
            text,
            "}};\nconst mw_model {name}_model = {{{name}_fields, {}, sizeof({name}), offsetof({name}, extra), {:#x}}};",
            model.fields.len(),
            model.fields.iter().fold(0_u64, |lengths, field| lengths | 1 << field.key().len()),
        );
    }
    Written { path: "c/src/models.c", text }
}

/// Models with those that they hold whole before them: C wants to know how large each is.
fn in_order(models: &[Model]) -> Vec<&Model> {
    let mut written: Vec<&Model> = Vec::new();
    while written.len() < models.len() {
        let there = |name: &String| written.iter().any(|model| model.name == *name);
        let next = models.iter().find(|model| {
            !there(&model.name)
                && model.fields.iter().all(|field| match &field.kind {
                    Kind::Model(name) => there(name),
                    _ => true,
                })
        });
        written.push(next.expect("a model cannot hold itself"));
    }
    written
}

/// `mw_line_item` for `LineItem`.
fn name(model: &str) -> String {
    let mut name = "mw".to_owned();
    for letter in model.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text => "mw_text".to_owned(),
        Kind::Id => "mw_id".to_owned(),
        Kind::Decimal => "mw_decimal".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "mw_time".to_owned(),
        Kind::Json => "mw_raw".to_owned(),
        Kind::Model(of) => name(of),
        Kind::List(of) => format!("{}_list", self::kind(of)),
    }
}

fn constant(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Time => "MW_FIELD_TEXT",
        Kind::Id => "MW_FIELD_ID",
        Kind::Decimal => "MW_FIELD_DECIMAL",
        Kind::Bool => "MW_FIELD_BOOL",
        Kind::Json => "MW_FIELD_JSON",
        Kind::Model(_) => "MW_FIELD_MODEL",
        Kind::List(_) => panic!("the reader knows no lists of lists"),
    }
}

fn comment(text: &mut String, indent: &str, doc: &str) {
    let mut lines = wrapped(doc, WIDTH - indent.len());
    let last = lines.pop().unwrap_or_default();
    for (at, line) in lines.iter().enumerate() {
        _ = writeln!(text, "{indent}{} {line}", if at == 0 { "/*" } else { "  " });
    }
    _ = writeln!(text, "{indent}{} {last} */", if lines.is_empty() { "/*" } else { "  " });
}

/// The source's links as C calls what they lead to: a field of a structure, or a function.
fn linked(doc: &str, models: &[Model]) -> String {
    let mut text = String::new();
    let mut rest = doc;
    while let Some((before, link)) = rest.split_once("[`") {
        text.push_str(before);
        let (target, after) = link.split_once("`]").expect("a link ends");
        let (model, member) = target.split_once("::").expect("a link names a member");
        let field = models.iter().any(|other| {
            other.name == model && other.fields.iter().any(|field| field.name == member)
        });
        _ = if field {
            write!(text, "{}.{member}", name(model))
        } else {
            write!(text, "mw_{member}")
        };
        rest = after;
    }
    text.push_str(rest);
    text
}
