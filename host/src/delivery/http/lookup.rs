//! Asking the target what became of a document, before it is sent again.
//!
//! A GET with the connection's own headers and credentials. 404, or an answer without the id, says
//! that it is not there; an id says that it is. Anything else says nothing, and nothing is sent.
//!
//! Only what *makes* a document is looked for. Update, cancel and delete say how a document should
//! be and are sent again as they are: finding it would not tell whether they had arrived.

use std::time::SystemTime;

use serde::Deserialize;

use super::super::client::{NoAnswer, Unanswered, read_bounded, send};
use super::super::patience::retry_after;
use super::super::{Answer, Delivery, Health, Identities, OpenError, Outbound, Verdict};
use super::address::{Address, Places};
use super::judge::{id_text, is_html};
use super::send::header_value;
use super::{ANSWER_BYTES_MAX, Target};
use crate::event::Operation;
use crate::reference;

/// `lookup = { .. }` of a connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to ask; holds `{key}` (as it stood in the idempotency header), and `{entity}` where the target has several.
    pub url: String,
    /// JSON Pointer to the id in the answer.
    #[serde(default = "id_default")]
    pub id: String,
    /// After a lost answer the target may be at work still; it is asked after this time. So is it
    /// after a start of the host, for what was on its way when the one before ended (`settle`).
    #[serde(default = "settle_ms_default")]
    pub settle_ms: u64,
}

fn id_default() -> String {
    "/0/id".to_owned()
}

/// Longer than a request takes at most targets once it has arrived.
fn settle_ms_default() -> u64 {
    5_000
}

/// Ready to ask.
#[derive(Debug)]
pub(super) struct Lookup {
    address: Address,
    id: String,
}

impl Lookup {
    pub(super) fn open(config: &Config, outbound: &Outbound) -> Result<Self, OpenError> {
        let refuse = |key: &str, problem: String| OpenError::config(key, problem);
        let address =
            Address::parse(&config.url).map_err(|problem| refuse("lookup.url", problem))?;
        outbound.check("lookup.url", address.scheme())?;
        if !config.url.contains("{key}") || address.wants_id() {
            let problem = format!("{:?} must hold {{key}}, and cannot hold {{id}}", config.url);
            return Err(refuse("lookup.url", problem));
        }
        if !config.id.starts_with('/') {
            let problem = format!("{:?} is not a JSON Pointer; write \"/{0}\"", config.id);
            return Err(refuse("lookup.id", problem));
        }
        Ok(Self { address, id: config.id.clone() })
    }
}

impl Target {
    /// Looks for a document that may have been sent before. None means: it is not there, or it is
    /// nothing that can be looked for; send it.
    pub(super) async fn look(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
    ) -> Option<Answer> {
        let lookup = self.lookup.as_ref()?;
        let document = delivery.document;
        let known = || identities.get(&document.entity, &document.key).is_some();
        let makes = match document.operation {
            Operation::Create => true,
            // What was there before cannot tell whether this version of it arrived.
            Operation::Upsert => !known(),
            Operation::Update | Operation::Cancel | Operation::Delete => false,
        };
        if !makes {
            return None;
        }
        // The key as the target got to know it: as it stood in the header.
        let key = header_value(&document.key);
        let key = key.to_str().unwrap_or_default();
        let places = Places { entity: &document.entity, key, id: "" };
        let url = match lookup.address.fill(places) {
            Ok(url) => url,
            Err(problem) => return Some(Answer::unasked(Verdict::rejected("address", problem))),
        };
        let request = self.outbound.client().get(url).headers(self.headers.clone());
        let retry = |reason: String, after, status, health| {
            let reason =
                format!("it may stand in the target already, and looking for it failed: {reason}");
            Some(Answer::of(Verdict::Retry { reason, after }, status, health))
        };
        let mut response = match send(&self.outbound, &self.gate, self.timeouts, request).await {
            Ok(response) => response,
            Err(Unanswered::NotNow(not_now)) => {
                return Some(Answer::unasked(Verdict::not_now(not_now)));
            }
            Err(Unanswered::NoAnswer(NoAnswer::NotSent(reason))) => {
                return retry(reason, None, None, Health::Down);
            }
            Err(Unanswered::NoAnswer(NoAnswer::Lost(reason))) => {
                return retry(reason, None, None, Health::Doubtful);
            }
        };
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        if status == 404 && !is_html(&headers, b"") {
            return None;
        }
        let after = retry_after(&headers, SystemTime::now());
        let body = match read_bounded(&mut response, ANSWER_BYTES_MAX).await {
            Ok((body, false)) => body,
            Ok((_, true)) => {
                return retry("the answer is too long".into(), None, Some(status), Health::Well);
            }
            Err(error) => {
                let (NoAnswer::NotSent(reason) | NoAnswer::Lost(reason)) =
                    NoAnswer::of(&error, self.timeouts);
                return retry(reason, None, Some(status), Health::Doubtful);
            }
        };
        let text = std::str::from_utf8(&body).ok().filter(|_| (200..300).contains(&status));
        let json = text.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        let Some(text) = json else {
            let health = match status {
                401 | 407 => Health::Refused,
                403 => Health::Forbidden,
                429 => Health::Down,
                _ => Health::Doubtful,
            };
            let reason = format!("status {status}, and no JSON that could tell");
            return retry(reason, after, Some(status), health);
        };
        let id = reference::value_at(text, &lookup.id).and_then(|value| id_text(value.get()))?;
        let verdict = Verdict::Delivered { target_id: Some(id.clone()) };
        let mut answer = Answer::of(verdict, Some(status), Health::Well);
        answer.attempt.detail = format!("an earlier attempt had arrived: found as {id}");
        Some(answer)
    }
}
