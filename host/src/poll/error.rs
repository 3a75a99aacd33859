//! Why a shop's REST API did not give what was asked, by what the asker does next.

use std::time::Duration;

use crate::journal;

/// Why a request did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It may go well later: no answer, 5xx, 429, or something that WooCommerce did not say.
    #[error("{said}{}", hint.map(|hint| format!("; {hint}")).unwrap_or_default())]
    Transient {
        /// What happened.
        said: String,
        /// What a person could do, where there is something.
        hint: Option<&'static str>,
        /// When the shop wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The keys are wrong, were taken back, or may not do this.
    #[error(
        "the shop refused our keys ({status} {code}: {message}): look at the key in WooCommerce, \
         Settings, Advanced, REST API, and at the rights of the user it belongs to"
    )]
    Refused {
        /// 401 or 403.
        status: u16,
        /// WooCommerce's code.
        code: String,
        /// WooCommerce's words.
        message: String,
    },
    /// There is no such thing.
    #[error("the shop does not have it any more")]
    Gone,
    /// The request itself was wrong; asking again does not help.
    #[error("the shop refused the request ({status} {code}: {message})")]
    Rejected {
        /// Another 4xx.
        status: u16,
        /// WooCommerce's code.
        code: String,
        /// WooCommerce's words.
        message: String,
    },
    /// The shop answered; we could not keep it.
    #[error("the shop answered, and it could not be stored: {said}")]
    NotStored {
        /// What the journal said.
        said: String,
    },
    /// Nobody polls this.
    #[error("{0}")]
    Unknown(String),
}

impl Error {
    pub(super) fn transient(said: impl Into<String>) -> Self {
        Self::Transient { said: said.into(), hint: None, retry_after: None }
    }

    pub(super) fn foreign(said: impl Into<String>) -> Self {
        Self::Transient { said: said.into(), hint: Some(FOREIGN), retry_after: None }
    }

    /// How long the shop asked us to stay away.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<journal::Error> for Error {
    fn from(error: journal::Error) -> Self {
        Self::NotStored { said: error.to_string() }
    }
}

/// What answers in WooCommerce's place.
const FOREIGN: &str = "something in front of the shop answered in its place (a firewall, a cache, a \
                       maintenance page): let requests to /wp-json/wc/v3/ through uncached";
