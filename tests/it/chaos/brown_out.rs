//! A target that is down for a day while orders go on coming, and then is back.
//!
//! Time is scaled: the breaker's longest pause is one second here and five minutes by default, so a
//! day of 288 such pauses is 288 seconds for 100,000 events (`MAPWRIGHT_BROWN_OUT_EVENTS`), and in
//! proportion less for fewer. The target refuses with 503 for one half of it and cannot be connected
//! to for the other; a second target of the same merchant is well all the time.
//!
//! What is held is what the ERP saw: next to nothing while it is down, one probe and a slow start when
//! it is back, never more than the rate, every version once and in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mapwright_tests::erp::{Arrival, Erp, Trouble};
use mapwright_tests::host::{Folder, Patience, merchant_toml, ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::json;

use super::{VERSIONS, length, number_of, version_of};

const SHOPS: u64 = 8;
/// Of a day, for each event.
const DAY_PER_EVENT: Duration = Duration::from_micros(2_880);
/// The breaker's longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Deliveries at the same time.
const IN_FLIGHT_MAX: usize = 16;
/// `burst` spreads the requests, so that a second holds 170 at most; what is on the road when a busy
/// machine stands still comes on top, and still is no more than the limit.
const RATES: [(usize, &str, Duration); 2] =
    [(200, "second", Duration::from_secs(1)), (9_000, "minute", Duration::from_secs(60))];
const BURST: usize = 20;
/// How long the target takes over a document once it is back: long enough to see who comes meanwhile.
const WORK: Duration = Duration::from_millis(30);
/// What the host may need more at the end of the queueing than after its first tenth. What it keeps in
/// memory is bounded by route (a window) and by file (SQLite's cache), not by what waits; 100,000
/// orders themselves would be half a gigabyte, and 24 MB is 250 bytes for each of them.
const GROWTH_MAX: u64 = 24 << 20;

/// The file of a merchant with a target that will be down, and one that will not.
fn merchant(target: &Erp, healthy: &Erp) -> String {
    let rates = RATES.map(|(count, unit, _)| format!("{count}/{unit}"));
    let open_max_ms = PAUSE_MAX.as_millis();
    let manners = format!(
        "circuit_breaker = {{ failures = 5, open_ms = 100, open_max_ms = {open_max_ms} }}\n\
         rate_limit = {rates:?}\nburst = {BURST}\nmax_in_flight = {IN_FLIGHT_MAX}\n"
    );
    let usual = "circuit_breaker = { failures = 5, open_ms = 200, open_max_ms = 1000 }\n";
    let file = merchant_toml("acme", target.address(), "woo-order-summary");
    assert!(file.contains(usual), "{file}");
    let file = file.replace(usual, &manners);
    let books = format!(
        "\n[connections.books]\nconnector = \"http\"\nurl = \"http://{}/acme/{{entity}}\"\n\
         id_pointer = \"/id\"\nidempotent = true\n\
         \n[routes.books]\nfrom = \"shop\"\ntopics = [\"order.*\"]\nto = \"books\"\n\
         field_mapping = \"woo-order-summary\"\n",
        healthy.address()
    );
    file + &books
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_down_for_a_day_gets_everything_once_in_order_and_at_its_pace() {
    let orders = length("MAPWRIGHT_BROWN_OUT_EVENTS", 2_000).div_ceil(u64::from(VERSIONS)).max(200);
    let events = orders * u64::from(VERSIONS);
    let day = DAY_PER_EVENT * u32::try_from(events).unwrap();
    let (folder, target, healthy) = (Folder::new(), Erp::start().await, Erp::start().await);
    folder.write(folder.of("acme", "merchant.toml"), merchant(&target, &healthy));
    folder.install("acme", "woo-order-summary");
    target.trouble(|_, _| Some(Trouble::Status(503)));
    let mut served = Served::start(&folder);
    let address = served.address().await;

    let dusk = Instant::now();
    let sent = Arc::new(AtomicU64::new(0));
    let shops = open_shops(address, orders, &sent);
    let mut memory = Memory::default();
    let (mut gone, mut seen) = (false, Progress::new());
    loop {
        let sent = sent.load(Ordering::Relaxed);
        memory.sample(sent, events, &served);
        if sent >= events / 2 && dusk.elapsed() >= day / 2 && !gone {
            target.go_down().await;
            gone = true;
        }
        // The other target gets all of it though this one gets nothing.
        if sent == events && healthy.requests() as u64 >= events && dusk.elapsed() >= day {
            break;
        }
        seen.expect(sent + healthy.requests() as u64, dusk.elapsed() < day, address).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for shop in shops {
        shop.await.unwrap();
    }
    let down = dusk.elapsed();
    let queued = ready(address).await["journal"]["counts"]["open"].clone();
    assert_eq!(queued, events, "all of it waits");
    let while_down = target.requests();
    let probes = metric(address, "mapwright_gate_probes_total").await;

    let dawn = Instant::now();
    target.trouble(|_, _| Some(Trouble::Slow(WORK)));
    target.come_back().await;
    let mut seen = Progress::new();
    loop {
        let open = ready(address).await["journal"]["counts"]["open"].as_u64().unwrap();
        if open == 0 {
            break;
        }
        seen.expect(open, false, address).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let drained = dawn.elapsed();
    let counts = ready(address).await["journal"]["counts"].clone();
    let (status, _) = served.terminate().await;
    assert!(status.success(), "{status}");

    let after: Vec<Arrival> =
        target.arrivals().into_iter().filter(|arrival| arrival.at >= dawn).collect();
    let most = RATES.map(|(_, _, period)| most_in(period, &target.arrivals()));
    println!(
        "{}",
        json!({
            "run": "brown-out", "events": events, "down_s": down.as_secs(), "drained_s": drained.as_secs(),
            "requests_while_down": while_down, "probes_while_down": probes,
            "most_in_a_second": most[0], "most_in_a_minute": most[1],
            "mb_after_a_tenth": memory.tenth >> 20, "mb_when_all_was_queued": memory.end >> 20,
            "counts": counts,
        })
    );
    assert_eq!((&counts["events"], &counts["dead_letters"]), (&json!(events), &json!(0)));
    for (name, erp) in [("the target", &target), ("the healthy one", &healthy)] {
        assert_each_version_once_in_order(name, &erp.arrivals(), orders);
    }
    for ((count, _, period), most) in RATES.into_iter().zip(most) {
        assert!(most <= count, "{most} requests in {period:?}, allowed are {count}");
    }
    assert_left_alone(while_down, probes, down);
    assert_slow_start(&after);
    assert!(
        memory.end <= memory.tenth + GROWTH_MAX,
        "{} MB after a tenth, {} MB when all was queued",
        memory.tenth >> 20,
        memory.end >> 20
    );
}

/// Shops that send every version of all their orders, the first of all first; none is refused.
fn open_shops(
    address: SocketAddr,
    orders: u64,
    sent: &Arc<AtomicU64>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let open = |shop: u64| {
        let sent = Arc::clone(sent);
        tokio::spawn(async move {
            let door = Shop::of("acme", address);
            for version in 1..=VERSIONS {
                for number in (0..orders).filter(|number| number % SHOPS == shop) {
                    door.send(&Delivery::version(number, version)).await.accepted();
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    };
    (0..SHOPS).map(open).collect()
}

/// What the host had in use when a tenth was queued, and when all was.
#[derive(Default)]
struct Memory {
    tenth: u64,
    end: u64,
}

impl Memory {
    fn sample(&mut self, sent: u64, events: u64, served: &Served) {
        let now = served.resident_bytes();
        if self.tenth == 0 && sent >= events / 10 {
            self.tenth = now;
        }
        self.end = now;
    }
}

/// Fails when nothing moves any more.
struct Progress(u64, Patience);

impl Progress {
    fn new() -> Self {
        Self(u64::MAX, Patience::default())
    }

    async fn expect(&mut self, number: u64, may_rest: bool, address: SocketAddr) {
        if number != self.0 || may_rest {
            *self = Self(number, Patience::default());
        }
        if self.1.is_over() {
            panic!("it stands still at {number}: {:#}", ready(address).await);
        }
    }
}

async fn metric(address: SocketAddr, name: &str) -> u64 {
    let (_, text) = mapwright_tests::host::get(address, "/metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or_else(|| panic!("{name}: {text}"))
}

/// The most requests in any window of this length.
fn most_in(period: Duration, arrivals: &[Arrival]) -> usize {
    let (mut most, mut oldest) = (0, 0);
    for (place, arrival) in arrivals.iter().enumerate() {
        while arrival.at - arrivals[oldest].at >= period {
            oldest += 1;
        }
        most = most.max(place - oldest + 1);
    }
    most
}

fn assert_each_version_once_in_order(name: &str, arrivals: &[Arrival], orders: u64) {
    let mut taken: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for arrival in arrivals {
        if arrival.status.is_some_and(|status| (200..300).contains(&status)) {
            taken.entry(number_of(&arrival.key)).or_default().push(version_of(&arrival.body));
        }
    }
    let all: Vec<u32> = (1..=VERSIONS).collect();
    assert_eq!(taken.len() as u64, orders, "{name}: orders");
    let wrong: Vec<_> = taken.iter().filter(|(_, versions)| **versions != all).take(10).collect();
    assert!(wrong.is_empty(), "{name}: not each version once and in order: {wrong:?}");
}

/// While it is down it sees those that were on their way when that was found out, then one at a time
/// at growing distances.
fn assert_left_alone(seen: usize, probes: u64, down: Duration) {
    // A fifth of each pause may be cut off; the first ones are shorter: 100, 200, 400, 800 ms.
    let probes_max = down.as_secs_f64() / (PAUSE_MAX.as_secs_f64() * 0.8) + 6.0;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (seen, probes, before) = (seen as f64, probes as f64, (5 + IN_FLIGHT_MAX) as f64);
    assert!(probes <= probes_max, "{probes} probes in {down:?}");
    assert!(seen <= before + probes_max, "{seen} requests in {down:?}");
    assert!(seen > 1.0, "too few to say anything");
}

/// One probe; then never more at the same time than it has answered so far.
fn assert_slow_start(after: &[Arrival]) {
    let mut answers: Vec<Instant> = after.iter().filter_map(|arrival| arrival.answered).collect();
    answers.sort();
    for (place, arrival) in after.iter().enumerate() {
        let answered = answers.partition_point(|at| *at < arrival.at);
        let with_it = place + 1 - answered;
        assert!(
            with_it <= answered.max(1),
            "request {place} after the return makes {with_it} at once, and {answered} were answered"
        );
        assert!(with_it <= IN_FLIGHT_MAX, "{with_it} at once");
    }
}
