//! What a body says, apart from how it happens to say it: the same resource in the same state has
//! the same content, whether a hook brought it or it was read from a list.
//!
//! Measured on a real shop, a hook's body and a list's row of one order in one state differ in
//! `_links`, in the scheme of URLs (the hook is made by a job inside of the shop, which does not
//! know that the world comes by HTTPS) and in the order of `meta_data`. Nothing of that is news.
//! Related products are drawn by lot at each reading.
//!
//! One pass writes the body in one fixed form, another digests that; no tree is made. It costs the
//! parse, and as much memory as the body for as long as it takes. How deeply the body nests is known
//! behind that pass for nothing.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::io::Write;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

/// Keys whose values say nothing about the resource.
const VOLATILE: [&str; 2] = ["_links", "related_ids"];
/// The list that comes in the order of a database that was not asked for one.
const META: &str = "meta_data";

/// A digest of what a body says. What is not JSON says its bytes.
#[must_use]
pub fn content(body: &[u8]) -> [u8; 32] {
    Reading::of(body).content
}

/// What one pass over a body gives.
pub(super) struct Reading {
    /// See [`content`].
    pub(super) content: [u8; 32],
    /// How deeply it nests, where it is JSON that could be read.
    pub(super) depth: Option<usize>,
}

impl Reading {
    pub(super) fn of(body: &[u8]) -> Self {
        let mut form =
            Form { bytes: Vec::with_capacity(body.len() + body.len() / 2), ..Form::default() };
        let said = std::str::from_utf8(body).is_ok_and(|text| {
            // Looked over as a whole and not text by text.
            let mut parser = serde_json::Deserializer::from_str(text);
            Part::of(&mut form).deserialize(&mut parser).and_then(|()| parser.end()).is_ok()
        });
        Self {
            content: Sha256::digest(if said { &form.bytes } else { body }).into(),
            depth: said.then_some(form.deepest),
        }
    }
}

/// The body as it is digested. Every value begins with a letter for its kind and says its length,
/// so that no two run together.
#[derive(Default)]
struct Form {
    bytes: Vec<u8>,
    /// Members of the objects and entries of the meta lists that are open, each behind those of the
    /// one around it.
    parts: Vec<Member>,
    /// Where sorted parts are put together.
    sorted: Vec<u8>,
    /// What the last value can be told by: a whole number by itself, an object by its `id`.
    id: Option<u64>,
    /// Objects and lists that are open, and the most that were.
    depth: usize,
    deepest: usize,
}

/// A part of an object or a list whose place depends on the others.
struct Member {
    place: Place,
    /// Where it stands in the form.
    at: Range<usize>,
}

enum Place {
    /// By id, those without one first.
    Id(Option<u64>),
    /// By key: its beginning as a number, most keys are told apart by that, and where all of it is.
    Key(u64, Range<usize>),
}

impl Place {
    fn key(key: &str, at: Range<usize>) -> Self {
        let mut beginning = [0; 8];
        for (to, from) in beginning.iter_mut().zip(key.bytes()) {
            *to = from;
        }
        Self::Key(u64::from_be_bytes(beginning), at)
    }
}

impl Form {
    fn letter(&mut self, letter: u8) {
        self.bytes.push(letter);
    }

    fn text(&mut self, kind: u8, text: &str) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: impl fmt::Display) {
        let begin = self.begin(b'd');
        write!(self.bytes, "{number}").expect("memory takes all");
        self.close(begin, self.bytes.len() - begin);
    }

    /// Begins an object or a list.
    fn open(&mut self, kind: u8) -> usize {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.begin(kind)
    }

    /// Leaves room for a length; answers where what is counted begins.
    fn begin(&mut self, kind: u8) -> usize {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&0_u64.to_be_bytes());
        self.bytes.len()
    }

    fn close(&mut self, begin: usize, len: usize) {
        let place = begin - size_of::<u64>()..begin;
        self.bytes[place].copy_from_slice(&(len as u64).to_be_bytes());
    }

    /// Puts the parts from `first` on, which fill the form from `begin` to its end, in their order.
    fn sort(&mut self, begin: usize, first: usize) {
        let Self { bytes, parts, sorted, .. } = self;
        let open = &mut parts[first..];
        let order = |a: &Member, b: &Member| match (&a.place, &b.place) {
            (Place::Key(a, key), Place::Key(b, other)) => {
                a.cmp(b).then_with(|| bytes[key.clone()].cmp(&bytes[other.clone()]))
            }
            (Place::Id(a), Place::Id(b)) => a.cmp(b),
            (Place::Id(_), Place::Key(..)) => Ordering::Less,
            (Place::Key(..), Place::Id(_)) => Ordering::Greater,
        };
        if !open.is_sorted_by(|a, b| order(a, b).is_le()) {
            // Stable: of equal ids the shop's order says something.
            open.sort_by(order);
            sorted.clear();
            for member in &*open {
                sorted.extend_from_slice(&bytes[member.at.clone()]);
            }
            bytes[begin..].copy_from_slice(sorted);
        }
        parts.truncate(first);
    }
}

/// One value, on its way into the form.
struct Part<'f> {
    form: &'f mut Form,
    /// Whether it is the value of [`META`].
    meta: bool,
}

impl<'f> Part<'f> {
    fn of(form: &'f mut Form) -> Self {
        Self { form, meta: false }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        self.form.id = None;
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.form.letter(b'n');
        Ok(())
    }

    fn visit_bool<E>(self, it: bool) -> Result<(), E> {
        self.form.letter(if it { b't' } else { b'f' });
        Ok(())
    }

    fn visit_u64<E>(self, it: u64) -> Result<(), E> {
        self.form.number(it);
        self.form.id = Some(it);
        Ok(())
    }

    fn visit_i64<E>(self, it: i64) -> Result<(), E> {
        self.form.number(it);
        Ok(())
    }

    fn visit_f64<E>(self, it: f64) -> Result<(), E> {
        // As JSON writes it, so that 1.0 is not 1.
        match serde_json::Number::from_f64(it) {
            Some(number) => self.form.number(number),
            None => self.form.letter(b'n'),
        }
        Ok(())
    }

    fn visit_str<E>(self, it: &str) -> Result<(), E> {
        self.form.text(b's', without_scheme(it));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { form, meta } = self;
        let (begin, first) = (form.open(b'['), form.parts.len());
        let mut len = 0;
        loop {
            let start = form.bytes.len();
            if list.next_element_seed(Part::of(form))?.is_none() {
                break;
            }
            len += 1;
            if meta {
                let place = Place::Id(form.id);
                form.parts.push(Member { place, at: start..form.bytes.len() });
            }
        }
        if meta {
            form.sort(begin, first);
        }
        form.close(begin, len);
        form.depth -= 1;
        form.id = None;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let form = self.form;
        let (begin, first) = (form.open(b'{'), form.parts.len());
        let mut id = None;
        while let Some(Key(key)) = map.next_key()? {
            let start = form.bytes.len();
            form.text(b'k', &key);
            let name = form.bytes.len() - key.len()..form.bytes.len();
            map.next_value_seed(Part { form: &mut *form, meta: key == META })?;
            if VOLATILE.contains(&&*key) {
                form.bytes.truncate(start);
                continue;
            }
            if key == "id" {
                id = form.id;
            }
            let place = Place::key(&key, name);
            form.parts.push(Member { place, at: start..form.bytes.len() });
        }
        let len = form.parts.len() - first;
        form.sort(begin, first);
        form.close(begin, len);
        form.depth -= 1;
        form.id = id;
        Ok(())
    }
}

/// A key, copied only where it is written with escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Key<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(it)))
            }

            fn visit_str<E>(self, it: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(it.to_owned())))
            }
        }
        parser.deserialize_str(Reader)
    }
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
            r#"{"a":{"y":[{"q":1,"p":2}],"x":0},"A":1}"#,
            r#"{"A":1,"a":{"x":0,"y":[{"p":2,"q":1}]}}"#,
        );
        same(
            r#"{"meta_data":[{"id":80,"key":"a"},{"id":76,"key":"b"}]}"#,
            r#"{"meta_data":[{"id":76,"key":"b"},{"id":80,"key":"a"}]}"#,
        );
    }

    /// Journals hold these digests: a shop that says the same after an update of the host must find
    /// itself known.
    #[test]
    fn what_was_digested_by_earlier_versions_is_known_again() {
        for (body, digest) in [
            (
                &br#"{"id":27,"a":{"zz":true,"b":null,"ba":false},"meta_data":[{"id":9,"k":-3},{"id":2},{"k":1.50}],"_links":{"x":[[[1]]]},"status_of_it":"https://x/\u00e9","status_on":["",18446744073709551615]}"#[..],
                "36273030b8542001faaeca6b741da98a05a239444f8f24445ea9461d0948b8f3",
            ),
            (
                include_bytes!(
                    "../../../tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json"
                ),
                "ff6a11c9153c49d56bec2104a7df608d2de547f186ced993db22006516591a8b",
            ),
        ] {
            assert_eq!(hex::encode(content(body)), digest);
        }
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
        // An id that is somebody else's does not place an entry.
        different(
            r#"{"meta_data":[{"value":{"id":9},"n":1},{"value":{"id":2},"n":2}]}"#,
            r#"{"meta_data":[{"value":{"id":2},"n":2},{"value":{"id":9},"n":1}]}"#,
        );
        different(r#"{"list":[{"id":2},{"id":1}]}"#, r#"{"list":[{"id":1},{"id":2}]}"#);
        different("<html>", "<htm>");
        assert_ne!(content(b"\"\xff\""), content(b"\"\xfe\""));
        different(r#"{"id":1} x"#, r#"{"id":1}"#);
    }

    #[test]
    fn how_deeply_it_nests_is_told_of_all_of_it() {
        let depth = |body: &str| Reading::of(body.as_bytes()).depth;
        assert_eq!(depth("1"), Some(0));
        assert_eq!(depth("{}"), Some(1));
        assert_eq!(depth(r#"{"a":[],"b":{"c":[[1],2]},"d":"[[[[["}"#), Some(4));
        assert_eq!(depth(r#"{"a":1,"_links":{"self":[{"href":"x"}]}}"#), Some(4));
        assert_eq!(depth(r#"{"a":[1}"#), None);
    }
}
