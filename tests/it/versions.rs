//! A plugin version's way to work: brought in, judged by what really came in, activated, taken back.

use mapwright_tests::api::{Api, READ_TOKEN, TOKEN, open_to_clients};
use mapwright_tests::command::{self, Ran};
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};

const PLUGIN: &str = "/v1/merchants/acme/plugins/rules";

/// A plugin that says the same of every order: a sale with this total.
fn saying(name: &str, version: &str, total: &str) -> Vec<u8> {
    let mut guest = Guest::new(name);
    guest.version = version.to_owned();
    let sale = format!(r#"{{"currency":"BRL","total":"{total}","note":"n"}}"#);
    let body = guest.mapped_bodies(&[("sale", "s-1", &sale)], None);
    guest.transform = Some(body);
    guest.component()
}

/// A host whose orders were mapped to 45.01 by version 1.0.0.
async fn host_after(orders: u64) -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &saying("rules", "1.0.0", "45.01"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for number in 1..=orders {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    (folder, erp, host, api)
}

async fn active(api: &Api) -> Value {
    api.items("/v1/merchants/acme/plugins").await[0]["active"]["version"].clone()
}

async fn mapwright(host: &TestHost, args: &[&str]) -> Ran {
    let url = format!("http://{}", host.address());
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--merchant", "acme", "--json", "--url", &url].map(str::to_owned));
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_judged_by_recorded_events_put_to_work_and_taken_back() {
    let (folder, erp, host, api) = host_after(5).await;
    let file = folder.dir().join("rules-1.1.0.wasm");
    std::fs::write(&file, saying("rules", "1.1.0", "45.00")).unwrap();
    let file = file.display().to_string();
    let pushed = mapwright(&host, &["push", &file, "--as", "rules"]).await.code(0).json();
    assert_eq!(
        (&pushed["accepted"], &pushed["manifest"]["version"]),
        (&json!(true), &json!("1.1.0"))
    );
    assert_eq!(active(&api).await, "1.0.0", "it is kept, and does nothing yet");

    // A cent, five times, outside of what may differ: it is named and stays where it is.
    let diff = ["diff", "rules", "--candidate", "1.1.0"];
    let strict = [&diff[..], &["--promote", "--why", "x"]].concat();
    let found = mapwright(&host, &strict).await.code(1).json();
    let found = &found["items"][0];
    assert_eq!((&found["route"], &found["promoted"]), (&json!("orders"), &json!(false)));
    assert_eq!(found["difference"]["compared"], 5);
    let said = found.to_string();
    assert!(said.contains("-0.05") && said.contains("BRL"), "{said}");
    assert_eq!(found["verdict"]["obstacles"].as_array().unwrap().len(), 1, "only the total");
    assert_eq!(active(&api).await, "1.0.0");
    assert_eq!(erp.arrivals().len(), 5, "judging sends nothing");

    // Inside of it, it goes to work.
    let lenient = [&strict[..], &["--tolerate", "total <= 0.01", "--last", "3"]].concat();
    let found = mapwright(&host, &lenient).await.code(0).json();
    assert_eq!(found["items"][0]["difference"]["compared"], 3);
    assert_eq!(found["items"][0]["promoted"], true);
    assert_eq!(active(&api).await, "1.1.0");
    host.shop("acme").send(&Delivery::order(6)).await.accepted();
    host.settle().await;
    assert!(erp.documents("acme")[0].body.get().contains("45.00"), "one key, the newer body");

    // And back, by name of nothing but what is wrong with it; a restart finds it so.
    let why = ["rollback", "rules", "--why", "a cent is missing"];
    let back = mapwright(&host, &why).await.code(0).json();
    assert_eq!(
        (&back["from"]["version"], &back["to"]["version"]),
        (&json!("1.1.0"), &json!("1.0.0"))
    );
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    assert_eq!(active(&api).await, "1.0.0");
    let audit = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = audit.iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["activate_plugin", "activate_plugin", "upload_plugin"]);
    assert_eq!(audit[0]["why"], "a cent is missing");
    assert_eq!(audit[0]["who"], "ops/maria");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_or_nobody_s_is_refused_and_not_kept() {
    let (_folder, _erp, host, api) = host_after(0).await;
    let good = saying("rules", "2.0.0", "1.00");
    let said = api.put(PLUGIN, good[..good.len() / 2].to_vec()).await.refused(422);
    assert!(said.contains("not_wasm"), "{said}");
    assert_eq!(api.put(PLUGIN, Vec::new()).await.status, 422);
    for odd in ["..%2F..%2Fevil", "a%20b", "x.wasm"] {
        let path = format!("/v1/merchants/acme/plugins/{odd}");
        let said = api.put(&path, good.clone()).await.refused(422);
        assert!(said.contains("letters"), "{odd}: {said}");
    }
    api.put("/v1/merchants/nobody/plugins/rules", good.clone()).await.refused(404);
    let eye = api.clone().with_token(READ_TOKEN);
    eye.put(PLUGIN, good.clone()).await.refused(403);
    let activate = json!({ "version": "2.0.0", "why": "x" });
    let said = api.post(&format!("{PLUGIN}/activate"), activate).await.refused(404);
    assert!(said.contains("2.0.0"), "{said}");
    assert_eq!(active(&api).await, "1.0.0");

    // Somebody else's rules do not take this plugin's place.
    api.put("/v1/merchants/acme/plugins/other", saying("other", "9.0.0", "1.00")).await.well();
    let activate = json!({ "version": "other@9.0.0", "why": "x" });
    let said = api.post(&format!("{PLUGIN}/activate"), activate).await.refused(422);
    assert!(said.contains("other"), "{said}");
    let said = api.post(&format!("{PLUGIN}/rollback"), json!({ "why": "x" })).await.refused(409);
    assert!(said.contains("say which"), "{said}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_a_route_cannot_work_with_is_put_back_at_once() {
    let (folder, erp, host, api) = host_after(1).await;
    let mut picky = Guest::new("rules");
    picky.version = "3.0.0".to_owned();
    picky.settings_schema =
        r#"{"type":"object","properties":{"shop":{"type":"string"}},"required":["shop"]}"#
            .to_owned();
    let body = picky.mapped_bodies(&[("sale", "s-1", "{}")], None);
    picky.transform = Some(body);
    let report = api.put(PLUGIN, picky.component()).await.well();
    assert!(report["notes"].to_string().contains("`orders` do not suit it"), "{report:#}");
    let activate = json!({ "version": "3.0.0", "why": "x" });
    let said = api.post(&format!("{PLUGIN}/activate"), activate).await.refused(409);
    assert!(said.contains("shop"), "{said}");
    assert_eq!(active(&api).await, "1.0.0");
    let there = std::fs::read(folder.plugin("acme", "rules")).unwrap();
    assert!(there == saying("rules", "1.0.0", "45.01"), "the file is the one before");
    host.shop("acme").send(&Delivery::order(2)).await.accepted();
    host.settle().await;
    assert!(erp.documents("acme")[0].body.get().contains("45.01"));
}
