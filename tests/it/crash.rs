//! `kill -9` at any moment: whatever was answered 200 is finished after a restart, and nothing stands
//! in the ERP twice. The real command runs as a process; the ERP and the shop live on beside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mapwright::journal::{Journal, State};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, merchant_toml, rows, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::Value;
use tokio::sync::watch;

fn nothing_open(ready: &Value) -> bool {
    ready["journal"]["counts"]["open"] == 0
}

/// Moments that nobody chose; the seed is printed, so that a failure can be looked into.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let seed = now.as_nanos() as u64 | 1;
        println!("seed {seed}");
        Self(seed)
    }

    fn millis(&mut self, below: u64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(self.0 % below)
    }
}

/// A shop that goes on with new orders until told to stop, sending each until it has its 200.
/// Answers how many those were.
async fn keep_ordering(
    first: u64,
    mut host: watch::Receiver<Option<std::net::SocketAddr>>,
    enough: Arc<AtomicBool>,
) -> u64 {
    let mut number = first;
    while !enough.load(Ordering::Relaxed) {
        let delivery = Delivery::order(number);
        loop {
            let address = host.wait_for(Option::is_some).await.unwrap().unwrap();
            match Shop::of("acme", address).try_send(&delivery).await {
                Ok(reply) if reply.status == 200 => {
                    let status = reply.word("status");
                    assert!(["accepted", "duplicate"].contains(&status), "{reply:?}");
                    break;
                }
                // Gone, or killed half-way through the answer.
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    number - first
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_that_got_its_200_stands_in_the_erp_once_whatever_was_killed_when() {
    const KILLS: u64 = 10;
    const SHOPS: u64 = 4;
    /// Passages of one route that can be under way at once (`passages_in_flight` / 4).
    const IN_HAND_MAX: u64 = 64;
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| match n {
        n if n % 6 == 1 => Some(Trouble::Status(503)),
        n if n % 5 == 2 => Some(Trouble::Slow(Duration::from_millis(120))),
        _ => None,
    });
    let (address, seen) = watch::channel(None);
    let enough = Arc::new(AtomicBool::new(false));
    let shops: Vec<_> = (0..SHOPS)
        .map(|shop| tokio::spawn(keep_ordering(shop * 10_000, seen.clone(), Arc::clone(&enough))))
        .collect();
    let mut dice = Dice::new();
    for kill in 0..KILLS {
        let mut served = Served::start(&folder);
        // Every third dies while it starts, which is when it takes up what the last one left.
        if kill % 3 == 2 {
            tokio::time::sleep(dice.millis(900)).await;
        } else {
            address.send_replace(Some(served.address().await));
            tokio::time::sleep(dice.millis(1200)).await;
        }
        served.kill();
        address.send_replace(None);
    }
    erp.be_well();
    let mut served = Served::start(&folder);
    let at = served.address().await;
    address.send_replace(Some(at));
    enough.store(true, Ordering::Relaxed);
    let mut orders = 0;
    for shop in shops {
        orders += shop.await.unwrap();
    }
    until_ready(at, "nothing is open", nothing_open).await;
    let (status, log) = served.terminate().await;
    assert!(status.success(), "{log:#?}");

    assert!(orders > 20, "the shops were kept from selling: {orders}");
    let documents = erp.documents("acme");
    assert_eq!(documents.len() as u64, orders, "one document for each order");
    let again: u64 = documents.iter().map(|kept| kept.times - 1).sum();
    assert!(again <= KILLS * IN_HAND_MAX, "{again} were sent again");
    let journal = Journal::open(&folder.data()).unwrap();
    let rows = rows(&journal, "");
    assert_eq!(rows.len() as u64, orders, "one event for each order");
    let ids: BTreeMap<_, _> = documents.iter().map(|kept| (&kept.key, kept.id)).collect();
    for row in &rows {
        assert_eq!((row.state, row.documents.len()), (State::Delivered, 1), "{row:#?}");
        let id = ids.get(&row.resource_key).map(ToString::to_string);
        assert_eq!(row.documents[0].target_id, id, "{row:#?}");
    }
    println!("{orders} orders, {KILLS} kills, {again} sent again under the same key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_the_intention_and_its_answer_makes_no_second_document() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| (n == 0).then_some(Trouble::Slow(Duration::from_secs(60))));
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&Delivery::order(1)).await.accepted();
    until("the ERP has it and says nothing", async || {
        (erp.documents("acme").len() == 1).then_some(())
    })
    .await;
    served.kill();

    let mut served = Served::start(&folder);
    until_ready(served.address().await, "nothing is open", nothing_open).await;
    let documents = erp.documents("acme");
    assert_eq!((documents.len(), documents[0].times), (1, 2));
    let arrivals = erp.arrivals();
    let told = |place: usize| {
        (&arrivals[place].key, &arrivals[place].body, &arrivals[place].correlation_id)
    };
    assert_eq!(told(0), told(1), "sent again word for word");
    served.terminate().await;
    let journal = Journal::open(&folder.data()).unwrap();
    let rows = rows(&journal, "acme");
    assert_eq!((rows.len(), rows[0].state, rows[0].receipts.len()), (1, State::Delivered, 1));
}

/// The target keeps no keys, is still at work when the host is killed, and done after the next one
/// has started.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_was_still_at_work_on_when_the_host_was_killed_is_found_and_not_sent_again() {
    let (folder, erp) = (Folder::new(), Erp::forgetful().await);
    folder.merchant("acme", erp.address());
    let lookup = format!(
        "lookup = {{ url = \"http://{}/documents?key={{key}}\", settle_ms = 5000 }}\n",
        erp.address()
    );
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let file = file.replace("idempotent = true\n", &lookup);
    assert!(file.contains(&lookup), "{file}");
    folder.write(folder.of("acme", "merchant.toml"), file);
    erp.trouble(|number, _| (number == 0).then_some(Trouble::Late(Duration::from_secs(4))));
    let mut served = Served::start(&folder);
    let shop = Shop::of("acme", served.address().await);
    shop.send(&Delivery::order(1)).await.accepted();
    until("it is on its way", async || (erp.requests() == 1).then_some(())).await;
    served.kill();
    let mut served = Served::start(&folder);
    let address = served.address().await;
    until_ready(address, "nothing is open", nothing_open).await;
    let came = erp.arrivals()[0].at;
    until("the first request was certainly done", async || {
        (came.elapsed() > Duration::from_secs(5)).then_some(())
    })
    .await;
    served.kill();
    assert_eq!(erp.documents("acme").len(), 1, "{:#?}", erp.arrivals());
    let journal = Journal::open(&folder.data()).unwrap();
    assert_eq!(rows(&journal, "acme")[0].state, State::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_two_documents_sends_only_the_second_one_again() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    let mut guest = Guest::new("pair");
    let body = guest.mapped(&[("party", "party-1"), ("sale", "sale-1")], Some("seen"));
    guest.transform = Some(body);
    folder.merchant_with("acme", erp.address(), "pair", &guest.component());
    erp.trouble(|n, _| (n == 1).then_some(Trouble::Slow(Duration::from_secs(60))));
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&Delivery::order(1)).await.accepted();
    until("the second is on its way", async || (erp.arrivals().len() == 2).then_some(())).await;
    served.kill();

    let mut served = Served::start(&folder);
    until_ready(served.address().await, "nothing is open", nothing_open).await;
    let keys: Vec<_> = erp.arrivals().into_iter().map(|arrival| arrival.key).collect();
    assert_eq!(keys, ["party-1", "sale-1", "sale-1"]);
    assert_eq!(erp.documents("acme").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_accepted_before_its_plugin_was_there_is_delivered_by_a_later_start() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    folder.remove(folder.plugin("acme", "woo-order-summary"));
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&Delivery::order(1)).await.accepted();
    served.kill();
    folder.install("acme", "woo-order-summary");
    let mut served = Served::start(&folder);
    until_ready(served.address().await, "nothing is open", nothing_open).await;
    assert_eq!(erp.documents("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_goes_on_after_a_kill_where_it_was() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    erp.trouble(|n, _| (n == 0).then_some(Trouble::StatusAfter(503, 6)));
    let mut served = Served::start(&folder);
    let address = served.address().await;
    Shop::of("acme", address).send(&Delivery::order(1)).await.accepted();
    until_ready(address, "it waits", |ready| ready["journal"]["counts"]["waiting"] == 1).await;
    served.kill();
    let mut served = Served::start(&folder);
    until_ready(served.address().await, "nothing is open", nothing_open).await;
    let arrivals = erp.arrivals();
    let waited = arrivals[1].at.duration_since(arrivals[0].at);
    assert!(waited >= Duration::from_secs(6), "a restart is no reason to press: {waited:?}");
    served.terminate().await;
    let journal = Journal::open(&folder.data()).unwrap();
    let attempts: Vec<_> = rows(&journal, "acme")[0].attempts.iter().map(|a| a.no).collect();
    assert_eq!(attempts, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_after_a_kill_is_quick_and_two_hosts_never_share_a_data_folder() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let mut served = Served::start(&folder);
    served.address().await;
    let second = mapwright_tests::command::mapwright([
        "serve".as_ref(),
        "--config".as_ref(),
        folder.dir().as_os_str(),
    ]);
    assert_eq!(second.code, 2, "{second:#?}");
    assert!(second.stderr.contains("data"), "it says where: {}", second.stderr);
    served.kill();
    let started = Instant::now();
    let mut served = Served::start(&folder);
    served.address().await;
    // No lock of the dead one is waited for; the rest is starting a debug build on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
}
