//! Files are edited under a running host: what is good takes effect without a restart, what is broken
//! leaves the last good state at work and is named by file, line and nearest word.

use std::fs;
use std::time::Duration;

use mapwright::journal::State;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, faults, merchant_toml, no_faults, until};
use mapwright_tests::plugins::built;
use mapwright_tests::shop::Delivery;

const PLUGIN: &str = "woo-order-summary";

async fn one_merchant() -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_merchant_file_takes_effect_for_what_comes_and_what_waits() {
    let (folder, erp, host) = one_merchant().await;
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    // First to where nobody listens, so that something waits for the file to change.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.write(&path, merchant_toml("acme", nobody, PLUGIN));
    let mut order = 0;
    until("an order has been tried in vain", async || {
        order += 1;
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
        tokio::time::sleep(Duration::from_millis(100)).await;
        host.rows("acme")
            .iter()
            .any(|row| row.attempts.iter().any(|a| a.outcome == "retry"))
            .then_some(())
    })
    .await;
    folder.write(&path, file.replace("/acme/{entity}", "/acme/moved/{entity}"));
    host.settle().await;
    host.shop("acme").send(&Delivery::order(order + 1)).await.accepted();
    host.settle().await;
    let moved =
        |kept: &&mapwright::delivery::sandbox::Kept| kept.path == "/acme/moved/order_summary";
    let documents = erp.documents("acme");
    let keys: Vec<_> = documents.iter().filter(moved).map(|kept| kept.key.clone()).collect();
    let [waited, came] = [order, order + 1].map(|number| format!("order/{number}"));
    assert!(keys.contains(&waited) && keys.contains(&came), "{documents:?}");
    assert_eq!(documents.len() as u64, order + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typo_keeps_the_last_good_file_and_is_named_with_its_line_and_the_nearest_key() {
    let (folder, erp, host) = one_merchant().await;
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    let line = 1 + file.lines().position(|line| line.starts_with("field_mapping")).unwrap();
    folder.write(&path, file.replace("field_mapping =", "feild_mapping ="));
    let ready = host.until_ready("the typo is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains(&format!("acme/merchant.toml:{line}: ")), "{said:?}");
    assert!(said[0].contains("did you mean `field_mapping`?"), "{said:?}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
    folder.write(&path, file);
    host.until_ready("it is mended", no_faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_file_that_was_cut_short_keeps_the_last_good_one() {
    let (folder, erp, host) = one_merchant().await;
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    let cut = file.split("[routes").next().unwrap();
    for (order, short) in ["", cut].into_iter().enumerate() {
        folder.write(&path, short);
        let ready = host.until_ready("it is seen", |r| !no_faults(r)).await;
        assert!(faults(&ready)[0].contains("cut short"), "{ready}");
        host.shop("acme").send(&Delivery::order(1 + order as u64)).await.accepted();
        host.settle().await;
        assert_eq!(erp.documents("acme").len(), 1 + order);
        folder.write(&path, &file);
        host.until_ready("it is mended", no_faults).await;
    }
    // To have none is a thing to say.
    folder.write(&path, format!("{cut}\n[routes]\n"));
    let mut order = 10;
    until("the route is gone", async || {
        order += 1;
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
        host.settle().await;
        host.get("/metrics").await.1.contains("{outcome=\"unrouted\"} 1").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_a_key_twice_keeps_the_last_good_one_and_names_both_lines() {
    let (folder, erp, host) = one_merchant().await;
    let table = folder.of("acme", "lookups/prices.csv");
    folder.write(&table, "sku,price\nA,1\nB,2\n");
    folder.write(&table, "sku,price\nA,1\nB,2\nA,3\n");
    let ready = host.until_ready("the key is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains("prices.csv:4: key `A` stands already in"), "{said:?}");
    assert!(said[0].contains("prices.csv:2"), "{said:?}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
    folder.write(&table, "sku,price\nA,3\nB,2\n");
    host.until_ready("it is mended", no_faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_is_used_by_the_next_order() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let component = fs::read(built("woo-order-to-tryton")).unwrap();
    folder.merchant_with("acme", erp.address(), "woo-order-to-tryton", &component);
    folder.write(folder.of("acme", "lookups/taxes.csv"), "rate,tax\n7,Another\n");
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let row = &host.rows("acme")[0];
    assert_eq!((row.state, row.cause.as_deref()), (State::Dead, Some("rejected")));
    assert!(row.detail.as_deref().unwrap().contains("tax_unknown"), "{row:#?}");

    folder.write(folder.of("acme", "lookups/taxes.csv"), "rate,tax\n18,ICMS 18%\n");
    let mut order = 1;
    until("an order is mapped with the new table", async || {
        order += 1;
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
        tokio::time::sleep(Duration::from_millis(200)).await;
        erp.arrivals().iter().any(|a| a.path == "/acme/party").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_break_the_schema_leave_the_route_as_it_was() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let mut guest = Guest::echo("strict");
    guest.settings_schema =
        r#"{"type":"object","properties":{"digits":{"type":"integer"}},"additionalProperties":false}"#
            .to_owned();
    folder.merchant_with("acme", erp.address(), "strict", &guest.component());
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    folder.write(&path, format!("{file}settings = {{ digits = 2 }}\n"));
    let host = TestHost::start(&folder).await;
    folder.write(&path, format!("{file}settings = {{ digits = \"two\" }}\n"));
    let ready = host.until_ready("the fault is seen", |r| !no_faults(r)).await;
    let said = faults(&ready);
    assert!(said[0].contains("[routes.orders]") && said[0].contains("settings/digits"), "{said:?}");
    assert_eq!(ready["merchants"]["acme"]["routes"]["orders"]["available"], true);
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(host.rows("acme")[0].state, State::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_comes_while_the_host_runs_is_served_and_one_that_goes_waits() {
    let (folder, erp, host) = one_merchant().await;
    folder.merchant("bazar", erp.address());
    host.until_ready("the new merchant is there", |r| {
        no_faults(r) && r["merchants"]["bazar"]["routes"]["orders"]["available"] == true
    })
    .await;
    host.shop("bazar").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 1);

    // Its orders wait for a plugin; then all of the merchant is moved away, and back.
    folder.remove(folder.plugin("bazar", PLUGIN));
    host.until_ready("its route waits", |r| !no_faults(r)).await;
    host.shop("bazar").send(&Delivery::order(2)).await.accepted();
    let (here, away) = (folder.of("bazar", ""), folder.dir().join("bazar-away"));
    fs::rename(&here, &away).unwrap();
    host.until_ready("it is gone", |r| r["merchants"].get("bazar").is_none()).await;
    assert_eq!(host.shop("bazar").send(&Delivery::order(3)).await.status, 404);
    assert_eq!(host.journal().counts().unwrap().open, 1);
    fs::rename(&away, &here).unwrap();
    folder.install("bazar", PLUGIN);
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 2);
}
