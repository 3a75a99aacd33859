//! The reference rules give the same answer in every language, byte for byte of canonical JSON, for every
//! payload there is and with settings that reach all of their branches.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use mapwright::plugin::{
    Context, Engine, EngineOptions, Job, Limits, Lookups, Outcome, Plugin, Profile, Stage, Stages,
    run,
};
use mapwright_tests::languages::{self, Rules};
use mapwright_tests::plugins;
use serde_json::{Value, json};

use super::payloads::{self, Payload};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineOptions::default()).expect("an engine"));

/// Rules that can be run.
pub(super) struct Loaded {
    plugin: Plugin,
    limits: Limits,
}

impl Loaded {
    pub(super) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    pub(super) fn stage(&self) -> Stage {
        Stage::within(self.plugin.clone(), self.limits)
    }
}

pub(super) fn load(rules: Rules, language: &str) -> Loaded {
    let file = languages::component_of(rules, language);
    let bytes = std::fs::read(&file).expect("it was just built");
    let limits = Profile::of(&bytes).limits();
    let plugin =
        ENGINE.load(language, &bytes, &limits).unwrap_or_else(|e| panic!("{language}: {e}"));
    Loaded { plugin, limits }
}

/// Settings, and what the shop sent before.
fn situations() -> [(&'static str, Option<&'static str>); 3] {
    [
        ("{}", None),
        (
            r#"{"shop_name":"Loja \"Ação\"","prefix":"A/","shipping_product":"SHIP","fallback_product":"DIVERSOS",
                "unit":"Unidade","payment_term":"30 dias","warehouse":"SP","accept_pending":true,
                "subdivisions":false,"price_digits":6}"#,
            None,
        ),
        (r#"{"fallback_product":"X","price_digits":2}"#, Some(r#"{"status":"processing"}"#)),
    ]
}

fn answer(rules: &Loaded, payload: &Payload, settings: &str, checkpoint: Option<&str>) -> Value {
    let stage = || Some(rules.stage());
    let tables =
        plugins::folder("woo-order-to-tryton").join("cases/company-guest-with-fees/lookups");
    let done = run(&Job {
        stages: Stages { status_translation: stage(), pricing: None, field_mapping: stage() },
        context: Context {
            merchant: "acme".to_owned(),
            route: "orders".to_owned(),
            source: "shop".to_owned(),
            target: "erp".to_owned(),
            topic: payload.topic.clone(),
            resource_key: "order/27".to_owned(),
            event_id: "0199f2a0-0000-7000-8000-000000000001".to_owned(),
            correlation_id: "c-1".to_owned(),
            received_at: "2026-11-22T02:15:06Z".to_owned(),
            attempt: 1,
            settings: settings.into(),
            checkpoint: checkpoint.map(str::to_owned),
            ..Context::default()
        },
        payload: Bytes::from(payload.text.clone()),
        previous_status: None,
        lookups: Arc::new(Lookups::read(&tables).expect("the tables are in the checkout")),
    });
    let told = match &done.outcome {
        Outcome::Mapped { documents, checkpoint } => json!({
            "documents": documents.iter().map(|it| json!({
                "entity": it.entity,
                "key": it.key,
                "operation": format!("{:?}", it.operation),
                "body": serde_json::from_str::<Value>(it.body.get()).expect("a body is JSON"),
            })).collect::<Vec<_>>(),
            "checkpoint": checkpoint.as_ref().map(|it| {
                serde_json::from_str::<Value>(it).unwrap_or_else(|_| json!(it))
            }),
        }),
        Outcome::Skipped { reason } | Outcome::NotReady { reason } => json!(reason),
        // Where and what; the sentence may name the fault in the language's own way.
        Outcome::Rejected { violations } => {
            json!(violations.iter().map(|it| [&it.pointer, &it.code]).collect::<Vec<_>>())
        }
        other => json!(format!("{other:?}")),
    };
    sorted(json!({ "outcome": done.outcome.name(), "status": done.status, "told": told }))
}

/// Keys in order, so that two texts are equal where two values are.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().map(|(key, it)| (key, sorted(it))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// Where two answers part, for people; nothing where they do not.
pub(super) fn difference(name: &str, language: &str, ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let [ours, theirs] = [ours, theirs]
        .map(|it| it.chars().skip(same.saturating_sub(60)).take(200).collect::<String>());
    Some(format!("{name}\n  rust: {ours}\n  {language}: {theirs}"))
}

fn agrees_with_rust(language: &str) {
    let (rust, other) = (load(Rules::Tryton, "rust"), load(Rules::Tryton, language));
    let mut faults = Vec::new();
    let (mut mapped, mut rejected) = (0, 0);
    for payload in payloads::all() {
        for (at, (settings, checkpoint)) in situations().into_iter().enumerate() {
            let [ours, theirs] =
                [&rust, &other].map(|rules| answer(rules, &payload, settings, checkpoint));
            mapped += u32::from(ours["outcome"] == "mapped");
            rejected += u32::from(ours["outcome"] == "rejected");
            let name = format!("{} ({at})", payload.name);
            faults.extend(difference(&name, language, &ours.to_string(), &theirs.to_string()));
        }
    }
    assert!(mapped > 60 && rejected > 20, "{mapped} mapped and {rejected} rejected is too little");
    let told = faults.iter().take(4).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} answers differ:\n{told}", faults.len());
}

#[test]
fn the_reference_rules_in_c_answer_as_those_in_rust() {
    agrees_with_rust("c");
}

#[test]
fn the_reference_rules_in_typescript_answer_as_those_in_rust() {
    agrees_with_rust("typescript");
}

#[test]
fn the_reference_rules_in_python_answer_as_those_in_rust() {
    agrees_with_rust("python");
}

#[test]
fn the_reference_rules_in_go_answer_as_those_in_rust() {
    agrees_with_rust("go");
}

#[test]
fn each_language_has_its_reference_rules() {
    for language in languages::LANGUAGES {
        for rules in [Rules::Tryton, Rules::Pricing] {
            let folder = rules.folder(language);
            assert!(folder.is_dir(), "{}", folder.display());
        }
    }
}
