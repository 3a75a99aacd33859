//! A shop: sends deliveries as WooCommerce does, captured ones byte for byte, made ones signed.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// What the captured deliveries were signed with, and all others are.
pub const SECRET: &str = "segredo-do-webhook-0001";

/// The captured order that others are made from: paid, with a coupon.
const PATTERN: &str = "034-order-br-paid-order-created";

/// One request of a shop.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Delivery {
    /// A captured delivery by its name (`039-order-br-cnpj-order-created`).
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn captured(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/woocommerce/webhooks");
        let read = |ending: &str| fs::read(folder.join(format!("{name}.{ending}")));
        let headers = read("headers").unwrap_or_else(|error| panic!("{name}: {error}"));
        let body = read("json").or_else(|_| read("txt")).expect("every capture has a body");
        let sent_by_the_shop = |name: &str| {
            name == "content-type" || name == "user-agent" || name.starts_with("x-wc-")
        };
        let headers = String::from_utf8(headers).expect("captured headers are text");
        let headers = headers
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .filter(|(name, _)| sent_by_the_shop(name))
            .collect();
        Self { headers, body }
    }

    /// Any body under any topic, signed.
    #[must_use]
    pub fn signed(topic: &str, body: &str) -> Self {
        Self::signed_with(SECRET, topic, body)
    }

    /// The same with a secret of its own.
    ///
    /// # Panics
    /// Never: HMAC takes any key.
    #[must_use]
    pub fn signed_with(secret: &str, topic: &str, body: &str) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
        mac.update(body.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let headers = [
            ("content-type", "application/json"),
            ("x-wc-webhook-source", "https://shop.example/"),
            ("x-wc-webhook-topic", topic),
            ("x-wc-webhook-signature", &signature),
        ];
        Self {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// An order that nobody else has, made from a captured one.
    #[must_use]
    pub fn order(number: u64) -> Self {
        Self::signed("order.created", &order(number).to_string())
    }

    /// The same order as it is `second` seconds later, with a note that says so.
    #[must_use]
    pub fn version(number: u64, second: u32) -> Self {
        let mut order = order(number);
        let (minute, rest) = (second / 60, second % 60);
        order["date_modified_gmt"] = json!(format!("2026-11-22T03:{minute:02}:{rest:02}"));
        order["billing"]["first_name"] = json!(format!("v{second}"));
        Self::signed("order.updated", &order.to_string())
    }

    /// With another value for a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The body of an order with this number.
///
/// # Panics
/// When the capture it is made from is not there.
#[must_use]
pub fn order(number: u64) -> Value {
    let mut order: Value = serde_json::from_slice(&Delivery::captured(PATTERN).body)
        .expect("the captured order is JSON");
    order["id"] = json!(number);
    order["number"] = json!(number.to_string());
    order
}

/// What the host answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The bytes.
    pub text: String,
    /// The bytes as JSON, or null.
    pub json: Value,
    /// The `Retry-After`.
    pub retry_after: Option<String>,
}

impl Reply {
    /// A text of the answer's JSON, empty where there is none.
    #[must_use]
    pub fn word(&self, key: &str) -> &str {
        self.json[key].as_str().unwrap_or_default()
    }

    /// This, when the event was accepted.
    ///
    /// # Panics
    /// When it was not; the message has what was said instead.
    pub fn accepted(self) -> Self {
        assert_eq!((self.status, self.word("status")), (200, "accepted"), "{self:?}");
        self
    }
}

/// A shop that sends to one merchant's hook.
#[derive(Debug, Clone)]
pub struct Shop {
    client: reqwest::Client,
    url: String,
}

impl Shop {
    /// Sends to `/hooks/{merchant}/shop` of the host at `address`.
    #[must_use]
    pub fn of(merchant: &str, address: std::net::SocketAddr) -> Self {
        Self { client: client(), url: format!("http://{address}/hooks/{merchant}/shop") }
    }

    /// Sends to the hook of another connection.
    #[must_use]
    pub fn at(merchant: &str, connection: &str, address: std::net::SocketAddr) -> Self {
        Self { client: client(), url: format!("http://{address}/hooks/{merchant}/{connection}") }
    }

    /// Sends a delivery.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn send(&self, delivery: &Delivery) -> Reply {
        self.try_send(delivery).await.expect("the host answers")
    }

    /// Sends a delivery to a host that may be gone.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn try_send(&self, delivery: &Delivery) -> reqwest::Result<Reply> {
        let mut request = self.client.post(&self.url).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply { status, text, json, retry_after })
    }
}

/// A client that asks nobody but whom it is told to.
///
/// # Panics
/// When the machine cannot do HTTP.
#[must_use]
pub fn client() -> reqwest::Client {
    // The host's own client brings what TLS needs, once for the process.
    drop(mapwright::delivery::Outbound::new());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(60))
        .no_proxy()
        .build()
        .expect("a client can be made")
}
