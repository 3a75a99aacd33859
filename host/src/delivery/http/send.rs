//! One HTTP attempt: references resolved, looked for where it may have been sent before, sent.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::super::client::{NoAnswer, Unanswered, read_bounded, send};
use super::super::{Answer, Delivery, Health, Identities, Missing, Verdict};
use super::address::Places;
use super::judge::Said;
use super::{ANSWER_BYTES_MAX, Ids, REASON_BYTES_MAX, Target, slot};
use crate::event::Operation;
use crate::reference::{self, Reference};

impl Target {
    pub(in super::super) async fn deliver(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Answer {
        let request = match self.prepare(delivery, identities) {
            Ok(request) => request,
            Err(verdict) => return Answer::unasked(verdict),
        };
        if delivery.in_doubt && !self.resends_safely(delivery.document) {
            let reason = "the host stopped while it was about to be sent".to_owned();
            return Answer::unasked(Verdict::Unknown { reason, resend: false, after: None });
        }
        if !delivery.first_attempt
            && let Some(answer) = self.look(delivery, identities).await
        {
            return answer;
        }
        self.send(delivery, identities, request).await
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
        let key = document.request_key.as_ref().unwrap_or(&document.key);
        headers.insert(self.idempotency_header.clone(), header_value(key));
        if document.request_key.is_some() {
            headers.insert("x-mapwright-key", header_value(&document.key));
        }
        headers.insert("x-correlation-id", header_value(delivery.correlation_id));
        headers.insert("x-mapwright-entity", header_value(&document.entity));
        headers.insert("x-mapwright-operation", HeaderValue::from_static(name(document.operation)));
        let client = self.outbound.client();
        Ok(client.request(call.method.clone(), url).headers(headers).body(body))
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

    async fn send(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
        request: reqwest::RequestBuilder,
    ) -> Answer {
        let document = delivery.document;
        let mut response = match send(&self.outbound, &self.gate, self.timeouts, request).await {
            Ok(response) => response,
            Err(Unanswered::NotNow(not_now)) => return Answer::unasked(Verdict::not_now(not_now)),
            Err(Unanswered::NoAnswer(NoAnswer::NotSent(reason))) => {
                return Answer::of(Verdict::retry(reason), None, Health::Down);
            }
            Err(Unanswered::NoAnswer(NoAnswer::Lost(reason))) => {
                return self.unknown(document, reason, None);
            }
        };
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let taken = self.success.contains(status.as_u16());
        let bytes_max = if taken { ANSWER_BYTES_MAX } else { REASON_BYTES_MAX };
        let (body, cut) = match read_bounded(&mut response, bytes_max).await {
            Ok(read) => read,
            // A refusal is one, also without its words.
            Err(_) if !taken => (Bytes::new(), false),
            // Taken for sure; only the id was lost. Asking again under the same key brings it.
            Err(error) if self.resends_safely(document) => {
                let (NoAnswer::NotSent(reason) | NoAnswer::Lost(reason)) =
                    NoAnswer::of(&error, self.timeouts);
                let reason = format!("status {}, but {reason}", status.as_u16());
                return self.unknown(document, reason, Some(status.as_u16()));
            }
            Err(_) => {
                let verdict = Verdict::Delivered { target_id: None };
                return Answer::of(verdict, Some(status.as_u16()), Health::Well);
            }
        };
        let said = Said { status, headers: &headers, body: &body, cut };
        if status == StatusCode::CONFLICT
            && !taken
            && let Some(answer) = self.look(delivery, identities).await
        {
            // It is there: what else should it be in conflict with.
            return answer;
        }
        let known = || identities.get(&document.entity, &document.key).is_some();
        self.judge(document, known, &said)
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
pub(super) fn header_value(text: &str) -> HeaderValue {
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
