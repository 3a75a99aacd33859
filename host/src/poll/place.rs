//! How far a list is known, and where a walk through it stands: read at start, written as it moves.
//!
//! The journal says up to which version everything is in it. sled says so too, and where a walk is
//! that has not ended; it is written with each page and may be lost. What sled says counts only if
//! it goes with what the journal says, so a store of another time cannot make a walk skip anything.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::ground::Ground;
use super::settings::Entity;
use super::sweep::Sweep;

/// How far behind the shop's own time the first walk of all begins.
const FIRST_OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// The place in one list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Everything of the list up to this version is in the journal.
    pub(super) known_to: Option<Timestamp>,
    /// The walk that has not ended.
    pub(super) walk: Option<Sweep>,
}

impl Place {
    /// What is remembered.
    pub(super) fn load(ground: &Ground, entity: Entity) -> Result<Self, Error> {
        let (merchant, connection, list) = names(ground, entity);
        let known_to = ground.ingress.journal.cursor(merchant, connection, list)?;
        let remembered = ground
            .checkpoints
            .place(merchant, connection, list)
            .inspect_err(|error| tracing::debug!(%error, "the place in a list is not at hand"))
            .ok()
            .flatten()
            .and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let walk = remembered.filter(|place| place.known_to == known_to).and_then(|it| it.walk);
        Ok(Self { known_to, walk })
    }

    /// The walk to go on with, or a new one. `back_to` makes a new one begin further back.
    pub(super) async fn walk(
        &mut self,
        ground: &Ground,
        entity: Entity,
        back_to: Option<Timestamp>,
    ) -> Result<Sweep, Error> {
        if let Some(walk) = &self.walk {
            return Ok(walk.clone());
        }
        let config = &ground.plan.config;
        // `modified_after` leaves out its own second, in which more may have happened.
        let overlap = SignedDuration::from_secs(i64::from(config.overlap_s.get()) + 1);
        let after = match (self.known_to, config.since) {
            (Some(known_to), _) => Some(known_to.min(back_to.unwrap_or(known_to)) - overlap),
            (None, Some(since)) => Some(since),
            (None, None) => ground.shop.time(entity).await?.map(|now| now - FIRST_OVERLAP),
        };
        Ok(Sweep { after, ..Sweep::default() })
    }

    /// A page of the walk is done; all of it is in the journal.
    pub(super) async fn moved(
        &mut self,
        ground: &Ground,
        entity: Entity,
        walk: Sweep,
        ended: bool,
    ) -> Result<(), Error> {
        let (merchant, connection, list) = names(ground, entity);
        if ended {
            // A walk that went back on purpose does not make less known.
            let known_to = self.known_to.max(walk.known_to());
            // An empty list says nothing of when; where it began is known all the same.
            let known_to = known_to.or(walk.after);
            if let Some(known_to) = known_to.filter(|_| known_to != self.known_to) {
                let journal = &ground.ingress.journal;
                journal.move_cursor(merchant, connection, list, known_to).await?;
            }
            *self = Self { known_to, walk: None };
        } else {
            self.walk = Some(walk);
        }
        let text = serde_json::to_string(self).expect("times and numbers always become JSON");
        ground.checkpoints.put_place(merchant, connection, list, &text);
        Ok(())
    }
}

fn names(ground: &Ground, entity: Entity) -> (&str, &str, &'static str) {
    (&ground.plan.merchant, &ground.plan.connection, entity.as_str())
}
