//! What differs is told once, in the right words and with the right numbers.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::event::{Document, Operation, Violation};
use crate::plugin::{Outcome, Run, Usage};

fn document(entity: &str, key: &str, body: &str) -> Document {
    Document {
        entity: entity.to_owned(),
        key: key.to_owned(),
        operation: Operation::Upsert,
        body: serde_json::value::RawValue::from_string(body.to_owned()).unwrap(),
        attributes: Vec::new(),
        request_key: None,
    }
}

fn run(outcome: Outcome) -> Run {
    Run {
        outcome,
        source_status: None,
        status: None,
        lines: Vec::new(),
        logs: Vec::new(),
        receipts: Vec::new(),
        startups: Vec::new(),
        usage: Usage::default(),
    }
}

fn mapped(documents: Vec<Document>) -> Run {
    run(Outcome::Mapped { documents, checkpoint: None })
}

fn sale(body: &str) -> Run {
    mapped(vec![document("sale", "WC-1", body)])
}

fn tally(pairs: &[(Run, Run)]) -> Tally {
    let mut tally = Tally::default();
    for (seq, (before, after)) in pairs.iter().enumerate() {
        let event = format!("event-{seq}");
        let subject = Subject { seq: seq as u64, event: &event, currency: None };
        tally.add(&subject, before, after);
    }
    tally
}

/// Each difference of two bodies in one line.
fn told(before: &str, after: &str) -> Vec<String> {
    let mut lines = Vec::new();
    compare(&sale(before), &sale(after), Pairing::ByKey, &mut |difference| {
        if let Difference::Field { place, change, .. } = difference {
            lines.push(match change {
                Change::Added(after) => format!("{} + {after}", place.at),
                Change::Removed(before) => format!("{} - {before}", place.at),
                Change::Rewritten(before, after) => format!("{} {before} ~ {after}", place.at),
                Change::Changed(before, after, numbers) => {
                    let by = numbers.map(|(left, right)| format!(" by {}", right - left));
                    format!("{} {before} > {after}{}", place.at, by.unwrap_or_default())
                }
            });
        }
    });
    lines
}

#[test]
fn a_value_is_told_from_a_way_of_writing() {
    assert_eq!(told(r#"{"p":1.10}"#, r#"{"p":1.1}"#), ["sale/p 1.10 ~ 1.1"]);
    assert_eq!(told(r#"{"p":"1.10"}"#, r#"{"p":"1.11"}"#), ["sale/p 1.10 > 1.11 by 0.01"]);
    // A postal code is no number, and a number that became text is another value.
    assert_eq!(told(r#"{"p":"0100"}"#, r#"{"p":"0100.0"}"#), ["sale/p 0100 > 0100.0"]);
    assert_eq!(told(r#"{"p":1}"#, r#"{"p":"1"}"#), ["sale/p 1 > 1"]);
    assert_eq!(told(r#"{"a":1,"b":"x"}"#, r#"{ "b":"\u0078","a":1}"#), [""; 0]);
    assert_eq!(
        told("0.1", "0.30000000000000004"),
        ["sale 0.1 > 0.30000000000000004 by 0.20000000000000004"]
    );
}

#[test]
fn a_line_put_in_before_the_others_is_one_line() {
    let before = r#"{"lines":[{"s":"B","q":1},{"s":"C","q":2}]}"#;
    let after = r#"{"lines":[{"s":"A","q":9},{"s":"B","q":1},{"s":"C","q":2}]}"#;
    assert_eq!(told(before, after), [r#"sale/lines/0 + {"s":"A","q":9}"#]);
    assert_eq!(told(after, before), [r#"sale/lines/0 - {"s":"A","q":9}"#]);
}

#[test]
fn keys_with_slashes_stay_one_step() {
    assert_eq!(told(r#"{"a/b":{"~":1}}"#, r#"{"a/b":{"~":2}}"#), ["sale/a~1b/~0 1 > 2 by 1"]);
}

#[test]
fn documents_belong_together_by_entity_and_key() {
    let before = mapped(vec![document("party", "P", "{}"), document("sale", "1", "{}")]);
    let after = mapped(vec![document("sale", "1", "{}"), document("sale", "2", "{}")]);
    let tally = tally(&[(before, after)]);
    let told: Vec<_> = tally
        .documents
        .iter()
        .map(|(change, cases)| {
            (change.entity.as_str(), change.added, cases.examples[0].document.as_str())
        })
        .collect();
    assert_eq!(told, [("party", false, "P"), ("sale", true, "2")]);
    assert_eq!((tally.equal, tally.fields.is_empty()), (0, true));
}

#[test]
fn the_order_of_documents_matters() {
    let both = || (document("a", "1", "{}"), document("b", "2", "{}"));
    let ((a, b), (c, d)) = (both(), both());
    let tally = tally(&[(mapped(vec![a, b]), mapped(vec![d, c]))]);
    assert_eq!(tally.fields.get("@order").unwrap().changed, 1);
}

#[test]
fn an_outcome_that_changed_is_told_instead_of_what_is_missing() {
    let rejected = run(Outcome::Rejected {
        violations: vec![Violation {
            pointer: "/currency".to_owned(),
            code: "currency_unknown".to_owned(),
            message: "?".to_owned(),
        }],
    });
    let tally = tally(&[(sale("{}"), rejected)]);
    let (pair, cases) = tally.outcomes.iter().next().unwrap();
    assert_eq!((pair.from.as_str(), pair.to.as_str(), cases.count), ("mapped", "rejected", 1));
    assert_eq!(cases.examples[0].after.as_deref(), Some("currency_unknown /currency"));
    assert!(tally.documents.is_empty() && tally.fields.is_empty());
}

#[test]
fn amounts_are_added_up_by_currency_in_decimal() {
    let order = |currency: &str, price: &str| {
        sale(&format!(
            r#"{{"currency":{{"$ref":{{"entity":"currency","key":"{currency}"}}}},"lines":[{{"p":"{price}"}}]}}"#
        ))
    };
    let tally = tally(&[
        (order("BRL", "10.10"), order("BRL", "10.11")),
        (order("BRL", "0.10"), order("BRL", "0.30")),
        (order("EUR", "5.00"), order("EUR", "4.00")),
        (order("EUR", "5.00"), order("EUR", "5.00")),
    ]);
    let field = tally.fields.get("sale/lines/*/p").unwrap();
    assert_eq!((field.events, field.moved.count), (3, 3));
    assert_eq!(field.moved.sum, Decimal::new(-79, 2));
    let sums: Vec<_> = field
        .by_currency
        .iter()
        .map(|(key, moved)| (key.currency.clone().unwrap(), moved.sum.to_string()))
        .collect();
    assert_eq!(
        sums,
        [("BRL".to_owned(), "0.21".to_owned()), ("EUR".to_owned(), "-1.00".to_owned())]
    );
    let largest = field.moved.largest.as_ref().unwrap();
    assert_eq!((largest.by, largest.event.as_str()), (Decimal::new(-100, 2), "event-2"));
    assert_eq!(field.moved.largest_percent, Some(Decimal::from(200)));
    assert_eq!((tally.compared, tally.equal), (4, 1));
}

#[test]
fn statuses_are_told_as_a_matrix_by_the_shops_own() {
    let status = |status: &str| Run {
        source_status: Some("processing".to_owned()),
        status: Some(status.to_owned()),
        ..sale("{}")
    };
    let tally = tally(&[(status("15"), status("9")), (status("15"), status("9"))]);
    let (pair, cases) = tally.statuses.iter().next().unwrap();
    assert_eq!(pair.source.as_deref(), Some("processing"));
    assert_eq!((pair.from.as_deref(), pair.to.as_deref(), cases.count), (Some("15"), Some("9"), 2));
}

fn within(before: &str, after: &str, rules: &[&str]) -> bool {
    let tolerances = Tolerances::parse(rules).unwrap();
    tally(&[(sale(before), sale(after))]).judge(&tolerances).within
}

#[test]
fn a_tolerance_allows_what_it_says_and_no_more() {
    let cent = (r#"{"lines":[{"price":"1.00"}]}"#, r#"{"lines":[{"price":"1.01"}]}"#);
    assert!(!within(cent.0, cent.1, &[]));
    assert!(!within(cent.0, cent.1, &["price <= 0.00"]));
    assert!(within(cent.0, cent.1, &["price <= 0.01"]));
    assert!(within(cent.0, cent.1, &["sale/lines/*/price <= 0.01"]));
    assert!(!within(cent.0, cent.1, &["party/lines/*/price <= 0.01"]));
    assert!(within(cent.0, cent.1, &["/lines any"]));
    assert!(within(cent.0, cent.1, &["price <= 1%"]));
    assert!(!within(cent.0, cent.1, &["price <= 0.5%"]));
    // Neither does it allow more than numbers, nor a number from nothing by percent.
    assert!(!within(r#"{"price":"1"}"#, r#"{"price":"free"}"#, &["price <= 100"]));
    assert!(!within(r#"{"price":"1"}"#, "{}", &["price <= 100"]));
    assert!(!within(r#"{"price":"0"}"#, r#"{"price":"1"}"#, &["price <= 100%"]));
    assert!(within(r#"{"price":"1"}"#, r#"{"price":"1.0"}"#, &["price writing"]));
    assert!(within(r#"{"price":"1"}"#, r#"{"price":"1.0"}"#, &["price <= 0"]));
    assert!(!within(r#"{"price":"1"}"#, r#"{"price":"2"}"#, &["price writing"]));
}

#[test]
fn what_stands_in_the_way_is_named_with_its_numbers() {
    let tally = tally(&[(sale(r#"{"price":"1.00"}"#), sale(r#"{"price":"1.01"}"#))]);
    let verdict = tally.judge(&Tolerances::parse(["price <= 0.00"]).unwrap());
    let [obstacle] = &verdict.obstacles[..] else { panic!("{verdict:?}") };
    assert_eq!(obstacle.subject, "sale/price");
    assert_eq!(
        obstacle.message,
        "1 numbers moved by +0.01 together, at most by +0.01 (1.00 to 1.01, event-0); allowed is `price <= 0.00`"
    );
}

#[test]
fn nothing_compared_is_no_evidence() {
    assert!(!Tally::default().judge(&Tolerances::default()).within);
}

#[test]
fn outcomes_statuses_documents_and_fuel_are_allowed_by_name() {
    let skipped = || run(Outcome::Skipped { reason: "a draft".to_owned() });
    let outcome = tally(&[(sale("{}"), skipped())]);
    let judged =
        |tally: &Tally, rules: &[&str]| tally.judge(&Tolerances::parse(rules).unwrap()).within;
    assert!(!judged(&outcome, &["outcome mapped -> rejected any"]));
    assert!(judged(&outcome, &["outcome mapped -> * any"]));
    let more = tally(&[(
        sale("{}"),
        mapped(vec![document("sale", "WC-1", "{}"), document("note", "n", "{}")]),
    )]);
    assert!(!judged(&more, &["removed note any"]));
    assert!(judged(&more, &["added note any"]));
    let burning = |fuel| Run { usage: Usage { fuel, ..Usage::default() }, ..sale("{}") };
    let twice = tally(&[(burning(1000), burning(2000))]);
    assert!(judged(&twice, &[]) && judged(&twice, &["fuel <= 2x"]));
    assert!(!judged(&twice, &["fuel <= 1.9x"]));
}

#[test]
fn a_tolerance_that_cannot_be_read_says_how_to_write_it() {
    for (rule, words) in [
        ("price", "write what it is about"),
        ("price <= much", "is not an amount"),
        ("price <= -1", "is not an amount"),
        ("price <= 2x", "only `fuel`"),
        ("fuel any", "fuel <= 1.5x"),
        ("outcome maped -> rejected any", "no outcome is called `maped`"),
        ("outcome mapped any", "FROM -> TO"),
        ("status a -> b <= 3", "`any` or not at all"),
        ("the price any", "not a field"),
    ] {
        let error = Tolerances::parse([rule]).unwrap_err().to_string();
        assert!(error.contains(words), "{rule}: {error}");
    }
    let toml = "\"price\" = \"<= 0.00\"\n\"status a -> b\" = \"any\"\n";
    let tolerances: Tolerances = toml::from_str(toml).unwrap();
    let back: std::collections::BTreeMap<String, String> = tolerances.into();
    assert_eq!(back["price"], "<= 0.00");
    assert!(toml::from_str::<Tolerances>("\"price\" = \"<= x\"").is_err());
}

#[test]
fn a_hundred_thousand_fields_do_not_fill_memory() {
    let mut sum = Tally::default();
    for seq in 0..200_u64 {
        let body: serde_json::Map<String, Value> =
            (0..500).map(|field| (format!("f{seq}-{field}"), json!("x".repeat(300)))).collect();
        let subject = Subject { seq, event: "e", currency: None };
        sum.add(&subject, &sale("{}"), &sale(&Value::Object(body).to_string()));
    }
    let told: u64 = sum.fields.iter().map(|(_, field)| field.added).sum();
    assert_eq!(told + sum.fields.others().unwrap().added, 100_000);
    let text = serde_json::to_string(&sum).unwrap();
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    assert!(!sum.judge(&Tolerances::parse(["/* any"]).unwrap()).within);
}

fn body() -> impl Strategy<Value = String> {
    let price = (0_u32..300).prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
    let line = ("[ABC]", price, 0_u8..4)
        .prop_map(|(sku, price, quantity)| json!({"sku": sku, "p": price, "q": quantity}));
    (prop::collection::vec(line, 0..4), prop::option::of("[xy]")).prop_map(|(lines, note)| {
        json!({"currency": "BRL", "lines": lines, "note": note}).to_string()
    })
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole_in_any_order(
        pairs in prop::collection::vec((body(), body()), 1..12),
        cut in 0_usize..12,
    ) {
        let add = |range: std::ops::Range<usize>| {
            let mut tally = Tally::default();
            for seq in range {
                let event = format!("event-{seq}");
                let subject = Subject { seq: seq as u64, event: &event, currency: None };
                tally.add(&subject, &sale(&pairs[seq].0), &sale(&pairs[seq].1));
            }
            tally
        };
        let cut = cut.min(pairs.len());
        let whole = add(0..pairs.len());
        let mut forth = add(0..cut);
        forth.merge(add(cut..pairs.len()));
        let mut back = add(cut..pairs.len());
        back.merge(add(0..cut));
        prop_assert_eq!(&forth, &whole);
        let text = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), text.clone());
        prop_assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), whole);
    }

    #[test]
    fn equal_values_never_differ_and_others_always_do(left in body(), right in body()) {
        prop_assert!(told(&left, &left).is_empty());
        let values: (Value, Value) =
            (serde_json::from_str(&left).unwrap(), serde_json::from_str(&right).unwrap());
        prop_assert_eq!(told(&left, &right).is_empty(), values.0 == values.1);
    }
}
