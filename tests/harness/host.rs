//! Whole hosts for the tests: a configuration folder, and the host on it.
//!
//! [`Folder`] writes what a person would write; [`TestHost`] opens [`Host`] on it in this process.
//! Waiting is always for something, with a bound that a busy machine can keep.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mapwright::host::Host;
use mapwright::journal::{Filter, Journal, SummaryRow};
use mapwright::poll::Pollers;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::plugins;
use crate::shop::{SECRET, Shop, client};
use crate::shop_api::{KEY, KEY_SECRET, ShopApi};

/// Nothing the tests wait for takes longer, also where many builds share the machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks of a wait there is no more, unless the machine or this process stood still.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// A wait that ends: [`PATIENCE`] of time in which this process ran. Where it was stopped for a while
/// (a suspended machine, a measurement nearby), so was the host, which cannot be blamed for that.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    looked: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: PATIENCE, looked: Instant::now() }
    }
}

impl Patience {
    /// For what only has what others leave over, on a machine that may have nothing over for minutes.
    #[must_use]
    pub fn for_leftovers() -> Self {
        Self { left: PATIENCE * 10, looked: Instant::now() }
    }

    /// Whether it has come to its end; to be asked again and again.
    pub fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let passed = (now - self.looked).min(LOOK_MAX);
        self.looked = now;
        self.left = self.left.saturating_sub(passed);
        self.left.is_zero()
    }
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so after [`PATIENCE`].
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_over(Patience::default(), what, look).await
}

/// Waits until something is so, for as long as `patience` lasts.
///
/// # Panics
/// When it is not so then.
pub async fn until_over<T>(
    mut patience: Patience,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let all = patience.left;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(!patience.is_over(), "not after {all:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A configuration folder, removed when dropped.
#[derive(Debug)]
pub struct Folder {
    dir: tempfile::TempDir,
    drafts: AtomicU64,
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// A folder with a `mapwright.toml`: any free port, quick retries, no merchant yet.
    ///
    /// # Panics
    /// When the temporary folder cannot be written to, as all of this.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = Self { dir, drafts: AtomicU64::new(0) };
        folder.write(
            "mapwright.toml",
            "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\n\
             [retry]\nfirst_ms = 20\nmax_ms = 400\nattempts_max = 100000\n",
        );
        folder.write("shop-secret", SECRET);
        folder
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.dir().join("data")
    }

    /// A file of a merchant.
    #[must_use]
    pub fn of(&self, merchant: &str, file: &str) -> PathBuf {
        self.dir().join("merchants").join(merchant).join(file)
    }

    /// Puts a file in place as careful tools do: written elsewhere, then renamed over.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let place = self.dir().join(path);
        let drafts = self.dir().join("drafts");
        fs::create_dir_all(&drafts).expect("a folder can be made");
        fs::create_dir_all(place.parent().expect("in the folder")).expect("a folder can be made");
        let draft = drafts.join(self.drafts.fetch_add(1, Ordering::Relaxed).to_string());
        fs::write(&draft, bytes).expect("a file can be written");
        fs::rename(&draft, &place).expect("a file can be renamed");
    }

    /// Takes a file away.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, path: impl AsRef<Path>) {
        fs::remove_file(self.dir().join(path)).expect("it is there");
    }

    /// A merchant whose orders go through `woo-order-summary` to an ERP.
    pub fn merchant(&self, name: &str, erp: SocketAddr) {
        self.write(self.of(name, "merchant.toml"), merchant_toml(name, erp, "woo-order-summary"));
        self.install(name, "woo-order-summary");
    }

    /// A merchant with a plugin of its own.
    pub fn merchant_with(&self, name: &str, erp: SocketAddr, plugin: &str, component: &[u8]) {
        self.write(self.plugin(name, plugin), component);
        self.write(self.of(name, "merchant.toml"), merchant_toml(name, erp, plugin));
    }

    /// The same, polled: `poll` is what stands under `[connections.shop.poll]`.
    ///
    /// # Panics
    /// When the file cannot be read back.
    pub fn polled(&self, name: &str, erp: SocketAddr, shop: &ShopApi, poll: &str) {
        self.merchant(name, erp);
        self.write("shop-key", KEY);
        self.write("shop-key-secret", KEY_SECRET);
        let path = self.of(name, "merchant.toml");
        let text = fs::read_to_string(&path).expect("it was just written");
        let text = text.replace(&format!("https://{name}.example"), &shop.url()).replace(
            "[connections.erp]",
            &format!(
                r#"api = {{ consumer_key = {{ file = "../../shop-key" }}, consumer_secret = {{ file = "../../shop-key-secret" }} }}

[connections.shop.poll]
requests_per_minute = 6000
{poll}

[connections.erp]"#
            ),
        );
        self.write(path, text);
    }

    /// Puts an example plugin in place.
    ///
    /// # Panics
    /// When it cannot be built.
    pub fn install(&self, merchant: &str, plugin: &str) {
        let component = fs::read(plugins::built(plugin)).expect("it was just built");
        self.write(self.plugin(merchant, plugin), component);
    }

    /// Where a plugin's file is.
    #[must_use]
    pub fn plugin(&self, merchant: &str, plugin: &str) -> PathBuf {
        self.of(merchant, &format!("plugins/{plugin}.wasm"))
    }
}

/// A merchant's file with one shop, one ERP and one route for orders.
#[must_use]
pub fn merchant_toml(name: &str, erp: SocketAddr, plugin: &str) -> String {
    format!(
        r#"[connections.shop]
connector = "woocommerce"
base_url = "https://{name}.example"
webhook_secret = {{ file = "../../shop-secret" }}

[connections.erp]
connector = "http"
url = "http://{erp}/{name}/{{entity}}"
id_pointer = "/id"
idempotent = true
timeout_ms = 10000
circuit_breaker = {{ failures = 5, open_ms = 200, open_max_ms = 1000 }}

[routes.orders]
from = "shop"
topics = ["order.created", "order.updated", "order.deleted"]
to = "erp"
field_mapping = "{plugin}"
"#
    )
}

/// A host in this process. Stopped when dropped, without waiting for it.
#[derive(Debug)]
pub struct TestHost {
    address: SocketAddr,
    journal: Journal,
    pollers: Pollers,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl TestHost {
    /// Opens the host on a folder and serves.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn start(folder: &Folder) -> Self {
        let host = Host::open(folder.dir()).await.unwrap_or_else(|error| panic!("{error}"));
        let stop = CancellationToken::new();
        let (address, journal, pollers) = (host.address(), host.journal(), host.pollers());
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            host.serve(stopped).await.unwrap_or_else(|error| panic!("{error}"));
        });
        Self { address, journal, pollers, stop, serving: Some(serving) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The shop of a merchant.
    #[must_use]
    pub fn shop(&self, merchant: &str) -> Shop {
        Shop::of(merchant, self.address)
    }

    /// Its journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whoever polls for it.
    #[must_use]
    pub fn pollers(&self) -> &Pollers {
        &self.pollers
    }

    /// What `/readyz` says of polling a merchant's shop.
    ///
    /// # Panics
    /// When it is not polled.
    pub async fn polling(&self, merchant: &str) -> Value {
        polling(&self.ready().await, merchant)
    }

    /// Waits until polling a merchant's shop is as wanted, and gives its status.
    ///
    /// # Panics
    /// When that does not come to be.
    pub async fn until_polling(
        &self,
        merchant: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let ready = self.until_ready(what, |ready| wanted(&polling(ready, merchant))).await;
        polling(&ready, merchant)
    }

    /// All rows of a merchant, oldest first.
    ///
    /// # Panics
    /// When the journal cannot be read.
    #[must_use]
    pub fn rows(&self, merchant: &str) -> Vec<SummaryRow> {
        rows(&self.journal, merchant)
    }

    /// Waits until all that was accepted has ended.
    ///
    /// # Panics
    /// When it does not; the message says what is open.
    pub async fn settle(&self) {
        let mut patience = Patience::default();
        while self.journal.counts().expect("the journal is readable").open > 0 {
            if patience.is_over() {
                let open: Vec<_> = rows(&self.journal, "")
                    .into_iter()
                    .filter(|row| row.ended_at.is_none())
                    .map(|row| format!("{} {:?} {:?}", row.resource_key, row.state, row.reason))
                    .collect();
                panic!("still open after {PATIENCE:?}: {open:#?}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it answers to a GET.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        get(self.address, path).await
    }

    /// What `/readyz` says.
    ///
    /// # Panics
    /// When it says nothing.
    pub async fn ready(&self) -> Value {
        ready(self.address).await
    }

    /// Waits until `/readyz` is as wanted, and gives it.
    ///
    /// # Panics
    /// When that does not come to be; the message has the last answer.
    pub async fn until_ready(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until_ready(self.address, what, wanted).await
    }

    /// Stops it and waits until it has stopped.
    ///
    /// # Panics
    /// When it ended otherwise than well.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let serving = self.serving.take().expect("it is taken only here");
        let ended = tokio::time::timeout(PATIENCE, serving).await;
        ended.expect("it stops").expect("it ends well");
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// All rows of a merchant (of all, for an empty name) in a journal, oldest first, by route.
///
/// # Panics
/// When the journal cannot be read.
#[must_use]
pub fn rows(journal: &Journal, merchant: &str) -> Vec<SummaryRow> {
    let merchant = (!merchant.is_empty()).then(|| merchant.to_owned());
    let filter = Filter { merchant, limit: 100_000, ..Filter::default() };
    let mut rows = journal.summary(&filter).expect("the journal is readable");
    rows.sort_by_key(|row| row.seq);
    rows
}

/// What a host answers to a GET.
///
/// # Panics
/// When it does not answer.
pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let response = client().get(format!("http://{address}{path}")).send().await;
    let response = response.expect("the host answers");
    (response.status().as_u16(), response.text().await.expect("the host answers"))
}

/// What `/readyz` says.
///
/// # Panics
/// When it says nothing.
pub async fn ready(address: SocketAddr) -> Value {
    let (_, text) = get(address, "/readyz").await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Whether `/readyz` has nothing to complain of.
#[must_use]
pub fn no_faults(ready: &Value) -> bool {
    ready["status"] == "ready" && ready["faults"].as_array().is_some_and(Vec::is_empty)
}

/// What `/readyz` complains of, as `path:line: message`.
///
/// # Panics
/// When it has no list of that.
#[must_use]
pub fn faults(ready: &Value) -> Vec<String> {
    let shown = |fault: &Value| {
        let word = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        format!("{}:{}: {}", word("path"), fault["line"], word("message"))
    };
    ready["faults"].as_array().expect("faults are a list").iter().map(shown).collect()
}

/// What `/readyz` says of polling a merchant's shop; null if it is not polled.
#[must_use]
pub fn polling(ready: &Value, merchant: &str) -> Value {
    let of = |status: &&Value| status["merchant"] == merchant;
    ready["polling"].as_array().and_then(|all| all.iter().find(of)).cloned().unwrap_or_default()
}

/// Waits until `/readyz` is as wanted, and gives it.
///
/// # Panics
/// When that does not come to be; the message has the last answer.
pub async fn until_ready(
    address: SocketAddr,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let mut patience = Patience::default();
    loop {
        let said = ready(address).await;
        if wanted(&said) {
            return said;
        }
        assert!(!patience.is_over(), "not after {PATIENCE:?}: {what}: {said:#}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
