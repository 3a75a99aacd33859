//! What a URL says behind its `?`, taken out key by key so that a mistyped one is noticed; and the
//! cursors that pages are asked for with.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::config::nearest;

/// Rows of a page, unless it is asked for otherwise.
const LIMIT: usize = 50;
/// Rows of a page.
const LIMIT_MAX: usize = 500;

/// A query, decoded.
#[derive(Debug, Default)]
pub(super) struct Query {
    pairs: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut pairs = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                let wrong =
                    || Problem::wrong("malformed-query", format!("`{pair}` is not well encoded"));
                decoded(text).ok_or_else(wrong)
            };
            if pairs.insert(decode(key)?, decode(value)?).is_some() {
                let said = format!("`{key}` is given twice");
                return Err(Problem::wrong("malformed-query", said));
            }
        }
        Ok(Self { pairs, known: Vec::new() })
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        self.pairs.remove(key).filter(|value| !value.is_empty())
    }

    /// Sets a parameter where nothing is said; false where something else is.
    pub(super) fn narrow(&mut self, key: &str, to: &str) -> bool {
        let named = self.pairs.get(key).filter(|value| !value.is_empty());
        if named.is_some_and(|named| named != to) {
            return false;
        }
        self.pairs.insert(key.to_owned(), to.to_owned());
        true
    }

    /// A number or a moment.
    pub(super) fn value<T: FromStr>(
        &mut self,
        key: &'static str,
        what: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong = |_| Problem::wrong("malformed-query", format!("`{key}={text}` is not {what}"));
        text.parse().map(Some).map_err(wrong)
    }

    /// One of the words of an enum.
    pub(super) fn word<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        words: &[&str],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong = |_| {
            let hint = nearest(&text, words.iter().copied())
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            let words = words.join(", ");
            Problem::wrong("malformed-query", format!("`{key}={text}` is none of {words}{hint}"))
        };
        serde_json::from_value(serde_json::Value::String(text.clone())).map(Some).map_err(wrong)
    }

    pub(super) fn limit(&mut self) -> Result<usize, Problem> {
        let limit = self.value("limit", "a number")?.unwrap_or(LIMIT);
        if (1..=LIMIT_MAX).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::wrong("malformed-query", format!("`limit` is between 1 and {LIMIT_MAX}")))
    }

    /// The place that a cursor of this kind of list names.
    pub(super) fn cursor(&mut self, kind: &str) -> Result<Option<String>, Problem> {
        let Some(text) = self.text("cursor") else { return Ok(None) };
        let place = URL_SAFE_NO_PAD.decode(&text).ok().and_then(|it| String::from_utf8(it).ok());
        match place.as_deref().and_then(|it| it.split_once(':')) {
            Some((of, place)) if of == kind => Ok(Some(place.to_owned())),
            _ => Err(Problem::wrong(
                "malformed-cursor",
                "the cursor is not one that this list gave: use `next` of the page before as it is, \
                 or leave it out to begin at the start",
            )),
        }
    }

    /// Refuses what nobody asked about: a filter with a typing error would show everything.
    pub(super) fn done(self) -> Result<(), Problem> {
        let Some(unknown) = self.pairs.keys().next() else { return Ok(()) };
        let hint = nearest(unknown, self.known.iter().copied())
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        let known = self.known.join(", ");
        let said = format!("there is no parameter `{unknown}` here, only {known}{hint}");
        Err(Problem::wrong("malformed-query", said))
    }
}

/// The cursor for a place in a kind of list. Opaque: what is in it may change.
pub(super) fn cursor(kind: &str, place: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{place}"))
}

/// A number out of a cursor.
pub(super) fn number(place: Option<String>) -> Result<Option<u64>, Problem> {
    let wrong = |_| Problem::wrong("malformed-cursor", "the cursor is not one that this list gave");
    place.map(|it| it.parse().map_err(wrong)).transpose()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mistyped_filter_is_refused_with_the_nearest_name() {
        let mut query = Query::parse("merchnat=acme&limit=5").unwrap();
        query.text("merchant");
        assert_eq!(query.limit().unwrap(), 5);
        let problem = query.done().unwrap_err();
        assert!(problem.detail.contains("did you mean `merchant`"), "{problem:?}");
    }

    proptest! {
        #[test]
        fn any_query_and_any_cursor_are_read_or_refused(text in ".{0,60}") {
            if let Ok(mut query) = Query::parse(&text) {
                drop(query.cursor("events"));
            }
            let mut query = Query::parse(&format!("cursor={}", cursor("e", &text))).unwrap();
            prop_assert_eq!(query.cursor("e").unwrap(), Some(text));
        }
    }
}
