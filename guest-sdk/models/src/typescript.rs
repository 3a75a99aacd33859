//! TypeScript: a class for each model, whose constructor reads it field by field.
//!
//! Fields are `declare`d, so that nothing is written twice when one is made. What a model can be asked
//! stands in `questions.ts`, from which the models named in [`ASKED`] descend.

use std::fmt::Write as _;

use crate::{Field, Kind, Model, Written, wrapped};

const HEAD: &str = "\
/** What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit. */

import type { Decimal } from \"../decimal.ts\";
import type { Members, Source } from \"../json/source.ts\";
import * as read from \"./fields.ts\";
import type { Extra, Id, Json, ShopTime } from \"./fields.ts\";
import {
  AddressQuestions,
  CustomerQuestions,
  LineItemQuestions,
  OrderQuestions,
  ProductQuestions,
} from \"./questions.ts\";
";

/// Models that have a class in `questions.ts`.
const ASKED: [&str; 5] = ["Address", "Customer", "LineItem", "Order", "Product"];

/// The longest line of a comment.
const WIDTH: usize = 110;

pub(crate) fn write(models: &[Model]) -> Written {
    let mut text = HEAD.to_owned();
    for model in models {
        let name = &model.name;
        let base = match ASKED.contains(&name.as_str()) {
            true => format!(" extends {name}Questions"),
            false => String::new(),
        };
        text.push('\n');
        comment(&mut text, "", &model.doc);
        _ = writeln!(text, "export class {name}{base} {{");
        for field in &model.fields {
            comment(&mut text, "  ", &field.doc);
            _ = writeln!(text, "  declare readonly {}: {};", field.name, kind(&field.kind));
        }
        comment(&mut text, "  ", "The fields this model does not know.");
        text.push_str("  declare readonly extra: Extra;\n\n");
        text.push_str("  constructor(from: Members, source: Source) {\n");
        if !base.is_empty() {
            text.push_str("    super();\n");
        }
        if !model.require.is_empty() {
            _ = writeln!(text, "    read.required(from, \"{}\");", model.require.join("\", \""));
        }
        for field in &model.fields {
            _ = writeln!(text, "    this.{} = {};", field.name, reader(field));
        }
        _ = writeln!(text, "    this.extra = new read.Extra(from, {}, source);", known(name));
        text.push_str("  }\n}\n");
        let keys: Vec<_> =
            model.fields.iter().map(|field| format!("\"{}\"", field.key())).collect();
        _ = writeln!(text, "\nconst {} = new Set([", known(name));
        for line in wrapped(&keys.join(", "), WIDTH - 10) {
            _ = writeln!(text, "  {line}");
        }
        text.push_str("]);\n");
        _ = writeln!(text, "/** Reads a member as one of these. */");
        _ = writeln!(text, "export const {} = read.model({name});", reads(name));
    }
    Written { path: "typescript/src/woocommerce/models.ts", text }
}

/// The documentation of something, links to fields in TSDoc's form.
fn comment(text: &mut String, indent: &str, doc: &str) {
    let doc = doc.replace("[`", "{@link ").replace("`]", "}").replace("::", ".");
    let doc = doc.replace("delivery_address", "deliveryAddress");
    let lines = wrapped(&doc, WIDTH - indent.len() - 7);
    if let [line] = lines.as_slice() {
        _ = writeln!(text, "{indent}/** {line} */");
        return;
    }
    _ = writeln!(text, "{indent}/**");
    for line in lines {
        _ = writeln!(text, "{indent} * {line}");
    }
    _ = writeln!(text, "{indent} */");
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text => "string".to_owned(),
        Kind::Id => "Id".to_owned(),
        Kind::Decimal => "Decimal".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Time => "ShopTime".to_owned(),
        Kind::Json => "Json".to_owned(),
        Kind::Model(name) => name.clone(),
        Kind::List(of) => format!("{}[]", self::kind(of)),
    }
}

/// The expression that reads a field.
fn reader(field: &Field) -> String {
    let key = field.key();
    match &field.kind {
        Kind::Json => format!("read.json(from, \"{key}\", source)"),
        Kind::Model(name) => format!("{}(from, \"{key}\", source)", reads(name)),
        Kind::List(of) => format!("read.list(from, \"{key}\", {}, source)", function(of)),
        kind => format!("{}(from, \"{key}\")", function(kind)),
    }
}

/// The function that reads a member of this kind.
fn function(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Time => "read.text".to_owned(),
        Kind::Id => "read.id".to_owned(),
        Kind::Decimal => "read.amount".to_owned(),
        Kind::Bool => "read.flag".to_owned(),
        Kind::Json | Kind::List(_) => "read.json".to_owned(),
        Kind::Model(name) => reads(name),
    }
}

/// The name of the function that reads a model.
fn reads(model: &str) -> String {
    format!("read{model}")
}

/// The name of the set of a model's keys.
fn known(model: &str) -> String {
    let mut name = String::from("KNOWN");
    for letter in model.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
