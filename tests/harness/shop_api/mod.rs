//! The shop's other side: its REST API as captured, holding what the tests put into it.
//!
//! It answers as WooCommerce 10.5 did on the wire: rows in PHP's JSON with `_links`, `modified_after`
//! exclusive and in the shop's local time unless told `dates_are_gmt`, trashed orders left out of
//! lists, `offset` before `page`, customers that cannot be asked for changes, errors word for word.
//! Tests can change what it holds between two requests, and make it fail, hang or answer with a
//! firewall's page. Every request is written down.

mod answer;
mod write;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::answer::{answer, php_json};
use crate::shop::{Delivery, order};

/// The keys it takes.
pub const KEY: &str = "ck_tests";
/// See [`KEY`].
pub const KEY_SECRET: &str = "cs_tests";
/// The captured shop stands in Sao Paulo.
const LOCAL_TIME: SignedDuration = SignedDuration::from_hours(-3);

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`, `PUT`.
    pub method: String,
    /// Behind `/wp-json/wc/v3/`: `orders`, `orders/26/refunds`.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// Its body.
    pub body: Value,
    /// When it came.
    pub at: Instant,
}

impl Asked {
    /// Whether it is for a page of a list.
    #[must_use]
    pub fn is_page_of(&self, list: &str) -> bool {
        self.path == list && self.query.contains_key("offset")
    }
}

/// How a request is treated badly.
#[derive(Debug, Clone, Copy)]
pub enum ApiTrouble {
    /// An error of WooCommerce's.
    Status(u16),
    /// The same, with a `Retry-After` in seconds.
    StatusAfter(u16, u64),
    /// A firewall's page, under this status.
    Html(u16),
    /// A cache's copy of an empty list.
    Stale,
    /// No answer for this long, then a good one.
    Hang(Duration),
    /// It is done at once, and answered after this time.
    Mute(Duration),
    /// It is done and answered after this time, also if nobody waits for that any more.
    Late(Duration),
}

/// What the shop holds; keys are ids.
#[derive(Debug, Default)]
pub struct Holdings {
    /// By list (`orders`, `products`, `customers`), then by id.
    pub lists: BTreeMap<String, BTreeMap<u64, Value>>,
    /// By order.
    pub refunds: BTreeMap<u64, Vec<Value>>,
    /// As listed.
    pub webhooks: Vec<Value>,
}

type Rule = Box<dyn Fn(usize, &Asked) -> Option<ApiTrouble> + Send>;
type Before = Box<dyn FnMut(&Asked, &mut Holdings) + Send>;

#[derive(Default)]
struct Inside {
    holdings: Holdings,
    asked: Vec<Asked>,
    /// What was saved since the webhooks last left: topic, list, id.
    saved: Vec<(String, String, u64)>,
    rule: Option<Rule>,
    before: Option<Before>,
}

/// The shop, listening. Clones are the same shop.
#[derive(Clone)]
pub struct ShopApi {
    address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

impl ShopApi {
    /// Starts an empty one on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shop = Self { address, inside: Arc::default() };
        let router = axum::Router::new().fallback(answer).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        shop
    }

    /// Its `base_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Places or changes an order that many seconds ago. Its `billing.first_name` says which
    /// version it is.
    pub fn save_order(&self, id: u64, version: &str, seconds_ago: i64) {
        let mut body = order(id);
        if let Some(map) = body.as_object_mut() {
            map.remove("_links");
        }
        body["billing"]["first_name"] = json!(version);
        stamp(&mut body, seconds_ago);
        self.put("orders", body);
    }

    /// Puts a resource into a list, as it is.
    ///
    /// # Panics
    /// When it has no id.
    pub fn put(&self, list: &str, resource: Value) {
        let id = resource["id"].as_u64().expect("resources have ids");
        self.inside().holdings.lists.entry(list.into()).or_default().insert(id, resource);
    }

    /// Changes what it holds.
    pub fn change(&self, change: impl FnOnce(&mut Holdings)) {
        change(&mut self.inside().holdings);
    }

    /// Changes an order without moving its date, as edits of meta data do.
    ///
    /// # Panics
    /// When there is no such order.
    pub fn edit_silently(&self, id: u64, edit: impl FnOnce(&mut Value)) {
        let mut inside = self.inside();
        let orders = inside.holdings.lists.get_mut("orders").expect("there are orders");
        edit(orders.get_mut(&id).expect("there is such an order"));
    }

    /// Refunds a part of an order, now.
    ///
    /// # Panics
    /// When there is no such order.
    pub fn refund(&self, order: u64, refund: u64, amount: &str) {
        let mut pattern = fixture("064-refunds-of-order");
        let mut body = pattern[0].take();
        body["id"] = json!(refund);
        body["amount"] = json!(amount);
        self.change(|shop| {
            shop.refunds.entry(order).or_default().push(body);
            shop.name_refunds(order);
        });
    }

    /// Takes a refund back, now.
    pub fn unrefund(&self, order: u64, refund: u64) {
        self.change(|shop| {
            if let Some(refunds) = shop.refunds.get_mut(&order) {
                refunds.retain(|it| it["id"] != refund);
            }
            shop.name_refunds(order);
        });
    }

    /// Makes a webhook; gives its id.
    pub fn add_webhook(&self, topic: &str, delivery_url: &str, status: &str) -> u64 {
        let mut body = fixture("002-webhooks-list")[0].take();
        let mut inside = self.inside();
        let id = inside.holdings.webhooks.len() as u64 + 1;
        body["id"] = json!(id);
        body["topic"] = json!(topic);
        body["delivery_url"] = json!(delivery_url);
        body["status"] = json!(status);
        inside.holdings.webhooks.push(body);
        id
    }

    /// The status of a webhook.
    #[must_use]
    pub fn webhook_status(&self, id: u64) -> String {
        let inside = self.inside();
        let found = inside.holdings.webhooks.iter().find(|it| it["id"] == id);
        found.and_then(|it| it["status"].as_str()).unwrap_or_default().to_owned()
    }

    /// What the webhook of a topic would send of an order now: the same state, differing from the
    /// list's row as a real hook does.
    ///
    /// # Panics
    /// When there is no such order.
    #[must_use]
    pub fn hook(&self, topic: &str, id: u64) -> Delivery {
        let mut body = self.inside().holdings.lists["orders"][&id].clone();
        let links = format!("http://{}/wp-json/wc/v3/orders/{id}", self.address);
        body["_links"] = json!({ "self": [{ "href": links }] });
        if let Some(url) = body["payment_url"].as_str() {
            body["payment_url"] = json!(url.replace("https://", "http://"));
        }
        if let Some(meta) = body["meta_data"].as_array_mut() {
            meta.reverse();
        }
        Delivery::signed(topic, &php_json(&body))
    }

    /// The webhooks that are due: of each resource and topic one, with its state of now, as a shop
    /// sends them some time after it was saved.
    #[must_use]
    pub fn ring(&self) -> Vec<Delivery> {
        let mut inside = self.inside();
        let mut saved = std::mem::take(&mut inside.saved);
        saved.dedup();
        let told = |(topic, list, id): (String, String, u64)| {
            let body = match topic.ends_with(".deleted") {
                true => json!({ "id": id }),
                false => inside.holdings.shown(&list, id)?,
            };
            Some(Delivery::signed(&topic, &php_json(&body)))
        };
        saved.into_iter().filter_map(told).collect()
    }

    /// A resource as it stands.
    #[must_use]
    pub fn of(&self, list: &str, id: u64) -> Value {
        let inside = self.inside();
        inside.holdings.lists.get(list).and_then(|it| it.get(&id)).cloned().unwrap_or_default()
    }

    /// How much stands in a list.
    #[must_use]
    pub fn count(&self, list: &str) -> usize {
        self.inside().holdings.lists.get(list).map_or(0, BTreeMap::len)
    }

    /// Every request so far that was to change something: method and path.
    #[must_use]
    pub fn writes(&self) -> Vec<(String, String)> {
        let writes = self.asked().into_iter().filter(|it| it.method != "GET");
        writes.map(|it| (it.method, it.path)).collect()
    }

    /// From now on treats a request as the rule says; it is told the request's number (from 0).
    pub fn trouble(&self, rule: impl Fn(usize, &Asked) -> Option<ApiTrouble> + Send + 'static) {
        self.inside().rule = Some(Box::new(rule));
    }

    /// From now on treats every request well.
    pub fn be_well(&self) {
        self.inside().rule = None;
    }

    /// Called before each answer, to change what is held while somebody walks through it.
    pub fn before(&self, before: impl FnMut(&Asked, &mut Holdings) + Send + 'static) {
        self.inside().before = Some(Box::new(before));
    }

    /// Every request so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.inside().asked.clone()
    }

    /// How many pages of a list were asked for.
    #[must_use]
    pub fn pages(&self, list: &str) -> usize {
        self.inside().asked.iter().filter(|it| it.is_page_of(list)).count()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holdings {
    /// An order's own list of its refunds, and its date.
    fn name_refunds(&mut self, order: u64) {
        let refunds = self.refunds.get(&order).cloned().unwrap_or_default();
        let named: Vec<Value> = refunds
            .iter()
            .map(
                |it| json!({ "id": it["id"], "reason": "", "total": format!("-{}", it["amount"]) }),
            )
            .collect();
        if let Some(body) = self.lists.get_mut("orders").and_then(|it| it.get_mut(&order)) {
            body["refunds"] = json!(named);
            stamp(body, 0);
        }
    }
}

/// Sets the dates of change.
///
/// # Panics
/// Never, as long as the year has four digits.
pub fn stamp(body: &mut Value, seconds_ago: i64) {
    let at = Timestamp::now() - SignedDuration::from_secs(seconds_ago);
    let text = |at: Timestamp| json!(at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    body["date_modified_gmt"] = text(at);
    body["date_modified"] = text(at + LOCAL_TIME);
}

/// A captured answer.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn fixture(name: &str) -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/woocommerce/rest");
    let text = std::fs::read(folder.join(format!("{name}.json")))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_slice(&text).expect("captured answers are JSON")
}
