//! From a document to a job: references become ids, the body a record, the key the value by which
//! the record is found again.
//!
//! A reference is resolved from what is remembered, else by the connector's own *find*; all that
//! cannot be resolved are named at once, so that one look at the reason is enough.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::{Found, Identities, Missing};
use super::encode::{self, Stop};
use super::entity::{Entity, Find};
use super::fault::Fault;
use super::record::{Record, Wire};
use super::{Target, sale};
use crate::event::Document;
use crate::reference;

/// A document on the way to becoming a record.
pub(super) struct Job<'a> {
    pub(super) entity: Entity,
    pub(super) document: &'a Document,
    /// The value that finds it again.
    pub(super) key: String,
    pub(super) record: Record,
    /// The state wanted of a sale.
    pub(super) state: Option<sale::State>,
}

impl Job<'_> {
    pub(super) fn is_sale(&self) -> bool {
        self.entity.model == "sale.sale"
    }
}

impl Target {
    /// The body with ids in place of references.
    pub(super) async fn body(
        &self,
        document: &Document,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<Value, Fault> {
        let text = document.body.get();
        let references = reference::scan(text)
            .map_err(|error| Fault::rejected("reference_malformed", error.to_string()))?;
        let mut known: BTreeMap<(&str, &str), Option<i64>> = BTreeMap::new();
        let (mut missing, mut told) = (Vec::new(), Vec::new());
        for reference in &references {
            let (entity, key) = (reference.entity.as_str(), reference.key.as_str());
            if known.contains_key(&(entity, key)) {
                continue;
            }
            let remembered = identities.get(entity, key).and_then(|id| id.parse().ok());
            let id = match remembered {
                Some(id) => Some(id),
                None => {
                    let entity = self.entities.get(entity)?;
                    let id = entity.find(&self.rpc, &self.schemas, key, false).await?;
                    found.extend(id.map(|id| Found {
                        entity: reference.entity.clone(),
                        key: reference.key.clone(),
                        id: id.to_string(),
                    }));
                    id
                }
            };
            if id.is_none() {
                told.push(format!("{entity} {key:?} (at {})", reference.pointer));
                missing.push(Missing::new(entity, key));
            }
            known.insert((entity, key), id);
        }
        if !missing.is_empty() {
            let reason = format!("Tryton has no {}", told.join(", no "));
            return Err(Fault::NotReady { reason, missing });
        }
        let id_of = |reference: &reference::Reference| {
            known.get(&(reference.entity.as_str(), reference.key.as_str())).copied().flatten()
        };
        let ids: Vec<String> =
            references.iter().map(|r| id_of(r).unwrap_or_default().to_string()).collect();
        serde_json::from_str(&reference::splice(text, &references, &ids))
            .map_err(|error| Fault::rejected("body_not_json", error.to_string()))
    }

    pub(super) async fn job<'a>(
        &self,
        entity: Entity,
        document: &'a Document,
        body: Value,
        calls_off: bool,
    ) -> Result<Job<'a>, Fault> {
        let mut members = match body {
            Value::Object(members) => members,
            _ if calls_off => Map::new(),
            _ => return Err(Fault::rejected("body_not_object", "the body must be a JSON object")),
        };
        let key_fields = entity.key_fields(&self.rpc, &self.schemas).await?;
        let key_field = key_fields.first().map(String::as_str).filter(|field| !field.contains('.'));
        let written = key_field.and_then(|field| members.get(field)?.as_str());
        let key = written.unwrap_or(&document.key).to_owned();
        let mut job = Job { entity, document, key, record: Record(Vec::new()), state: None };
        if calls_off && !matches!(job.entity.find, Find::Equal(_)) {
            return Ok(job);
        }
        if let Some(state) = members.shift_remove("state") {
            if !job.is_sale() {
                let reason = format!(
                    "/state: of a {} it cannot be set from here; only a sale's can",
                    job.entity.name
                );
                return Err(Fault::rejected("state_not_supported", reason));
            }
            job.state = Some(sale::State::wanted(&state)?);
        }
        let model = job.entity.model.clone();
        job.record = self.encode(&model, &members).await?;
        let schema = self.schemas.get(&self.rpc, &model).await?;
        if let Some(field) = key_field.filter(|field| schema.fields.contains_key(*field)) {
            job.record.default(field, Wire::Plain(json!(job.key)));
        }
        Ok(job)
    }

    /// Turns members into a record, fetching the shape of models as they turn out to be needed.
    async fn encode(&self, model: &str, members: &Map<String, Value>) -> Result<Record, Fault> {
        loop {
            let needed = match encode::record(&self.schemas.known(), model, members, "") {
                Ok(record) => return Ok(record),
                Err(Stop::Need(model)) => model,
                Err(Stop::UnknownField { model, .. }) if self.schemas.forget_if_stale(&model) => {
                    model
                }
                Err(Stop::UnknownField { fault, .. } | Stop::Wrong(fault)) => return Err(fault),
            };
            self.schemas.get(&self.rpc, &needed).await?;
        }
    }
}
