//! The `tryton` connector against a real Tryton server: documents go in, and what stands there is
//! read back by other means. The server is shared; each test has keys of its own.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mapwright::delivery::{Answer, ConnectorConfig, Delivery, Outbound, Target, Verdict, tryton};
use mapwright::event::{Document, EventId, Operation};
use mapwright_tests::tryton::{DATABASE, PASSWORD, Tryton, USERNAME, shared};
use serde_json::{Value, json};

/// A connection to a server, and what the journal would remember of it.
struct Erp {
    target: Target,
    identities: Mutex<HashMap<(String, String), String>>,
}

impl Erp {
    fn new(server: &Tryton) -> Arc<Self> {
        Self::with(server, PASSWORD, "")
    }

    fn with(server: &Tryton, password: &str, more: &str) -> Arc<Self> {
        Self::at(&server.base_url(), password, more)
    }

    fn at(base_url: &str, password: &str, more: &str) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), password).unwrap();
        let config = format!(
            "base_url = \"{base_url}\"\ndatabase = \"{DATABASE}\"\nusername = \"{USERNAME}\"\n\
             password = {{ file = \"password\" }}\n{more}"
        );
        let config: tryton::Config = toml::from_str(&config).unwrap();
        let outbound = Outbound::new().unwrap();
        let target = Target::open(&ConnectorConfig::Tryton(config), folder.path(), &outbound);
        Arc::new(Self { target: target.unwrap(), identities: Mutex::default() })
    }

    /// One attempt; what is learnt is remembered, as dispatch does.
    async fn send(&self, operation: Operation, entity: &str, key: &str, body: Value) -> Answer {
        self.attempt(operation, entity, key, body, true).await
    }

    async fn attempt(
        &self,
        operation: Operation,
        entity: &str,
        key: &str,
        body: Value,
        first_attempt: bool,
    ) -> Answer {
        let document = Document {
            entity: entity.to_owned(),
            key: key.to_owned(),
            operation,
            body: serde_json::from_str(&body.to_string()).unwrap(),
            attributes: Vec::new(),
            request_key: None,
        };
        let delivery = Delivery {
            merchant: "acme",
            connection: "erp",
            event_id: &EventId("0199-event".to_owned()),
            correlation_id: "corr-1",
            resource: key,
            document: &document,
            first_attempt,
            in_doubt: false,
        };
        let known = |entity: &str, key: &str| {
            self.identities.lock().unwrap().get(&(entity.to_owned(), key.to_owned())).cloned()
        };
        let answer = self.target.deliver(&delivery, &known).await;
        let mut identities = self.identities.lock().unwrap();
        for found in &answer.found {
            identities.insert((found.entity.clone(), found.key.clone()), found.id.clone());
        }
        if let Verdict::Delivered { target_id: Some(id) } = &answer.verdict {
            identities.insert((entity.to_owned(), key.to_owned()), id.clone());
        }
        answer
    }

    async fn upsert(&self, entity: &str, key: &str, body: Value) -> i64 {
        let answer = self.send(Operation::Upsert, entity, key, body).await;
        id(&answer)
    }

    /// A party with an address and a sale of two shirts and the freight; answers the sale's id.
    async fn order(&self, number: &str, state: &str) -> i64 {
        let (party, address, sale) = order(number, state);
        self.upsert("party", &format!("WC-{number}"), party).await;
        self.upsert("address", &format!("WC-{number}/billing"), address).await;
        self.upsert("sale", &format!("order/{number}"), sale).await
    }
}

fn reference(entity: &str, key: &str) -> Value {
    json!({ "$ref": { "entity": entity, "key": key } })
}

/// The three documents of an order, as a plugin makes them.
fn order(number: &str, state: &str) -> (Value, Value, Value) {
    let customer = format!("WC-{number}");
    let party = json!({
        "name": "João da Silva Açaí",
        "identifiers": [{ "type": "br_cpf", "code": "529.982.247-25" }],
        "contact_mechanisms": [{ "type": "email", "value": format!("joao+{number}@cliente.example") }],
    });
    let address = json!({
        "party": reference("party", &customer),
        "street": "Rua Conceição de Monte Alegre, 1212\nApto 71",
        "postal_code": "04563-060", "city": "São Paulo",
        "country": reference("country", "BR"), "subdivision": reference("subdivision", "BR-SP"),
        "invoice": true, "delivery": true,
    });
    let billing = reference("address", &format!("WC-{number}/billing"));
    let line = |sku: &str, quantity: &str, price: &str, taxes: Value| {
        json!({
            "type": "line", "product": reference("product", sku), "quantity": quantity,
            "unit": reference("unit", "Unit"), "unit_price": price, "taxes": taxes,
        })
    };
    let icms = json!([reference("tax", "ICMS 18%")]);
    let sale = json!({
        "reference": format!("WC-ORDER-{number}"), "state": state,
        "party": reference("party", &customer),
        "invoice_address": billing, "shipment_address": billing,
        "currency": reference("currency", "BRL"), "warehouse": reference("warehouse", "WH"),
        "payment_term": reference("payment_term", "Upon Receipt"), "sale_date": "2026-11-22",
        "invoice_method": "order", "shipment_method": "order",
        "lines": [
            line("CAM-001", "2", "79.90", icms.clone()), line("CAFE-250", "1", "33.33", icms),
            line("FRETE", "1", "18.90", json!([])),
        ],
    });
    (party, address, sale)
}

fn id(answer: &Answer) -> i64 {
    match &answer.verdict {
        Verdict::Delivered { target_id: Some(id) } => id.parse().unwrap(),
        other => panic!("not delivered: {other:?}"),
    }
}

fn rejected(answer: Answer) -> (String, String) {
    match answer.verdict {
        Verdict::Rejected { code, reason } => (code, reason),
        other => panic!("not rejected: {other:?}"),
    }
}

/// Waits for a server off the runtime's own threads.
async fn server() -> &'static Tryton {
    tokio::task::spawn_blocking(shared).await.unwrap()
}

fn sale(server: &Tryton, number: &str) -> Vec<Value> {
    let fields = [
        "state",
        "total_amount",
        "party.code",
        "party.name",
        "invoice_address.city",
        "lines",
        "lines.quantity",
        "lines.unit_price",
        "lines.product.code",
        "currency.code",
    ];
    server.find("sale.sale", json!([["reference", "=", format!("WC-ORDER-{number}")]]), &fields)
}

fn amount(value: &Value) -> &str {
    value["decimal"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_sent_twice_stands_once_with_its_party_lines_and_total() {
    let server = server().await;
    let first = Erp::new(server).order("100", "quotation").await;
    // Another host with an empty memory: only the natural keys can tell it what is there.
    let forgetful = Erp::new(server);
    assert_eq!(forgetful.order("100", "quotation").await, first);
    let again = forgetful.order("100", "quotation").await;
    assert_eq!(again, first);

    let sales = sale(server, "100");
    let [sale] = sales.as_slice() else { panic!("{sales:?}") };
    assert_eq!(sale["state"], "quotation");
    assert_eq!(sale["party."]["code"], "WC-100");
    assert_eq!(sale["party."]["name"], "João da Silva Açaí");
    assert_eq!(sale["invoice_address."]["city"], "São Paulo");
    assert_eq!(sale["currency."]["code"], "BRL");
    let lines: Vec<String> = sale["lines."]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let (sku, price) = (&line["product."]["code"], amount(&line["unit_price"]));
            format!("{} x {} at {price}", line["quantity"], sku.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        lines,
        ["2.0 x CAM-001 at 79.90", "1.0 x CAFE-250 at 33.33", "1.0 x FRETE at 18.90"]
    );
    // (2 * 79.90 + 33.33) with 18 % on each line, and 18.90 without.
    assert_eq!(amount(&sale["total_amount"]), "246.79");

    let party = json!([["code", "=", "WC-100"]]);
    let parties =
        server.find("party.party", party, &["addresses", "identifiers", "contact_mechanisms"]);
    let [party] = parties.as_slice() else { panic!("{parties:?}") };
    for list in ["addresses", "identifiers", "contact_mechanisms"] {
        assert_eq!(party[list].as_array().unwrap().len(), 1, "{list} of {party}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_documents_sent_at_once_make_one_of_each() {
    let server = server().await;
    let erp = Erp::new(server);
    let (party, address, sale) = order("110", "draft");
    // Tryton itself keeps only the party's code unique; addresses and sales it would take twice.
    for (entity, key, body) in [
        ("party", "WC-110", party),
        ("address", "WC-110/billing", address),
        ("sale", "order/110", sale),
    ] {
        let sends: Vec<_> = (0..5)
            .map(|_| {
                let (erp, body) = (Arc::clone(&erp), body.clone());
                tokio::spawn(async move { erp.upsert(entity, key, body).await })
            })
            .collect();
        let mut ids = Vec::new();
        for send in sends {
            ids.push(send.await.unwrap());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{entity}: {ids:?}");
    }
    let party = server.find("party.party", json!([["code", "=", "WC-110"]]), &["addresses"]);
    assert_eq!(party.len(), 1);
    assert_eq!(party[0]["addresses"].as_array().unwrap().len(), 1);
    assert_eq!(self::sale(server, "110").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_order_changes_a_draft_and_a_quotation_but_no_confirmed_sale() {
    let server = server().await;
    let erp = Erp::new(server);
    let made = erp.order("120", "draft").await;
    let (_, _, mut body) = order("120", "quotation");
    body["lines"].as_array_mut().unwrap().remove(2);
    assert_eq!(erp.upsert("sale", "order/120", body.clone()).await, made);
    let read = &sale(server, "120")[0];
    assert_eq!(
        (read["state"].as_str(), amount(&read["total_amount"])),
        (Some("quotation"), "227.89")
    );

    body["lines"][0]["quantity"] = json!("1");
    body["description"] = json!("changed");
    erp.upsert("sale", "order/120", body.clone()).await;
    let read = &sale(server, "120")[0];
    assert_eq!(
        (read["state"].as_str(), amount(&read["total_amount"])),
        (Some("quotation"), "133.61")
    );

    // Nothing changed: nothing written, no button pressed.
    let answer = erp.send(Operation::Upsert, "sale", "order/120", body.clone()).await;
    assert_eq!(answer.attempt.detail, format!("found sale {made} as wanted, quotation"));

    body["state"] = json!("confirmed");
    body["lines"][0]["quantity"] = json!("5");
    erp.upsert("sale", "order/120", body.clone()).await;
    body["lines"][0]["quantity"] = json!("1");
    let answer = erp.send(Operation::Upsert, "sale", "order/120", body).await;
    assert_eq!(id(&answer), made);
    assert!(answer.attempt.detail.contains("left as they are"), "{}", answer.attempt.detail);
    let read = &sale(server, "120")[0];
    assert_eq!(read["lines."][0]["quantity"], 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_goes_through_its_states_and_stays_where_people_have_moved_it() {
    let server = server().await;
    let erp = Erp::new(server);
    let made = erp.order("130", "processing").await;
    assert_eq!(sale(server, "130")[0]["state"], "processing");
    erp.order("130", "quotation").await;
    assert_eq!(sale(server, "130")[0]["state"], "processing");
    let answer = erp.send(Operation::Cancel, "sale", "WC-ORDER-130", json!({})).await;
    let (code, reason) = rejected(answer);
    assert_eq!(code, "user_error");
    assert!(reason.contains(&format!("sale {made}, cancel: ")), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_cancelled_taken_up_again_and_deleted() {
    let server = server().await;
    let erp = Erp::new(server);
    let made = erp.order("140", "confirmed").await;
    // Whether Tryton lets go of a confirmed sale depends on its modules; a quotation it does.
    let quoted = erp.order("141", "quotation").await;
    for _ in 0..2 {
        let answer = erp.send(Operation::Cancel, "sale", "order/141", json!({})).await;
        assert_eq!(id(&answer), quoted);
        assert_eq!(sale(server, "141")[0]["state"], "cancelled");
    }
    assert_eq!(erp.order("141", "quotation").await, quoted);
    assert_eq!(sale(server, "141")[0]["state"], "quotation");
    let answer = erp.send(Operation::Delete, "sale", "order/141", json!({})).await;
    assert_eq!(id(&answer), quoted);
    assert!(sale(server, "141").is_empty());
    let answer = erp.send(Operation::Delete, "sale", "order/141", json!({})).await;
    assert!(matches!(answer.verdict, Verdict::Delivered { target_id: None }), "{answer:?}");
    assert!(made > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_not_ready_by_name() {
    let server = server().await;
    let erp = Erp::new(server);
    let (party, address, mut body) = order("150", "quotation");
    let answer = erp.send(Operation::Upsert, "sale", "order/150", body.clone()).await;
    let Verdict::NotReady { reason, .. } = &answer.verdict else { panic!("{answer:?}") };
    assert!(reason.contains("party \"WC-150\" (at /party)"), "{reason}");
    assert!(reason.contains("address \"WC-150/billing\""), "{reason}");
    let found: Vec<&str> = answer.found.iter().map(|found| found.key.as_str()).collect();
    assert!(found.contains(&"CAM-001"), "what was found is worth remembering: {found:?}");

    erp.upsert("party", "WC-150", party).await;
    erp.upsert("address", "WC-150/billing", address).await;
    body["lines"][1]["product"] = reference("product", "NOT-SOLD");
    let answer = erp.send(Operation::Upsert, "sale", "order/150", body).await;
    let Verdict::NotReady { reason, .. } = &answer.verdict else { panic!("{answer:?}") };
    assert_eq!(reason, "Tryton has no product \"NOT-SOLD\" (at /lines/1/product)");
    assert!(sale(server, "150").is_empty());

    let answer = erp.send(Operation::Update, "party", "WC-NOBODY", json!({ "name": "x" })).await;
    assert!(matches!(answer.verdict, Verdict::NotReady { .. }), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_stand_is_rejected_by_place_before_anything_is_written() {
    let server = server().await;
    let erp = Erp::new(server);
    let (party, address, body) = order("160", "quotation");
    erp.upsert("party", "WC-160", party).await;
    erp.upsert("address", "WC-160/billing", address).await;
    let changed = |pointer: &str, value: Value| {
        let mut body = body.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let mut misspelt = body.clone();
    misspelt["lines"][0]["unit_prise"] = json!("1");
    for (body, expected) in [
        (
            changed("/lines/0/unit_price", json!(79.9)),
            "/lines/0/unit_price: write the decimal as text",
        ),
        (changed("/sale_date", json!("22/11/2026")), "/sale_date: write a date"),
        (changed("/state", json!("shipped")), "/state: \"shipped\" is none of draft"),
        (misspelt, "did you mean \"unit_price\"?"),
        (json!([1]), "must be a JSON object"),
    ] {
        let (_, reason) = rejected(erp.send(Operation::Upsert, "sale", "order/160", body).await);
        assert!(reason.contains(expected), "{reason}");
    }
    let (_, reason) = rejected(erp.send(Operation::Upsert, "sales", "order/160", body).await);
    assert!(reason.contains("did you mean \"sale\"?"), "{reason}");
    let (code, _) = rejected(erp.send(Operation::Upsert, "no.model", "x", json!({})).await);
    assert_eq!(code, "model_unknown");
    assert!(sale(server, "160").is_empty());

    // What only the server can judge comes back in its own words.
    let wrong =
        json!({ "name": "CPF", "identifiers": [{ "type": "br_cpf", "code": "123.456.789-00" }] });
    let (code, reason) = rejected(erp.send(Operation::Upsert, "party", "WC-161", wrong).await);
    assert_eq!(code, "user_error");
    assert!(reason.contains("123.456.789-00"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_stops_the_document_unless_a_rule_accepts_it() {
    let server = server().await;
    // Archiving a product that lies in stock makes Tryton ask.
    let answer = Erp::new(server).send(Operation::Cancel, "product", "CALCA-P-AZ", json!({})).await;
    let (code, reason) = rejected(answer);
    assert_eq!(code, "warning");
    assert!(reason.contains("accept_warnings = [\"*.deactivate_product_with_stock\"]"), "{reason}");
    let active = |server: &Tryton| {
        let domain = json!([["code", "=", "CALCA-P-AZ"], ["active", "in", [true, false]]]);
        // On SQLite a boolean is read back as 0 or 1.
        server.find("product.product", domain, &["active"])[0]["active"] == json!(1)
    };
    assert!(active(server));

    let rule = "accept_warnings = [\"*.deactivate_product_with_stock\"]";
    let erp = Erp::with(server, PASSWORD, rule);
    id(&erp.send(Operation::Cancel, "product", "CALCA-P-AZ", json!({})).await);
    assert!(!active(server));
    let back = json!({ "active": true });
    id(&erp.send(Operation::Update, "product", "CALCA-P-AZ", back).await);
    assert!(active(server));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_retried_later_and_not_hammered() {
    let server = server().await;
    let erp = Erp::with(server, "wrong", "");
    let started = std::time::Instant::now();
    for _ in 0..20 {
        let answer = erp.send(Operation::Upsert, "party", "WC-170", json!({ "name": "x" })).await;
        let Verdict::Retry { reason, after } = answer.verdict else { panic!("{answer:?}") };
        assert!(reason.contains("check username and password"), "{reason}");
        assert!(!reason.contains("wrong"), "the password itself does not show: {reason}");
        assert!(after >= Some(Duration::from_secs(30)));
    }
    // A password check is slow on purpose: twenty of them would take longer than this.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_or_has_no_such_database_is_retried() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
    let nowhere = "http://127.0.0.1:1".to_owned();
    for (base_url, database, expected) in [
        (nowhere, DATABASE, "cannot connect"),
        (server.base_url(), "nope", "check base_url and database"),
    ] {
        let config = format!(
            "base_url = \"{base_url}\"\ndatabase = \"{database}\"\nusername = \"{USERNAME}\"\n\
             password = {{ file = \"password\" }}"
        );
        let config: tryton::Config = toml::from_str(&config).unwrap();
        let outbound = Outbound::new().unwrap();
        let target = Target::open(&ConnectorConfig::Tryton(config), folder.path(), &outbound);
        let erp = Erp { target: target.unwrap(), identities: Mutex::default() };
        let answer = erp.send(Operation::Upsert, "party", "x", json!({ "name": "x" })).await;
        let Verdict::Retry { reason, .. } = answer.verdict else { panic!("{answer:?}") };
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_the_server_has_forgotten_is_opened_again() {
    // A server of its own: the other tests would lose their sessions too.
    let server = tokio::task::spawn_blocking(Tryton::start).await.unwrap();
    let erp = Erp::new(&server);
    let made = erp.upsert("party", "WC-180", json!({ "name": "Before" })).await;
    server.expire_sessions();
    assert_eq!(erp.upsert("party", "WC-180", json!({ "name": "After" })).await, made);
    let parties = server.find("party.party", json!([["code", "=", "WC-180"]]), &["name"]);
    assert_eq!(parties[0]["name"], "After");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_on_the_way_does_not_make_a_second_sale() {
    let server = server().await;
    let erp = Erp::new(server);
    erp.order("190", "draft").await;
    for (number, when) in [("191", Loss::AfterTheAnswer), ("192", Loss::WhileAtWork)] {
        // Even without time to settle.
        let way = losing(server, "model.sale.sale.create", when);
        let unlucky = Erp::at(&way, PASSWORD, "settle_ms = 0");
        *unlucky.identities.lock().unwrap() = erp.identities.lock().unwrap().clone();
        let (_, _, mut body) = order("190", "quotation");
        body["reference"] = json!(format!("WC-ORDER-{number}"));
        let key = format!("order/{number}");
        let upsert = Operation::Upsert;
        let answer = unlucky.attempt(upsert, "sale", &key, body.clone(), true).await;
        assert!(matches!(answer.verdict, Verdict::Unknown { resend: true, .. }), "{answer:?}");
        let made = id(&unlucky.attempt(upsert, "sale", &key, body, false).await);
        let sales = sale(server, number);
        assert_eq!(sales.len(), 1, "{number}: {sales:?}");
        assert_eq!(
            (sales[0]["id"].as_i64(), &sales[0]["state"]),
            (Some(made), &json!("quotation"))
        );
    }
}

#[tokio::test]
async fn what_tryton_may_be_at_work_on_still_is_not_looked_for_before_it_has_settled() {
    // Nobody is there: whatever waits was not sent.
    let nowhere = "http://127.0.0.1:1";
    let erp = Erp::at(nowhere, PASSWORD, "");
    let (_, _, sale) = order("193", "draft");
    let again = erp.attempt(Operation::Upsert, "sale", "order/193", sale.clone(), false).await;
    let Verdict::NotNow { wait, .. } = again.verdict else { panic!("{again:?}") };
    assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(5), "{wait:?}");
    // What certainly was not sent before need not wait.
    let first = erp.attempt(Operation::Upsert, "sale", "order/194", sale.clone(), true).await;
    assert!(matches!(first.verdict, Verdict::Retry { .. }), "{first:?}");

    let server = server().await;
    let known = Erp::new(server);
    known.order("190", "draft").await;
    let (_, _, mut body) = order("190", "draft");
    body["reference"] = json!("WC-ORDER-195");
    let erp = Erp::at(&losing(server, "model.sale.sale.create", Loss::WhileAtWork), PASSWORD, "");
    *erp.identities.lock().unwrap() = known.identities.lock().unwrap().clone();
    let lost = erp.attempt(Operation::Upsert, "sale", "order/195", body.clone(), true).await;
    let Verdict::Unknown { after, .. } = lost.verdict else { panic!("{lost:?}") };
    assert_eq!(after, Some(Duration::from_secs(5)));
    let again = erp.attempt(Operation::Upsert, "sale", "order/195", body, false).await;
    assert!(matches!(again.verdict, Verdict::NotNow { .. }), "{again:?}");
}

/// When the connection breaks.
#[derive(Clone, Copy)]
enum Loss {
    AfterTheAnswer,
    WhileAtWork,
}

/// The address of a way to the server on which the answer to the first call of a method is lost.
fn losing(server: &Tryton, method: &'static str, when: Loss) -> String {
    let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), server.address());
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut lost = false;
        for socket in listener.incoming() {
            let (mut near, mut far) = (socket.unwrap(), TcpStream::connect(&to).unwrap());
            let request = one_request(&mut near);
            far.write_all(&request).unwrap();
            let loses = !lost && String::from_utf8_lossy(&request).contains(method);
            lost |= loses;
            if !loses {
                std::io::copy(&mut far, &mut near).ok();
                continue;
            }
            // Hanging up here leaves the server at work: it has the request.
            let answer = std::thread::spawn(move || std::io::copy(&mut far, &mut std::io::sink()));
            if matches!(when, Loss::AfterTheAnswer) {
                answer.join().unwrap().unwrap();
            }
        }
    });
    address
}

/// The bytes of one request, to the end of its body. It is told to close the connection after it.
pub(crate) fn one_request(socket: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = [0; 65536];
    loop {
        let read = socket.read(&mut chunk).unwrap();
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length = length.and_then(|length| length.parse::<usize>().ok());
        let head = text.find("\r\n\r\n").map(|head| head + 4);
        let whole = head.zip(length).is_some_and(|(head, length)| request.len() >= head + length);
        if whole || read == 0 {
            return request;
        }
    }
}

#[test]
fn a_connection_that_cannot_work_is_refused_by_key() {
    let open = |more: &str| {
        let config = format!("username = \"u\"\npassword = {{ env = \"PATH\" }}\n{more}");
        let config: tryton::Config = toml::from_str(&config).map_err(|error| error.to_string())?;
        let outbound = Outbound::new().unwrap();
        Target::open(&ConnectorConfig::Tryton(config), Path::new("."), &outbound)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let good = "base_url = \"http://e:8000\"\ndatabase = \"acme\"\n";
    assert_eq!(open(good), Ok(()));
    for (config, expected) in [
        ("base_url = \"e:8000\"\ndatabase = \"acme\"", "base_url: "),
        ("base_url = \"http://e\"\ndatabase = \"../x\"", "database: "),
        (&format!("{good}calls_max = 0"), "calls_max: "),
        (&format!("{good}rate_limit = \"30/hour\"\nburst = 4"), "burst: "),
        (&format!("{good}rate_limit = \"1/minute\""), "rate_limit: "),
        (&format!("{good}connect_timeout_ms = 60000"), "connect_timeout_ms: "),
        (&format!("{good}entities.order = {{ find = [\"x\"] }}"), "entities.order.model: "),
        (&format!("{good}entities.sale = {{ find = [] }}"), "entities.sale.find: "),
        (&format!("{good}db = \"x\""), "db"),
    ] {
        let error = open(config).unwrap_err();
        assert!(error.contains(expected), "{config}: {error}");
    }
}
