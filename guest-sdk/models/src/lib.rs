//! The WooCommerce models of all guest SDKs, made from `woocommerce.toml`.
//!
//! One source, so that an order in Python has the fields of an order in Go. Each language has a module
//! that writes its own file; how a payload is read into it is that SDK's handwork, and the same manners
//! everywhere (`README.md` beside this crate). `cargo run -p mapwright-guest-models` writes the files,
//! a test holds them to what would be written. Nothing here is part of a plugin.

mod c;
mod go;
mod python;
mod rust;
mod typescript;

use std::path::Path;

use serde::Deserialize;

/// All models, those that others are made of first where languages care.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    models: Vec<Model>,
}

/// One kind of object in a payload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    /// In CamelCase.
    pub(crate) name: String,
    pub(crate) doc: String,
    /// Fields without which it is none.
    #[serde(default)]
    pub(crate) require: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

/// One field of a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// In `snake_case`.
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Its name in the payload, where that differs.
    json: Option<String>,
    pub(crate) doc: String,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Kind {
    Text,
    Id,
    Decimal,
    Bool,
    Time,
    Json,
    Model(String),
    List(Box<Kind>),
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(of) = text.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
            return Ok(Self::List(Box::new(Self::try_from(of.to_owned())?)));
        }
        Ok(match text.as_str() {
            "text" => Self::Text,
            "id" => Self::Id,
            "decimal" => Self::Decimal,
            "bool" => Self::Bool,
            "time" => Self::Time,
            "json" => Self::Json,
            model if model.starts_with(|first: char| first.is_ascii_uppercase()) => {
                Self::Model(text)
            }
            other => return Err(format!("`{other}` is no type of a field")),
        })
    }
}

impl Field {
    /// Its name in the payload.
    pub(crate) fn key(&self) -> &str {
        self.json.as_deref().unwrap_or(&self.name)
    }
}

/// A file of an SDK.
#[derive(Debug)]
pub struct Written {
    /// Where, from the folder `guest-sdk` on.
    pub path: &'static str,
    /// What it holds.
    pub text: String,
}

impl Models {
    /// Reads the source, which is beside this crate's manifest.
    ///
    /// # Panics
    /// When it cannot be read or names a model that is not there: nothing can be made of it then.
    #[must_use]
    pub fn read() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("woocommerce.toml");
        let text = std::fs::read_to_string(&source)
            .unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let models: Self =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        for model in &models.models {
            for field in &model.fields {
                let mut kind = &field.kind;
                while let Kind::List(of) = kind {
                    kind = of;
                }
                if let Kind::Model(name) = kind {
                    let known = models.models.iter().any(|other| other.name == *name);
                    assert!(known, "{}.{}: there is no `{name}`", model.name, field.name);
                }
            }
            for name in &model.require {
                let known = model.fields.iter().any(|field| field.key() == name);
                assert!(known, "{} requires `{name}`, which it does not have", model.name);
            }
        }
        models
    }

    /// All files of all SDKs.
    #[must_use]
    pub fn write(&self) -> Vec<Written> {
        let models = &self.models;
        vec![
            c::header(models),
            c::tables(models),
            go::write(models),
            python::write(models),
            rust::write(models),
            typescript::write(models),
        ]
    }
}

/// `text` in lines of at most `width` characters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
