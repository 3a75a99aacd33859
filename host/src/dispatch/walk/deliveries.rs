//! What is left to deliver of a passage, and what the connectors need to know for it.

use jiff::Timestamp;
use tracing::warn;

use super::steps::SENDING;
use crate::delivery::{Answer, Blame, Identities};
use crate::event::Document;
use crate::journal::{AttemptRecord, Journal, Mapped, Passage};

/// What is left to deliver of a passage.
pub(super) struct Deliveries {
    pub(super) documents: Vec<Document>,
    /// The first document that is not known to stand in the target.
    pub(super) next: usize,
    /// Whether nothing of this mapping was ever sent.
    pub(super) fresh: bool,
    /// Whether the next document may have been sent without its outcome having been written down.
    pub(super) in_doubt: bool,
    /// Tries made at the next document.
    pub(super) tries: u32,
    /// Records of it, those of tries that did not count among them.
    pub(super) records: u32,
    pub(super) checkpoint: Option<String>,
    pub(super) status: Option<String>,
}

impl Deliveries {
    pub(super) fn fresh(mapped: &Mapped) -> Self {
        Self {
            documents: mapped.documents.clone(),
            next: 0,
            fresh: true,
            in_doubt: false,
            tries: 0,
            records: 0,
            checkpoint: mapped.checkpoint.clone(),
            status: mapped.status.clone(),
        }
    }

    pub(super) fn taken_up(passage: Passage) -> Self {
        let next = passage.delivered.len();
        let of_next = passage.attempts.iter().filter(|record| record.ordinal as usize == next);
        Self {
            next,
            records: of_next.map(|record| record.no).max().unwrap_or(0),
            documents: passage.documents,
            fresh: false,
            // Whatever came of an attempt leaves its reason; an intention alone has none.
            in_doubt: passage.reason.as_deref().is_none_or(|reason| reason == SENDING),
            tries: passage.attempt,
            checkpoint: passage.checkpoint,
            status: passage.status,
        }
    }
}

/// An outage may last for days and its tries do not count: from here on each of them takes the place
/// of the one before.
const RECORDS_UNCOUNTED_MAX: u32 = 100;

/// One attempt, for the journal.
pub(super) fn record(ordinal: u32, records: u32, answer: &Answer) -> AttemptRecord {
    let in_place = answer.blame == Blame::Target && records >= RECORDS_UNCOUNTED_MAX;
    AttemptRecord {
        ordinal,
        no: if in_place { records } else { records + 1 },
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
