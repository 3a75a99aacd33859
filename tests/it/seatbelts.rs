//! Seatbelts on a whole host: an answer that breaks one never leaves, says with which numbers, and is
//! let through by a person only.

use mapwright_tests::api::{Api, open_to_clients};
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, faults, merchant_toml};
use mapwright_tests::shop::{Delivery, order};
use serde_json::{Value, json};

/// The sum of the document must be the order's, to the cent.
const TOTALS: &str = r#"
[[routes.orders.seatbelts.totals]]
entity = "sale"
plus = ["/total"]
equals = ["payload:/total"]
tolerance = "0.00"
"#;

fn worth(number: u64, total: &str) -> Delivery {
    let mut order = order(number);
    order["total"] = json!(total);
    Delivery::signed("order.created", &order.to_string())
}

/// A plugin that says the same of every order: a sale of 45.01.
fn says_45_01(version: &str) -> Vec<u8> {
    let mut guest = Guest::new("rules");
    guest.version = version.to_owned();
    let body = guest.mapped_bodies(&[("sale", "s-1", r#"{"total":"45.01"}"#)], None);
    guest.transform = Some(body);
    guest.component()
}

async fn stage(belts: &str) -> (Folder, Erp) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &says_45_01("1.0.0"));
    let toml = merchant_toml("acme", erp.address(), "rules") + belts;
    folder.write("merchants/acme/merchant.toml", toml);
    (folder, erp)
}

async fn event_of(api: &Api, resource: &str) -> Value {
    let rows = api.items(&format!("/v1/events?merchant=acme&resource={resource}")).await;
    let id = rows[0]["id"].as_str().unwrap();
    api.get(&format!("/v1/events/{id}")).await.well()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_a_cent_off_is_withheld_with_both_numbers_and_leaves_only_by_hand() {
    let (folder, erp) = stage(TOTALS).await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&worth(1, "45.01")).await.accepted();
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1, "what holds is sent");
    host.shop("acme").send(&worth(2, "45.00")).await.accepted();
    host.settle().await;
    assert_eq!(erp.arrivals().len(), 1, "what does not hold is not");

    let event = event_of(&api, "order/2").await;
    let passage = &event["passages"][0];
    assert_eq!(
        (&passage["state"], &passage["reason"]),
        (&json!("dead"), &json!("seatbelt_totals"))
    );
    let detail = passage["dead"]["detail"].as_str().unwrap();
    assert!(detail.contains("make 45.01") && detail.contains("says 45.00:"), "{detail}");
    let withheld = &passage["documents"][0];
    assert_eq!(withheld["delivered"], false);
    assert_eq!(withheld["idempotency_key"], "s-1");
    assert_eq!(withheld["body"]["total"], "45.01", "a person sees what would have been sent");
    let issue = &api.items("/v1/issues").await[0];
    assert_eq!(issue["cause"], "seatbelt_totals");

    // As it was stopped, not as another version would have it by now.
    folder.write("merchants/acme/plugins/rules.wasm", says_45_01("2.0.0"));
    host.until_ready("the new version is in use", |ready| ready.to_string().contains("2.0.0"))
        .await;
    let again = json!({ "event": event["id"], "why": "let us see" });
    let same = api.replayed(api.replay(again).await).await;
    assert_eq!(same["outcomes"], json!({ "dead": 1 }), "a replay alone changes nothing");
    let release =
        json!({ "event": event["id"], "past_seatbelts": true, "why": "the shop lost a cent" });
    let done = api.replayed(api.replay(release).await).await;
    assert_eq!(done["outcomes"], json!({ "delivered": 1 }));
    assert_eq!(erp.arrivals().len(), 2);
    let released = event_of(&api, "order/2").await;
    let receipts = &released["passages"][0]["receipts"];
    assert_eq!(receipts[0]["version"], "2.0.0", "the last answer that was stopped");
    assert!(api.items("/v1/audit").await.iter().any(|it| it["why"] == "the shop lost a cent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_seatbelt_stopped_is_let_past_them_and_only_by_name() {
    let (folder, _erp) = stage(TOTALS).await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&worth(1, "45.01")).await.accepted();
    host.settle().await;
    let delivered = event_of(&api, "order/1").await["id"].clone();
    for (ask, said) in [
        (
            json!({ "event": delivered, "past_seatbelts": true, "why": "x" }),
            "no seatbelt stopped it",
        ),
        (json!({ "merchant": "acme", "past_seatbelts": true, "why": "x" }), "looked at by hand"),
    ] {
        let refused = api.post("/v1/replays", ask).await.refused(422);
        assert!(refused.contains(said), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_not_walked_without_the_belts_it_was_to_have() {
    let (folder, erp) = stage("\n[routes.orders.seatbelts]\ntotal = 1\n").await;
    let host = TestHost::start(&folder).await;
    let said = faults(&host.ready().await).join(" ");
    assert!(said.contains("seatbelts") && said.contains("`total`"), "{said}");
    host.shop("acme").send(&worth(1, "45.01")).await.accepted();
    let toml = merchant_toml("acme", erp.address(), "rules") + TOTALS;
    folder.write("merchants/acme/merchant.toml", toml);
    host.settle().await;
    assert_eq!(erp.documents("acme").len(), 1, "it waited for them");

    // Once good, a typo leaves the belts as they were.
    let toml = merchant_toml("acme", erp.address(), "rules") + &TOTALS.replace("plus", "pluss");
    folder.write("merchants/acme/merchant.toml", toml);
    host.until_ready("the fault is seen", |ready| !faults(ready).is_empty()).await;
    host.shop("acme").send(&worth(2, "45.00")).await.accepted();
    host.settle().await;
    assert_eq!(erp.arrivals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_documents_of_a_resource_leave_than_its_rate_allows() {
    let (folder, erp) = stage("\n[routes.orders.seatbelts.rate]\ndocuments = 2\n").await;
    let host = TestHost::start(&folder).await;
    for second in 1..=2 {
        host.shop("acme").send(&Delivery::version(1, second)).await.accepted();
        host.settle().await;
    }
    assert_eq!(erp.arrivals().len(), 2);
    // Counted from the journal, so a restart forgets nothing.
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&Delivery::version(1, 3)).await.accepted();
    host.shop("acme").send(&Delivery::version(2, 3)).await.accepted();
    host.settle().await;
    assert_eq!(erp.arrivals().len(), 3, "of another order there is no such number");
    let passage = event_of(&api, "order/1").await["passages"][0].clone();
    assert_eq!(passage["reason"], "seatbelt_rate");
    let detail = passage["dead"]["detail"].as_str().unwrap();
    assert!(detail.contains("2 documents of this resource were sent in 3600 seconds"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_edge_in_the_target_s_words_is_held_across_versions_restarts_and_a_lost_store() {
    let translating = |version: &str, status: &str| {
        let mut guest = Guest::new("rules");
        guest.version = version.to_owned();
        let body = guest.mapped_bodies(&[("sale", "s-1", r#"{"total":"1.00"}"#)], None);
        guest.transform = Some(body);
        let body = guest.translated(status);
        guest.translate = Some(body);
        guest.component()
    };
    let belts = "status_translation = \"rules\"\n\n[routes.orders.seatbelts.statuses]\n\
                 of = \"target\"\nedges = { done = [], draft = [\"done\"] }\n";
    let (folder, erp) = stage(belts).await;
    folder.write(folder.plugin("acme", "rules"), translating("1.0.0", "draft"));
    let host = TestHost::start(&folder).await;
    let shop = host.shop("acme");
    shop.send(&Delivery::version(1, 1)).await.accepted();
    host.settle().await;
    let take_up = async |version: &str, status: &str| {
        folder.write(folder.plugin("acme", "rules"), translating(version, status));
        host.until_ready("it is in use", |ready| ready.to_string().contains(version)).await;
    };
    take_up("2.0.0", "done").await;
    shop.send(&Delivery::version(1, 2)).await.accepted();
    host.settle().await;
    assert_eq!(erp.arrivals().len(), 2, "from draft to done it may go");
    take_up("3.0.0", "draft").await;
    host.stop().await;
    std::fs::remove_dir_all(folder.data().join("checkpoints")).unwrap();
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    host.shop("acme").send(&Delivery::version(1, 3)).await.accepted();
    host.settle().await;
    assert_eq!(erp.arrivals().len(), 2, "and not back");
    let passage = event_of(&api, "order/1").await["passages"][0].clone();
    assert_eq!(passage["reason"], "seatbelt_statuses");
    let detail = passage["dead"]["detail"].as_str().unwrap();
    assert!(detail.contains("from done to draft"), "{detail}");
}
