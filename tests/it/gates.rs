//! Targets that misbehave, and a host that survives them: nothing is lost, nothing is done twice,
//! nobody else is held up. The target is a real one that can be told how to fail; one that keeps no
//! keys shows what was done twice.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use mapwright::journal::State;
use mapwright_tests::erp::{Account, Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost, merchant_toml, until};
use mapwright_tests::shop::Delivery;
use serde_json::json;

/// The connection's usual lines on what is sent again and when the target is left alone.
const KEEPS_KEYS: &str = "idempotent = true\n";
const BREAKER: &str = "circuit_breaker = { failures = 5, open_ms = 200, open_max_ms = 1000 }\n";

/// A merchant whose connection has `more` in place of [`KEEPS_KEYS`].
fn acme(folder: &Folder, erp: &Erp, more: &str) {
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let file =
        if more.contains("timeout_ms") { file.replace("timeout_ms = 10000\n", "") } else { file };
    folder.write(folder.of("acme", "merchant.toml"), file.replace(KEEPS_KEYS, more));
    folder.install("acme", "woo-order-summary");
}

async fn host(erp: &Erp, more: &str) -> (Folder, TestHost) {
    let folder = Folder::new();
    acme(&folder, erp, more);
    let host = TestHost::start(&folder).await;
    (folder, host)
}

async fn send(host: &TestHost, orders: std::ops::Range<u64>) {
    let shop = host.shop("acme");
    for order in orders {
        shop.send(&Delivery::order(order)).await.accepted();
    }
}

fn keys(orders: std::ops::Range<u64>) -> Vec<String> {
    orders.map(|order| format!("order/{order}")).collect()
}

/// Each expected key once, and nothing else.
fn exactly(orders: std::ops::Range<u64>) -> Account {
    Account { delivered: keys(orders).into_iter().collect(), ..Account::default() }
}

fn few_attempts(folder: &Folder) {
    folder.write(
        "mapwright.toml",
        "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\nshutdown_ms = 300\n\n\
         [retry]\nfirst_ms = 10\nmax_ms = 40\nattempts_max = 3\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_after_the_work_was_done_leaves_one_document() {
    let erp = Erp::forgetful().await;
    let lookup = format!(
        "timeout_ms = 700\nlookup = {{ url = \"http://{}/documents?key={{key}}\", settle_ms = 50 }}\n",
        erp.address()
    );
    let folder = Folder::new();
    acme(&folder, &erp, &lookup);
    let host = TestHost::start(&folder).await;
    // Of each order the first request goes wrong: every third is done and the answer too late, every
    // third done and the connection broken, and every third broken before anything was done.
    let met = Mutex::new(BTreeSet::new());
    erp.trouble_with(move |_, arrival| {
        let number: u64 = arrival.key.strip_prefix("order/")?.parse().ok()?;
        let first = arrival.method == "POST" && met.lock().unwrap().insert(number);
        first.then_some(match number % 3 {
            0 => Trouble::Slow(Duration::from_secs(20)),
            1 => Trouble::BreakAfterDoing,
            _ => Trouble::Break,
        })
    });
    send(&host, 0..9).await;
    host.settle().await;
    assert_eq!(erp.account("acme", keys(0..9)), exactly(0..9));
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_where_nobody_can_be_asked_is_left_to_a_person() {
    let erp = Erp::forgetful().await;
    let (_folder, host) = host(&erp, "").await;
    erp.trouble(|n, _| (n == 0).then_some(Trouble::BreakAfterDoing));
    send(&host, 0..1).await;
    host.settle().await;
    send(&host, 1..3).await;
    host.settle().await;
    let rows = host.rows("acme");
    let (first, others) = rows.split_first().unwrap();
    assert_eq!((first.state, first.cause.as_deref()), (State::Dead, Some("unknown_outcome")));
    assert!(first.detail.as_deref().unwrap().contains("look there"), "{first:#?}");
    assert!(others.iter().all(|row| row.state == State::Delivered));
    assert_eq!(erp.account("acme", keys(0..3)), exactly(0..3), "it was done, and once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_host_had_in_hand_is_not_sent_blindly_and_what_only_waited_is() {
    let erp = Erp::forgetful().await;
    let folder = Folder::new();
    few_attempts(&folder);
    acme(&folder, &erp, "");
    // One is refused for now and waits, the other is in hand for ever.
    erp.trouble_with(|_, arrival| match arrival.key.as_str() {
        "order/1" => Some(Trouble::StatusAfter(503, 3)),
        _ => Some(Trouble::Hang),
    });
    let host = TestHost::start(&folder).await;
    send(&host, 2..3).await;
    until("it is in hand", async || (erp.arrivals().len() == 1).then_some(())).await;
    send(&host, 1..2).await;
    until("it waits", async || {
        let waits = |row: &mapwright::journal::SummaryRow| row.reason.is_some();
        host.rows("acme").iter().any(waits).then_some(())
    })
    .await;
    host.stop().await;
    erp.be_well();
    let host = TestHost::start(&folder).await;
    host.settle().await;
    let rows = host.rows("acme");
    assert_eq!((rows[0].state, rows[1].state), (State::Dead, State::Delivered), "{rows:#?}");
    assert_eq!(rows[0].cause.as_deref(), Some("unknown_outcome"));
    assert_eq!(erp.account("acme", keys(1..2)), exactly(1..2));
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_that_one_document_is_asked_for_is_given_by_the_whole_connection() {
    let erp = Erp::start().await;
    let (_folder, host) = host(&erp, KEEPS_KEYS).await;
    erp.trouble(|n, _| (n == 0).then_some(Trouble::StatusAfter(429, 2)));
    send(&host, 0..1).await;
    until("it was asked to wait", async || erp.arrivals().first()?.status).await;
    until("the gate knows", async || {
        host.ready().await["merchants"]["acme"]["targets"]["erp"]["next_try"].as_str().map(drop)
    })
    .await;
    send(&host, 1..20).await;
    host.settle().await;
    let arrivals = erp.arrivals();
    let quiet = arrivals[1].at - arrivals[0].at;
    assert!(quiet >= Duration::from_secs(2), "{quiet:?}");
    assert_eq!(erp.account("acme", keys(0..20)), exactly(0..20));
    assert!(host.rows("acme").iter().all(|row| row.attempts.len() <= 2), "nobody else tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_is_waited_out_before_anything_is_refused() {
    let erp = Erp::start().await;
    let (_folder, host) = host(&erp, KEEPS_KEYS).await;
    erp.trouble(|n, _| (n == 0).then_some(Trouble::UsedUp(2)));
    send(&host, 0..1).await;
    host.settle().await;
    send(&host, 1..4).await;
    host.settle().await;
    let arrivals = erp.arrivals();
    assert!(arrivals[1].at - arrivals[0].at >= Duration::from_millis(1900));
    assert!(arrivals.iter().all(|arrival| arrival.status.is_some_and(|status| status < 300)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_nobodys_dead_letter_and_a_poisonous_document_is_its_own() {
    let (erp, folder) = (Erp::start().await, Folder::new());
    few_attempts(&folder);
    acme(&folder, &erp, KEEPS_KEYS);
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let often = "circuit_breaker = { failures = 5, open_ms = 60, open_max_ms = 120 }\n";
    folder.write(folder.of("acme", "merchant.toml"), file.replace(BREAKER, often));
    let host = TestHost::start(&folder).await;
    erp.go_down().await;
    send(&host, 0..6).await;
    let opened = async || {
        let (_, text) = host.get("/metrics").await;
        let line = text.lines().find(|line| line.starts_with("mapwright_gates_opened_total"))?;
        line.rsplit(' ').next()?.parse::<u64>().ok()
    };
    // More attempts than three of each.
    until("it tried again and again", async || (opened().await? >= 25).then_some(())).await;
    let ended = |state| host.rows("acme").iter().filter(|row| row.state == state).count();
    assert_eq!((ended(State::Dead), ended(State::Delivered)), (0, 0));
    // It is there again, and answers 500 to everybody.
    erp.trouble(|_, _| Some(Trouble::Status(500)));
    erp.come_back().await;
    let before = opened().await.unwrap();
    until("it fails still", async || (opened().await? >= before + 25).then_some(())).await;
    assert_eq!((ended(State::Dead), ended(State::Delivered)), (0, 0));
    // It is well, but for one order that it chokes on.
    let chokes = |key: &str| (key == "order/0").then_some(Trouble::Status(500));
    erp.trouble_with(move |_, arrival| chokes(&arrival.key));
    host.settle().await;
    let rows = host.rows("acme");
    assert_eq!((rows[0].state, rows[0].cause.as_deref()), (State::Dead, Some("retry_exhausted")));
    assert_eq!(erp.account("acme", keys(1..6)), exactly(1..6));
    assert_eq!(ended(State::Delivered), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_stop_the_connection_and_say_so_and_nothing_is_lost() {
    let erp = Erp::start().await;
    let (_folder, host) = host(&erp, KEEPS_KEYS).await;
    for status in [401, 403] {
        let orders = u64::from(status) * 100..u64::from(status) * 100 + 10;
        erp.trouble(move |_, _| Some(Trouble::Status(status)));
        send(&host, orders.clone()).await;
        host.until_ready("the connection is stopped, with its reason", |ready| {
            let target = &ready["merchants"]["acme"]["targets"]["erp"];
            let reason = target["reason"].as_str().unwrap_or_default();
            target["breaker"] != "closed" && reason.contains(&status.to_string())
        })
        .await;
        erp.be_well();
        host.settle().await;
        assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_holds_to_the_request() {
    let erp = Erp::start().await;
    let limits = "idempotent = true\nrate_limit = [\"8/second\", \"1000/hour\"]\n";
    let (_folder, host) = host(&erp, limits).await;
    // The host counts when requests leave; on a machine with other work some arrive closer together.
    erp.limit(8, Duration::from_millis(500));
    send(&host, 0..40).await;
    host.settle().await;
    assert_eq!(erp.over_limit(), 0);
    let arrivals = erp.arrivals();
    let took = arrivals[39].at - arrivals[0].at;
    assert!(took >= Duration::from_millis(3_500), "{took:?}");
    assert_eq!(erp.account("acme", keys(0..40)), exactly(0..40));
    assert!(host.rows("acme").iter().all(|row| row.attempts.len() == 1), "waiting is no attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_target_is_left_alone_and_the_merchants_other_target_goes_on() {
    let (folder, erp, books) = (Folder::new(), Erp::start().await, Erp::start().await);
    erp.go_down().await;
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let file = file.replace(BREAKER, "circuit_breaker = { open_ms = 60000 }\n");
    let second = format!(
        "\n[connections.books]\nconnector = \"http\"\nurl = \"http://{}/acme/books\"\n\
         idempotent = true\n\n[routes.books]\nfrom = \"shop\"\ntopics = [\"order.*\"]\n\
         to = \"books\"\nfield_mapping = \"woo-order-summary\"\n",
        books.address()
    );
    folder.write(folder.of("acme", "merchant.toml"), file.clone() + &second);
    folder.install("acme", "woo-order-summary");
    let host = TestHost::start(&folder).await;
    send(&host, 0..40).await;
    until("all of it stands in the books", async || {
        (books.documents("acme").len() == 40).then_some(())
    })
    .await;
    let target =
        |ready: &serde_json::Value, name: &str| ready["merchants"]["acme"]["targets"][name].clone();
    let shut = |ready: &serde_json::Value| target(ready, "erp")["breaker"] == "open";
    let ready = host.until_ready("the breaker is open", shut).await;
    let reason = target(&ready, "erp")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("cannot connect"), "{reason}");
    assert_eq!(target(&ready, "books")["breaker"], json!("closed"));
    let tried: usize = host.rows("acme").iter().map(|row| row.attempts.len()).sum();
    assert!(tried <= 40 + 10, "{tried}: a dead target is not hammered");
    let (_, metrics) = host.get("/metrics").await;
    assert!(metrics.contains("mapwright_gates_shut 1"), "{metrics}");

    // A reload that leaves the connection as it is does not open the gate ...
    let since = target(&ready, "erp")["since"].clone();
    erp.come_back().await;
    let more = format!("# Somebody was here.\n{file}");
    folder.write(folder.of("acme", "merchant.toml"), more.clone() + &second);
    let reloaded = async || {
        let (_, text) = host.get("/metrics").await;
        let line = text.lines().find(|line| line.starts_with("mapwright_config_reloads"))?;
        line.rsplit(' ').next()?.parse::<u64>().ok()
    };
    until("it is read again", async || (reloaded().await? >= 2).then_some(())).await;
    let now = target(&host.ready().await, "erp");
    assert_eq!(now["breaker"], json!("open"));
    // It is told by a clock of its own: the moment may differ by microseconds.
    assert_eq!(now["since"].as_str().unwrap()[..19], since.as_str().unwrap()[..19]);
    assert!(erp.arrivals().is_empty());

    // ... and one that changes it begins anew.
    let mended = more.replace("timeout_ms = 10000", "timeout_ms = 9000");
    folder.write(folder.of("acme", "merchant.toml"), mended + &second);
    let changed = std::time::Instant::now();
    host.settle().await;
    assert!(changed.elapsed() < Duration::from_secs(30), "nobody waits for the old gate");
    assert_eq!(erp.account("acme", keys(0..40)), exactly(0..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_target_does_each_document_stands_there_once() {
    let erp = Erp::start().await;
    let (_folder, host) = host(&erp, "idempotent = true\ntimeout_ms = 1500\n").await;
    erp.trouble(|number, _| match number % 16 {
        0 => Some(Trouble::Status(503)),
        2 => Some(Trouble::Html(200)),
        4 => Some(Trouble::Hang),
        6 => Some(Trouble::Break),
        8 => Some(Trouble::BreakAfterDoing),
        10 => Some(Trouble::Slow(Duration::from_secs(20))),
        12 => Some(Trouble::Empty(200)),
        14 => Some(Trouble::StatusAfter(429, 1)),
        _ => None,
    });
    send(&host, 0..40).await;
    host.settle().await;
    assert_eq!(erp.account("acme", keys(0..40)), exactly(0..40));
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
}
