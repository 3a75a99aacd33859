//! What the tests share.

pub mod tryton;
