//! TypeScript: a class for each model, whose constructor reads it field by field.
//!
//! Written for an engine that interprets: fields are `declare`d, so that none is set twice, texts are taken
//! without a call, what may never be asked for is made when it is, and there is no chain of constructors: what
//! a model can be asked is put on the prototypes of those named in [`ASKED`], from `questions.ts`.

use std::fmt::Write as _;

use crate::{Field, Kind, Model, Written, wrapped};

const HEAD: &str = "\
/** What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit. */

import type { Decimal } from \"../decimal.ts\";
import type { Members, Node, Source } from \"../json/source.ts\";
import { amount, Extra, flag, id, Json, list, model, required, text, type Id, type ShopTime } from \"./fields.ts\";
import {
  AddressQuestions,
  asked,
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
        let asked = ASKED.contains(&name.as_str());
        text.push('\n');
        comment(&mut text, "", &model.doc);
        _ = writeln!(text, "export class {name} {{");
        for field in model.fields.iter().filter(|field| field.kind != Kind::Json) {
            comment(&mut text, "  ", &field.doc);
            _ = writeln!(text, "  declare readonly {}: {};", field.name, kind(&field.kind));
        }
        text.push_str("  private declare readonly from: Members;\n");
        text.push_str("  private declare readonly source: Source;\n\n");
        text.push_str("  constructor(from: Members, source: Source) {\n");
        if model.fields.iter().any(|field| matches!(field.kind, Kind::Text | Kind::Time)) {
            text.push_str("    let value: Node | undefined;\n");
        }
        if !model.require.is_empty() {
            _ = writeln!(text, "    required(from, \"{}\");", model.require.join("\", \""));
        }
        for field in model.fields.iter().filter(|field| field.kind != Kind::Json) {
            _ = writeln!(text, "    this.{} = {};", field.name, reader(field));
        }
        text.push_str("    this.from = from;\n    this.source = source;\n  }\n\n");
        for field in model.fields.iter().filter(|field| field.kind == Kind::Json) {
            comment(&mut text, "  ", &field.doc);
            _ = writeln!(text, "  get {}(): Json {{", field.name);
            _ = writeln!(text, "    return new Json(this.from, \"{}\", this.source);", field.key());
            text.push_str("  }\n\n");
        }
        comment(&mut text, "  ", "The fields this model does not know.");
        text.push_str("  get extra(): Extra {\n");
        _ = writeln!(text, "    return new Extra(this.from, {}, this.source);", known(name));
        text.push_str("  }\n}\n");
        if asked {
            _ = writeln!(text, "export interface {name} extends {name}Questions {{}}");
            _ = writeln!(text, "asked({name}, {name}Questions);");
        }
        let keys: Vec<_> =
            model.fields.iter().map(|field| format!("\"{}\"", field.key())).collect();
        _ = writeln!(text, "\nconst {} = new Set([", known(name));
        for line in wrapped(&keys.join(", "), WIDTH - 10) {
            _ = writeln!(text, "  {line}");
        }
        text.push_str("]);\n");
        _ = writeln!(text, "/** Reads a member as one of these. */");
        _ = writeln!(text, "export const {} = model({name});", reads(name));
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

/// The expression that reads a field. What is a text already, as most are, needs no call.
fn reader(field: &Field) -> String {
    let key = field.key();
    let value = format!("from.{key}");
    match &field.kind {
        Kind::Json => unreachable!("read when somebody asks"),
        Kind::Model(name) => format!("{}({value}, \"{key}\", source)", reads(name)),
        Kind::List(of) => format!("list({value}, \"{key}\", {}, source)", function(of)),
        Kind::Text | Kind::Time => {
            format!("typeof (value = {value}) === \"string\" ? value : text(value, \"{key}\")")
        }
        kind => format!("{}({value}, \"{key}\")", function(kind)),
    }
}

/// The function that reads a member of this kind.
fn function(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Time => "text".to_owned(),
        Kind::Id => "id".to_owned(),
        Kind::Decimal => "amount".to_owned(),
        Kind::Bool => "flag".to_owned(),
        Kind::Json | Kind::List(_) => unreachable!("no model has lists of these"),
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
