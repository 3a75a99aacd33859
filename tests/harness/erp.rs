//! The ERP at the other end of the `http` connector: the host's own sandbox, watched.
//!
//! [`Sandbox`] keeps documents by their key and so cannot say in which order they came or how often
//! they were refused; [`Erp`] writes down every request on its way in, and can be told to treat
//! requests badly by a rule instead of one by one ([`Trouble`]), to count and enforce a rate limit
//! ([`Erp::limit`]), and to be gone for a while ([`Erp::go_down`]). A [forgetful](Erp::forgetful) one
//! keeps no keys, so that whatever is sent twice stands in it twice: [`Erp::account`] counts that.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use mapwright::delivery::sandbox::{Kept, Sandbox};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Larger than any document of the tests.
const BODY_BYTES_MAX: usize = 64 << 20;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// `POST`; a lookup is a `GET`.
    pub method: String,
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
    /// When it was answered; none while it waits for that.
    pub answered: Option<Instant>,
}

/// How a request is treated badly.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing is kept, and this is the answer.
    Status(u16),
    /// The same, with a `Retry-After` in seconds.
    StatusAfter(u16, u64),
    /// Nothing is kept, and the answer is a web page with this status.
    Html(u16),
    /// Nothing is kept, and nothing is ever answered.
    Hang,
    /// Nothing is kept, and the connection breaks.
    Break,
    /// It is kept, and answered after this time.
    Slow(Duration),
    /// It is kept and answered after this time, also if nobody waits for that any more.
    Late(Duration),
    /// It is kept, and the connection breaks.
    BreakAfterDoing,
    /// It is kept, and the answer is empty, with this status.
    Empty(u16),
    /// It is kept and answered, and the answer says that the quota is used up for so many seconds.
    UsedUp(u64),
}

type Rule = Box<dyn Fn(u64, &Arrival) -> Option<Trouble> + Send>;

#[derive(Default)]
struct Watched {
    arrivals: Vec<Arrival>,
    rule: Option<Rule>,
    limit: Option<(usize, Duration)>,
    over_limit: u64,
    serving: Option<(CancellationToken, JoinHandle<()>)>,
}

/// The ERP, listening. Clones are the same ERP.
#[derive(Clone)]
pub struct Erp {
    sandbox: Sandbox,
    address: SocketAddr,
    watched: Arc<Mutex<Watched>>,
}

/// What was expected in an ERP against what stands there, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Expected, and there once.
    pub delivered: BTreeSet<String>,
    /// There more than once, with the number.
    pub duplicated: BTreeMap<String, usize>,
    /// Expected, and not there.
    pub lost: BTreeSet<String>,
    /// There, and not expected.
    pub unexpected: BTreeSet<String>,
}

impl Erp {
    /// Starts an empty one on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        Self::start_with(Sandbox::new()).await
    }

    /// The same, but one that keeps no keys: each request that is kept is a new document.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn forgetful() -> Self {
        Self::start_with(Sandbox::forgetful()).await
    }

    async fn start_with(sandbox: Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let erp = Self { sandbox, address, watched: Arc::default() };
        erp.serve(listener);
        erp
    }

    fn serve(&self, listener: TcpListener) {
        let router = self.sandbox.router().layer(from_fn_with_state(self.clone(), watch));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, router);
            served.with_graceful_shutdown(async move { stopped.cancelled().await }).await.ok();
        });
        self.watched().serving = Some((stop, serving));
    }

    /// Is gone: connections are refused until it [comes back](Self::come_back). What it has in hand
    /// it finishes, but for what [hangs](Trouble::Hang).
    pub async fn go_down(&self) {
        let serving = self.watched().serving.take();
        let Some((stop, mut serving)) = serving else { return };
        stop.cancel();
        if tokio::time::timeout(Duration::from_secs(2), &mut serving).await.is_err() {
            serving.abort();
        }
    }

    /// Listens again, at the same address, with all it had.
    ///
    /// # Panics
    /// When somebody else took its port meanwhile.
    pub async fn come_back(&self) {
        let listener = TcpListener::bind(self.address).await.expect("its port is free still");
        self.serve(listener);
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

    /// How many documents stand in it for each key of a merchant.
    #[must_use]
    pub fn effects(&self, merchant: &str) -> BTreeMap<String, usize> {
        let mut effects = BTreeMap::new();
        for kept in self.documents(merchant) {
            *effects.entry(kept.key).or_default() += 1;
        }
        effects
    }

    /// What was expected against what is there.
    #[must_use]
    pub fn account(
        &self,
        merchant: &str,
        expected: impl IntoIterator<Item = impl Into<String>>,
    ) -> Account {
        let effects = self.effects(merchant);
        let mut account = Account::default();
        let expected: BTreeSet<String> = expected.into_iter().map(Into::into).collect();
        for (key, times) in &effects {
            match (expected.contains(key), times) {
                (false, _) => drop(account.unexpected.insert(key.clone())),
                (true, 1) => drop(account.delivered.insert(key.clone())),
                (true, times) => drop(account.duplicated.insert(key.clone(), *times)),
            }
        }
        account.lost = expected.into_iter().filter(|key| !effects.contains_key(key)).collect();
        account
    }

    /// Every request so far, in the order in which they came.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.watched().arrivals.clone()
    }

    /// How many requests there were so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.watched().arrivals.len()
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
        self.trouble_with(move |number, arrival| rule(number, &arrival.path));
    }

    /// The same for a rule that wants to see the whole request.
    pub fn trouble_with(&self, rule: impl Fn(u64, &Arrival) -> Option<Trouble> + Send + 'static) {
        self.watched().rule = Some(Box::new(rule));
    }

    /// From now on treats every request well.
    pub fn be_well(&self) {
        self.watched().rule = None;
    }

    /// From now on answers 429 with a `Retry-After` to whatever is more than `count` in any window
    /// of this length, and counts it.
    pub fn limit(&self, count: usize, window: Duration) {
        self.watched().limit = Some((count, window));
    }

    /// How many requests were more than the [limit](Self::limit).
    #[must_use]
    pub fn over_limit(&self) -> u64 {
        self.watched().over_limit
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// What the limit has to say to a request that comes now.
    fn limited(&mut self) -> Option<Trouble> {
        let (count, window) = self.limit?;
        let recent = self.arrivals.iter().rev().take_while(|a| a.at.elapsed() < window).count();
        if recent < count {
            return None;
        }
        self.over_limit += 1;
        Some(Trouble::StatusAfter(429, window.as_secs().max(1)))
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
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        key: header("idempotency-key"),
        correlation_id: header("x-correlation-id"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        status: None,
        at: Instant::now(),
        answered: None,
    };
    let (place, trouble) = {
        let mut watched = erp.watched();
        let place = watched.arrivals.len();
        let limited = watched.limited();
        let ruled = watched.rule.as_ref().and_then(|rule| rule(place as u64, &arrival));
        watched.arrivals.push(arrival);
        (place, ruled.or(limited))
    };
    let keep = async move || next.run(Request::from_parts(head, Body::from(body))).await;
    let json = "application/json";
    let response = match trouble {
        None => keep().await,
        Some(Trouble::Status(status)) => answer(status, json, "{\"error\":\"told to fail\"}"),
        Some(Trouble::StatusAfter(status, seconds)) => {
            let refusal = answer(status, json, "{\"error\":\"told to fail\"}");
            with(refusal, &[("retry-after", seconds)])
        }
        Some(Trouble::Html(status)) => {
            answer(status, "text/html", "<!DOCTYPE html><title>Access denied</title>")
        }
        Some(Trouble::Hang) => std::future::pending().await,
        Some(Trouble::Break) => Response::new(Body::new(Broken)),
        Some(Trouble::Slow(wait)) => {
            let response = keep().await;
            tokio::time::sleep(wait).await;
            response
        }
        Some(Trouble::Late(wait)) => {
            let late = async move {
                tokio::time::sleep(wait).await;
                keep().await
            };
            tokio::spawn(late).await.expect("it does not panic")
        }
        Some(Trouble::BreakAfterDoing) => {
            keep().await;
            Response::new(Body::new(Broken))
        }
        Some(Trouble::Empty(status)) => {
            keep().await;
            answer(status, json, "")
        }
        Some(Trouble::UsedUp(seconds)) => {
            let used_up = [("x-ratelimit-remaining", 0), ("x-ratelimit-reset", seconds)];
            with(keep().await, &used_up)
        }
    };
    let mut watched = erp.watched();
    let arrival = &mut watched.arrivals[place];
    (arrival.status, arrival.answered) = (Some(response.status().as_u16()), Some(Instant::now()));
    drop(watched);
    response
}

fn answer(status: u16, kind: &str, text: &'static str) -> Response {
    let builder = Response::builder().status(status).header("content-type", kind);
    builder.body(Body::from(text)).expect("statuses of tests are valid")
}

fn with(mut response: Response, headers: &[(&'static str, u64)]) -> Response {
    for (name, value) in headers {
        response.headers_mut().insert(*name, (*value).into());
    }
    response
}

/// A body that cannot be sent: the server hangs up.
struct Broken;

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into())))
    }
}
