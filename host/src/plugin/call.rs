//! What a store holds for the length of one call: the limiter, the log, the lookup tables.
//!
//! It is made for each call and thrown away with it; nothing outlives the answer.

use std::sync::Arc;

use super::limiter::Limiter;
use super::log::Log;
use super::lookups::Lookups;
use super::still::Stub;

/// The state of one call.
pub(super) struct Call {
    pub(super) limiter: Limiter,
    pub(super) log: Log,
    pub(super) lookups: Arc<Lookups>,
    /// Present only for plugins that import WASI.
    pub(super) wasi: Option<Box<Stub>>,
}
