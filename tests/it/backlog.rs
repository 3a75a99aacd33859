//! `[backlog]` on a whole host: whoever brings more goes slower while much waits, and intake does not.
//!
//! The thresholds are small ones, the backlog is orders for an ERP that refuses them. How time goes by
//! is told by looks at the shop's webhooks, which no backlog slows.

use mapwright::poll::{BackfillSpec, BackfillStatus};
use mapwright_tests::erp::Trouble;
use mapwright_tests::host::{TestHost, until};
use serde_json::json;

use crate::poll::{Scene, orders, scene, walked};

const HOLD_BACKFILL_AT: u64 = 4;
const SLOW_POLLING_AT: u64 = 10;
/// Orders of the time before, that only a backfill finds.
const OLD: std::ops::RangeInclusive<u64> = 101..=112;

fn thresholds(scene: &Scene) {
    let usual = std::fs::read_to_string(scene.folder.dir().join("mapwright.toml")).unwrap();
    let backlog = format!(
        "\n[backlog]\nslow_polling_at = {SLOW_POLLING_AT}\nhold_backfill_at = {HOLD_BACKFILL_AT}\n"
    );
    scene.folder.write("mapwright.toml", usual + &backlog);
}

/// Orders that the shop has and sends as hooks; each is taken.
async fn hooks(scene: &Scene, host: &TestHost, orders: std::ops::RangeInclusive<u64>) {
    for id in orders {
        scene.shop.save_order(id, "a", 0);
        let reply = host.shop("acme").send(&scene.shop.hook("order.created", id)).await;
        // Polling may have been quicker.
        assert!(["accepted", "duplicate"].contains(&reply.word("status")), "{id}: {reply:?}");
        assert_eq!(reply.status, 200, "{id}: {reply:?}");
    }
}

/// How many pages of orders are asked for while five seconds pass.
async fn pages_in_five_seconds(scene: &Scene) -> usize {
    let looks = || scene.shop.asked().iter().filter(|it| it.path == "webhooks").count();
    let (pages, seen) = (scene.shop.pages("orders"), looks());
    until("five seconds pass", async || (looks() >= seen + 5).then_some(())).await;
    scene.shop.pages("orders") - pages
}

async fn until_backlog(host: &TestHost, wanted: u64) {
    let line = format!("\nmapwright_backlog {wanted}\n");
    until(&format!("{wanted} wait"), async || {
        host.get("/metrics").await.1.contains(&line).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_thresholds_backfills_and_polls_hold_back_hooks_are_taken_and_all_goes_on_after()
{
    let scene = scene("every_s = 1\nwebhooks_every_s = 1").await;
    thresholds(&scene);
    for id in OLD {
        scene.shop.save_order(id, "old", 0);
        scene.shop.edit_silently(id, |order| {
            order["date_modified_gmt"] = json!("2026-03-05T10:00:00");
        });
    }
    scene.erp.trouble(|_, _| Some(Trouble::Status(503)));
    let host = TestHost::start(&scene.folder).await;
    host.until_polling("acme", "it was walked", walked(1)).await;

    // Enough to hold a backfill, too little to slow polls.
    hooks(&scene, &host, 1..=HOLD_BACKFILL_AT).await;
    until_backlog(&host, HOLD_BACKFILL_AT).await;
    let spec = BackfillSpec {
        merchant: "acme".into(),
        connection: "shop".into(),
        entity: "orders".into(),
        from: "2026-03-01T00:00:00Z".parse().unwrap(),
        to: "2026-03-31T00:00:00Z".parse().unwrap(),
    };
    let id = host.pollers().start_backfill(spec, "ana", "go-live").await.unwrap();
    let backfill = || -> BackfillStatus { host.pollers().backfill(id).unwrap().unwrap() };
    let pages = pages_in_five_seconds(&scene).await;
    assert!(pages >= 3, "polls are not slowed yet: {pages} pages in five seconds");
    assert_eq!(backfill().progress.pages, 0, "it holds still");
    assert_eq!(host.polling("acme").await["slowed"], false);

    // More, and polls are slowed too.
    hooks(&scene, &host, HOLD_BACKFILL_AT + 1..=SLOW_POLLING_AT).await;
    host.until_polling("acme", "polling is slowed", |status| status["slowed"] == true).await;
    let pages = pages_in_five_seconds(&scene).await;
    assert!(pages <= 1, "{pages} pages in the time of five");
    assert_eq!(backfill().progress.pages, 0, "it still holds");
    let last = SLOW_POLLING_AT + 20;
    hooks(&scene, &host, SLOW_POLLING_AT + 1..=last).await;
    assert_eq!(host.rows("acme").len() as u64, last, "what was answered 200 is in the journal");
    assert!(scene.erp.documents("acme").is_empty(), "and nothing of it was delivered");

    // It drains, and everybody goes on.
    scene.erp.be_well();
    until("the backfill is done", async || (!backfill().state.is_open()).then_some(())).await;
    host.settle().await;
    until_backlog(&host, 0).await;
    let status =
        host.until_polling("acme", "polling is not slowed", |it| it["slowed"] == false).await;
    let polls = orders(&status)["polls"].as_u64().unwrap();
    host.until_polling("acme", "it was walked again", walked(polls + 1)).await;
    let pages = pages_in_five_seconds(&scene).await;
    assert!(pages >= 3, "polls come as often as before: {pages} pages in five seconds");
    assert_eq!(backfill().progress.found, OLD.count() as u64);
    let mut keys: Vec<String> =
        scene.erp.documents("acme").into_iter().map(|kept| kept.key).collect();
    let mut wanted: Vec<String> = (1..=last).chain(OLD).map(|id| format!("order/{id}")).collect();
    keys.sort();
    wanted.sort();
    assert_eq!(keys, wanted);
}
