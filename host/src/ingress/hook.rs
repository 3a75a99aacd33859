//! One delivery, from request to answer. The order of the checks is the promise: nothing that is
//! not signed is looked into, and 200 means that it is on the disk.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, Request};
use bytes::{Bytes, BytesMut};
use tokio::time::Duration;

use super::Ingress;
use super::answer::Answer;
use super::intake::{Offer, Taken};
use super::peek::Unfit;
use super::source::{Listening, Source};
use super::woocommerce::{self, OnBadSignature, Signature};
use crate::event::{EventId, Origin};
use crate::journal;

/// A shop sends a body in one go and gives up after a minute; slower ones hold a connection.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read so that its sender hears the answer.
const THROWN_AWAY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bodies that are being received, of all connections together: nobody has looked yet who sends them.
const RECEIVING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// `webhook_id=` and a number.
const PING_BYTES_MAX: usize = 64;
/// Ids that other systems put on an event fit in this.
const CORRELATION_ID_BYTES_MAX: usize = 128;

/// Takes one delivery in.
pub(super) async fn receive(
    ingress: &Ingress,
    merchant: &str,
    connection: &str,
    request: Request<Body>,
) -> Answer {
    let sources = ingress.sources.load_full();
    let source = match sources.get(merchant, connection) {
        Some(Source::Listening(source)) => source,
        Some(Source::Unavailable { why }) => return unavailable(ingress, request, why).await,
        None => return Answer::Unknown,
    };
    let (head, body) = request.into_parts();
    let headers = head.headers;
    let receiving = &ingress.counters.receiving;
    let body = match read(body, source.woocommerce.body_bytes_max(), receiving).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if woocommerce::is_ping(&headers, &body) {
        return Answer::Pong;
    }
    let hook = Hook { ingress, source, merchant, connection, headers };
    match source.woocommerce.verify(&hook.headers, &body) {
        Signature::Right => hook.trusted(body).await,
        Signature::Missing => {
            let unfit = Unfit {
                reason: "signature_missing",
                detail: "the delivery is not signed: give the webhook in the shop the secret of \
                         this connection"
                    .into(),
            };
            hook.untrusted(unfit, body).await
        }
        Signature::Wrong => {
            let unfit = Unfit {
                reason: "signature_mismatch",
                detail: "the signature does not fit the secret of this connection: the webhook in \
                         the shop has another secret, or somebody changed the body on its way"
                    .into(),
            };
            hook.untrusted(unfit, body).await
        }
    }
}

/// A connection whose configuration is broken stores nothing. Its ping is answered all the same: a
/// shop that does not hear 200 sends it again after each delivery, for ever.
async fn unavailable(ingress: &Ingress, request: Request<Body>, why: &str) -> Answer {
    let (head, body) = request.into_parts();
    match read(body, PING_BYTES_MAX, &ingress.counters.receiving).await {
        Ok(body) if woocommerce::is_ping(&head.headers, &body) => Answer::Pong,
        _ => Answer::Unavailable { message: why.to_owned() },
    }
}

/// Reads a body of up to `bytes_max`. What goes on beyond it is still read for a while and thrown
/// away: closing on a sender that is still sending would keep the answer from it.
async fn read(body: Body, bytes_max: usize, of_all: &AtomicUsize) -> Result<Bytes, Answer> {
    match tokio::time::timeout(BODY_TIME_MAX, gather(body, bytes_max, of_all)).await {
        Ok(read) => read,
        Err(_) => Err(Answer::Broken {
            message: format!("the body did not arrive within {} s", BODY_TIME_MAX.as_secs()),
        }),
    }
}

/// What one request holds of the room for all, until it is read.
struct Held<'a> {
    of_all: &'a AtomicUsize,
    bytes: usize,
}

impl Held<'_> {
    /// Takes more of it, if there is any.
    fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.of_all.fetch_add(bytes, Ordering::Relaxed) + bytes <= RECEIVING_BYTES_MAX
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.of_all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

async fn gather(mut body: Body, bytes_max: usize, of_all: &AtomicUsize) -> Result<Bytes, Answer> {
    let mut held = Held { of_all, bytes: 0 };
    // Most bodies come in one piece and are kept as it is.
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| Answer::Broken {
            message: format!("the body did not arrive whole: {error}"),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > bytes_max {
            whole = BytesMut::new();
            if seen > bytes_max.saturating_add(THROWN_AWAY_BYTES_MAX) {
                break;
            }
        } else if !held.take(data.len()) {
            tracing::warn!(
                bytes_max = RECEIVING_BYTES_MAX,
                "more is being sent to this host at once than it holds in memory; senders are told to come again"
            );
            return Err(Answer::Unavailable {
                message: "too much is being sent to this host at once; send it again later".into(),
            });
        } else if seen == data.len() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    match seen {
        _ if seen > bytes_max => Err(Answer::TooLarge { bytes_max }),
        _ if whole.is_empty() => Ok(first),
        _ => Ok(whole.freeze()),
    }
}

/// A delivery whose source is known.
struct Hook<'a> {
    ingress: &'a Ingress,
    source: &'a Listening,
    merchant: &'a str,
    connection: &'a str,
    headers: HeaderMap,
}

impl Hook<'_> {
    /// The shop sent it.
    async fn trusted(&self, body: Bytes) -> Answer {
        let topic = woocommerce::topic(&self.headers);
        let offer = self.offer(topic.unwrap_or_default(), body);
        let given = offer.correlation_id.clone();
        let taken = if !woocommerce::is_json(&self.headers) {
            let unfit = Unfit {
                reason: "content_type",
                detail: "the content type is not application/json: set it for this webhook, as WooCommerce \
                         does by itself, or look at what a proxy between makes of it"
                    .into(),
            };
            self.ingress.set_aside(offer, unfit).await
        } else if topic.is_none() {
            let unfit = Unfit {
                reason: "topic_missing",
                detail: "X-WC-Webhook-Topic is missing or not of the form order.updated: choose a topic for \
                         this webhook in the shop, or look at which headers a proxy between lets through"
                    .into(),
            };
            self.ingress.set_aside(offer, unfit).await
        } else {
            self.ingress.offer(offer).await
        };
        answer(taken, given, false)
    }

    /// Anybody may have sent it.
    async fn untrusted(&self, unfit: Unfit, body: Bytes) -> Answer {
        if !self.source.untrusted.take(body.len()) {
            tracing::warn!(
                merchant = self.merchant,
                connection = self.connection,
                reason = unfit.reason,
                "the quarantine of unsigned deliveries is full for this hour"
            );
            return Answer::Unavailable {
                message: format!(
                    "{}. Too much of this has come in the last hour, so it was not kept",
                    unfit.detail
                ),
            };
        }
        let refused = self.source.woocommerce.on_bad_signature() == OnBadSignature::Refuse;
        let offer = self.offer("", body);
        answer(self.ingress.set_aside(offer, unfit).await, None, refused)
    }

    fn offer(&self, topic: &str, body: Bytes) -> Offer {
        Offer {
            merchant: self.merchant.to_owned(),
            connection: self.connection.to_owned(),
            topic: topic.to_owned(),
            body,
            origin: Origin::Hook,
            correlation_id: correlation_id(&self.headers).map(ToOwned::to_owned),
            headers: woocommerce::headers_kept(&self.headers),
        }
    }
}

/// What the sender is told. `given` is the sender's own id for it.
fn answer(taken: Taken, given: Option<String>, refused: bool) -> Answer {
    match taken {
        Taken::Accepted { event_id: EventId(event_id), .. } => {
            let correlation_id = given.unwrap_or_else(|| event_id.clone());
            Answer::Accepted { event_id, correlation_id }
        }
        Taken::Duplicate { of: EventId(event_id) } => {
            let correlation_id = given.unwrap_or_else(|| event_id.clone());
            Answer::Duplicate { event_id, correlation_id }
        }
        Taken::Echo { of: EventId(event_id) } => {
            let correlation_id = given.unwrap_or_else(|| event_id.clone());
            Answer::Echo { event_id, correlation_id }
        }
        Taken::Quarantined { id, reason, message } => {
            Answer::Quarantined { id, reason, message, refused }
        }
        // The sender learns that it was not stored, not what our disk looks like.
        Taken::NotStored(error) => Answer::Unavailable {
            message: match error {
                journal::Error::Full => "nothing can be stored at the moment: no room is left",
                journal::Error::Stopped => "the host is stopping",
                journal::Error::Misplaced(_)
                | journal::Error::Damaged(_)
                | journal::Error::Io(_) => "it could not be stored",
            }
            .into(),
        },
    }
}

/// The sender's own id for this, if it is one that may stand in logs and headers.
fn correlation_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-correlation-id")?.to_str().ok()?;
    let sane = (1..=CORRELATION_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    sane.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_on_its_way_at_once_has_a_bound_and_is_given_back() {
        let of_all = AtomicUsize::new(RECEIVING_BYTES_MAX - 10);
        let read = async |body: &'static str| gather(Body::from(body), 100, &of_all).await;
        assert!(matches!(read("0123456789").await, Ok(body) if body == "0123456789"));
        assert!(matches!(read("0123456789+").await, Err(Answer::Unavailable { .. })));
        assert!(read("0123456789").await.is_ok());
        assert_eq!(of_all.into_inner(), RECEIVING_BYTES_MAX - 10);
    }
}
