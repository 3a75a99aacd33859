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

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::reference;
use super::super::{Delivery, Found, Identities};
use super::encode::{self, Stop};
use super::entity::{Entity, Find, ids_of};
use super::fault::Fault;
use super::record::{Record, Standing, Wire, create_all, same, same_record};
use super::rpc::Effect;
use super::{Target, sale};
use crate::event::{Document, Operation};

/// The addresses of one party that are looked through.
const EQUALS_MAX: u32 = 500;

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: Option<i64>,
    /// One line for the record.
    pub(super) what: String,
}

/// What becomes of records that stand in the target's list and not in the body's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// They stay: a party's e-mail addresses may come from several places.
    Grow,
    /// They go: a sale has the lines of its order and no others.
    Replace,
}

/// A document on the way to becoming a record.
pub(super) struct Job<'a> {
    pub(super) entity: Entity,
    pub(super) document: &'a Document,
    /// The value that finds it again.
    key: String,
    record: Record,
    /// The state wanted of a sale.
    pub(super) state: Option<sale::State>,
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

    /// The body with ids in place of references.
    async fn body(
        &self,
        document: &Document,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<Value, Fault> {
        let text = document.body.get();
        let references = reference::scan(text)
            .map_err(|error| Fault::rejected("reference_malformed", error.to_string()))?;
        let mut known: BTreeMap<(&str, &str), Option<i64>> = BTreeMap::new();
        let mut missing = Vec::new();
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
                missing.push(format!("{entity} {key:?} (at {})", reference.pointer));
            }
            known.insert((entity, key), id);
        }
        if !missing.is_empty() {
            let reason = format!("Tryton has no {}", missing.join(", no "));
            return Err(Fault::NotReady { reason });
        }
        let id_of = |reference: &reference::Reference| {
            known.get(&(reference.entity.as_str(), reference.key.as_str())).copied().flatten()
        };
        let ids: Vec<String> =
            references.iter().map(|r| id_of(r).unwrap_or_default().to_string()).collect();
        serde_json::from_str(&reference::splice(text, &references, &ids))
            .map_err(|error| Fault::rejected("body_not_json", error.to_string()))
    }

    async fn job<'a>(
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
            return Err(Fault::NotReady { reason });
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

    /// Writes what differs; answers with the names of the fields.
    pub(super) async fn write(
        &self,
        model: &str,
        id: i64,
        record: &Record,
        lists: Lists,
    ) -> Result<Vec<String>, Fault> {
        let changes = self.differences(model, id, record, lists).await?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let names = changes.keys().cloned().collect();
        let params = json!([[id], changes]);
        self.rpc.call(&format!("{model}.write"), params, Effect::Writes).await?;
        Ok(names)
    }

    /// What would have to be written, in the form `write` wants.
    pub(super) async fn differences(
        &self,
        model: &str,
        id: i64,
        record: &Record,
        lists: Lists,
    ) -> Result<Map<String, Value>, Fault> {
        if record.0.is_empty() {
            return Ok(Map::new());
        }
        let standing = self.read(model, &[id], &record.names()).await?;
        let row = standing.row(id);
        let mut changes = Map::new();
        for (name, wire) in &record.0 {
            let value = row.get(name).unwrap_or(&Value::Null);
            let have = ids_of(value);
            let change = match wire {
                _ if same(wire, value) => None,
                Wire::Plain(_) | Wire::One(_) => {
                    Record(vec![(name.clone(), wire.clone())]).to_create().get(name).cloned()
                }
                Wire::Links(wanted) => {
                    let added: Vec<i64> =
                        wanted.iter().copied().filter(|id| !have.contains(id)).collect();
                    let mut removed: Vec<i64> =
                        have.iter().copied().filter(|id| !wanted.contains(id)).collect();
                    if lists == Lists::Grow {
                        removed.clear();
                    }
                    actions([("remove", json!(removed)), ("add", json!(added))])
                }
                Wire::Children { model, records } => {
                    let names: Vec<&str> = records.iter().flat_map(Record::names).collect();
                    let children = self.read(model, &have, &names).await?;
                    match lists {
                        Lists::Grow => {
                            let new: Vec<Record> = records
                                .iter()
                                .filter(|record| children.equal_to(record, &have).is_none())
                                .cloned()
                                .collect();
                            actions([("create", json!(create_all(&new)))])
                        }
                        Lists::Replace => {
                            let equal = records.len() == have.len()
                                && records
                                    .iter()
                                    .zip(&have)
                                    .all(|(record, id)| same_record(record, children.row(*id)));
                            let (old, new) = (json!(have), json!(create_all(records)));
                            if equal { None } else { actions([("delete", old), ("create", new)]) }
                        }
                    }
                }
            };
            if let Some(change) = change {
                changes.insert(name.clone(), change);
            }
        }
        Ok(changes)
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

    async fn search(&self, model: &str, domain: Value, limit: u32) -> Result<Vec<i64>, Fault> {
        let params = json!([domain, 0, limit, [["id", "ASC"]]]);
        Ok(ids_of(&self.rpc.call(&format!("{model}.search"), params, Effect::Reads).await?))
    }

    pub(super) async fn read(
        &self,
        model: &str,
        ids: &[i64],
        names: &[&str],
    ) -> Result<Standing, Fault> {
        if ids.is_empty() {
            return Ok(Standing::default());
        }
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let params = json!([ids, names]);
        let method = format!("{model}.read");
        Ok(Standing::new(self.rpc.call(&method, params, Effect::Reads).await?))
    }
}

impl Job<'_> {
    pub(super) fn is_sale(&self) -> bool {
        self.entity.model == "sale.sale"
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }
}

/// The list actions that have something to do, `None` when none has.
fn actions<const N: usize>(actions: [(&str, Value); N]) -> Option<Value> {
    let some = |items: &Value| items.as_array().is_some_and(|items| !items.is_empty());
    let actions: Vec<Value> = actions
        .into_iter()
        .filter(|(_, items)| some(items))
        .map(|(action, items)| json!([action, items]))
        .collect();
    (!actions.is_empty()).then_some(Value::Array(actions))
}

/// What happened to a record that was there.
pub(super) fn described(name: &str, id: i64, changed: &[String]) -> String {
    if changed.is_empty() {
        format!("found {name} {id} as wanted")
    } else {
        format!("changed {name} {id}: {}", changed.join(", "))
    }
}
