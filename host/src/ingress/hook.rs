//! One delivery, from request to answer. The order of the checks is the promise: nothing that is
//! not signed is looked into, and 200 means that it is on the disk.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, Request};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::Duration;

use super::Ingress;
use super::answer::Answer;
use super::peek::{Unfit, peek};
use super::source::{Listening, Source};
use super::woocommerce::{self, OnBadSignature, Signature};
use crate::event::{EventId, NewEvent, Origin};
use crate::journal::{self, Acceptance, NewQuarantine};

/// A shop sends a body in one go and gives up after a minute; slower ones hold a connection.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read so that its sender hears the answer.
const THROWN_AWAY_BYTES_MAX: usize = 16 * 1024 * 1024;
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
        Some(Source::Unavailable { why }) => return Answer::Unavailable { message: why.clone() },
        None => return Answer::Unknown,
    };
    let (head, body) = request.into_parts();
    let headers = head.headers;
    let body = match read(body, source.woocommerce.body_bytes_max()).await {
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

/// Reads a body of up to `bytes_max`. What goes on beyond it is still read for a while and thrown
/// away: closing on a sender that is still sending would keep the answer from it.
async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Answer> {
    match tokio::time::timeout(BODY_TIME_MAX, gather(body, bytes_max)).await {
        Ok(read) => read,
        Err(_) => Err(Answer::Broken {
            message: format!("the body did not arrive within {} s", BODY_TIME_MAX.as_secs()),
        }),
    }
}

async fn gather(mut body: Body, bytes_max: usize) -> Result<Bytes, Answer> {
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
        if !woocommerce::is_json(&self.headers) {
            let unfit = Unfit {
                reason: "content_type",
                detail: "the content type is not application/json".into(),
            };
            return self.quarantine(unfit, body, false).await;
        }
        let Some(topic) = woocommerce::topic(&self.headers) else {
            let unfit = Unfit {
                reason: "topic_missing",
                detail: "X-WC-Webhook-Topic is missing or not of the form order.updated".into(),
            };
            return self.quarantine(unfit, body, false).await;
        };
        let peek = match peek(topic, &body) {
            Ok(peek) => peek,
            Err(unfit) => return self.quarantine(unfit, body, false).await,
        };
        let id = EventId::fresh();
        let correlation_id =
            correlation_id(&self.headers).map_or_else(|| id.0.clone(), ToOwned::to_owned);
        let fingerprint = self.fingerprint(topic, &id, &body);
        let event = NewEvent {
            id: id.clone(),
            correlation_id: correlation_id.clone(),
            merchant: self.merchant.to_owned(),
            connection: self.connection.to_owned(),
            topic: topic.to_owned(),
            resource_key: peek.resource_key.clone(),
            version: peek.version,
            received_at: Timestamp::now(),
            origin: Origin::Hook,
            body,
        };
        match self.ingress.journal.accept(event, fingerprint).await {
            Ok(Acceptance::Accepted { .. }) => {
                tracing::info!(event.id = %id, correlation.id = correlation_id, merchant.name = self.merchant, connection = self.connection, topic, resource = peek.resource_key, "accepted");
                Answer::Accepted { event_id: id.0, correlation_id }
            }
            Ok(Acceptance::Duplicate { of }) => {
                Answer::Duplicate { event_id: of.0, correlation_id }
            }
            Err(error) => self.not_stored(&error),
        }
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
        self.quarantine(unfit, body, refused).await
    }

    async fn quarantine(&self, unfit: Unfit, body: Bytes, refused: bool) -> Answer {
        let record = NewQuarantine {
            merchant: self.merchant.to_owned(),
            connection: self.connection.to_owned(),
            reason: unfit.reason.to_owned(),
            detail: unfit.detail.clone(),
            headers: woocommerce::headers_kept(&self.headers),
            body,
            received_at: Timestamp::now(),
        };
        match self.ingress.journal.quarantine(record).await {
            Ok(id) => {
                tracing::warn!(
                    merchant = self.merchant,
                    connection = self.connection,
                    reason = unfit.reason,
                    quarantine.id = id,
                    "a delivery went to quarantine: {}",
                    unfit.detail
                );
                Answer::Quarantined { id, reason: unfit.reason, message: unfit.detail, refused }
            }
            Err(error) => self.not_stored(&error),
        }
    }

    fn not_stored(&self, error: &journal::Error) -> Answer {
        tracing::error!(
            merchant = self.merchant,
            connection = self.connection,
            %error,
            "a delivery could not be stored"
        );
        // The sender learns that it was not stored, not what our disk looks like.
        let message = match error {
            journal::Error::Full => "nothing can be stored at the moment: there is no room left",
            journal::Error::Stopped => "the host is stopping",
            journal::Error::Misplaced(_) | journal::Error::Damaged(_) | journal::Error::Io(_) => {
                "it could not be stored"
            }
        };
        Answer::Unavailable { message: message.into() }
    }

    /// What the event says: its bytes, who takes it, and whether it is there or gone. Created and
    /// updated with the same body say the same if they are routed alike. A custom action tells of
    /// something that happened and not of a state, often without saying to what (`"arg":[]`), so
    /// no two are the same.
    fn fingerprint(&self, topic: &str, id: &EventId, body: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update((body.len() as u64).to_be_bytes());
        hasher.update(body);
        for route in self.source.routes_by_topic.get(topic).into_iter().flatten() {
            hasher.update((route.len() as u64).to_be_bytes());
            hasher.update(route);
        }
        match topic.split_once('.') {
            Some(("action", _)) => hasher.update(&id.0),
            Some((_, "created" | "updated")) | None => {}
            Some((_, verb)) => hasher.update(verb),
        }
        hasher.finalize().into()
    }
}

/// The sender's own id for this, if it is one that may stand in logs and headers.
fn correlation_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-correlation-id")?.to_str().ok()?;
    let sane = (1..=CORRELATION_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    sane.then_some(id)
}
