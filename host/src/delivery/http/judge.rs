//! What an answer means: for the document (the verdict) and for the target (its health).
//!
//! | answer | the document is | the target |
//! |---|---|---|
//! | success, with what was expected | delivered | is well |
//! | success, but a web page | not taken: retry, or unknown where sending twice is not safe | is in doubt |
//! | success, but empty where an id was expected | unknown | is in doubt |
//! | `retry`, 429 | to be sent later | wants everybody to wait |
//! | `retry`, 408, 425, 5xx | to be sent later; 502 and 504 unknown where there is a `lookup` or sending twice is not safe | is in doubt |
//! | 401, 407 | to be sent when that is mended | refuses our credentials |
//! | 403 | the same; rejected once others were let in | forbids |
//! | 409 with a `lookup` | looked for; what is there is delivered | is well |
//! | 3xx and all else | rejected, with the target's own words | is well |

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, header};

use super::super::patience::retry_after;
use super::super::{Answer, Health, Verdict, shorten};
use super::{REASON_BYTES_MAX, Target};
use crate::event::{Document, Operation};
use crate::reference;

/// An answer as it came.
pub(super) struct Said<'a> {
    pub(super) status: http::StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    /// Whether there was more of it than was read.
    pub(super) cut: bool,
}

impl Target {
    /// `known` looks whether the target's id of the document was known before; only asked where that decides.
    pub(super) fn judge(
        &self,
        document: &Document,
        known: impl FnOnce() -> bool,
        said: &Said<'_>,
    ) -> Answer {
        let status = said.status.as_u16();
        if self.success.contains(status) {
            return self.judge_success(document, known, said);
        }
        let reason = reason_of(said);
        let retry = |health| {
            let after = retry_after(said.headers, SystemTime::now());
            Answer::of(Verdict::Retry { reason: reason.clone(), after }, Some(status), health)
        };
        if self.retry.contains(status) {
            let lost_behind_a_proxy = matches!(status, 502 | 504);
            // Behind the proxy the target may be at work still: where it is looked for first, not at once.
            let settles = self.lookup.is_some();
            if lost_behind_a_proxy && (settles || !self.resends_safely(document)) {
                return self.unknown(document, reason, Some(status));
            }
            return retry(match status {
                429 => Health::Down,
                503 if said.headers.contains_key(header::RETRY_AFTER) => Health::Down,
                408 | 425 | 500..=599 => Health::Doubtful,
                _ => Health::Well,
            });
        }
        let rejected = |code: &str, reason: String, health| {
            Answer::of(Verdict::rejected(code, reason), Some(status), health)
        };
        match status {
            401 | 407 => retry(Health::Refused),
            403 => retry(Health::Forbidden),
            300..=399 => {
                let to = said.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
                let to = to.unwrap_or("?");
                let reason = format!(
                    "{reason}; redirects are not followed: set url to where it leads ({to})"
                );
                rejected("redirected", reason, Health::Well)
            }
            500..=599 => rejected(&format!("status_{status}"), reason, Health::Doubtful),
            _ => rejected(&format!("status_{status}"), reason, Health::Well),
        }
    }

    fn judge_success(
        &self,
        document: &Document,
        known: impl FnOnce() -> bool,
        said: &Said<'_>,
    ) -> Answer {
        let status = said.status.as_u16();
        if !self.accept_html && is_html(said.headers, said.body) {
            let reason = format!(
                "{}; a web page is no answer (a firewall's, or a maintenance page?); if it is one \
                 here: accept_html = true",
                reason_of(said)
            );
            if !self.resends_safely(document) {
                return self.unknown(document, reason, Some(status));
            }
            return Answer::of(Verdict::retry(reason), Some(status), Health::Doubtful);
        }
        let asked = self.id_header.is_some() || self.id_pointer.is_some();
        let makes = matches!(document.operation, Operation::Create | Operation::Upsert);
        let silent = said.body.is_empty() && self.id_header.is_none();
        if asked && makes && silent && status != 204 && !known() {
            let reason = format!(
                "the target answered {} and nothing else, where an id was expected",
                said.status
            );
            return self.unknown(document, reason, Some(status));
        }
        let target_id = match &self.id_header {
            Some(name) => said.headers.get(name).and_then(|id| id.to_str().ok()).map(str::to_owned),
            None => std::str::from_utf8(said.body).ok().and_then(|text| {
                let pointer = self.id_pointer.as_deref().unwrap_or("/id");
                id_text(reference::value_at(text, pointer)?.get())
            }),
        };
        let missing = asked && target_id.is_none();
        let mut answer = Answer::of(Verdict::Delivered { target_id }, Some(status), Health::Well);
        if missing {
            let why = if said.cut {
                "the answer is too long to be read"
            } else {
                "the answer holds none"
            };
            answer.attempt.detail = format!("delivered, but without an id: {why}");
        }
        answer
    }

    /// It may have been taken.
    pub(super) fn unknown(
        &self,
        document: &Document,
        reason: String,
        status: Option<u16>,
    ) -> Answer {
        let resend = self.resends_safely(document);
        let verdict = Verdict::Unknown { reason, resend, after: None };
        Answer::of(verdict, status, Health::Doubtful)
    }
}

fn reason_of(said: &Said<'_>) -> String {
    let Said { status, headers, body, .. } = said;
    let words = String::from_utf8_lossy(&body[..body.len().min(REASON_BYTES_MAX)]);
    let words = shorten(&words, REASON_BYTES_MAX);
    let page = if is_html(headers, body) { " with a web page" } else { "" };
    if words.is_empty() {
        format!("the target answered {status}{page}")
    } else {
        format!("the target answered {status}{page}: {words}")
    }
}

/// Whether an answer is a web page, by what it says it is or by how it begins.
pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        return true;
    }
    let begins = body.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|sign| begins.get(..sign.len()).is_some_and(|head| head.eq_ignore_ascii_case(sign)))
}

/// An id out of its JSON text: a non-empty string's content or a number's own spelling.
pub(super) fn id_text(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(json).ok().filter(|id| !id.is_empty()),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}
