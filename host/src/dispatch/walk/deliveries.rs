//! What is left to deliver of a passage, and what the connectors need to know for it.

use jiff::Timestamp;
use tracing::warn;

use super::steps::SENDING;
use crate::delivery::{Answer, Blame, Identities};
use crate::event::Document;
use crate::journal::{AttemptRecord, Journal, Mapped, Passage};

/// What is left to deliver of a passage.
pub(in super::super) struct Deliveries {
    pub(in super::super) documents: Vec<Document>,
    /// The first document that is not known to stand in the target.
    pub(in super::super) next: usize,
    /// Whether nothing of this mapping was ever sent.
    pub(in super::super) fresh: bool,
    /// Whether the next document may have been sent without its outcome having been written down.
    pub(in super::super) in_doubt: bool,
    /// Whether an earlier mapping of the event may have been sent, under the same keys.
    pub(in super::super) replayed: bool,
    /// Tries made at the next document.
    pub(in super::super) tries: Tries,
    pub(in super::super) left: Left,
}

/// What is remembered of the resource once all of it stands in the target.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Left {
    pub(in super::super) checkpoint: Option<String>,
    pub(in super::super) status: Option<String>,
    pub(in super::super) target_status: Option<String>,
}

impl Deliveries {
    pub(in super::super) fn fresh(mapped: &Mapped, replayed: bool) -> Self {
        Self {
            documents: mapped.documents.clone(),
            next: 0,
            fresh: true,
            in_doubt: false,
            replayed,
            tries: Tries::default(),
            left: Left {
                checkpoint: mapped.checkpoint.clone(),
                status: mapped.status.clone(),
                target_status: mapped.target_status.clone(),
            },
        }
    }

    pub(in super::super) fn taken_up(passage: Passage) -> Self {
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
            left: Left {
                checkpoint: passage.checkpoint,
                status: passage.status,
                target_status: passage.target_status,
            },
        }
    }
}

/// How a document is about to be sent.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Sending {
    /// Whether it certainly was not sent before.
    pub(in super::super) first_attempt: bool,
    /// Whether it may have been, and what came of that was never written down.
    pub(in super::super) in_doubt: bool,
    /// Whether this has to be in the journal before it leaves: the target could not tell it from a
    /// new one, so that a crash now must not make it leave a second time.
    pub(in super::super) is_noted_first: bool,
}

impl Deliveries {
    /// How a document is sent now. `restored` says that the event came out of a backup, and with it
    /// that anything may have happened since.
    pub(in super::super) fn sending(
        &self,
        ordinal: u32,
        restored: bool,
        resends_safely: bool,
    ) -> Sending {
        let untouched = self.fresh || ordinal as usize > self.next;
        let first_attempt = untouched && !self.replayed && !restored;
        let in_doubt = restored || (!first_attempt && self.in_doubt);
        let is_noted_first = !first_attempt && !in_doubt && !resends_safely;
        Sending { first_attempt, in_doubt, is_noted_first }
    }
}

/// An outage may last for days and its tries do not count: from here on each of them takes the place
/// of the one before.
const RECORDS_UNCOUNTED_MAX: u32 = 100;

/// Tries made at one document.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Tries {
    pub(in super::super) made: u32,
    /// Records of them, and of those that did not count.
    pub(in super::super) records: u32,
    /// Of them, those for which something was missing: they are no fault of the target, and end by
    /// time.
    pub(in super::super) unready: u32,
    /// When the first of those was.
    pub(in super::super) unready_since: Option<Timestamp>,
}

/// One attempt, for the journal.
pub(in super::super) fn record(ordinal: u32, records: u32, answer: &Answer) -> AttemptRecord {
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
pub(in super::super) struct KnownIdentities<'a> {
    pub(in super::super) journal: &'a Journal,
    pub(in super::super) merchant: &'a str,
    pub(in super::super) connection: &'a str,
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
