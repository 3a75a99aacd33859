//! A small ERP in the process: the other end of the `http` connector for the demo and the tests.
//!
//! It keeps one document for each (path, `Idempotency-Key`, or `X-Mapwright-Key` of a correction), answers `{"id": n}` (201 the first
//! time, 200 with the same id ever after), lists what it has at `GET /documents` (`?key=..` for one
//! key), and can be told to misbehave: [`Sandbox::next`], or from outside
//! `POST /control/fail?next=3&status=503`. A [forgetful](Sandbox::forgetful) one does not keep keys:
//! whatever it is sent becomes a new document, as at most systems out there.
//! It keeps everything in memory and forgets it with the process; it is no place for real orders.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::value::RawValue;

/// Larger than any document a plugin may make.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// After this many it refuses new ones with 507 instead of eating the machine.
const DOCUMENTS_MAX: usize = 1_000_000;

/// The ERP. Clones are the same ERP.
#[derive(Debug, Clone, Default)]
pub struct Sandbox {
    state: Arc<Mutex<Books>>,
}

/// One document as it stands in the sandbox.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// Its id, from 1.
    pub id: u64,
    /// The path it came by.
    pub path: String,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// What it is.
    pub entity: String,
    /// What was last asked for.
    pub operation: String,
    /// The `X-Correlation-Id` of the last request.
    pub correlation_id: String,
    /// How often it was sent.
    pub times: u64,
    /// The body as last received.
    pub body: Box<RawValue>,
}

/// How to treat a request other than well.
#[derive(Debug, Clone)]
pub enum Misbehaviour {
    /// Keep nothing, answer this.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, as it should stand.
        retry_after: Option<String>,
    },
    /// Keep it, but answer only after this time.
    Slow(Duration),
    /// Keep nothing, point elsewhere with a 307.
    Redirect(String),
    /// Keep it, and answer with so many bytes.
    Giant(usize),
}

#[derive(Debug, Default)]
struct Books {
    kept: Vec<Kept>,
    place: HashMap<(String, String), usize>,
    misbehave: VecDeque<Misbehaviour>,
    requests: u64,
    forgetful: bool,
}

impl Sandbox {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that makes a new document of each request, whatever its key.
    #[must_use]
    pub fn forgetful() -> Self {
        let sandbox = Self::default();
        sandbox.books().forgetful = true;
        sandbox
    }

    /// Its HTTP face.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self.clone())
    }

    /// What it has, in the order of the ids.
    #[must_use]
    pub fn documents(&self) -> Vec<Kept> {
        self.books().kept.clone()
    }

    /// How many documents were sent to it, well treated or not.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.books().requests
    }

    /// Treats a coming request so; each call is for one request, in order.
    pub fn next(&self, misbehaviour: Misbehaviour) {
        self.books().misbehave.push_back(misbehaviour);
    }

    /// Answers the next so many requests with this status.
    pub fn fail_next(&self, times: usize, status: u16) {
        for _ in 0..times {
            self.next(Misbehaviour::Status { status, retry_after: None });
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A poisoned book is still the book: nothing in here is half-written when it panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    State(sandbox): State<Sandbox>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() == "/control/fail" {
        let number = |name: &str| -> Option<u16> {
            let pairs = uri.query().unwrap_or_default().split('&');
            pairs
                .filter_map(|pair| pair.split_once('='))
                .find(|pair| pair.0 == name)?
                .1
                .parse()
                .ok()
        };
        sandbox.fail_next(number("next").unwrap_or(1).into(), number("status").unwrap_or(503));
        return json(200, "{}");
    }
    if method == Method::GET {
        let mut documents = sandbox.documents();
        let asked = uri.query().and_then(|query| query.strip_prefix("key=")).map(decoded);
        if let Some(key) = asked {
            documents.retain(|kept| kept.key == key);
        }
        let list = serde_json::to_string(&documents);
        return list.map_or_else(|error| refuse(500, &error.to_string()), |list| json(200, list));
    }
    let misbehaviour = {
        let mut books = sandbox.books();
        books.requests += 1;
        books.misbehave.pop_front()
    };
    match misbehaviour {
        None => keep(&sandbox, &uri, &headers, &body),
        Some(Misbehaviour::Status { status, retry_after }) => {
            let mut response = refuse(status, "told to fail");
            if let Some(value) = retry_after.and_then(|text| text.parse().ok()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Some(Misbehaviour::Slow(wait)) => {
            let kept = keep(&sandbox, &uri, &headers, &body);
            tokio::time::sleep(wait).await;
            kept
        }
        Some(Misbehaviour::Redirect(to)) => {
            let mut response = json(307, "{}");
            if let Ok(to) = to.parse() {
                response.headers_mut().insert(header::LOCATION, to);
            }
            response
        }
        Some(Misbehaviour::Giant(bytes)) => {
            let kept = keep(&sandbox, &uri, &headers, &body);
            json(kept.status().as_u16(), format!("{{\"padding\":\"{}\"}}", "x".repeat(bytes)))
        }
    }
}

/// Takes a document in, or finds it there.
fn keep(sandbox: &Sandbox, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let text = |name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let key = text("idempotency-key");
    if key.is_empty() {
        return refuse(400, "there is no Idempotency-Key");
    }
    // A correction has a key of its own, and says which document it is about.
    let key = Some(text("x-mapwright-key")).filter(|own| !own.is_empty()).unwrap_or(key);
    let Ok(body) = serde_json::from_slice::<Box<RawValue>>(body) else {
        return refuse(400, "the body is not JSON");
    };
    let mut books = sandbox.books();
    let place = (uri.path().to_owned(), key);
    let (entity, operation) = (text("x-mapwright-entity"), text("x-mapwright-operation"));
    let correlation_id = text("x-correlation-id");
    let there = books.place.get(&place).copied().filter(|_| !books.forgetful);
    if let Some(index) = there {
        let kept = &mut books.kept[index];
        kept.times += 1;
        (kept.entity, kept.operation, kept.correlation_id) = (entity, operation, correlation_id);
        kept.body = body;
        return json(200, format!("{{\"id\":{}}}", kept.id));
    }
    let index = books.kept.len();
    if index >= DOCUMENTS_MAX {
        return refuse(507, "the sandbox is full; start it again");
    }
    let id = index as u64 + 1;
    let (path, key) = place.clone();
    books.place.insert(place, index);
    books.kept.push(Kept { id, path, key, entity, operation, correlation_id, times: 1, body });
    json(201, format!("{{\"id\":{id}}}"))
}

/// Percent-decoded; what is not text then stands as it was.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn json(status: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn refuse(status: u16, why: &str) -> Response {
    json(status, serde_json::json!({ "error": why }).to_string())
}
