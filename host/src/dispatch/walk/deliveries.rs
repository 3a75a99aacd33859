//! What is left to deliver of a passage, and what the connectors need to know for it.

use jiff::Timestamp;
use tracing::warn;

use crate::delivery::{Answer, Identities};
use crate::event::Document;
use crate::journal::{AttemptRecord, Journal, Mapped, Passage};

/// What is left to deliver of a passage.
pub(super) struct Deliveries {
    pub(super) documents: Vec<Document>,
    /// The first document that is not known to stand in the target.
    pub(super) next: usize,
    /// Whether nothing of this mapping was ever sent.
    pub(super) fresh: bool,
    /// Whether an earlier mapping of the event may have been sent, under the same keys.
    pub(super) replayed: bool,
    /// Tries made at the next document.
    pub(super) tries: u32,
    pub(super) checkpoint: Option<String>,
    pub(super) status: Option<String>,
}

impl Deliveries {
    pub(super) fn fresh(mapped: &Mapped, replayed: bool) -> Self {
        Self {
            documents: mapped.documents.clone(),
            next: 0,
            fresh: true,
            replayed,
            tries: 0,
            checkpoint: mapped.checkpoint.clone(),
            status: mapped.status.clone(),
        }
    }

    pub(super) fn taken_up(passage: Passage) -> Self {
        Self {
            next: passage.delivered.len(),
            documents: passage.documents,
            fresh: false,
            replayed: passage.replays > 0,
            tries: passage.attempt,
            checkpoint: passage.checkpoint,
            status: passage.status,
        }
    }
}

/// One attempt, for the journal.
pub(super) fn record(ordinal: u32, tries: u32, answer: &Answer) -> AttemptRecord {
    AttemptRecord {
        ordinal,
        no: tries + 1,
        at: Timestamp::now(),
        duration_us: u64::try_from(answer.attempt.duration.as_micros()).unwrap_or(u64::MAX),
        outcome: answer.verdict.name().to_owned(),
        detail: answer.attempt.detail.clone(),
    }
}

/// What the target is known to call things, for the connector.
pub(super) struct KnownIdentities<'a> {
    pub(super) journal: &'a Journal,
    pub(super) merchant: &'a str,
    pub(super) connection: &'a str,
}

impl Identities for KnownIdentities<'_> {
    fn get(&self, entity: &str, key: &str) -> Option<String> {
        match self.journal.identity(self.merchant, self.connection, entity, key) {
            Ok(found) => found,
            Err(error) => {
                // The connector then looks in the target itself, or the passage waits.
                warn!(entity, key, %error, "the identity map cannot be read");
                None
            }
        }
    }
}
