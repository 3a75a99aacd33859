//! How a run of a merchant's rules can end, and what it cost: one vocabulary for dry run and production.
//!
//! Every way to fail has its own name with the number that was exceeded and its limit. The names are
//! what `mapwright dry-run --json` prints and what the journal keeps.

use serde::{Deserialize, Serialize};

use crate::event::{Document, PriceLine, Receipt, Violation};

/// What [`Outcome::OutputTooLarge`] calls a plugin's handing over more than the host copies: the answer, or a line of
/// log. Copying stops there, so its `size` is only the first number that is too large.
pub const HOSTCALL: &str = "hostcall_bytes";

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// There is something to deliver (or, without field mapping, something was translated or priced).
    Mapped {
        /// In delivery order; empty for plugins without field mapping.
        documents: Vec<Document>,
        /// What the plugin wants back next time.
        checkpoint: Option<String>,
    },
    /// There is rightly nothing to deliver.
    Skipped {
        /// The plugin's own words.
        reason: String,
    },
    /// The input will never map as it stands.
    Rejected {
        /// At least one.
        violations: Vec<Violation>,
    },
    /// The input may map later.
    NotReady {
        /// The plugin's own words.
        reason: String,
    },
    /// The guest trapped: a panic, an unreachable, a stack overflow, an out-of-bounds access.
    Trapped {
        /// The trap, with the panic's own text where there is one.
        message: String,
        /// Innermost frame first, as `function (file:line)` where known.
        backtrace: Vec<String>,
    },
    /// The fuel budget ran out.
    OutOfFuel {
        /// The budget.
        limit: u64,
        /// Whether it was the budget of starting: the plugin was not asked anything yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        starting: bool,
    },
    /// The wall-clock backstop fired.
    Deadline {
        /// The deadline, milliseconds.
        limit_ms: u64,
    },
    /// The guest asked for more memory (or tables, or instances) than it may have.
    OutOfMemory {
        /// What there was not enough of.
        #[serde(default, skip_serializing_if = "Room::is_memory")]
        room: Room,
        /// What it asked for, in bytes if it is memory.
        #[serde(rename = "requested_bytes")]
        requested: u64,
        /// What it may have.
        #[serde(rename = "limit_bytes")]
        limit: u64,
    },
    /// The answer is larger than allowed.
    OutputTooLarge {
        /// What was too large: `output_bytes`, `documents`, `hostcall_bytes`.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The answer breaks the contract: a body that is not JSON, a document without a key.
    BadOutput {
        /// What is wrong, where (JSON Pointer into the answer), and what to do.
        message: String,
    },
}

impl Outcome {
    /// The outcome's name, as in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mapped { .. } => "mapped",
            Self::Skipped { .. } => "skipped",
            Self::Rejected { .. } => "rejected",
            Self::NotReady { .. } => "not_ready",
            Self::Trapped { .. } => "trapped",
            Self::OutOfFuel { .. } => "out_of_fuel",
            Self::Deadline { .. } => "deadline",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::BadOutput { .. } => "bad_output",
        }
    }
}

/// What a plugin takes room with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Room {
    /// Bytes of linear memory.
    #[default]
    Memory,
    /// Elements of one table.
    TableElements,
    /// Core instances.
    Instances,
}

impl Room {
    /// The limit it has.
    #[must_use]
    pub fn limit_name(self) -> &'static str {
        match self {
            Self::Memory => "memory_bytes",
            Self::TableElements => "table_elements",
            Self::Instances => "instances",
        }
    }

    /// What is counted.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Memory => "bytes of memory",
            Self::TableElements => "elements in one table",
            Self::Instances => "core instances",
        }
    }

    /// Whether it is what most plugins run out of.
    #[must_use]
    pub fn is_memory(&self) -> bool {
        *self == Self::Memory
    }
}

/// A line the plugin logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `debug`, `info`, `warning` or `error`.
    pub level: String,
    /// At most what the limits allow; a cut line ends in `…`.
    pub message: String,
}

/// What a run used, over all its calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel burnt by the work; what starting burnt is apart.
    pub fuel: u64,
    /// The budget of one call's work times the calls made; of one where none was.
    pub fuel_limit: u64,
    /// Peak linear memory of the largest call.
    pub memory_bytes: u64,
    /// What one call may have.
    pub memory_limit_bytes: u64,
    /// Wall time of the whole, starting included.
    pub duration_us: u64,
    /// Bytes of the answers.
    pub output_bytes: u64,
    /// What the instances took before they were asked anything.
    pub startup: Startup,
}

/// What making instances ready took: a language's runtime sets itself up here, compiled rules do next to nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Startup {
    /// Fuel burnt by it.
    pub fuel: u64,
    /// The budget of one start times the calls made.
    pub fuel_limit: u64,
    /// Wall time of it.
    pub duration_us: u64,
}

impl Usage {
    /// Fuel of work and starting together, as receipts have it.
    #[must_use]
    pub fn fuel_in_all(&self) -> u64 {
        self.fuel.saturating_add(self.startup.fuel)
    }
}

/// One walk through status translation, pricing and field mapping.
#[derive(Debug, Clone)]
pub struct Run {
    /// How it ended.
    pub outcome: Outcome,
    /// The status in the source's words, where the payload has one.
    pub source_status: Option<String>,
    /// The target's status, when translated.
    pub status: Option<String>,
    /// The priced lines, when priced.
    pub lines: Vec<PriceLine>,
    /// What the plugins logged, in order.
    pub logs: Vec<LogLine>,
    /// One for each call that was made, the failed one included. Its fuel is that of the whole call.
    pub receipts: Vec<Receipt>,
    /// What each of those calls took of it to start.
    pub startups: Vec<Startup>,
    /// The sum of it.
    pub usage: Usage,
}
