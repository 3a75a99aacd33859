//! Rules without fear, in one piece: ten thousand recorded orders catch a cent, a status and a crash before
//! any of them goes live; what goes live all the same is taken back by the host, and recalled, until the
//! ERP is as one that never saw it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mapwright_tests::erp::Erp;
use mapwright_tests::host::{TestHost, until};
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::{Value, json};

use crate::shadow::{
    KINDS, NAME, PLUGIN, RARE, active, cent, crash, mapwright, order, push, stage, status,
};

/// As many recorded orders.
const ORDERS: u64 = 10_000;
/// The one that is of nothing.
const ODD: u64 = 7_777;
/// Shops send one after the other; the test does not have all day.
const SENDERS: u64 = 16;

/// What is ordered under a number.
fn delivery(number: u64) -> Delivery {
    let kind = if number == ODD { RARE } else { KINDS[usize::try_from(number % 5).unwrap()] };
    order(kind, number)
}

/// How many of so many orders a fault concerns.
fn concerned(of: &dyn Fn(&Value) -> bool) -> u64 {
    let kinds = KINDS.map(|kind| {
        let order: Value = serde_json::from_slice(&Delivery::captured(kind).body).unwrap();
        of(&order)
    });
    let number = |number: &u64| *number != ODD && kinds[usize::try_from(number % 5).unwrap()];
    (1..=ORDERS).filter(number).count() as u64
}

async fn send_many(host: &TestHost, until: u64) {
    let next = Arc::new(AtomicU64::new(1));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (next, shop) = (Arc::clone(&next), Shop::of("acme", host.address()));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > until {
                        return;
                    }
                    shop.send(&delivery(number)).await.accepted();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    host.settle().await;
}

/// What stands in an ERP of the orders behind the recorded ones, by key.
fn books(erp: &Erp) -> BTreeMap<String, Value> {
    let number = |key: &str| key.rsplit('/').next().and_then(|it| it.parse::<u64>().ok());
    let kept = erp.documents("acme").into_iter();
    let late = kept.filter(|it| number(&it.key).is_some_and(|number| number > ORDERS));
    late.map(|it| (it.key, serde_json::from_str(it.body.get()).unwrap())).collect()
}

async fn diff(host: &TestHost, version: &str, code: i32, more: &[&str]) -> Value {
    let args = ["diff", NAME, "--candidate", version, "--merchant", "acme"];
    let found = mapwright(host, &[&args[..], more].concat()).await.code(code).json();
    found["items"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_go_wrong_is_known_before_and_what_went_wrong_is_put_right() {
    let (folder, erp, host, api) = stage().await;
    send_many(&host, ORDERS).await;
    for built in [cent(), status(), crash()] {
        push(&api, built).await;
    }
    let before = erp.requests();
    let all = ["--last", "20000"];

    // A cent less for each order in euros.
    let euros = concerned(&|order| order["currency"] == "EUR");
    let found = diff(&host, "7.0.0", 1, &all).await;
    let told = &found["difference"];
    assert_eq!((&told["compared"], &told["equal"]), (&json!(ORDERS), &json!(ORDERS - euros)));
    let obstacles = found["verdict"]["obstacles"].as_array().unwrap();
    assert_eq!(obstacles.len(), 1, "{obstacles:#?}");
    let said = obstacles[0]["message"].as_str().unwrap();
    let sum = format!("-{}.{:02} EUR", euros / 100, euros % 100);
    assert!(said.contains(&sum), "{sum}: {said}");
    assert!(said.contains("at most by -0.01"), "{said}");

    // Another word for `completed`.
    let completed = concerned(&|order| order["status"] == "completed");
    assert!(completed > 0, "one of the kinds is completed");
    let found = diff(&host, "7.1.0", 1, &all).await;
    assert_eq!(found["difference"]["equal"], json!(ORDERS - completed));
    let fields = found["difference"]["fields"].to_string();
    assert!(fields.contains("order_summary/status") && fields.contains("done"), "{fields}");

    // A crash on one order of ten thousand.
    let found = diff(&host, "7.2.0", 1, &all).await;
    assert_eq!(found["difference"]["equal"], json!(ORDERS - 1));
    let outcomes = found["difference"]["outcomes"].to_string();
    assert!(outcomes.contains("mapped") && outcomes.contains("trapped"), "{outcomes}");
    assert!(outcomes.contains("divided by the total"), "{outcomes}");
    // Of events that are named, those and no others.
    let odd = api.get(&format!("/v1/events?merchant=acme&resource=order/{ODD}")).await.well();
    let odd = odd["items"][0]["id"].as_str().unwrap().to_owned();
    let ids = folder.dir().join("ids");
    std::fs::write(&ids, format!("{odd}\n")).unwrap();
    let found = diff(&host, "7.2.0", 1, &["--events", &ids.display().to_string()]).await;
    assert_eq!(
        (&found["difference"]["compared"], &found["difference"]["equal"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(erp.requests(), before, "judging sends nothing");
    assert_eq!(active(&api).await, "1.0.0", "nothing of it went live");

    // The cent goes live on purpose, watched: the host takes it back by itself.
    let watch = json!({ "for": "1h", "tolerances": { "total": "<= 0.00" } });
    let ask = json!({ "version": "7.0.0", "why": "on purpose", "watch": watch });
    api.post(&format!("{PLUGIN}/activate"), ask).await.well();
    let mut last = ORDERS;
    for number in ORDERS + 1..=ORDERS + 400 {
        host.shop("acme").send(&delivery(number)).await.accepted();
        last = number;
        if active(&api).await == "1.0.0" && number >= ORDERS + 50 {
            break;
        }
    }
    until("the version before is back", async || (active(&api).await == "1.0.0").then_some(()))
        .await;
    host.settle().await;
    let audit = api.items("/v1/audit?merchant=acme").await;
    let reverted = audit.iter().find(|it| it["action"] == "revert_plugin").unwrap();
    assert_eq!(reverted["who"], "host");

    // And recalled: the ERP ends as one that never saw it.
    let (_folder, other_erp, other, _) = stage().await;
    for number in ORDERS + 1..=last {
        other.shop("acme").send(&delivery(number)).await.accepted();
    }
    other.settle().await;
    assert_ne!(books(&erp), books(&other_erp), "a cent went out");
    let look = ["recall", NAME, "--version", "7.0.0", "--with", "1.0.0", "--merchant", "acme"];
    let found = mapwright(&host, &[&look[..], &["--why", "a cent"]].concat()).await.code(1).json();
    let wrong = found["progress"]["differs"].as_u64().unwrap();
    assert!(wrong >= 3, "{}", found["progress"]);
    let fields = found["progress"]["difference"]["fields"].to_string();
    let sum = format!("0.0{wrong}");
    assert!(wrong > 9 || fields.contains(&sum), "{sum}: {fields}");
    let id = found["id"].to_string();
    mapwright(&host, &["recall", "send", &id, "--why", "seen", "--wait"]).await.code(0);
    assert_eq!(books(&erp), books(&other_erp));
    host.stop().await;
    other.stop().await;
}
