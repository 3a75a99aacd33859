//! What a customer can be asked.

use std::borrow::Cow;

use super::{Customer, meta_text};

impl Customer {
    /// The text of a meta entry.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }
}
