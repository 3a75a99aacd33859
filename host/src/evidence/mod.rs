//! Judging a plugin by running it: what a new version changes, what its fields come from, how much
//! more it could take, and whether it keeps to a merchant's own table.
//!
//! Plugins are pure, so one more run costs nothing and leaves nothing behind. Everything here follows
//! from that:
//!
//! ```text
//!   determinism  one input twice --> whether the answers are the same bytes
//!   difference   two answers to one input --> what the difference means; its sum over many
//!   explain      one input leaf changed at a time --> what each field comes from
//!   headroom     a real payload grown until a limit is met --> how much larger an order may be
//!   truth        a finite set of inputs --> a table a merchant can read, correct and hold us to
//!   trial        two sets of rules x many inputs, in parallel --> that sum
//! ```
//!
//! Nothing here reads a journal or a file: callers bring inputs, and get plain data that can be kept
//! as JSON and added up later. Memory is bounded whatever the number of inputs.

mod answer;
pub mod determinism;
pub mod difference;
pub mod explain;
mod growth;
pub mod headroom;
pub mod trial;
pub mod truth;
