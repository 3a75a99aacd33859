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
    /// Whether an earlier mapping of the event may have been sent, under the same keys.
    pub(super) replayed: bool,
    /// Tries made at the next document.
    pub(super) tries: Tries,
    pub(super) checkpoint: Option<String>,
    pub(super) status: Option<String>,
}

impl Deliveries {
    pub(super) fn fresh(mapped: &Mapped, replayed: bool) -> Self {
        Self {
            documents: mapped.documents.clone(),
            next: 0,
            fresh: true,
            in_doubt: false,
            replayed,
            tries: Tries::default(),
            checkpoint: mapped.checkpoint.clone(),
            status: mapped.status.clone(),
        }
    }

    pub(super) fn taken_up(passage: Passage) -> Self {
        let next = passage.delivered.len();
        let of_next = passage.attempts.iter().filter(|attempt| attempt.ordinal as usize == next);
        let unready = of_next.clone().filter(|attempt| attempt.outcome == "not_ready");
        let tries = Tries {
            made: passage.attempt,
            records: of_next.map(|attempt| attempt.no).max().unwrap_or(0),
            unready: u32::try_from(unready.clone().count()).unwrap_or(u32::MAX),
            unready_since: unready.map(|attempt| attempt.at).min(),
        };
        Self {
            next,
            documents: passage.documents,
            fresh: false,
            // Whatever came of an attempt leaves its reason; an intention alone has none.
            in_doubt: passage.reason.as_deref().is_none_or(|reason| reason == SENDING),
            replayed: passage.replays > 0,
            tries,
            checkpoint: passage.checkpoint,
            status: passage.status,
        }
    }
}

/// An outage may last for days and its tries do not count: from here on each of them takes the place
/// of the one before.
const RECORDS_UNCOUNTED_MAX: u32 = 100;

/// Tries made at one document.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    pub(super) made: u32,
    /// Records of them, and of those that did not count.
    pub(super) records: u32,
    /// Of them, those for which something was missing: they are no fault of the target, and end by
    /// time.
    pub(super) unready: u32,
    /// When the first of those was.
    pub(super) unready_since: Option<Timestamp>,
}

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
