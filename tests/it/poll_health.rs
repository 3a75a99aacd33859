//! A shop's webhooks looked at through its own API, and the refunds that its orders only name.

use mapwright::event::Origin;
use mapwright_tests::host::{TestHost, polling, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use mapwright_tests::shop_api::ApiTrouble;
use serde_json::{Value, json};

use crate::poll::{scene, walked};

const HOOK: &str = "https://hooks.example/hooks/acme/shop";

fn codes(status: &Value) -> Vec<(&str, &str)> {
    let problems = status["health"]["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), it["topic"].as_str().unwrap_or_default()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_switched_off_is_switched_on_and_its_gap_filled() {
    let scene =
        scene("every_s = 86400\noverlap_s = 0\nwebhooks_every_s = 1\nreenable_webhooks = true")
            .await;
    let id = scene.shop.add_webhook("order.updated", HOOK, "active");
    for topic in ["order.created", "order.deleted"] {
        scene.shop.add_webhook(topic, HOOK, "active");
    }
    scene.shop.save_order(1, "a", 60);
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    scene.shop.save_order(2, "a", 30);
    host.shop("acme").send(&scene.shop.hook("order.updated", 2)).await.accepted();
    let status = host
        .until_polling("acme", "webhooks were looked at", |it| it["health"]["webhooks"] == 3)
        .await;
    assert_eq!(codes(&status), []);
    // The next list would be walked tomorrow.
    scene.shop.save_order(3, "lost", 0);
    scene.shop.change(|shop| shop.webhooks[0]["status"] = json!("disabled"));
    until("the gap is filled", async || (scene.erp.documents("acme").len() == 3).then_some(()))
        .await;
    assert_eq!(scene.shop.webhook_status(id), "active");
    let status = host.polling("acme").await;
    assert_eq!((codes(&status), &status["health"]["reenabled"]), (vec![], &json!(1)));
    let puts = scene.shop.asked().iter().filter(|it| it.method == "PUT").count();
    assert_eq!(puts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_a_webhook_is_reported_and_left_off() {
    let scene = scene("every_s = 86400\nwebhooks_every_s = 1").await;
    let file = std::fs::read_to_string(scene.folder.dir().join("mapwright.toml")).unwrap();
    let file = format!("public_url = \"https://hooks.example/\"\n{file}");
    scene.folder.write("mapwright.toml", file);
    let id = scene.shop.add_webhook("order.updated", HOOK, "disabled");
    scene.shop.add_webhook("order.created", "https://old.example/hooks/acme/shop", "active");
    scene.shop.add_webhook("order.created", "https://hooks.example/hooks/other/shop", "active");
    let host = TestHost::start(&scene.folder).await;
    let status = host
        .until_polling("acme", "webhooks were looked at", |it| it["health"]["webhooks"] == 2)
        .await;
    assert_eq!(
        codes(&status),
        [
            ("webhook_disabled", "order.updated"),
            ("webhook_missing", "order.deleted"),
            ("webhook_url", "order.created"),
        ]
    );
    assert_eq!(scene.shop.webhook_status(id), "disabled");
    let (_, metrics) = host.get("/metrics").await;
    assert!(metrics.contains("mapwright_shop_problems 3"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_are_errors_say_that_the_owner_lost_its_rights_and_are_fetched() {
    let scene = scene("every_s = 86400\nwebhooks_every_s = 1").await;
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    host.until_polling("acme", "it was looked at", |it| it["health"]["checked_at"].is_string())
        .await;
    scene.shop.save_order(7, "unheard", 0);
    let error =
        r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":403}}"#;
    let reply = host.shop("acme").send(&Delivery::signed("order.updated", error)).await;
    assert_eq!(reply.word("status"), "quarantined");
    let status = host
        .until_polling("acme", "the owner is reported", |it| {
            codes(it).iter().any(|it| it.0 == "owner_lost_rights")
        })
        .await;
    assert!(status["health"]["problems"].to_string().contains("administrator"), "{status:#}");
    until("the order is there", async || (scene.erp.documents("acme").len() == 1).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_shop_refuses_are_shown_with_what_to_do() {
    let scene = scene("every_s = 1").await;
    scene.folder.write("shop-key", "ck_of_another_shop");
    let host = TestHost::start(&scene.folder).await;
    let status = host
        .until_polling("acme", "it is refused", |it| {
            it["entities"]["orders"]["last_error"].is_string()
        })
        .await;
    let said = status["entities"]["orders"]["last_error"].as_str().unwrap();
    assert!(said.contains("401") && said.contains("REST API"), "{said}");
    assert!(!status.to_string().contains("ck_of"), "no key is shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_fetched_once_also_when_the_host_dies_before_and_their_end_is_told() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(26, "a", 60);
    scene.shop.refund(26, 38, "71.91");
    scene.shop.refund(26, 39, "5.00");
    scene.shop.trouble(|_, asked| {
        let refunds = asked.path == "orders/26/refunds";
        refunds.then_some(ApiTrouble::Hang(std::time::Duration::from_secs(300)))
    });
    let mut served = Served::start(&scene.folder);
    let hook = scene.shop.hook("order.updated", 26);
    Shop::of("acme", served.address().await).send(&hook).await;
    until("the refunds are asked for", async || {
        scene.shop.asked().iter().any(|it| it.path == "orders/26/refunds").then_some(())
    })
    .await;
    served.kill();
    scene.shop.be_well();

    let mut served = Served::start(&scene.folder);
    let address = served.address().await;
    until_ready(address, "both came", |it| polling(it, "acme")["refunds_found"] == 2).await;
    // The order is seen again and again; its refunds are known.
    until_ready(address, "it goes on", |it| {
        polling(it, "acme")["entities"]["orders"]["polls"].as_u64() >= Some(3)
    })
    .await;
    let asked = |path: &str| scene.shop.asked().iter().filter(|it| it.path == path).count();
    assert_eq!(asked("orders/26/refunds"), 2, "once in vain, once for good");
    scene.shop.unrefund(26, 39);
    until_ready(address, "one is gone", |it| polling(it, "acme")["refunds_found"] == 3).await;
    served.terminate().await;

    let journal = mapwright::journal::Journal::open(&scene.folder.data()).unwrap();
    let refunds: Vec<(String, String)> = rows(&journal, "acme")
        .into_iter()
        .filter(|row| row.topic.starts_with("refund."))
        .map(|row| (row.topic, row.resource_key))
        .collect();
    let row = |topic: &str, key: &str| (topic.to_owned(), key.to_owned());
    assert_eq!(
        refunds,
        [
            row("refund.created", "refund/38"),
            row("refund.created", "refund/39"),
            row("refund.deleted", "refund/39"),
        ]
    );
    let seq = journal.last_of("acme", "shop", "refund/38").unwrap().unwrap();
    let event = journal.event(seq).unwrap().unwrap();
    let body: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!((event.origin, &body["order_id"]), (Origin::Poll, &json!(26)));
    assert_eq!(body["amount"], "71.91");
}
