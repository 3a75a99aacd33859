//! Polling is the guarantee: what a shop's webhooks do not say is found, once, whatever changes while
//! it is looked for. The shop is scripted, the rest is the real host.

use std::collections::BTreeMap;

use mapwright::event::Origin;
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost, polling, rows, until};
use mapwright_tests::shop_api::{ApiTrouble, ShopApi, stamp};
use serde_json::{Value, json};

/// Long enough that a second walk never begins by itself.
pub(crate) const ONCE: &str = "every_s = 86400";

/// A shop that is polled for a merchant with an ERP.
pub(crate) struct Scene {
    pub(crate) folder: Folder,
    pub(crate) erp: Erp,
    pub(crate) shop: ShopApi,
}

/// With this under `[connections.shop.poll]`.
pub(crate) async fn scene(poll: &str) -> Scene {
    let (folder, erp, shop) = (Folder::new(), Erp::start().await, ShopApi::start().await);
    folder.polled("acme", erp.address(), &shop, poll);
    Scene { folder, erp, shop }
}

impl Scene {
    /// How often each order was sent to the ERP, and as which version last.
    pub(crate) fn delivered(&self) -> BTreeMap<String, (usize, String)> {
        let mut delivered = BTreeMap::new();
        for arrival in self.erp.arrivals() {
            let name = arrival.body.to_string();
            let entry: &mut (usize, String) = delivered.entry(arrival.key).or_default();
            *entry = (entry.0 + 1, name);
        }
        delivered
    }

    /// Every order stands in the ERP, and was sent there once.
    pub(crate) fn assert_each_once(&self, orders: impl IntoIterator<Item = u64>) {
        let delivered = self.delivered();
        let orders: Vec<String> = orders.into_iter().map(|id| format!("order/{id}")).collect();
        assert!(delivered.values().all(|it| it.0 == 1), "{delivered:#?}");
        let mut keys: Vec<String> = delivered.into_keys().collect();
        let mut wanted = orders;
        wanted.sort();
        keys.sort();
        assert_eq!(keys, wanted);
    }
}

pub(crate) fn orders(status: &Value) -> &Value {
    &status["entities"]["orders"]
}

pub(crate) fn walked(times: u64) -> impl Fn(&Value) -> bool {
    move |status| orders(status)["polls"].as_u64() >= Some(times)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_webhook_was_lost_is_found_and_counted() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(1, "a", 600);
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    host.settle().await;
    scene.assert_each_once([1]);
    scene.shop.save_order(2, "b", 0);
    until("the second is found too", async || (scene.delivered().len() == 2).then_some(())).await;
    let status = host.until_polling("acme", "it goes on", walked(4)).await;
    host.settle().await;
    scene.assert_each_once([1, 2]);
    let list = orders(&status);
    assert_eq!((&list["found"], &list["found_late"]), (&json!(2), &json!(1)), "{status:#}");
    assert!(list["lag_s"].as_i64().is_some_and(|lag| lag < 60), "{status:#}");
    let journal = host.journal();
    let event = journal.event(1).unwrap().unwrap();
    assert_eq!((event.origin, event.topic.as_str()), (Origin::Poll, "order.created"));
    let (_, metrics) = host.get("/metrics").await;
    assert!(metrics.contains("mapwright_poll_found_total 2"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_and_hook_of_the_same_state_are_one_delivery_whichever_comes_first() {
    let scene = scene("every_s = 1").await;
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    // The poll first.
    scene.shop.save_order(1, "a", 0);
    until("it is found", async || (scene.delivered().len() == 1).then_some(())).await;
    for topic in ["order.created", "order.updated"] {
        let reply = host.shop("acme").send(&scene.shop.hook(topic, 1)).await;
        assert_eq!(reply.word("status"), "duplicate", "{reply:?}");
    }
    // The hook first; it is not sent before the shop has the order, as in life.
    scene.shop.trouble(|_, asked| asked.is_page_of("orders").then_some(ApiTrouble::Status(500)));
    until("polling fails", async || {
        orders(&host.polling("acme").await)["last_error"].as_str().map(drop)
    })
    .await;
    scene.shop.save_order(2, "b", 0);
    host.shop("acme").send(&scene.shop.hook("order.updated", 2)).await.accepted();
    scene.shop.be_well();
    let polls = orders(&host.polling("acme").await)["polls"].as_u64().unwrap();
    host.until_polling("acme", "it was walked again", walked(polls + 2)).await;
    host.settle().await;
    scene.assert_each_once([1, 2]);
    assert_eq!(host.rows("acme").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_leave_the_list_while_it_is_walked_take_no_other_with_them() {
    let scene = scene(&format!("{ONCE}\npage_size = 3")).await;
    for id in 1..=12 {
        scene.shop.save_order(id, "a", 60);
    }
    let mut pages = 0;
    scene.shop.before(move |asked, shop| {
        pages += u64::from(asked.is_page_of("orders"));
        let orders = shop.lists.get_mut("orders").unwrap();
        if pages == 2 {
            // What was first and second is gone: all others move up.
            for id in [1, 2] {
                orders.get_mut(&id).unwrap()["status"] = json!("trash");
            }
        }
    });
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    host.settle().await;
    scene.assert_each_once(1..=12);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_changed_behind_the_walk_is_found_by_the_next_one_whatever_newer_was_met() {
    let scene = scene("every_s = 1\npage_size = 3\noverlap_s = 0").await;
    for id in 1..=8 {
        scene.shop.save_order(id, "a", 60);
    }
    let mut pages = 0;
    scene.shop.before(move |asked, shop| {
        pages += u64::from(asked.is_page_of("orders"));
        let orders = shop.lists.get_mut("orders").unwrap();
        if pages == 2 && asked.is_page_of("orders") {
            // One that was passed changes now; one ahead says it changed later than that.
            for (id, seconds_ago) in [(1, 0), (8, -20)] {
                let order = orders.get_mut(&id).unwrap();
                order["billing"]["first_name"] = json!("changed");
                stamp(order, seconds_ago);
            }
        }
    });
    let host = TestHost::start(&scene.folder).await;
    until("the change is delivered", async || {
        let changed = rows(host.journal(), "acme").len() == 9;
        changed.then_some(())
    })
    .await;
    host.until_polling("acme", "it was walked", walked(3)).await;
    host.settle().await;
    let sent: Vec<usize> = scene.delivered().values().map(|it| it.0).collect();
    assert_eq!((sent.len(), sent.iter().sum()), (8, 9), "only the changed one came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_leaves_no_date_is_found_by_its_content() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(1, "a", 30);
    let host = TestHost::start(&scene.folder).await;
    // Whichever comes first, the hook or the poll.
    host.shop("acme").send(&scene.shop.hook("order.created", 1)).await;
    host.until_polling("acme", "it was walked", walked(2)).await;
    assert_eq!(host.rows("acme").len(), 1);
    scene.shop.edit_silently(1, |order| order["billing"]["first_name"] = json!("silent"));
    until("it is found", async || (host.rows("acme").len() == 2).then_some(())).await;
    host.until_polling("acme", "it goes on", walked(5)).await;
    assert_eq!(host.rows("acme").len(), 2, "and only once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_says_something_else_at_each_look_is_not_news_for_ever() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(1, "a", 30);
    let mut look = 0;
    scene.shop.before(move |_, shop| {
        look += 1;
        if let Some(order) = shop.lists.get_mut("orders").and_then(|it| it.get_mut(&1)) {
            order["nonce"] = json!(look);
        }
    });
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(5)).await;
    assert_eq!(host.rows("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_connection_is_polled_anew_and_the_others_go_on() {
    let scene = scene(ONCE).await;
    let (other, address) = (ShopApi::start().await, scene.erp.address());
    scene.folder.polled("bolt", address, &other, ONCE);
    let host = TestHost::start(&scene.folder).await;
    for merchant in ["acme", "bolt"] {
        host.until_polling(merchant, "it was walked", walked(1)).await;
    }
    for shop in [&scene.shop, &other] {
        shop.save_order(1, "a", 0);
    }
    scene.folder.polled("acme", address, &scene.shop, "every_s = 1");
    host.until_polling("acme", "it goes on by the new rule", walked(4)).await;
    host.settle().await;
    scene.assert_each_once([1]);
    assert_eq!(other.pages("orders"), 1, "nobody touched the other one");
    // Without keys it is not polled any more.
    let path = scene.folder.of("acme", "merchant.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let keep =
        |line: &&str| !line.starts_with("api =") && !line.starts_with("[connections.shop.poll]");
    let keep = |line: &&str| {
        keep(line) && !line.starts_with("requests_per") && !line.starts_with("every_s")
    };
    let text: Vec<&str> = text.lines().filter(keep).collect();
    scene.folder.write(path, text.join("\n"));
    host.until_ready("it is polled no more", |ready| polling(ready, "acme").is_null()).await;
    assert!(!polling(&host.ready().await, "bolt").is_null());
}
