//! What a sender is told: a status that WooCommerce counts rightly, and JSON for whoever reads it.
//!
//! Never a redirect: a shop counts 301 and 302 as success and the event is gone.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::Counters;

/// How long a sender is told to wait when nothing can be stored.
const RETRY_AFTER_S: &str = "30";

/// Everything a hook may answer.
pub(super) enum Answer {
    /// On disk.
    Accepted { event_id: String, correlation_id: String },
    /// The last event of the resource said the same.
    Duplicate { event_id: String, correlation_id: String },
    /// It is what our own write made the shop say.
    Echo { event_id: String, correlation_id: String },
    /// On disk, for a person to look at.
    Quarantined { id: u64, reason: &'static str, message: String, refused: bool },
    /// A webhook was made or switched on. Anything but an empty 200 makes the shop send it again
    /// after each delivery.
    Pong,
    /// Not stored: nobody of that name.
    Unknown,
    /// Not stored: too large.
    TooLarge { bytes_max: usize },
    /// Not stored: not a POST.
    NotPost,
    /// Not stored: the body did not arrive.
    Broken { message: String },
    /// Not stored, and the sender should come again.
    Unavailable { message: String },
}

#[derive(Serialize)]
struct Words<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

const NOTHING: Words<'static> = Words {
    status: "",
    event_id: None,
    correlation_id: None,
    quarantine_id: None,
    reason: None,
    message: None,
};

impl Answer {
    /// Puts the answer into HTTP, and counts it where nothing was stored: intake counts the rest.
    pub(super) fn give(self, counters: &Counters) -> Response<Body> {
        match &self {
            Self::Accepted { event_id, correlation_id } => {
                let words = Words {
                    status: "accepted",
                    event_id: Some(event_id),
                    correlation_id: Some(correlation_id),
                    ..NOTHING
                };
                json(StatusCode::OK, &words)
            }
            Self::Duplicate { event_id, correlation_id } => {
                let words = Words {
                    status: "duplicate",
                    event_id: Some(event_id),
                    correlation_id: Some(correlation_id),
                    message: Some("the last event of this resource said the same"),
                    ..NOTHING
                };
                json(StatusCode::OK, &words)
            }
            Self::Echo { event_id, correlation_id } => {
                let words = Words {
                    status: "echo",
                    event_id: Some(event_id),
                    correlation_id: Some(correlation_id),
                    message: Some("this event has written so to the shop; nobody is told again"),
                    ..NOTHING
                };
                json(StatusCode::OK, &words)
            }
            Self::Quarantined { id, reason, message, refused } => {
                let status = if *refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
                let words = Words {
                    status: "quarantined",
                    quarantine_id: Some(*id),
                    reason: Some(reason),
                    message: Some(message),
                    ..NOTHING
                };
                json(status, &words)
            }
            Self::Pong => {
                Counters::add(&counters.pings);
                Response::new(Body::empty())
            }
            Self::Unknown => {
                let message = "no such hook here: the URL is /hooks/{merchant}/{connection} with \
                               the names of the configuration";
                refusal(counters, StatusCode::NOT_FOUND, "unknown", message)
            }
            Self::TooLarge { bytes_max } => {
                let message = format!(
                    "the body is larger than {bytes_max} bytes; raise body_bytes_max of the \
                     connection if this is a real payload"
                );
                refusal(counters, StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message)
            }
            Self::NotPost => {
                let message = "this is a webhook: enter this URL as the delivery URL of a \
                               WooCommerce webhook, which sends it POST requests";
                let mut answer =
                    refusal(counters, StatusCode::METHOD_NOT_ALLOWED, "not_post", message);
                answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
                answer
            }
            Self::Broken { message } => {
                refusal(counters, StatusCode::BAD_REQUEST, "broken", message)
            }
            Self::Unavailable { message } => {
                Counters::add(&counters.unavailable);
                let words = Words { status: "unavailable", message: Some(message), ..NOTHING };
                let mut answer = json(StatusCode::SERVICE_UNAVAILABLE, &words);
                let wait = HeaderValue::from_static(RETRY_AFTER_S);
                answer.headers_mut().insert(header::RETRY_AFTER, wait);
                answer
            }
        }
    }
}

fn refusal(
    counters: &Counters,
    status: StatusCode,
    reason: &'static str,
    message: &str,
) -> Response<Body> {
    Counters::add(&counters.refused);
    let words =
        Words { status: "refused", reason: Some(reason), message: Some(message), ..NOTHING };
    json(status, &words)
}

fn json(status: StatusCode, words: &Words<'_>) -> Response<Body> {
    let text = serde_json::to_vec(words).expect("words and numbers always become JSON");
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
