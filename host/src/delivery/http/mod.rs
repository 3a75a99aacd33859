//! `connector = "http"`: the document's body is the request's body.
//!
//! ```toml
//! [connections.erp]
//! connector = "http"
//! url = "https://erp.example/api/{entity}"      # {entity} {key} {id}: percent-encoded
//! method = "POST"                               # or PUT, PATCH, DELETE
//! headers = { X-Shop = "acme", X-Api-Key = { env = "ACME_API_KEY" } }
//! auth = { bearer = { env = "ACME_TOKEN" } }    # or { basic = { username = "..", password = {..} } }
//! timeout_ms = 30000                            # the whole exchange
//! connect_timeout_ms = 10000                    # of it, connecting
//! success = ["2xx"]                             # what counts as delivered
//! retry = [408, 425, 429, "5xx"]                # what may be taken later; the rest is rejected
//! accept_html = false                           # a web page with 200 is some firewall's, not an answer
//! id_pointer = "/data/id"                       # where the answer holds the id; or id_header = ".."
//! ids = "auto"                                  # how $ref ids are written: auto, number, string
//! idempotency_header = "Idempotency-Key"
//! idempotent = true                             # the target keeps these keys: sending twice is safe
//! lookup = { url = "https://erp.example/api/{entity}?key={key}", id = "/0/id", settle_ms = 5000 }
//! rate_limit = ["3000/minute", "30/hour"]       # see `limit`; burst = 5 spreads them out
//! circuit_breaker = { failures = 5, open_ms = 30000, open_max_ms = 300000 }     # see `breaker`
//! max_in_flight = 64                            # deliveries at the same time
//! operations.delete = { method = "DELETE", url = "https://erp.example/api/{entity}/{id}" }
//! ```
//!
//! Every request carries the document's key as `Idempotency-Key`, `X-Correlation-Id`, and in
//! `X-Mapwright-Entity` and `X-Mapwright-Operation` what the body alone does not say. A correction (see
//! `recall`) has an `Idempotency-Key` of its own and the document's key in `X-Mapwright-Key`. Redirects are
//! never followed: a POST that is redirected loses its body at most clients, so a 3xx is rejected
//! with the address it points to.
//!
//! A document whose answer was lost is never sent again blindly: only where the target keeps keys
//! (`idempotent`), where it can be asked first (`lookup`), or where the method does the same however
//! often it comes (`PUT`, `DELETE`). Elsewhere it becomes a dead letter `unknown_outcome`.

mod address;
mod judge;
mod lookup;
mod send;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Deserialize;

use self::address::Address;
use self::lookup::Lookup;
use super::client::Timeouts;
use super::limit::Rates;
use super::{Gate, OpenError, Outbound, Statuses, breaker, gate};
use crate::event::{Document, Operation};
use crate::secret::SecretSource;

/// Enough for any answer that holds an id; what is beyond is not read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// How much of a refusal is kept as the reason.
const REASON_BYTES_MAX: usize = 500;

/// The table of a connection with `connector = "http"`, without that key itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to; may hold `{entity}`, `{key}` and `{id}`.
    pub url: String,
    /// `POST` unless said otherwise.
    #[serde(default)]
    pub method: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderText>,
    /// Credentials.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// For the whole exchange, from connecting to the last byte of the answer.
    #[serde(default = "timeout_ms_default")]
    pub timeout_ms: u64,
    /// Of that, for connecting; ten seconds, or half of the whole, unless said otherwise.
    #[serde(default)]
    pub connect_timeout_ms: Option<u64>,
    /// Statuses that mean delivered; 2xx unless said otherwise.
    #[serde(default = "success_default")]
    pub success: Statuses,
    /// Statuses worth another try; 408, 425, 429 and 5xx unless said otherwise.
    #[serde(default = "retry_default")]
    pub retry: Statuses,
    /// JSON Pointer to the id in the answer; without it `/id` is tried.
    #[serde(default)]
    pub id_pointer: Option<String>,
    /// The header of the answer that holds the id.
    #[serde(default)]
    pub id_header: Option<String>,
    /// How ids are written in place of references.
    #[serde(default)]
    pub ids: Ids,
    /// What the target calls the header that holds the document's key.
    #[serde(default = "idempotency_header_default")]
    pub idempotency_header: String,
    /// Whether the target keeps the idempotency key, so that a document whose answer was lost can
    /// be sent again.
    #[serde(default)]
    pub idempotent: bool,
    /// How to ask the target for a document whose answer was lost.
    #[serde(default)]
    pub lookup: Option<lookup::Config>,
    /// Whether a web page may be an answer.
    #[serde(default)]
    pub accept_html: bool,
    /// Requests in time.
    #[serde(default)]
    pub rate_limit: Rates,
    /// Of them, back to back at most.
    #[serde(default)]
    pub burst: Option<NonZeroU32>,
    /// When to leave the target alone.
    #[serde(default)]
    pub circuit_breaker: breaker::Config,
    /// Deliveries at the same time.
    #[serde(default)]
    pub max_in_flight: Option<NonZeroUsize>,
    /// Other methods and addresses for single operations.
    #[serde(default)]
    pub operations: Operations,
}

/// A header's value: plain text, or kept as a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text, { env = \"NAME\" } or { file = \"path\" }")]
pub enum HeaderText {
    /// As it stands.
    Plain(String),
    /// From the environment or a file.
    Secret(SecretSource),
}

/// Credentials.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Basic`.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretSource,
    },
    /// `Authorization: Bearer`.
    Bearer(SecretSource),
}

/// How a target's ids are written where references stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// A number where the id is one (`17`, not `017`), else a string.
    #[default]
    Auto,
    /// Always a number; another id is rejected.
    Number,
    /// Always a string.
    String,
}

/// What single operations do differently.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operations {
    /// For `create`.
    pub create: Option<Rule>,
    /// For `update`.
    pub update: Option<Rule>,
    /// For `upsert`.
    pub upsert: Option<Rule>,
    /// For `cancel`.
    pub cancel: Option<Rule>,
    /// For `delete`.
    pub delete: Option<Rule>,
}

/// How one operation is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Instead of the connection's method.
    #[serde(default)]
    pub method: Option<String>,
    /// Instead of the connection's URL.
    #[serde(default)]
    pub url: Option<String>,
}

fn timeout_ms_default() -> u64 {
    30_000
}

fn success_default() -> Statuses {
    Statuses::new(&[(200, 299)])
}

fn retry_default() -> Statuses {
    Statuses::new(&[(408, 408), (425, 425), (429, 429), (500, 599)])
}

fn idempotency_header_default() -> String {
    "Idempotency-Key".to_owned()
}

/// An HTTP connection, ready to send.
#[derive(Debug)]
pub struct Target {
    outbound: Outbound,
    /// In the order of [`slot`].
    calls: [Call; 5],
    headers: HeaderMap,
    idempotency_header: HeaderName,
    timeouts: Timeouts,
    gate: Arc<Gate>,
    success: Statuses,
    retry: Statuses,
    id_pointer: Option<String>,
    id_header: Option<HeaderName>,
    ids: Ids,
    idempotent: bool,
    lookup: Option<Lookup>,
    accept_html: bool,
}

/// How one operation goes out.
#[derive(Debug, Clone)]
struct Call {
    method: Method,
    address: Address,
}

fn slot(operation: Operation) -> usize {
    match operation {
        Operation::Create => 0,
        Operation::Update => 1,
        Operation::Upsert => 2,
        Operation::Cancel => 3,
        Operation::Delete => 4,
    }
}

impl Config {
    pub(super) fn settle(&self) -> Option<Duration> {
        self.lookup.as_ref().map(|lookup| Duration::from_millis(lookup.settle_ms))
    }

    pub(super) fn gate(&self) -> gate::Config {
        gate::Config {
            rates: self.rate_limit.clone(),
            burst: self.burst.map(NonZeroU32::get),
            breaker: self.circuit_breaker,
            in_flight_max: self.max_in_flight.map_or(super::IN_FLIGHT_MAX, NonZeroUsize::get),
            requests: if self.lookup.is_some() { 2 } else { 1 },
        }
    }
}

impl Target {
    pub(super) fn open(
        config: &Config,
        base_dir: &Path,
        outbound: &Outbound,
        gate: &Arc<Gate>,
    ) -> Result<Self, OpenError> {
        let timeouts = Timeouts::new(config.timeout_ms, config.connect_timeout_ms)?;
        if let Some(pointer) = &config.id_pointer
            && !(pointer.is_empty() || pointer.starts_with('/'))
        {
            let problem = format!("{pointer:?} is not a JSON Pointer; write \"/{pointer}\"");
            return Err(OpenError::config("id_pointer", problem));
        }
        let operations = &config.operations;
        let call = |name: &str, rule: &Option<Rule>| -> Result<Call, OpenError> {
            let rule = rule.clone().unwrap_or_default();
            let (url, url_key) = match rule.url {
                Some(url) => (url, format!("operations.{name}.url")),
                None => (config.url.clone(), "url".to_owned()),
            };
            let (method, method_key) = match rule.method {
                Some(method) => (method, format!("operations.{name}.method")),
                None => (config.method.clone().unwrap_or("POST".to_owned()), "method".to_owned()),
            };
            let address = Address::parse(&url)
                .map_err(|problem| OpenError::config(url_key.clone(), problem))?;
            outbound.check(&url_key, address.scheme())?;
            Ok(Call {
                method: method_of(&method).ok_or_else(|| {
                    OpenError::config(
                        method_key,
                        format!(
                            "{method:?} cannot carry a document; use POST, PUT, PATCH or DELETE"
                        ),
                    )
                })?,
                address,
            })
        };
        let lookup = config.lookup.as_ref().map(|lookup| Lookup::open(lookup, outbound));
        Ok(Self {
            outbound: outbound.with(timeouts)?,
            calls: [
                call("create", &operations.create)?,
                call("update", &operations.update)?,
                call("upsert", &operations.upsert)?,
                call("cancel", &operations.cancel)?,
                call("delete", &operations.delete)?,
            ],
            headers: headers_of(config, base_dir)?,
            idempotency_header: header_name("idempotency_header", &config.idempotency_header)?,
            timeouts,
            gate: Arc::clone(gate),
            success: config.success.clone(),
            retry: config.retry.clone(),
            id_pointer: config.id_pointer.clone(),
            id_header: config
                .id_header
                .as_ref()
                .map(|name| header_name("id_header", name))
                .transpose()?,
            ids: config.ids,
            idempotent: config.idempotent,
            lookup: lookup.transpose()?,
            accept_html: config.accept_html,
        })
    }

    pub(super) fn resends_safely(&self, document: &Document) -> bool {
        let method = &self.calls[slot(document.operation)].method;
        self.idempotent || self.lookup.is_some() || [Method::PUT, Method::DELETE].contains(method)
    }
}

fn method_of(text: &str) -> Option<Method> {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == text)
}

fn header_name(key: &str, name: &str) -> Result<HeaderName, OpenError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| OpenError::config(key, format!("{name:?} is not a header name")))
}

/// The headers that are the same for every request.
fn headers_of(config: &Config, base_dir: &Path) -> Result<HeaderMap, OpenError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    for (name, text) in &config.headers {
        let key = format!("headers.{name}");
        let header = header_name(&key, name)?;
        if [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::HOST].contains(&header) {
            return Err(OpenError::config(key, "is set by the connector itself; leave it out"));
        }
        let mut value = match text {
            HeaderText::Plain(text) => HeaderValue::from_str(text),
            HeaderText::Secret(source) => HeaderValue::from_str(source.resolve(base_dir)?.expose()),
        }
        .map_err(|_| OpenError::config(key, "holds characters a header cannot carry"))?;
        value.set_sensitive(matches!(text, HeaderText::Secret(_)));
        headers.insert(header, value);
    }
    let authorization = match &config.auth {
        None => return Ok(headers),
        Some(Auth::Basic { username, password }) => {
            use base64::Engine as _;
            let pair = format!("{username}:{}", password.resolve(base_dir)?.expose());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        }
        Some(Auth::Bearer(token)) => format!("Bearer {}", token.resolve(base_dir)?.expose()),
    };
    let mut value = HeaderValue::from_str(&authorization).map_err(|_| {
        OpenError::config("auth", "the secret holds characters a header cannot carry (a line end?)")
    })?;
    value.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, value);
    Ok(headers)
}
