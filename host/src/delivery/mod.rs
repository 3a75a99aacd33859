//! Delivery: one document to one target, one attempt at a time.
//!
//! A [`Target`] is an opened connection to one system. [`Target::deliver`] makes exactly one attempt
//! and answers with a [`Verdict`]; when to try again is [`backoff`]'s word, and whether anything was
//! intended before is the journal's. Nothing is kept here between attempts except what makes them
//! cheap: pooled sockets, a session, the shape of the target's models.
//!
//! ```text
//!   document --resolve $ref--> body --connector--> target
//!                 |                                   |
//!        Identities, then find               Verdict: delivered | retry | not ready
//!                                                     | rejected | unknown
//! ```
//!
//! What it promises: a document is never sent half-resolved, number text is never rewritten, an
//! answer is never read without a bound, a secret never shows in a verdict, and no request leaves
//! before the connection's [`gate`] lets it.
//! What it does not do: wait (but for a moment at the gate), count attempts, write anything down.

pub mod backoff;
pub mod breaker;
mod client;
pub mod gate;
pub mod http;
pub mod limit;
mod outside;
mod patience;
pub mod sandbox;
mod settle;
mod status;
pub mod tryton;
pub mod woocommerce;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

pub use breaker::{Blame, Health};
pub use client::Outbound;
#[cfg(test)]
pub(crate) use client::{NoAnswer, Timeouts};
pub use gate::Gate;
#[cfg(test)]
pub(crate) use outside::{Clock, Waiting, Wire};
pub use status::{StatusRange, Statuses};

use self::settle::Settling;
use crate::event::{Document, EventId};
use crate::secret;

/// Walks to one target at the same time, unless its table says otherwise.
const IN_FLIGHT_MAX: usize = 64;

/// How to reach a target: the connector's name chooses the variant, the rest of the table is its own.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one for each connection, read at the start")]
pub enum ConnectorConfig {
    /// `connector = "http"`: the document's body is the request's body.
    Http(http::Config),
    /// `connector = "tryton"`: JSON-RPC to a Tryton server.
    Tryton(tryton::Config),
    /// `connector = "woocommerce"` with `api`: the REST API of a shop.
    WooCommerce(woocommerce::Config),
}

/// Why a connection cannot be opened as configured. No network is touched to find out.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] secret::Error),
    /// A value cannot be used; the text names the key and says what is expected.
    #[error("{key}: {problem}")]
    Config {
        /// The key in the connection's table.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The HTTP client cannot be made on this machine.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl OpenError {
    fn config(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config { key: key.into(), problem: problem.into() }
    }
}

/// Asks which id the target gave to something. The journal's identity map stands behind it; it
/// already knows the documents delivered earlier in the same answer of a plugin.
pub trait Identities: Send + Sync {
    /// The target's id of the thing, if it is known.
    fn get(&self, entity: &str, key: &str) -> Option<String>;
}

impl<F: Fn(&str, &str) -> Option<String> + Send + Sync> Identities for F {
    fn get(&self, entity: &str, key: &str) -> Option<String> {
        self(entity, key)
    }
}

/// One document on its way.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Whose it is.
    pub merchant: &'a str,
    /// The connection it goes to, as the merchant calls it.
    pub connection: &'a str,
    /// The event it came from.
    pub event_id: &'a EventId,
    /// Follows the event into the target.
    pub correlation_id: &'a str,
    /// What the event is about, as the gate was asked for it.
    pub resource: &'a str,
    /// What is to be delivered.
    pub document: &'a Document,
    /// False when this document may have been sent before: after a crash, an unknown outcome, or
    /// any earlier attempt. The connector then looks harder for what an earlier attempt left.
    pub first_attempt: bool,
    /// True when it may have been sent before and what became of it was never written down: the
    /// host stopped in between. Where a target cannot be asked, it is not sent again.
    pub in_doubt: bool,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What to do next.
    pub verdict: Verdict,
    /// Who is to blame where it failed: an attempt that failed because the target is down does not
    /// count towards the document's end.
    pub blame: Blame,
    /// What it showed of the target.
    pub health: Health,
    /// References the connector resolved by its own *find*: worth remembering, whatever the verdict.
    pub found: Vec<Found>,
    /// What was written to a system that tells of its own changes, so that it is known again.
    pub written: Option<Written>,
    /// For the record.
    pub attempt: Attempt,
}

/// A change to something in a system that will tell of it as if somebody else had made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What the system calls it (`order/26`).
    pub resource: String,
    /// What the system said of it just before; nothing for what was made by this.
    pub before: Option<Bytes>,
    /// What it will say of it.
    pub after: Bytes,
}

/// A thing in the target, found by its natural key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub entity: String,
    /// The key it was sought by.
    pub key: String,
    /// The target's id of it.
    pub id: String,
}

/// What was seen of an attempt, short enough to be kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// One line: what was done, or what went wrong.
    pub detail: String,
    /// From the first byte of work to the verdict.
    pub duration: Duration,
}

/// Something in the target that a document refers to and that has no id yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is.
    pub entity: String,
    /// Our key of it.
    pub key: String,
}

impl Missing {
    fn new(entity: &str, key: &str) -> Self {
        Self { entity: entity.to_owned(), key: key.to_owned() }
    }
}

/// What an attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stands in the target.
    Delivered {
        /// The target's id of it, where the target says one.
        target_id: Option<String>,
    },
    /// Nothing was sent: the rate limit or the target's own wish leaves no room for now. It is no
    /// attempt.
    NotNow {
        /// Which of the two.
        reason: String,
        /// Until then.
        wait: Duration,
    },
    /// Nothing was taken; it may be later.
    Retry {
        /// Why it was not taken.
        reason: String,
        /// The target asked for at least this much patience.
        after: Option<Duration>,
    },
    /// Something it refers to is not there yet.
    NotReady {
        /// What is missing, for people.
        reason: String,
        /// The same for us, where it has a name: the attempt is made again when it is there.
        missing: Vec<Missing>,
    },
    /// It will never be taken as it stands.
    Rejected {
        /// Stable and machine-readable.
        code: String,
        /// For the person who has to mend it.
        reason: String,
    },
    /// It was sent and nobody knows what became of it.
    Unknown {
        /// What was seen.
        reason: String,
        /// Whether sending again is safe: the target takes an idempotency key or can be asked
        /// first. Where it is not, the document must go to the dead letters, in sight.
        resend: bool,
        /// Look for it after this time at the earliest: it may be at work on it still.
        after: Option<Duration>,
    },
}

impl Verdict {
    /// The verdict's name, for records and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::NotNow { .. } => "not_now",
            Self::Retry { .. } => "retry",
            Self::NotReady { .. } => "not_ready",
            Self::Rejected { .. } => "rejected",
            Self::Unknown { .. } => "unknown",
        }
    }

    fn rejected(code: &str, reason: impl Into<String>) -> Self {
        Self::Rejected { code: code.to_owned(), reason: reason.into() }
    }

    fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None }
    }

    fn not_now(not_now: gate::NotNow) -> Self {
        Self::NotNow { reason: not_now.reason(), wait: not_now.wait }
    }
}

/// An opened connection to one system. Shared by all who deliver to it.
#[derive(Debug)]
pub struct Target {
    connector: Connector,
    gate: Arc<Gate>,
    /// Where it is asked what it has before anything is sent again.
    settling: Option<Settling>,
}

#[derive(Debug)]
enum Connector {
    Http(Box<http::Target>),
    Tryton(Box<tryton::Target>),
    WooCommerce(Box<woocommerce::Target>),
}

impl ConnectorConfig {
    /// A fresh gate as this table wants it; `name` is for the log.
    ///
    /// # Errors
    /// [`OpenError`], naming the key.
    pub fn gate(&self, name: &str, outbound: &Outbound) -> Result<Gate, OpenError> {
        let config = match self {
            Self::Http(config) => config.gate(),
            Self::Tryton(config) => config.gate()?,
            Self::WooCommerce(config) => config.gate()?,
        };
        Ok(Gate::new(name, config, outbound))
    }

    /// How long what may have been sent is not looked for, where it is looked for at all.
    fn settle(&self) -> Option<Duration> {
        match self {
            Self::Http(config) => config.settle(),
            Self::Tryton(config) => Some(config.settle()),
            Self::WooCommerce(config) => Some(config.settle()),
        }
    }
}

impl Target {
    /// Checks the configuration and reads its secrets. `base_dir` is the folder that relative
    /// secret files start from. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OpenError`], naming the key.
    pub fn open(
        config: &ConnectorConfig,
        base_dir: &Path,
        outbound: &Outbound,
    ) -> Result<Self, OpenError> {
        let gate = Arc::new(config.gate("", outbound)?);
        Self::open_behind(gate, config, base_dir, outbound)
    }

    /// The same behind a gate that may have seen the target before.
    ///
    /// # Errors
    /// [`OpenError`], naming the key.
    pub fn open_behind(
        gate: Arc<Gate>,
        config: &ConnectorConfig,
        base_dir: &Path,
        outbound: &Outbound,
    ) -> Result<Self, OpenError> {
        let connector = match config {
            ConnectorConfig::Http(config) => {
                Connector::Http(Box::new(http::Target::open(config, base_dir, outbound, &gate)?))
            }
            ConnectorConfig::Tryton(config) => Connector::Tryton(Box::new(tryton::Target::open(
                config, base_dir, outbound, &gate,
            )?)),
            ConnectorConfig::WooCommerce(config) => Connector::WooCommerce(Box::new(
                woocommerce::Target::open(config, base_dir, outbound, &gate)?,
            )),
        };
        let settling = config.settle().map(|time| Settling::new(time, outbound));
        Ok(Self { connector, gate, settling })
    }

    /// Who may go to it now: asked before a walk begins.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Whether this document may be sent again when it is not known what became of it: the target
    /// keeps keys, can be asked, or the request is one that does the same however often it comes.
    #[must_use]
    pub fn resends_safely(&self, document: &Document) -> bool {
        match &self.connector {
            Connector::Http(target) => target.resends_safely(document),
            // It looks before it writes.
            Connector::Tryton(_) => true,
            Connector::WooCommerce(_) => woocommerce::Target::resends_safely(document),
        }
    }

    /// Makes one attempt. Ends within the connector's timeouts; dropping it half-way is safe in the
    /// way a crash is safe: the next attempt must say `first_attempt: false`.
    pub async fn deliver(&self, delivery: &Delivery<'_>, identities: &dyn Identities) -> Answer {
        let started = Instant::now();
        let (document, first_attempt) = (delivery.document, delivery.first_attempt);
        let not_yet = self.settling.as_ref().and_then(|it| it.not_yet(document, first_attempt));
        let mut answer = match (&self.connector, not_yet) {
            (_, Some(not_yet)) => Answer::unasked(not_yet),
            (Connector::Http(target), None) => target.deliver(delivery, identities).await,
            (Connector::Tryton(target), None) => target.deliver(delivery, identities).await,
            (Connector::WooCommerce(target), None) => target.deliver(delivery, identities).await,
        };
        if let (Verdict::Unknown { resend: true, after, .. }, Some(settling)) =
            (&mut answer.verdict, &self.settling)
        {
            *after = Some(settling.lose(document));
        }
        answer.attempt.duration = started.elapsed();
        let detail = answer.attempt.detail.as_str();
        answer.blame = self.gate.heard(delivery.resource, answer.health, detail);
        // Others are let in: then it is this document that may not.
        if answer.health == Health::Forbidden
            && answer.blame == Blame::Document
            && let Verdict::Retry { reason, .. } = &answer.verdict
        {
            let status = answer.attempt.status.unwrap_or_default();
            answer.verdict = Verdict::rejected(&format!("status_{status}"), reason.clone());
        }
        answer
    }
}

impl Answer {
    /// An answer whose record says the same as its verdict, from a target that was not asked.
    fn unasked(verdict: Verdict) -> Self {
        Self::of(verdict, None, Health::Silent)
    }

    /// An answer whose record says the same as its verdict.
    fn of(verdict: Verdict, status: Option<u16>, health: Health) -> Self {
        let detail = match &verdict {
            Verdict::Delivered { target_id: Some(id) } => format!("delivered as {id}"),
            Verdict::Delivered { target_id: None } => "delivered".to_owned(),
            Verdict::NotNow { reason, .. }
            | Verdict::Retry { reason, .. }
            | Verdict::NotReady { reason, .. }
            | Verdict::Rejected { reason, .. }
            | Verdict::Unknown { reason, .. } => reason.clone(),
        };
        let attempt = Attempt {
            status,
            detail: shorten(&detail, DETAIL_BYTES_MAX),
            duration: Duration::ZERO,
        };
        Self { verdict, blame: Blame::Document, health, found: Vec::new(), written: None, attempt }
    }
}

/// The record of an attempt is kept as long as the journal: a line, not a page.
const DETAIL_BYTES_MAX: usize = 300;

/// The text's beginning, on one line, cut at a character.
fn shorten(text: &str, bytes_max: usize) -> String {
    let mut short = String::with_capacity(text.len().min(bytes_max) + 4);
    for word in text.split_whitespace() {
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
        if short.len() > bytes_max {
            let mut end = bytes_max;
            while !short.is_char_boundary(end) {
                end -= 1;
            }
            short.truncate(end);
            short.push_str("...");
            break;
        }
    }
    short
}
