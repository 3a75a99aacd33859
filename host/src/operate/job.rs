//! Beginning and stopping long work by hand: its row among the jobs, and its line in the audit record.

use jiff::Timestamp;

use crate::journal::audit::{Act, NewEntry};
use crate::journal::jobs::{JobState, JobStep, NewJob};
use crate::journal::{self, Journal};

/// Takes a job in and says so in the audit record; gives its number. `noun` is what it is called there:
/// `replay/3`.
pub(super) async fn begin(
    journal: &Journal,
    job: NewJob,
    noun: &str,
) -> Result<u64, journal::Error> {
    let id = journal.add_job(job.clone()).await?;
    let entry = NewEntry {
        who: job.who,
        action: job.kind,
        merchant: job.merchant,
        subject: format!("{noun}/{id}"),
        why: job.why,
        detail: job.spec,
    };
    journal.act(vec![Act::Note(entry)]).await?;
    Ok(id)
}

/// Stops a job behind its last step. False if it had ended.
pub(super) async fn stop(journal: &Journal, id: u64) -> Result<bool, journal::Error> {
    let (state, at) = (JobState::Stopped, Timestamp::now());
    journal.step_job(JobStep { id, state, cursor: None, progress: None, at }).await
}

/// Says in the audit record that somebody stopped one.
pub(super) async fn note_stop(
    journal: &Journal,
    (who, why): (&str, &str),
    merchant: &str,
    (noun, id): (&str, u64),
) -> Result<(), journal::Error> {
    let entry = NewEntry {
        who: who.to_owned(),
        action: format!("stop_{noun}"),
        merchant: merchant.to_owned(),
        subject: format!("{noun}/{id}"),
        why: why.to_owned(),
        detail: String::new(),
    };
    journal.act(vec![Act::Note(entry)]).await.map(drop)
}
