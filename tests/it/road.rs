//! The whole road in one process: a shop's delivery in over HTTP, a document in an ERP, and the
//! journal's account of what happened between.

use std::collections::BTreeMap;

use mapwright::journal::{State, SummaryRow};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::shop::Delivery;
use serde_json::json;

/// A host with merchants `acme` and `bazar`, both with the same ERP and plugin.
async fn two_merchants() -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    folder.merchant("bazar", erp.address());
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

/// The one row there is.
fn only(rows: Vec<SummaryRow>) -> SummaryRow {
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_order_crosses_from_the_shop_to_the_erp() {
    let (folder, erp, host) = two_merchants().await;
    let delivery = Delivery::captured("039-order-br-cnpj-order-created");
    let reply = host.shop("acme").send(&delivery).await.accepted();
    host.settle().await;

    let documents = erp.documents("acme");
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(document.path, "/acme/order_summary");
    assert_eq!((document.key.as_str(), document.times), ("order/27", 1));
    assert_eq!(
        (document.entity.as_str(), document.operation.as_str()),
        ("order_summary", "upsert")
    );
    assert_eq!(document.correlation_id, reply.word("correlation_id"));
    let body: serde_json::Value = serde_json::from_str(document.body.get()).unwrap();
    assert_eq!((&body["number"], &body["total"]), (&json!("27"), &json!("602.80")));
    assert_eq!((&body["currency"], &body["tax"]), (&json!("BRL"), &json!("42.34")));

    let row = only(host.rows("acme"));
    assert_eq!(row.event_id.0, reply.word("event_id"));
    assert_eq!((row.state, row.route.as_deref()), (State::Delivered, Some("orders")));
    assert_eq!(row.documents[0].target_id, Some(document.id.to_string()));
    let [receipt] = row.receipts.as_slice() else { panic!("{row:#?}") };
    let file = std::fs::read(folder.plugin("acme", "woo-order-summary")).unwrap();
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(file));
    assert_eq!(
        (receipt.plugin.as_str(), receipt.version.as_str(), &receipt.digest),
        ("woo-order-summary", "1.0.0", &digest)
    );
    assert!(receipt.fuel > 0 && receipt.memory_bytes > 0, "{receipt:?}");
    assert!(erp.documents("bazar").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn created_and_updated_with_one_body_are_delivered_once() {
    let (_folder, erp, host) = two_merchants().await;
    let shop = host.shop("acme");
    let first = shop.send(&Delivery::captured("032-order-br-pending-order-created")).await;
    let first = first.accepted();
    let second = shop.send(&Delivery::captured("033-order-br-pending-order-updated")).await;
    assert_eq!((second.status, second.word("status")), (200, "duplicate"));
    assert_eq!(second.word("event_id"), first.word("event_id"));
    host.settle().await;
    assert_eq!(only(host.rows("acme")).state, State::Delivered);
    assert_eq!(erp.arrivals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_body_under_two_topics_goes_each_way_that_is_routed() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let path = folder.of("acme", "merchant.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    let created = r#"topics = ["order.created"]"#;
    let mut file =
        file.replace(r#"topics = ["order.created", "order.updated", "order.deleted"]"#, created);
    file.push_str(
        "\n[routes.changes]\nfrom = \"shop\"\ntopics = [\"order.updated\"]\nto = \"erp\"\n\
         field_mapping = \"woo-order-summary\"\n",
    );
    folder.write(path, file);
    let host = TestHost::start(&folder).await;
    let shop = host.shop("acme");
    shop.send(&Delivery::captured("032-order-br-pending-order-created")).await.accepted();
    shop.send(&Delivery::captured("033-order-br-pending-order-updated")).await.accepted();
    host.settle().await;
    let routes: Vec<_> =
        host.rows("acme").into_iter().map(|r| (r.route.unwrap(), r.state)).collect();
    let both = ["orders", "changes"].map(|route| (route.to_owned(), State::Delivered));
    assert_eq!(routes, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_gets_an_empty_200_and_leaves_nothing_behind() {
    let (_folder, erp, host) = two_merchants().await;
    let reply = host.shop("acme").send(&Delivery::captured("001-register-ping")).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    let counts = host.journal().counts().unwrap();
    assert_eq!((counts.events, counts.quarantined), (0, 0));
    assert!(erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_goes_to_quarantine_and_not_to_the_erp() {
    let (_folder, erp, host) = two_merchants().await;
    let forged = Delivery::captured("034-order-br-paid-order-created")
        .with("x-wc-webhook-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let reply = host.shop("acme").send(&forged).await;
    assert_eq!((reply.status, reply.word("status")), (200, "quarantined"));
    let counts = host.journal().counts().unwrap();
    assert_eq!((counts.events, counts.quarantined), (0, 1));
    // A good one behind it shows that the road was open all the time.
    host.shop("acme").send(&Delivery::order(7)).await.accepted();
    host.settle().await;
    let keys: Vec<_> = erp.documents("acme").into_iter().map(|kept| kept.key).collect();
    assert_eq!(keys, ["order/7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_that_name_is_404_and_nothing_is_kept() {
    let (_folder, _erp, host) = two_merchants().await;
    let reply = host.shop("nobody").send(&Delivery::order(1)).await;
    assert_eq!((reply.status, reply.word("reason")), (404, "unknown"));
    assert_eq!(host.journal().counts().unwrap().events, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_no_route_takes_ends_unrouted() {
    let (_folder, erp, host) = two_merchants().await;
    let product = Delivery::captured("003-products-product-created");
    host.shop("acme").send(&product).await.accepted();
    host.settle().await;
    let row = only(host.rows("acme"));
    assert_eq!((row.state, row.route), (State::Unrouted, None));
    assert!(erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_wants_nothing_done_ends_skipped_with_its_reason() {
    let (_folder, erp, host) = two_merchants().await;
    let draft = Delivery::captured("070-order-checkoutdraft-order-created");
    host.shop("acme").send(&draft).await.accepted();
    host.settle().await;
    let row = only(host.rows("acme"));
    assert_eq!(row.state, State::Skipped);
    assert!(row.reason.as_deref().unwrap().contains("draft"), "{row:#?}");
    assert!(erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_id_of_the_sender_goes_all_the_way() {
    let (_folder, erp, host) = two_merchants().await;
    let delivery = Delivery::order(8).with("x-correlation-id", "till-4711");
    let reply = host.shop("acme").send(&delivery).await.accepted();
    assert_eq!(reply.word("correlation_id"), "till-4711");
    host.settle().await;
    assert_eq!(only(host.rows("acme")).correlation_id, "till-4711");
    assert_eq!(erp.documents("acme")[0].correlation_id, "till-4711");
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_versions_of_an_order_arrive_in_their_order_while_the_erp_fails_now_and_then() {
    const ORDERS: u64 = 12;
    const VERSIONS: u32 = 30;
    let (_folder, erp, host) = two_merchants().await;
    // Every fourth request fails, every seventh is slow, whoever it belongs to.
    erp.trouble(|n, _| match n {
        n if n % 4 == 1 => Some(Trouble::StatusAfter(503, 0)),
        n if n % 7 == 3 => Some(Trouble::Slow(std::time::Duration::from_millis(30))),
        _ => None,
    });
    let senders: Vec<_> = (0..ORDERS)
        .map(|order| {
            let shop = host.shop(if order % 2 == 0 { "acme" } else { "bazar" });
            tokio::spawn(async move {
                for version in 0..VERSIONS {
                    shop.send(&Delivery::version(100 + order, version)).await.accepted();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    host.settle().await;

    let wanted: Vec<String> = (0..VERSIONS).map(|version| format!("v{version}")).collect();
    for order in 0..ORDERS {
        let taken = erp.taken(&format!("order/{}", 100 + order));
        let versions: Vec<String> = taken
            .iter()
            .map(|a| a.body["customer"].as_str().unwrap().split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(versions, wanted, "order {order}");
    }
    let mut states = BTreeMap::new();
    for row in host.rows("") {
        *states.entry(format!("{:?}", row.state)).or_insert(0) += 1;
    }
    assert_eq!(states, BTreeMap::from([("Delivered".to_owned(), ORDERS * u64::from(VERSIONS))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_that_comes_late_never_overwrites_a_newer_one() {
    let (folder, erp, host) = two_merchants().await;
    let shop = host.shop("acme");
    shop.send(&Delivery::version(5, 20)).await.accepted();
    host.settle().await;
    shop.send(&Delivery::version(5, 10)).await.accepted();
    host.settle().await;
    // What was delivered is remembered over a restart.
    host.stop().await;
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::version(5, 15)).await.accepted();
    host.shop("acme").send(&Delivery::version(5, 25)).await.accepted();
    host.settle().await;

    let states: Vec<_> = host.rows("acme").iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Delivered, State::Skipped, State::Skipped, State::Delivered]);
    let reason = host.rows("acme")[1].reason.clone().unwrap();
    assert!(reason.contains("order/5") && reason.contains("2026-11-22T03:00:20Z"), "{reason}");
    let customers: Vec<_> =
        erp.taken("order/5").iter().map(|a| a.body["customer"].clone()).collect();
    assert_eq!(customers, ["v20 da Silva Açaí", "v25 da Silva Açaí"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_comes_late_does_not_bring_a_deleted_order_back() {
    let (_folder, erp, host) = two_merchants().await;
    let shop = host.shop("acme");
    shop.send(&Delivery::version(5, 20)).await.accepted();
    host.settle().await;
    // What a shop sends of a deleted order is its id, and no date.
    shop.send(&Delivery::signed("order.deleted", r#"{"id":5}"#)).await.accepted();
    host.settle().await;
    shop.send(&Delivery::version(5, 10)).await.accepted();
    host.settle().await;
    let states: Vec<_> = host.rows("acme").iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Delivered, State::Delivered, State::Skipped]);
    assert_eq!(erp.documents("acme")[0].operation, "cancel");
    // A restored order is newer than all of it.
    shop.send(&Delivery::version(5, 30)).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme")[0].operation, "upsert");
}
