//! References: `{"$ref": {"entity": "party", "key": "WC-2"}}` in a document's body stands for the
//! id that the target gave to that thing.
//!
//! [`scan`] finds them in the body's text and [`splice`] puts ids in their places, so every byte
//! between them stays as the plugin wrote it: `1.10` stays `1.10`. A body without references is not
//! copied, not even parsed. An object that has a `$ref` member must be a reference and nothing
//! else; what is malformed is told by JSON Pointer. Costs one look at the text for each level of
//! nesting above a reference; [`check`] costs a look for `$ref` and a few bytes at each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What serde_json itself takes; deeper bodies do not come from honest plugins.
const DEPTH_MAX: usize = 128;

/// One reference, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The bytes to be replaced.
    pub range: Range<usize>,
    /// What is meant.
    pub entity: String,
    /// Which one.
    pub key: String,
    /// Where it stands, as a JSON Pointer.
    pub pointer: String,
}

/// Why a body's references cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An object with a `$ref` that is not a reference.
    #[error(
        "{pointer}: a reference is exactly {{\"$ref\": {{\"entity\": \"..\", \"key\": \"..\"}}}} \
         with two non-empty strings: {problem}"
    )]
    Malformed {
        /// Where it stands.
        pointer: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nested beyond reason.
    #[error("the body is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// Not JSON at all.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
}

/// Finds the references of a body, in the order of the text.
///
/// # Errors
/// [`Error`], with a JSON Pointer where there is a place to point at.
pub fn scan(body: &str) -> Result<Vec<Reference>, Error> {
    let mut references = Vec::new();
    if may_refer(body) {
        let root: &RawValue =
            serde_json::from_str(body).map_err(|error| Error::NotJson(error.to_string()))?;
        walk(body, root, &mut String::new(), 0, &mut references)?;
    }
    Ok(references)
}

/// Whether all references of a body, which is JSON, are whole: what [`scan`] says, without a walk over the
/// body where they are written as everybody writes them.
///
/// # Errors
/// [`Error`], as [`scan`].
pub fn check(body: &str) -> Result<(), Error> {
    let bytes = body.as_bytes();
    let escapes = memmem::find(bytes, b"\\u00").is_some();
    if !escapes && memmem::find_iter(bytes, b"$ref").all(|at| is_usual(body, at)) {
        return Ok(());
    }
    scan(body).map(drop)
}

/// Whether the `$ref` at this byte is the one member of an object, and its value an entity and a key.
fn is_usual(body: &str, at: usize) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Meant<'a> {
        #[serde(borrow)]
        entity: Cow<'a, str>,
        #[serde(borrow)]
        key: Cow<'a, str>,
    }
    let opened = body.get(..at).and_then(|before| before.strip_suffix('"'));
    if !opened.is_some_and(|before| before.trim_ascii_end().ends_with('{')) {
        return false;
    }
    let value = body.get(at..).and_then(|it| it.strip_prefix("$ref\""));
    let value = value.and_then(|it| it.trim_ascii_start().strip_prefix(':'));
    // serde would take a list for the fields, in order.
    let Some(value) = value.map(str::trim_ascii_start).filter(|it| it.starts_with('{')) else {
        return false;
    };
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<Meant<'_>>();
    let Some(Ok(meant)) = values.next() else { return false };
    let rest = value.get(values.byte_offset()..).unwrap_or_default();
    !meant.entity.is_empty() && !meant.key.is_empty() && rest.trim_ascii_start().starts_with('}')
}

/// Puts `ids` (JSON text, one for each reference) into the places of `references`.
#[must_use]
pub fn splice<'a>(body: &'a str, references: &[Reference], ids: &[String]) -> Cow<'a, str> {
    debug_assert_eq!(references.len(), ids.len());
    if references.is_empty() {
        return Cow::Borrowed(body);
    }
    let mut spliced = String::with_capacity(body.len());
    let mut from = 0;
    for (reference, id) in references.iter().zip(ids) {
        spliced.push_str(body.get(from..reference.range.start).unwrap_or_default());
        spliced.push_str(id);
        from = reference.range.end;
    }
    spliced.push_str(body.get(from..).unwrap_or_default());
    Cow::Owned(spliced)
}

/// An id as JSON text: a number where it reads back as the very same text, else a string.
#[must_use]
pub fn id_as_number(id: &str) -> Option<String> {
    let canonical = !id.is_empty()
        && id.len() <= 18
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && (id == "0" || !id.starts_with('0'));
    canonical.then(|| id.to_owned())
}

/// An id as a JSON string.
#[must_use]
pub fn id_as_string(id: &str) -> String {
    serde_json::Value::from(id).to_string()
}

/// The value at a JSON Pointer, in its own text.
#[must_use]
pub fn value_at<'a>(text: &'a str, pointer: &str) -> Option<&'a RawValue> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    if pointer.is_empty() {
        return Some(value);
    }
    for step in pointer.strip_prefix('/')?.split('/') {
        let name = step.replace("~1", "/").replace("~0", "~");
        value = match value.get().as_bytes().first()? {
            b'{' => {
                let Members(members) = serde_json::from_str(value.get()).ok()?;
                members.into_iter().find(|(member, _)| *member == name)?.1
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                items.get(name.parse::<usize>().ok()?).copied()?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Whether the text can hold a `$ref` member: written plainly, or with its letters escaped.
fn may_refer(body: &str) -> bool {
    body.contains("$ref") || body.contains("\\u00")
}

/// The members of an object in their order, duplicates and all, values unparsed.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    members.push(pair);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

fn walk<'a>(
    body: &'a str,
    value: &'a RawValue,
    pointer: &mut String,
    depth: usize,
    references: &mut Vec<Reference>,
) -> Result<(), Error> {
    let text = value.get();
    if !may_refer(text) {
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return Err(Error::TooDeep);
    }
    let not_json = |error: serde_json::Error| Error::NotJson(error.to_string());
    let length = pointer.len();
    match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(not_json)?;
            if members.iter().any(|(name, _)| name == "$ref") {
                let (entity, key) = read(&members)
                    .map_err(|problem| Error::Malformed { pointer: pointer.clone(), problem })?;
                // Both slices are parts of `body`: their distance is the place in it.
                let start = text.as_ptr() as usize - body.as_ptr() as usize;
                let range = start..start + text.len();
                references.push(Reference { range, entity, key, pointer: pointer.clone() });
                return Ok(());
            }
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                walk(body, member, pointer, depth + 1, references)?;
                pointer.truncate(length);
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
            for (index, item) in items.into_iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(body, item, pointer, depth + 1, references)?;
                pointer.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The entity and key of an object that has a `$ref` member.
fn read(members: &[(Cow<'_, str>, &RawValue)]) -> Result<(String, String), String> {
    let [(_, inner)] = members else {
        return Err("there are other members beside $ref".to_owned());
    };
    let Members(inner) =
        serde_json::from_str(inner.get()).map_err(|_| "$ref is not an object".to_owned())?;
    let mut parts = BTreeMap::new();
    for (name, value) in &inner {
        let text: String =
            serde_json::from_str(value.get()).map_err(|_| format!("{name} is not a string"))?;
        if text.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if parts.insert(name.as_ref(), text).is_some() {
            return Err(format!("{name} is given twice"));
        }
    }
    let entity = parts.remove("entity").ok_or("entity is missing")?;
    let key = parts.remove("key").ok_or("key is missing")?;
    match parts.into_keys().next() {
        Some(other) => Err(format!("{other} is not part of a reference")),
        None => Ok((entity, key)),
    }
}

#[cfg(test)]
mod tests;
