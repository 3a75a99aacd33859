//! What recorded events say of the rules in use: where the fields of one come from, and whom a renamed
//! field would hurt.

use mapwright_tests::api::{Api, TOKEN, open_to_clients};
use mapwright_tests::command::{self, Ran};
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::plugins;
use mapwright_tests::shop::Delivery;
use serde_json::Value;

async fn start() -> (Folder, Erp, TestHost, String) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    let plugin = std::fs::read(plugins::built("woo-order-summary")).unwrap();
    for merchant in ["acme", "loja"] {
        folder.merchant_with(merchant, erp.address(), "woo-order-summary", &plugin);
    }
    let host = TestHost::start(&folder).await;
    for number in 1..=2 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.shop("loja").send(&Delivery::order(3)).await.accepted();
    host.settle().await;
    let id = host.rows("acme")[0].event_id.to_string();
    (folder, erp, host, id)
}

async fn mapwright(host: &TestHost, args: &[&str]) -> Ran {
    let url = format!("http://{}", host.address());
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--json", "--url", &url].map(str::to_owned));
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_event_is_explained_by_the_plugins_in_use() {
    let (_folder, erp, host, id) = start().await;
    let before = erp.requests();
    let told = mapwright(&host, &["events", "explain", &id]).await.code(0).json();
    let told = &told["items"][0];
    assert_eq!(told["route"], "orders");
    let fields = told["explanation"]["fields"].as_array().unwrap();
    let email = fields.iter().find(|it| it["field"] == "order_summary/email").unwrap();
    assert_eq!(email["from"], serde_json::json!(["/billing/email"]));
    assert!(told["explanation"]["ignored"].as_array().unwrap().iter().any(|it| it == "/cart_hash"));
    assert_eq!(erp.requests(), before, "explaining sends nothing");
    let api = Api::of(host.address());
    api.get("/v1/events/nothing/explanation").await.refused(404);
    api.get(&format!("/v1/events/{id}/explanation?route=other")).await.refused(404);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_field_lists_the_merchants_it_would_hurt() {
    let (_folder, _erp, host, _) = start().await;
    let found = mapwright(&host, &["reads", "--field", "/billing/email"]).await.code(0).json();
    let rows = found["items"].as_array().unwrap();
    let who: Vec<_> = rows.iter().map(|row| (&row["merchant"], &row["events"])).collect();
    assert_eq!(who, [(&Value::from("acme"), &Value::from(2)), (&"loja".into(), &1.into())]);
    assert_eq!(rows[0]["for"], serde_json::json!(["order_summary/email"]));
    // By what is written as well: what a field of the target comes from.
    let made = ["reads", "--merchant", "loja", "--field", "order_summary/items"];
    let found = mapwright(&host, &made).await.code(0).json();
    let leaves: Vec<_> = found["items"].as_array().unwrap().iter().map(|it| &it["reads"]).collect();
    assert!(leaves.contains(&&Value::from("/line_items/*/quantity")), "{leaves:?}");
    let found = mapwright(&host, &["reads", "--field", "/cart_hash"]).await.code(0).json();
    assert_eq!(found["items"], serde_json::json!([]), "nobody reads it");
    host.stop().await;
}
