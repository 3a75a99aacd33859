//! The meaning of the difference between two answers to one input, and its sum over many.
//!
//! ```text
//!   run, run --> compare --> Difference, Difference, ... --> Tally --(+)--> Tally
//!                                                              |
//!                                                 Tolerances --'--> Verdict
//! ```
//!
//! [`compare`] says what differs: how it ended, the status, which documents there are, and field by
//! field what stands in them. A *field* is a place with its list indices folded
//! (`sale/lines/*/unit_price`), so that a thousand orders tell one story. A [`Tally`] counts, keeps a
//! few examples and adds up amounts in decimal; two tallies can be added in any order. [`Tolerances`]
//! are a merchant's words for what may differ; [`Tally::judge`] names what stands in the way.
//!
//! What is not compared: logs, durations and memory. Fuel is told, and judged only when asked.

mod bounded;
mod field;
mod tally;
mod tolerance;
mod verdict;
mod walk;

pub use bounded::{Bounded, Count, Merge};
pub use field::{Example, FieldName, FieldTally, Largest, Move, Moved};
pub use tally::{Cases, DocumentChange, Fuel, OutcomeMove, StatusMove, Subject, Tally};
pub use tolerance::{ToleranceError, Tolerances};
pub use verdict::{Obstacle, Verdict};
pub use walk::{Change, Difference, Pairing, Place, answered_alike, compare};

#[cfg(test)]
mod tests;
