//! The one HTTP client that all targets share: sockets pooled by host, TLS by rustls with the
//! machine's own certificates, no redirects, answers read only up to a bound. Every request to a
//! target leaves through [`send`], and so through the gate of its connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::gate::{Gate, NotNow, Tally};
use super::outside::{Clock, Real, Wire};

/// A host that does not take a connection in this time is down, whatever the timeout of the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket idle for longer is likelier to be dead than to be useful (many proxies cut at 60 s).
const IDLE_MAX: Duration = Duration::from_secs(50);

/// What goes out to targets. Made once, cloned freely; it belongs to the runtime it is used on.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    /// For connections with another patience for connecting; there are few different ones.
    others: Arc<Mutex<BTreeMap<Duration, reqwest::Client>>>,
    tally: Arc<Tally>,
    clock: Arc<dyn Clock>,
    wire: Arc<dyn Wire>,
    /// Why no HTTPS target can be trusted, on a machine without certificates.
    without_tls: Option<String>,
}

impl Outbound {
    /// Sets up the client. A machine without certificates (a bare container) is no error as long as
    /// no target is reached by HTTPS; such a target is refused when it is opened.
    ///
    /// # Errors
    /// When the client cannot be made for another reason.
    pub fn new() -> Result<Self, super::OpenError> {
        // An error says that another part of the process chose a provider before: as good as ours.
        rustls::crypto::ring::default_provider().install_default().ok();
        let (client, without_tls) = match builder(CONNECT_TIMEOUT).build() {
            Ok(client) => (client, None),
            Err(error) => {
                // Trusting nobody needs no certificates; if that fails too, it is something else.
                let client = builder(CONNECT_TIMEOUT).tls_certs_only([]).build()?;
                (client, Some(innermost(&error)))
            }
        };
        let (clock, wire) = (Arc::new(Real), Arc::new(Real));
        let (others, tally) = (Arc::default(), Arc::default());
        Ok(Self { client, others, tally, clock, wire, without_tls })
    }

    /// What the gates of all targets have done.
    #[must_use]
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// The same with another time and another network.
    #[cfg(test)]
    pub(crate) fn over(&self, clock: Arc<dyn Clock>, wire: Arc<dyn Wire>) -> Self {
        Self { clock, wire, ..self.clone() }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The same with other timeouts.
    pub(super) fn with(&self, timeouts: Timeouts) -> Result<Self, super::OpenError> {
        if timeouts.connect == CONNECT_TIMEOUT {
            return Ok(self.clone());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = others.get(&timeouts.connect) {
            return Ok(Self { client: client.clone(), ..self.clone() });
        }
        let builder = builder(timeouts.connect);
        let client = if self.without_tls.is_some() {
            builder.tls_certs_only([]).build()?
        } else {
            builder.build()?
        };
        others.insert(timeouts.connect, client.clone());
        Ok(Self { client, ..self.clone() })
    }

    /// Refuses an HTTPS address where no certificate could be trusted.
    pub(super) fn check(&self, key: &str, scheme: &str) -> Result<(), super::OpenError> {
        match &self.without_tls {
            Some(why) if scheme.eq_ignore_ascii_case("https") => {
                let problem = format!(
                    "https cannot be verified on this machine ({why}): install its CA \
                     certificates (Debian: apt-get install ca-certificates)"
                );
                Err(super::OpenError::config(key, problem))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

fn builder(connect_timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("mapwright/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_MAX)
}

/// How long a target may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the whole exchange, from connecting to the last byte of the answer.
    pub(crate) whole: Duration,
    /// For the connection alone.
    pub(crate) connect: Duration,
}

impl Timeouts {
    /// As configured. Connecting gets half of the whole at most unless it is written otherwise:
    /// a request that ran out of time while connecting was certainly not sent, and only so we know.
    pub(super) fn new(
        timeout_ms: u64,
        connect_timeout_ms: Option<u64>,
    ) -> Result<Self, super::OpenError> {
        if timeout_ms == 0 {
            return Err(super::OpenError::config("timeout_ms", "must be 1 or more"));
        }
        let whole = Duration::from_millis(timeout_ms);
        let connect =
            connect_timeout_ms.map_or(CONNECT_TIMEOUT.min(whole / 2), Duration::from_millis);
        if connect_timeout_ms.is_some() && (connect.is_zero() || connect >= whole) {
            let problem = format!("must be from 1 to less than timeout_ms ({timeout_ms})");
            return Err(super::OpenError::config("connect_timeout_ms", problem));
        }
        Ok(Self { whole, connect })
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The gate did not let it out.
    NotNow(NotNow),
    /// It left, or tried to.
    NoAnswer(NoAnswer),
}

/// Sends a request through the gate of its connection, and lets the gate read the answer's headers.
pub(super) async fn send(
    outbound: &Outbound,
    gate: &Gate,
    timeouts: Timeouts,
    request: reqwest::RequestBuilder,
) -> Result<reqwest::Response, Unanswered> {
    gate.pass().await.map_err(Unanswered::NotNow)?;
    let (client, request) = request.build_split();
    let request = request.map_err(|error| Unanswered::NoAnswer(NoAnswer::of(&error, timeouts)))?;
    let response = outbound.wire.carry(client, request, timeouts).await;
    let response = response.map_err(Unanswered::NoAnswer)?;
    gate.listen(response.status().as_u16(), response.headers());
    Ok(response)
}

/// Why there is no answer, told apart by whether the target may have taken the request.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It never reached the target.
    NotSent(String),
    /// It may have.
    Lost(String),
}

impl NoAnswer {
    pub(super) fn of(error: &reqwest::Error, timeouts: Timeouts) -> Self {
        let cause = innermost(error);
        if error.is_connect() && error.is_timeout() {
            Self::NotSent(format!("cannot connect within {} ms", timeouts.connect.as_millis()))
        } else if error.is_builder() || error.is_connect() {
            Self::NotSent(format!("cannot connect: {cause}"))
        } else if error.is_timeout() {
            Self::Lost(format!("no answer within {} ms", timeouts.whole.as_millis()))
        } else {
            Self::Lost(format!("the connection broke before the answer: {cause}"))
        }
    }
}

/// The last cause in the chain says it in the fewest words, and never holds the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Reads the body's first `bytes_max` bytes (after decompression); says whether there were more.
pub(super) async fn read_bounded(
    response: &mut reqwest::Response,
    bytes_max: usize,
) -> Result<(Bytes, bool), reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = bytes_max - body.len();
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.freeze(), false))
}
