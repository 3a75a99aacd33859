//! One document, one attempt: look, then make or change, then lead it to the state it should have.
//!
//! ```text
//!   references -> ids --> body -> record --> lock --> look: by known id, then by natural key
//!                                                        |
//!                        not there: create      there: write what differs, nothing else
//!                                        \        /
//!                                    sale: buttons to its state
//! ```
//! A crash or a lost answer anywhere in between leaves something that the next look finds.

use serde_json::{Value, json};

use super::super::{Delivery, Found, Identities, Missing};
use super::entity::{Entity, Find, ids_of};
use super::fault::Fault;
use super::job::Job;
use super::record::{Record, Wire};
use super::rpc::Effect;
use super::write::{Lists, described};
use super::{Target, sale};
use crate::event::Operation;

/// The addresses of one party that are looked through.
const EQUALS_MAX: u32 = 500;

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: Option<i64>,
    /// One line for the record.
    pub(super) what: String,
}

impl Target {
    pub(super) async fn work(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<Done, Fault> {
        let document = delivery.document;
        let entity = self.entities.get(&document.entity)?;
        let calls_off = matches!(document.operation, Operation::Cancel | Operation::Delete);
        // What is called off needs no fields, and its references may be gone already.
        let body = if calls_off && !matches!(entity.find, Find::Equal(_)) {
            serde_json::from_str(document.body.get()).unwrap_or_default()
        } else {
            self.body(document, identities, found).await?
        };
        let job = self.job(entity, document, body, calls_off).await?;
        let model = job.entity.model.as_str();
        let _alone = self.locks.lock(model, &self.lock_key(&job)).await;

        let there = self.look(&job, identities).await?;
        let remember = |id: i64| Found {
            entity: document.entity.clone(),
            key: document.key.clone(),
            id: id.to_string(),
        };
        match (document.operation, there) {
            (Operation::Cancel | Operation::Delete, None) => Ok(Done {
                id: None,
                what: format!("there was no {} to take back", job.entity.name),
            }),
            (Operation::Cancel, Some(id)) => self.cancel(&job, id).await,
            (Operation::Delete, Some(id)) => self.delete(&job, id).await,
            (Operation::Update, None) => Err(Fault::NotReady {
                reason: format!(
                    "there is no {} {:?} in Tryton to update",
                    job.entity.name, job.key
                ),
                missing: vec![Missing::new(&document.entity, &document.key)],
            }),
            (_, None) => {
                let (id, made) = self.create(&job, delivery.first_attempt).await?;
                found.push(remember(id));
                let what =
                    format!("{} {} {id}", if made { "made" } else { "found" }, job.entity.name);
                self.lead(&job, id, what).await
            }
            (operation, Some(id)) => {
                found.push(remember(id));
                let name = &job.entity.name;
                let what = match operation {
                    Operation::Create => format!("found {name} {id}"),
                    _ if job.is_sale() => self.update_sale(&job, id).await?,
                    _ => {
                        let changed = self.write(model, id, &job.record, Lists::Grow).await?;
                        described(name, id, &changed)
                    }
                };
                self.lead(&job, id, what).await
            }
        }
    }

    /// Whoever might make the same thing must stand at the same gate.
    fn lock_key(&self, job: &Job<'_>) -> String {
        match &job.entity.find {
            Find::Equal(within) => format!("{within} {:?}", job.record.get(within)),
            Find::By(_) | Find::Usual => job.key.clone(),
        }
    }

    /// The record, if it is there.
    async fn look(&self, job: &Job<'_>, identities: &dyn Identities) -> Result<Option<i64>, Fault> {
        let Job { entity, document, .. } = job;
        let remembered = identities.get(&document.entity, &document.key);
        if let Some(id) = remembered.and_then(|id| id.parse::<i64>().ok()) {
            // Somebody may have deleted it since.
            let mut domain = vec![json!(["id", "=", id])];
            let schema = self.schemas.get(&self.rpc, &entity.model).await?;
            if schema.fields.contains_key("active") {
                domain.push(json!(["active", "in", [true, false]]));
            }
            let answer = self.search(&entity.model, json!(domain), 1).await?;
            if !answer.is_empty() {
                return Ok(Some(id));
            }
        }
        let Find::Equal(within) = entity.find else {
            return entity.find(&self.rpc, &self.schemas, &job.key, true).await;
        };
        let Some(Wire::One(Some(owner))) = job.record.get(within) else {
            let reason = format!("/{within}: an {} must say whose it is", entity.name);
            return Err(Fault::rejected("owner_missing", reason));
        };
        let domain = json!([[within, "=", owner]]);
        let ids = self.search(&entity.model, domain, EQUALS_MAX).await?;
        let standing = self.read(&entity.model, &ids, &job.record.names()).await?;
        Ok(standing.equal_to(&job.record, &ids))
    }

    /// Makes it; false when it turned out to be there.
    async fn create(&self, job: &Job<'_>, first_attempt: bool) -> Result<(i64, bool), Fault> {
        let Entity { name, model, .. } = &job.entity;
        if !job.entity.made_here {
            let reason = format!(
                "there is no {name} {:?} in Tryton, and it takes more than a document to make one: \
                 make it there",
                job.key
            );
            return Err(Fault::NotReady { reason, missing: Vec::new() });
        }
        let mut record = job.record.clone();
        if job.is_sale() {
            let schema = self.schemas.get(&self.rpc, model).await?;
            // Its default is set by a module without looking at the carrier, and is then refused
            // at the quotation of every sale that has none.
            if schema.fields.contains_key("shipment_cost_method") && record.get("carrier").is_none()
            {
                record.default("shipment_cost_method", Wire::Plain(Value::Null));
            }
        }
        let params = json!([[record.to_create()]]);
        let made = self.rpc.call(&format!("{model}.create"), params, Effect::Writes).await;
        let id = match made {
            // Perhaps another host was quicker, and the key is unique there.
            Err(refused @ Fault::Rejected { code: "user_error", .. }) => {
                let there = job.entity.find(&self.rpc, &self.schemas, &job.key, true).await?;
                return there.map(|id| (id, false)).ok_or(refused);
            }
            made => ids_of(&made?).first().copied().ok_or_else(|| {
                Fault::rejected("server_error", format!("{model}.create gave no id"))
            })?,
        };
        if first_attempt {
            return Ok((id, true));
        }
        // An earlier attempt whose answer was lost may have been still at work when we looked.
        let key_fields = job.entity.key_fields(&self.rpc, &self.schemas).await?;
        let Some(field) = key_fields.first() else { return Ok((id, true)) };
        let same = self.search(model, json!([[field, "=", job.key]]), 10).await?;
        match same.first() {
            Some(&earlier) if earlier < id => {
                self.rpc.call(&format!("{model}.delete"), json!([[id]]), Effect::Writes).await?;
                Ok((earlier, false))
            }
            _ => Ok((id, true)),
        }
    }

    async fn cancel(&self, job: &Job<'_>, id: i64) -> Result<Done, Fault> {
        let Entity { name, model, .. } = &job.entity;
        if job.is_sale() {
            let what = format!("found sale {id}");
            return self.lead_to(id, sale::State::Cancelled, what).await;
        }
        let schema = self.schemas.get(&self.rpc, model).await?;
        if !schema.fields.contains_key("active") {
            let reason = format!("a {name} cannot be called off: {model} has no field active");
            return Err(Fault::rejected("cancel_not_supported", reason));
        }
        let archived = Record(vec![("active".to_owned(), Wire::Plain(json!(false)))]);
        self.write(model, id, &archived, Lists::Grow).await?;
        Ok(Done { id: Some(id), what: format!("archived {name} {id}") })
    }

    async fn delete(&self, job: &Job<'_>, id: i64) -> Result<Done, Fault> {
        let Entity { name, model, .. } = &job.entity;
        if job.is_sale() {
            // Only a cancelled sale may be deleted; one that cannot be cancelled says why.
            self.lead_to(id, sale::State::Cancelled, String::new()).await?;
        }
        self.rpc.call(&format!("{model}.delete"), json!([[id]]), Effect::Writes).await?;
        Ok(Done { id: Some(id), what: format!("deleted {name} {id}") })
    }

    /// Leads a sale to the state its document wants; anything else is done already.
    async fn lead(&self, job: &Job<'_>, id: i64, what: String) -> Result<Done, Fault> {
        match job.state {
            Some(state) => self.lead_to(id, state, what).await,
            None => Ok(Done { id: Some(id), what }),
        }
    }
}
