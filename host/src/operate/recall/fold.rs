//! The history of one resource on one route, told twice: as it was, and as it would have been.
//!
//! ```text
//!   event 1   event 2   event 3           the last document of each key
//!   good      bad       good     as it was ---------------------------> what stands
//!             | again, by the good version, told what it
//!             v would have remembered
//!   good      good'     good     as it would have been ----------------> what should
//! ```
//! What the bad version did not map is taken as it was recorded; what it did is mapped again, each
//! time with the checkpoint and the status that the good version would have been told. So what a
//! correction says depends on the whole history and not on the one event that went wrong.
//!
//! It does not know which documents of a replayed passage reached the target before the replay, unless
//! all did: such a passage counts as having sent nothing then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::event::{Document, Event, Operation, Receipt};
use crate::evidence::difference::{Change, Difference, Pairing, Subject, Tally, compare};
use crate::journal::replay::PastPassage;
use crate::journal::{Passage, PassageState};
use crate::plugin::{Outcome, Run, Usage};

/// Differences of one resource that are written out.
const CHANGES_MAX: usize = 50;
/// Characters of a value in them.
const VALUE_CHARS_MAX: usize = 300;

/// One event of a resource, as far as it went on the route.
pub(super) struct Entry {
    pub(super) event: Arc<Event>,
    pub(super) passage: Passage,
    /// What it was before each of its replays.
    pub(super) past: Vec<PastPassage>,
}

impl Entry {
    /// Whether a version mapped it. A passage that carries a correction has only what was corrected;
    /// what else the version made of the event is judged anew.
    fn is_by(&self, digest: &str) -> bool {
        let past = || self.past.iter().any(|past| by(&past.receipts, digest));
        by(&self.passage.receipts, digest) || (self.passage.corrects && past())
    }
}

/// What is to be done about a resource.
#[derive(Debug)]
pub(super) enum Found {
    /// All is as it should be.
    Same,
    /// Something stands that should not, or does not that should.
    Wrong(Box<Wrong>),
    /// Nothing can be said: an event is under way, or the good version fails too.
    Stuck { kind: &'static str, event_id: String, why: String },
}

/// What stands wrong.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The passage that carries the corrections: the last that wrote, or would have.
    pub(super) carrier: u64,
    pub(super) event_id: String,
    /// To be sent, in order.
    pub(super) documents: Vec<Document>,
    /// What stands and would not: entity and key. A person takes these back.
    pub(super) extra: Vec<(String, String)>,
    pub(super) receipts: Vec<Receipt>,
    /// What the good version would remember.
    pub(super) checkpoint: Option<String>,
    pub(super) status: Option<String>,
    pub(super) target_status: Option<String>,
    /// As it was, and as it would have been: just what differs.
    before: Run,
    after: Run,
    currency: Option<String>,
}

/// Who maps an event again: told the checkpoint and the previous status. The text says why its answer
/// may not be sent.
pub(super) type Again<'a> =
    dyn Fn(&Event, Option<String>, Option<String>) -> Result<Run, String> + 'a;

/// The documents of a resource by entity and key, each with when it was last written.
#[derive(Default)]
struct Books(BTreeMap<(String, String), (usize, Document)>);

impl Books {
    fn write(&mut self, at: &mut usize, document: &Document) {
        *at += 1;
        let key = (document.entity.clone(), document.key.clone());
        self.0.insert(key, (*at, document.clone()));
    }
}

fn by(receipts: &[Receipt], digest: &str) -> bool {
    receipts.iter().any(|receipt| receipt.digest == digest)
}

/// Tells the history of a resource, oldest event first.
pub(super) fn fold(history: &[Entry], bad: &str, again: &Again<'_>) -> Found {
    let (mut stands, mut should) = (Books::default(), Books::default());
    let mut at = 0;
    let (mut checkpoint, mut status, mut target_status) = (None, None, None);
    let mut carrier: Option<&Entry> = None;
    let mut receipts = Vec::new();
    for entry in history {
        let passage = &entry.passage;
        for past in entry.past.iter().filter(|past| past.state == PassageState::Delivered) {
            for document in &past.documents {
                stands.write(&mut at, document);
                if !by(&past.receipts, bad) {
                    should.write(&mut at, document);
                }
            }
        }
        let event_id = entry.event.id.to_string();
        if !passage.state.is_terminal() {
            let why = "an event of it is under way: look again when that has ended".to_owned();
            return Found::Stuck { kind: "under_way", event_id, why };
        }
        let sent = passage.delivered.iter().filter_map(|it| {
            passage.documents.get(usize::try_from(it.ordinal).unwrap_or(usize::MAX))
        });
        let sent: Vec<&Document> = sent.collect();
        for document in &sent {
            stands.write(&mut at, document);
        }
        if passage.state == PassageState::Delivered {
            carrier = Some(entry);
        }
        if !entry.is_by(bad) {
            for document in sent {
                should.write(&mut at, document);
            }
            if passage.state == PassageState::Delivered {
                checkpoint.clone_from(&passage.checkpoint);
                status.clone_from(&passage.status);
                target_status.clone_from(&passage.target_status);
            }
            continue;
        }
        let run = match again(&entry.event, checkpoint.clone(), status.clone()) {
            Ok(run) => run,
            Err(why) => return Found::Stuck { kind: "breach", event_id, why },
        };
        match run.outcome {
            Outcome::Mapped { documents, checkpoint: next } => {
                for document in &documents {
                    should.write(&mut at, document);
                }
                if !documents.is_empty() {
                    checkpoint = next;
                    status = run.source_status;
                    target_status = run.status;
                    carrier = Some(entry);
                    receipts = run.receipts;
                }
            }
            Outcome::Skipped { .. } => {}
            failure => {
                let why = format!("the good version does not map it: {}", failure.name());
                return Found::Stuck { kind: "failed", event_id, why };
            }
        }
    }
    let Some(carrier) = carrier else { return Found::Same };
    weigh(stands, should, carrier, receipts, (checkpoint, status, target_status))
}

fn weigh(
    stands: Books,
    should: Books,
    carrier: &Entry,
    receipts: Vec<Receipt>,
    (checkpoint, status, target_status): (Option<String>, Option<String>, Option<String>),
) -> Found {
    let mut extra = Vec::new();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (key, (_, document)) in &stands.0 {
        if !should.0.contains_key(key) && !takes_away(document) {
            extra.push(key.clone());
            before.push((0, document.clone()));
        }
    }
    for (key, (at, document)) in should.0 {
        match stands.0.get(&key) {
            Some((_, there)) if alike(there, &document) => {}
            there => {
                before.extend(there.map(|(_, there)| (at, there.clone())));
                let operation = match document.operation {
                    // It is there: it has to become another.
                    Operation::Create if there.is_some() => Operation::Upsert,
                    operation => operation,
                };
                after.push((at, Document { operation, ..document }));
            }
        }
    }
    if after.is_empty() && extra.is_empty() {
        return Found::Same;
    }
    after.sort_by_key(|(at, _)| *at);
    let documents: Vec<Document> = after.into_iter().map(|(_, document)| document).collect();
    Found::Wrong(Box::new(Wrong {
        carrier: carrier.event.seq,
        event_id: carrier.event.id.to_string(),
        before: told(before.into_iter().map(|(_, document)| document).collect()),
        after: told(documents.clone()),
        currency: currency_of(&carrier.event),
        documents,
        extra,
        receipts,
        checkpoint,
        status,
        target_status,
    }))
}

fn takes_away(document: &Document) -> bool {
    matches!(document.operation, Operation::Cancel | Operation::Delete)
}

/// Whether the target is asked for the same thing.
fn alike(one: &Document, other: &Document) -> bool {
    let same_wish = takes_away(one) == takes_away(other)
        && (one.operation == Operation::Delete) == (other.operation == Operation::Delete);
    if !same_wish || one.attributes != other.attributes {
        return false;
    }
    let mut differs = one.body.get() != other.body.get();
    if differs {
        // Written differently is not different.
        differs = false;
        let (one, other) = (told(vec![one.clone()]), told(vec![other.clone()]));
        compare(&one, &other, Pairing::ByKey, &mut |_| differs = true);
    }
    !differs
}

/// Documents as an answer, for comparing.
fn told(documents: Vec<Document>) -> Run {
    Run {
        outcome: Outcome::Mapped { documents, checkpoint: None },
        source_status: None,
        status: None,
        lines: Vec::new(),
        logs: Vec::new(),
        receipts: Vec::new(),
        startups: Vec::new(),
        usage: Usage::default(),
    }
}

fn currency_of(event: &Event) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Peek {
        currency: Option<String>,
    }
    serde_json::from_slice::<Peek>(&event.body).ok()?.currency
}

impl Wrong {
    /// Adds what differs to the sum.
    pub(super) fn add_to(&self, tally: &mut Tally) {
        let subject = Subject {
            seq: self.carrier,
            event: &self.event_id,
            currency: self.currency.as_deref(),
        };
        tally.add(&subject, &self.before, &self.after);
    }

    /// What differs, place by place.
    pub(super) fn told(&self) -> Value {
        let mut changes = Vec::new();
        let mut more = 0_u64;
        compare(&self.before, &self.after, Pairing::ByKey, &mut |difference| {
            if changes.len() == CHANGES_MAX {
                more += 1;
                return;
            }
            changes.push(match difference {
                Difference::Field { place, change, currency } => {
                    let (before, after) = match change {
                        Change::Added(after) => (None, Some(*after)),
                        Change::Removed(before) => (Some(*before), None),
                        Change::Rewritten(before, after) | Change::Changed(before, after, _) => {
                            (Some(*before), Some(*after))
                        }
                    };
                    json!({
                        "field": place.field,
                        "document": place.document,
                        "at": place.at,
                        "stands": before.map(cut),
                        "should": after.map(cut),
                        "currency": currency.or(self.currency.as_deref()),
                    })
                }
                Difference::Document { entity, key, added } => {
                    let said = if *added { "is missing" } else { "should not be there" };
                    json!({ "field": entity, "document": key, "at": said })
                }
                Difference::Outcome { from, to, .. } => json!({ "stands": from, "should": to }),
                Difference::Status { from, to, .. } => json!({ "stands": from, "should": to }),
            });
        });
        let keys = |(entity, key): &(String, String)| json!({ "entity": entity, "key": key });
        json!({
            "changes": changes,
            "more_changes": more,
            "documents": self.documents.iter().map(|it| json!({
                "entity": it.entity, "key": it.key, "operation": it.operation,
            })).collect::<Vec<_>>(),
            "extra": self.extra.iter().map(keys).collect::<Vec<_>>(),
        })
    }
}

fn cut(text: &str) -> String {
    text.chars().take(VALUE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::value::RawValue;

    use super::*;
    use crate::event::{EventId, Origin};
    use crate::journal::Delivered;

    fn event(seq: u64) -> Arc<Event> {
        Arc::new(Event {
            seq,
            id: EventId(format!("event-{seq}")),
            correlation_id: String::new(),
            merchant: "acme".into(),
            connection: "shop".into(),
            topic: "order.updated".into(),
            resource_key: "order/1".into(),
            version: None,
            received_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Hook,
            body: bytes::Bytes::from_static(br#"{"currency":"BRL"}"#),
        })
    }

    fn document(key: &str, body: &str) -> Document {
        Document {
            entity: "sale".into(),
            key: key.into(),
            operation: Operation::Create,
            body: RawValue::from_string(body.into()).unwrap(),
            attributes: Vec::new(),
            request_key: None,
        }
    }

    fn receipt(digest: &str) -> Receipt {
        Receipt {
            capability: "field_mapping".into(),
            plugin: "rules".into(),
            version: "1.0.0".into(),
            digest: digest.into(),
            settings_digest: String::new(),
            output_digest: String::new(),
            fuel: 1,
            memory_bytes: 1,
            duration_us: 1,
        }
    }

    /// An event that a version made one document of, delivered, with a checkpoint.
    fn entry(seq: u64, by: &str, key: &str, body: &str, checkpoint: &str) -> Entry {
        let passage = Passage {
            seq,
            route: "orders".into(),
            state: PassageState::Delivered,
            attempt: 0,
            due_at: None,
            reason: None,
            intended: None,
            receipts: vec![receipt(by)],
            documents: vec![document(key, body)],
            delivered: vec![Delivered { ordinal: 0, target_id: None }],
            checkpoint: Some(checkpoint.into()),
            status: Some(format!("status-{seq}")),
            target_status: None,
            attempts: Vec::new(),
            dead: None,
            replays: 0,
            pin: None,
            released: false,
            corrects: false,
            ended_at: None,
        };
        Entry { event: event(seq), passage, past: Vec::new() }
    }

    /// The good version counts: its body is its checkpoint, one more than the one before.
    fn counts(
        _: &Event,
        checkpoint: Option<String>,
        status: Option<String>,
    ) -> Result<Run, String> {
        let next = checkpoint.map_or(0, |it| it.parse::<u64>().unwrap()) + 1;
        let was = status.unwrap_or_default();
        let mut run = told(vec![document("a", &format!("{{\"n\":{next},\"was\":\"{was}\"}}"))]);
        run.outcome = match run.outcome {
            Outcome::Mapped { documents, .. } => {
                Outcome::Mapped { documents, checkpoint: Some(next.to_string()) }
            }
            other => other,
        };
        run.source_status = Some(format!("again-{next}"));
        Ok(run)
    }

    fn wrong(found: Found) -> Wrong {
        match found {
            Found::Wrong(wrong) => *wrong,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_event_is_told_what_the_good_version_would_have_remembered() {
        let history = [
            entry(1, "good", "a", "{}", "7"),
            entry(2, "bad", "a", "{}", "100"),
            entry(3, "bad", "a", "{}", "101"),
        ];
        let wrong = wrong(fold(&history, "bad", &counts));
        assert_eq!(wrong.documents.len(), 1);
        assert_eq!(wrong.documents[0].body.get(), r#"{"n":9,"was":"again-8"}"#);
        assert_eq!(wrong.documents[0].operation, Operation::Upsert, "it is there");
        assert_eq!((wrong.carrier, wrong.checkpoint.as_deref()), (3, Some("9")));
        assert_eq!(wrong.status.as_deref(), Some("again-9"));
    }

    #[test]
    fn what_a_later_event_put_right_is_left_alone() {
        let history = [entry(1, "bad", "a", "{}", "1"), entry(2, "good", "a", r#"{"n":2}"#, "2")];
        assert!(matches!(fold(&history, "bad", &counts), Found::Same));
    }

    #[test]
    fn what_should_not_be_there_is_told_and_never_sent() {
        let history = [entry(1, "bad", "b", "{}", "1")];
        let wrong = wrong(fold(&history, "bad", &counts));
        assert_eq!(wrong.extra, [("sale".to_owned(), "b".to_owned())]);
        assert_eq!(wrong.documents[0].key, "a");
        assert_eq!(wrong.documents[0].operation, Operation::Create, "it is not there yet");
    }

    #[test]
    fn nothing_is_said_of_a_resource_with_an_event_under_way() {
        let mut open = entry(2, "good", "a", "{}", "1");
        open.passage.state = PassageState::Delivering;
        let history = [entry(1, "bad", "a", "{}", "1"), open];
        let found = fold(&history, "bad", &counts);
        assert!(matches!(found, Found::Stuck { kind: "under_way", .. }), "{found:?}");
    }

    #[test]
    fn what_is_corrected_already_is_as_it_should_be() {
        let bad = entry(1, "bad", "a", "{}", "1");
        let Run { outcome: Outcome::Mapped { documents, .. }, .. } =
            counts(&bad.event, None, None).unwrap()
        else {
            unreachable!("it maps everything")
        };
        let mut corrected = entry(1, "good", "a", documents[0].body.get(), "1");
        corrected.passage.corrects = true;
        corrected.past = vec![PastPassage {
            replay: 1,
            job: 1,
            state: PassageState::Delivered,
            reason: None,
            ended_at: None,
            replaced_at: Timestamp::UNIX_EPOCH,
            receipts: bad.passage.receipts,
            documents: bad.passage.documents,
        }];
        assert!(matches!(fold(&[corrected], "bad", &counts), Found::Same));
    }
}
