//! A view of JSON text: a tree of slices of it, nothing rounded and nothing forgotten.
//!
//! It costs one pass and an allocation for each container. It is made for text that was held
//! against the grammar before (document bodies, accepted payloads); of other text it may take what
//! is not JSON, but it never panics and never goes deeper than [`DEPTH_MAX`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// How deep a view goes. What lies deeper is one opaque value, compared by its text: JSON of
/// merchants is a dozen deep, and a thread's stack is not endless.
pub const DEPTH_MAX: usize = 128;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// The byte at which its text begins.
    pub start: usize,
    /// Its text, as written.
    pub text: &'a str,
    /// What it is.
    pub value: Value<'a>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, by its text.
    Number(&'a str),
    /// A string, its escapes resolved.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Node<'a>>),
    /// An object, in the order written.
    Object(Vec<Member<'a>>),
    /// Something deeper than [`DEPTH_MAX`].
    Deep,
}

/// A key of an object with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The byte at which the key's text begins.
    pub start: usize,
    /// The key, its escapes resolved.
    pub key: Cow<'a, str>,
    /// The value.
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// A view of `text`; none where it is plainly not JSON.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let node = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(node)
    }

    /// Where it stands in the whole text.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The member of an object by its key; of a repeated key the last, as parsers take it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Object(members) => {
                members.iter().rev().find(|member| member.key == key).map(|member| &member.value)
            }
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; empty for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The members of an object by key; empty for anything else.
    #[must_use]
    pub fn by_key(&self) -> HashMap<&str, &Self> {
        match &self.value {
            Value::Object(members) => {
                members.iter().map(|member| (&*member.key, &member.value)).collect()
            }
            _ => HashMap::new(),
        }
    }

    /// As people read it: a string without its quotes, anything else as written.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.as_text().unwrap_or(self.text)
    }

    /// Whether both say the same in every way but the order of keys, spaces and escapes. Numbers
    /// are the same when they are written the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        if self.text == other.text {
            return true;
        }
        match (&self.value, &other.value) {
            (Value::Text(left), Value::Text(right)) => left == right,
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Value::Object(_), Value::Object(_)) => {
                let (left, right) = (self.by_key(), other.by_key());
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(key, value)| right.get(key).is_some_and(|other| value.same(other)))
            }
            _ => false,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes this byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        self.space();
        let start = self.at;
        let value = match self.peek()? {
            b'{' | b'[' if depth >= DEPTH_MAX => {
                self.skip_container()?;
                Value::Deep
            }
            b'{' => Value::Object(self.object(depth)?),
            b'[' => Value::Array(self.array(depth)?),
            b'"' => Value::Text(self.string()?),
            _ => match self.word()? {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                    Value::Number(number)
                }
                _ => return None,
            },
        };
        Some(Node { start, text: self.text.get(start..self.at)?, value })
    }

    fn object(&mut self, depth: usize) -> Option<Vec<Member<'a>>> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Some(members);
        }
        loop {
            self.space();
            let start = self.at;
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return None;
            }
            members.push(Member { start, key, value: self.value(depth + 1)? });
            self.space();
            if self.take(b'}') {
                return Some(members);
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Node<'a>>> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Some(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Some(items);
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// A string's content. One with escapes that are no text (a lone surrogate) stays as written.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        let escaped = self.skip_string()?;
        let inside = self.text.get(start + 1..self.at - 1)?;
        if !escaped {
            return Some(Cow::Borrowed(inside));
        }
        let written = self.text.get(start..self.at)?;
        Some(serde_json::from_str::<String>(written).map_or(Cow::Borrowed(inside), Cow::Owned))
    }

    /// Goes behind a string; whether it has escapes.
    fn skip_string(&mut self) -> Option<bool> {
        if !self.take(b'"') {
            return None;
        }
        let mut escaped = false;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(escaped)
    }

    /// Goes behind a list or object without looking into it.
    fn skip_container(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(());
            }
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
        {
            self.at += 1;
        }
        self.text.get(start..self.at).filter(|word| !word.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_view_keeps_numbers_as_written_and_knows_where_they_stand() {
        let text = r#" {"total": 1.10, "é": ["a\u0062", null, true]} "#;
        let node = Node::of(text).unwrap();
        let total = node.get("total").unwrap();
        assert_eq!(total.value, Value::Number("1.10"));
        assert_eq!(text.get(total.span()), Some("1.10"));
        let list = node.get("é").unwrap().items();
        assert_eq!(list[0].as_text(), Some("ab"));
        assert_eq!(list[0].text, r#""a\u0062""#);
        assert_eq!((&list[1].value, &list[2].value), (&Value::Null, &Value::Bool(true)));
    }

    #[test]
    fn what_is_too_deep_is_one_value_and_no_crash() {
        let text = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
        let mut node = &Node::of(&text).unwrap();
        let mut depth = 0;
        while let [inner] = node.items() {
            node = inner;
            depth += 1;
        }
        assert_eq!((depth, &node.value), (DEPTH_MAX, &Value::Deep));
    }

    #[test]
    fn the_order_of_keys_and_the_way_of_writing_text_make_no_difference() {
        let same = |left, right| Node::of(left).unwrap().same(&Node::of(right).unwrap());
        assert!(same(r#"{"a":1,"b":["x"]}"#, r#"{ "b":["\u0078"], "a":1 }"#));
        assert!(!same("1.10", "1.1"));
        assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
        assert!(!same("[1,2]", "[2,1]"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            drop(Node::of(&text));
        }

        #[test]
        fn brackets_and_quotes_are_survived(text in r#"[\[\]{}",:\\0-9eE.\-+a ]{0,60}"#) {
            drop(Node::of(&text));
        }

        #[test]
        fn a_view_of_real_json_says_what_a_parser_says(value in json()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let node = Node::of(&text).unwrap();
            prop_assert_eq!(rebuilt(&node), value);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(".{0,4}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn rebuilt(node: &Node<'_>) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => (*truth).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::Text(text) => text.clone().into_owned().into(),
            Value::Array(items) => items.iter().map(rebuilt).collect(),
            Value::Object(members) => {
                members.iter().map(|it| (it.key.clone().into_owned(), rebuilt(&it.value))).collect()
            }
            Value::Deep => panic!("not this deep"),
        }
    }
}
