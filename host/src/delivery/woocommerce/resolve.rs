//! References in a body become ids: from what is remembered, else by the key that the shop knows such a
//! thing by. All that cannot be resolved are named at once.

use super::super::{Found, Identities, Missing};
use super::Target;
use super::entity::Entity;
use super::fault::Fault;
use super::look::There;
use crate::event::Document;
use crate::reference::{self, Reference};

impl Target {
    /// The body's text with ids in place of references.
    pub(super) async fn resolved(
        &self,
        document: &Document,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<String, Fault> {
        let text = document.body.get();
        let references = reference::scan(text)
            .map_err(|error| Fault::rejected("reference_malformed", error.to_string()))?;
        let mut ids = Vec::with_capacity(references.len());
        let (mut missing, mut told) = (Vec::new(), Vec::new());
        for reference in &references {
            match self.id_of(reference, identities, found).await? {
                Some(id) => ids.push(id),
                None => {
                    let Reference { entity, key, pointer, .. } = reference;
                    told.push(format!("{entity} {key:?} (at {pointer})"));
                    missing.push(Missing::new(entity, key));
                }
            }
        }
        if !missing.is_empty() {
            let reason = format!("the shop has no {}", told.join(", no "));
            return Err(Fault::NotReady { reason, missing });
        }
        Ok(reference::splice(text, &references, &ids).into_owned())
    }

    /// From what is remembered, else by the key that the shop knows such a thing by.
    async fn id_of(
        &self,
        reference: &Reference,
        identities: &dyn Identities,
        found: &mut Vec<Found>,
    ) -> Result<Option<String>, Fault> {
        let Reference { entity: name, key, .. } = reference;
        let remembered = identities.get(name, key);
        if let Some(id) = remembered.and_then(|id| reference::id_as_number(&id)) {
            return Ok(Some(id));
        }
        let entity =
            Entity::of(name).map_err(|reason| Fault::rejected("entity_unknown", reason))?;
        let there = self.rest.by_natural_key(entity, key).await?;
        let Some(There { id, .. }) = there else { return Ok(None) };
        let id = id.to_string();
        found.push(Found { entity: name.clone(), key: key.clone(), id: id.clone() });
        Ok(Some(id))
    }
}
