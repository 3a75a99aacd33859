//! Each belt holds where it should, and says the numbers where it does not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::plugin::Usage;

fn document(entity: &str, operation: Operation, body: &Value) -> Document {
    Document {
        entity: entity.to_owned(),
        key: "WC-1".to_owned(),
        operation,
        body: serde_json::value::RawValue::from_string(body.to_string()).unwrap(),
        attributes: Vec::new(),
        request_key: None,
    }
}

fn run(documents: Vec<Document>) -> Run {
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

fn belts(toml: &str) -> Belts {
    toml::from_str::<Seatbelts>(toml).unwrap().fasten().unwrap()
}

fn breaches(belts: &Belts, payload: &Value, documents: Vec<Document>) -> Vec<Breach> {
    let payload = payload.to_string();
    belts.check(&Known { payload: payload.as_bytes(), ..Known::default() }, &run(documents))
}

fn told(toml: &str, payload: &Value, body: &Value) -> Vec<String> {
    let documents = vec![document("sale", Operation::Upsert, body)];
    let found = breaches(&belts(toml), payload, documents);
    found.into_iter().map(|it| format!("{}: {}", it.belt, it.message)).collect()
}

fn order() -> Value {
    json!({
        "currency": "BRL", "total": "30.00", "total_tax": "5.00",
        "line_items": [
            {"sku": "A", "quantity": 2, "subtotal": "20.00"},
            {"sku": "B", "quantity": 1, "subtotal": "10.00"},
            {"sku": "", "quantity": 1, "subtotal": "1.00"},
        ],
    })
}

fn sale() -> Value {
    json!({
        "party": {"$ref": {"entity": "party", "key": "P"}},
        "currency": {"$ref": {"entity": "currency", "key": "BRL"}},
        "lines": [
            {"product": {"$ref": {"entity": "product", "key": "A"}}, "quantity": "2", "unit_price": "8.00"},
            {"product": {"$ref": {"entity": "product", "key": "B"}}, "quantity": "1", "unit_price": "9.00"},
        ],
    })
}

const TRYTON: &str = "ready = \"woocommerce-order-tryton\"";

#[test]
fn a_good_sale_breaks_no_belt_of_the_ready_set() {
    assert_eq!(told(TRYTON, &order(), &sale()), [""; 0]);
}

#[test]
fn totals_that_do_not_add_up_are_told_with_both_numbers() {
    let mut wrong = sale();
    wrong["lines"][1]["unit_price"] = json!("9.10");
    assert_eq!(
        told(TRYTON, &order(), &wrong),
        [
            "totals: /lines/* make 25.10, payload:/total less payload:/total_tax says 25.00: 0.10 apart, 0.07 allowed"
        ]
    );
    wrong["lines"][1]["unit_price"] = json!("9.07");
    assert_eq!(told(TRYTON, &order(), &wrong), [""; 0]);
    wrong["lines"][1]["unit_price"] = json!("nine");
    assert!(told(TRYTON, &order(), &wrong)[0].contains("/lines/1 has no price that is a number"));
    let mut bare = order();
    bare.as_object_mut().unwrap().remove("total");
    assert!(told(TRYTON, &bare, &sale())[0].contains("nothing at payload:/total"));
    bare["total"] = json!("much");
    assert!(told(TRYTON, &bare, &sale())[0].contains("payload:/total is not a number"));
}

#[test]
fn the_currency_stays_the_shops() {
    let mut wrong = sale();
    wrong["currency"]["$ref"]["key"] = json!("USD");
    assert_eq!(
        told(TRYTON, &order(), &wrong),
        ["currency: /currency/$ref/key is USD, the shop's currency is BRL"]
    );
}

#[test]
fn quantities_and_prices_have_a_floor_and_discounts_a_ceiling() {
    let mut wrong = sale();
    wrong["lines"][0]["quantity"] = json!("-2");
    let off = "ready = \"woocommerce-order-tryton\"\ntotals = []\n";
    assert_eq!(
        told(off, &order(), &wrong),
        ["quantities: /lines/0/quantity is -2, at least 0 is expected"]
    );
    let ceiling = format!(
        "{off}[prices]\nentity = \"sale\"\nlines = \"/lines/*\"\nsku = \"/product/$ref/key\"\nfloor = \"1\"\ndiscount_max_percent = \"25\"\n"
    );
    let priced = |price: &str| {
        let mut sale = sale();
        sale["lines"][0]["unit_price"] = json!(price);
        told(&ceiling, &order(), &sale)
    };
    assert_eq!(priced("7.50"), [""; 0]);
    assert_eq!(
        priced("7.00"),
        [
            "prices: A costs 7.00, the shop's own price is 10.00: 30.0 percent off, at most 25 are allowed"
        ]
    );
    assert_eq!(priced("0.99"), ["prices: A costs 0.99, at least 1 is expected"]);
}

#[test]
fn what_was_ordered_is_in_the_document() {
    let mut wrong = sale();
    wrong["lines"][1]["product"]["$ref"]["key"] = json!("C");
    let belts = "ready = \"woocommerce-order-tryton\"\ntotals = []\n[skus]\nentity = \"sale\"\ndocument = \"/lines/*/product/$ref/key\"\n";
    assert_eq!(
        told(belts, &order(), &wrong),
        [
            "skus: B was ordered and is not in the document",
            "skus: C is in the document and was not ordered"
        ]
    );
    let freight = format!("{belts}others = [\"C\"]\n");
    assert_eq!(told(&freight, &order(), &wrong).len(), 1);
}

#[test]
fn required_fields_hold_something() {
    let belts = "[[required]]\nentity = \"sale\"\nfields = [\"/party\", \"/lines/*/note\"]\n";
    let body = json!({"lines": [{"note": "x"}, {"note": " "}]});
    assert_eq!(
        told(belts, &json!({}), &body),
        [
            "required: /party is not there and must hold something",
            "required: /lines/1/note is empty (\" \") and must hold something"
        ]
    );
}

#[test]
fn a_schema_is_held_to_the_document_it_names() {
    let belts =
        "[[schemas]]\nentity = \"sale\"\nschema = { type = \"object\", required = [\"x\"] }\n";
    assert!(told(belts, &json!({}), &json!({}))[0].starts_with("schema: \"x\" is a required"));
    assert_eq!(told(belts, &json!({}), &json!({"x": 1})), [""; 0]);
}

#[test]
fn only_allowed_statuses_follow() {
    let belts = belts(
        "[statuses]\n[statuses.edges]\n\"(new)\" = [\"pending\", \"processing\"]\ncompleted = [\"refunded\"]\n",
    );
    let check = |before: Option<&str>, now: &str| {
        let run = Run { source_status: Some(now.to_owned()), ..run(Vec::new()) };
        let known = Known { payload: b"{}", previous_status: before, ..Known::default() };
        belts.check(&known, &run).into_iter().map(|it| it.message).next()
    };
    assert_eq!(check(None, "pending"), None);
    assert!(check(None, "refunded").unwrap().contains("from (new) to refunded"));
    assert_eq!(check(Some("completed"), "completed"), None);
    assert!(check(Some("completed"), "pending").unwrap().contains("allowed are refunded"));
    assert_eq!(check(Some("a-plugins-own"), "pending"), None);
}

#[test]
fn there_are_no_more_documents_than_expected() {
    let many = (0..3).map(|_| document("a", Operation::Upsert, &json!({}))).collect();
    let found = breaches(&belts("documents_max = 2"), &json!({}), many);
    assert_eq!((found[0].found.as_str(), found[0].wanted.as_str()), ("3", "2"));
}

#[test]
fn what_is_called_off_has_no_lines_to_add_up() {
    let cancelled = vec![document("sale", Operation::Cancel, &json!({}))];
    assert_eq!(breaches(&belts(TRYTON), &json!({"id": 1}), cancelled), []);
}

#[test]
fn settings_are_refused_when_they_make_no_sense() {
    assert!(toml::from_str::<Seatbelts>("total = []").unwrap_err().to_string().contains("total"));
    assert!(toml::from_str::<Seatbelts>("ready = \"x\"").is_err());
    let fault = |toml: &str| toml::from_str::<Seatbelts>(toml).unwrap().fasten().unwrap_err();
    assert_eq!(fault("documents_max = 0").belt, "documents_max");
    assert_eq!(fault("[rate]\ndocuments = 0").belt, "rate");
    assert_eq!(fault("[rate]\ndocuments = 1\nwindow_s = 0").belt, "rate");
    assert_eq!(fault("[[totals]]\nplus = [\"/a\"]\nequals = []").belt, "totals");
    assert_eq!(fault("[[totals]]\nequals = [\"/a\"]").belt, "totals");
    assert_eq!(fault("[prices]\nlines = \"/l\"\ndiscount_max_percent = 101").belt, "prices");
    assert_eq!(fault("[[schemas]]\nentity = \"a\"\nschema = { type = 3 }").belt, "schemas");
}

#[test]
fn every_ready_set_is_good_and_survives_being_written_down() {
    for ready in Ready::ALL {
        let belts = ready.belts();
        belts.fasten().unwrap();
        let text = toml::to_string(&belts).unwrap();
        assert_eq!(toml::from_str::<Seatbelts>(&text).unwrap(), belts, "{ready:?}");
    }
}

#[test]
fn the_golden_cases_of_the_example_plugins_break_no_belt() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-plugins");
    let mut checked = 0;
    for (plugin, ready) in [
        ("woo-order-summary", Ready::WoocommerceOrder),
        ("woo-order-to-tryton", Ready::WoocommerceOrderTryton),
        ("woo-order-to-bling", Ready::WoocommerceOrderBling),
    ] {
        let belts = Seatbelts { ready: Some(ready), ..Seatbelts::default() }.fasten().unwrap();
        for case in std::fs::read_dir(root.join(plugin).join("cases")).unwrap() {
            let case = case.unwrap().path();
            let read = |name: &str| std::fs::read_to_string(case.join(name)).ok();
            let Some(expected) = read("expected.json") else { continue };
            let expected: Value = serde_json::from_str(&expected).unwrap();
            let documents: Vec<Document> =
                serde_json::from_value(expected["documents"].clone()).unwrap_or_default();
            let payload = read("payload.json").unwrap();
            let known = Known { payload: payload.as_bytes(), ..Known::default() };
            assert_eq!(belts.check(&known, &run(documents)), [], "{}", case.display());
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} cases");
}

#[test]
fn the_golden_case_of_a_new_project_breaks_no_belt_of_the_route_it_prints() {
    let case =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/rust/cases/paid-order");
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
    let expected: Value = serde_json::from_str(&read("expected.json")).unwrap();
    let documents: Vec<Document> = serde_json::from_value(expected["documents"].clone()).unwrap();
    let payload = read("payload.json");
    let known = Known { payload: payload.as_bytes(), ..Known::default() };
    assert_eq!(belts("ready = \"woocommerce-order\"").check(&known, &run(documents)), []);
    let printed = include_str!("../../templates/rust/README.md.in");
    assert!(printed.contains("ready = \"woocommerce-order\""));
}

#[test]
fn more_documents_of_a_resource_than_its_rate_are_withheld() {
    let belts = belts("[rate]\ndocuments = 3");
    let check = |sent: Option<u64>| {
        let known = Known { payload: b"{}", sent, ..Known::default() };
        let documents = (0..2).map(|_| document("sale", Operation::Upsert, &json!({}))).collect();
        belts.check(&known, &run(documents))
    };
    assert_eq!(check(None), [], "nobody has counted");
    assert_eq!(check(Some(1)), [], "with these there are three");
    let breach = &check(Some(2))[0];
    assert_eq!((breach.belt, &*breach.found, &*breach.wanted), ("rate", "4", "3"));
    assert!(breach.message.contains("in 3600 seconds"), "{}", breach.message);
}

#[test]
fn an_edge_in_the_target_s_words_is_not_asked_of_what_nobody_translated() {
    let belts =
        belts("[statuses]\nof = \"target\"\nedges = { \"(new)\" = [\"draft\"], done = [] }");
    let check = |source: Option<&str>, target: Option<&str>, now: &str| {
        let known = Known {
            payload: b"{}",
            previous_status: source,
            previous_target_status: target,
            ..Known::default()
        };
        let mut run = run(vec![document("sale", Operation::Upsert, &json!({}))]);
        run.status = Some(now.to_owned());
        belts.check(&known, &run).len()
    };
    assert_eq!(check(None, None, "draft"), 0);
    assert_eq!(check(None, None, "done"), 1, "a new one begins as a draft");
    assert_eq!(check(Some("processing"), Some("done"), "draft"), 1);
    assert_eq!(check(Some("processing"), Some("other"), "draft"), 0);
    assert_eq!(
        check(Some("processing"), None, "done"),
        0,
        "it is not new, and from where is unknown"
    );
}

proptest! {
    #[test]
    fn any_document_and_payload_is_survived(payload in ".{0,80}", body in json_text()) {
        for ready in Ready::ALL {
            let belts = Seatbelts { ready: Some(ready), ..Seatbelts::default() }.fasten().unwrap();
            let body = serde_json::from_str(&body).unwrap();
            let documents = vec![document("sale", Operation::Upsert, &body), document("pedido_venda", Operation::Upsert, &body)];
            let known = Known { payload: payload.as_bytes(), ..Known::default() };
            prop_assert!(belts.check(&known, &run(documents)).len() <= BREACHES_MAX);
        }
    }

    #[test]
    fn a_price_moved_beyond_the_tolerance_is_always_caught(
        cents in prop_oneof![1_i64..40, 40_i64..1_000_000],
    ) {
        let mut wrong = sale();
        let price = rust_decimal::Decimal::new(900 + cents, 2);
        wrong["lines"][1]["unit_price"] = json!(price.to_string());
        prop_assert_eq!(told(TRYTON, &order(), &wrong).is_empty(), cents <= 7);
    }
}

fn json_text() -> impl Strategy<Value = String> {
    let amount = prop_oneof![
        Just(json!("1.10")),
        Just(json!(-3)),
        Just(json!(1e300)),
        Just(json!("9999999999999999999999999")),
        Just(json!(null)),
        Just(json!("x")),
        Just(json!([])),
        Just(json!({"$ref": {"key": "A"}})),
    ];
    prop::collection::vec((amount.clone(), amount.clone(), amount), 0..5).prop_map(|lines| {
        let lines: Vec<Value> = lines
            .into_iter()
            .map(|(q, p, s)| json!({"quantity": q, "unit_price": p, "product": s, "quantidade": q, "valor": p, "codigo": s}))
            .collect();
        json!({"lines": lines, "itens": lines, "currency": "BRL", "total": "1"}).to_string()
    })
}
