//! The words of a trial: what it is for, where it stands, how it is held.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::evidence::difference::Tolerances;

/// What a trial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A candidate beside the version in use.
    Shadow,
    /// The version before beside the one just promoted.
    Watch,
}

/// Where a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It looks at events.
    Running,
    /// It has seen all it was to see.
    Done,
    /// A person stopped it.
    Stopped,
    /// The candidate was put to work.
    Promoted,
    /// What was watched was taken back.
    Reverted,
    /// Another version was put to work meanwhile.
    Superseded,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Watch => "watch",
        }
    }
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Promoted => "promoted",
            Self::Reverted => "reverted",
            Self::Superseded => "superseded",
        }
    }

    pub(super) const ALL: [Self; 6] = [
        Self::Running,
        Self::Done,
        Self::Stopped,
        Self::Promoted,
        Self::Reverted,
        Self::Superseded,
    ];

    pub(super) fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == word).unwrap_or(Self::Stopped)
    }
}

/// How a trial is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Not longer than this.
    pub until: Option<Timestamp>,
    /// Not more events than this.
    pub events_max: Option<u64>,
    /// What may differ. A watch without them looks at failures and seatbelts only.
    pub tolerances: Option<Tolerances>,
    /// In how many events a fault must show before a watch takes the version back.
    pub events_min: u64,
    /// How many percent of all events may fail that did not fail before.
    pub failures_max_percent: Decimal,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            until: None,
            events_max: None,
            tolerances: None,
            events_min: 3,
            failures_max_percent: Decimal::ONE,
        }
    }
}
