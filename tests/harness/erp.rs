//! The ERP at the other end of the `http` connector: the host's own sandbox, watched.
//!
//! [`Sandbox`] keeps documents by their key and so cannot say in which order they came or how often
//! they were refused; [`Erp`] writes down every request on its way in, and can be told to treat
//! requests badly by a rule instead of one by one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use mapwright::delivery::sandbox::{Kept, Sandbox};
use serde_json::Value;

/// Larger than any document of the tests.
const BODY_BYTES_MAX: usize = 64 << 20;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// `/acme/order_summary`.
    pub path: String,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Its `X-Correlation-Id`.
    pub correlation_id: String,
    /// Its body.
    pub body: Value,
    /// What it was answered; none while it waits for that.
    pub status: Option<u16>,
    /// When it came.
    pub at: Instant,
}

/// How a request is treated badly.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing is kept, and this is the answer.
    Status(u16),
    /// The same, with a `Retry-After` in seconds.
    StatusAfter(u16, u64),
    /// It is kept, and answered after this time.
    Slow(Duration),
}

type Rule = Box<dyn Fn(u64, &str) -> Option<Trouble> + Send>;

#[derive(Default)]
struct Watched {
    arrivals: Vec<Arrival>,
    rule: Option<Rule>,
}

/// The ERP, listening. Clones are the same ERP.
#[derive(Clone)]
pub struct Erp {
    sandbox: Sandbox,
    address: SocketAddr,
    watched: Arc<Mutex<Watched>>,
}

impl Erp {
    /// Starts an empty one on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let erp = Self { sandbox: Sandbox::new(), address, watched: Arc::default() };
        let router = erp.sandbox.router().layer(from_fn_with_state(erp.clone(), watch));
        tokio::spawn(async move { axum::serve(listener, router).await });
        erp
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands in it for a merchant.
    #[must_use]
    pub fn documents(&self, merchant: &str) -> Vec<Kept> {
        let path = format!("/{merchant}/");
        self.sandbox.documents().into_iter().filter(|kept| kept.path.starts_with(&path)).collect()
    }

    /// Every request so far, in the order in which they came.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.watched().arrivals.clone()
    }

    /// Those that were taken, of one key.
    #[must_use]
    pub fn taken(&self, key: &str) -> Vec<Arrival> {
        let taken = |a: &Arrival| a.key == key && a.status.is_some_and(|s| (200..300).contains(&s));
        self.arrivals().into_iter().filter(taken).collect()
    }

    /// From now on treats a request as the rule says; it is told the request's number (from 0) and
    /// its path.
    pub fn trouble(&self, rule: impl Fn(u64, &str) -> Option<Trouble> + Send + 'static) {
        self.watched().rule = Some(Box::new(rule));
    }

    /// From now on treats every request well.
    pub fn be_well(&self) {
        self.watched().rule = None;
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn watch(State(erp): State<Erp>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let header = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let arrival = Arrival {
        path: head.uri.path().to_owned(),
        key: header("idempotency-key"),
        correlation_id: header("x-correlation-id"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        status: None,
        at: Instant::now(),
    };
    let (place, trouble) = {
        let mut watched = erp.watched();
        let place = watched.arrivals.len();
        let trouble = watched.rule.as_ref().and_then(|rule| rule(place as u64, &arrival.path));
        watched.arrivals.push(arrival);
        (place, trouble)
    };
    let response = match trouble {
        Some(Trouble::Status(status)) => refusal(status, None),
        Some(Trouble::StatusAfter(status, seconds)) => refusal(status, Some(seconds)),
        Some(Trouble::Slow(wait)) => {
            let response = next.run(Request::from_parts(head, Body::from(body))).await;
            tokio::time::sleep(wait).await;
            response
        }
        None => next.run(Request::from_parts(head, Body::from(body))).await,
    };
    erp.watched().arrivals[place].status = Some(response.status().as_u16());
    response
}

fn refusal(status: u16, retry_after: Option<u64>) -> Response {
    let mut builder = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        builder = builder.header("retry-after", seconds);
    }
    builder.body(Body::from("{\"error\":\"told to fail\"}")).expect("statuses of tests are valid")
}
