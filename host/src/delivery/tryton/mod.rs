//! `connector = "tryton"` (to come).

use std::path::Path;

use serde::Deserialize;

use super::{Answer, Delivery, Identities, OpenError, Outbound, Verdict};
use crate::secret::SecretSource;

/// The table of a connection with `connector = "tryton"`, without that key itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server, without the database: `http://127.0.0.1:8000`.
    pub base_url: String,
    /// The database.
    pub database: String,
    /// The user the host works as.
    pub username: String,
    /// The user's password.
    pub password: SecretSource,
}

/// A Tryton connection, ready to send.
#[derive(Debug)]
pub struct Target;

impl Target {
    pub(super) fn open(
        config: &Config,
        base_dir: &Path,
        _outbound: &Outbound,
    ) -> Result<Self, OpenError> {
        config.password.resolve(base_dir)?;
        Ok(Self)
    }

    pub(super) async fn deliver(&self, _: &Delivery<'_>, _: &dyn Identities) -> Answer {
        Answer::of(Verdict::rejected("unfinished", "the tryton connector is not there yet"), None)
    }
}
