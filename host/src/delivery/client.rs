//! The one HTTP client that all targets share: sockets pooled by host, TLS by rustls with the
//! machine's own certificates, no redirects, answers read only up to a bound.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

/// A host that does not take a connection in this time is down, whatever the timeout of the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket idle for longer is likelier to be dead than to be useful (many proxies cut at 60 s).
const IDLE_MAX: Duration = Duration::from_secs(50);

/// What goes out to targets. Made once, cloned freely; it belongs to the runtime it is used on.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    /// Why no HTTPS target can be trusted, on a machine without certificates.
    without_tls: Option<String>,
}

impl Outbound {
    /// Sets up the client. A machine without certificates (a bare container) is no error as long as
    /// no target is reached by HTTPS; such a target is refused when it is opened.
    ///
    /// # Errors
    /// When the client cannot be made for another reason.
    pub fn new() -> Result<Self, super::OpenError> {
        // An error says that another part of the process chose a provider before: as good as ours.
        rustls::crypto::ring::default_provider().install_default().ok();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("mapwright/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE_MAX)
        };
        match builder().build() {
            Ok(client) => Ok(Self { client, without_tls: None }),
            Err(error) => {
                // Trusting nobody needs no certificates; if that fails too, it is something else.
                let client = builder().tls_certs_only([]).build()?;
                Ok(Self { client, without_tls: Some(innermost(&error)) })
            }
        }
    }

    /// Refuses an HTTPS address where no certificate could be trusted.
    pub(super) fn check(&self, key: &str, scheme: &str) -> Result<(), super::OpenError> {
        match &self.without_tls {
            Some(why) if scheme.eq_ignore_ascii_case("https") => {
                let problem = format!(
                    "https cannot be verified on this machine ({why}): install its CA \
                     certificates (Debian: apt-get install ca-certificates)"
                );
                Err(super::OpenError::config(key, problem))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

/// Why there is no answer, told apart by whether the target may have taken the request.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It never reached the target.
    NotSent(String),
    /// It may have.
    Lost(String),
}

impl NoAnswer {
    pub(super) fn of(error: &reqwest::Error, timeout: Duration) -> Self {
        let cause = innermost(error);
        if error.is_builder() || error.is_connect() {
            Self::NotSent(format!("cannot connect: {cause}"))
        } else if error.is_timeout() {
            Self::Lost(format!("no answer within {} ms", timeout.as_millis()))
        } else {
            Self::Lost(format!("the connection broke before the answer: {cause}"))
        }
    }
}

/// The last cause in the chain says it in the fewest words, and never holds the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Reads the body's first `bytes_max` bytes (after decompression); says whether there were more.
pub(super) async fn read_bounded(
    response: &mut reqwest::Response,
    bytes_max: usize,
) -> Result<(Bytes, bool), reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = bytes_max - body.len();
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.freeze(), false))
}

/// `Retry-After`, as seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 02:03:00 GMT").unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 22 Nov 2026 02:04:30 GMT", Some(90)),
            ("Sun, 22 Nov 2026 01:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
