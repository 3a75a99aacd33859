//! Echoes of our own writes: what a shop will say of one, and an event that says it all the same.
//!
//! Intake knows most echoes by themselves. Two things are left to the walk. When a write is recorded,
//! it says whether the shop's answer holds nothing but it: only if what stood there before is what we
//! had heard of. Otherwise somebody else's change, whose webhook is still to come in the same body,
//! would be taken for ours. And an event that was accepted before its write was recorded is looked at
//! once more before it is mapped.

use tracing::{info, warn};

use super::Walk;
use crate::delivery::Written;
use crate::event::Event;
use crate::ingress::content;
use crate::journal::{self, Echo};

impl Walk<'_> {
    /// What is to be known again of a write by this walk, if it can be.
    pub(super) fn echo_of(&self, event: &Event, written: &Written) -> Option<Echo> {
        let (to, resource) = (self.ready.route.to.as_str(), written.resource.as_str());
        match self.known_before(event, written) {
            Ok(Some(after_seq)) => Some(Echo {
                merchant: event.merchant.clone(),
                connection: to.to_owned(),
                resource_key: resource.to_owned(),
                after_seq,
                content: content(&written.after),
                written_by: event.id.clone(),
            }),
            Ok(None) => {
                info!(event.id = %event.id, connection = to, resource, "somebody else had changed it as well: what the shop says of it will go on");
                None
            }
            Err(error) => {
                // Then the webhook goes on as if somebody else had written it.
                warn!(event.id = %event.id, connection = to, resource, %error, "an echo cannot be told beforehand");
                None
            }
        }
    }

    /// The last event of the resource that a write stands on; none where something stood there that
    /// we had not heard of.
    fn known_before(
        &self,
        event: &Event,
        written: &Written,
    ) -> Result<Option<u64>, journal::Error> {
        let journal = &self.ground.journal;
        let (merchant, to) = (event.merchant.as_str(), self.ready.route.to.as_str());
        let resource = written.resource.as_str();
        let says = |seq: u64, what: &[u8; 32]| -> Result<bool, journal::Error> {
            Ok(journal.event(seq)?.is_some_and(|event| content(&event.body) == *what))
        };
        let last = journal.last_of(merchant, to, resource)?.unwrap_or(0);
        let after = content(&written.after);
        // Its webhook may have been quicker than its answer.
        let own = last > 0 && says(last, &after)?;
        let standing = if own { journal.previous_of(last)? } else { last };
        let Some(before) = &written.before else {
            return Ok((standing == 0).then_some(last));
        };
        let before = content(before);
        let known = says(standing, &before)?
            || journal
                .echoes_of(merchant, to, resource)?
                .is_some_and(|own| own.after_seq >= standing && own.has(&before));
        Ok(known.then_some(last))
    }

    /// Why an event goes no further, if our own write made the shop say it.
    pub(super) fn is_echo(&self, event: &Event) -> Result<Option<String>, journal::Error> {
        if !self.ready.hears_itself {
            return Ok(None);
        }
        let journal = &self.ground.journal;
        let Event { merchant, connection, resource_key, seq, .. } = event;
        let Some(own) = journal.echoes_of(merchant, connection, resource_key)? else {
            return Ok(None);
        };
        let echo = own.is_echo(&content(&event.body), *seq, journal.previous_of(*seq)?);
        Ok(echo.then(|| {
            format!("an echo: event {} has written so to `{connection}` itself", own.written_by)
        }))
    }
}
