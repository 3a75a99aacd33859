//! What a merchant asks of the versions that are brought in, as in `[plugins]` of its file.
//!
//! How many are kept, how many may come, whose signature they need, and what a file in the folder
//! is: the version to work with, or one that is offered.

use serde::Deserialize;

use super::signature::TrustedKey;

/// `[plugins]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// What a new file in the folder is.
    pub folder: FolderFile,
    /// Who may vouch for a version.
    pub trusted_keys: Vec<TrustedKey>,
    /// Whether nothing is taken that nobody vouches for.
    pub require_signature: bool,
    /// Versions kept on the shelf, those at work not counted.
    pub keep_versions: usize,
    /// Bytes of them.
    pub keep_bytes: u64,
    /// Uploads within an hour.
    pub uploads_per_hour: u64,
    /// Bytes of them.
    pub upload_bytes_per_hour: u64,
}

/// What a new file in the folder is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderFile {
    /// At work at once.
    #[default]
    Activate,
    /// Offered: it is looked over and kept, and what is at work stays.
    Candidate,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            folder: FolderFile::Activate,
            trusted_keys: Vec::new(),
            require_signature: false,
            // A year of weekly versions, and a dozen of those that carry a JavaScript engine.
            keep_versions: 50,
            keep_bytes: 256 << 20,
            // A consultant's busy hour; each one costs a compiler some seconds.
            uploads_per_hour: 60,
            upload_bytes_per_hour: 256 << 20,
        }
    }
}

impl Rules {
    /// The names of all keys, which no plugin's own table is mistaken for.
    pub const NAMES: [&str; 7] = [
        "folder",
        "trusted_keys",
        "require_signature",
        "keep_versions",
        "keep_bytes",
        "uploads_per_hour",
        "upload_bytes_per_hour",
    ];

    /// What cannot be meant.
    ///
    /// # Errors
    /// One sentence for a person.
    pub fn check(&self) -> Result<(), String> {
        if self.require_signature && self.trusted_keys.is_empty() {
            return Err(
                "`require_signature` without `trusted_keys` would take nothing: add a key as \
                        `mapwright key new` prints it"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
