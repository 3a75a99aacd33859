//! A map of bounded size whose sum does not depend on the order in which things were added.
//!
//! It keeps the N smallest keys and what belongs to them exactly, and adds the rest up in one entry.
//! A key that had to leave never comes back, since the smaller keys that drove it out stay; so parts
//! that were counted apart can be added in any order and give the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What can be added up.
pub trait Merge: Default {
    /// Adds the other.
    fn merge(&mut self, other: Self);
}

/// How many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// So many.
    pub count: u64,
}

impl Merge for Count {
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
    }
}

/// At most `MAX` keys and what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    into = "Wire<K, V>",
    from = "Wire<K, V>",
    bound(
        serialize = "K: Ord + Clone + Serialize, V: Clone + Serialize",
        deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"
    )
)]
pub struct Bounded<K, V, const MAX: usize> {
    kept: BTreeMap<K, V>,
    others: Option<Box<V>>,
}

/// As JSON: `{"rows": [{key and value in one object}, ...], "others": value}`.
#[derive(Serialize, Deserialize)]
struct Wire<K, V> {
    rows: Vec<Row<K, V>>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    others: Option<Box<V>>,
}

#[derive(Serialize, Deserialize)]
struct Row<K, V> {
    #[serde(flatten)]
    key: K,
    #[serde(flatten)]
    value: V,
}

impl<K, V, const MAX: usize> From<Bounded<K, V, MAX>> for Wire<K, V> {
    fn from(map: Bounded<K, V, MAX>) -> Self {
        let rows = map.kept.into_iter().map(|(key, value)| Row { key, value }).collect();
        Self { rows, others: map.others }
    }
}

impl<K: Ord, V, const MAX: usize> From<Wire<K, V>> for Bounded<K, V, MAX> {
    fn from(wire: Wire<K, V>) -> Self {
        let kept = wire.rows.into_iter().map(|row| (row.key, row.value)).collect();
        Self { kept, others: wire.others }
    }
}

impl<K: Ord, V, const MAX: usize> Default for Bounded<K, V, MAX> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), others: None }
    }
}

impl<K: Ord, V: Merge, const MAX: usize> Bounded<K, V, MAX> {
    /// What belongs to the key, or to all others when there is no room for it.
    pub(super) fn entry(&mut self, key: K) -> &mut V {
        if !self.kept.contains_key(&key) && self.kept.len() >= MAX {
            if self.kept.last_key_value().is_none_or(|(largest, _)| *largest < key) {
                return self.others.get_or_insert_default();
            }
            if let Some((_, value)) = self.kept.pop_last() {
                self.others.get_or_insert_default().merge(value);
            }
        }
        self.kept.entry(key).or_default()
    }

    /// The keys kept, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.kept.iter()
    }

    /// What belongs to a key that was kept.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.kept.get(key)
    }

    /// What belongs to all the rest, if there is one.
    #[must_use]
    pub fn others(&self) -> Option<&V> {
        self.others.as_deref()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.others.is_none()
    }
}

impl<K: Ord, V: Merge, const MAX: usize> Merge for Bounded<K, V, MAX> {
    fn merge(&mut self, other: Self) {
        for (key, value) in other.kept {
            self.entry(key).merge(value);
        }
        if let Some(value) = other.others {
            self.others.get_or_insert_default().merge(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Key {
        key: u8,
    }

    type Small = Bounded<Key, Count, 4>;

    fn counted(keys: &[u8]) -> Small {
        let mut map = Small::default();
        for key in keys {
            map.entry(Key { key: *key }).merge(Count { count: 1 });
        }
        map
    }

    proptest! {
        #[test]
        fn the_order_of_adding_makes_no_difference(
            keys in prop::collection::vec(0_u8..12, 0..60),
            cut in 0_usize..60,
        ) {
            let whole = counted(&keys);
            let (left, right) = keys.split_at(cut.min(keys.len()));
            let mut forth = counted(left);
            forth.merge(counted(right));
            let mut back = counted(right);
            back.merge(counted(left));
            prop_assert_eq!(&forth, &whole);
            prop_assert_eq!(&back, &whole);
            let total: u64 = whole.iter().map(|(_, it)| it.count).sum::<u64>()
                + whole.others().map_or(0, |it| it.count);
            prop_assert_eq!(total, keys.len() as u64);
            prop_assert!(whole.iter().count() <= 4);
        }
    }

    #[test]
    fn it_is_the_same_after_a_way_through_json() {
        let map = counted(&[9, 8, 7, 6, 5, 5]);
        let text = serde_json::to_string(&map).unwrap();
        let row = |key, count| format!(r#"{{"key":{key},"count":{count}}}"#);
        let rows = [row(5, 2), row(6, 1), row(7, 1), row(8, 1)].join(",");
        assert_eq!(text, format!(r#"{{"rows":[{rows}],"others":{{"count":1}}}}"#));
        assert_eq!(serde_json::from_str::<Small>(&text).unwrap(), map);
    }
}
