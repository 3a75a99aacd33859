//! Where a document goes: a URL with places for its entity, its key and the target's id of it.

use reqwest::Url;

/// A URL, with or without places to fill.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// Always the same; parsed once.
    Fixed(Url),
    /// To be filled for each document.
    Template(String),
}

/// What goes into the places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) entity: &'a str,
    pub(super) key: &'a str,
    /// Empty where the template does not ask for it.
    pub(super) id: &'a str,
}

impl Address {
    /// Reads the URL of a configuration; the error says what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let sample = Places { entity: "x", key: "x", id: "1" };
        let filled = fill(text, sample);
        if filled.contains(['{', '}']) {
            return Err(format!("{text:?}: the only places are {{entity}}, {{key}} and {{id}}"));
        }
        let url = Url::parse(&filled).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("{text:?} must start with http:// or https:// and name a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "holds a password; use auth = { basic = { username, password } }".to_owned()
            );
        }
        Ok(if filled == text { Self::Fixed(url) } else { Self::Template(text.to_owned()) })
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> &str {
        match self {
            Self::Fixed(url) => url.scheme(),
            Self::Template(text) => text.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether the target's id is asked for.
    pub(super) fn wants_id(&self) -> bool {
        matches!(self, Self::Template(text) if text.contains("{id}"))
    }

    /// The URL of one document.
    pub(super) fn fill(&self, places: Places<'_>) -> Result<Url, String> {
        let template = match self {
            Self::Fixed(url) => return Ok(url.clone()),
            Self::Template(template) => template,
        };
        // A URL parser takes `%2E%2E` for `..` too: no encoding keeps these in their place.
        for value in [places.entity, places.key, places.id] {
            if matches!(value, "." | "..") {
                return Err(format!("{value:?} cannot stand in a URL"));
            }
        }
        Url::parse(&fill(template, places)).map_err(|error| error.to_string())
    }
}

fn fill(template: &str, places: Places<'_>) -> String {
    // One pass, so that a value that looks like a place stays a value.
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match name {
            "entity" => encode(places.entity, &mut filled),
            "key" => encode(places.key, &mut filled),
            "id" => encode(places.id, &mut filled),
            other => {
                filled.push('{');
                filled.push_str(other);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        let address = Address::parse("http://erp/api/{entity}/{key}?of={id}").unwrap();
        let places = Places { entity: "sale", key: "a/../{id}?x#y é", id: "7&8" };
        assert_eq!(
            address.fill(places).unwrap().as_str(),
            "http://erp/api/sale/a%2F..%2F%7Bid%7D%3Fx%23y%20%C3%A9?of=7%268"
        );
        assert!(address.fill(Places { key: "..", ..places }).is_err());
        assert!(address.wants_id());
    }

    #[test]
    fn a_url_that_cannot_work_is_refused() {
        for (text, problem) in [
            ("erp.example/api", "not a URL"),
            ("ftp://erp.example", "http://"),
            ("http://erp/{order}", "only places"),
            ("http://erp/{key", "only places"),
            ("http://user:pw@erp/", "auth"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
