//! One document, one attempt: what is meant is found, then made, changed or deleted.
//!
//! ```text
//!   references -> ids --> body --> look: by the shop's id, else by SKU, address or code,
//!                                  else (not the first attempt) by the key written along
//!                                      |
//!                   not there: POST    |    there: PUT, DELETE, or nothing
//! ```
//! A crash or a lost answer in between leaves something that the next look finds.

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::super::{Delivery, Found, Identities, Missing, Written};
use super::Target;
use super::body::{Body, adds_lines};
use super::entity::Entity;
use super::fault::Fault;
use super::look::There;
use super::told::{is_untouched, shown_at};
use crate::event::{Document, Operation};

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: Option<String>,
    pub(super) status: Option<u16>,
    /// One line for the record.
    pub(super) what: String,
    pub(super) written: Option<Written>,
}

/// A document on its way.
pub(super) struct Job<'a> {
    pub(super) entity: Entity,
    document: &'a Document,
    /// Where it belongs.
    pub(super) parent: Option<u64>,
    /// When its event came.
    event_came: Timestamp,
    first_attempt: bool,
    in_doubt: bool,
}

impl Target {
    pub(super) async fn work(
        &self,
        delivery: &Delivery<'_>,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<Done, Fault> {
        let document = delivery.document;
        let entity = Entity::of(&document.entity)
            .map_err(|reason| Fault::rejected("entity_unknown", reason))?;
        entity.check(document.operation)?;
        let calls_off = matches!(document.operation, Operation::Cancel | Operation::Delete);
        // What is called off needs no fields, and its references may be gone already.
        let mut body = if calls_off && entity.parent().is_none() {
            Body::read(document.body.get()).or_else(|_| Body::read("{}"))?
        } else {
            Body::read(&self.resolved(document, identities, found).await?)?
        };
        let named = body.take_id("id")?;
        let parent = match entity.parent() {
            Some((member, _)) => body.take_id(member)?,
            None => None,
        };
        let remembered = identities.get(entity.name(), &document.key);
        let remembered = remembered.and_then(|id| id.parse::<u64>().ok());
        let Delivery { first_attempt, in_doubt, .. } = *delivery;
        let event_came = came(delivery);
        let job = Job { entity, document, parent, event_came, first_attempt, in_doubt };
        match document.operation {
            Operation::Create if named.is_some() => Err(Fault::rejected(
                "id_in_create",
                "/id: the shop gives the ids of what is made; leave it out, or update what is there",
            )),
            Operation::Create => match remembered {
                Some(id) => Ok(self.was_there(&job, id)),
                None => self.make(&job, body).await,
            },
            Operation::Upsert => self.make_or_change(&job, named, remembered, body).await,
            Operation::Update => {
                let there = self.there(&job, named.or(remembered), &body).await?;
                let Some(there) = there else {
                    let reason = format!(
                        "the shop has no {} {:?} to update: its id is not known",
                        entity.name(),
                        document.key
                    );
                    let missing = vec![Missing::new(entity.name(), &document.key)];
                    return Err(Fault::NotReady { reason, missing });
                };
                self.change(&job, there, body).await
            }
            Operation::Cancel | Operation::Delete => {
                let Some(there) = self.there(&job, named.or(remembered), &body).await? else {
                    return Ok(self.nothing(&job));
                };
                let gone = match document.operation {
                    Operation::Cancel => {
                        let cancelled = Body::read("{\"status\":\"cancelled\"}")?;
                        self.change(&job, there, cancelled).await
                    }
                    _ => self.delete(&job, there).await,
                };
                match gone {
                    Err(Fault::Refused(refusal)) if refusal.is_gone() => Ok(self.nothing(&job)),
                    done => done,
                }
            }
        }
    }

    /// What is meant, by its id or by the key it has in the shop.
    async fn there(
        &self,
        job: &Job<'_>,
        known: Option<u64>,
        body: &Body,
    ) -> Result<Option<There>, Fault> {
        if let Some(id) = known {
            return Ok(Some(There { id, parent: job.parent }));
        }
        match job.entity.natural_key().and_then(|member| body.text(member)) {
            Some(value) => self.rest.by_natural_key(job.entity, &value).await,
            None => Ok(None),
        }
    }

    async fn make_or_change(
        &self,
        job: &Job<'_>,
        named: Option<u64>,
        remembered: Option<u64>,
        body: Body,
    ) -> Result<Done, Fault> {
        if job.entity == Entity::Refund || job.entity == Entity::Note {
            // There is no change to make to one that stands.
            return match named.or(remembered) {
                Some(id) => Ok(self.was_there(job, id)),
                None => self.make(job, body).await,
            };
        }
        let Some(there) = self.there(job, named.or(remembered), &body).await? else {
            return self.make(job, body).await;
        };
        match self.change(job, there, body.clone()).await {
            // Somebody has deleted it for good; only who named it by its id insists on that one.
            Err(Fault::Refused(refusal)) if refusal.is_gone() && named.is_none() => {
                self.make(job, body).await
            }
            done => done,
        }
    }

    async fn make(&self, job: &Job<'_>, mut body: Body) -> Result<Done, Fault> {
        let Job { entity, document, .. } = job;
        if let (Some((member, owner)), None) = (entity.parent(), job.parent) {
            let reason = format!("/{member}: must say which {} it belongs to", owner.name());
            return Err(Fault::rejected("parent_missing", reason));
        }
        let natural = entity.natural_key().and_then(|member| body.text(member));
        if *entity == Entity::Note {
            self.not_in_doubt(job)?;
        } else if !job.first_attempt
            && let Some(there) = self.made_before(job, natural.as_deref()).await?
        {
            return self.made(job, there).await;
        }
        let original = body.clone();
        if natural.is_none() && entity.takes_meta() {
            body.mark(&document.key)?;
        }
        let list = entity.list(job.parent);
        let made = self.rest.write(Method::POST, &list, &[], Some(body.into_text())).await;
        let made = match made {
            Err(Fault::Refused(refusal)) if refusal.is_taken() => {
                let there = match &natural {
                    Some(value) => self.rest.by_natural_key(*entity, value).await?,
                    None => None,
                };
                return match (there, document.operation) {
                    (None, _) => Err(Fault::Refused(refusal)),
                    (Some(there), Operation::Upsert) => self.change(job, there, original).await,
                    (Some(there), _) => Ok(self.was_there(job, there.id)),
                };
            }
            Err(Fault::Unknown { reason, status, .. }) => {
                let resend = *entity != Entity::Note;
                return Err(Fault::Unknown { reason, status, resend });
            }
            made => made?,
        };
        let after = self.after(job, &made).await;
        Ok(Done {
            id: Some(made.id.to_string()),
            status: Some(made.status),
            what: format!("made {} {}", entity.name(), made.id),
            written: self.written(job, made.id, None, after),
        })
    }

    /// What an earlier attempt may have left.
    async fn made_before(
        &self,
        job: &Job<'_>,
        natural: Option<&str>,
    ) -> Result<Option<There>, Fault> {
        match natural {
            Some(value) => self.rest.by_natural_key(job.entity, value).await,
            None => {
                let Job { entity, document, parent, event_came, .. } = job;
                self.rest.by_mark(*entity, *parent, &document.key, *event_came).await
            }
        }
    }

    /// An earlier attempt had arrived. Its webhook is to be known again as well, unless somebody has
    /// changed the thing since.
    async fn made(&self, job: &Job<'_>, there: There) -> Result<Done, Fault> {
        let mut done = self.was_there(job, there.id);
        done.what = format!("an earlier attempt had arrived: found as {}", there.id);
        if self.listens
            && let Some(path) = shown_at(job.entity, there.id)
            && let Ok(stands) = self.rest.get(&path).await
            && is_untouched(&stands.body)
        {
            done.written = self.written(job, there.id, None, Some(stands.body));
        }
        Ok(done)
    }

    async fn change(&self, job: &Job<'_>, there: There, body: Body) -> Result<Done, Fault> {
        let entity = job.entity;
        let text = body.into_text();
        let adds = entity == Entity::Order && adds_lines(&text);
        if adds {
            self.not_in_doubt(job)?;
        }
        let parent = self.parent(job, there).await?;
        let before = self.before(job, there.id).await?;
        let path = format!("{}/{}", entity.list(parent), there.id);
        let changed = self.rest.write(Method::PUT, &path, &[], Some(text)).await;
        let changed = changed.map_err(|fault| match fault {
            Fault::Unknown { reason, status, .. } => {
                Fault::Unknown { reason, status, resend: !adds }
            }
            fault => fault,
        })?;
        let after = self.after(job, &changed).await;
        Ok(Done {
            id: Some(changed.id.to_string()),
            status: Some(changed.status),
            what: format!("changed {} {}", entity.name(), changed.id),
            written: before.and_then(|it| self.written(job, changed.id, Some(it), after)),
        })
    }

    async fn delete(&self, job: &Job<'_>, there: There) -> Result<Done, Fault> {
        let entity = job.entity;
        let parent = self.parent(job, there).await?;
        let before = self.before(job, there.id).await?;
        let path = format!("{}/{}", entity.list(parent), there.id);
        let force = self.force_delete || !entity.has_trash();
        let query: &[_] = if force { &[("force", "true")] } else { &[] };
        let gone = self.rest.write(Method::DELETE, &path, query, None).await?;
        // All that the shop says of it then.
        let after = Bytes::from(format!("{{\"id\":{}}}", gone.id));
        Ok(Done {
            id: Some(gone.id.to_string()),
            status: Some(gone.status),
            what: format!("deleted {} {}", entity.name(), gone.id),
            written: before.and_then(|it| self.written(job, gone.id, Some(it), Some(after))),
        })
    }

    /// The product that a variation belongs to.
    async fn parent(&self, job: &Job<'_>, there: There) -> Result<Option<u64>, Fault> {
        #[derive(Deserialize)]
        struct Variation {
            parent_id: u64,
        }
        let known = job.parent.or(there.parent);
        let Some((member, owner)) = job.entity.parent().filter(|_| known.is_none()) else {
            return Ok(known);
        };
        let missing = || {
            let reason = format!("/{member}: must say which {} it belongs to", owner.name());
            Fault::rejected("parent_missing", reason)
        };
        if job.entity != Entity::Variation {
            return Err(missing());
        }
        let stands = self.rest.get(&format!("products/{}", there.id)).await?;
        let variation = serde_json::from_slice::<Variation>(&stands.body).ok();
        variation.filter(|it| it.parent_id > 0).map(|it| Some(it.parent_id)).ok_or_else(missing)
    }

    /// Refuses what may have been sent before and would be done twice.
    #[expect(clippy::unused_self, reason = "it reads like the others")]
    fn not_in_doubt(&self, job: &Job<'_>) -> Result<(), Fault> {
        match job.in_doubt {
            false => Ok(()),
            true => Err(Fault::Untold {
                reason: "the host stopped while it was about to be sent".to_owned(),
            }),
        }
    }

    #[expect(clippy::unused_self, reason = "it reads like the others")]
    fn was_there(&self, job: &Job<'_>, id: u64) -> Done {
        let what = format!("found {} {id}", job.entity.name());
        Done { id: Some(id.to_string()), status: None, what, written: None }
    }

    #[expect(clippy::unused_self, reason = "it reads like the others")]
    fn nothing(&self, job: &Job<'_>) -> Done {
        let what = format!("there was no {} to take back", job.entity.name());
        Done { id: None, status: None, what, written: None }
    }
}

/// When the event came: its id says so. Nothing of it was sent before.
fn came(delivery: &Delivery<'_>) -> Timestamp {
    let id = uuid::Uuid::parse_str(&delivery.event_id.0).ok();
    let seconds = id.and_then(|id| id.get_timestamp()).map(|at| at.to_unix().0);
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MIN)
}
