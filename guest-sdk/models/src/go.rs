//! Go: structs, and for each the switch that finds a field by its name in the payload.

use std::fmt::Write as _;

use crate::{Field, Kind, Model, Written, wrapped};

const HEAD: &str = "\
// Code generated from models/woocommerce.toml; DO NOT EDIT.

package woocommerce

import (
\t\"mapwright.dev/guest\"
\t\"mapwright.dev/guest/internal/jsontext\"
\t\"mapwright.dev/guest/money\"
)
";

/// Words that Go writes in capitals.
const INITIALISMS: [&str; 4] = ["id", "sku", "gmt", "url"];

const DOC_WIDTH: usize = 96;

pub(crate) fn write(models: &[Model]) -> Written {
    let mut text = HEAD.to_owned();
    for model in models {
        declare(&mut text, model);
        read(&mut text, model);
    }
    Written { path: "go/woocommerce/models.go", text }
}

fn declare(text: &mut String, model: &Model) {
    let name = &model.name;
    text.push('\n');
    comment(text, "", &format!("{name} is {}", lower(&doc(&model.doc))));
    _ = writeln!(text, "type {name} struct {{");
    for field in &model.fields {
        comment(text, "\t", &doc(&field.doc));
        _ = writeln!(text, "\t{} {}", camel(&field.name), kind(&field.kind));
    }
    comment(text, "\t", "The fields this model does not know.");
    text.push_str("\tExtra Extra\n}\n");
}

/// A sentence to stand behind something.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

fn read(text: &mut String, model: &Model) {
    let name = &model.name;
    _ = write!(
        text,
        "\nfunc (m *{name}) read(r *jsontext.Reader, key string) bool {{\n\tswitch key {{\n"
    );
    for field in &model.fields {
        _ = writeln!(text, "\tcase \"{}\":\n\t\t{}", field.key(), statement(field));
    }
    text.push_str("\tdefault:\n\t\treturn false\n\t}\n\treturn true\n}\n");
    _ = write!(
        text,
        "\nfunc (m *{name}) unknown(key string, value guest.JSON) {{\n\
         \tm.Extra = append(m.Extra, ExtraField{{key, value}})\n}}\n"
    );
    let required = match model.require.as_slice() {
        [] => "nil".to_owned(),
        names => format!("[]string{{\"{}\"}}", names.join("\", \"")),
    };
    _ = writeln!(text, "\nfunc (*{name}) required() []string {{ return {required} }}");
    _ = write!(
        text,
        "\nfunc read{name}(r *jsontext.Reader) (m {name}) {{\n\
         \treadModel(r, &m)\n\treturn m\n}}\n"
    );
}

fn statement(field: &Field) -> String {
    let name = camel(&field.name);
    match &field.kind {
        // In place: an address is large, and a key that comes twice counts the last time.
        Kind::Model(model) => format!("m.{name} = {model}{{}}\n\t\treadModel(r, &m.{name})"),
        Kind::List(of) => format!("m.{name} = readList(r, read{})", reader(of)),
        plain => format!("m.{name} = read{}(r)", reader(plain)),
    }
}

fn reader(kind: &Kind) -> String {
    match kind {
        Kind::Text => "Text".to_owned(),
        Kind::Id => "ID".to_owned(),
        Kind::Decimal => "Decimal".to_owned(),
        Kind::Bool => "Bool".to_owned(),
        Kind::Time => "Time".to_owned(),
        Kind::Json => "JSON".to_owned(),
        Kind::Model(name) => name.clone(),
        Kind::List(of) => panic!("a list of lists of {}", reader(of)),
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text => "string".to_owned(),
        Kind::Id => "ID".to_owned(),
        Kind::Decimal => "money.Decimal".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "Time".to_owned(),
        Kind::Json => "guest.JSON".to_owned(),
        Kind::Model(name) => name.clone(),
        Kind::List(of) => format!("[]{}", self::kind(of)),
    }
}

/// `date_created_gmt` as `DateCreatedGMT`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        if INITIALISMS.contains(&word) {
            return word.to_uppercase();
        }
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    name.split('_').map(word).collect()
}

/// The source refers to things as Rust does; Go's way is `[TaxLine.RateID]`.
fn doc(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((target, after)) = link.split_once("`]") else { break };
        let target: Vec<String> = target.split("::").map(camel).collect();
        _ = write!(out, "{before}[{}]", target.join("."));
        rest = after;
    }
    out + rest
}

fn comment(text: &mut String, indent: &str, said: &str) {
    for line in wrapped(said, DOC_WIDTH) {
        _ = writeln!(text, "{indent}// {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::{camel, doc};

    #[test]
    fn names_are_written_as_in_go() {
        assert_eq!(camel("date_created_gmt"), "DateCreatedGMT");
        assert_eq!(camel("address_1"), "Address1");
        assert_eq!(camel("global_unique_id"), "GlobalUniqueID");
        assert_eq!(doc("as in [`TaxLine::rate_id`]."), "as in [TaxLine.RateID].");
    }
}
