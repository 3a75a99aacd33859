//! What a body says, apart from how it happens to say it: the same resource in the same state has
//! the same content, whether a hook brought it or it was read from a list.
//!
//! Measured on a real shop, a hook's body and a list's row of one order in one state differ in
//! `_links`, in the scheme of URLs (the hook is made by a job inside of the shop, which does not
//! know that the world comes by HTTPS) and in the order of `meta_data`. Nothing of that is news.
//! Related products are drawn by lot at each reading.
//!
//! It costs a parse into a tree: some ten times what hashing the bytes would.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Keys whose values say nothing about the resource.
const VOLATILE: [&str; 2] = ["_links", "related_ids"];

/// A digest of what a body says. What is not JSON says its bytes.
#[must_use]
pub fn content(body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    match serde_json::from_slice(body) {
        Ok(value) => add(&mut hasher, &value),
        Err(_) => hasher.update(body),
    }
    hasher.finalize().into()
}

/// Every value begins with a letter for its kind and says its length, so that no two run together.
fn add(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hasher.update(b"n"),
        Value::Bool(it) => hasher.update(if *it { b"t" } else { b"f" }),
        Value::Number(it) => text(hasher, b"d", &it.to_string()),
        Value::String(it) => text(hasher, b"s", without_scheme(it)),
        Value::Array(list) => {
            hasher.update(b"[");
            hasher.update((list.len() as u64).to_be_bytes());
            for item in list {
                add(hasher, item);
            }
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> =
                map.keys().filter(|key| !VOLATILE.contains(&key.as_str())).collect();
            keys.sort_unstable();
            hasher.update(b"{");
            hasher.update((keys.len() as u64).to_be_bytes());
            for key in keys {
                text(hasher, b"k", key);
                match &map[key.as_str()] {
                    Value::Array(list) if key == "meta_data" => meta(hasher, list),
                    other => add(hasher, other),
                }
            }
        }
    }
}

/// Meta data comes in the order of a database that was not asked for one.
fn meta(hasher: &mut Sha256, list: &[Value]) {
    let mut sorted: Vec<&Value> = list.iter().collect();
    sorted.sort_by_key(|item| item["id"].as_u64());
    hasher.update(b"[");
    hasher.update((sorted.len() as u64).to_be_bytes());
    for item in sorted {
        add(hasher, item);
    }
}

fn text(hasher: &mut Sha256, kind: &[u8; 1], text: &str) {
    hasher.update(kind);
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text);
}

fn without_scheme(text: &str) -> &str {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(content(a.as_bytes()), content(b.as_bytes()), "{a} {b}");
    }

    #[track_caller]
    fn different(a: &str, b: &str) {
        assert_ne!(content(a.as_bytes()), content(b.as_bytes()), "{a} {b}");
    }

    #[test]
    fn how_it_is_written_is_no_news() {
        same(r#"{"a":1,"b":"\u00e9\/"}"#, "{ \"b\" : \"é/\", \"a\" : 1 }");
        same(r#"{"id":1,"_links":{"self":1}}"#, r#"{"id":1}"#);
        same(r#"{"u":"http://x/y"}"#, r#"{"u":"https://x/y"}"#);
        same(
            r#"{"meta_data":[{"id":80,"key":"a"},{"id":76,"key":"b"}]}"#,
            r#"{"meta_data":[{"id":76,"key":"b"},{"id":80,"key":"a"}]}"#,
        );
    }

    #[test]
    fn what_it_says_is() {
        different(r#"{"id":1}"#, r#"{"id":2}"#);
        different(r#"{"id":1}"#, r#"{"id":"1"}"#);
        different(r#"{"total":"1.10"}"#, r#"{"total":"1.1"}"#);
        different(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#);
        different(r#"{"a":["x","y"]}"#, r#"{"a":["xy",""]}"#);
        different(r#"{"a":{"b":1},"c":2}"#, r#"{"a":{"b":1,"c":2}}"#);
        different(r#"{"a":null}"#, r#"{}"#);
        different(
            r#"{"meta_data":[{"id":76,"value":"1"}]}"#,
            r#"{"meta_data":[{"id":76,"value":"2"}]}"#,
        );
        different("<html>", "<htm>");
    }
}
