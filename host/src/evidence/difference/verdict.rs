//! Whether a difference is within tolerances, and if not, what stands in the way.

use rust_decimal::Decimal;
use serde::Serialize;

use super::field::FieldTally;
use super::tally::{DocumentChange, OutcomeMove, StatusMove, Tally};
use super::tolerance::{Allowed, Subject, Tolerances};

/// Something that differs and may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// What, as a tolerance would name it.
    pub subject: String,
    /// In how many events.
    pub events: u64,
    /// How it differs, in a sentence.
    pub message: String,
}

/// What became of judging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether nothing stands in the way.
    pub within: bool,
    /// What does.
    pub obstacles: Vec<Obstacle>,
    /// What differs and may: the subjects, as a tolerance would name them.
    pub tolerated: Vec<String>,
}

impl Tally {
    /// Holds what differs against what may.
    #[must_use]
    pub fn judge(&self, tolerances: &Tolerances) -> Verdict {
        let mut judge =
            Judge { tolerances, tally: self, obstacles: Vec::new(), tolerated: Vec::new() };
        if self.compared == 0 {
            judge.refuse("(events)", 0, "nothing was compared, so nothing is known".to_owned());
        }
        judge.outcomes();
        judge.statuses();
        judge.documents();
        judge.fields();
        judge.fuel();
        let Judge { obstacles, tolerated, .. } = judge;
        Verdict { within: obstacles.is_empty(), obstacles, tolerated }
    }
}

struct Judge<'t> {
    tolerances: &'t Tolerances,
    tally: &'t Tally,
    obstacles: Vec<Obstacle>,
    tolerated: Vec<String>,
}

impl Judge<'_> {
    fn refuse(&mut self, subject: &str, events: u64, message: String) {
        self.obstacles.push(Obstacle { subject: subject.to_owned(), events, message });
    }

    fn decide(&mut self, subject: String, events: u64, allowed: bool, message: String) {
        if allowed {
            self.tolerated.push(subject);
        } else {
            self.refuse(&subject, events, message);
        }
    }

    fn any(&self, means: impl Fn(&Subject) -> bool) -> bool {
        self.tolerances.rules().iter().any(|rule| means(&rule.subject))
    }

    fn outcomes(&mut self) {
        for (OutcomeMove { from, to }, cases) in self.tally.outcomes.iter() {
            let allowed = self.any(|subject| {
                matches!(subject, Subject::Outcome(left, right)
                    if is(left, from) && is(right, to))
            });
            let subject = format!("outcome {from} -> {to}");
            let detail = cases
                .examples
                .first()
                .map(|it| match &it.after {
                    Some(after) => format!(", the first {}: {after}", it.event),
                    None => format!(", the first {}", it.event),
                })
                .unwrap_or_default();
            let times = times(cases.count);
            self.decide(
                subject,
                cases.count,
                allowed,
                format!("{from} became {to} {times}{detail}"),
            );
        }
    }

    fn statuses(&mut self) {
        for (StatusMove { source, from, to }, cases) in self.tally.statuses.iter() {
            let word =
                |status: &Option<String>| status.clone().unwrap_or_else(|| "none".to_owned());
            let (from, to) = (word(from), word(to));
            let allowed = self.any(|subject| {
                matches!(subject, Subject::Status(left, right)
                    if is(left, &from) && is(right, &to))
            });
            let of = source.as_ref().map(|it| format!(" (of {it})")).unwrap_or_default();
            let message = format!("status {from} became {to}{of} {}", times(cases.count));
            self.decide(format!("status {from} -> {to}"), cases.count, allowed, message);
        }
        if let Some(others) = self.tally.statuses.others() {
            let message = format!("more statuses changed than are told, {}", times(others.count));
            let allowed =
                self.any(|it| matches!(it, Subject::Status(a, b) if a == "*" && b == "*"));
            self.decide("status * -> *".to_owned(), others.count, allowed, message);
        }
    }

    fn documents(&mut self) {
        for (DocumentChange { entity, added }, cases) in self.tally.documents.iter() {
            let word = if *added { "added" } else { "removed" };
            let allowed = self.any(|subject| {
                matches!(subject, Subject::Document { entity: wanted, added: way }
                    if is(wanted, entity) && way == added)
            });
            let first = cases.examples.first();
            let first = first.map(|it| format!(", the first {}", it.document)).unwrap_or_default();
            let message = format!("{} documents {entity} {word}{first}", cases.count);
            self.decide(format!("{word} {entity}"), cases.count, allowed, message);
        }
        if let Some(others) = self.tally.documents.others() {
            let message = format!("{} more documents of further entities", others.count);
            self.refuse("(documents)", others.count, message);
        }
    }

    fn fields(&mut self) {
        for (name, field) in self.tally.fields.iter() {
            let rules = self.tolerances.rules().iter().filter(|rule| {
                matches!(&rule.subject, Subject::Field(pattern) if pattern.means(&name.field))
            });
            let rules: Vec<_> = rules.collect();
            let allowed = rules.iter().any(|rule| rule.allowed.allows(field));
            let mut message = in_words(field);
            if let Some(rule) = rules.first() {
                message.push_str(&format!("; allowed is `{} {}`", rule.text.0, rule.text.1));
            }
            self.decide(name.field.clone(), field.events, allowed, message);
        }
        if let Some(others) = self.tally.fields.others() {
            let message =
                format!("more fields differ than are told, at {} places", others.places());
            self.refuse("(fields)", others.events, message);
        }
    }

    fn fuel(&mut self) {
        let permille =
            Decimal::new(i64::try_from(self.tally.fuel.permille()).unwrap_or(i64::MAX), 3);
        for rule in self.tolerances.rules() {
            if let (Subject::Fuel, Allowed::Times(limit)) = (&rule.subject, &rule.allowed) {
                let message = format!("it burns {permille} times the fuel; allowed is {limit}");
                self.decide("fuel".to_owned(), self.tally.compared, permille <= *limit, message);
            }
        }
    }
}

fn is(wanted: &str, word: &str) -> bool {
    wanted == "*" || wanted == word
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// What is known of a field in one sentence.
fn in_words(field: &FieldTally) -> String {
    let mut parts = Vec::new();
    if field.moved.count > 0 {
        let sum = signed(field.moved.sum);
        let largest = field.moved.largest.as_ref();
        let largest = largest
            .map(|it| {
                format!(
                    ", at most by {} ({} to {}, {})",
                    signed(it.by),
                    it.before,
                    it.after,
                    it.event
                )
            })
            .unwrap_or_default();
        let currencies: Vec<_> = field
            .by_currency
            .iter()
            .filter_map(|(key, moved)| {
                Some(format!("{} {}", signed(moved.sum), key.currency.as_ref()?))
            })
            .collect();
        let sum = if currencies.is_empty() { sum } else { currencies.join(", ") };
        parts.push(format!("{} numbers moved by {sum} together{largest}", field.moved.count));
    }
    if field.changed_words() > 0 {
        let example = field.examples.iter().find(|it| it.before.is_some() && it.after.is_some());
        let example = example
            .map(|it| {
                let side = |text: &Option<String>| text.clone().unwrap_or_default();
                format!(" (`{}` to `{}`, {})", side(&it.before), side(&it.after), it.event)
            })
            .unwrap_or_default();
        parts.push(format!("{} changed{example}", field.changed_words()));
    }
    for (count, word) in [
        (field.added, "added"),
        (field.removed, "removed"),
        (field.rewritten, "written differently"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join("; ")
}

fn signed(number: Decimal) -> String {
    let number = number.normalize();
    if number > Decimal::ZERO { format!("+{number}") } else { number.to_string() }
}
