//! Polling is the guarantee: what a shop's webhooks do not say is found, once, whatever changes,
//! fails or dies while it is looked for. The shop is scripted, the rest is the real host.

use std::collections::BTreeMap;
use std::time::Duration;

use mapwright::event::Origin;
use mapwright::poll::BackfillSpec;
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost, polling, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop_api::{ApiTrouble, ShopApi, stamp};
use serde_json::{Value, json};

/// Long enough that a second walk never begins by itself.
const ONCE: &str = "every_s = 86400";

struct Scene {
    folder: Folder,
    erp: Erp,
    shop: ShopApi,
}

async fn scene(poll: &str) -> Scene {
    let (folder, erp, shop) = (Folder::new(), Erp::start().await, ShopApi::start().await);
    folder.polled("acme", erp.address(), &shop, poll);
    Scene { folder, erp, shop }
}

impl Scene {
    /// How often each order was sent to the ERP, and as which version last.
    fn delivered(&self) -> BTreeMap<String, (usize, String)> {
        let mut delivered = BTreeMap::new();
        for arrival in self.erp.arrivals() {
            let name = arrival.body.to_string();
            let entry: &mut (usize, String) = delivered.entry(arrival.key).or_default();
            *entry = (entry.0 + 1, name);
        }
        delivered
    }

    /// Every order stands in the ERP, and was sent there once.
    fn assert_each_once(&self, orders: impl IntoIterator<Item = u64>) {
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

fn orders(status: &Value) -> &Value {
    &status["entities"]["orders"]
}

fn walked(times: u64) -> impl Fn(&Value) -> bool {
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
    host.shop("acme").send(&scene.shop.hook("order.created", 1)).await.accepted();
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
async fn kills_at_any_page_of_a_walk_lose_nothing_and_send_nothing_twice() {
    let scene = scene("every_s = 1\npage_size = 4").await;
    let count = 50;
    for id in 1..=count {
        scene.shop.save_order(id, "a", 3_000);
    }
    for page in [2, 5, 9] {
        let from = scene.shop.pages("orders");
        scene.shop.trouble(|_, asked| {
            asked.is_page_of("orders").then_some(ApiTrouble::Hang(Duration::from_millis(150)))
        });
        let served = Served::start(&scene.folder);
        until("it walks", async || (scene.shop.pages("orders") >= from + page).then_some(())).await;
        served.kill();
    }
    scene.shop.be_well();
    let mut served = Served::start(&scene.folder);
    let address = served.address().await;
    until_ready(address, "all is walked", |ready| {
        walked(1)(&polling(ready, "acme")) && ready["journal"]["counts"]["open"] == 0
    })
    .await;
    let documents = scene.erp.documents("acme");
    assert_eq!(documents.len() as u64, count);
    served.terminate().await;
    let journal = mapwright::journal::Journal::open(&scene.folder.data()).unwrap();
    assert_eq!(rows(&journal, "acme").len() as u64, count, "one event for each order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firewalls_page_or_a_caches_copy_moves_nothing() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(1, "a", 60);
    let host = TestHost::start(&scene.folder).await;
    let before = host.until_polling("acme", "it was walked", walked(1)).await;
    for trouble in [ApiTrouble::Html(200), ApiTrouble::Html(403), ApiTrouble::Stale] {
        scene.shop.trouble(move |_, _| Some(trouble));
        let status = host
            .until_polling("acme", "the hint is shown", |status| {
                orders(status)["last_error"].as_str().is_some_and(|it| it.contains("in its place"))
            })
            .await;
        assert_eq!(orders(&status)["cursor"], orders(&before)["cursor"], "{status:#}");
        let polls = orders(&status)["polls"].as_u64().unwrap();
        scene.shop.be_well();
        host.until_polling("acme", "it is well again", walked(polls + 1)).await;
    }
    scene.shop.trouble(|_, _| Some(ApiTrouble::Html(200)));
    scene.shop.save_order(2, "b", 0);
    host.until_polling("acme", "it fails", |it| orders(it)["last_error"].is_string()).await;
    scene.shop.be_well();
    until("it is found after all", async || (scene.delivered().len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_passes_no_order_that_could_not_be_stored() {
    let scene = scene("every_s = 1\npage_size = 5").await;
    scene.shop.save_order(1, "a", 60);
    let host = TestHost::start(&scene.folder).await;
    let before = host.until_polling("acme", "it was walked", walked(2)).await;
    host.settle().await;
    host.journal().limit_pages(Some(1)).await.unwrap();
    for id in 2..=150 {
        scene.shop.save_order(id, "a", 0);
    }
    let status = host
        .until_polling("acme", "there is no room", |status| {
            orders(status)["last_error"].as_str().is_some_and(|it| it.contains("not be stored"))
        })
        .await;
    assert_eq!(orders(&status)["cursor"], orders(&before)["cursor"], "{status:#}");
    host.journal().limit_pages(None).await.unwrap();
    until("all are there", async || (host.rows("acme").len() == 150).then_some(())).await;
    host.settle().await;
    assert_eq!(scene.erp.documents("acme").len(), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_wants_to_be_left_alone_is() {
    let scene = scene("every_s = 1").await;
    scene.shop.save_order(1, "a", 60);
    scene.shop.trouble(|number, _| (number == 0).then_some(ApiTrouble::StatusAfter(429, 3)));
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    let asked = scene.shop.asked();
    let waited = asked[1].at.duration_since(asked[0].at);
    assert!(waited >= Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_long_backlog_polls_come_seldom_and_hooks_are_taken() {
    let scene = scene("every_s = 1\nbacklog_max = 3").await;
    scene.erp.trouble(|_, _| Some(Trouble::Status(503)));
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    for id in 1..=4 {
        scene.shop.save_order(id, "a", 0);
        host.shop("acme").send(&scene.shop.hook("order.created", id)).await.accepted();
    }
    host.until_polling("acme", "polling is slowed", |status| status["slowed"] == true).await;
    let id = host.pollers().start_backfill(range("2026-01-01", "2026-12-31"), "ana", "test").await;
    let before = scene.shop.pages("orders");
    host.shop("acme").send(&scene.shop.hook("order.updated", 1)).await;
    assert_eq!(host.pollers().backfill(id.unwrap()).unwrap().unwrap().progress.pages, 0);
    scene.erp.be_well();
    host.settle().await;
    until("all goes on", async || (scene.shop.pages("orders") > before + 1).then_some(())).await;
    assert_eq!(scene.erp.documents("acme").len(), 4);
}

fn range(from: &str, to: &str) -> BackfillSpec {
    let moment = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
    BackfillSpec {
        merchant: "acme".into(),
        connection: "shop".into(),
        entity: "orders".into(),
        from: moment(from),
        to: moment(to),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_taken_up_where_it_was_brings_its_range_and_can_be_stopped() {
    let scene = scene(&format!("{ONCE}\npage_size = 4")).await;
    for id in 1..=20 {
        scene.shop.save_order(id, "a", 0);
        scene.shop.edit_silently(id, |order| {
            let day = if id <= 16 { "2026-03-05" } else { "2026-04-01" };
            order["date_modified_gmt"] = json!(format!("{day}T10:00:00"));
        });
    }
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    assert_eq!(host.rows("acme").len(), 0, "all that is too long ago");
    // The third page never comes.
    let from = scene.shop.pages("orders");
    let shop = scene.shop.clone();
    let page = move || shop.pages("orders") - from;
    scene.shop.trouble(move |_, asked| {
        let late = asked.query.get("offset").is_some_and(|it| it == "6");
        (late && asked.is_page_of("orders")).then_some(ApiTrouble::Hang(Duration::from_secs(300)))
    });
    let pollers = host.pollers().clone();
    assert!(pollers.start_backfill(range("2026-04-01", "2026-03-01"), "", "").await.is_err());
    let id =
        pollers.start_backfill(range("2026-03-01", "2026-03-31"), "ana", "go-live").await.unwrap();
    until("two pages are done", async || (page() == 3).then_some(())).await;
    drop(pollers);
    host.stop().await;
    scene.shop.be_well();

    let host = TestHost::start(&scene.folder).await;
    let pollers = host.pollers();
    let done = until("it is done", async || {
        pollers.backfill(id).unwrap().filter(|it| !it.state.is_open())
    })
    .await;
    host.settle().await;
    scene.assert_each_once(1..=16);
    assert_eq!((done.progress.rows >= 16, done.progress.found), (true, 16), "{done:#?}");
    assert_eq!((done.who.as_str(), done.why.as_str()), ("ana", "go-live"));
    let origins: Vec<Origin> =
        (1..=16).map(|seq| host.journal().event(seq).unwrap().unwrap().origin).collect();
    assert!(origins.iter().all(|it| *it == Origin::Backfill), "{origins:?}");
    let begun_again = scene
        .shop
        .asked()
        .iter()
        .filter(|it| {
            it.is_page_of("orders")
                && it.query["offset"] == "0"
                && it.query.contains_key("modified_before")
        })
        .count();
    assert_eq!(begun_again, 1, "the second start went on where the first one was");

    // What is known is no news, and what is stopped stays so.
    scene.shop.trouble(|_, asked| {
        asked.is_page_of("orders").then_some(ApiTrouble::Hang(Duration::from_secs(300)))
    });
    let id = pollers.start_backfill(range("2026-03-01", "2026-04-30"), "ana", "").await.unwrap();
    assert!(pollers.stop_backfill(id).await.unwrap());
    assert!(!pollers.stop_backfill(id).await.unwrap(), "it has stopped already");
    let listed = pollers.backfills(None, 10).unwrap();
    assert_eq!(listed.iter().map(|it| it.id).collect::<Vec<_>>(), [id, id - 1]);
}
