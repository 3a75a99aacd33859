//! Polling while the shop, the disk or the host itself fails: nothing is skipped, nobody is pressed,
//! and what was begun is taken up where it was.

use std::time::Duration;

use mapwright::event::Origin;
use mapwright::journal::Journal;
use mapwright::poll::BackfillSpec;
use mapwright_tests::erp::Trouble;
use mapwright_tests::host::{TestHost, polling, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop_api::ApiTrouble;
use serde_json::json;

use crate::poll::{ONCE, orders, scene, walked};

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
    let journal = Journal::open(&scene.folder.data()).unwrap();
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
    let scene = scene("every_s = 1\nwebhooks_every_s = 1\nbacklog_max = 3").await;
    scene.erp.trouble(|_, _| Some(Trouble::Status(503)));
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    for id in 1..=4 {
        scene.shop.save_order(id, "a", 0);
        let reply = host.shop("acme").send(&scene.shop.hook("order.created", id)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    host.until_polling("acme", "polling is slowed", |status| status["slowed"] == true).await;
    let wanted = range("2026-01-01", "2030-12-31");
    let id = host.pollers().start_backfill(wanted, "ana", "test").await.unwrap();
    let looks = || scene.shop.asked().iter().filter(|it| it.path == "webhooks").count();
    let (pages, seen) = (scene.shop.pages("orders"), looks());
    until("five seconds pass", async || (looks() >= seen + 5).then_some(())).await;
    let pages = scene.shop.pages("orders") - pages;
    assert!(pages <= 1, "{pages} pages in the time of five");
    assert_eq!(host.pollers().backfill(id).unwrap().unwrap().progress.pages, 0);
    scene.shop.save_order(5, "a", 0);
    let reply = host.shop("acme").send(&scene.shop.hook("order.created", 5)).await;
    assert_eq!(reply.status, 200);
    scene.erp.be_well();
    until("the backfill is done", async || {
        host.pollers().backfill(id).unwrap().filter(|it| !it.state.is_open())
    })
    .await;
    host.settle().await;
    assert_eq!(scene.erp.documents("acme").len(), 5);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_checkpoint_store_makes_no_walk_skip_anything() {
    const DAY: i64 = 86_400;
    let scene = scene("every_s = 1\nsince = \"2020-01-01T00:00:00Z\"").await;
    scene.shop.save_order(1, "a", 3 * DAY);
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;
    host.settle().await;
    host.stop().await;
    // While nobody looks: an order that a first walk, a day back, would not meet.
    scene.shop.save_order(2, "b", 2 * DAY);
    scene.folder.polled("acme", scene.erp.address(), &scene.shop, "every_s = 1");
    std::fs::remove_dir_all(scene.folder.data().join("checkpoints")).unwrap();
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(2)).await;
    host.settle().await;
    scene.assert_each_once([1, 2]);
}
