//! JSON as it is written: numbers as their exact text, places as JSON Pointers with `*` for "each".
//!
//! What judges a plugin's answers must not round them first, and must be able to say where in the
//! text something stands. [`Node`] is a view of JSON text that keeps both; [`Pattern`] finds places
//! in it; [`decimal`] says what number a value is, if it is one; [`edit`] changes one place. Nothing here knows of plugins.

pub mod edit;
mod node;
mod number;
mod pattern;

pub use node::{DEPTH_MAX, Member, Node, Value};
pub use number::{NUMBER_LIMIT, decimal, decimal_of, is_number};
pub use pattern::{Found, Pattern, PatternError, escape};
