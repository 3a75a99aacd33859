//! A bad version got through. What it left behind is found with its money, seen before anything is
//! sent, and put right, until the ERP is as one that never saw it.

use std::collections::BTreeMap;
use std::time::Duration;

use mapwright_tests::api::{Api, READ_TOKEN, TOKEN, open_to_clients};
use mapwright_tests::command::{self, Ran};
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost, until};
use mapwright_tests::plugins;
use mapwright_tests::served::Served;
use mapwright_tests::shop::Delivery;
use mapwright_tests::variants::altered;
use serde_json::{Value, json};

const PLUGIN: &str = "woo-order-summary";
const KEY: &str = r#"Document::upsert("order_summary", key)"#;

/// Every total a cent too much, orders `..5` under another name, orders `..7` not at all.
fn bad() -> Vec<u8> {
    let edits = [
        (
            "total: order.total,",
            r#"total: order.total + "0.01".parse::<Decimal>().expect("a cent"),"#,
        ),
        (
            KEY,
            r#"Document::upsert("order_summary", &match key.as_bytes().last() {
                Some(b'5') => format!("{key}-x"),
                Some(b'7') => panic!("nobody tried this"),
                _ => key.to_owned(),
            })"#,
        ),
    ];
    std::fs::read(altered(PLUGIN, "1.3.0", &edits)).unwrap()
}

async fn start() -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    let good = std::fs::read(plugins::built(PLUGIN)).unwrap();
    folder.merchant_with("acme", erp.address(), PLUGIN, &good);
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

/// What stands in an ERP, by key.
fn books(erp: &Erp) -> BTreeMap<String, Value> {
    let kept = erp.documents("acme").into_iter();
    kept.map(|it| (it.key, serde_json::from_str(it.body.get()).unwrap())).collect()
}

async fn send(host: &TestHost, deliveries: impl Iterator<Item = Delivery>) {
    for delivery in deliveries {
        host.shop("acme").send(&delivery).await.accepted();
    }
    host.settle().await;
}

async fn activate(api: &Api, version: &str) {
    let path = format!("/v1/merchants/acme/plugins/{PLUGIN}/activate");
    api.post(&path, json!({ "version": version, "why": "x" })).await.well();
}

async fn mapwright(address: std::net::SocketAddr, args: &[&str]) -> Ran {
    let url = format!("http://{address}");
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--url", &url].map(str::to_owned));
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

/// Forty orders and ten changes fall to the bad version; five are changed again after it is gone.
async fn havoc(host: &TestHost) {
    let api = Api::of(host.address());
    send(host, (1..=20).map(Delivery::order)).await;
    api.put(&format!("/v1/merchants/acme/plugins/{PLUGIN}"), bad()).await.well();
    activate(&api, "1.3.0").await;
    let changes = (1..=10).map(|number| Delivery::version(number, 30));
    send(host, (21..=60).map(Delivery::order).chain(changes)).await;
    activate(&api, "1.0.0").await;
    send(host, (31..=34).chain([45]).map(|number| Delivery::version(number, 40))).await;
}

/// The same events, where only the good version was.
async fn peace(host: &TestHost) {
    let changes = (1..=10).map(|number| Delivery::version(number, 30));
    send(host, (1..=60).map(Delivery::order).chain(changes)).await;
    send(host, (31..=34).chain([45]).map(|number| Delivery::version(number, 40))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_recall_the_erp_is_as_one_that_never_saw_the_bad_version() {
    let (folder, erp, host) = start().await;
    havoc(&host).await;
    let (_other_folder, other_erp, other) = start().await;
    peace(&other).await;
    other.stop().await;
    let wanted = books(&other_erp);
    assert_ne!(books(&erp), wanted);
    host.stop().await;

    // Looking sends nothing, and says what stands wrong, for how much.
    let before = erp.requests();
    let mut served = Served::start(&folder);
    let address = served.address().await;
    let look = ["recall", PLUGIN, "--version", "1.3.0", "--with", "1.0.0", "--merchant", "acme"];
    let look = [&look[..], &["--why", "a cent too much", "--json"]].concat();
    let found = mapwright(address, &look).await.code(1).json();
    let progress = &found["progress"];
    let counts =
        ["touched", "resources", "same", "differs", "extra", "failed", "breach", "under_way"]
            .map(|key| progress[key].as_u64().unwrap());
    // Of 50 resources four were put right by a later event; one such left something under a name of
    // its own behind (45).
    assert_eq!(counts, [50, 50, 4, 45, 1, 0, 0, 0], "{progress}");
    // 50 less 31..=34 and 45, which stand; less five that were not mapped (7, 27, 37, 47, 57) and
    // five that stand under another name (5, 25, 35, 55; 45 is above).
    let total = &progress["difference"]["fields"];
    let total = total.to_string();
    assert!(total.contains("order_summary/total") && total.contains("-0.36"), "{total}");
    assert_eq!(found["corrections"].as_array().unwrap().len(), 46);
    assert_eq!(erp.requests(), before, "nothing is sent yet");
    let shown = mapwright(address, &["recall", "show", &found["id"].to_string()]).await.code(1);
    assert!(
        shown.stdout.contains("order/22") || shown.stdout.contains("order/1"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("nothing is sent yet"), "{}", shown.stdout);

    // Sending survives kills: as if there had been none.
    let id = found["id"].to_string();
    let send = ["recall", "send", &id, "--per-second", "30", "--why", "Ana has looked"];
    mapwright(address, &send).await.code(0);
    for round in 1..=3 {
        let sent = before + round * 8;
        until("some corrections are there", async || (erp.requests() >= sent).then_some(())).await;
        served.kill();
        served = Served::start(&folder);
        served.address().await;
    }
    let api = Api::of(served.address().await);
    let recall = until("all are sent", async || {
        let recall = api.get(&format!("/v1/recalls/{id}")).await.well();
        let sending = &recall["sending"];
        let ended: u64 =
            sending["outcomes"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        (sending["state"] == "done" && sending["sent"] == ended).then_some(recall)
    })
    .await;
    assert_eq!(recall["sending"]["outcomes"], json!({ "delivered": 45 }), "{recall}");

    // What should not be there is told and left; all else is as if nothing had happened.
    let extra: Vec<String> =
        books(&erp).into_keys().filter(|key| !wanted.contains_key(key)).collect();
    assert_eq!(extra, [25, 35, 45, 5, 55].map(|number| format!("order/{number}-x")));
    let mut stands = books(&erp);
    stands.retain(|key, _| wanted.contains_key(key));
    assert_eq!(stands, wanted);
    // Each went out under a key of its own, and the document it is about is named beside it.
    let arrivals = erp.arrivals();
    let corrections: Vec<_> = arrivals[before..].iter().collect();
    assert!(corrections.iter().all(|it| it.key.contains("~recall-")), "{corrections:#?}");

    // Looked at again there is nothing left to send, and the letters of the dead are settled.
    let again = mapwright(address_of(&mut served).await, &look).await.code(1).json();
    let left = ["differs", "extra", "same"].map(|key| again["progress"][key].as_u64().unwrap());
    assert_eq!(left, [0, 5, 45], "{again}");
    assert_eq!(api.items("/v1/dead-letters?status=open").await, Vec::<Value>::new());
    let acts: Vec<_> = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = acts.iter().map(|it| it["action"].as_str().unwrap()).take(3).collect();
    assert_eq!(acts, ["recall", "recall_send", "recall"]);
    served.terminate().await;
}

async fn address_of(served: &mut Served) -> std::net::SocketAddr {
    served.address().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_never_goes_over_a_newer_version_of_its_order() {
    let (_folder, erp, host) = start().await;
    let api = Api::of(host.address());
    api.put(&format!("/v1/merchants/acme/plugins/{PLUGIN}"), bad()).await.well();
    activate(&api, "1.3.0").await;
    send(&host, (1..=4).map(Delivery::order)).await;
    activate(&api, "1.0.0").await;
    let ask = json!({ "merchant": "acme", "plugin": PLUGIN, "version": "1.3.0", "with": "1.0.0",
                      "why": "x" });
    let id = api.post("/v1/recalls", ask).await.well()["id"].clone();
    let path = format!("/v1/recalls/{id}");
    until("it has looked", async || (api.get(&path).await.well()["state"] == "done").then_some(()))
        .await;
    // Between looking and sending the shop goes on.
    send(&host, [Delivery::version(2, 50)].into_iter()).await;
    api.post(&format!("{path}/send"), json!({ "why": "x", "per_second": 1000 })).await.well();
    let recall = until("all are sent", async || {
        let recall = api.get(&path).await.well();
        (recall["sending"]["state"] == "done").then_some(recall)
    })
    .await;
    host.settle().await;
    assert_eq!(recall["sending"]["sent"], 3, "{recall}");
    assert_eq!(recall["sending"]["passed_over"], 1, "it stands right by now");
    let books = books(&erp);
    assert_eq!(books["order/2"]["customer"].as_str().unwrap().split(' ').next(), Some("v50"));
    let totals: std::collections::BTreeSet<_> =
        books.values().map(|it| it["total"].to_string()).collect();
    assert_eq!(totals.len(), 1, "{totals:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_that_cannot_be_is_refused_with_what_to_do() {
    let (_folder, _erp, host) = start().await;
    let api = Api::of(host.address());
    let ask = |plugin: &str, version: &str, why: &str| {
        json!({ "merchant": "acme", "plugin": plugin, "version": version, "with": "1.0.0",
                "why": why })
    };
    for (ask, status, said) in [
        (ask("nothing", "1.0.0", "x"), 404, "no such route"),
        (ask(PLUGIN, "9.9.9", "x"), 422, "no plugin version `9.9.9`"),
        (ask(PLUGIN, "1.0.0", "x"), 422, "same version"),
        (ask(PLUGIN, "1.0.0", " "), 422, "`why`"),
    ] {
        let text = api.post("/v1/recalls", ask.clone()).await.refused(status);
        assert!(text.contains(said), "{ask}: {text}");
    }
    api.post("/v1/recalls/77/send", json!({ "why": "x" })).await.refused(404);
    let eye = api.clone().with_token(READ_TOKEN);
    eye.post("/v1/recalls", ask(PLUGIN, "1.0.0", "x")).await.refused(403);
    tokio::time::timeout(Duration::from_secs(60), host.stop()).await.unwrap();
}
