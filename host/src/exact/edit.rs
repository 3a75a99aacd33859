//! One place of JSON text changed, the rest left byte for byte as it was.

use super::node::{Node, Value};

/// `text` with `value` (JSON text) at a pointer, or with nothing there. A member that is not there
/// is put at the end of its object. None where the pointer leads to nothing that could hold it.
#[must_use]
pub fn with(text: &str, pointer: &str, value: Option<&str>) -> Option<String> {
    let root = Node::of(text)?;
    if pointer.is_empty() {
        return value.map(str::to_owned);
    }
    let (parent, key) = pointer.rsplit_once('/')?;
    let parent: super::Pattern = parent.parse().ok()?;
    // A `*` would mean several places, and several changes.
    if parent.segments().iter().any(|segment| segment == "*") {
        return None;
    }
    let parent = parent.first(&root)?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let mut changed = text.to_owned();
    match (&parent.value, value) {
        (Value::Object(members), value) => {
            let at = members.iter().rposition(|member| member.key == key);
            match (at, value) {
                (Some(at), Some(value)) => changed.replace_range(members[at].value.span(), value),
                (Some(at), None) => {
                    let end = members[at].value.span().end;
                    // With the comma that stands before or behind it.
                    let gone = match (members.get(at + 1), at.checked_sub(1)) {
                        (Some(next), _) => members[at].start..next.start,
                        (None, Some(before)) => members[before].value.span().end..end,
                        (None, None) => members[at].start..end,
                    };
                    changed.replace_range(gone, "");
                }
                (None, Some(value)) => {
                    let comma = if members.is_empty() { "" } else { "," };
                    let key = serde_json::Value::String(key);
                    let end = parent.span().end - 1;
                    changed.insert_str(end, &format!("{comma}{key}:{value}"));
                }
                (None, None) => {}
            }
        }
        (Value::Array(items), Some(value)) => {
            let item = key.parse().ok().and_then(|at: usize| items.get(at))?;
            changed.replace_range(item.span(), value);
        }
        _ => return None,
    }
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::with;

    #[test]
    fn one_place_changes_and_the_rest_stays_as_written() {
        let text = r#"{"a": 1.10, "b": {"c": [1, 2]}}"#;
        let changed = |pointer, value| with(text, pointer, value);
        assert_eq!(changed("/b/c/1", Some("3")).unwrap(), r#"{"a": 1.10, "b": {"c": [1, 3]}}"#);
        assert_eq!(changed("/a", None).unwrap(), r#"{"b": {"c": [1, 2]}}"#);
        assert_eq!(changed("/b", None).unwrap(), r#"{"a": 1.10}"#);
        assert_eq!(
            changed("/b/x~1y", Some("null")).unwrap(),
            r#"{"a": 1.10, "b": {"c": [1, 2],"x/y":null}}"#
        );
        assert_eq!(changed("/none", None).unwrap(), text);
        for nowhere in ["/b/c/7", "/a/x", "/b/*/0", "b"] {
            assert_eq!(changed(nowhere, Some("1")), None, "{nowhere}");
        }
        assert_eq!(with("{}", "/a", Some("1")).unwrap(), r#"{"a":1}"#);
    }
}
