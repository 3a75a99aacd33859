//! Status translation: a status of the source becomes one of the target.

use crate::{Context, Refusal};

/// Translates statuses.
pub trait StatusTranslation {
    /// Returns the target's status; none when the target is to keep the one it has.
    ///
    /// # Errors
    /// A [`Refusal`] when the status is not known.
    fn translate(context: &Context, status: &SourceStatus) -> Result<Option<String>, Refusal>;
}

/// A status in the source's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// What has the status (`order`).
    pub entity: String,
    /// The status now (`processing`).
    pub status: String,
    /// The status when this resource was last delivered, where the host knows it.
    pub previous_status: Option<String>,
    /// Open name and value pairs (`payment_method`, `date_paid`).
    pub attributes: Vec<(String, String)>,
}

impl SourceStatus {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
