//! Storage for years: what is forgotten and what never is, copies taken while the host works.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use mapwright::journal::{Journal, Keep, Retention, Retentions, State};
use mapwright_tests::api::{Api, open_to_clients};
use mapwright_tests::command::mapwright;
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::json;

use crate::operate::taking;

fn in_days(days: i64) -> Timestamp {
    Timestamp::now().checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// Everything that may be forgotten at `now` is; answers how much it was.
async fn forget(journal: &Journal, retentions: &Retentions, now: Timestamp) -> (u64, u64) {
    let (mut events, mut quarantine) = (0, 0);
    let mut after = Some(0);
    while let Some(from) = after {
        let forgotten = journal.forget_events(retentions, now, from).await.unwrap();
        events += forgotten.removed;
        after = forgotten.next;
    }
    after = Some(0);
    while let Some(from) = after {
        let forgotten = journal.forget_quarantine(retentions, now, from).await.unwrap();
        quarantine += forgotten.removed;
        after = forgotten.next;
    }
    (events, quarantine)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_is_kept_as_long_as_its_merchant_says_and_what_is_open_for_ever() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    for merchant in ["acme", "padaria"] {
        folder.merchant(merchant, erp.address());
    }
    erp.trouble(|_, path| match path {
        "/acme/order_summary" => None,
        _ => Some(Trouble::Status(422)),
    });
    let host = TestHost::start(&folder).await;
    for number in 1..=3 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.shop("padaria").send(&Delivery::order(1)).await.accepted();
    host.shop("acme").send(&Delivery::order(9).with("x-wc-webhook-signature", "AAAA")).await;
    host.settle().await;
    erp.trouble(|_, _| Some(Trouble::Status(503)));
    host.shop("acme").send(&Delivery::order(4)).await.accepted();
    until("an attempt", async || erp.arrivals().last().filter(|a| a.status == Some(503)).map(drop))
        .await;

    let journal = host.journal();
    let retentions = Retentions {
        host: Retention::default(),
        merchants: BTreeMap::from([(
            "padaria".to_owned(),
            Retention { dead_letter: Keep::Days(10), ..Retention::default() },
        )]),
    };
    assert_eq!(forget(journal, &retentions, in_days(9)).await, (0, 0));
    assert_eq!(forget(journal, &retentions, in_days(11)).await, (1, 0), "padaria's dead letter");
    assert_eq!(forget(journal, &retentions, in_days(31)).await, (0, 1), "the quarantine");
    assert_eq!(forget(journal, &retentions, in_days(91)).await, (3, 0), "acme's delivered");
    assert_eq!(forget(journal, &retentions, in_days(4000)).await, (0, 0), "what is open stays");
    let left = host.rows("");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].resource_key, "order/4");
    erp.be_well();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 4);
    // Numbers go on where they were.
    host.shop("acme").send(&Delivery::order(5)).await.accepted();
    host.settle().await;
    assert_eq!(host.rows("acme").last().unwrap().seq, 6);
    assert_eq!(journal.counts().unwrap().delivered, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_is_known_to_be_old_when_its_event_is_forgotten_and_the_checkpoints_are_lost()
 {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::version(7, 30)).await.accepted();
    host.settle().await;
    host.stop().await;

    let journal = Journal::open(&folder.data()).unwrap();
    assert_eq!(forget(&journal, &Retentions::default(), in_days(100)).await.0, 1);
    assert_eq!(journal.counts().unwrap().events, 1, "its number is not given out again");
    drop(journal);
    std::fs::remove_dir_all(folder.data().join("checkpoints")).unwrap();

    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::version(7, 20)).await.accepted();
    host.settle().await;
    let row = host.rows("acme").pop().unwrap();
    assert_eq!(row.state, State::Skipped, "{row:?}");
    assert!(row.reason.unwrap().contains("2026-11-22T03:00:30Z"), "it names the newer one");
    assert_eq!(erp.arrivals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn room_that_became_free_is_given_back_to_the_disk() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let journal = host.journal().clone();
    let shop = host.shop("acme");
    for number in 0..1_500 {
        let mut order = mapwright_tests::shop::order(number);
        order["customer_note"] = mapwright_tests::noise::noise(number, 6_000).into();
        shop.send(&Delivery::signed("order.created", &order.to_string())).await.accepted();
    }
    host.settle().await;
    host.stop().await;
    let size = || std::fs::metadata(folder.data().join("journal.db")).unwrap().len();
    drop(journal);
    let before = size();
    let journal = Journal::open(&folder.data()).unwrap();
    assert_eq!(forget(&journal, &Retentions::default(), in_days(100)).await.0, 1_500);
    let mut steps = 0;
    while journal.give_back().await.unwrap() {
        steps += 1;
    }
    drop(journal);
    assert!(steps > 1, "in small steps");
    assert!(size() * 2 < before, "{} of {before} bytes are left", size());
}

fn run_backup(folder: &Folder, to: &Path) -> mapwright_tests::command::Ran {
    let (config, to) = (folder.dir().to_str().unwrap(), to.to_str().unwrap());
    mapwright(["backup", "--config", config, "--to", to, "--json"])
}

fn run_restore(folder: &Folder, from: &Path, more: &[&str]) -> mapwright_tests::command::Ran {
    let (config, from) = (folder.dir().to_str().unwrap(), from.to_str().unwrap());
    mapwright([&["restore", "--config", config, "--from", from], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_at_work_is_put_back_and_nothing_is_delivered_twice() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let mut served = Served::start(&folder);
    let address = served.address().await;
    let shop = Shop::of("acme", address);
    for number in 0..40 {
        shop.send(&Delivery::order(number)).await.accepted();
    }
    until_ready(address, "the first forty are done", |ready| {
        ready["journal"]["counts"]["open"] == 0
    })
    .await;
    // Ten are on their way when the backup is taken, and arrive after it.
    erp.trouble(|_, _| Some(Trouble::Status(503)));
    for number in 40..50 {
        shop.send(&Delivery::order(number)).await.accepted();
    }
    let place = folder.dir().join("backup-1");
    let taken = run_backup(&folder, &place).code(0).json();
    assert_eq!((&taken["last_seq"], &taken["open"]), (&50.into(), &10.into()));
    assert_eq!(run_backup(&folder, &place).code(1).stdout, "", "a backup replaces nothing");
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("already works on"), "{}", refused.stderr);
    erp.be_well();
    until_ready(address, "all is done", |ready| ready["journal"]["counts"]["open"] == 0).await;
    served.terminate().await;
    let sent = erp.arrivals().iter().filter(|a| a.status != Some(503)).count();
    assert_eq!((erp.documents("acme").len(), sent), (50, 50));

    let refused = run_restore(&folder, &place, &[]).code(1);
    assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
    run_restore(&folder, &place, &["--replace"]).code(0);
    let mut served = Served::start(&folder);
    let address = served.address().await;
    until_ready(address, "all is done again", |ready| ready["journal"]["counts"]["open"] == 0)
        .await;
    served.terminate().await;
    let journal = Journal::open(&folder.data()).unwrap();
    let states = rows(&journal, "acme");
    assert_eq!(states.len(), 50);
    assert!(states.iter().all(|row| row.state == State::Delivered));
    assert_eq!(erp.documents("acme").len(), 50, "the same keys, the same documents");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_host_elsewhere_replays_with_a_plugin_version_that_is_not_in_use_any_more() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant_with("acme", erp.address(), "rules", &taking("1.0.0"));
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    host.stop().await;
    let event = rows(&Journal::open(&folder.data()).unwrap(), "acme")[0].event_id.to_string();
    folder.write(folder.plugin("acme", "rules"), taking("1.1.0"));
    let host = TestHost::start(&folder).await;
    let place = folder.dir().join("backup-1");
    let taken = run_backup(&folder, &place).code(0).json();
    assert_eq!(taken["plugins"].as_array().map(Vec::len), Some(2), "{taken:#}");
    host.stop().await;

    // Another machine, with the newer version and with one that the backup has never heard of.
    let elsewhere = Folder::new();
    open_to_clients(&elsewhere);
    elsewhere.merchant_with("acme", erp.address(), "rules", &taking("1.2.0"));
    TestHost::start(&elsewhere).await.stop().await;
    elsewhere.write(elsewhere.plugin("acme", "rules"), taking("1.1.0"));
    run_restore(&elsewhere, &place, &["--replace"]).code(0);
    let host = TestHost::start(&elsewhere).await;
    let api = Api::of(host.address());
    let mut versions: Vec<String> = api
        .items("/v1/plugins")
        .await
        .iter()
        .map(|plugin| plugin["version"].as_str().unwrap().to_owned())
        .collect();
    versions.sort();
    assert_eq!(versions, ["1.0.0", "1.1.0", "1.2.0"]);
    let ask = json!({ "event": event, "with": "rules@1.0.0" });
    let done = api.replayed(api.replay(ask).await).await;
    assert_eq!(done["outcomes"], json!({ "delivered": 1 }), "{done:#}");
    let shown = api.get(&format!("/v1/events/{event}")).await.well();
    assert_eq!(shown["passages"][0]["receipts"][0]["version"], "1.0.0", "{shown:#}");
    assert_eq!(erp.documents("acme").len(), 1, "the same document");
}

#[test]
fn a_backup_of_which_a_plugin_is_damaged_or_leads_elsewhere_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    drop(Journal::open(&folder.data()).unwrap());
    let plugins = folder.data().join("plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    std::fs::write(plugins.join("rules@1.0.0@ab.wasm"), "some bytes").unwrap();
    std::fs::write(plugins.join(".tmpDraft"), "half").unwrap();
    let place = folder.dir().join("backup-1");
    let taken = run_backup(&folder, &place).code(0).json();
    assert_eq!(taken["plugins"].as_array().map(Vec::len), Some(1), "{taken:#}");
    let there = |folder: &Folder| {
        let names = std::fs::read_dir(folder.dir()).unwrap();
        names.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = there(&folder);
    let account = std::fs::read_to_string(place.join("backup.json")).unwrap();
    std::fs::write(place.join("backup.json"), account.replace("rules@1", "../rules@1")).unwrap();
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("not the name of a file"), "{}", refused.stderr);
    std::fs::write(place.join("backup.json"), &account).unwrap();
    std::fs::write(place.join("plugins/rules@1.0.0@ab.wasm"), "some bites").unwrap();
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("is not what was written"), "{}", refused.stderr);
    std::fs::remove_file(place.join("plugins/rules@1.0.0@ab.wasm")).unwrap();
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("cannot be read"), "{}", refused.stderr);
    assert_eq!(there(&folder), before, "nothing was moved and nothing left behind");
    // One of a Mapwright that did not take plugins along is still one.
    let mut older: serde_json::Value = serde_json::from_str(&account).unwrap();
    older.as_object_mut().unwrap().remove("plugins");
    std::fs::write(place.join("backup.json"), older.to_string()).unwrap();
    run_restore(&folder, &place, &["--replace"]).code(0);
    assert!(plugins.join("rules@1.0.0@ab.wasm").exists(), "what was there before stays");
}

#[test]
fn a_backup_that_is_not_whole_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.data()).unwrap();
    let missing = run_backup(&folder, &folder.dir().join("b")).code(1);
    assert!(missing.stderr.contains("no journal in"), "{}", missing.stderr);
    drop(Journal::open(&folder.data()).unwrap());
    let place = folder.dir().join("backup-1");
    run_backup(&folder, &place).code(0);
    let journal = place.join("journal.db");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("not what was written"), "{}", refused.stderr);
    assert!(folder.data().join("journal.db").exists());
    std::fs::remove_file(place.join("backup.json")).unwrap();
    let refused = run_restore(&folder, &place, &["--replace"]).code(1);
    assert!(refused.stderr.contains("backup.json cannot be read"), "{}", refused.stderr);
    drop(Journal::open(&folder.data()).unwrap());
}
