//! Wholesale pricing gives the same lines in every language, digit by digit and in the order of their attributes,
//! and the same refusals: for every payload there is, with price lists and settings that reach all of its branches.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use mapwright::plugin::{Context, Job, Lookups, Outcome, Stages, run};
use mapwright_tests::languages::Rules;
use serde_json::{Value, json};

use super::conformance::{Loaded, difference, load};
use super::payloads::{self, Payload};
use super::prices;

/// The merchant's tables.
fn tables() -> Arc<Lookups> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let list = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file can be written");
    };
    list("price_list.csv", &prices::list());
    // Without most columns, as a merchant's first attempt.
    list("other.csv", "sku,price\nretail:CAM-001,0.005\n");
    Arc::new(Lookups::read(folder.path()).expect("the price list can be read"))
}

/// What becomes of a payload's lines. A run without field mapping tells the lines themselves.
fn answer(
    rules: &Loaded,
    payload: &Payload,
    settings: &Value,
    event: Option<&str>,
    tables: &Arc<Lookups>,
) -> Value {
    let role = |it: &str| ("customer_role".to_owned(), it.to_owned());
    let done = run(&Job {
        stages: Stages { pricing: Some(rules.stage()), ..Stages::default() },
        context: Context {
            merchant: "acme".to_owned(),
            route: "orders".to_owned(),
            topic: payload.topic.clone(),
            resource_key: "order/27".to_owned(),
            received_at: "2026-11-22T02:15:06Z".to_owned(),
            attempt: 1,
            settings: settings.to_string().into(),
            attributes: event.map(role).into_iter().collect(),
            ..Context::default()
        },
        payload: Bytes::from(payload.text.clone()),
        previous_status: None,
        lookups: Arc::clone(tables),
    });
    let told = match &done.outcome {
        Outcome::Mapped { .. } => json!(done.lines),
        // Which setting is wrong, each language says in its own way.
        Outcome::NotReady { reason } => {
            json!(reason.split_inclusive("do not suit this plugin").next())
        }
        Outcome::Rejected { violations } => json!(violations),
        other => json!(format!("{other:?}")),
    };
    json!({ "outcome": done.outcome.name(), "told": told })
}

/// What was reached, so that nobody takes silence for agreement.
#[derive(Debug, Default)]
struct Reached {
    priced: usize,
    kept: usize,
    codes: BTreeMap<String, usize>,
    outcomes: BTreeMap<String, usize>,
}

impl Reached {
    fn count(&mut self, answer: &Value) {
        let outcome = answer["outcome"].as_str().expect("an outcome has a name");
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        for told in answer["told"].as_array().into_iter().flatten() {
            match told["code"].as_str() {
                Some(code) => *self.codes.entry(code.to_owned()).or_default() += 1,
                None if told["attributes"].to_string().contains("price_rule") => self.priced += 1,
                None => self.kept += 1,
            }
        }
    }

    fn enough(&self) -> bool {
        let at_least = |of: &BTreeMap<String, usize>, name: &str, count: usize| {
            of.get(name).is_some_and(|it| *it >= count)
        };
        self.priced > 2_000
            && self.kept > 500
            && at_least(&self.outcomes, "rejected", 100)
            && at_least(&self.outcomes, "not_ready", 50)
            && at_least(&self.codes, "price_missing", 100)
            && at_least(&self.codes, "currency_differs", 20)
            && self
                .outcomes
                .keys()
                .all(|it| ["mapped", "rejected", "not_ready"].contains(&it.as_str()))
    }
}

fn agrees_with_rust(language: &str) {
    let [rust, other] = ["rust", language].map(|it| load(Rules::Pricing, it));
    let tables = tables();
    let mut reached = Reached::default();
    let mut faults = Vec::new();
    let mut hold = |payload: &Payload, settings: &Value, event: Option<&str>| {
        let [ours, theirs] =
            [&rust, &other].map(|rules| answer(rules, payload, settings, event, &tables));
        reached.count(&ours);
        let name = format!("{} with {settings}, {event:?}", payload.name);
        faults.extend(difference(&name, language, &ours.to_string(), &theirs.to_string()));
    };
    let (orders, settings) = (prices::orders(), prices::settings());
    for payload in payloads::all().iter().chain(&orders) {
        for settings in &settings {
            hold(payload, settings, None);
        }
    }
    for payload in &orders {
        for role in ["wholesale", "halves", ""] {
            hold(payload, &json!({ "default_role": "one" }), Some(role));
        }
        for role in prices::odd_roles() {
            hold(payload, &json!({ "default_role": role }), None);
        }
    }
    for wrong in [
        json!({"rounding": "up"}),
        json!({"rounding": 2}),
        json!({"decimals": "2"}),
        json!({"strict": "yes"}),
        json!({"together": 1}),
        json!({"price_list": []}),
        json!({"default_role": {}}),
    ] {
        hold(&orders[0], &wrong, None);
    }
    let told = faults.iter().take(6).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} answers differ:\n{told}", faults.len());
    assert!(reached.enough(), "this is too little: {reached:?}");
}

#[test]
fn wholesale_pricing_in_c_answers_as_in_rust() {
    agrees_with_rust("c");
}

#[test]
fn wholesale_pricing_in_typescript_answers_as_in_rust() {
    agrees_with_rust("typescript");
}

#[test]
fn wholesale_pricing_in_python_answers_as_in_rust() {
    agrees_with_rust("python");
}

#[test]
fn wholesale_pricing_in_go_answers_as_in_rust() {
    agrees_with_rust("go");
}

#[test]
fn a_route_may_set_the_same_in_every_language() {
    let said = |language: &str| {
        let loaded = load(Rules::Pricing, language);
        let manifest = loaded.plugin().manifest();
        let file = Rules::Pricing.folder(language).join("settings.schema.json");
        (
            std::fs::read_to_string(file).expect("the schema is beside the sources"),
            manifest.settings_schema.clone(),
            (manifest.version.clone(), manifest.summary.clone()),
            (manifest.topics.clone(), manifest.entities.clone()),
            loaded.plugin().capabilities().to_vec(),
        )
    };
    let rust = said("rust");
    for language in ["c", "typescript", "python", "go"] {
        assert_eq!(said(language), rust, "{language}");
    }
}
