//! Intake: where every payload enters the journal, whoever brought it.
//!
//! A hook brings what a shop has signed, a poller what it has fetched itself. From here on both
//! are the same: the body is looked into, told from the last one of its resource, and is on the
//! disk as an event, or in quarantine, when [`Ingress::offer`] answers, and counted; the journal has
//! woken the dispatcher by then.
//!
//! What our own writes to a shop make it say is known again there, and goes no further.
//!
//! It costs a parse of the body, one SHA-256 over what it says and one wait for a group commit. It
//! does not check who brought the body: that is the caller's, before.

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::content::Reading;
use super::guard::Share;
use super::peek::{Unfit, peek};
use super::source::Source;
use super::{Counters, Ingress};
use crate::event::{EventId, NewEvent, Origin};
use crate::journal::{self, Acceptance, NewQuarantine, Said};

/// A payload of one connection, brought by somebody who made sure that it is the source's.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The merchant it belongs to.
    pub merchant: String,
    /// The connection it came by.
    pub connection: String,
    /// The topic in the source's words (`order.updated`); who polls says `order.updated` as well.
    pub topic: String,
    /// One resource, as JSON.
    pub body: Bytes,
    /// Who brought it.
    pub origin: Origin,
    /// Follows it to the target; nothing means the event's own id.
    pub correlation_id: Option<String>,
    /// What helps a person to understand it, should it go to quarantine.
    pub headers: Vec<(String, String)>,
}

/// What became of an [`Offer`].
#[derive(Debug)]
pub enum Taken {
    /// On disk.
    Accepted {
        /// Its place in the journal.
        seq: u64,
        /// Its id.
        event_id: EventId,
    },
    /// The last accepted event of its resource says the same; nothing was stored.
    Duplicate {
        /// That event.
        of: EventId,
    },
    /// It says what our own write to this shop has left; nothing was stored.
    Echo {
        /// The event whose delivery wrote it.
        of: EventId,
    },
    /// On disk, for a person to look at.
    Quarantined {
        /// Its number there.
        id: u64,
        /// A stable code (`error_object`).
        reason: &'static str,
        /// What is wrong with it and what to do, for a person.
        message: String,
    },
    /// Nothing was stored: bring it again later.
    NotStored(journal::Error),
}

impl Ingress {
    /// Takes a payload in. It is on the disk when this returns, unless it says otherwise.
    ///
    /// A connection that is not listening (any more) is no obstacle: routes are matched when the
    /// dispatcher takes the event.
    pub async fn offer(&self, offer: Offer) -> Taken {
        let Reading { content, depth } = Reading::of(&offer.body);
        let peek = match peek(&offer.topic, &offer.body, depth) {
            Ok(peek) => peek,
            Err(unfit) => return self.set_aside(offer, unfit).await,
        };
        let event_id = EventId::fresh();
        let fingerprint = self.fingerprint(&offer, &content, &event_id);
        let correlation_id = offer.correlation_id.unwrap_or_else(|| event_id.0.clone());
        let event = NewEvent {
            id: event_id.clone(),
            correlation_id: correlation_id.clone(),
            merchant: offer.merchant.clone(),
            connection: offer.connection.clone(),
            topic: offer.topic.clone(),
            resource_key: peek.resource_key.clone(),
            version: peek.version,
            received_at: Timestamp::now(),
            origin: offer.origin,
            body: offer.body,
        };
        let said = Said { content: Some(content), refunds: peek.refunds };
        let accepted = self.journal.accept_said(event, fingerprint, said).await;
        // A poller that brings the same twice is no loop of the shop, nor is what we wrote ourselves.
        let is_the_shops = !matches!(accepted, Ok(Acceptance::Echo { .. }) | Err(_));
        if is_the_shops && offer.origin == Origin::Hook {
            self.watch_for_loops(&offer.merchant, &offer.connection, &peek.resource_key);
        }
        match accepted {
            Ok(Acceptance::Accepted { seq }) => {
                Counters::add(&self.counters.accepted);
                tracing::info!(event.id = %event_id, correlation.id = correlation_id, merchant.name = offer.merchant, connection = offer.connection, topic = offer.topic, resource = peek.resource_key, origin = offer.origin.as_str(), "accepted");
                Taken::Accepted { seq, event_id }
            }
            Ok(Acceptance::Duplicate { of }) => {
                Counters::add(&self.counters.duplicates);
                Taken::Duplicate { of }
            }
            Ok(Acceptance::Echo { of }) => {
                Counters::add(&self.counters.echoes);
                tracing::info!(written_by = %of, merchant.name = offer.merchant, connection = offer.connection, topic = offer.topic, resource = peek.resource_key, origin = offer.origin.as_str(), "an echo of our own write");
                Taken::Echo { of }
            }
            Err(error) => not_stored(&offer.merchant, &offer.connection, error),
        }
    }

    fn watch_for_loops(&self, merchant: &str, connection: &str, resource: &str) {
        let share = match self.sources.load().get(merchant, connection) {
            Some(Source::Listening(source)) => source.woocommerce.resource_share(),
            Some(Source::Unavailable { .. }) | None => Share::default(),
        };
        if let Some(noisy) = self.guard.count(merchant, connection, resource, share, Instant::now())
        {
            tracing::warn!(
                merchant.name = merchant,
                connection,
                resource,
                bodies = noisy.bodies,
                window_s = noisy.window_s,
                "the shop sends this resource again and again: something in it loops (a plug-in \
                 that saves while it reads, order storage in compatibility mode); its events go \
                 on, slower"
            );
        }
    }

    /// Keeps what goes no further, with the reason.
    pub(super) async fn set_aside(&self, offer: Offer, unfit: Unfit) -> Taken {
        let Offer { merchant, connection, body, headers, .. } = offer;
        let record = NewQuarantine {
            merchant: merchant.clone(),
            connection: connection.clone(),
            reason: unfit.reason.to_owned(),
            detail: unfit.detail.clone(),
            headers,
            body,
            received_at: Timestamp::now(),
        };
        match self.journal.quarantine(record).await {
            Ok(id) => {
                Counters::add(&self.counters.quarantined);
                tracing::warn!(
                    merchant,
                    connection,
                    reason = unfit.reason,
                    quarantine.id = id,
                    "a payload went to quarantine: {}",
                    unfit.detail
                );
                Taken::Quarantined { id, reason: unfit.reason, message: unfit.detail }
            }
            Err(error) => not_stored(&merchant, &connection, error),
        }
    }

    /// What the event says: its content, who takes it, and whether it is there or gone. Created and
    /// updated with the same body say the same if they are routed alike. A custom action tells of
    /// something that happened and not of a state, often without saying to what (`"arg":[]`), so
    /// no two are the same.
    fn fingerprint(&self, offer: &Offer, content: &[u8; 32], id: &EventId) -> [u8; 32] {
        let sources = self.sources.load();
        let routes = match sources.get(&offer.merchant, &offer.connection) {
            Some(Source::Listening(source)) => source.routes_by_topic.get(&offer.topic),
            Some(Source::Unavailable { .. }) | None => None,
        };
        let mut hasher = Sha256::new();
        hasher.update(content);
        for route in routes.into_iter().flatten() {
            hasher.update((route.len() as u64).to_be_bytes());
            hasher.update(route);
        }
        match offer.topic.split_once('.') {
            Some(("action", _)) => hasher.update(&id.0),
            Some((_, "created" | "updated")) | None => {}
            Some((_, verb)) => hasher.update(verb),
        }
        hasher.finalize().into()
    }
}

fn not_stored(merchant: &str, connection: &str, error: journal::Error) -> Taken {
    tracing::error!(merchant, connection, %error, "a payload could not be stored");
    Taken::NotStored(error)
}
