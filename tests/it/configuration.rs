//! Starting with something wrong: one merchant's fault is that merchant's alone, its shop is told to
//! come again, and once mended it is served without a restart.

use std::fs;

use mapwright::journal::State;
use mapwright_tests::command::mapwright;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, faults, merchant_toml, no_faults, until};
use mapwright_tests::shop::{Delivery, SECRET};

const PLUGIN: &str = "woo-order-summary";

/// Starts with `acme` as it should be and `bazar` after `spoil`.
async fn with_a_spoilt_merchant(spoil: impl FnOnce(&Folder)) -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    folder.merchant("bazar", erp.address());
    spoil(&folder);
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

/// The good merchant is served, the spoilt one's shop is told to come again; then it is mended and
/// served as well.
async fn one_is_served_and_the_other_once_mended(
    (folder, erp, host): (Folder, Erp, TestHost),
    fault: &str,
    mend: impl FnOnce(&Folder),
) {
    let said = faults(&host.ready().await).join("\n");
    assert!(said.contains(fault), "{fault}: {said}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    let reply = host.shop("bazar").send(&Delivery::order(1)).await;
    assert_eq!((reply.status, reply.word("status")), (503, "unavailable"));
    assert!(reply.retry_after.as_deref().is_some_and(|s| s.parse::<u32>().is_ok()), "{reply:?}");
    host.settle().await;
    assert_eq!((erp.documents("acme").len(), erp.documents("bazar").len()), (1, 0));

    mend(&folder);
    host.until_ready("it is mended", no_faults).await;
    host.shop("bazar").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_toml_stops_its_merchant_only() {
    let spoilt = with_a_spoilt_merchant(|folder| {
        let path = folder.of("bazar", "merchant.toml");
        let file = fs::read_to_string(&path).unwrap();
        folder.write(&path, file.replace("[routes.orders]", "[routes.orders"));
    })
    .await;
    let address = spoilt.1.address();
    one_is_served_and_the_other_once_mended(spoilt, "bazar/merchant.toml", |folder| {
        folder.write(folder.of("bazar", "merchant.toml"), merchant_toml("bazar", address, PLUGIN));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_its_file_stops_its_merchant_only() {
    let spoilt =
        with_a_spoilt_merchant(|folder| folder.remove(folder.of("bazar", "merchant.toml"))).await;
    let address = spoilt.1.address();
    one_is_served_and_the_other_once_mended(spoilt, "cannot be read", |folder| {
        folder.write(folder.of("bazar", "merchant.toml"), merchant_toml("bazar", address, PLUGIN));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_secret_opens_no_hook_until_there_is_one() {
    let spoilt = with_a_spoilt_merchant(|folder| {
        let path = folder.of("bazar", "merchant.toml");
        let file = fs::read_to_string(&path).unwrap();
        folder.write(&path, file.replace("../../shop-secret", "secret"));
        folder.write(folder.of("bazar", "secret"), "\n");
    })
    .await;
    one_is_served_and_the_other_once_mended(spoilt, "is empty", |folder| {
        folder.write(folder.of("bazar", "secret"), SECRET);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_opens_no_hook_until_it_is() {
    let spoilt = with_a_spoilt_merchant(|folder| {
        let path = folder.of("bazar", "merchant.toml");
        let file = fs::read_to_string(&path).unwrap();
        let absent = "{ env = \"MAPWRIGHT_TEST_NO_SUCH_VARIABLE\" }";
        folder.write(&path, file.replace("{ file = \"../../shop-secret\" }", absent));
    })
    .await;
    let address = spoilt.1.address();
    one_is_served_and_the_other_once_mended(
        spoilt,
        "MAPWRIGHT_TEST_NO_SUCH_VARIABLE is not set",
        |folder| {
            let file = merchant_toml("bazar", address, PLUGIN);
            folder.write(folder.of("bazar", "merchant.toml"), file);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_changed_in_its_file_is_the_one_that_counts() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let order = serde_json::to_string(&mapwright_tests::shop::order(1)).unwrap();
    let delivery = Delivery::signed_with("another-secret-0002", "order.created", &order);
    let reply = host.shop("acme").send(&delivery).await;
    assert_eq!(reply.word("status"), "quarantined");
    folder.write("shop-secret", "another-secret-0002");
    until("the new secret counts", async || {
        let reply = host.shop("acme").send(&delivery).await;
        (reply.word("status") == "accepted").then_some(())
    })
    .await;
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_loaded_keeps_its_orders_waiting_and_nobody_elses() {
    let (folder, erp, host) = with_a_spoilt_merchant(|folder| {
        folder.write(folder.plugin("bazar", PLUGIN), "not wasm at all");
    })
    .await;
    let ready = host.ready().await;
    assert_eq!(ready["merchants"]["bazar"]["plugins"][0]["state"], "refused");
    // What the shop sends is kept all the same: the hook has nothing to do with the plugin.
    host.shop("bazar").send(&Delivery::order(1)).await.accepted();
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    until("the other's order is there", async || (erp.documents("acme").len() == 1).then_some(()))
        .await;
    assert_eq!(host.rows("bazar")[0].state, State::Accepted);
    folder.install("bazar", PLUGIN);
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_refused_for_its_limits_is_taken_once_the_limits_allow_it() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let mut guest = Guest::echo("roomy");
    guest.pages = 160; // 10 MB from the start
    folder.merchant_with("acme", erp.address(), "roomy", &guest.component());
    let path = folder.of("acme", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    folder.write(&path, format!("{file}\n[limits]\nmemory_bytes = 1048576\n"));
    let host = TestHost::start(&folder).await;
    let ready = host.ready().await;
    assert_eq!(ready["merchants"]["acme"]["plugins"][0]["state"], "refused", "{ready:#}");
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    folder.write(&path, format!("{file}\n[limits]\nmemory_bytes = 33554432\n"));
    host.settle().await;
    assert_eq!(host.rows("acme")[0].state, State::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_merchant_whose_file_broke_over_a_restart_wait_until_it_is_mended() {
    wait_until_it_is_mended(|file| file.replace("[routes.orders]", "[routes.orders")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_merchant_whose_file_was_cut_short_over_a_restart_wait_as_well() {
    wait_until_it_is_mended(|_| String::new()).await;
    wait_until_it_is_mended(|file| file.split("[routes").next().unwrap().to_owned()).await;
}

/// Orders are open, the host stops, its file is spoilt, the host starts.
async fn wait_until_it_is_mended(spoil: fn(&str) -> String) {
    let (folder, erp, host) = with_a_spoilt_merchant(|_| {}).await;
    folder.remove(folder.plugin("bazar", PLUGIN));
    host.until_ready("its route waits", |ready| !no_faults(ready)).await;
    for order in 1..=3 {
        host.shop("bazar").send(&Delivery::order(order)).await.accepted();
    }
    host.stop().await;
    folder.install("bazar", PLUGIN);
    let path = folder.of("bazar", "merchant.toml");
    let file = fs::read_to_string(&path).unwrap();
    folder.write(&path, spoil(&file));
    let host = TestHost::start(&folder).await;
    let reply = host.shop("bazar").send(&Delivery::order(4)).await;
    assert_eq!((reply.status, reply.word("status")), (503, "unavailable"));
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    until("the other's order is there", async || (erp.documents("acme").len() == 1).then_some(()))
        .await;
    assert!(erp.documents("bazar").is_empty());
    folder.write(&path, file);
    host.settle().await;
    assert_eq!(erp.documents("bazar").len(), 3);
}

#[test]
fn a_host_file_with_a_typo_is_refused_at_once_with_line_and_nearest_key() {
    let folder = Folder::new();
    folder.write("mapwright.toml", "listen = \"127.0.0.1:0\"\ndata_dri = \"data\"\n");
    let ran = mapwright(["serve".as_ref(), "--config".as_ref(), folder.dir().as_os_str()]).code(2);
    assert!(ran.stderr.contains("mapwright.toml:2: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `data_dir`?"), "{}", ran.stderr);
}

#[test]
fn a_folder_that_is_no_configuration_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ran = mapwright(["serve".as_ref(), "--config".as_ref(), folder.path().as_os_str()]).code(2);
    assert!(ran.stderr.contains("mapwright.toml") && ran.stderr.contains("--config"), "{ran:?}");
}

#[test]
fn an_address_that_is_taken_is_said_and_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    folder.write("mapwright.toml", format!("listen = \"{address}\"\n"));
    let ran = mapwright(["serve".as_ref(), "--config".as_ref(), folder.dir().as_os_str()]).code(2);
    assert!(ran.stderr.contains(&address) && ran.stderr.contains("listen"), "{}", ran.stderr);
}
