//! (to come)

mod outcome;

pub use outcome::{LogLine, Outcome, Run, Usage};
