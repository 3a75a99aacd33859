//! A route held still: it loses nothing, tries nothing, and nobody else notices.

use mapwright_tests::api::{Api, READ_TOKEN, TOKEN, open_to_clients};
use mapwright_tests::command;
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost, until};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};

const ROUTES: &str = "/v1/merchants/acme/routes";

async fn stage() -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant("acme", erp.address());
    folder.merchant("other", erp.address());
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    at_rest(&host).await;
    (folder, erp, host, api)
}

async fn route(api: &Api) -> Value {
    api.items(ROUTES).await[0].clone()
}

/// Waits until the host has looked at its folder once more after its start: that wakes the
/// dispatcher, too, and would hide that nobody else does.
async fn at_rest(host: &TestHost) {
    until("the look at the start is over", async || {
        let line = metric(host, "mapwright_config_reloads_total").await;
        line.rsplit(' ').next()?.parse::<u64>().ok().filter(|reloads| *reloads > 1)
    })
    .await;
}

async fn metric(host: &TestHost, name: &str) -> String {
    let (_, text) = host.get("/metrics").await;
    let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_route_waits_in_order_across_a_restart_and_loses_nothing() {
    let (folder, erp, host, api) = stage().await;
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let (pause, resume) = (format!("{ROUTES}/orders/pause"), format!("{ROUTES}/orders/resume"));
    let held = api.post(&pause, json!({ "why": "the ERP moves" })).await.well();
    assert_eq!((&held["paused"]["why"], &held["waiting"]), (&json!("the ERP moves"), &json!(0)));
    for number in 2..=40 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    // Others do not notice, and show that the dispatcher has long seen what waits.
    for number in 1..=20 {
        host.shop("other").send(&Delivery::order(number)).await.accepted();
    }
    until("the other merchant's orders are delivered", async || {
        (erp.documents("other").len() == 20).then_some(())
    })
    .await;
    assert_eq!(erp.documents("acme").len(), 1, "nothing of the paused route left");
    assert_eq!(route(&api).await["waiting"], 39);
    let waiting = host.rows("acme").into_iter().filter(|row| row.ended_at.is_none());
    assert!(waiting.map(|row| row.reason).all(|reason| reason.is_none()), "none was tried");
    let ready = host.ready().await;
    assert_eq!(ready["paused_routes"][0]["route"], "orders");
    assert_eq!(ready["paused_routes"][0]["who"], "ops");
    assert_eq!(metric(&host, "mapwright_routes_paused").await, "mapwright_routes_paused 1");

    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    at_rest(&host).await;
    host.shop("other").send(&Delivery::order(21)).await.accepted();
    until("the host works again", async || (erp.documents("other").len() == 21).then_some(()))
        .await;
    assert_eq!(erp.documents("acme").len(), 1, "and it is paused still");
    let said = api.post(&pause, json!({ "why": "again" })).await.refused(409);
    assert!(said.contains("by ops") && said.contains("the ERP moves"), "{said}");

    let resumed = api.post(&resume, json!({ "why": "it is back" })).await.well();
    assert_eq!(resumed["paused"], Value::Null);
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 40);
    assert!(erp.documents("acme").iter().all(|it| it.times == 1), "each once");
    api.post(&resume, json!({ "why": "x" })).await.refused(409);
    let audit = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = audit.iter().map(|it| (&it["action"], &it["why"])).collect();
    assert_eq!(
        acts,
        [
            (&json!("resume_route"), &json!("it is back")),
            (&json!("pause_route"), &json!("the ERP moves")),
        ],
        "what was refused left no line"
    );
    assert_eq!(audit[0]["subject"], "route/orders");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_resource_keep_their_order_through_a_pause() {
    let (_folder, erp, host, api) = stage().await;
    api.post(&format!("{ROUTES}/orders/pause"), json!({ "why": "x" })).await.well();
    let order = |status: &str, second: u32| {
        let mut order = mapwright_tests::shop::order(7);
        order["status"] = json!(status);
        order["date_modified_gmt"] = json!(format!("2026-11-22T02:14:{second:02}"));
        Delivery::signed("order.updated", &order.to_string())
    };
    for (second, status) in ["processing", "on-hold", "completed"].iter().enumerate() {
        let second = u32::try_from(second).unwrap();
        host.shop("acme").send(&order(status, second)).await.accepted();
    }
    // The dispatcher has seen them once another merchant's order, which came later, is delivered.
    host.shop("other").send(&Delivery::order(1)).await.accepted();
    until("the other order is delivered", async || {
        (erp.documents("other").len() == 1).then_some(())
    })
    .await;
    api.post(&format!("{ROUTES}/orders/resume"), json!({ "why": "x" })).await.well();
    host.settle().await;
    let rows = host.rows("acme");
    let delivered = rows.iter().filter(|row| format!("{:?}", row.state).contains("Delivered"));
    assert_eq!(delivered.count(), 3, "none was taken for older than another: {rows:#?}");
    assert_eq!(erp.documents("acme")[0].times, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_paused_from_the_command_line_by_who_may_and_with_a_reason() {
    let (_folder, _erp, host, api) = stage().await;
    let url = format!("http://{}", host.address());
    let run = async |args: &[&str]| {
        let url = url.clone();
        let mut args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        args.extend(["--json".to_owned(), "--url".to_owned(), url]);
        tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
    };
    let paused = run(&["routes", "pause", "acme/orders", "--why", "the ERP moves"]).await;
    assert_eq!(paused.code(0).json()["paused"]["who"], "ops/maria");
    let listed = run(&["routes"]).await.code(0).json();
    let states: Vec<bool> =
        listed["items"].as_array().unwrap().iter().map(|it| it["paused"].is_object()).collect();
    assert_eq!(states, [true, false], "acme and other");
    run(&["routes", "resume", "acme/orders", "--why", "back"]).await.code(0);
    let listed = run(&["routes", "list", "--merchant", "acme"]).await.code(0).json();
    assert_eq!(listed["items"][0]["paused"], Value::Null);
    run(&["routes", "pause", "orders", "--why", "x"]).await.code(2);
    run(&["routes", "pause", "acme/nothing", "--why", "x"]).await.code(1);
    let eye = api.clone().with_token(READ_TOKEN);
    eye.post(&format!("{ROUTES}/orders/pause"), json!({ "why": "x" })).await.refused(403);
    api.post(&format!("{ROUTES}/orders/pause"), json!({ "why": " " })).await.refused(422);
    assert_eq!(route(&api).await["paused"], Value::Null);
}
