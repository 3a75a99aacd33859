//! The sum of the differences over many events.
//!
//! It takes some hundreds of kilobytes at most, however many events were compared and however much
//! they differ: the bounds are named here and in `field`. Parts counted on several threads, or at
//! several times, add up to the same bytes in any order, as long as no event is in two parts.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::bounded::{Bounded, Merge};
use super::field::{Example, Examples, FieldName, FieldTally, cut};
use super::walk::{Difference, Pairing, compare};
use crate::plugin::Run;

/// Fields that are told one by one. A large ERP document has two hundred.
const FIELDS_MAX: usize = 400;

/// Pairs of statuses, and pairs of outcomes (there are a hundred of these).
const PAIRS_MAX: usize = 100;

/// Entities of documents added and removed.
const ENTITIES_MAX: usize = 50;

/// What was compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its place among all that is compared: each event has its own.
    pub seq: u64,
    /// How people find it again.
    pub event: &'a str,
    /// The currency of the payload, for documents that name none.
    pub currency: Option<&'a str>,
}

/// An outcome that became another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutcomeMove {
    /// Its name before.
    pub from: String,
    /// Its name after.
    pub to: String,
}

/// A translated status that became another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StatusMove {
    /// The shop's own status.
    pub source: Option<String>,
    /// The target's before.
    pub from: Option<String>,
    /// The target's after.
    pub to: Option<String>,
}

/// Documents that only one of both makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentChange {
    /// What they are.
    pub entity: String,
    /// Whether the second makes them, or the first did.
    pub added: bool,
}

/// How often, with examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cases {
    /// How often.
    pub count: u64,
    /// A few of them.
    pub examples: Examples,
}

impl Cases {
    fn add(&mut self, subject: &Subject<'_>, document: &str, after: &str) {
        self.count += 1;
        if self.examples.wants(subject.seq) {
            self.examples.add(Example {
                seq: subject.seq,
                event: subject.event.to_owned(),
                at: String::new(),
                document: cut(document),
                before: None,
                after: (!after.is_empty()).then(|| cut(after)),
            });
        }
    }
}

impl Merge for Cases {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.examples.merge(other.examples);
    }
}

/// What both cost, in fuel. A call that failed on its way is counted with what it burnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {
    /// Of the first, together.
    pub before: u64,
    /// Of the second, together.
    pub after: u64,
    /// The largest after for one before: `1500` is one and a half times as much.
    pub largest_permille: u64,
    /// The event that had it.
    pub largest_event: String,
    /// Its place among those compared.
    largest_seq: u64,
}

impl Fuel {
    /// After for one before, over all.
    #[must_use]
    pub fn permille(&self) -> u64 {
        permille(self.before, self.after)
    }
}

fn permille(before: u64, after: u64) -> u64 {
    let ratio = u128::from(after) * 1000 / u128::from(before.max(1));
    u64::try_from(ratio).unwrap_or(u64::MAX)
}

impl Merge for Fuel {
    fn merge(&mut self, other: Self) {
        self.before = self.before.saturating_add(other.before);
        self.after = self.after.saturating_add(other.after);
        let rank = |it: &Self| (it.largest_permille, std::cmp::Reverse(it.largest_seq));
        // Without an event there is no largest yet.
        let other_wins = !other.largest_event.is_empty()
            && (self.largest_event.is_empty() || rank(&other) > rank(self));
        if other_wins {
            self.largest_permille = other.largest_permille;
            self.largest_event = other.largest_event;
            self.largest_seq = other.largest_seq;
        }
    }
}

/// The sum of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Events compared.
    pub compared: u64,
    /// Events with no difference at all.
    pub equal: u64,
    /// Events that ended otherwise.
    pub outcomes: Bounded<OutcomeMove, Cases, PAIRS_MAX>,
    /// Translated statuses that changed, by the shop's status.
    pub statuses: Bounded<StatusMove, Cases, PAIRS_MAX>,
    /// Documents added and removed.
    pub documents: Bounded<DocumentChange, Cases, ENTITIES_MAX>,
    /// Everything else, by field.
    pub fields: Bounded<FieldName, FieldTally, FIELDS_MAX>,
    /// What it cost.
    pub fuel: Fuel,
}

impl Tally {
    /// Compares two answers to one input and adds what differs.
    pub fn add(&mut self, subject: &Subject<'_>, before: &Run, after: &Run) {
        self.compared += 1;
        self.fuel.merge(Fuel {
            before: before.usage.fuel_in_all(),
            after: after.usage.fuel_in_all(),
            largest_permille: permille(before.usage.fuel_in_all(), after.usage.fuel_in_all()),
            largest_event: subject.event.to_owned(),
            largest_seq: subject.seq,
        });
        let mut equal = true;
        // A field counts an event once, however many of its places differ.
        let mut seen = HashSet::new();
        compare(before, after, Pairing::ByKey, &mut |difference| {
            equal = false;
            self.take(subject, difference, &mut seen);
        });
        self.equal += u64::from(equal);
    }

    fn take(
        &mut self,
        subject: &Subject<'_>,
        difference: &Difference<'_>,
        seen: &mut HashSet<String>,
    ) {
        let owned = |text: Option<&str>| text.map(cut);
        match difference {
            Difference::Outcome { from, to, detail } => {
                let key = OutcomeMove { from: (*from).to_owned(), to: (*to).to_owned() };
                self.outcomes.entry(key).add(subject, "", detail);
            }
            Difference::Status { source, from, to } => {
                let key = StatusMove { source: owned(*source), from: owned(*from), to: owned(*to) };
                self.statuses.entry(key).add(subject, "", "");
            }
            Difference::Document { entity, key, added } => {
                let change = DocumentChange { entity: cut(entity), added: *added };
                self.documents.entry(change).add(subject, key, "");
            }
            Difference::Field { place, change, currency } => {
                let currency = currency.or(subject.currency);
                let field = self.fields.entry(FieldName { field: place.field.to_owned() });
                field.add(subject, place, change, currency);
                field.events += u64::from(seen.insert(place.field.to_owned()));
            }
        }
    }

    /// Events that differ in any way.
    #[must_use]
    pub fn different(&self) -> u64 {
        self.compared.saturating_sub(self.equal)
    }
}

impl Merge for Tally {
    fn merge(&mut self, other: Self) {
        self.compared += other.compared;
        self.equal += other.equal;
        self.outcomes.merge(other.outcomes);
        self.statuses.merge(other.statuses);
        self.documents.merge(other.documents);
        self.fields.merge(other.fields);
        self.fuel.merge(other.fuel);
    }
}
