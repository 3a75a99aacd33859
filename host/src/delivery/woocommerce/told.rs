//! What a shop's webhooks tell of a thing: before a write of ours, and after it.
//!
//! The shop answers a write with the whole resource, word for word as its webhook will say it. Only
//! products are answered otherwise (as they are edited, not as they are shown), so they are read back,
//! and believed if they have not been saved again meanwhile. Where nobody listens to the shop, none of
//! this is asked for.

use bytes::Bytes;
use jiff::SignedDuration;
use serde::Deserialize;

use super::super::Written;
use super::Target;
use super::entity::Entity;
use super::fault::Fault;
use super::look::gmt;
use super::rest::Resource;
use super::work::Job;

/// An order is saved once or twice in the second it is made in; later it was somebody else.
const MADE_IN: SignedDuration = SignedDuration::from_secs(10);

impl Target {
    /// What a webhook would say of it now.
    pub(super) async fn before(&self, job: &Job<'_>, id: u64) -> Result<Option<Bytes>, Fault> {
        match shown_at(job.entity, id).filter(|_| self.listens) {
            Some(path) => Ok(Some(self.rest.get(&path).await?.body)),
            None => Ok(None),
        }
    }

    /// What a webhook will say of it after this answer.
    pub(super) async fn after(&self, job: &Job<'_>, answer: &Resource) -> Option<Bytes> {
        if !self.listens {
            return None;
        }
        match job.entity {
            Entity::Order | Entity::Customer | Entity::Coupon => Some(answer.body.clone()),
            Entity::Product | Entity::Variation => {
                let shown = self.rest.get(&format!("products/{}", answer.id)).await.ok()?.body;
                (saved_at(&shown)? == saved_at(&answer.body)?).then_some(shown)
            }
            // Whoever fetches refunds adds whose they are.
            Entity::Refund => {
                let rest = answer.body.strip_prefix(b"{")?;
                let mut body = format!("{{\"order_id\":{},", job.parent?).into_bytes();
                body.extend_from_slice(rest);
                Some(body.into())
            }
            Entity::Note => None,
        }
    }

    pub(super) fn written(
        &self,
        job: &Job<'_>,
        id: u64,
        before: Option<Bytes>,
        after: Option<Bytes>,
    ) -> Option<Written> {
        let resource = format!("{}/{id}", job.entity.resource()?);
        after.filter(|_| self.listens).map(|after| Written { resource, before, after })
    }
}

/// Where a thing is read as its webhooks tell it; variations are told as products.
pub(super) fn shown_at(entity: Entity, id: u64) -> Option<String> {
    match entity {
        Entity::Order => Some(format!("orders/{id}")),
        Entity::Product | Entity::Variation => Some(format!("products/{id}")),
        Entity::Customer => Some(format!("customers/{id}")),
        Entity::Coupon => Some(format!("coupons/{id}")),
        Entity::Refund | Entity::Note => None,
    }
}

#[derive(Deserialize)]
struct Dates {
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
}

fn saved_at(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Dates>(body).ok()?.date_modified_gmt
}

/// Whether nobody has saved it since it was made.
pub(super) fn is_untouched(body: &[u8]) -> bool {
    let Ok(dates) = serde_json::from_slice::<Dates>(body) else { return false };
    let made = dates.date_created_gmt.as_deref().and_then(gmt);
    let saved = dates.date_modified_gmt.as_deref().and_then(gmt);
    made.zip(saved).is_some_and(|(made, saved)| saved.duration_since(made) <= MADE_IN)
}
