//! One row on its way into the journal: told from what is there already, and offered if it is news.
//!
//! What is known of a resource is its last accepted event. A row of an older version is of no use;
//! a row that says the same is none either, whatever its bytes. A row that says something else
//! under the same version (versions have whole seconds, and an edit of meta data does not move
//! them) is fetched again by its id: the list may be some moments old, and a resource that says
//! something else at each look would be news for ever.

use jiff::{SignedDuration, Timestamp};

use super::error::Error;
use super::ground::Ground;
use super::row::Row;
use super::settings::Entity;
use crate::event::{Event, Origin};
use crate::ingress::{Offer, Taken, content};

/// A webhook that is not there so long after the change is lost, not late.
const HOOK_LATE: SignedDuration = SignedDuration::from_secs(120);

/// What became of a row. In each case it is in the journal, or something newer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fed {
    /// It was news.
    Found,
    /// The journal knew it.
    Known,
    /// The journal knew a newer one.
    Stale,
    /// It is in quarantine.
    Quarantined,
}

impl Ground {
    /// Has a row in the journal when it returns.
    pub(super) async fn feed(
        &self,
        entity: Entity,
        row: Row,
        origin: Origin,
        shop_time: Option<Timestamp>,
    ) -> Result<Fed, Error> {
        let resource = format!("{}/{}", entity.resource(), row.id);
        let Some(last) = self.last_of(&resource)? else {
            let created = format!("{}.created", entity.resource());
            return self.offer_as(&created, entity, row, origin, shop_time).await;
        };
        let row = match (row.version, last.version) {
            (Some(row), Some(last)) if row < last => return Ok(Fed::Stale),
            (row_version, last_version) if row_version == last_version => {
                let said = content(&row.body);
                if said == content(&last.body) {
                    // Created and updated may go different ways, and the hook of one got lost.
                    let updated = format!("{}.updated", entity.resource());
                    if self.plan.alike(&last.topic, &updated) || !self.plan.takes(&updated) {
                        return Ok(Fed::Known);
                    }
                    return self.offer_as(&updated, entity, row, origin, shop_time).await;
                }
                let again = match self.shop.one(entity, row.id).await {
                    Ok(again) => again,
                    // It is gone in this moment; its deletion has an event of its own.
                    Err(Error::Gone) => return Ok(Fed::Known),
                    Err(error) => return Err(error),
                };
                if again.version == row.version && content(&again.body) != said {
                    tracing::debug!(
                        merchant.name = self.plan.merchant,
                        connection = self.plan.connection,
                        resource,
                        "says something else at each look, under the same version"
                    );
                    return Ok(Fed::Known);
                }
                again
            }
            _ => row,
        };
        let updated = format!("{}.updated", entity.resource());
        self.offer_as(&updated, entity, row, origin, shop_time).await
    }

    /// A resource that was never heard of comes as a shop brings it: as created, if that goes
    /// anywhere, and then as updated. Where both go the same ways they are one event.
    async fn offer_as(
        &self,
        topic: &str,
        entity: Entity,
        row: Row,
        origin: Origin,
        shop_time: Option<Timestamp>,
    ) -> Result<Fed, Error> {
        let updated = format!("{}.updated", entity.resource());
        let mut topics = Vec::with_capacity(2);
        if topic != updated && self.plan.takes(topic) {
            topics.push(topic);
        }
        // What goes nowhere is accepted all the same: that nobody takes it can be seen then.
        if self.plan.takes(&updated) || topics.is_empty() {
            topics.push(&updated);
        }
        let mut fed = Fed::Known;
        for topic in topics {
            match self.offer(topic, row.body.clone(), origin).await? {
                Fed::Known => {}
                news => fed = news,
            }
        }
        if fed == Fed::Found {
            self.note_found(entity, origin, row.version, shop_time);
        }
        Ok(fed)
    }

    pub(super) async fn offer(
        &self,
        topic: &str,
        body: bytes::Bytes,
        origin: Origin,
    ) -> Result<Fed, Error> {
        let offer = Offer {
            merchant: self.plan.merchant.clone(),
            connection: self.plan.connection.clone(),
            topic: topic.to_owned(),
            body,
            origin,
            correlation_id: None,
            headers: vec![("x-wc-webhook-topic".to_owned(), topic.to_owned())],
        };
        match self.ingress.offer(offer).await {
            Taken::Accepted { .. } => Ok(Fed::Found),
            Taken::Duplicate { .. } | Taken::Echo { .. } => Ok(Fed::Known),
            Taken::Quarantined { .. } => Ok(Fed::Quarantined),
            Taken::NotStored(error) => Err(error.into()),
        }
    }

    fn last_of(&self, resource: &str) -> Result<Option<std::sync::Arc<Event>>, Error> {
        let journal = &self.ingress.journal;
        let Some(seq) = journal.last_of(&self.plan.merchant, &self.plan.connection, resource)?
        else {
            return Ok(None);
        };
        Ok(journal.event(seq)?)
    }

    fn note_found(
        &self,
        entity: Entity,
        origin: Origin,
        version: Option<Timestamp>,
        shop_time: Option<Timestamp>,
    ) {
        if origin != Origin::Poll {
            return;
        }
        let lag = shop_time.zip(version).map(|(now, version)| now.duration_since(version));
        self.metrics.poll_found.inc();
        self.board.entity(&self.plan, entity, |status| {
            status.found += 1;
            if lag.is_some_and(|lag| lag > HOOK_LATE) {
                status.found_late += 1;
            }
            status.lag_s = lag.map(|lag| lag.as_secs());
        });
    }
}
