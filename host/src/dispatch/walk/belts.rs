//! Seatbelts on the road: what plugins answered is held against what the route says must hold, before
//! any of it is recorded as something to be sent.
//!
//! An answer that breaks one is withheld: the passage ends as a dead letter that names each belt with
//! the numbers that disagree, and the documents stand beside it. A person may release it by a replay
//! that says so. A rate guard costs a look into the journal beside that.

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::Walk;
use crate::checkpoint::ResourceCheckpoint;
use crate::event::Event;
use crate::journal::End;
use crate::plugin::Run;
use crate::seatbelt::{Known, Rate};

/// The cause of such a dead letter.
const CAUSE: &str = "seatbelt";
/// Breaches written out; the others are counted.
const TOLD_MAX: usize = 10;

impl Walk<'_> {
    /// How the passage ends if its answer breaks a belt.
    pub(super) fn breach(
        &self,
        event: &Event,
        remembered: Option<&ResourceCheckpoint>,
        run: &Run,
    ) -> Option<End> {
        let belts = self.ready.belts.as_ref().ok()?.as_ref()?;
        let rate = belts.settings().rate;
        let known = Known {
            payload: &event.body,
            previous_status: remembered.and_then(|it| it.status.as_deref()),
            previous_target_status: remembered.and_then(|it| it.target_status.as_deref()),
            sent: rate.and_then(|rate| self.sent(event, rate)),
        };
        let breaches = belts.check(&known, run);
        let mut told: Vec<String> = breaches
            .iter()
            .take(TOLD_MAX)
            .map(|breach| {
                let place = [&*breach.entity, &*breach.key, &*breach.pointer].join(" ");
                format!("{}: {}: {}", breach.belt, place.trim(), breach.message)
            })
            .collect();
        if breaches.len() > TOLD_MAX {
            told.push(format!("and {} more", breaches.len() - TOLD_MAX));
        }
        let cause = format!("{CAUSE}_{}", breaches.first()?.belt);
        Some(End::Dead { cause, detail: told.join("; ") })
    }
    /// Documents of the resource sent within the time of a rate guard.
    fn sent(&self, event: &Event, rate: Rate) -> Option<u64> {
        let window = SignedDuration::from_secs(i64::from(rate.window_s));
        let since = Timestamp::now().checked_sub(window).unwrap_or(Timestamp::MIN);
        let most = usize::try_from(rate.documents).unwrap_or(usize::MAX);
        let of = (&*event.merchant, &*event.connection);
        let journal = &self.ground.journal;
        let sent = journal.documents_sent(of, &event.resource_key, &self.ready.name, since, most);
        sent.inspect_err(|error| {
            warn!(event.id = %event.id, %error, "what was sent of the resource cannot be counted: its rate is not guarded this time");
        })
        .ok()
    }
}
