//! What a product can be asked.

use std::borrow::Cow;

use super::{Product, meta_text};

impl Product {
    /// The text of a meta entry.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }

    /// Whether this is a variation of another product.
    #[must_use]
    pub fn is_variation(&self) -> bool {
        self.kind == "variation" || self.parent_id.is_set()
    }
}
