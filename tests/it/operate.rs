//! When something is stuck: dead letters, issues, replays, quarantine. Over HTTP, against whole hosts.

use std::time::Duration;

use mapwright::journal::State;
use mapwright_tests::api::{Api, open_to_clients};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop, order};
use serde_json::{Value, json};

/// An order with a total of its own.
fn worth(number: u64, total: &str, currency: &str) -> Delivery {
    let mut order = order(number);
    order["total"] = json!(total);
    order["currency"] = json!(currency);
    Delivery::signed("order.created", &order.to_string())
}

/// A plugin that refuses every order for want of a SKU in one line.
fn refusing(version: &str) -> Vec<u8> {
    let mut guest = Guest::new("rules");
    guest.version = version.to_owned();
    let body = guest.rejected(&[("/line_items/1/sku", "sku_missing", "the line has no SKU")]);
    guest.transform = Some(body);
    guest.component()
}

/// A plugin that takes every order, under one key for all.
pub(crate) fn taking(version: &str) -> Vec<u8> {
    let mut guest = Guest::echo("rules");
    guest.version = version.to_owned();
    guest.component()
}

async fn ready() -> (Folder, Erp) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    (folder, erp)
}

fn money(issue: &Value) -> Vec<(String, String, String)> {
    let word = |it: &Value| it.as_str().unwrap().to_owned();
    let sums = issue["money"].as_array().unwrap().iter();
    sums.map(|it| (word(&it["currency"]), word(&it["affected"]), word(&it["pending"]))).collect()
}

fn sums(of: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    of.iter().map(|(c, a, p)| ((*c).to_owned(), (*a).to_owned(), (*p).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_a_target_refused_are_one_issue_with_their_money_and_are_delivered_once_by_its_replay()
 {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for (number, total, currency) in [(1, "100.10", "BRL"), (2, "0.20", "BRL"), (3, "7.125", "KWD")]
    {
        host.shop("acme").send(&worth(number, total, currency)).await.accepted();
    }
    host.settle().await;

    let issues = api.items("/v1/issues").await;
    assert_eq!(issues.len(), 1, "one cause: {issues:#?}");
    let issue = &issues[0];
    assert_eq!((&issue["cause"], &issue["target_status"]), (&json!("status_422"), &json!(422)));
    assert_eq!((&issue["count"], &issue["pending"]), (&json!(3), &json!(3)));
    assert_eq!(issue["plugin"], "woo-order-summary");
    assert_eq!(money(issue), sums(&[("BRL", "100.30", "100.30"), ("KWD", "7.125", "7.125")]));
    let letters = api.items("/v1/dead-letters?status=open").await;
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|it| it["issue"] == issue["id"]));

    erp.be_well();
    let done = api.replayed(api.replay(json!({ "issue": issue["id"] })).await).await;
    assert_eq!(done["outcomes"], json!({ "delivered": 3 }));
    assert_eq!(done["who"], "ops");
    let documents = erp.documents("acme");
    assert_eq!(documents.len(), 3);
    assert!(documents.iter().all(|it| it.times == 1));
    let issue = api.get("/v1/issues/1").await.well();
    assert_eq!((&issue["state"], &issue["pending"]), (&json!("resolved"), &json!(0)));
    assert_eq!(money(&issue), sums(&[("BRL", "100.30", "0.00"), ("KWD", "7.125", "0.000")]));
    assert_eq!(api.items("/v1/dead-letters?status=resolved").await.len(), 3);
    assert_eq!(host.journal().counts().unwrap().dead_letters, 0);

    // The history is all there: both tries, numbered on, and how it had ended before.
    let event = letters[0]["event_id"].as_str().unwrap();
    let shown = api.get(&format!("/v1/events/{event}")).await.well();
    let passage = &shown["passages"][0];
    assert_eq!((&passage["state"], &passage["replays"]), (&json!("delivered"), &json!(1)));
    let numbers: Vec<_> =
        passage["attempts"].as_array().unwrap().iter().map(|a| &a["no"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(passage["past"][0]["state"], "dead");
    assert_eq!(passage["past"][0]["receipts"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_plugin_maps_what_the_broken_one_refused_and_the_receipts_say_which_did_what() {
    let (folder, erp) = ready().await;
    folder.merchant_with("acme", erp.address(), "rules", &refusing("1.0.0"));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&worth(1, "10.00", "BRL")).await.accepted();
    host.settle().await;
    let issue = api.items("/v1/issues").await.remove(0);
    assert_eq!((&issue["cause"], &issue["code"]), (&json!("rejected"), &json!("sku_missing")));
    assert_eq!(issue["pointer"], "/line_items/*/sku");
    assert_eq!((&issue["plugin"], &issue["plugin_version"]), (&json!("rules"), &json!("1.0.0")));

    // The same plugin refuses again: the letter opens again, in the same issue.
    api.replayed(api.replay(json!({ "issue": issue["id"] })).await).await;
    let again = api.items("/v1/dead-letters").await.remove(0);
    assert_eq!((&again["status"], &again["deaths"]), (&json!("open"), &json!(2)));
    let issue = api.get("/v1/issues/1").await.well();
    assert_eq!((&issue["state"], &issue["count"]), (&json!("open"), &json!(2)));
    assert_eq!(money(&issue), sums(&[("BRL", "10.00", "10.00")]));

    folder.write(folder.plugin("acme", "rules"), taking("1.1.0"));
    until("the new version is on the shelf", async || {
        (api.items("/v1/plugins").await.len() == 2).then_some(())
    })
    .await;
    let done = api.replayed(api.replay(json!({ "issue": issue["id"] })).await).await;
    assert_eq!(done["outcomes"], json!({ "delivered": 1 }));
    let event = again["event_id"].as_str().unwrap();
    let passage = api.get(&format!("/v1/events/{event}")).await.well()["passages"][0].clone();
    assert_eq!(passage["receipts"][0]["version"], "1.1.0");
    let past: Vec<_> = passage["past"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["receipts"][0]["version"])
        .collect();
    assert_eq!(past, ["1.0.0", "1.0.0"]);

    // And a version that is not in use any more can be asked for by name.
    let ask = json!({ "event": event, "with": "rules@1.0.0" });
    let done = api.replayed(api.replay(ask).await).await;
    assert_eq!(done["outcomes"], json!({ "dead": 1 }));
    let said =
        api.post("/v1/replays", json!({ "event": event, "with": "9.9.9", "why": "x" })).await;
    let said = said.refused(422);
    assert!(said.contains("rules@1.0.0") && said.contains("rules@1.1.0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_order_replayed_twice_stays_one_document() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let event = host.rows("acme")[0].event_id.to_string();
    for _ in 0..2 {
        let done = api.replayed(api.replay(json!({ "event": event })).await).await;
        assert_eq!(done["outcomes"], json!({ "delivered": 1 }));
    }
    let documents = erp.documents("acme");
    assert_eq!((documents.len(), documents[0].times), (1, 3), "one key, sent three times");
    let arrivals = erp.arrivals();
    assert!(arrivals.iter().all(|it| it.key == arrivals[0].key && it.body == arrivals[0].body));
    let said = api.post("/v1/replays", json!({ "why": "everything" })).await.refused(422);
    assert!(said.contains("say what to replay"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_replayed_after_a_newer_one_was_delivered_is_skipped() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| (n == 0).then_some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    let (api, shop) = (Api::of(host.address()), host.shop("acme"));
    for second in [1, 2] {
        shop.send(&Delivery::version(7, second)).await.accepted();
        host.settle().await;
    }
    // Two of one second, delivered in order: the first must not come back over the second.
    let mut same = order(8);
    for (note, topic) in [("first", "order.created"), ("second", "order.updated")] {
        same["customer_note"] = json!(note);
        shop.send(&Delivery::signed(topic, &same.to_string())).await.accepted();
        host.settle().await;
    }
    let before = erp.arrivals().len();
    let dead = host.rows("acme").into_iter().find(|it| it.state == State::Dead).unwrap();
    let done = api.replayed(api.replay(json!({ "event": dead.event_id.to_string() })).await).await;
    assert_eq!(done["outcomes"], json!({ "skipped": 1 }));
    let first = &host.rows("acme")[2];
    let done = api.replayed(api.replay(json!({ "event": first.event_id.to_string() })).await).await;
    assert_eq!(done["outcomes"], json!({ "skipped": 1 }));
    assert_eq!(erp.arrivals().len(), before, "nothing was sent");
    let rows = host.rows("acme");
    let reason = |row: usize| rows[row].reason.clone().unwrap();
    assert!(reason(0).contains("was delivered before"), "{}", reason(0));
    assert!(reason(2).contains("came later"), "{}", reason(2));
    let letter = api.items("/v1/dead-letters").await.remove(0);
    assert_eq!(letter["status"], "resolved", "it needs nobody any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_replay_repeats_none_and_loses_none() {
    const ORDERS: usize = 60;
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let mut served = Served::start(&folder);
    let address = served.address().await;
    for number in 0..ORDERS {
        Shop::of("acme", address).send(&Delivery::order(number as u64)).await.accepted();
    }
    until_ready(address, "all are dead", |it| it["journal"]["counts"]["open"] == 0).await;
    erp.be_well();
    let api = Api::of(address);
    let id = api.replay(json!({ "merchant": "acme", "per_second": 20 })).await;
    until("it is under way", async || {
        let said = api.get(&format!("/v1/replays/{id}")).await.well();
        (said["replayed"].as_u64().unwrap() >= 6).then_some(())
    })
    .await;
    served.kill();
    assert!(erp.documents("acme").len() < ORDERS, "it was killed too late to show anything");

    let mut served = Served::start(&folder);
    let done = Api::of(served.address().await).replayed(id).await;
    assert_eq!((&done["replayed"], &done["passed_over"]), (&json!(ORDERS), &json!(0)));
    assert_eq!(done["outcomes"], json!({ "delivered": ORDERS }));
    assert_eq!(erp.documents("acme").len(), ORDERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_stops_when_told_and_goes_on_where_it_was() {
    const ORDERS: u64 = 20;
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for number in 0..ORDERS {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    erp.be_well();
    let id = api.replay(json!({ "cause": "status_422", "per_second": 2 })).await;
    until("it is under way", async || {
        let said = api.get(&format!("/v1/replays/{id}")).await.well();
        (said["replayed"].as_u64().unwrap() >= 2).then_some(())
    })
    .await;
    let path = format!("/v1/replays/{id}/stop");
    api.post(&path, json!({ "why": "" })).await.refused(422);
    let stopped = api.post(&path, json!({ "why": "the ERP is slow" })).await.well();
    assert_eq!(stopped["state"], "stopped");
    api.post(&path, json!({ "why": "again" })).await.refused(409);
    host.settle().await;
    let before = erp.documents("acme").len() as u64;
    assert!(before < ORDERS, "it was stopped too late to show anything");
    assert_eq!(host.journal().counts().unwrap().dead_letters, ORDERS - before);
    let said = api.get(&format!("/v1/replays/{id}")).await.well();
    assert_eq!(said["replayed"], before, "nothing was put back after it");

    let resume = format!("/v1/replays/{id}/resume");
    let next =
        api.post(&resume, json!({ "why": "it is well" })).await.well()["id"].as_u64().unwrap();
    api.post(&format!("/v1/replays/{next}/stop"), json!({ "why": "too slow" })).await.well();
    let done = api.replay(json!({ "merchant": "acme" })).await;
    api.replayed(done).await;
    host.settle().await;
    let documents = erp.documents("acme");
    assert_eq!(documents.len() as u64, ORDERS);
    assert!(documents.iter().all(|it| it.times == 1));
    let audit = api.items("/v1/audit").await;
    let stop = audit.iter().find(|it| it["why"] == "the ERP is slow").unwrap();
    assert_eq!((&stop["who"], &stop["action"]), (&json!("ops"), &json!("stop_replay")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_told_twice_or_to_a_stopped_job_changes_nothing() {
    use mapwright::journal::replay::{Again, ReplayStep};
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let (api, journal) = (Api::of(host.address()), host.journal());
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let id = api.replay(json!({ "merchant": "acme", "state": "delivered" })).await;
    api.replayed(id).await;
    let job = journal.job(id).unwrap().unwrap();
    let step = ReplayStep {
        job: id,
        from: None,
        to: "1/orders".into(),
        again: vec![Again { seq: 1, route: Some("orders".into()) }],
        pin: None,
        last: true,
        at: jiff::Timestamp::now(),
    };
    for from in [None, job.cursor.clone()] {
        journal.replay(ReplayStep { from, ..step.clone() }).await.unwrap_err();
    }
    assert_eq!(journal.job(id).unwrap().unwrap(), job);
    assert_eq!(journal.passage(1, "orders").unwrap().unwrap().replays, 1);
    assert_eq!(erp.documents("acme")[0].times, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passage_put_back_the_moment_it_ended_is_walked_again() {
    use mapwright::journal::PassageState;
    use mapwright::journal::jobs::{JobState, JobStep, NewJob};
    use mapwright::journal::replay::{Again, ReplayStep};
    const ROUNDS: u64 = 150;
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let journal = host.journal();
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    let word = || "test".to_owned();
    let job = NewJob { kind: word(), merchant: word(), spec: word(), who: word(), why: word() };
    let job = journal.add_job(job).await.unwrap();
    let (state, at) = (JobState::Running, jiff::Timestamp::now());
    let begun = JobStep { id: job, state, cursor: None, progress: None, at };
    journal.step_job(begun).await.unwrap();
    let again = vec![Again { seq: 1, route: Some("orders".into()) }];
    let mut from = None;
    for round in 0..=ROUNDS {
        // The journal knows the end before the dispatcher hears of it.
        let ended = async {
            while journal
                .passage(1, "orders")
                .unwrap()
                .is_none_or(|it| it.state != PassageState::Delivered)
            {
                tokio::task::yield_now().await;
            }
        };
        let patience = Duration::from_secs(30);
        tokio::time::timeout(patience, ended).await.unwrap_or_else(|_| panic!("stuck in {round}"));
        if round < ROUNDS {
            let to = round.to_string();
            let (again, pin, last, at) = (again.clone(), None, false, jiff::Timestamp::now());
            let step = ReplayStep { job, from, to: to.clone(), again, pin, last, at };
            assert_eq!(journal.replay(step).await.unwrap().progress.replayed, round + 1);
            from = Some(to);
        }
    }
    host.settle().await;
    assert_eq!(erp.documents("acme")[0].times, ROUNDS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_needs_a_reason_and_stands_in_the_audit_record() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for number in 1..=3 {
        host.shop("acme").send(&worth(number, "5.00", "EUR")).await.accepted();
    }
    host.settle().await;
    let letter = api.items("/v1/dead-letters").await.remove(0);
    let path = format!("/v1/dead-letters/{}/orders", letter["event_id"].as_str().unwrap());
    for nothing in [json!({ "why": "  " }), json!({})] {
        let said = api.post(&format!("{path}/discard"), nothing).await;
        assert!([400, 422].contains(&said.status), "{said:?}");
    }
    assert_eq!(api.get(&path).await.well()["status"], "open");
    let why = json!({ "why": "a test order of ours" });
    let headers = [("x-operator", "maria")];
    let said = api.send("POST", &format!("{path}/discard"), Some(&why), &headers).await.well();
    assert_eq!(said["status"], "discarded");
    let issue = api.get("/v1/issues/1").await.well();
    assert_eq!(issue["pending"], 2);
    assert_eq!(money(&issue), sums(&[("EUR", "15.00", "10.00")]));
    let audit = api.items("/v1/audit?merchant=acme").await;
    assert_eq!(audit.len(), 1);
    assert_eq!((&audit[0]["who"], &audit[0]["why"]), (&json!("ops/maria"), &why["why"]));

    // The rest of the issue at once; muted issues stay quiet when the cause comes back.
    api.post("/v1/issues/1/resolve", json!({ "why": "typed into the ERP by hand" })).await.well();
    assert_eq!(api.get("/v1/issues/1").await.well()["state"], "resolved");
    api.post("/v1/issues/1/mute", json!({ "why": "known" })).await.well();
    host.shop("acme").send(&worth(9, "1.00", "EUR")).await.accepted();
    host.settle().await;
    let issue = api.get("/v1/issues/1").await.well();
    assert_eq!((&issue["state"], &issue["pending"]), (&json!("muted"), &json!(1)));
    let issue = api.post("/v1/issues/1/unmute", json!({ "why": "not any more" })).await.well();
    assert_eq!(issue["state"], "open");
    assert_eq!(api.items("/v1/audit").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_quarantine_can_be_taken_in_after_all_once() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let (api, shop) = (Api::of(host.address()), host.shop("acme"));
    let forged = Delivery::order(1).with("x-wc-webhook-signature", "bm8=");
    shop.send(&forged).await;
    shop.send(&Delivery::captured("108-order-apiver-order-created")).await; // a signed error
    let held = api.items("/v1/quarantine?status=held").await;
    assert_eq!(held.len(), 2);
    assert!(host.rows("acme").is_empty());
    let reasons: Vec<_> = held.iter().map(|it| it["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons[1], "signature_mismatch");

    let release = json!({ "topic": "order.created", "why": "the secret was mistyped" });
    let said = api.post("/v1/quarantine/2/release", release.clone()).await.refused(422);
    assert!(said.contains("the shop sent its own error"), "{said}");
    let said = api.post("/v1/quarantine/1/release", release.clone()).await.well();
    assert_eq!(said["status"], "released");
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1);
    assert_eq!(said["event_id"], host.rows("acme")[0].event_id.to_string());
    let payload = api.get("/v1/quarantine/1/payload").await;
    assert_eq!(payload.text.as_bytes(), forged.body);
    api.post("/v1/quarantine/1/release", release).await.refused(409);
    let why = json!({ "why": "an error page" });
    let said = api.post("/v1/quarantine/2/discard", why).await.well();
    assert_eq!(said["status"], "discarded");
    assert!(api.items("/v1/quarantine?status=held").await.is_empty());
    assert_eq!(api.items("/v1/audit").await.len(), 2);
    assert_eq!(host.rows("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_from_a_bookmark_or_of_a_time_takes_only_what_lies_there() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let (api, shop) = (Api::of(host.address()), host.shop("acme"));
    for number in 1..=3 {
        shop.send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    let mark = api.post("/v1/bookmarks", json!({ "name": "before-the-change" })).await.well();
    assert_eq!(mark["seq"], 3);
    let moment = jiff::Timestamp::now();
    shop.send(&Delivery::order(4)).await.accepted();
    host.settle().await;
    let ask = json!({ "bookmark": "before-the-change", "state": "delivered" });
    assert_eq!(api.replayed(api.replay(ask).await).await["replayed"], 1);
    let ask = json!({ "to": moment.to_string(), "state": "delivered", "route": "orders" });
    assert_eq!(api.replayed(api.replay(ask).await).await["replayed"], 3);
    let ask = json!({ "merchant": "acme", "resource": "order/2", "state": "delivered" });
    assert_eq!(api.replayed(api.replay(ask).await).await["replayed"], 1);
    let mut times: Vec<_> =
        erp.documents("acme").iter().map(|it| (it.key.clone(), it.times)).collect();
    times.sort();
    let expected = [("order/1", 2), ("order/2", 3), ("order/3", 2), ("order/4", 2)];
    assert_eq!(times, expected.map(|(key, times)| (key.to_owned(), times)));
    let ask = json!({ "bookmark": "nowhere", "why": "x" });
    api.post("/v1/replays", ask).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_goes_the_way_that_was_meant_and_no_route_that_was_added_since() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| (n == 0).then_some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let path = folder.of("acme", "merchant.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    let second = "[routes.copies]\nfrom = \"shop\"\ntopics = [\"order.*\"]\nto = \"erp\"\n\
                  field_mapping = \"woo-order-summary\"\n";
    folder.write(&path, format!("{file}\n{second}"));
    host.until_ready("the route is there", |it| {
        !it["merchants"]["acme"]["routes"]["copies"].is_null()
    })
    .await;
    let done = api.replayed(api.replay(json!({ "merchant": "acme" })).await).await;
    assert_eq!(done["outcomes"], json!({ "delivered": 1 }));
    host.settle().await;
    let routes: Vec<_> = host.rows("acme").into_iter().filter_map(|it| it.route).collect();
    assert_eq!(routes, ["orders"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_no_route_took_is_routed_again() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    let path = folder.of("acme", "merchant.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    folder.write(&path, file.replace("\"order.created\", ", ""));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let unrouted = api.items("/v1/events?state=unrouted").await;
    assert_eq!(unrouted.len(), 1);
    folder.write(&path, &file);
    tokio::time::timeout(Duration::from_secs(60), async {
        while erp.documents("acme").is_empty() {
            // The file is seen when it is seen; until then the event is closed again.
            let id = api.replay(json!({ "state": "unrouted" })).await;
            until("it is done", async || {
                let said = api.get(&format!("/v1/replays/{id}")).await.well();
                (said["state"] == "done").then_some(())
            })
            .await;
            host.settle().await;
        }
    })
    .await
    .expect("it is delivered");
    assert_eq!(host.rows("acme")[0].state, State::Delivered);
}

/// Runs a command as `maria` with the token that may act.
fn by_hand(args: &[&str]) -> (i32, String, String) {
    by_hand_with(mapwright_tests::api::TOKEN, args)
}

fn by_hand_with(token: &str, args: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(mapwright_tests::command::path());
    command.args(args).env("USER", "maria").env("MAPWRIGHT_TOKEN", token);
    let out = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(out.stdout), text(out.stderr));
    println!("$ mapwright {}\n{stdout}{stderr}", args.join(" "));
    (out.status.code().unwrap(), stdout, stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_a_terminal_finds_what_is_stuck_and_sends_it_again() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let host = TestHost::start(&folder).await;
    for (number, total) in [(1, "100.10"), (2, "0.20"), (3, "9.95")] {
        host.shop("acme").send(&worth(number, total, "BRL")).await.accepted();
    }
    let forged = Delivery::order(4).with("x-wc-webhook-signature", "bm8=");
    host.shop("acme").send(&forged).await;
    host.settle().await;
    let url = format!("http://{}", host.address());
    let at = ["--url", &url];
    let run = |args: &[&str]| {
        let args: Vec<&str> = args.iter().chain(&at).copied().collect();
        by_hand(&args)
    };

    let (code, text, _) = run(&["issues"]);
    assert_eq!(code, 0);
    assert!(text.contains("status_422") && text.contains("110.25 BRL"), "{text}");
    let (_, text, _) = run(&["dead-letters", "--json"]);
    let letters: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(letters["items"].as_array().unwrap().len(), 3);
    let event = letters["items"][0]["event_id"].as_str().unwrap().to_owned();
    let (code, text, _) = run(&["events", "show", &event]);
    assert_eq!(code, 0);
    assert!(text.contains("rejected") && text.contains("order/3"), "{text}");
    let (code, text, _) = run(&["events", "show", &event, "--payload"]);
    assert_eq!((code, text.as_bytes()), (0, &*worth(3, "9.95", "BRL").body));

    let why = ["--why", "a test order"];
    let (code, _, said) = run(&["dead-letters", "discard", &event, "orders"]);
    assert_eq!(code, 2, "a reason is asked for: {said}");
    let discard = ["dead-letters", "discard", &event, "orders", why[0], why[1]];
    assert_eq!(run(&discard).0, 0);
    // It is still down: what is replayed dies again, and the command says so.
    let replay = ["replay", "--issue", "1", "--why", "the ERP has the tax codes now", "--wait"];
    assert_eq!(run(&replay).0, 1);
    erp.be_well();
    let (code, text, _) = run(&replay);
    assert_eq!(code, 0, "{text}");
    assert_eq!(erp.documents("acme").len(), 2);
    assert_eq!(run(&["replay", "list"]).0, 0);
    assert_eq!(run(&["issues"]).1, "Nothing.\n");

    let (code, text, _) = run(&["quarantine"]);
    assert!(code == 0 && text.contains("signature_mismatch"), "{text}");
    let release = ["quarantine", "release", "1", "--topic", "order.created"];
    let release: Vec<&str> = release.into_iter().chain(["--why", "mistyped secret"]).collect();
    assert_eq!(run(&release).0, 0);
    assert_eq!(run(&release).0, 1, "once");
    let (_, text, _) = run(&["audit"]);
    assert!(text.contains("ops/maria") && text.contains("a test order"), "{text}");
    let (_, text, _) = run(&["events", "--merchant", "acme"]);
    assert!(text.contains("delivered") && text.contains("dead"), "{text}");

    assert_eq!(run(&["issues", "show", "99"]).0, 1);
    assert_eq!(run(&["events", "--state", "dad"]).0, 2);
    assert_eq!(by_hand_with("wrong", &["events", "--url", &url]).0, 2);
    assert_eq!(by_hand(&["events", "--url", "http://127.0.0.1:9"]).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_of_a_stopped_host_can_be_looked_into_and_not_touched() {
    let (folder, erp) = ready().await;
    folder.merchant("acme", erp.address());
    erp.trouble(|_, _| Some(Trouble::Status(422)));
    let mut served = Served::start(&folder);
    let address = served.address().await;
    Shop::of("acme", address).send(&Delivery::order(1)).await.accepted();
    until_ready(address, "it is dead", |it| it["journal"]["counts"]["dead_letters"] == 1).await;
    let dir = folder.dir().to_str().unwrap();
    let (code, _, said) = by_hand(&["issues", "--config", dir]);
    assert!(code == 2 && said.contains("--url"), "{said}");
    served.terminate().await;
    let (code, text, _) = by_hand(&["issues", "--config", dir, "--json"]);
    let issues: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &issues["items"][0]["pending"]), (0, &json!(1)));
    assert_eq!(by_hand(&["events", "--config", dir]).0, 0);
    let (code, _, said) = by_hand(&["replay", "--issue", "1", "--why", "x", "--config", dir]);
    assert!(code == 2 && said.contains("--url"), "{said}");
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(by_hand(&["events", "--config", nowhere.path().to_str().unwrap()]).0, 2);
    assert_eq!(erp.arrivals().len(), 1, "nothing was sent");
}
