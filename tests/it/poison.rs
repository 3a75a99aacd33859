//! Plugins that mean harm, or are broken as if they did, in one merchant of a running host: they end
//! by name and number, and the other merchants' orders cross meanwhile.

use mapwright::journal::State;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, until};
use mapwright_tests::shop::Delivery;
use serde_json::Value;

/// How a plugin does harm, what its dead letters are called, and which limit they name.
struct Poison {
    name: &'static str,
    body: &'static str,
    cause: &'static str,
    limit: (&'static str, u64),
}

const POISONS: [Poison; 3] = [
    Poison {
        name: "looping",
        body: "(loop $again (br $again)) (unreachable)",
        cause: "out_of_fuel",
        limit: ("limit", 100_000_000),
    },
    Poison {
        name: "growing",
        body: "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (unreachable)",
        cause: "out_of_memory",
        limit: ("limit_bytes", 64 << 20),
    },
    Poison { name: "trapping", body: "(unreachable)", cause: "trapped", limit: ("", 0) },
];

#[tokio::test(flavor = "multi_thread")]
async fn poisonous_plugins_end_in_dead_letters_with_their_limits_and_harm_nobody_else() {
    const ORDERS: u64 = 20;
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    for poison in &POISONS {
        let guest = Guest::transforming(poison.name, poison.body);
        folder.merchant_with(poison.name, erp.address(), poison.name, &guest.component());
    }
    let host = TestHost::start(&folder).await;
    for order in 0..ORDERS {
        for poison in &POISONS {
            host.shop(poison.name).send(&Delivery::order(order)).await.accepted();
        }
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
    }
    until("the good merchant's orders stand in the ERP", async || {
        (erp.documents("acme").len() as u64 == ORDERS).then_some(())
    })
    .await;
    host.settle().await;
    for poison in &POISONS {
        let rows = host.rows(poison.name);
        assert_eq!(rows.len() as u64, ORDERS);
        for row in rows {
            assert_eq!((row.state, row.cause.as_deref()), (State::Dead, Some(poison.cause)));
            let detail: Value = serde_json::from_str(row.detail.as_deref().unwrap()).unwrap();
            let (key, limit) = poison.limit;
            if !key.is_empty() {
                assert_eq!(detail[key], limit, "{detail}");
            }
            assert_eq!(row.receipts.len(), 1, "who did it is written down");
        }
        assert!(erp.documents(poison.name).is_empty());
    }
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_the_merchant_and_of_the_plugin_are_the_ones_that_are_named() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let guest = Guest::transforming("looping", POISONS[0].body);
    folder.merchant_with("acme", erp.address(), "looping", &guest.component());
    let path = folder.of("acme", "merchant.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    folder.write(&path, format!("{file}\n[limits]\nfuel = 5000000\n"));
    folder.merchant_with("bazar", erp.address(), "looping", &guest.component());
    let path = folder.of("bazar", "merchant.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    let limits = "\n[limits]\nfuel = 5000000\n\n[plugins.looping.limits]\nfuel = 7000000\n";
    folder.write(&path, format!("{file}{limits}"));
    let host = TestHost::start(&folder).await;
    for (merchant, fuel) in [("acme", 5_000_000), ("bazar", 7_000_000)] {
        host.shop(merchant).send(&Delivery::order(1)).await.accepted();
        host.settle().await;
        let row = &host.rows(merchant)[0];
        let detail: Value = serde_json::from_str(row.detail.as_deref().unwrap()).unwrap();
        assert_eq!((row.cause.as_deref(), &detail["limit"]), (Some("out_of_fuel"), &fuel.into()));
    }
}
