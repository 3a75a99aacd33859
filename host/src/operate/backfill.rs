//! What the API asks of whoever fetches the past of a shop.

use jiff::Timestamp;
use serde::Deserialize;

/// What is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// Whose.
    pub merchant: String,
    /// From which shop.
    pub connection: String,
    /// What (`order`, `product`); nothing means all that the connection polls.
    #[serde(default)]
    pub entity: Option<String>,
    /// Changed at this moment or later.
    pub from: Timestamp,
    /// Changed before this moment; nothing means now.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Why it is wanted.
    pub why: String,
}

/// Fetches the past. Jobs are in the journal under the kind `backfill`; who does them writes their
/// progress there.
pub trait Backfills: Send + Sync {
    /// Takes a job that the journal holds, whose `spec` is the request as JSON.
    ///
    /// # Errors
    /// One sentence for a person: there is no such connection, or it cannot be polled.
    fn check(&self, request: &BackfillRequest) -> Result<(), String>;

    /// There is a new job, or one was stopped.
    fn wake(&self);
}
