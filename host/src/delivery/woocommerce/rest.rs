//! Requests to a shop's REST API, and answers believed only if WooCommerce wrote them.
//!
//! A web page, a cache's copy and JSON that is no resource are no answers. A list is read by rows of
//! three fields, a resource as it stands: its bytes are what a webhook will say.

use std::sync::Arc;

use bytes::Bytes;
use http::header;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::client::{NoAnswer, Timeouts, Unanswered, read_bounded, send};
use super::super::{Gate, Health, Outbound};
use super::fault::{Fault, of_answer};
use crate::secret::Secret;

/// A hundred rows of three fields are some 30 KB, an order of sixty lines as much; meta data may be
/// large.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The way to one shop.
#[derive(Debug)]
pub(super) struct Rest {
    outbound: Outbound,
    gate: Arc<Gate>,
    timeouts: Timeouts,
    /// Up to `wc/v3`.
    base: Url,
    key: Secret,
    secret: Secret,
}

/// A resource as the shop wrote it.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) id: u64,
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Rest {
    pub(super) fn new(
        outbound: Outbound,
        gate: &Arc<Gate>,
        timeouts: Timeouts,
        base: Url,
        key: Secret,
        secret: Secret,
    ) -> Self {
        Self { outbound, gate: Arc::clone(gate), timeouts, base, key, secret }
    }

    /// A list, or a part of it.
    pub(super) async fn rows<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Fault> {
        let (status, body) = self.ask(Method::GET, path, query, None).await?;
        serde_json::from_slice(&body).map_err(|_| {
            let reason = format!("{path}: the shop's answer is no list of what was asked for");
            let status = Some(status);
            Fault::Retry { reason, after: None, status, health: Health::Doubtful }
        })
    }

    /// A resource as it is now.
    pub(super) async fn get(&self, path: &str) -> Result<Resource, Fault> {
        let (status, body) = self.ask(Method::GET, path, &[], None).await?;
        resource(status, body, false)
    }

    /// Makes, changes or deletes.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Resource, Fault> {
        let (status, body) = self.ask(method, path, query, body).await?;
        resource(status, body, true)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<(u16, Bytes), Fault> {
        let writes = method != Method::GET;
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let client = self.outbound.client();
        let mut request = client
            .request(method, url)
            .header(header::ACCEPT, "application/json")
            .header(header::CACHE_CONTROL, "no-cache")
            .basic_auth(self.key.expose(), Some(self.secret.expose()));
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let lost = |no_answer: NoAnswer| match no_answer {
            NoAnswer::NotSent(reason) => {
                Fault::Retry { reason, after: None, status: None, health: Health::Down }
            }
            NoAnswer::Lost(reason) if writes => {
                Fault::Unknown { reason, status: None, resend: true }
            }
            NoAnswer::Lost(reason) => {
                Fault::Retry { reason, after: None, status: None, health: Health::Doubtful }
            }
        };
        let sent = send(&self.outbound, &self.gate, self.timeouts, request).await;
        let mut response = sent.map_err(|unanswered| match unanswered {
            Unanswered::NotNow(not_now) => Fault::NotNow(not_now),
            Unanswered::NoAnswer(no_answer) => lost(no_answer),
        })?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let (body, cut) = read_bounded(&mut response, ANSWER_BYTES_MAX)
            .await
            .map_err(|error| lost(NoAnswer::of(&error, self.timeouts)))?;
        if !status.is_success() {
            return Err(of_answer(status, &headers, &body, writes));
        }
        let word = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let json = word(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.trim_start().starts_with("application/json"));
        let age = word(header::AGE).and_then(|age| age.trim().parse::<u64>().ok());
        if !json || cut || age > Some(0) {
            let why = match (cut, age > Some(0)) {
                (true, _) => "the answer is too long to be read",
                (_, true) => "a cache answered with an old copy",
                _ => "a web page is no answer (a firewall's, or a maintenance page?)",
            };
            return Err(doubtful(status.as_u16(), why, writes));
        }
        Ok((status.as_u16(), body))
    }
}

/// It was said that all is well, and yet nobody knows.
fn doubtful(status: u16, why: &str, writes: bool) -> Fault {
    let reason = format!("status {status}, but {why}");
    match writes {
        true => Fault::Unknown { reason, status: Some(status), resend: true },
        false => {
            Fault::Retry { reason, after: None, status: Some(status), health: Health::Doubtful }
        }
    }
}

fn resource(status: u16, body: Bytes, writes: bool) -> Result<Resource, Fault> {
    #[derive(Deserialize)]
    struct Id {
        id: u64,
    }
    // serde would take a list for the fields, in order.
    let object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<Id>(&body).ok().filter(|_| object) {
        Some(Id { id }) => Ok(Resource { id, status, body }),
        None => Err(doubtful(status, "the answer has no id", writes)),
    }
}
