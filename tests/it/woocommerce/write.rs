//! The `woocommerce` connector against a shop that answers as the captured one did: what is written,
//! how often, and what is said of it when the shop does not answer.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use mapwright::delivery::{
    Answer, ConnectorConfig, Delivery, Outbound, Target, Verdict, woocommerce,
};
use mapwright::event::{Document, EventId, Operation};
use mapwright_tests::shop::order;
use mapwright_tests::shop_api::{ApiTrouble, Asked, KEY, KEY_SECRET, ShopApi};
use serde_json::{Value, json};

use Operation::{Cancel, Create, Delete, Update, Upsert};

/// A connection to a shop, and what the journal would remember of it.
struct Desk {
    shop: ShopApi,
    target: Target,
    identities: Mutex<HashMap<(String, String), String>>,
}

impl Desk {
    async fn open() -> Self {
        Self::with("timeout_ms = 400\nsettle_ms = 0").await
    }

    async fn with(write: &str) -> Self {
        let shop = ShopApi::start().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), KEY).unwrap();
        std::fs::write(folder.path().join("secret"), KEY_SECRET).unwrap();
        let config = woocommerce::Config {
            base_url: shop.url().parse().unwrap(),
            consumer_key: serde_json::from_str(r#"{"file":"key"}"#).unwrap(),
            consumer_secret: serde_json::from_str(r#"{"file":"secret"}"#).unwrap(),
            write: toml::from_str(write).unwrap(),
            listens: true,
        };
        let config = ConnectorConfig::WooCommerce(config);
        let target = Target::open(&config, folder.path(), &Outbound::new().unwrap()).unwrap();
        Self { shop, target, identities: Mutex::default() }
    }

    async fn send(&self, operation: Operation, entity: &str, key: &str, body: Value) -> Answer {
        self.attempt(operation, entity, key, body, true, false).await
    }

    async fn attempt(
        &self,
        operation: Operation,
        entity: &str,
        key: &str,
        body: Value,
        first_attempt: bool,
        in_doubt: bool,
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
            connection: "shop",
            event_id: &EventId::fresh(),
            correlation_id: "corr-1",
            resource: key,
            document: &document,
            first_attempt,
            in_doubt,
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

    fn forget(&self) {
        self.identities.lock().unwrap().clear();
    }

    fn writes(&self) -> Vec<String> {
        self.shop.writes().into_iter().map(|(method, path)| format!("{method} {path}")).collect()
    }
}

fn id(answer: &Answer) -> u64 {
    match &answer.verdict {
        Verdict::Delivered { target_id: Some(id) } => id.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn rejected(answer: Answer) -> String {
    match answer.verdict {
        Verdict::Rejected { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

fn reference(entity: &str, key: &str) -> Value {
    json!({ "$ref": { "entity": entity, "key": key } })
}

fn is_write(asked: &Asked) -> bool {
    asked.method != "GET"
}

#[tokio::test]
async fn a_product_is_made_once_and_changed_from_then_on_whoever_remembers_its_id() {
    let desk = Desk::open().await;
    let body =
        |price: &str| json!({ "sku": "CAM-001", "name": "Camiseta", "regular_price": price });
    let made = id(&desk.send(Upsert, "product", "CAM-001", body("79.90")).await);
    assert_eq!(id(&desk.send(Upsert, "product", "CAM-001", body("80.00")).await), made);
    // The shop knows it by its SKU, also when we do not know it at all.
    desk.forget();
    assert_eq!(id(&desk.send(Upsert, "product", "CAM-001", body("81.10")).await), made);
    assert_eq!(desk.shop.of("products", made)["regular_price"], "81.10");
    let product = format!("PUT products/{made}");
    assert_eq!(desk.writes(), ["POST products".to_owned(), product.clone(), product]);
    // What has a key of its own in the shop is written as the plugin wrote it.
    assert!(desk.shop.of("products", made)["meta_data"].is_null());

    let variation = json!({
        "parent_id": reference("product", "CAM-001"), "sku": "CAM-001-P", "regular_price": "82.00"
    });
    let part = id(&desk.send(Upsert, "variation", "CAM-001-P", variation).await);
    assert_eq!(desk.shop.of("products", part)["parent_id"], made);
    // Its product is asked for where nobody says it.
    let stock = json!({ "stock_quantity": 7 });
    desk.send(Update, "variation", "CAM-001-P", stock).await;
    assert_eq!(desk.writes().last(), Some(&format!("PUT products/{made}/variations/{part}")));
    // A reference to what the shop knows by its own key needs no memory of ours.
    desk.forget();
    let lines = json!({ "line_items": [{ "product_id": reference("product", "CAM-001") }] });
    let order = id(&desk.send(Create, "order", "ERP-1", lines).await);
    assert_eq!(desk.shop.of("orders", order)["line_items"][0]["product_id"], made);
    let nobody = json!({ "line_items": [{ "product_id": reference("product", "NIX") }] });
    let waits = desk.send(Create, "order", "ERP-2", nobody).await.verdict;
    let Verdict::NotReady { missing, .. } = waits else { panic!("{waits:?}") };
    assert_eq!((missing[0].entity.as_str(), missing[0].key.as_str()), ("product", "NIX"));
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_by_the_key_that_was_written_along() {
    let desk = Desk::open().await;
    for number in 1..=250 {
        desk.shop.put("orders", order(number));
    }
    let body = || json!({ "status": "processing", "meta_data": [{ "key": "nf", "value": 1.10 }] });
    desk.shop
        .trouble(|_, asked| is_write(asked).then_some(ApiTrouble::Mute(Duration::from_secs(9))));
    let lost = desk.send(Create, "order", "ERP-7", body()).await.verdict;
    let Verdict::Unknown { resend: true, .. } = lost else { panic!("{lost:?}") };
    desk.shop.be_well();
    let found = desk.attempt(Create, "order", "ERP-7", body(), false, false).await;
    assert_eq!(desk.shop.count("orders"), 251);
    let order = desk.shop.of("orders", id(&found));
    let meta: Vec<_> = order["meta_data"].as_array().unwrap().iter().collect();
    assert_eq!((&meta[0]["key"], &meta[1]["key"]), (&json!("nf"), &json!("_mapwright_key")));
    assert_eq!(meta[1]["value"], "ERP-7");
    // Another one is not taken for it, and is made.
    desk.attempt(Create, "order", "ERP-8", body(), false, false).await;
    assert_eq!(desk.shop.count("orders"), 252);
}

#[tokio::test]
async fn what_is_at_work_in_the_shop_still_is_not_looked_for_before_it_has_settled() {
    let desk = Desk::with("timeout_ms = 200\nsettle_ms = 5000").await;
    desk.shop
        .trouble(|_, asked| is_write(asked).then_some(ApiTrouble::Hang(Duration::from_secs(9))));
    let lost = desk.send(Create, "order", "ERP-7", json!({})).await.verdict;
    let Verdict::Unknown { after, .. } = lost else { panic!("{lost:?}") };
    assert_eq!(after, Some(Duration::from_secs(5)));
    let asked = desk.shop.asked().len();
    let again = desk.attempt(Create, "order", "ERP-7", json!({}), false, false).await.verdict;
    assert!(matches!(again, Verdict::NotNow { .. }), "{again:?}");
    assert_eq!(desk.shop.asked().len(), asked);
}

#[tokio::test]
async fn what_cannot_be_told_from_another_is_left_to_a_person() {
    let desk = Desk::open().await;
    desk.shop.put("orders", order(26));
    let note = || json!({ "order_id": 26, "note": "NF-e 123 emitida" });
    desk.shop
        .trouble(|_, asked| is_write(asked).then_some(ApiTrouble::Mute(Duration::from_secs(9))));
    for (operation, entity, body) in [
        (Create, "order_note", note()),
        (Update, "order", json!({ "id": 26, "line_items": [{ "product_id": 7 }] })),
    ] {
        let lost = desk.send(operation, entity, "k", body.clone()).await.verdict;
        assert!(matches!(lost, Verdict::Unknown { resend: false, .. }), "{entity}: {lost:?}");
        // Nor is it sent after a crash that left no word.
        let writes = desk.writes().len();
        let doubt = desk.attempt(operation, entity, "k", body, false, true).await.verdict;
        assert!(matches!(doubt, Verdict::Unknown { resend: false, .. }), "{entity}: {doubt:?}");
        assert_eq!(desk.writes().len(), writes);
    }
    desk.shop.be_well();
    assert!(id(&desk.send(Create, "order_note", "n", note()).await) > 0);
    // A change that says how things are to be is sent again as it is.
    let status = json!({ "id": 26, "status": "completed" });
    desk.shop
        .trouble(|_, asked| is_write(asked).then_some(ApiTrouble::Mute(Duration::from_secs(9))));
    let lost = desk.send(Update, "order", "o", status.clone()).await.verdict;
    assert!(matches!(lost, Verdict::Unknown { resend: true, .. }), "{lost:?}");
    desk.shop.be_well();
    assert_eq!(id(&desk.attempt(Update, "order", "o", status, false, true).await), 26);
}

#[tokio::test]
async fn customers_coupons_and_refunds_stand_once_and_what_is_called_off_is_gone() {
    let desk = Desk::open().await;
    desk.shop.put("orders", order(26));
    let customer = || json!({ "email": "ana@exemplo.example", "first_name": "Ana" });
    let ana = id(&desk.send(Create, "customer", "C-1", customer()).await);
    desk.forget();
    assert_eq!(id(&desk.send(Create, "customer", "C-1", customer()).await), ana);
    let coupon = || json!({ "code": "natal10", "amount": "10.00" });
    let natal = id(&desk.send(Upsert, "coupon", "natal10", coupon()).await);
    desk.forget();
    assert_eq!(id(&desk.send(Upsert, "coupon", "natal10", coupon()).await), natal);

    let refund = || json!({ "order_id": 26, "amount": "71.90", "api_refund": false });
    let made = id(&desk.send(Create, "refund", "R-1", refund()).await);
    desk.forget();
    assert_eq!(id(&desk.attempt(Create, "refund", "R-1", refund(), false, false).await), made);
    assert_eq!(desk.shop.of("orders", 26)["refunds"].as_array().unwrap().len(), 1);

    desk.send(Cancel, "order", "o", json!({ "id": 26 })).await;
    assert_eq!(desk.shop.of("orders", 26)["status"], "cancelled");
    desk.send(Delete, "customer", "C-1", json!({ "id": ana })).await;
    assert_eq!(desk.shop.count("customers"), 0);
    // Called off twice is called off.
    desk.send(Delete, "customer", "C-1", json!({ "id": ana })).await;
    desk.send(Delete, "order", "nobody-knows", json!({})).await;
    let none = desk.send(Cancel, "order", "nobody-knows", json!({})).await;
    assert_eq!(none.attempt.detail, "there was no order to take back");
}

#[tokio::test]
async fn what_the_shop_says_is_kept_as_the_reason_and_what_it_cannot_say_is_tried_again() {
    let desk = Desk::open().await;
    desk.shop.put("orders", order(26));
    let change = || json!({ "id": 26, "status": "completed" });
    for (trouble, expected) in [
        (ApiTrouble::Html(200), "unknown"),
        (ApiTrouble::Html(403), "retry"),
        (ApiTrouble::Html(503), "retry"),
        (ApiTrouble::Html(504), "unknown"),
        (ApiTrouble::Status(500), "unknown"),
        (ApiTrouble::StatusAfter(429, 0), "retry"),
        (ApiTrouble::Status(422), "rejected"),
    ] {
        desk.shop.trouble(move |_, asked| is_write(asked).then_some(trouble));
        let answer = desk.send(Update, "order", "o", change()).await;
        assert_eq!(answer.verdict.name(), expected, "{trouble:?}: {answer:?}");
    }
    desk.shop.be_well();
    for (operation, entity, body, code) in [
        (Create, "oder", json!({}), "entity_unknown"),
        (Create, "order", json!({ "id": 26 }), "id_in_create"),
        (Update, "order", json!({ "id": "x" }), "id_malformed"),
        (Create, "refund", json!({ "amount": "1.00" }), "parent_missing"),
        (Cancel, "product", json!({ "id": 1 }), "operation_not_supported"),
        (Update, "refund", json!({ "id": 1 }), "operation_not_supported"),
        (Create, "order", json!({ "meta_data": {} }), "meta_data_malformed"),
        (Update, "order", json!({ "id": 77 }), "woocommerce_rest_shop_order_invalid_id"),
    ] {
        assert_eq!(rejected(desk.send(operation, entity, "k", body).await), code);
    }
}

#[test]
fn what_a_shop_answers_to_a_write_says_what_its_webhook_will_say() {
    use mapwright::ingress::content;
    use mapwright_tests::shop::Delivery;
    use mapwright_tests::shop_api::fixture;
    for (answer, hook) in [
        ("052-order-put-processing", "076-status-processing-order-updated"),
        ("039-order-create-br-paid", "034-order-br-paid-order-created"),
        ("039-order-create-br-paid", "035-order-br-paid-order-updated"),
        ("033-customer-put", "031-customer-updated-customer-updated"),
        ("030-coupon-create", "021-coupons-coupon-created"),
    ] {
        let answer = fixture(answer).to_string();
        assert_eq!(content(answer.as_bytes()), content(&Delivery::captured(hook).body), "{hook}");
    }
    // A product is answered as it is edited, so it has to be read again as it is shown.
    let shown = fixture("020-product-by-sku")[0].to_string();
    let hook = Delivery::captured("020-products-misc-product-updated").body;
    assert_eq!(content(shown.as_bytes()), content(&hook));
    let edited = fixture("014-product-put-stock").to_string();
    let hook = Delivery::captured("015-product-stock-product-updated").body;
    assert_ne!(content(edited.as_bytes()), content(&hook));
}
