//! A candidate for a share of the resources: always the same ones, and nobody loses it while it grows.

use std::collections::BTreeMap;

use mapwright_tests::api::{Api, TOKEN, open_to_clients};
use mapwright_tests::command;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};

const PLUGIN: &str = "/v1/merchants/acme/plugins/rules";
const ORDERS: u64 = 60;

fn rules(version: &str) -> Vec<u8> {
    let mut guest = Guest::new("rules");
    guest.version = version.to_owned();
    let body = guest.mapped_bodies(&[("sale", "s-1", r#"{"total":"1.00"}"#)], None);
    guest.transform = Some(body);
    guest.component()
}

/// The version that mapped the newest event of each order.
async fn mapped_by(api: &Api) -> BTreeMap<String, String> {
    let mut by = BTreeMap::new();
    for row in api.items("/v1/events?merchant=acme&limit=500").await {
        let order = row["resource_key"].as_str().unwrap().to_owned();
        if by.contains_key(&order) {
            continue; // an older one
        }
        let event = api.get(&format!("/v1/events/{}", row["id"].as_str().unwrap())).await.well();
        let version = event["passages"][0]["receipts"][0]["version"].as_str().unwrap();
        by.insert(order, version.to_owned());
    }
    by
}

async fn send(host: &TestHost, second: u32) {
    for number in 1..=ORDERS {
        host.shop("acme").send(&Delivery::version(number, second)).await.accepted();
    }
    host.settle().await;
}

fn with_candidate(by: &BTreeMap<String, String>) -> Vec<&String> {
    by.iter().filter(|(_, version)| *version == "1.1.0").map(|(order, _)| order).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_gets_the_same_resources_each_time_and_keeps_them_while_it_grows() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &rules("1.0.0"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    api.put(PLUGIN, rules("1.1.0")).await.well();
    let share = |percent: &str| json!({ "candidate": "1.1.0", "share": percent, "why": "a test" });
    let path = format!("{PLUGIN}/canary");
    for wrong in ["0%", "101%", "some"] {
        api.post(&path, share(wrong)).await.refused(422);
    }
    let said = api.post(&path, json!({ "candidate": "1.0.0", "share": "5%", "why": "x" })).await;
    assert!(said.refused(422).contains("in use already"));

    assert_eq!(api.post(&path, share("25%")).await.well()["share"], "25%");
    send(&host, 1).await;
    let first = mapped_by(&api).await;
    let some = with_candidate(&first).len();
    assert!((4..=28).contains(&some), "about 15 of 60: {some}");

    // Other events of the same orders, another start: the same ones again.
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    send(&host, 2).await;
    assert_eq!(mapped_by(&api).await, first, "each order has the version it had");
    assert_eq!(host.ready().await["canaries"][0]["share"], "25%");

    assert_eq!(api.post(&path, share("60%")).await.well()["share"], "60%");
    send(&host, 3).await;
    let more = mapped_by(&api).await;
    let (before, after) = (with_candidate(&first), with_candidate(&more));
    assert!(after.len() > before.len() && before.iter().all(|order| after.contains(order)));

    // A third version does not slip in beside it; promoted, it is for all.
    api.put(PLUGIN, rules("1.2.0")).await.well();
    let third = json!({ "candidate": "1.2.0", "share": "5%", "why": "x" });
    api.post(&path, third).await.refused(409);
    let url = format!("http://{}", host.address());
    let promote =
        ["canary", "acme", "rules", "--promote", "--why", "well", "--json", "--url", &url];
    let promote = promote.map(str::to_owned);
    let ran = tokio::task::spawn_blocking(move || command::against(TOKEN, promote)).await.unwrap();
    assert_eq!(ran.code(0).json()["to"]["version"], "1.1.0");
    assert!(api.items(&path).await.is_empty(), "it ended with the promotion");
    send(&host, 4).await;
    assert_eq!(with_candidate(&mapped_by(&api).await).len(), 60);
    let audit = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<&Value> = audit.iter().map(|it| &it["action"]).collect();
    assert_eq!(acts[0], "activate_plugin");
    assert_eq!(acts.iter().filter(|it| **it == "canary_plugin").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_is_stopped_gives_everybody_the_version_in_use() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &rules("1.0.0"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    api.put(PLUGIN, rules("1.1.0")).await.well();
    let path = format!("{PLUGIN}/canary");
    let all = json!({ "candidate": "1.1.0", "share": "100%", "why": "x" });
    api.post(&path, all).await.well();
    send(&host, 1).await;
    assert_eq!(with_candidate(&mapped_by(&api).await).len(), 60);
    api.post(&format!("{path}/stop"), json!({ "why": "no" })).await.well();
    api.post(&format!("{path}/stop"), json!({ "why": "no" })).await.refused(409);
    send(&host, 2).await;
    assert!(with_candidate(&mapped_by(&api).await).is_empty());
    assert!(api.items(&path).await.is_empty());
}
