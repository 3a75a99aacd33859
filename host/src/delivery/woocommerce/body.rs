//! The body of a request: the document's own text, member by member.
//!
//! Members are taken out and one may be added; the text of every other value stays as the plugin
//! wrote it, so `"79.90"` stays `"79.90"` and a number is never read as one.

use serde_json::value::RawValue;

use super::fault::Fault;
use crate::reference::Members;

/// The name of the meta data entry by which what was made is found again.
pub(super) const MARK: &str = "_mapwright_key";

/// The members of a document's body, references resolved.
#[derive(Debug, Clone)]
pub(super) struct Body(Vec<(String, String)>);

impl Body {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let not_an_object =
            || Fault::rejected("body_not_object", "the body must be a JSON object".to_owned());
        if !text.trim_start().starts_with('{') {
            return Err(not_an_object());
        }
        let Members(members) = serde_json::from_str(text).map_err(|_| not_an_object())?;
        let own = |(name, value): (std::borrow::Cow<'_, str>, &RawValue)| {
            (name.into_owned(), value.get().to_owned())
        };
        Ok(Self(members.into_iter().map(own).collect()))
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        serde_json::from_str::<String>(value).ok().filter(|text| !text.is_empty())
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(member, _)| member == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Takes a member out that holds an id.
    pub(super) fn take_id(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        let value = self.value(name).map(str::to_owned);
        self.0.retain(|(member, _)| member != name);
        let Some(value) = value.filter(|value| value != "null") else { return Ok(None) };
        let plain = value.trim_matches('"');
        match plain.parse() {
            Ok(id) if id > 0 => Ok(Some(id)),
            _ => {
                let reason = format!("/{name}: {value} is not an id of this shop");
                Err(Fault::rejected("id_malformed", reason))
            }
        }
    }

    /// Adds the entry by which it is found again.
    pub(super) fn mark(&mut self, key: &str) -> Result<(), Fault> {
        let entry = serde_json::json!({ "key": MARK, "value": key }).to_string();
        let Some((_, meta)) = self.0.iter_mut().rev().find(|(member, _)| member == "meta_data")
        else {
            self.0.push(("meta_data".to_owned(), format!("[{entry}]")));
            return Ok(());
        };
        let list = meta.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        let Some(list) = list else {
            let reason = "/meta_data: must be a list of { key, value }".to_owned();
            return Err(Fault::rejected("meta_data_malformed", reason));
        };
        let comma = if list.trim().is_empty() { "" } else { "," };
        *meta = format!("[{list}{comma}{entry}]");
        Ok(())
    }

    /// The text of the request.
    pub(super) fn into_text(self) -> String {
        let member = |(name, value): &(String, String)| {
            format!("{}:{value}", serde_json::Value::from(name.as_str()))
        };
        let members: Vec<_> = self.0.iter().map(member).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Whether a change to an order would add lines each time it is sent: those without an id of theirs.
pub(super) fn adds_lines(text: &str) -> bool {
    const LISTS: [&str; 3] = ["line_items", "fee_lines", "shipping_lines"];
    if !LISTS.iter().any(|list| text.contains(list)) {
        return false;
    }
    let Ok(Members(members)) = serde_json::from_str(text) else { return false };
    let without_id = |line: &&RawValue| match serde_json::from_str(line.get()) {
        Ok(Members(line)) => !line.iter().any(|(name, _)| name == "id"),
        Err(_) => false,
    };
    members.iter().filter(|(name, _)| LISTS.contains(&name.as_ref())).any(|(_, list)| {
        let lines: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
        lines.iter().any(without_id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body::read(text).unwrap()
    }

    #[test]
    fn every_value_stays_as_it_was_written() {
        let mut it =
            body(r#"{"id":26, "regular_price": "79.90","weight":1.10,"n\u0061me":"\u00e9"}"#);
        assert_eq!(it.take_id("id").unwrap(), Some(26));
        assert_eq!(it.text("regular_price").as_deref(), Some("79.90"));
        assert_eq!(it.into_text(), r#"{"regular_price":"79.90","weight":1.10,"name":"\u00e9"}"#);
    }

    #[test]
    fn the_mark_is_added_to_the_meta_data_that_is_there() {
        for (before, after) in [
            ("{}", r#"{"meta_data":[{"key":"_mapwright_key","value":"a\"b"}]}"#),
            (r#"{"meta_data":[ ]}"#, r#"{"meta_data":[ {"key":"_mapwright_key","value":"a\"b"}]}"#),
            (
                r#"{"meta_data":[{"key":"x","value":1.0}]}"#,
                r#"{"meta_data":[{"key":"x","value":1.0},{"key":"_mapwright_key","value":"a\"b"}]}"#,
            ),
        ] {
            let mut it = body(before);
            it.mark("a\"b").unwrap();
            assert_eq!(it.into_text(), after);
        }
        assert!(body(r#"{"meta_data":{}}"#).mark("k").is_err());
        for not_an_object in ["[]", "7", "", "{"] {
            assert!(Body::read(not_an_object).is_err(), "{not_an_object}");
        }
        for not_an_id in ["\"x\"", "0", "-1", "{}"] {
            assert!(body(&format!("{{\"id\":{not_an_id}}}")).take_id("id").is_err());
        }
    }

    #[test]
    fn lines_without_an_id_are_added_each_time() {
        assert!(adds_lines(r#"{"line_items":[{"id":1},{"product_id":7}]}"#));
        assert!(!adds_lines(r#"{"line_items":[{"id":1,"quantity":2}],"status":"completed"}"#));
        assert!(!adds_lines(r#"{"note":"line_items"}"#));
    }
}
