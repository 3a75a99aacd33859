//! Who goes first when there is more to do than can be done at once: fair shares between merchants,
//! lanes, order per resource beyond what fits into memory, children behind their parents. Backlogs
//! are put into the journal before the host starts; what is counted is the order of arrivals in the
//! ERP, never time.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use jiff::Timestamp;
use mapwright::event::{EventId, NewEvent, Origin};
use mapwright::journal::{Journal, State};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, merchant_toml, until};
use mapwright_tests::shop::{Delivery, order};
use serde_json::{Value, json};

/// One place for all: where there are more, nobody has to wait, and who goes first is no question.
const ONE_PLACE: &str = "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\npassages_in_flight = 1\n";

/// An event as ingress makes it.
fn event(merchant: &str, topic: &str, origin: Origin, number: u64, body: &Value) -> NewEvent {
    let id = EventId::fresh();
    NewEvent {
        correlation_id: id.0.clone(),
        id,
        merchant: merchant.into(),
        connection: "shop".into(),
        topic: topic.into(),
        resource_key: format!("order/{number}"),
        version: None,
        received_at: Timestamp::now(),
        origin,
        body: Bytes::from(body.to_string()),
    }
}

/// Version `second` of an order.
fn version(merchant: &str, number: u64, second: u32) -> NewEvent {
    let mut body = order(number);
    body["billing"]["first_name"] = json!(format!("v{second}"));
    let version = format!("2026-11-22T03:00:{second:02}Z").parse().unwrap();
    let event = event(merchant, "order.updated", Origin::Hook, number, &body);
    NewEvent { version: Some(version), ..event }
}

/// Puts a backlog into the journal of a host that is not running.
async fn fill(folder: &Folder, events: impl IntoIterator<Item = NewEvent>) {
    let journal = Journal::open(&folder.data()).unwrap();
    let mut accepted = tokio::task::JoinSet::new();
    for (place, event) in events.into_iter().enumerate() {
        let (journal, mut fingerprint) = (journal.clone(), [0; 32]);
        fingerprint[..8].copy_from_slice(&(place as u64).to_le_bytes());
        // One after the other into the queue, so that they are in order.
        let accept = async move { journal.accept(event, fingerprint).await.map(drop) };
        accepted.spawn(accept);
        if accepted.len() >= 200 {
            while let Some(done) = accepted.join_next().await {
                done.unwrap().unwrap();
            }
        }
    }
    while let Some(done) = accepted.join_next().await {
        done.unwrap().unwrap();
    }
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_merchant_with_a_dead_erp_and_one_with_much_to_do_leave_the_small_one_its_share() {
    const MANY: u64 = 1500;
    const FEW: u64 = 20;
    let (folder, erp) = (Folder::new(), Erp::start().await);
    for merchant in ["dead", "busy", "small"] {
        folder.merchant(merchant, erp.address());
    }
    let dead = merchant_toml("dead", nobody(), "woo-order-summary");
    folder.write(folder.of("dead", "merchant.toml"), dead);
    folder.write("mapwright.toml", ONE_PLACE);
    // The small one comes last: first come first served would let it wait for all the others.
    let backlog = |merchant, number| (0..number).map(move |order| version(merchant, order, 1));
    fill(&folder, backlog("dead", MANY).chain(backlog("busy", MANY))).await;
    fill(&folder, backlog("small", FEW)).await;
    let host = TestHost::start(&folder).await;
    until("the small one's orders stand in the ERP", async || {
        (erp.documents("small").len() as u64 == FEW).then_some(())
    })
    .await;
    let before = erp.arrivals().iter().filter(|a| a.path.starts_with("/busy/")).count() as u64;
    assert!(before < MANY / 4, "{before} of the other's went first");

    // What comes new meets the same: a share, whatever waits.
    let so_far = erp.arrivals().len();
    for order in 0..FEW {
        host.shop("small").send(&Delivery::version(order, 2)).await.accepted();
    }
    until("its changes stand there, too", async || {
        erp.documents("small").iter().all(|kept| kept.times == 2).then_some(())
    })
    .await;
    let open = host.rows("dead").iter().filter(|row| row.ended_at.is_none()).count() as u64;
    assert_eq!(open, MANY, "nothing of the dead one's has ended, or kept anybody waiting");
    assert!(erp.arrivals().len() > so_far);
}

#[tokio::test]
async fn more_than_fits_into_memory_arrives_once_and_in_order_when_the_target_is_back() {
    // Two and a half times what a route has in memory.
    const ORDERS: u64 = 2600;
    const CHANGED: u64 = 70;
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    fill(&folder, (0..ORDERS).map(|order| version("acme", order, 1))).await;
    erp.trouble(|n, _| (n < 8).then_some(Trouble::StatusAfter(503, 0)));
    let host = TestHost::start(&folder).await;
    let documents =
        async |wanted: u64| (erp.documents("acme").len() as u64 >= wanted).then_some(());
    until("there is room in memory again", async || documents(300).await).await;
    // Newer versions of what will be read last: there would be room for them, but it is not their turn.
    for order in ORDERS - CHANGED..ORDERS {
        host.shop("acme").send(&Delivery::version(order, 2)).await.accepted();
    }
    until("most of it is there", async || documents(ORDERS - 300).await).await;
    host.settle().await;
    let rows = host.rows("acme");
    assert_eq!(rows.len() as u64, ORDERS + CHANGED);
    let other = rows.iter().find(|row| row.state != State::Delivered);
    assert!(other.is_none(), "{other:#?}");
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for arrival in erp.arrivals() {
        if arrival.status.is_some_and(|status| status < 300) {
            let name = arrival.body.to_string();
            let version = name.split("\"v").nth(1).and_then(|rest| rest.split(['"', ' ']).next());
            versions.entry(arrival.key).or_default().push(version.unwrap_or(&name).to_owned());
        }
    }
    let both = versions.values().filter(|seen| seen.len() == 2).count() as u64;
    assert_eq!((versions.len() as u64, both), (ORDERS, CHANGED));
    for (order, seen) in &versions {
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(*seen, sorted, "{order}: in order, each once");
    }
}

/// A merchant whose created orders become sales, and whose updated ones refer to sale 1.
async fn family(retry: &str) -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let mut parent = Guest::new("parent");
    parent.transform = Some(parent.mapped(&[("sale", "sale-1")], None));
    let mut child = Guest::new("child");
    let body = r#"{"of": {"$ref": {"entity": "sale", "key": "sale-1"}}}"#;
    child.transform = Some(child.mapped_bodies(&[("refund", "refund-1", body)], None));
    folder.write(folder.plugin("acme", "child"), child.component());
    folder.merchant_with("acme", erp.address(), "parent", &parent.component());
    let file = merchant_toml("acme", erp.address(), "parent")
        .replace(r#""order.created", "order.updated", "order.deleted""#, r#""order.created""#);
    let children = "\n[routes.children]\nfrom = \"shop\"\ntopics = [\"order.updated\"]\n\
                    to = \"erp\"\nfield_mapping = \"child\"\n\n[retry]\n";
    folder.write(folder.of("acme", "merchant.toml"), file + children + retry);
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

#[tokio::test]
async fn a_child_whose_parent_comes_later_is_delivered_right_after_it() {
    // By itself it would come again in an hour.
    let (_folder, erp, host) = family("first_ms = 3600000\n").await;
    let shop = host.shop("acme");
    shop.send(&Delivery::version(2, 1)).await.accepted();
    until("the child waits", async || {
        host.rows("acme").iter().any(|row| row.reason.is_some()).then_some(())
    })
    .await;
    assert!(erp.arrivals().is_empty(), "nothing is sent half-resolved");
    shop.send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let arrivals = erp.arrivals();
    let keys: Vec<_> = arrivals.iter().map(|arrival| arrival.key.as_str()).collect();
    assert_eq!(keys, ["sale-1", "refund-1"]);
    let sale = erp.documents("acme").into_iter().find(|kept| kept.key == "sale-1").unwrap();
    assert_eq!(arrivals[1].body["of"].to_string().trim_matches('"'), sale.id.to_string());
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}

#[tokio::test]
async fn a_child_whose_parent_does_not_come_ends_with_a_cause_of_its_own() {
    // Many more tries than `attempts_max`: they end by time.
    let retry = "first_ms = 10\nmax_ms = 20\nattempts_max = 3\nnot_ready_max_ms = 600\n";
    let (_folder, erp, host) = family(retry).await;
    host.shop("acme").send(&Delivery::version(2, 1)).await.accepted();
    host.settle().await;
    let row = &host.rows("acme")[0];
    assert_eq!((row.state, row.cause.as_deref()), (State::Dead, Some("parent_missing")));
    assert!(row.detail.as_deref().unwrap().contains("sale-1"), "{row:#?}");
    assert!(row.attempts.len() > 3, "{row:#?}");
    assert!(erp.arrivals().is_empty());
}

#[tokio::test]
async fn orders_go_before_the_catalogue_and_history_last_and_nothing_starves() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let echo = Guest::echo("echo").component();
    folder.merchant_with("acme", erp.address(), "echo", &echo);
    let file = merchant_toml("acme", erp.address(), "echo")
        .replace(r#""order.created", "order.updated", "order.deleted""#, r#""order.created""#);
    let products = "\n[routes.products]\nfrom = \"shop\"\ntopics = [\"order.updated\"]\n\
                    to = \"erp\"\nfield_mapping = \"echo\"\nlane = \"catalogue\"\n";
    folder.write(folder.of("acme", "merchant.toml"), file + products);
    folder.write("mapwright.toml", ONE_PLACE);
    let numbered = |first: u64, topic: &'static str, origin, what: &'static str, number: u64| {
        (first..first + number)
            .map(move |order| event("acme", topic, origin, order, &json!({ "what": what })))
    };
    let history = numbered(0, "order.created", Origin::Backfill, "history", 100);
    let products = numbered(1000, "order.updated", Origin::Hook, "product", 100);
    let orders = numbered(2000, "order.created", Origin::Hook, "order", 40);
    fill(&folder, history.chain(products)).await;
    fill(&folder, orders).await;
    let host = TestHost::start(&folder).await;
    host.settle().await;
    let seen: Vec<String> = erp
        .arrivals()
        .iter()
        .map(|arrival| arrival.body["what"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(seen.len(), 240);
    let last_order = seen.iter().rposition(|what| what == "order").unwrap();
    let first = &seen[..=last_order];
    let of = |what: &str| first.iter().filter(|seen| *seen == what).count();
    // Forty at eight a round: five rounds, with two of the catalogue and one of history in each.
    let counted = (of("order"), of("product"), of("history"));
    assert!(counted.1 <= 12 && counted.2 <= 6, "{counted:?}");
    assert!(counted.1 >= 8 && counted.2 >= 4, "nothing starves: {counted:?}");
}
