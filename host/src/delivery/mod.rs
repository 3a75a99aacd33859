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
//! answer is never read without a bound, and a secret never shows in a verdict.
//! What it does not do: wait, count attempts, write anything down.

pub mod backoff;
mod client;
pub mod http;
pub mod reference;
pub mod sandbox;
mod status;
pub mod tryton;

use std::path::Path;
use std::time::{Duration, Instant};

pub use client::Outbound;
pub use status::{StatusRange, Statuses};

use crate::event::{Document, EventId};
use crate::secret;

/// How to reach a target: the connector's name chooses the variant, the rest of the table is its own.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one for each connection, read at the start")]
pub enum ConnectorConfig {
    /// `connector = "http"`: the document's body is the request's body.
    Http(http::Config),
    /// `connector = "tryton"`: JSON-RPC to a Tryton server.
    Tryton(tryton::Config),
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
    /// What is to be delivered.
    pub document: &'a Document,
    /// False when this document may have been sent before: after a crash, an unknown outcome, or
    /// any earlier attempt. The connector then looks harder for what an earlier attempt left.
    pub first_attempt: bool,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What to do next.
    pub verdict: Verdict,
    /// References the connector resolved by its own *find*: worth remembering, whatever the verdict.
    pub found: Vec<Found>,
    /// For the record.
    pub attempt: Attempt,
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
    },
}

impl Verdict {
    /// The verdict's name, for records and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
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
}

/// An opened connection to one system. Shared by all who deliver to it.
#[derive(Debug)]
pub struct Target(Connector);

#[derive(Debug)]
enum Connector {
    Http(Box<http::Target>),
    Tryton(Box<tryton::Target>),
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
        Ok(Self(match config {
            ConnectorConfig::Http(config) => {
                Connector::Http(Box::new(http::Target::open(config, base_dir, outbound)?))
            }
            ConnectorConfig::Tryton(config) => {
                Connector::Tryton(Box::new(tryton::Target::open(config, base_dir, outbound)?))
            }
        }))
    }

    /// Makes one attempt. Ends within the connector's timeouts; dropping it half-way is safe in the
    /// way a crash is safe: the next attempt must say `first_attempt: false`.
    pub async fn deliver(&self, delivery: &Delivery<'_>, identities: &dyn Identities) -> Answer {
        let started = Instant::now();
        let mut answer = match &self.0 {
            Connector::Http(target) => target.deliver(delivery, identities).await,
            Connector::Tryton(target) => target.deliver(delivery, identities).await,
        };
        answer.attempt.duration = started.elapsed();
        answer
    }
}

impl Answer {
    /// An answer whose record says the same as its verdict.
    fn of(verdict: Verdict, status: Option<u16>) -> Self {
        let detail = match &verdict {
            Verdict::Delivered { target_id: Some(id) } => format!("delivered as {id}"),
            Verdict::Delivered { target_id: None } => "delivered".to_owned(),
            Verdict::Retry { reason, .. }
            | Verdict::NotReady { reason, .. }
            | Verdict::Rejected { reason, .. }
            | Verdict::Unknown { reason, .. } => reason.clone(),
        };
        let attempt = Attempt {
            status,
            detail: shorten(&detail, DETAIL_BYTES_MAX),
            duration: Duration::ZERO,
        };
        Self { verdict, found: Vec::new(), attempt }
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
