//! One HTTP attempt: references resolved, sent, the answer judged by its status.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::super::client::{NoAnswer, read_bounded, retry_after};
use super::super::reference::{self, Reference};
use super::super::{Answer, Delivery, Identities, Missing, Verdict, shorten};
use super::address::Places;
use super::{Ids, Target, slot};
use crate::event::Operation;

/// Enough for any answer that holds an id; what is beyond is not read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// How much of a refusal is kept as the reason.
const REASON_BYTES_MAX: usize = 500;

impl Target {
    pub(in super::super) async fn deliver(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Answer {
        match self.prepare(delivery, identities) {
            Ok(request) => self.send(request).await,
            Err(verdict) => Answer::of(verdict, None),
        }
    }

    /// Everything that can go wrong before anything is sent.
    fn prepare(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Result<reqwest::RequestBuilder, Verdict> {
        let document = delivery.document;
        let text = document.body.get();
        let references = reference::scan(text)
            .map_err(|error| Verdict::rejected("reference_malformed", error.to_string()))?;
        let ids = references
            .iter()
            .map(|reference| self.resolve(reference, identities))
            .collect::<Result<Vec<_>, _>>()?;
        let body = match reference::splice(text, &references, &ids) {
            Cow::Borrowed(text) => Bytes::copy_from_slice(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };

        let call = &self.calls[slot(document.operation)];
        let id = if call.address.wants_id() {
            identities.get(&document.entity, &document.key).ok_or_else(|| Verdict::NotReady {
                reason: format!(
                    "the id of {} {:?} is not known yet, and the address needs it",
                    document.entity, document.key
                ),
                missing: vec![Missing::new(&document.entity, &document.key)],
            })?
        } else {
            String::new()
        };
        let url = call
            .address
            .fill(Places { entity: &document.entity, key: &document.key, id: &id })
            .map_err(|problem| Verdict::rejected("address", problem))?;

        let mut headers = self.headers.clone();
        headers.insert(self.idempotency_header.clone(), value(&document.key));
        headers.insert("x-correlation-id", value(delivery.correlation_id));
        headers.insert("x-mapwright-entity", value(&document.entity));
        headers.insert("x-mapwright-operation", HeaderValue::from_static(name(document.operation)));
        let client = self.outbound.client();
        Ok(client
            .request(call.method.clone(), url)
            .headers(headers)
            .timeout(self.timeout)
            .body(body))
    }

    /// The id for a reference, as JSON text.
    fn resolve(
        &self,
        reference: &Reference,
        identities: &dyn Identities,
    ) -> Result<String, Verdict> {
        let Reference { entity, key, pointer, .. } = reference;
        let id = identities.get(entity, key).ok_or_else(|| Verdict::NotReady {
            reason: format!("{pointer}: {entity} {key:?} is not known to the target yet"),
            missing: vec![Missing::new(entity, key)],
        })?;
        match (self.ids, reference::id_as_number(&id)) {
            (Ids::Auto | Ids::Number, Some(number)) => Ok(number),
            (Ids::Auto | Ids::String, _) => Ok(reference::id_as_string(&id)),
            (Ids::Number, None) => Err(Verdict::rejected(
                "id_not_a_number",
                format!("{pointer}: the id of {entity} {key:?} is {id:?}, and ids = \"number\""),
            )),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let verdict = match NoAnswer::of(&error, self.timeout) {
                    NoAnswer::NotSent(reason) => Verdict::retry(reason),
                    NoAnswer::Lost(reason) => {
                        Verdict::Unknown { reason, resend: self.resend_unknown }
                    }
                };
                return Answer::of(verdict, None);
            }
        };
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        if self.success.contains(status) {
            return match read_bounded(&mut response, ANSWER_BYTES_MAX).await {
                Ok((body, cut)) => self.delivered(status, &headers, &body, cut),
                // Taken for sure; only the id was lost. Asking again under the same key brings it.
                Err(error) if self.resend_unknown => {
                    let reason = match NoAnswer::of(&error, self.timeout) {
                        NoAnswer::NotSent(reason) | NoAnswer::Lost(reason) => reason,
                    };
                    let reason = format!("status {status}, but {reason}");
                    Answer::of(Verdict::Unknown { reason, resend: true }, Some(status))
                }
                Err(_) => Answer::of(Verdict::Delivered { target_id: None }, Some(status)),
            };
        }
        let said = match read_bounded(&mut response, REASON_BYTES_MAX).await {
            Ok((body, _)) => shorten(&String::from_utf8_lossy(&body), REASON_BYTES_MAX),
            Err(_) => String::new(),
        };
        let mut reason = format!("the target answered {}", response.status());
        if !said.is_empty() {
            reason = format!("{reason}: {said}");
        }
        let verdict = if self.retry.contains(status) {
            Verdict::Retry { reason, after: retry_after(&headers, SystemTime::now()) }
        } else if (300..400).contains(&status) {
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("?");
            Verdict::rejected(
                "redirected",
                format!("{reason}; redirects are not followed: set url to where it leads ({to})"),
            )
        } else {
            Verdict::rejected(&format!("status_{status}"), reason)
        };
        Answer::of(verdict, Some(status))
    }

    fn delivered(&self, status: u16, headers: &HeaderMap, body: &Bytes, cut: bool) -> Answer {
        let target_id = match &self.id_header {
            Some(name) => headers.get(name).and_then(|id| id.to_str().ok()).map(str::to_owned),
            None => std::str::from_utf8(body).ok().and_then(|text| {
                let pointer = self.id_pointer.as_deref().unwrap_or("/id");
                id_text(reference::value_at(text, pointer)?.get())
            }),
        };
        let asked = self.id_header.is_some() || self.id_pointer.is_some();
        let missing = asked && target_id.is_none();
        let mut answer = Answer::of(Verdict::Delivered { target_id }, Some(status));
        if missing {
            let why =
                if cut { "the answer is too long to be read" } else { "the answer holds none" };
            answer.attempt.detail = format!("delivered, but without an id: {why}");
        }
        answer
    }
}

/// An id out of its JSON text: a non-empty string's content or a number's own spelling.
fn id_text(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(json).ok().filter(|id| !id.is_empty()),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Upsert => "upsert",
        Operation::Cancel => "cancel",
        Operation::Delete => "delete",
    }
}

/// A header value for any text: what is not visible ASCII is percent-encoded, and so is `%`, so
/// that two keys never become one.
fn value(text: &str) -> HeaderValue {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'%';
    if text.bytes().all(plain)
        && text.trim() == text
        && let Ok(value) = HeaderValue::from_str(text)
    {
        return value;
    }
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if plain(byte) && byte != b' ' {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
}
