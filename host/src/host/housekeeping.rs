//! Housekeeping: once an hour, what is old enough is forgotten and free room is given back.
//!
//! It goes in small steps with a pause after each, so that intake and deliveries do not feel it, and
//! stops at once when the host does; the next sweep begins anew.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Snapshot;
use crate::journal::{self, Journal};

/// From one sweep to the next.
const EVERY: Duration = Duration::from_secs(3600);
/// The first one waits until the host has taken up its work.
const FIRST: Duration = Duration::from_secs(60);
/// Between two steps: the writer's time is everybody else's.
const PAUSE: Duration = Duration::from_millis(20);

/// Sweeps until `stop`.
pub(super) async fn keep_house(
    journal: Journal,
    snapshot: Arc<ArcSwap<Snapshot>>,
    stop: CancellationToken,
) {
    let mut wait = FIRST;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = EVERY;
        let current = snapshot.load_full();
        tokio::select! {
            () = stop.cancelled() => return,
            swept = sweep(&journal, &current) => if let Err(error) = swept {
                warn!(%error, "old events could not be forgotten; the next sweep tries again");
            },
        }
    }
}

/// One sweep over events and quarantine.
async fn sweep(journal: &Journal, snapshot: &Snapshot) -> Result<(), journal::Error> {
    let now = Timestamp::now();
    let (mut events, mut quarantine) = (0, 0);
    let mut after = Some(0);
    while let Some(from) = after {
        let forgotten = journal.forget_events(&snapshot.retentions, now, from).await?;
        events += forgotten.removed;
        after = forgotten.next;
        tokio::time::sleep(PAUSE).await;
    }
    after = Some(0);
    while let Some(from) = after {
        let forgotten = journal.forget_quarantine(&snapshot.retentions, now, from).await?;
        quarantine += forgotten.removed;
        after = forgotten.next;
        tokio::time::sleep(PAUSE).await;
    }
    while journal.give_back().await? {
        tokio::time::sleep(PAUSE).await;
    }
    if events + quarantine > 0 {
        info!(events, quarantine, "forgot what is older than it is to be kept");
    }
    Ok(())
}
