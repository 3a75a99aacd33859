//! What a verdict means for the passage. Pure: the walk does it, and so does the simulation.

use std::time::Duration;

use super::deliveries::Tries;
use crate::delivery::{Missing, Verdict, backoff};
use crate::event::Document;
use crate::journal::End;

/// Things one passage may wait for by name; beyond them it comes again by time.
const MISSING_MAX: usize = 8;

/// Why a passage waits.
#[derive(Debug)]
pub(in super::super) struct Wait {
    pub(in super::super) cause: &'static str,
    pub(in super::super) reason: String,
    /// What the target asked for.
    pub(in super::super) after: Option<Duration>,
    /// Whether it was a try that the document is to answer for.
    pub(in super::super) counts: bool,
}

/// What is to be done after an attempt.
#[derive(Debug)]
pub(in super::super) enum After {
    /// The document stands in the target: on to the next.
    Next {
        /// Its id there.
        target_id: Option<String>,
    },
    /// No more attempts.
    End(End),
    /// Nothing was sent: it is no attempt, and there is no record of it.
    Hold(Wait),
    /// Another attempt later.
    Again(Wait),
    /// Another attempt when something it refers to is there.
    Park {
        /// For people.
        reason: String,
        /// For us.
        missing: Vec<Missing>,
    },
}

/// `counts` says that the document is to answer for it, not the target.
pub(in super::super) fn after(document: &Document, verdict: Verdict, counts: bool) -> After {
    let named = |text: String| format!("{} {}: {text}", document.entity, document.key);
    match verdict {
        Verdict::Delivered { target_id } => After::Next { target_id },
        Verdict::Rejected { code, reason } => {
            After::End(End::Dead { cause: code, detail: named(reason) })
        }
        Verdict::NotNow { reason, wait } => {
            After::Hold(Wait { cause: "not_now", reason, after: Some(wait), counts: false })
        }
        Verdict::NotReady { reason, mut missing } => {
            missing.truncate(MISSING_MAX);
            After::Park { reason, missing }
        }
        Verdict::Retry { reason, after } => {
            After::Again(Wait { cause: "retry", reason, after, counts })
        }
        Verdict::Unknown { reason, resend: false, .. } => After::End(End::Dead {
            cause: "unknown_outcome".into(),
            detail: named(format!(
                "{reason}; whether the target has it is not known, and sending again is not safe: look there, then replay or discard"
            )),
        }),
        Verdict::Unknown { reason, resend: true, after } => {
            After::Again(Wait { cause: "unknown", reason, after, counts })
        }
    }
}

/// Where the tries stand after one more that went wrong.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NextTry {
    /// Tries made, for the journal.
    pub(in super::super) made: u32,
    /// Of them, those that count.
    pub(in super::super) counted: u32,
    /// How long to wait for the next; none when that was the last one.
    pub(in super::super) wait: Option<Duration>,
}

impl Tries {
    /// See [`NextTry`].
    pub(in super::super) fn next(&self, retry: &backoff::Schedule, wait: &Wait) -> NextTry {
        let made = if wait.counts { self.made + 1 } else { self.made };
        let counted = made.saturating_sub(self.unready);
        let time = match wait.counts {
            true => retry.wait(counted, wait.after),
            false => Some(retry.wait_uncounted(wait.after)),
        };
        NextTry { made, counted, wait: time }
    }
}
