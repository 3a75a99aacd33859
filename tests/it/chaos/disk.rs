//! A disk that is full, and one whose sync fails.

use std::time::Duration;

use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::faults::{Disk, Fault};
use mapwright_tests::host::{Folder, merchant_toml, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::json;

use super::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_503_never_200_and_is_over_by_itself_when_there_is_room() {
    let world = World::new().await;
    let disk = Disk::of(&world.folder.data());
    disk.fill();
    // The host is up and has some orders by then.
    let fault = Fault { what: "enospc", call: "write", number: 400 };
    let mut served = Served::start_in(&world.folder, &disk.environment(Some(&fault)));
    let address = served.address().await;
    let shop = Shop::of("acme", address);
    let mut stored = 0_u64;
    let refused = loop {
        attempt(&world, stored).await;
        let reply = shop.send(&Delivery::version(stored, 1)).await;
        if reply.status != 200 {
            break reply;
        }
        note(&world, stored).await;
        stored += 1;
        assert!(stored < 500, "the disk never fills up");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    for number in 0..20 {
        let reply = shop.send(&Delivery::version(stored + number, 1)).await;
        assert_eq!(reply.status, 503, "nothing is stored, so nothing is acknowledged: {reply:?}");
    }
    assert!(served.ended().is_none(), "a full disk stops nobody");
    disk.free();
    let number = stored;
    until("it takes up again", async || {
        let reply = shop.send(&Delivery::version(number, 1)).await;
        (reply.status == 200).then_some(())
    })
    .await;
    note(&world, number).await;
    until_ready(address, "nothing is open", |ready| ready["journal"]["counts"]["open"] == 0).await;
    served.terminate().await;
    let counted = world.count(stored + 1).await;
    counted.prove("full disk", &json!({ "stored_before": stored }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_stops_the_process_and_what_was_acknowledged_is_there() {
    let world = World::new().await;
    let disk = Disk::of(&world.folder.data());
    // Nothing is delivered meanwhile: the syncs are those of intake.
    world.erp.trouble(|_, _| Some(Trouble::Status(503)));
    for number in [20, 28, 40] {
        let fault = Fault { what: "eio", call: "sync", number };
        let mut served = Served::start_in(&world.folder, &disk.environment(Some(&fault)));
        let Some(address) = served.address_or_end().await else { continue };
        let shop = Shop::of("acme", address);
        let first = number * 1000;
        for number in first.. {
            assert!(number < first + 500, "{fault}: the sync never fails");
            attempt(&world, number).await;
            match shop.try_send(&Delivery::version(number, 1)).await {
                Ok(reply) if reply.status == 200 => note(&world, number).await,
                Ok(_) | Err(_) => break,
            }
        }
        let status = until("the process ends", async || served.ended()).await;
        assert!(!status.success(), "{fault}: it must be seen that it did not end well");
    }
    let counted = world.settle_and_count(3).await;
    counted.prove("failed sync", &json!({}));
}

/// The outcome is lost while the disk is full, so that it cannot be written that it was: the next
/// attempt comes to a target that is at work still.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_lost_while_the_disk_is_full_is_given_time_to_settle_all_the_same() {
    let (folder, erp) = (Folder::new(), Erp::forgetful().await);
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let lookup = format!(
        "lookup = {{ url = \"http://{}/documents?key={{key}}\", settle_ms = 5000 }}\n",
        erp.address()
    );
    let file = file.replace("idempotent = true\n", &lookup).replace("= 10000", "= 700");
    assert!(file.contains(&lookup) && file.contains("timeout_ms = 700"), "{file}");
    folder.merchant("acme", erp.address());
    folder.write(folder.of("acme", "merchant.toml"), file);
    erp.trouble(|number, _| (number == 0).then_some(Trouble::Late(Duration::from_secs(4))));
    let disk = Disk::of(&folder.data());
    let fault = Fault { what: "enospc", call: "write", number: 0 };
    let mut served = Served::start_in(&folder, &disk.environment(Some(&fault)));
    let address = served.address().await;
    Shop::of("acme", address).send(&Delivery::order(1)).await.accepted();
    until("it is on its way", async || (erp.requests() == 1).then_some(())).await;
    disk.fill();
    let came = erp.arrivals()[0].at;
    until("the first request was certainly done, and looked for", async || {
        (came.elapsed() > Duration::from_secs(6) && erp.requests() > 1).then_some(())
    })
    .await;
    disk.free();
    until_ready(address, "nothing is open", |ready| ready["journal"]["counts"]["open"] == 0).await;
    served.terminate().await;
    assert_eq!(erp.documents("acme").len(), 1, "{:#?}", erp.arrivals());
}

async fn attempt(world: &World, number: u64) {
    world.told.lock().await.attempted.insert(number, 1);
}

async fn note(world: &World, number: u64) {
    let mut told = world.told.lock().await;
    told.acknowledged.insert(number, 1);
    told.events += 1;
}
