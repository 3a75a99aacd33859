//! The REST API's manners: who is let in, what is documented, how pages go on, what is refused.

use std::collections::BTreeSet;

use mapwright_tests::api::{Api, READ_TOKEN, open_to_clients};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};

async fn host_with(orders: u64) -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for number in 1..=orders {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    (folder, erp, host, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_token_is_told_anything() {
    let (_folder, _erp, host, api) = host_with(0).await;
    for path in ["/v1/events", "/v1/openapi.json", "/v1/nothing", "/v1"] {
        for token in ["", "wrong", "token-that-may-act-0002"] {
            let said = api.clone().with_token(token).get(path).await;
            assert_eq!(said.status, 401, "{path} {token:?} {said:?}");
            assert_eq!(said.kind, "application/problem+json");
        }
    }
    let eye = api.clone().with_token(READ_TOKEN);
    assert_eq!(eye.get("/v1/events").await.status, 200);
    eye.post("/v1/replays", json!({ "merchant": "acme", "why": "x" })).await.refused(403);
    assert!(api.items("/v1/replays").await.is_empty());
    let said = api.get("/v1/nothing").await.refused(404);
    assert!(said.contains("/v1/openapi.json"), "{said}");
    assert_eq!(api.post("/v1/events", json!({})).await.status, 404);
    assert_eq!(host.get("/healthz").await.0, 200, "the rest of the host is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_tokens_says_how_to_add_one() {
    let folder = Folder::new();
    let host = TestHost::start(&folder).await;
    let said = Api::of(host.address()).get("/v1/events").await.refused(401);
    assert!(said.contains("api_tokens"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_refused_with_what_to_do() {
    let (_folder, _erp, _host, api) = host_with(1).await;
    for path in [
        "/v1/events?cursor=xyz",
        "/v1/events?cursor=%21%21",
        "/v1/dead-letters?cursor=ZXZlbnQ6MQ", // a cursor of events
        "/v1/events?cursor=ZXZlbnQ6eA",       // event:x
        "/v1/events?limit=0",
        "/v1/events?limit=501",
        "/v1/events?limit=many",
        "/v1/events?state=dad",
        "/v1/events?merchnat=acme",
        "/v1/events?resource=order/1",
        "/v1/events?from=yesterday",
        "/v1/events?merchant=a&merchant=b",
        "/v1/events?a=%zz",
        "/v1/quarantine?status=lost",
    ] {
        let said = api.get(path).await.refused(400);
        assert!(!said.is_empty(), "{path}");
    }
    let said = api.get("/v1/events?state=dad").await.refused(400);
    assert!(said.contains("did you mean `dead`"), "{said}");
    for path in ["/v1/events/nobody", "/v1/issues/9", "/v1/issues/x", "/v1/replays/1"] {
        api.get(path).await.refused(404);
    }
    for body in [json!({}), json!({ "why": "x", "evnet": "y" }), json!([]), json!("x")] {
        let said = api.post("/v1/replays", body).await;
        assert!([400, 422].contains(&said.status), "{said:?}");
    }
    let long = json!({ "why": "x".repeat(70_000) });
    api.post("/v1/replays", long).await.refused(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_repeat_none_and_miss_none_while_orders_come_in() {
    const BEFORE: u64 = 40;
    let (_folder, _erp, host, api) = host_with(BEFORE).await;
    let known: BTreeSet<String> =
        host.rows("acme").iter().map(|it| it.event_id.to_string()).collect();
    let mut number = 1000;
    for filter in ["", "&merchant=acme", "&state=delivered", "&merchant=acme&topic=order.created"] {
        let mut seen = Vec::new();
        let mut path = format!("/v1/events?limit=7{filter}");
        loop {
            let page = api.get(&path).await.well();
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            number += 1;
            host.shop("acme").send(&Delivery::order(number)).await;
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/v1/events?limit=7{filter}&cursor={next}");
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{filter}: none twice");
        assert!(known.is_subset(&once), "{filter}: none missed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_id_resource_state_and_time() {
    let (_folder, erp, host, api) = host_with(20).await;
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    for second in 1..=3 {
        host.shop("acme").send(&Delivery::version(5, second)).await.accepted();
        host.settle().await;
    }
    for row in host.rows("acme") {
        let shown = api.get(&format!("/v1/events/{}", row.event_id)).await.well();
        assert_eq!(shown["seq"], row.seq);
    }
    let ids = async |path: &str| -> Vec<u64> {
        api.items(path).await.iter().map(|it| it["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids("/v1/events?merchant=acme&resource=order/5").await, [23, 22, 21, 5]);
    assert_eq!(ids("/v1/events?merchant=acme&resource=order/5&limit=2").await, [23, 22]);
    assert_eq!(ids("/v1/events?state=dead").await, [23, 22, 21]);
    assert_eq!(
        ids("/v1/events?state=dead&cause=status_422&topic=order.updated").await,
        [23, 22, 21]
    );
    assert!(ids("/v1/events?merchant=other").await.is_empty());
    assert!(ids("/v1/events?route=none").await.is_empty());
    let at = host.rows("acme")[20].received_at;
    let from = format!("/v1/events?from={at}&limit=500");
    assert_eq!(ids(&from).await, [23, 22, 21]);
    let to = format!("/v1/events?merchant=acme&to={at}&limit=500");
    assert_eq!(ids(&to).await.len(), 20);
    let event = host.rows("acme")[20].event_id.to_string();
    let payload = api.get(&format!("/v1/events/{event}/payload")).await;
    assert_eq!(payload.text.as_bytes(), Delivery::version(5, 1).body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_with_a_key_is_carried_out_once() {
    let (_folder, erp, host, api) = host_with(1).await;
    let ask = json!({ "merchant": "acme", "state": "delivered", "why": "once" });
    let key = [("idempotency-key", "a-key")];
    let first = api.send("POST", "/v1/replays", Some(&ask), &key).await;
    assert_eq!(first.status, 201);
    let second = api.send("POST", "/v1/replays", Some(&ask), &key).await;
    assert_eq!((second.status, &second.json), (201, &first.json));
    api.replayed(1).await;
    assert_eq!(api.items("/v1/replays").await.len(), 1);
    host.settle().await;
    assert_eq!(erp.documents("acme")[0].times, 2);
    let other = json!({ "merchant": "acme", "state": "delivered", "why": "twice" });
    api.send("POST", "/v1/replays", Some(&other), &key).await.refused(422);
    let wrong = json!({ "why": "nothing" });
    let key = [("idempotency-key", "another")];
    let said = api.send("POST", "/v1/replays", Some(&wrong), &key).await.refused(422);
    assert_eq!(api.send("POST", "/v1/replays", Some(&wrong), &key).await.refused(422), said);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_gives_every_row_as_a_line() {
    const ORDERS: u64 = 450; // more than two pieces
    let (_folder, _erp, _host, api) = host_with(ORDERS).await;
    for (path, headers) in [
        ("/v1/events/export", &[][..]),
        ("/v1/events?merchant=acme", &[("accept", "application/x-ndjson")][..]),
    ] {
        let said = api.send("GET", path, None, headers).await;
        assert_eq!((said.status, &*said.kind), (200, "application/x-ndjson"));
        let lines: Vec<Value> =
            said.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let seqs: Vec<u64> = lines.iter().map(|it| it["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=ORDERS).rev().collect::<Vec<_>>());
    }
}

/// A value for each path parameter, such that there is something behind it.
fn filled(path: &str, event: &str) -> String {
    path.replace("{event}", event)
        .replace("{route}", "orders")
        .replace("{name}", "here")
        .replace("{backfill}", "404")
        .replace("{issue}", "1")
        .replace("{replay}", "1")
        .replace("{id}", "1")
        .replace("{token}", "made")
}

fn body_for(schema: &str) -> Value {
    match schema {
        "ReplayRequest" => json!({ "merchant": "acme", "state": "skipped", "why": "x" }),
        "BookmarkRequest" => json!({ "name": "here" }),
        "Release" => json!({ "topic": "order.created", "why": "x" }),
        "BackfillRequest" => json!({
            "merchant": "acme", "connection": "shop", "entity": "orders", "from": "2026-11-01T00:00:00Z", "why": "x",
        }),
        "TokenRequest" => json!({ "name": "made", "role": "read" }),
        _ => json!({ "why": "x" }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_path_and_every_answer_is_as_it_says() {
    let (_folder, erp, host, api) = host_with(1).await;
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    host.shop("acme").send(&Delivery::order(2)).await.accepted();
    host.shop("acme").send(&Delivery::order(3).with("x-wc-webhook-signature", "bm8=")).await;
    host.settle().await;
    let dead = host.rows("acme")[1].event_id.to_string();
    // Something in every list, and a passage with a past.
    api.replayed(api.replay(json!({ "event": dead })).await).await;
    api.post("/v1/bookmarks", json!({ "name": "here" })).await.well();

    let document = api.get("/v1/openapi.json").await.well();
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    // Looking first, then acting, taking away last.
    operations
        .sort_by_key(|(_, method, _)| ["get", "post", "delete"].iter().position(|m| m == method));
    let mut shown = 0;
    for (path, method, operation) in &operations {
        let place = format!("{method} {path}");
        let taken = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let body = taken.as_str().map(|it| body_for(it.rsplit('/').next().unwrap()));
        let said = api.send(&method.to_uppercase(), &filled(path, &dead), body.as_ref(), &[]).await;
        let declared = operation["responses"].as_object().unwrap();
        let status = said.status.to_string();
        let response = declared.get(&status).unwrap_or(&declared["default"]);
        let kind = said.kind.split(';').next().unwrap();
        let content = &response["content"][kind];
        assert!(content.is_object(), "{place}: {kind} is not in the document: {said:?}");
        assert!(!said.text.contains("nothing answers"), "{place}: the router does not know it");
        let lines = kind == "application/x-ndjson";
        let values: Vec<Value> = match lines {
            true => said.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            false => vec![said.json.clone()],
        };
        if content["schema"].is_object() {
            let schema =
                json!({ "allOf": [content["schema"]], "components": document["components"] });
            let validator = jsonschema::validator_for(&schema).unwrap();
            for value in &values {
                let faults: Vec<String> = validator
                    .iter_errors(value)
                    .map(|it| format!("{} {it}", it.instance_path()))
                    .collect();
                assert!(faults.is_empty(), "{place} answered {value:#} which breaks: {faults:#?}");
                let items = value["items"].as_array();
                shown += usize::from(items.is_none_or(|it| !it.is_empty()) && said.status < 300);
            }
        }
    }
    assert!(shown > 25, "most answers had something in them: {shown} of {}", operations.len());
    assert!(operations.len() >= 38, "{}", operations.len());
}
