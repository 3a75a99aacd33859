//! Count in, count out: whatever happens to the host, what shops were told and what stands in the ERP
//! must agree. The real command runs as a process; shops and ERP live on beside it and keep the ledger.
//!
//! Every test here takes its length from the environment and prints what it counted; the page
//! `host/RELIABILITY.md` names the commands of the long runs. Seeds are printed; `MAPWRIGHT_SEED` repeats.

mod brown_out;
mod crash_loop;
mod disk;
mod failpoints;
mod torn;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mapwright::journal::{Journal, State};
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, rows, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

/// How often each order changes; each version is sent once the one before it has its 200.
const VERSIONS: u32 = 3;
/// Orders of different shops do not share numbers.
const NUMBERS_PER_SHOP: u64 = 1_000_000;

/// A length from the environment, or the short one.
fn length(variable: &str, short: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}

/// Moments that nobody chose, and that can be had again.
struct Dice(u64);

impl Dice {
    fn new(what: &str) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let seed = length("MAPWRIGHT_SEED", u64::try_from(now.as_micros()).unwrap()) | 1;
        println!("{what}: MAPWRIGHT_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn millis(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }
}

/// What the shops have been told: the greatest version of each order that got its 200.
#[derive(Debug, Default)]
struct Told {
    attempted: BTreeMap<u64, u32>,
    acknowledged: BTreeMap<u64, u32>,
    /// Acknowledged events, all versions.
    events: u64,
}

/// A merchant, its shops and its ERP, with a host that comes and goes.
struct World {
    folder: Folder,
    erp: Erp,
    told: Arc<Mutex<Told>>,
    host: watch::Sender<Option<SocketAddr>>,
}

impl World {
    async fn new() -> Self {
        let (folder, erp) = (Folder::new(), Erp::start().await);
        folder.merchant("acme", erp.address());
        Self { folder, erp, told: Arc::default(), host: watch::channel(None).0 }
    }

    /// From now on one request in twenty fails, and one in twenty is slow after it was done.
    fn five_percent_errors(&self) {
        self.erp.trouble(|number, _| match number % 20 {
            7 => Some(Trouble::Status(503)),
            13 => Some(Trouble::Slow(Duration::from_millis(60))),
            _ => None,
        });
    }

    /// Shops that go on with new orders until there are enough; each comes again until it has its 200.
    fn open_shops(&self, shops: u64, enough: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
        (0..shops)
            .map(|shop| {
                let (told, host) = (Arc::clone(&self.told), self.host.subscribe());
                let enough = Arc::clone(enough);
                tokio::spawn(async move {
                    let mut number = shop * NUMBERS_PER_SHOP;
                    while !enough.load(Ordering::Relaxed) {
                        send_all_versions(number, &told, host.clone()).await;
                        number += 1;
                    }
                })
            })
            .collect()
    }

    /// The last host finishes everything; then the books are compared.
    async fn settle_and_count(&self, least_events: u64) -> Counted {
        self.erp.be_well();
        let mut served = Served::start(&self.folder);
        let address = served.address().await;
        until_ready(address, "nothing is open", |ready| ready["journal"]["counts"]["open"] == 0)
            .await;
        let (status, log) = served.terminate().await;
        assert!(status.success(), "{status}: {log:#?}");
        self.count(least_events).await
    }

    /// Compares what shops were told with what stands in the ERP and in the journal.
    async fn count(&self, least_events: u64) -> Counted {
        let told = self.told.lock().await;
        let journal = Journal::open(&self.folder.data()).expect("the host has stopped");
        let mut counted = Counted { accepted: told.events, ..Counted::default() };
        // What stands in the ERP, by order: its keys and the versions in which they were taken.
        let mut standing: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for kept in self.erp.documents("acme") {
            standing.entry(number_of(&kept.key)).or_default().insert(kept.key);
        }
        let mut taken: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for arrival in self.erp.arrivals() {
            if arrival.status.is_some_and(|status| (200..300).contains(&status)) {
                taken.entry(number_of(&arrival.key)).or_default().push(version_of(&arrival.body));
            }
        }
        for row in rows(&journal, "acme") {
            match row.state {
                State::Delivered | State::Skipped => {}
                State::Dead | State::Unrouted => counted.dead += 1,
                State::Accepted | State::Waiting | State::Delivering => counted.unknown += 1,
            }
        }
        for (number, keys) in &standing {
            counted.delivered += 1;
            counted.duplicated += u64::from(keys.len() > 1);
            counted.unexpected += u64::from(!told.attempted.contains_key(number));
            counted.recovered += u64::from(!told.acknowledged.contains_key(number));
        }
        for (number, version) in &told.acknowledged {
            let last = taken.get(number).and_then(|versions| versions.last());
            counted.lost += u64::from(last.is_none_or(|last| last < version));
        }
        for versions in taken.values() {
            counted.older_over_newer += u64::from(!versions.is_sorted());
        }
        assert!(
            counted.accepted >= least_events,
            "too little happened to say anything: {counted:?}"
        );
        counted
    }
}

/// The sets, as numbers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    /// Events that were answered 200.
    accepted: u64,
    /// Orders that stand in the ERP.
    delivered: u64,
    /// Orders whose last acknowledged version does not.
    lost: u64,
    /// Orders that stand there under more than one key.
    duplicated: u64,
    /// Orders of which an older version was taken after a newer one.
    older_over_newer: u64,
    /// Orders in the ERP that nobody sent.
    unexpected: u64,
    /// Orders in the ERP whose shop never got its 200; that is allowed.
    recovered: u64,
    /// Dead letters and events without a route.
    dead: u64,
    /// Events that have not ended.
    unknown: u64,
}

impl Counted {
    /// Prints the line for the table, and fails if anything was lost or happened twice.
    fn prove(&self, what: &str, more: &Value) {
        println!(
            "{}",
            json!({
                "run": what, "accepted": self.accepted, "delivered": self.delivered,
                "lost": self.lost, "duplicated": self.duplicated,
                "older_over_newer": self.older_over_newer, "unexpected": self.unexpected,
                "recovered": self.recovered, "dead": self.dead, "unknown": self.unknown,
                "more": more,
            })
        );
        let wrong = self.lost
            + self.duplicated
            + self.older_over_newer
            + self.unexpected
            + self.dead
            + self.unknown;
        assert_eq!(wrong, 0, "{what}: {self:#?}");
    }
}

async fn send_all_versions(
    number: u64,
    told: &Mutex<Told>,
    mut host: watch::Receiver<Option<SocketAddr>>,
) {
    for version in 1..=VERSIONS {
        let delivery = Delivery::version(number, version);
        told.lock().await.attempted.insert(number, version);
        loop {
            let address = host.wait_for(Option::is_some).await.unwrap().unwrap();
            match Shop::of("acme", address).try_send(&delivery).await {
                Ok(reply) if reply.status == 200 => {
                    let status = reply.word("status");
                    assert!(["accepted", "duplicate"].contains(&status), "{reply:?}");
                    let mut told = told.lock().await;
                    told.acknowledged.insert(number, version);
                    told.events += 1;
                    break;
                }
                // Gone, killed half-way through the answer, or unable to store anything.
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

fn number_of(key: &str) -> u64 {
    let digits = key.rsplit('/').next().and_then(|digits| digits.parse().ok());
    digits.unwrap_or_else(|| panic!("{key} is no key of an order"))
}

/// The version that a document was made from: the shop wrote it into the customer's name.
fn version_of(document: &Value) -> u32 {
    let text = document.to_string();
    let at = (1..=VERSIONS).find(|version| text.contains(&format!("v{version} ")));
    at.unwrap_or_else(|| panic!("no version in {text}"))
}
