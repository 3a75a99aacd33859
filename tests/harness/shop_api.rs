//! The shop's other side: its REST API as captured, holding what the tests put into it.
//!
//! It answers as WooCommerce 10.5 did on the wire: rows in PHP's JSON with `_links`, `modified_after`
//! exclusive and in the shop's local time unless told `dates_are_gmt`, trashed orders left out of
//! lists, `offset` before `page`, customers that cannot be asked for changes, errors word for word.
//! Tests can change what it holds between two requests, and make it fail, hang or answer with a
//! firewall's page. Every request is written down.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

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

/// JSON as PHP writes it.
fn php_json(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text
}

async fn answer(State(shop): State<ShopApi>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let url = reqwest::Url::parse(&format!("http://shop{}", head.uri)).expect("it came as a URL");
    let Some(path) = url.path().strip_prefix("/wp-json/wc/v3/") else {
        return json_answer(404, &json!({ "code": "rest_no_route", "message": "No route" }), None);
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: path.to_owned(),
        query: url.query_pairs().into_owned().collect(),
        at: Instant::now(),
    };
    let authorized = head.headers.get("authorization").is_some_and(|value| {
        let right = format!("Basic {}", STANDARD.encode(format!("{KEY}:{KEY_SECRET}")));
        value.as_bytes() == right.as_bytes()
    });
    let trouble = {
        let mut inside = shop.inside();
        let number = inside.asked.len();
        inside.asked.push(asked.clone());
        inside.rule.as_ref().and_then(|rule| rule(number, &asked))
    };
    match trouble {
        Some(ApiTrouble::Status(status)) => return error(status, None),
        Some(ApiTrouble::StatusAfter(status, seconds)) => return error(status, Some(seconds)),
        Some(ApiTrouble::Html(status)) => return html(status),
        Some(ApiTrouble::Stale) => {
            let builder = Response::builder().header("content-type", "application/json");
            return builder.header("age", "120").body(Body::from("[]")).expect("it is valid");
        }
        Some(ApiTrouble::Hang(wait)) => tokio::time::sleep(wait).await,
        None => {}
    }
    if !authorized {
        return json_answer(401, &fixture("096-401-bad-key"), None);
    }
    let mut inside = shop.inside();
    let Inside { holdings, before, .. } = &mut *inside;
    if let Some(before) = before {
        before(&asked, holdings);
    }
    let parts: Vec<&str> = asked.path.split('/').collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["webhooks"]) => json_answer(200, &json!(holdings.webhooks), None),
        ("PUT", ["webhooks", id]) => {
            let found = holdings.webhooks.iter_mut().find(|it| it["id"].to_string() == *id);
            let Some(webhook) = found else { return not_found() };
            let change: Value = serde_json::from_slice(&body).unwrap_or_default();
            webhook["status"] = change["status"].clone();
            json_answer(200, webhook, None)
        }
        ("GET", ["orders", id, "refunds"]) => {
            let Some(id) = id.parse().ok().filter(|id| holdings.has("orders", *id)) else {
                return not_found();
            };
            json_answer(200, &json!(holdings.refunds.get(&id).cloned().unwrap_or_default()), None)
        }
        ("GET", [list, id]) => {
            let found = id.parse().ok().and_then(|id: u64| holdings.lists.get(*list)?.get(&id));
            found.map_or_else(not_found, |it| json_answer(200, &with_links(it), None))
        }
        ("GET", [list @ ("orders" | "products" | "customers")]) => {
            holdings.page(list, &asked.query)
        }
        _ => not_found(),
    }
}

impl Holdings {
    fn has(&self, list: &str, id: u64) -> bool {
        self.lists.get(list).is_some_and(|list| list.contains_key(&id))
    }

    fn page(&self, list: &str, query: &BTreeMap<String, String>) -> Response {
        let word = |key: &str| query.get(key).map(String::as_str);
        let number = |key: &str| word(key).and_then(|it| it.parse::<usize>().ok());
        let per_page = number("per_page").unwrap_or(10);
        if !(1..=100).contains(&per_page) {
            return json_answer(400, &fixture("023-products-per-page-101"), None);
        }
        if !matches!(word("orderby"), None | Some("id" | "date" | "modified")) {
            return json_answer(400, &fixture("086-orders-bad-orderby"), None);
        }
        let bound = |key: &str| {
            let civil: jiff::civil::DateTime = word(key)?.parse().ok()?;
            let gmt = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
            let told_gmt = matches!(word("dates_are_gmt"), Some("true" | "1"));
            Some(if told_gmt { gmt } else { gmt - LOCAL_TIME })
        };
        let filters = list != "customers";
        let (after, before) = (bound("modified_after"), bound("modified_before"));
        let fits = |row: &&Value| {
            let modified = format!("{}Z", row["date_modified_gmt"].as_str().unwrap_or_default());
            let Ok(modified) = modified.parse::<Timestamp>() else { return true };
            let inside =
                after.is_none_or(|it| modified > it) && before.is_none_or(|it| modified < it);
            row["status"] != "trash" && (!filters || inside)
        };
        let mut rows: Vec<&Value> = match self.lists.get(list) {
            Some(rows) => rows.values().filter(fits).collect(),
            None => Vec::new(),
        };
        if word("orderby") != Some("id") || word("order") != Some("asc") {
            rows.reverse();
        }
        let offset = number("offset")
            .unwrap_or_else(|| number("page").unwrap_or(1).saturating_sub(1) * per_page);
        let total = rows.len();
        let page: Vec<Value> =
            rows.into_iter().skip(offset).take(per_page).map(with_links).collect();
        json_answer(200, &json!(page), Some((total, total.div_ceil(per_page))))
    }
}

fn with_links(row: &Value) -> Value {
    let mut row = row.clone();
    let href = format!("https://shop.example/wp-json/wc/v3/x/{}", row["id"]);
    row["_links"] = json!({ "self": [{ "href": href }] });
    row
}

fn not_found() -> Response {
    json_answer(404, &fixture("069-order-404"), None)
}

fn error(status: u16, retry_after: Option<u64>) -> Response {
    let body =
        json!({ "code": "told_to_fail", "message": "Told to fail", "data": { "status": status } });
    let mut answer = json_answer(status, &body, None);
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    answer
}

fn html(status: u16) -> Response {
    let page = "<!DOCTYPE html><html><title>Just a moment...</title></html>";
    let builder = Response::builder().status(status).header("content-type", "text/html");
    builder.body(Body::from(page)).expect("statuses of tests are valid")
}

fn json_answer(status: u16, body: &Value, total: Option<(usize, usize)>) -> Response {
    let mut builder = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=UTF-8")
        .header("cache-control", "no-cache, must-revalidate, max-age=0, no-store, private");
    if let Some((rows, pages)) = total {
        builder = builder.header("x-wp-total", rows).header("x-wp-totalpages", pages);
    }
    builder.body(Body::from(php_json(body))).expect("statuses of tests are valid")
}
