//! What is told to the journal and what it tells: the steps of a passage and their records.
//!
//! ```text
//!              postponed            postponed (a delivery retry)
//!               .----.                 .----.
//!               v    |                 v    |
//! (no row) --> waiting -- mapped --> delivering --- the last document delivered ---> delivered
//!     |          |                     |
//!     |          +---------------------+------------- ended -----------------------> skipped, dead
//!     '----------------- mapped or ended at once ---------------------------------->
//! ```
//! A replay puts an ended passage back to `waiting` (`replay.rs`).
//! A passage is one event on one route. An event stays open until its last passage ends: a step
//! that ends one names the event's other routes (`siblings`), because only the dispatcher knows
//! which routes take it, and the writer closes the event if they have all ended.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::echoes::Echo;
use crate::event::{Document, Event, EventId, Origin, Receipt};

/// What became of an event that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is on disk under this number.
    Accepted {
        /// Its place in the journal.
        seq: u64,
    },
    /// The last accepted event of the same resource says the same; nothing was stored.
    Duplicate {
        /// That event.
        of: EventId,
    },
    /// It says what our own write has left; nothing was stored.
    Echo {
        /// The event whose delivery wrote it.
        of: EventId,
    },
}

/// What is known of an event besides its fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// A digest of what its body says, if it may be an echo.
    pub content: Option<[u8; 32]>,
    /// The refunds that an order names, which are followed up by the same commit:
    /// [`Journal::followups`](super::Journal::followups) has the order until they are what was
    /// fetched. None where it is not known to name any, or is no order.
    pub refunds: Option<Vec<u64>>,
}

/// Input that is kept for a person to look at, and goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuarantine {
    /// The merchant it was sent to.
    pub merchant: String,
    /// The connection it was sent to.
    pub connection: String,
    /// A stable code (`signature_mismatch`).
    pub reason: String,
    /// One sentence for a person.
    pub detail: String,
    /// The headers that help to understand it; the caller picks them.
    pub headers: Vec<(String, String)>,
    /// The bytes as received.
    pub body: Bytes,
    /// When.
    pub received_at: Timestamp,
}

/// [`NewQuarantine`] as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number, from 1.
    pub id: u64,
    /// What was told.
    pub record: NewQuarantine,
}

/// The plugins have answered: what is to be delivered, and who made it.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// One for each plugin call.
    pub receipts: Vec<Receipt>,
    /// In the order of delivery; the first is intended by this very commit.
    pub documents: Vec<Document>,
    /// What the plugin wants to be told next time about this resource.
    pub checkpoint: Option<String>,
    /// The status in the source's words, previous status of the next event of this resource.
    pub status: Option<String>,
    /// The same in the target's words, where it was translated.
    pub target_status: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// One try to deliver one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Which document of the passage, from 0.
    pub ordinal: u32,
    /// The how-manieth try at this document, from 1.
    pub no: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_us: u64,
    /// A stable code (`delivered`, `retry`, `rejected`).
    pub outcome: String,
    /// What the target said, shortened by the caller.
    pub detail: String,
}

/// The target's id of something that has a key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Whose.
    pub merchant: String,
    /// The connection to the target.
    pub connection: String,
    /// What it is in the target's words.
    pub entity: String,
    /// Our key.
    pub key: String,
    /// The target's id.
    pub target_id: String,
}

/// A document stands in the target.
#[derive(Debug, Clone)]
pub struct DocumentDelivered {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// Which document, from 0.
    pub ordinal: u32,
    /// The id the target gave, where it gives one.
    pub target_id: Option<String>,
    /// The try that did it.
    pub attempt: AttemptRecord,
    /// Ids learnt on the way.
    pub identities: Vec<Identity>,
    /// What it was written to will tell of it.
    pub written: Option<Echo>,
    /// What comes now.
    pub next: Next,
    /// With [`Next::EndDelivered`]: the other routes that take the event.
    pub siblings: Vec<String>,
}

/// What follows a delivered document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The delivery of this document.
    Intend(u32),
    /// Nothing: the passage is done.
    EndDelivered,
}

/// The passage waits: for what mapping needs, or for the target.
#[derive(Debug, Clone)]
pub struct Postponed {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// Not before.
    pub due_at: Timestamp,
    /// How many tries have been made.
    pub attempt_no: u32,
    /// One sentence for a person.
    pub reason: String,
    /// The try that failed, where one was made.
    pub attempt: Option<AttemptRecord>,
    /// The plugin calls made; empty leaves the receipts as they are.
    pub receipts: Vec<Receipt>,
    /// When.
    pub at: Timestamp,
}

/// The passage is over without (further) deliveries.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// How.
    pub end: End,
    /// When.
    pub at: Timestamp,
    /// The plugin calls made; empty leaves the receipts as they are.
    pub receipts: Vec<Receipt>,
    /// What they made that is not to be sent, for a person to look at.
    pub withheld: Vec<Document>,
    /// The try that failed, where one was made.
    pub attempt: Option<AttemptRecord>,
    /// The other routes that take the event; it is closed once they have all ended.
    pub siblings: Vec<String>,
}

/// How a passage ends other than by its last delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It was mapped into no document at all; counts as delivered, its checkpoint holds.
    Delivered,
    /// The plugin wants nothing done.
    Skipped {
        /// Its reason.
        reason: String,
    },
    /// Given up: a dead letter.
    Dead {
        /// A stable code to group by.
        cause: String,
        /// Everything a person needs, as JSON or text.
        detail: String,
    },
}

/// Where a passage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageState {
    /// For another try at mapping.
    Waiting,
    /// Mapped; a delivery is intended and may or may not have reached the target.
    Delivering,
    /// Every document stands in the target.
    Delivered,
    /// The plugin wanted nothing done.
    Skipped,
    /// A dead letter.
    Dead,
}

impl PassageState {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Delivered | Self::Skipped | Self::Dead)
    }

    /// The word for it in logs, metrics and screens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivering => "delivering",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Delivering => 1,
            Self::Delivered => 2,
            Self::Skipped => 3,
            Self::Dead => 4,
        }
    }

    pub(super) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Waiting,
            1 => Self::Delivering,
            2 => Self::Delivered,
            3 => Self::Skipped,
            _ => Self::Dead,
        }
    }
}

/// An event that is not closed, without its body: what the dispatcher plans with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEvent {
    /// Its place in the journal.
    pub seq: u64,
    /// Whose.
    pub merchant: String,
    /// Where it came in.
    pub connection: String,
    /// The source's topic.
    pub topic: String,
    /// What it is about.
    pub resource_key: String,
    /// How it came.
    pub origin: Origin,
    /// It was reopened by a replay after it had closed: only its passages are walked, not every
    /// route that would take it today.
    pub again: bool,
    /// The passages that have begun; none for an event that was accepted just now.
    pub passages: Vec<OpenPassage>,
}

impl OpenEvent {
    /// Of an event that was accepted just now.
    pub(super) fn of(event: &Event) -> Self {
        Self {
            seq: event.seq,
            merchant: event.merchant.clone(),
            connection: event.connection.clone(),
            topic: event.topic.clone(),
            resource_key: event.resource_key.clone(),
            origin: event.origin,
            again: false,
            passages: Vec::new(),
        }
    }
}

/// A passage of an [`OpenEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPassage {
    /// The route.
    pub route: String,
    /// Where it stands.
    pub state: PassageState,
    /// How many tries have been made.
    pub attempt: u32,
    /// Not before.
    pub due_at: Option<Timestamp>,
}

/// Everything about a passage.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The event.
    pub seq: u64,
    /// The route.
    pub route: String,
    /// Where it stands.
    pub state: PassageState,
    /// How many tries have been made.
    pub attempt: u32,
    /// Not before.
    pub due_at: Option<Timestamp>,
    /// Why it waits, was skipped or died.
    pub reason: Option<String>,
    /// The document whose delivery is intended.
    pub intended: Option<u32>,
    /// The plugin calls.
    pub receipts: Vec<Receipt>,
    /// What is to be delivered.
    pub documents: Vec<Document>,
    /// The documents that stand in the target.
    pub delivered: Vec<Delivered>,
    /// The plugin's next checkpoint.
    pub checkpoint: Option<String>,
    /// The status in the source's words.
    pub status: Option<String>,
    /// The same in the target's words.
    pub target_status: Option<String>,
    /// Every try, by document and number.
    pub attempts: Vec<AttemptRecord>,
    /// The cause, if it is a dead letter.
    pub dead: Option<DeadLetter>,
    /// How often it was replayed. What was sent before may stand in the target.
    pub replays: u32,
    /// The digest of the plugin that a replay named; none is the one in use.
    pub pin: Option<String>,
    /// Whether a person said that its answer may be sent whatever the seatbelts say.
    pub released: bool,
    /// Whether it carries a correction that a recall worked out.
    pub corrects: bool,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A document that stands in the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Which, from 0.
    pub ordinal: u32,
    /// The target's id for it.
    pub target_id: Option<String>,
}

/// Why a passage was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// A stable code to group by.
    pub cause: String,
    /// Everything a person needs.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// A passage that ended `delivered`: from these, in this order, checkpoints are made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Grows by one with each such passage.
    pub mark: u64,
    /// Whose.
    pub merchant: String,
    /// The route.
    pub route: String,
    /// What the event was about.
    pub resource_key: String,
    /// The event.
    pub event_seq: u64,
    /// When the source had last changed the resource.
    pub version: Option<Timestamp>,
    /// The status in the source's words.
    pub status: Option<String>,
    /// The same in the target's words.
    pub target_status: Option<String>,
    /// The plugin's checkpoint.
    pub checkpoint: Option<String>,
}
