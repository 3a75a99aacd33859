//! What came back from a shop: whether WooCommerce said it, and what follows from it.
//!
//! A firewall's page, a cache's copy and a shop that is down look alike from afar; each is a reason
//! to ask again later, and none of them says anything about orders or keys.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use super::error::Error;

/// A hundred orders of a hundred kilobytes each are 10 MB; what is larger is asked for in smaller
/// pages.
pub(super) const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much of what somebody else answered stands in a log line.
const QUOTED_CHARS_MAX: usize = 120;

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// Whether this is WooCommerce's own good answer, and what it is otherwise.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
    let wait = retry_after(headers);
    let header = |name: http::HeaderName| headers.get(name)?.to_str().ok();
    let json = header(http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.trim_start().starts_with("application/json"));
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT {
        let said = format!("the shop asks for fewer requests ({})", status.as_u16());
        return Err(Error::Transient { said, hint: None, retry_after: wait });
    }
    if status.is_server_error() {
        let said = format!("the shop failed ({}): {}", status.as_u16(), quote(body));
        return Err(Error::Transient { said, hint: None, retry_after: wait });
    }
    if !json {
        // Also with a 403: the firewall says it, not WooCommerce, and our keys are as good as ever.
        let said = format!("{} without JSON: {}", status.as_u16(), quote(body));
        return Err(Error::foreign(said));
    }
    if header(http::header::AGE).and_then(|age| age.trim().parse::<u64>().ok()) > Some(0) {
        return Err(Error::foreign("a cache answered with an old copy"));
    }
    if status == StatusCode::OK {
        return Ok(());
    }
    let Said { code, message } = serde_json::from_slice(body)
        .unwrap_or_else(|_| Said { code: String::new(), message: quote(body) });
    let status = status.as_u16();
    Err(match status {
        401 | 403 => Error::Refused { status, code, message },
        404 if code == "rest_no_route" => Error::foreign("the shop has no WooCommerce REST API"),
        404 | 410 => Error::Gone,
        400..500 => Error::Rejected { status, code, message },
        _ => Error::foreign(format!("the shop answered {status}")),
    })
}

/// Reads the body, or nothing if it is larger than it may be.
pub(super) async fn read(
    response: &mut reqwest::Response,
) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// The innermost cause says it in the fewest words, and never holds the URL.
pub(super) fn no_answer(error: &reqwest::Error, timeout: Duration) -> Error {
    if error.is_timeout() && !error.is_connect() {
        return Error::transient(format!("no answer within {} ms", timeout.as_millis()));
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let what = if error.is_connect() { "cannot connect" } else { "the answer broke off" };
    Error::transient(format!("{what}: {cause}"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}

pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

fn quote(body: &[u8]) -> String {
    let head = body.get(..4 * QUOTED_CHARS_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(head);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(QUOTED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> Result<(), Error> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        judge(StatusCode::from_u16(status).unwrap(), &map, body.as_bytes())
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=UTF-8");
    const HTML: (&str, &str) = ("content-type", "text/html");

    #[test]
    fn only_what_woocommerce_says_is_believed() {
        assert_eq!(judged(200, &[JSON], "[]"), Ok(()));
        let transient = |it| matches!(it, Err(Error::Transient { .. }));
        let with_hint = |it| matches!(it, Err(Error::Transient { hint: Some(_), .. }));
        assert!(with_hint(judged(200, &[HTML], "<html>Checking your browser")));
        assert!(
            with_hint(judged(403, &[HTML], "<html>Forbidden")),
            "the firewall's, not the shop's"
        );
        assert!(with_hint(judged(404, &[HTML], "<html>")));
        assert!(with_hint(judged(302, &[HTML], "")));
        assert!(with_hint(judged(200, &[JSON, ("age", "40")], "[]")), "a cache's copy");
        assert_eq!(judged(200, &[JSON, ("age", "0")], "[]"), Ok(()));
        assert!(transient(judged(503, &[HTML], "")));
        assert!(transient(judged(500, &[JSON], "{}")));
        let refused =
            r#"{"code":"woocommerce_rest_cannot_view","message":"m","data":{"status":401}}"#;
        assert!(matches!(judged(401, &[JSON], refused), Err(Error::Refused { status: 401, .. })));
        let gone = r#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID."}"#;
        assert_eq!(judged(404, &[JSON], gone), Err(Error::Gone));
        assert!(with_hint(judged(404, &[JSON], r#"{"code":"rest_no_route"}"#)));
        assert!(matches!(judged(400, &[JSON], "{}"), Err(Error::Rejected { .. })));
    }

    #[test]
    fn a_shop_that_wants_to_be_left_alone_says_how_long() {
        let error = judged(429, &[HTML, ("retry-after", "17")], "").unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
        let error = judged(503, &[HTML, ("retry-after", "5")], "").unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
        assert_eq!(judged(429, &[HTML], "").unwrap_err().retry_after(), None);
    }
}
