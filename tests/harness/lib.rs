//! What the tests share.

pub mod command;
pub mod guests;
pub mod tryton;
