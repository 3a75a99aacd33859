//! Reading what shops really send: a string where a number was promised, `null`, `""` for an empty
//! object, `[]` for an empty map, a list that PHP turned into an object.
//!
//! [`Lenient`] is `Deserialize` with those manners. The models of [`crate::woocommerce`] are read
//! with it in a single pass over the text; fields they do not know are kept as raw JSON in an
//! [`Extra`] without being parsed. Faults are placed with the JSON Pointer of the field, see
//! [`crate::Refusal`]. It reads text (`serde_json::from_str`), not an already parsed `Value`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::money::Decimal;

/// Separates the pointer from the message in an error on its way up.
const MARK: char = '\u{1f}';

/// A type that is read with shop manners; see the module's head.
pub trait Lenient<'de>: Default {
    /// Reads a value; what stands for "nothing" gives the default.
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads `T` leniently where serde wants a seed.
pub(crate) struct As<T>(PhantomData<T>);

impl<T> As<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Lenient<'de>> DeserializeSeed<'de> for As<T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::lenient(deserializer)
    }
}

/// Puts a segment in front of the pointer that an error carries.
#[cold]
pub(crate) fn under<E: de::Error>(segment: &dyn fmt::Display, error: &E) -> E {
    let text = error.to_string();
    let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
    match text.strip_prefix(MARK) {
        Some(rest) => E::custom(format_args!("{MARK}/{segment}{rest}")),
        None => E::custom(format_args!("{MARK}/{segment}{MARK}{text}")),
    }
}

/// The error for a field that must be there.
#[cold]
pub(crate) fn missing<E: de::Error>(field: &str) -> E {
    E::custom(format_args!("{MARK}/{field}{MARK}the field is missing"))
}

/// Takes an error apart into pointer and message.
pub(crate) fn place(error: &serde_json::Error) -> (String, String) {
    let text = error.to_string();
    match text.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK)) {
        Some((pointer, message)) => (pointer.to_owned(), message.to_owned()),
        None => (String::new(), text),
    }
}

/// A field's name, borrowed from the text where it has no escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Lenient<'de> for String {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if let Some(quoted) = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')) {
            if !quoted.contains('\\') {
                return Ok(quoted.to_owned());
            }
            return serde_json::from_str(raw).map_err(de::Error::custom);
        }
        match raw.as_bytes() {
            [b'n', ..] => Ok(Self::new()),
            [b'{', ..] => Err(de::Error::custom("an object stands where a text belongs")),
            [b'[', inside @ .., b']'] if inside.trim_ascii().is_empty() => Ok(Self::new()),
            [b'[', ..] => Err(de::Error::custom("a list stands where a text belongs")),
            // Numbers by their own digits: through a float `1.10` would become `1.1`.
            _ => Ok(raw.to_owned()),
        }
    }
}

impl<'de> Lenient<'de> for Decimal {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let Some(quoted) = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')) else {
            return match raw {
                "null" => Ok(Self::ZERO),
                _ => crate::money::parse(raw).map_err(de::Error::custom),
            };
        };
        if quoted.trim().is_empty() {
            return Ok(Self::ZERO);
        }
        if quoted.contains('\\') {
            let text: String = serde_json::from_str(raw).map_err(de::Error::custom)?;
            return crate::money::parse(&text).map_err(de::Error::custom);
        }
        crate::money::parse(quoted).map_err(de::Error::custom)
    }
}

impl<'de> Lenient<'de> for bool {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::lenient(deserializer)?;
        match text.as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            other => Err(de::Error::custom(format_args!("`{other}` is neither true nor false"))),
        }
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        loop {
            match seq.next_element_seed(As::<T>::new()) {
                Ok(Some(item)) => list.push(item),
                Ok(None) => return Ok(list),
                Err(e) => return Err(under(&list.len(), &e)),
            }
        }
    }
    // PHP writes a list with gaps as an object.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            list.push(map.next_value_seed(As::<T>::new()).map_err(|e| under(&key, &e))?);
        }
        Ok(list)
    }
    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<Vec<T>, E> {
        match v {
            "" => Ok(Vec::new()),
            _ => Err(E::custom("a text stands where a list belongs")),
        }
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Vec<T> {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// The id of something in the shop, as text whatever JSON type it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(pub String);

impl Id {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names something: WooCommerce writes `0`, `""` or `null` for "nothing".
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.is_empty() && self.0 != "0"
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Lenient<'de> for Id {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Read as the number's own text: an id beyond 64 bits must not become a float.
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str::<String>(raw).map(Self).map_err(de::Error::custom),
            Some(b'n' | b'f') => Ok(Self::default()),
            Some(b'[' | b'{' | b't') => Err(de::Error::custom("this is no id")),
            _ => Ok(Self(raw.to_owned())),
        }
    }
}

/// A JSON value kept as its own text and read when somebody asks.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON text.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.get()
    }

    /// The value as text: a string as it is, a number or bool as written; nothing for `null`, lists
    /// and objects.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let raw = self.raw();
        match raw.as_bytes().first() {
            Some(b'"') if !raw.contains('\\') => {
                raw.get(1..raw.len().saturating_sub(1)).map(Cow::Borrowed)
            }
            Some(b'"') => serde_json::from_str(raw).ok().map(Cow::Owned),
            Some(b'[' | b'{' | b'n') | None => None,
            Some(_) => Some(Cow::Borrowed(raw)),
        }
    }

    /// The value as a `T`.
    ///
    /// # Errors
    /// When it is not one; the error is serde's own.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.raw())
    }
}

impl Default for Json {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw()
    }
}

impl<'de> Lenient<'de> for Json {
    fn lenient<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// The fields a model does not know, in the order they came, unparsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(Vec<(String, Json)>);

impl Extra {
    pub(crate) fn push(&mut self, name: String, value: Json) {
        self.0.push((name, value));
    }

    /// The field of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The field's text, see [`Json::text`]; nothing where it is missing or empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(Json::text).filter(|t| !t.is_empty())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v))
    }
}

/// Declares a model: its fields, their names in JSON where they differ, and which must be there.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $ty:ty $(= $key:literal)? ),* $(,)?
        }
        $( require $($required:literal),+ ; )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        pub struct $Name {
            $( $(#[$field_meta])* pub $field: $ty, )*
            /// The fields this model does not know.
            pub extra: $crate::json::Extra,
        }

        impl<'de> $crate::json::Lenient<'de> for $Name {
            fn lenient<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ModelVisitor;
                impl<'de> serde::de::Visitor<'de> for ModelVisitor {
                    type Value = $Name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$Name, A::Error> {
                        let mut model = $Name::default();
                        const REQUIRED: &[&str] = &[$($($required),+)?];
                        let mut seen = 0_u32;
                        while let Some($crate::json::Key(key)) = map.next_key()? {
                            if let Some(bit) = REQUIRED.iter().position(|name| *name == key) {
                                seen |= 1 << bit;
                            }
                            match key.as_ref() {
                                $(
                                    model!(@key $field $($key)?) => {
                                        model.$field = map
                                            .next_value_seed($crate::json::As::new())
                                            .map_err(|e| $crate::json::under(&key, &e))?;
                                    }
                                )*
                                _ => {
                                    let value = map.next_value_seed($crate::json::As::new())?;
                                    model.extra.push(key.into_owned(), value);
                                }
                            }
                        }
                        for (bit, name) in REQUIRED.iter().enumerate() {
                            if seen & (1 << bit) == 0 {
                                return Err($crate::json::missing(name));
                            }
                        }
                        Ok(model)
                    }
                    fn visit_unit<E>(self) -> Result<$Name, E> {
                        Ok($Name::default())
                    }
                    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<$Name, E> {
                        match v {
                            "" => Ok($Name::default()),
                            _ => Err(E::custom("a text stands where an object belongs")),
                        }
                    }
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        mut seq: A,
                    ) -> Result<$Name, A::Error> {
                        match seq.next_element::<serde::de::IgnoredAny>()? {
                            None => Ok($Name::default()),
                            Some(_) => {
                                Err(serde::de::Error::custom("a list stands where an object belongs"))
                            }
                        }
                    }
                }
                deserializer.deserialize_any(ModelVisitor)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Self as $crate::json::Lenient<'de>>::lenient(deserializer)
            }
        }
    };
    (@key $field:ident $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
}
pub(crate) use model;
