//! What a watch found is acted upon: the version before is put back, without anybody having to be
//! there.
//!
//! It begins within a moment of the breach being known, and takes as long as reading the folder
//! does. Only the version that was watched is taken back; where a person has put another one to
//! work meanwhile, that one stays. What cannot be done (the disk is full, the file is gone from the
//! shelf) is said in the log and in the report, and tried again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::activation::Change;
use super::versions::Versions;
use crate::rollout::{Breach, Role, Rollout};

/// Before trying again what could not be done.
const PATIENCE: Duration = Duration::from_secs(5);
/// Who did it, in the audit record.
const HOST: &str = "host";

/// Takes back what breaches its watch, until `stop`.
pub async fn keep_watch(versions: Versions, rollout: Rollout, stop: CancellationToken) {
    let Some(mut breaches) = rollout.breaches() else { return };
    loop {
        let breach = tokio::select! {
            () = stop.cancelled() => return,
            breach = breaches.recv() => breach,
        };
        let Some(breach) = breach else { return };
        let Breach { merchant, plugin, live, before, reason } = &breach;
        error!(
            merchant.name = merchant,
            plugin.name = plugin,
            plugin.digest = live,
            before,
            reason,
            "a promoted version is beyond its terms: the version before is put back"
        );
        let Err(why) = revert(&versions, &breach).await else { continue };
        error!(
            merchant.name = merchant,
            plugin.name = plugin,
            why,
            "it could not be taken back; trying again"
        );
        let Some(trial) = rollout.trial(merchant, plugin, Role::Watch) else { continue };
        trial.complain(format!("{reason}; it could not be taken back: {why}"));
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(PATIENCE) => trial.tell_again(),
            }
        });
    }
}

async fn revert(versions: &Versions, breach: &Breach) -> Result<(), String> {
    let Breach { merchant, plugin, live, before, reason } = breach;
    let change = Change {
        merchant: merchant.clone(),
        plugin: plugin.clone(),
        version: before.clone(),
        who: HOST.to_owned(),
        why: reason.clone(),
        everybody_s: true,
        watch: None,
        expected: Some(live.clone()),
        reverted: Some(reason.clone()),
    };
    let Err(error) = versions.activate(&change).await else { return Ok(()) };
    let now = versions.merchant(merchant).ok();
    let now = now.as_ref().and_then(|of| of.catalog.get(plugin));
    if now.is_some_and(|it| it.digest() == before) {
        // The version before is in use; only the record of it is missing, and told at the next start.
        warn!(merchant.name = merchant, plugin.name = plugin, %error, "taken back, and it could not be written down");
        return Ok(());
    }
    Err(error.to_string())
}
