//! What is known of one field's differences over many events: counts, amounts, a few examples.
//!
//! Amounts are added up as decimals and never as floats; a difference is rounded to
//! [`SUM_DIGITS`] digits before it is added, so that no sum can run out of digits.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::bounded::{Bounded, Count, Merge};
use super::tally::Subject;
use super::walk::{Change, Place};

/// Examples kept of each kind of thing: enough to see a pattern.
const EXAMPLES_MAX: usize = 3;

/// Characters kept of a value in an example.
const VALUE_CHARS_MAX: usize = 200;

/// Moves from one word to another that are counted for each field. A status has a dozen.
const MOVES_MAX: usize = 12;

/// A value longer than this is no word that one would count moves of.
const WORD_CHARS_MAX: usize = 40;

/// Currencies kept for each field.
const CURRENCIES_MAX: usize = 8;

/// Digits after the point in sums.
const SUM_DIGITS: u32 = 9;

/// `sale/lines/*/unit_price`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldName {
    /// See [`Place::field`].
    pub field: String,
}

impl std::borrow::Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.field
    }
}

/// From one word to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

/// A currency, or none where the document names none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217.
    pub currency: Option<String>,
}

/// One event that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The event's place among those compared.
    pub seq: u64,
    /// Its id.
    pub event: String,
    /// The exact place.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub at: String,
    /// The document's key.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub document: String,
    /// What stood there; none where there was nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<String>,
    /// What stands there; none where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<String>,
}

/// A few examples, those of the earliest events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Examples(Vec<Example>);

impl Examples {
    /// Whether an example of this event would be kept.
    pub(super) fn wants(&self, seq: u64) -> bool {
        self.0.len() < EXAMPLES_MAX || self.0.last().is_some_and(|last| seq <= last.seq)
    }

    pub(super) fn add(&mut self, example: Example) {
        let key = |it: &Example| (it.seq, it.at.clone(), it.document.clone());
        let place = self.0.partition_point(|kept| key(kept) <= key(&example));
        if place < EXAMPLES_MAX {
            self.0.insert(place, example);
            self.0.truncate(EXAMPLES_MAX);
        }
    }
}

impl std::ops::Deref for Examples {
    type Target = [Example];

    fn deref(&self) -> &[Example] {
        &self.0
    }
}

impl Merge for Examples {
    fn merge(&mut self, other: Self) {
        for example in other.0 {
            self.add(example);
        }
    }
}

/// The largest of the differences between numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Largest {
    /// After less before.
    pub by: Decimal,
    /// The number before.
    pub before: Decimal,
    /// The number after.
    pub after: Decimal,
    /// The event's place among those compared.
    pub seq: u64,
    /// Its id.
    pub event: String,
}

/// Numbers that are another value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// How many places.
    pub count: u64,
    /// After less before, of all together.
    pub sum: Decimal,
    /// The one that moved the most, either way.
    pub largest: Option<Largest>,
    /// The most that one moved, in percent of what it was. None when none did or all were 0 before.
    pub largest_percent: Option<Decimal>,
    /// How many were 0 before, so that no percentage can be given.
    pub from_zero: u64,
}

/// What is known of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTally {
    /// Events in which it differs at least once.
    pub events: u64,
    /// Places that are there and were not.
    pub added: u64,
    /// Places that were there and are not.
    pub removed: u64,
    /// Places with another value, numbers included.
    pub changed: u64,
    /// Places with the same number, written differently.
    pub rewritten: u64,
    /// Of the changed ones, those that are numbers.
    #[serde(skip_serializing_if = "nothing_moved", default)]
    pub moved: Moved,
    /// The same by currency, where documents name one.
    #[serde(skip_serializing_if = "Bounded::is_empty", default)]
    pub by_currency: Bounded<Currency, Moved, CURRENCIES_MAX>,
    /// Short words by what they were and what they became.
    #[serde(skip_serializing_if = "Bounded::is_empty", default)]
    pub moves: Bounded<Move, Count, MOVES_MAX>,
    /// A few of them.
    pub examples: Examples,
}

fn nothing_moved(moved: &Moved) -> bool {
    moved.count == 0
}

impl FieldTally {
    pub(super) fn add(
        &mut self,
        subject: &Subject<'_>,
        place: &Place<'_>,
        change: &Change<'_>,
        currency: Option<&str>,
    ) {
        let (before, after) = match *change {
            Change::Added(after) => {
                self.added += 1;
                (None, Some(after))
            }
            Change::Removed(before) => {
                self.removed += 1;
                (Some(before), None)
            }
            Change::Rewritten(before, after) => {
                self.rewritten += 1;
                (Some(before), Some(after))
            }
            Change::Changed(before, after, numbers) => {
                self.changed += 1;
                match numbers {
                    Some(numbers) => {
                        self.moved.add(subject, numbers);
                        let currency = currency.map(str::to_owned);
                        if currency.is_some() {
                            self.by_currency.entry(Currency { currency }).add(subject, numbers);
                        }
                    }
                    None => {
                        let word = |text: &str| text.chars().nth(WORD_CHARS_MAX).is_none();
                        if word(before) && word(after) {
                            let (from, to) = (before.to_owned(), after.to_owned());
                            self.moves.entry(Move { from, to }).count += 1;
                        }
                    }
                }
                (Some(before), Some(after))
            }
        };
        if self.examples.wants(subject.seq) {
            self.examples.add(Example {
                seq: subject.seq,
                event: subject.event.to_owned(),
                at: cut(place.at),
                document: cut(place.document),
                before: before.map(cut),
                after: after.map(cut),
            });
        }
    }

    /// Changed places that are no numbers.
    #[must_use]
    pub fn changed_words(&self) -> u64 {
        self.changed.saturating_sub(self.moved.count)
    }

    /// All places that differ in any way.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.added + self.removed + self.changed + self.rewritten
    }
}

impl Merge for FieldTally {
    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.added += other.added;
        self.removed += other.removed;
        self.changed += other.changed;
        self.rewritten += other.rewritten;
        self.moved.merge(other.moved);
        self.by_currency.merge(other.by_currency);
        self.moves.merge(other.moves);
        self.examples.merge(other.examples);
    }
}

impl Moved {
    fn add(&mut self, subject: &Subject<'_>, (before, after): (Decimal, Decimal)) {
        let by = after - before;
        let percent = if before.is_zero() {
            None
        } else {
            // Two numbers far apart can have a ratio with more digits than there are.
            by.abs()
                .checked_div(before.abs())
                .and_then(|ratio| ratio.checked_mul(Decimal::ONE_HUNDRED))
                .map(|percent| percent.round_dp(4))
        };
        let event = subject.event.to_owned();
        let largest = Largest { by, before, after, seq: subject.seq, event };
        self.merge(Self {
            count: 1,
            sum: by.round_dp(SUM_DIGITS),
            largest: Some(largest),
            largest_percent: percent,
            from_zero: u64::from(percent.is_none()),
        });
    }
}

impl Merge for Moved {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.from_zero += other.from_zero;
        self.largest_percent = self.largest_percent.max(other.largest_percent);
        let rank = |it: &Largest| (it.by.abs(), std::cmp::Reverse((it.seq, it.by, it.before)));
        self.largest = match (self.largest.take(), other.largest) {
            (Some(one), Some(two)) => Some(if rank(&two) > rank(&one) { two } else { one }),
            (one, two) => one.or(two),
        };
    }
}

/// At most so many characters, so that a report stays one.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
