//! Places in JSON: JSON Pointers (RFC 6901) in which `*` stands for each item or member.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::node::{Node, Value};

/// A JSON Pointer in which `*` stands for each item of a list or each member of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    segments: Vec<String>,
}

/// Text that is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a JSON Pointer; write it like /lines/*/unit_price")]
pub struct PatternError(String);

/// A value that a pattern leads to.
#[derive(Debug)]
pub struct Found<'n, 'a> {
    /// Its own pointer, indices spelt out.
    pub pointer: String,
    /// The value.
    pub node: &'n Node<'a>,
}

impl Pattern {
    /// The segments, escapes resolved; `*` stands for each.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Every value it leads to, in the order written.
    #[must_use]
    pub fn find<'n, 'a>(&self, root: &'n Node<'a>) -> Vec<Found<'n, 'a>> {
        let mut found = vec![Found { pointer: String::new(), node: root }];
        for segment in &self.segments {
            let mut next = Vec::new();
            for Found { pointer, node } in found {
                let mut step = |token: &str, node| {
                    next.push(Found { pointer: format!("{pointer}/{}", escape(token)), node });
                };
                match &node.value {
                    Value::Array(items) if segment == "*" => {
                        for (index, item) in items.iter().enumerate() {
                            step(&index.to_string(), item);
                        }
                    }
                    Value::Object(members) if segment == "*" => {
                        for member in members {
                            step(&member.key, &member.value);
                        }
                    }
                    Value::Array(items) => {
                        let item = segment.parse().ok().and_then(|at: usize| items.get(at));
                        if let Some(item) = item {
                            step(segment, item);
                        }
                    }
                    Value::Object(_) => {
                        if let Some(value) = node.get(segment) {
                            step(segment, value);
                        }
                    }
                    _ => {}
                }
            }
            found = next;
        }
        found
    }

    /// The first value it leads to.
    #[must_use]
    pub fn first<'n, 'a>(&self, root: &'n Node<'a>) -> Option<&'n Node<'a>> {
        self.find(root).into_iter().next().map(|found| found.node)
    }

    /// Whether a place with these segments is this one or lies below it.
    #[must_use]
    pub fn covers(&self, segments: &[&str]) -> bool {
        segments.len() >= self.segments.len()
            && self.segments.iter().zip(segments).all(|(own, other)| own == "*" || own == other)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Ok(Self { segments: Vec::new() });
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PatternError(text.to_owned()));
        };
        let segment = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Ok(Self { segments: rest.split('/').map(segment).collect() })
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{}", escape(segment)))
    }
}

/// A key as a segment of a pointer.
#[must_use]
pub fn escape(key: &str) -> std::borrow::Cow<'_, str> {
    if key.contains(['~', '/']) {
        key.replace('~', "~0").replace('/', "~1").into()
    } else {
        key.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Vec<(String, String)> {
        let root = Node::of(text).unwrap();
        let pattern: Pattern = pattern.parse().unwrap();
        pattern
            .find(&root)
            .into_iter()
            .map(|found| (found.pointer, found.node.text.to_owned()))
            .collect()
    }

    #[test]
    fn a_star_stands_for_each_item_and_each_member() {
        let text = r#"{"lines":[{"p":1},{"p":2},3],"by":{"a/b":{"p":4}}}"#;
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(at, text)| ((*at).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(found("/lines/*/p", text), pairs(&[("/lines/0/p", "1"), ("/lines/1/p", "2")]));
        assert_eq!(found("/by/*/p", text), pairs(&[("/by/a~1b/p", "4")]));
        assert_eq!(found("/lines/2", text), pairs(&[("/lines/2", "3")]));
        assert_eq!(found("", "7"), pairs(&[("", "7")]));
        assert_eq!(found("/nowhere/*", text), []);
    }

    #[test]
    fn a_pointer_survives_being_written_down() {
        for text in ["", "/a", "/a~1b/*/~0", "/0"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
        assert!("lines".parse::<Pattern>().unwrap_err().to_string().contains("`lines`"));
    }

    #[test]
    fn a_place_covers_what_lies_below_it() {
        let pattern: Pattern = "/lines/*".parse().unwrap();
        assert!(pattern.covers(&["lines", "*", "price"]));
        assert!(pattern.covers(&["lines", "0"]));
        assert!(!pattern.covers(&["lines"]));
        assert!(!pattern.covers(&["notes", "0"]));
    }
}
