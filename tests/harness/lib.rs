//! What the tests share.

pub mod command;
pub mod guests;
pub mod plugins;
pub mod tryton;
