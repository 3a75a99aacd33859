//! Versions run beside live work: what they would have done is known with its numbers before they do
//! it, and a bad one that was promoted all the same is taken back by the host itself.
//!
//! The orders are captured ones in five kinds, by number; one in two hundred is of a rare kind. The
//! plugins are the example plugin with a planted fault, built from source.

use std::path::PathBuf;

use mapwright_tests::api::{Api, TOKEN, open_to_clients};
use mapwright_tests::command::{self, Ran};
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, Patience, TestHost, until_over};
use mapwright_tests::shop::Delivery;
use mapwright_tests::variants::altered;
use serde_json::{Value, json};

pub(crate) const NAME: &str = "woo-order-summary";
pub(crate) const PLUGIN: &str = "/v1/merchants/acme/plugins/woo-order-summary";

/// By number: two of five are in reais and paid, one is in euros, one completed.
pub(crate) const KINDS: [&str; 5] = [
    "034-order-br-paid-order-created",
    "039-order-br-cnpj-order-created",
    "044-order-es-eur-order-created",
    "107-order-apiver-order-created",
    "117-burst-order-created",
];
/// An order of nothing, a gift.
pub(crate) const RARE: &str = "054-order-zero-order-created";

pub(crate) fn order(kind: &str, number: u64) -> Delivery {
    let mut order: Value = serde_json::from_slice(&Delivery::captured(kind).body).unwrap();
    order["id"] = json!(number);
    order["number"] = json!(number.to_string());
    Delivery::signed("order.created", &order.to_string())
}

/// Sends so many orders from this number on, the tenth of them a rare one if that is wanted.
async fn send(host: &TestHost, from: u64, count: u64, rare: bool) {
    for number in from..from + count {
        let kind = match rare && number == from + 9 {
            true => RARE,
            false => KINDS[usize::try_from(number % 5).unwrap()],
        };
        host.shop("acme").send(&order(kind, number)).await.accepted();
    }
    host.settle().await;
}

pub(crate) fn cent() -> PathBuf {
    let less = "total: if order.currency == \"EUR\" { order.total - Decimal::new(1, 2) } \
                else { order.total },";
    altered(NAME, "7.0.0", &[("total: order.total,", less)])
}

pub(crate) fn status() -> PathBuf {
    let said = "status: match status.unwrap_or(&order.status) { \"completed\" => \"done\", other => other },";
    altered(NAME, "7.1.0", &[("status: status.unwrap_or(&order.status),", said)])
}

pub(crate) fn crash() -> PathBuf {
    let divides = "discount: { assert!(!order.total.is_zero(), \"divided by the total\"); order.discount_total },";
    altered(NAME, "7.2.0", &[("discount: order.discount_total,", divides)])
}

/// Refuses what is in euros.
fn refuser() -> PathBuf {
    let refuses = "Body::Present(order) if order.currency == \"EUR\" => \
                   return Err(Refusal::rejected(\"/currency\", \"no_euros\", \"no euros\")),
            Body::Present(order) if order.is_draft()";
    altered(NAME, "7.3.0", &[("Body::Present(order) if order.is_draft()", refuses)])
}

pub(crate) async fn stage() -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    (folder, erp, host, api)
}

pub(crate) async fn push(api: &Api, built: PathBuf) {
    api.put(PLUGIN, std::fs::read(built).unwrap()).await.well();
}

pub(crate) async fn active(api: &Api) -> String {
    let slots = api.items("/v1/merchants/acme/plugins").await;
    slots[0]["active"]["version"].as_str().unwrap().to_owned()
}

/// The trial of a role, once it is as wanted.
async fn trial(api: &Api, role: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until_over(Patience::for_leftovers(), what, async || {
        let all = api.items(&format!("{PLUGIN}/shadow")).await;
        all.into_iter().find(|it| it["role"] == role).filter(|it| wanted(it))
    })
    .await
}

pub(crate) async fn mapwright(host: &TestHost, args: &[&str]) -> Ran {
    let url = format!("http://{}", host.address());
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--json", "--url", &url].map(str::to_owned));
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

fn subjects(trial: &Value) -> Vec<(String, u64)> {
    let obstacles = trial["verdict"]["obstacles"].as_array().unwrap();
    let one =
        |it: &Value| (it["subject"].as_str().unwrap().to_owned(), it["events"].as_u64().unwrap());
    obstacles.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_faults_are_caught_by_shadow_with_the_numbers_right_and_touch_nothing() {
    const EACH: u64 = 200;
    let (folder, erp, host, api) = stage().await;
    for built in [cent(), status(), crash()] {
        push(&api, built).await;
    }
    let begin = async |version: &str| {
        let args = ["shadow", "acme", NAME, "--candidate", version, "--events", "200"];
        mapwright(&host, &args).await.code(0);
    };
    let promote = ["shadow", "acme", NAME, "--promote", "--why", "let us see"];

    // A cent of each order in euros, which is one in five.
    begin("7.0.0").await;
    send(&host, 1, 50, false).await;
    let early = mapwright(&host, &promote).await.code(1).json();
    assert!(early.to_string().contains("of 200 events"), "it says how far it is: {early}");
    send(&host, 51, EACH - 50, false).await;
    let found = trial(&api, "shadow", "200 orders are compared", |it| it["state"] == "done").await;
    assert_eq!((&found["compared"], &found["dropped"]), (&json!(EACH), &json!(0)), "{found:#}");
    assert_eq!(found["different"], 40);
    assert_eq!(subjects(&found), [("order_summary/total".to_owned(), 40)]);
    let said = found["verdict"]["obstacles"][0]["message"].as_str().unwrap();
    assert!(said.contains("-0.4 EUR") && said.contains("at most by -0.01"), "{said}");
    let refused = mapwright(&host, &promote).await.code(1).json();
    assert_eq!(refused["promoted"], false);

    // Another word for orders that are completed, again one in five.
    begin("7.1.0").await;
    send(&host, 1001, EACH, false).await;
    let found = trial(&api, "shadow", "200 orders are compared", |it| it["state"] == "done").await;
    assert_eq!(subjects(&found), [("order_summary/status".to_owned(), 40)]);
    assert!(found.to_string().contains("`completed` to `done`"), "{found:#}");

    // A crash at one order in two hundred.
    begin("7.2.0").await;
    send(&host, 2001, EACH, true).await;
    let found = trial(&api, "shadow", "200 orders are compared", |it| it["state"] == "done").await;
    assert_eq!((&found["compared"], &found["different"]), (&json!(EACH), &json!(1)));
    assert_eq!(found["failures"], json!({ "before": 0, "after": 1 }));
    assert_eq!(subjects(&found), [("outcome mapped -> trapped".to_owned(), 1)]);
    assert!(found.to_string().contains("divided by the total"), "{found:#}");
    mapwright(&host, &promote).await.code(1);

    assert_eq!(active(&api).await, "1.0.0");
    assert_eq!(erp.arrivals().len(), 600, "nothing of it was sent");
    assert!(host.rows("acme").iter().all(|row| row.reason.is_none()));
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_gets_what_the_live_version_gets_and_goes_on_after_a_restart() {
    // How often it saw the order is its checkpoint, and stands in the document.
    let counts = [
        (
            "let key = context.resource_key.as_str();",
            "let key = context.resource_key.as_str();\n        let seen: i64 = context.checkpoint()?.unwrap_or(0) + 1;",
        ),
        (
            ".body(&summary(&order, input.status.as_deref())),",
            ".body(&summary(&order, input.status.as_deref(), seen)),",
        ),
        (
            "fn summary<'a>(order: &'a Order, status: Option<&'a str>)",
            "fn summary<'a>(order: &'a Order, status: Option<&'a str>, seen: i64)",
        ),
        ("items: order.line_items.iter().map(|line| line.quantity).sum(),", "items: seen.into(),"),
        ("            ),\n        })", "            ).remember(&seen),\n        })"),
    ];
    let (live, same) = (altered(NAME, "7.4.0", &counts), altered(NAME, "7.5.0", &counts));
    let (folder, erp, host, api) = stage().await;
    push(&api, live).await;
    push(&api, same).await;
    let activate = json!({ "version": "7.4.0", "why": "it counts" });
    api.post(&format!("{PLUGIN}/activate"), activate).await.well();
    mapwright(&host, &["shadow", "acme", NAME, "--candidate", "7.5.0"]).await.code(0);
    let rounds = async |host: &TestHost, seconds: std::ops::Range<u32>| {
        for second in seconds {
            for number in 1..=10 {
                host.shop("acme").send(&Delivery::version(number, second)).await.accepted();
            }
            host.settle().await;
        }
    };
    rounds(&host, 1..4).await;
    trial(&api, "shadow", "30 are compared", |it| it["compared"] == 30).await;
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    rounds(&host, 4..6).await;
    let found = trial(&api, "shadow", "50 are compared", |it| it["compared"] == 50).await;
    assert_eq!((&found["seen"], &found["different"]), (&json!(50), &json!(0)), "{found:#}");
    assert_eq!(found["verdict"]["within"], true);
    assert!(erp.documents("acme").iter().all(|it| it.body.get().contains(r#""items":"5""#)));
    let ready = host.ready().await;
    assert_eq!(ready["trials"][0]["compared"], 50);

    // What it made is nowhere: its own checkpoints neither.
    let args = ["shadow", "acme", NAME, "--promote", "--why", "no difference", "--watch", "24h"];
    let promoted = mapwright(&host, &args).await.code(0).json();
    assert_eq!((&promoted["promoted"], &promoted["state"]), (&json!(true), &json!("promoted")));
    rounds(&host, 6..7).await;
    let watch =
        trial(&api, "watch", "the version before looks on", |it| it["compared"] == 10).await;
    assert_eq!((&watch["state"], &watch["different"]), (&json!("running"), &json!(0)));
    assert_eq!(active(&api).await, "7.5.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_version_promoted_on_purpose_is_taken_back_by_the_host_itself() {
    let (folder, erp, host, api) = stage().await;
    push(&api, refuser()).await;
    let activate =
        ["activate", NAME, "7.3.0", "--merchant", "acme", "--why", "on purpose", "--watch", "24h"];
    mapwright(&host, &activate).await.code(0);
    assert_eq!(active(&api).await, "7.3.0");
    // One in five is refused: not the first, and not the second.
    send(&host, 1, 10, false).await;
    let watch = trial(&api, "watch", "ten are compared", |it| it["compared"] == 10).await;
    assert_eq!((&watch["state"], &watch["failures"]["after"]), (&json!("running"), &json!(2)));
    // A restart does not forget them.
    host.stop().await;
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    send(&host, 11, 5, false).await;
    let watch = trial(&api, "watch", "it is taken back", |it| it["state"] == "reverted").await;
    let reason = watch["reason"].as_str().unwrap();
    assert!(reason.contains("3 fail that the version before maps"), "{reason}");
    assert_eq!(active(&api).await, "1.0.0");
    let audit = &api.items("/v1/audit?merchant=acme").await[0];
    assert_eq!((&audit["who"], &audit["action"]), (&json!("host"), &json!("revert_plugin")));
    assert_eq!(audit["why"], reason);
    assert!(host.ready().await["trials"].to_string().contains("reverted"));
    let (_, metrics) = host.get("/metrics").await;
    assert!(metrics.contains("mapwright_reverts_total 1"), "{metrics}");
    let shown = mapwright(&host, &["plugins"]).await.code(0).json();
    assert_eq!(shown["trials"][0]["state"], "reverted");
    // From here on all is as if it had never been.
    send(&host, 16, 10, false).await;
    assert_eq!(erp.documents("acme").len(), 25 - 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_order_takes_nothing_back_unless_the_merchant_says_so() {
    let (_folder, _erp, host, api) = stage().await;
    push(&api, crash()).await;
    let activate = json!({ "version": "7.2.0", "why": "x", "watch": { "for": "1h" } });
    api.post(&format!("{PLUGIN}/activate"), activate.clone()).await.well();
    send(&host, 1, 30, true).await;
    let watch = trial(&api, "watch", "30 are compared", |it| it["compared"] == 30).await;
    assert_eq!((&watch["state"], &watch["failures"]["after"]), (&json!("running"), &json!(1)));
    assert_eq!(active(&api).await, "7.2.0");
    // By hand, and once more on other terms.
    api.post(&format!("{PLUGIN}/rollback"), json!({ "why": "x" })).await.well();
    trial(&api, "watch", "it is about nothing now", |it| it["state"] == "superseded").await;
    let mut strict = activate;
    strict["watch"]["events_min"] = json!(1);
    api.post(&format!("{PLUGIN}/activate"), strict).await.well();
    send(&host, 101, 30, true).await;
    trial(&api, "watch", "it is taken back", |it| it["state"] == "reverted").await;
    assert_eq!(active(&api).await, "1.0.0");
}

/// A plugin that says the same of every order.
fn saying(version: &str, total: &str) -> Vec<u8> {
    let mut guest = Guest::new("rules");
    guest.version = version.to_owned();
    let sale = format!(r#"{{"currency":"BRL","total":"{total}"}}"#);
    let body = guest.mapped_bodies(&[("sale", "s-1", &sale)], None);
    guest.transform = Some(body);
    guest.component()
}

const RULES: &str = "/v1/merchants/acme/plugins/rules";

async fn stage_of_guests(belts: &str) -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &saying("1.0.0", "254.56"));
    let path = folder.of("acme", "merchant.toml");
    let toml = std::fs::read_to_string(&path).unwrap() + belts;
    folder.write(path, toml);
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    api.put(RULES, saying("1.1.0", "254.55")).await.well();
    (folder, erp, host, api)
}

async fn watched(api: &Api, wanted: &str) -> Value {
    until_over(Patience::for_leftovers(), "the watch is as wanted", async || {
        let all = api.items(&format!("{RULES}/shadow")).await;
        all.into_iter().find(|it| it["role"] == "watch" && it["state"] == wanted)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_beyond_the_tolerances_or_breaks_a_seatbelt_after_a_promotion_is_taken_back() {
    let totals = "\n[[routes.orders.seatbelts.totals]]\nentity = \"sale\"\nplus = [\"/total\"]\n\
                  equals = [\"payload:/total\"]\ntolerance = \"0.00\"\n";
    for (belts, watch, said) in [
        ("", json!({ "for": "1d", "tolerances": {} }), "sale/total is beyond what may differ in 3"),
        (totals, json!({ "for": "1d" }), "break a seatbelt"),
    ] {
        let (_folder, _erp, host, api) = stage_of_guests(belts).await;
        let activate = json!({ "version": "1.1.0", "why": "x", "watch": watch });
        api.post(&format!("{RULES}/activate"), activate).await.well();
        for number in 1..=3 {
            host.shop("acme").send(&Delivery::order(number)).await.accepted();
        }
        let watch = watched(&api, "reverted").await;
        assert!(watch["reason"].as_str().unwrap().contains(said), "{watch:#}");
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seatbelt_that_only_the_candidate_breaks_stands_in_the_way() {
    let totals = "\n[[routes.orders.seatbelts.totals]]\nentity = \"sale\"\nplus = [\"/total\"]\n\
                  equals = [\"payload:/total\"]\ntolerance = \"0.00\"\n";
    let (_folder, _erp, host, api) = stage_of_guests(totals).await;
    let begin = json!({ "candidate": "1.1.0", "tolerances": { "total": "<= 0.01" } });
    api.post(&format!("{RULES}/shadow"), begin.clone()).await.well();
    let said = api.post(&format!("{RULES}/shadow"), begin).await.refused(409);
    assert!(said.contains("already"), "{said}");
    for number in 1..=2 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    let found = until_over(Patience::for_leftovers(), "both are compared", async || {
        api.items(&format!("{RULES}/shadow")).await.pop().filter(|it| it["compared"] == 2)
    })
    .await;
    assert_eq!(found["verdict"]["tolerated"], json!(["sale/total"]));
    assert_eq!(subjects(&found), [("(seatbelts)".to_owned(), 2)]);
    let promoted = api.post(&format!("{RULES}/shadow/promote"), json!({ "why": "x" })).await.well();
    assert_eq!(promoted["promoted"], false);
    let stop = json!({ "why": "enough" });
    let stopped = api.post(&format!("{RULES}/shadow/stop"), stop.clone()).await.well();
    assert_eq!(stopped["state"], "stopped");
    api.post(&format!("{RULES}/shadow/stop"), stop).await.refused(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_burns_its_whole_budget_holds_nothing_up_and_what_is_dropped_is_counted() {
    const ORDERS: u64 = 800; // more than the queue is long
    let (folder, erp, host, api) = stage_of_guests("").await;
    let mut busy = Guest::transforming("rules", "(loop $on (br $on)) (unreachable)");
    busy.version = "2.0.0".to_owned();
    api.put(RULES, busy.component()).await.well();
    api.post(&format!("{RULES}/shadow"), json!({ "candidate": "2.0.0" })).await.well();
    for number in 1..=ORDERS {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    assert_eq!(erp.arrivals().len(), usize::try_from(ORDERS).unwrap());
    let found = until_over(Patience::for_leftovers(), "some of it was compared", async || {
        api.items(&format!("{RULES}/shadow")).await.pop().filter(|it| it["compared"] != 0)
    })
    .await;
    let number = |key: &str| found[key].as_u64().unwrap();
    assert_eq!(number("seen"), ORDERS);
    assert!(number("dropped") > 0, "{found:#}");
    assert_eq!(found["failures"]["after"], found["compared"], "each ran out of fuel");
    // What waits is not worked off at a stop, and what was counted is not lost.
    let begun = std::time::Instant::now();
    host.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    let after = api.items(&format!("{RULES}/shadow")).await.pop().unwrap();
    assert_eq!((&after["seen"], &after["state"]), (&json!(ORDERS), &json!("running")));
    assert!(after["compared"].as_u64() >= found["compared"].as_u64());
}
