//! Two answers laid side by side, and each place where they differ told once.
//!
//! Documents belong together by entity and key. Within them numbers are compared as decimals:
//! `1.10` against `1.1` is another way of writing, not another value, and is told as such. In lists
//! of unequal length what is the same at both ends is taken off first, so that one line put in
//! before the others is one line added and not all lines changed.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::event::Document;
use crate::exact::{Node, Value, decimal, escape, is_number};
use crate::plugin::{Outcome, Run};

/// Which documents are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Those of one entity and key: another key is another document.
    ByKey,
    /// The first of an entity with the first, and so on: a changed key is a changed field.
    ByPlace,
}

/// One place where two answers differ.
#[derive(Debug)]
pub enum Difference<'d> {
    /// They ended differently; nothing else is told then.
    Outcome {
        /// The first one's name.
        from: &'d str,
        /// The second one's.
        to: &'d str,
        /// What the second said of it (violations, reason, failure), or the first if it is mapped.
        detail: &'d str,
    },
    /// The translated status.
    Status {
        /// The shop's own, where there is one.
        source: Option<&'d str>,
        /// Before; none where nothing was translated.
        from: Option<&'d str>,
        /// After.
        to: Option<&'d str>,
    },
    /// A document that only one of them has.
    Document {
        /// Its entity.
        entity: &'d str,
        /// Its key.
        key: &'d str,
        /// Whether it is the second that has it.
        added: bool,
    },
    /// Something within the answer.
    Field {
        /// Where.
        place: Place<'d>,
        /// What.
        change: Change<'d>,
        /// The currency that the document gives, where it does.
        currency: Option<&'d str>,
    },
}

/// Where something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'d> {
    /// `sale/lines/*/unit_price`: the entity and the pointer with its indices folded. What is no
    /// document begins with `@`: `@lines/*/unit_price`, `@checkpoint/status`, `@reason`.
    pub field: &'d str,
    /// The same with indices spelt out.
    pub at: &'d str,
    /// The document's key; empty for what is no document.
    pub document: &'d str,
}

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'d> {
    /// Only the second has it.
    Added(&'d str),
    /// Only the first has it.
    Removed(&'d str),
    /// The same number, written differently.
    Rewritten(&'d str, &'d str),
    /// Another value; with both numbers where both are numbers.
    Changed(&'d str, &'d str, Option<(Decimal, Decimal)>),
}

/// Tells each difference between two answers to `see`, in the order of the first answer.
pub fn compare(before: &Run, after: &Run, pairing: Pairing, see: &mut dyn FnMut(&Difference<'_>)) {
    if answered_alike(before, after) {
        return;
    }
    let (from, to) = (before.outcome.name(), after.outcome.name());
    if from != to {
        // What is mapped now says nothing for itself; what it was before did.
        let said = Some(detail(&after.outcome)).filter(|said| !said.is_empty());
        let said = said.unwrap_or_else(|| detail(&before.outcome));
        see(&Difference::Outcome { from, to, detail: &said });
        return;
    }
    if before.status != after.status {
        see(&Difference::Status {
            source: after.source_status.as_deref(),
            from: before.status.as_deref(),
            to: after.status.as_deref(),
        });
    }
    let mut walker = Walker::new(see);
    walker.lines(before, after);
    match (&before.outcome, &after.outcome) {
        (
            Outcome::Mapped { documents: left, checkpoint: one },
            Outcome::Mapped { documents: right, checkpoint: other },
        ) => {
            walker.documents(left, right, pairing);
            walker.texts("@checkpoint", one.as_deref(), other.as_deref());
        }
        (left, right) => {
            let (left, right) = (detail(left), detail(right));
            let name = match &before.outcome {
                Outcome::Rejected { .. } => "@violations",
                Outcome::Skipped { .. } | Outcome::NotReady { .. } => "@reason",
                _ => "@failure",
            };
            walker.plain(name, &left, &right);
        }
    }
}

/// Whether the receipts say that both gave the same: the quick way out, and by far the usual one.
#[must_use]
pub fn answered_alike(before: &Run, after: &Run) -> bool {
    !before.receipts.is_empty()
        && before.receipts.len() == after.receipts.len()
        && before.outcome.name() == after.outcome.name()
        && before.receipts.iter().zip(&after.receipts).all(|(left, right)| {
            left.capability == right.capability && left.output_digest == right.output_digest
        })
}

/// What an outcome that is not `mapped` says for itself.
fn detail(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Mapped { .. } => String::new(),
        Outcome::Skipped { reason } | Outcome::NotReady { reason } => reason.clone(),
        Outcome::Rejected { violations } => {
            let mut words: Vec<_> = violations
                .iter()
                .take(20)
                .map(|violation| format!("{} {}", violation.code, violation.pointer))
                .collect();
            words.sort();
            words.join(", ")
        }
        Outcome::Trapped { message, .. } | Outcome::BadOutput { message } => message.clone(),
        Outcome::OutOfFuel { limit, starting: false } => format!("more than {limit} fuel"),
        Outcome::OutOfFuel { limit, starting: true } => {
            format!("more than {limit} fuel while starting")
        }
        Outcome::Deadline { limit_ms } => format!("more than {limit_ms} ms"),
        Outcome::OutOfMemory { room, limit, .. } if room.is_memory() => {
            format!("more than {limit} bytes")
        }
        Outcome::OutOfMemory { room, limit, .. } => format!("more than {limit} {}", room.unit()),
        Outcome::OutputTooLarge { what, size, limit } => format!("{what} {size} of {limit}"),
    }
}

/// The way to where we are, with indices and without.
struct Walker<'s> {
    see: &'s mut dyn FnMut(&Difference<'_>),
    field: String,
    at: String,
    document: String,
    currency: Option<String>,
}

impl<'s> Walker<'s> {
    fn new(see: &'s mut dyn FnMut(&Difference<'_>)) -> Self {
        Self {
            see,
            field: String::new(),
            at: String::new(),
            document: String::new(),
            currency: None,
        }
    }

    fn begin(&mut self, name: &str, document: &str) {
        self.field.clear();
        self.field.push_str(name);
        self.at.clear();
        self.at.push_str(name);
        self.document.clear();
        self.document.push_str(document);
    }

    fn tell(&mut self, change: Change<'_>) {
        let place = Place { field: &self.field, at: &self.at, document: &self.document };
        (self.see)(&Difference::Field { place, change, currency: self.currency.as_deref() });
    }

    /// One step down, by an index or a key, and back.
    fn within(&mut self, step: Step<'_>, work: impl FnOnce(&mut Self)) {
        let lengths = (self.field.len(), self.at.len());
        self.field.push('/');
        self.at.push('/');
        match step {
            Step::Key(key) => {
                let key = escape(key);
                self.field.push_str(&key);
                self.at.push_str(&key);
            }
            Step::Index(index) => {
                self.field.push('*');
                self.at.push_str(&index.to_string());
            }
        }
        work(self);
        self.field.truncate(lengths.0);
        self.at.truncate(lengths.1);
    }

    /// Text that is compared as a whole.
    fn plain(&mut self, name: &str, before: &str, after: &str) {
        if before != after {
            self.begin(name, "");
            self.tell(Change::Changed(before, after, None));
        }
    }

    /// Text that may be JSON.
    fn texts(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        self.begin(name, "");
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => self.tell(Change::Added(after)),
            (Some(before), None) => self.tell(Change::Removed(before)),
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => match (Node::of(before), Node::of(after)) {
                (Some(left), Some(right)) => self.values(&left, &right),
                _ => self.tell(Change::Changed(before, after, None)),
            },
        }
    }

    fn lines(&mut self, before: &Run, after: &Run) {
        // Lines come back under their ids in the order given; what does not is no answer.
        for (index, (left, right)) in before.lines.iter().zip(&after.lines).enumerate() {
            if left == right {
                continue;
            }
            self.begin("@lines", "");
            self.currency = Some(right.currency.clone());
            self.within(Step::Index(index), |here| {
                for (name, one, other) in [
                    ("sku", &left.sku, &right.sku),
                    ("quantity", &left.quantity, &right.quantity),
                    ("unit_price", &left.unit_price, &right.unit_price),
                ] {
                    here.within(Step::Key(name), |here| here.amounts(one, other));
                }
                here.within(Step::Key("attributes"), |here| {
                    here.pairs(&left.attributes, &right.attributes);
                });
            });
            self.currency = None;
        }
        if before.lines.len() != after.lines.len() {
            let (left, right) = (before.lines.len().to_string(), after.lines.len().to_string());
            self.plain("@lines", &left, &right);
        }
    }

    fn documents(&mut self, before: &[Document], after: &[Document], pairing: Pairing) {
        let left = named(before, pairing);
        let right = named(after, pairing);
        let places: HashMap<_, _> =
            right.iter().enumerate().map(|(at, (name, _))| (name, at)).collect();
        let known: HashMap<_, ()> = left.iter().map(|(name, _)| (name, ())).collect();
        let mut order = Vec::new();
        for (name, document) in &left {
            let Some((at, (_, other))) =
                places.get(name).and_then(|at| right.get(*at).map(|it| (*at, it)))
            else {
                let Document { entity, key, .. } = document;
                (self.see)(&Difference::Document { entity, key, added: false });
                continue;
            };
            order.push(at);
            self.document(document, other);
        }
        for (name, document) in &right {
            if !known.contains_key(name) {
                let Document { entity, key, .. } = document;
                (self.see)(&Difference::Document { entity, key, added: true });
            }
        }
        if !order.is_sorted() {
            let keys = |documents: &[(Name<'_>, &Document)]| -> String {
                let names: Vec<_> = documents
                    .iter()
                    .take(20)
                    .map(|(_, it)| format!("{} {}", it.entity, it.key))
                    .collect();
                names.join(", ")
            };
            self.plain("@order", &keys(&left), &keys(&right));
        }
    }

    fn document(&mut self, before: &Document, after: &Document) {
        let entity = escape(&before.entity).into_owned();
        if before.operation != after.operation {
            self.begin(&format!("{entity}@operation"), &after.key);
            let word = |document: &Document| format!("{:?}", document.operation).to_lowercase();
            self.tell(Change::Changed(&word(before), &word(after), None));
        }
        if before.key != after.key {
            self.begin(&format!("{entity}@key"), &after.key);
            self.tell(Change::Changed(&before.key, &after.key, None));
        }
        self.begin(&format!("{entity}@attributes"), &after.key);
        self.pairs(&before.attributes, &after.attributes);
        if before.body.get() == after.body.get() {
            return;
        }
        self.begin(&entity, &after.key);
        match (Node::of(before.body.get()), Node::of(after.body.get())) {
            (Some(left), Some(right)) => {
                self.currency = currency_of(&right).map(str::to_owned);
                self.values(&left, &right);
                self.currency = None;
            }
            // Bodies were held against the grammar; this is for whoever brings others.
            _ => self.tell(Change::Changed(before.body.get(), after.body.get(), None)),
        }
    }

    fn pairs(&mut self, before: &[(String, String)], after: &[(String, String)]) {
        if before == after {
            return;
        }
        let left: HashMap<_, _> = before.iter().map(|(name, value)| (&**name, value)).collect();
        let right: HashMap<_, _> = after.iter().map(|(name, value)| (&**name, value)).collect();
        for (name, value) in before {
            self.within(Step::Key(name), |here| match right.get(&**name) {
                Some(other) => here.amounts(value, other),
                None => here.tell(Change::Removed(value)),
            });
        }
        for (name, value) in after.iter().filter(|(name, _)| !left.contains_key(&**name)) {
            self.within(Step::Key(name), |here| here.tell(Change::Added(value)));
        }
    }

    /// Two texts that may be amounts.
    fn amounts(&mut self, before: &str, after: &str) {
        if before != after {
            let numbers = crate::exact::decimal_of(before).zip(crate::exact::decimal_of(after));
            self.changed(before, after, numbers);
        }
    }

    fn changed(&mut self, before: &str, after: &str, numbers: Option<(Decimal, Decimal)>) {
        self.tell(match numbers {
            Some((left, right)) if left == right => Change::Rewritten(before, after),
            numbers => Change::Changed(before, after, numbers),
        });
    }

    fn values(&mut self, before: &Node<'_>, after: &Node<'_>) {
        if before.text == after.text {
            return;
        }
        match (&before.value, &after.value) {
            (Value::Object(left), Value::Object(right)) => {
                let (old, new) = (before.by_key(), after.by_key());
                for member in left {
                    self.within(Step::Key(&member.key), |here| match new.get(&*member.key) {
                        Some(value) => here.values(&member.value, value),
                        None => here.tell(Change::Removed(member.value.shown())),
                    });
                }
                for member in right.iter().filter(|member| !old.contains_key(&*member.key)) {
                    self.within(Step::Key(&member.key), |here| {
                        here.tell(Change::Added(member.value.shown()));
                    });
                }
            }
            (Value::Array(left), Value::Array(right)) => self.lists(left, right),
            (Value::Text(left), Value::Text(right)) if left == right => {}
            _ => {
                // A number that became text is another value for whoever reads it.
                let numbers = (is_number(before) == is_number(after))
                    .then(|| decimal(before).zip(decimal(after)))
                    .flatten();
                self.changed(before.shown(), after.shown(), numbers);
            }
        }
    }

    fn lists(&mut self, left: &[Node<'_>], right: &[Node<'_>]) {
        let same = |(one, other): &(&Node<'_>, &Node<'_>)| one.same(other);
        let (mut head, mut tail) = (0, 0);
        if left.len() != right.len() {
            head = left.iter().zip(right).take_while(same).count();
            let most = left.len().min(right.len()) - head;
            tail = left.iter().rev().zip(right.iter().rev()).take(most).take_while(same).count();
        }
        let left = left.get(head..left.len() - tail).unwrap_or_default();
        let right = right.get(head..right.len() - tail).unwrap_or_default();
        for (offset, (one, other)) in left.iter().zip(right).enumerate() {
            self.within(Step::Index(head + offset), |here| here.values(one, other));
        }
        for (offset, gone) in left.iter().enumerate().skip(right.len()) {
            self.within(Step::Index(head + offset), |here| {
                here.tell(Change::Removed(gone.shown()));
            });
        }
        for (offset, come) in right.iter().enumerate().skip(left.len()) {
            self.within(Step::Index(head + offset), |here| here.tell(Change::Added(come.shown())));
        }
    }
}

enum Step<'k> {
    Key(&'k str),
    Index(usize),
}

/// An entity, and the key or the place among its like.
type Name<'a> = (&'a str, std::borrow::Cow<'a, str>);

fn named(documents: &[Document], pairing: Pairing) -> Vec<(Name<'_>, &Document)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    documents
        .iter()
        .map(|document| {
            let entity = document.entity.as_str();
            let place = seen.entry(entity).or_default();
            *place += 1;
            let name = match pairing {
                Pairing::ByKey => document.key.as_str().into(),
                Pairing::ByPlace => place.to_string().into(),
            };
            ((entity, name), document)
        })
        .collect()
}

/// The currency that a document gives: a code under one of the usual names, or a reference to one.
fn currency_of<'n>(body: &'n Node<'_>) -> Option<&'n str> {
    ["currency", "currency_code", "moeda"].iter().find_map(|name| {
        let value = body.get(name)?;
        let code = match value.as_text() {
            Some(code) => code,
            None => value.get("$ref")?.get("key")?.as_text()?,
        };
        (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
    })
}
