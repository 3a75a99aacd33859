//! Secrets: named in configuration, held by the environment or a file, never printed.
//!
//! `{ env = "NAME" }` or `{ file = "path" }` is what a configuration file may say; a secret written
//! inline is refused. [`SecretSource::resolve`] reads the value; one that is empty, or nothing but
//! blanks, is an error, because such a webhook secret lets anybody forge orders. Blanks around a
//! secret belong to it: a shop signs with them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretSource {
    /// An environment variable of the host.
    Env(String),
    /// A file; relative paths start at the folder of the file that names it. One trailing newline
    /// is not part of the secret.
    File(PathBuf),
}

/// A secret's value. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The variable is not set.
    #[error("environment variable {0} is not set: set it before starting mapwright")]
    Unset(String),
    /// The file cannot be read.
    #[error("secret file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing in it, or only blanks.
    #[error(
        "the secret in {0} is empty or blank: it would protect nothing; use 20 or more of A-Z a-z 0-9 _ -"
    )]
    Empty(String),
}

impl SecretSource {
    /// Reads the secret. `base` is the folder that relative files start from.
    ///
    /// # Errors
    /// [`Error`], each saying where the secret was sought.
    pub fn resolve(&self, base: &Path) -> Result<Secret, Error> {
        let (value, place) = match self {
            Self::Env(name) => {
                let value = std::env::var(name).map_err(|_| Error::Unset(name.clone()))?;
                (value, format!("environment variable {name}"))
            }
            Self::File(path) => {
                let path = base.join(path);
                let mut value = std::fs::read_to_string(&path)
                    .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
                if value.ends_with('\n') {
                    value.pop();
                    if value.ends_with('\r') {
                        value.pop();
                    }
                }
                (value, format!("file {}", path.display()))
            }
        };
        if value.trim().is_empty() { Err(Error::Empty(place)) } else { Ok(Secret(value)) }
    }
}

impl Secret {
    /// Wraps a value that is already at hand (tests, the demo).
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself; the only way to it, so that uses can be found.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
