//! Sending: what a recall found, each worked out once more, handed to the road.

use std::time::Duration;

use jiff::Timestamp;

use super::fold::Found;
use super::look::Desk;
use super::{Recalls, SendSpec, Spec};
use crate::event::Document;
use crate::journal::jobs::Job;
use crate::journal::recall::{Correction, Sent};
use crate::journal::{self, Mapped};

/// Reopened events that may wait for the dispatcher.
const WAITING_MAX: usize = 500;
/// How often to look whether it has taken them, or whether the disk has room again.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

impl Recalls {
    /// One step: one correction.
    pub(super) async fn send_on(&self, job: &Job) -> Result<(), journal::Error> {
        if self.journal.reopened_waiting() > WAITING_MAX {
            tokio::time::sleep(PATIENCE).await;
            return Ok(());
        }
        let send: SendSpec = serde_json::from_str(&job.job.spec)?;
        let Some(looked) = self.job(send.recall)? else {
            return self.fail(job, "the recall it sends is no longer there").await;
        };
        let spec: Spec = serde_json::from_str(&looked.job.spec)?;
        let after = job.cursor.as_deref().and_then(|it| it.parse().ok()).unwrap_or(0);
        let next = self.journal.corrections(send.recall, Some("differs"), after, 2)?;
        let last = next.len() < 2;
        let (to, carries) = match next.into_iter().next() {
            None => (after, None),
            Some(correction) => {
                let no = correction.no;
                match self.work_out(&spec, correction).await {
                    Ok(carries) => (no, carries.map(|it| under_key(it, job.id))),
                    Err(NotNow::Journal(error)) => return Err(error),
                    Err(NotNow::Rules(why)) => return self.fail(job, &why).await,
                }
            }
        };
        let step = Sent {
            job: job.id,
            from: job.cursor.clone(),
            to: to.to_string(),
            carries,
            last,
            at: Timestamp::now(),
        };
        self.journal.send_correction(step).await?;
        tokio::time::sleep(Duration::from_secs(1) / send.per_second.max(1)).await;
        Ok(())
    }

    /// What is to be sent of a correction by now; none if nothing is, or not now.
    async fn work_out(
        &self,
        spec: &Spec,
        correction: Correction,
    ) -> Result<Option<Mapped>, NotNow> {
        let Correction { merchant, connection, route, resource_key, .. } = correction;
        let (ready, stages) =
            self.rules(&merchant, &route, &spec.good).await.map_err(NotNow::Rules)?;
        let desk = Desk {
            journal: self.journal.clone(),
            merchant,
            ready,
            stages,
            bad: spec.bad.clone(),
            after_seq: spec.after_seq,
        };
        let working = tokio::task::spawn_blocking(move || desk.work(&connection, &resource_key));
        let worked = working.await.unwrap_or(Err(journal::Error::Stopped));
        let Found::Wrong(wrong) = worked.map_err(NotNow::Journal)?.found else { return Ok(None) };
        if wrong.documents.is_empty() {
            return Ok(None);
        }
        Ok(Some(Mapped {
            seq: wrong.carrier,
            route,
            receipts: wrong.receipts,
            documents: wrong.documents,
            checkpoint: wrong.checkpoint,
            status: wrong.status,
            target_status: wrong.target_status,
            at: Timestamp::now(),
        }))
    }
}

/// Why a correction cannot be worked out now.
enum NotNow {
    Rules(String),
    Journal(journal::Error),
}

/// Each correction is a request of its own about a document that is known: a target that keeps the
/// keys of requests would otherwise answer what it answered to the first.
fn under_key(mut mapped: Mapped, job: u64) -> Mapped {
    let own = |document: Document| {
        let request_key = Some(format!("{}~recall-{job}", document.key));
        Document { request_key, ..document }
    };
    mapped.documents = mapped.documents.into_iter().map(own).collect();
    mapped
}
