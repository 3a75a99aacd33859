//! Looking: what stands wrong, resource by resource. Nothing is sent.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::versions::input;
use super::fold::{Entry, Found, fold};
use super::{Progress, Recalls, Spec};
use crate::config::ReadyRoute;
use crate::event::Event;
use crate::evidence::trial::Rules;
use crate::journal::jobs::Job;
use crate::journal::recall::{Correction, History, Looked, Touched};
use crate::journal::{self, Journal};
use crate::plugin::{Run, Stages};
use crate::seatbelt::Known;

/// Resources worked out in one step: some hundred milliseconds' work, after which it is written down.
const RESOURCES_MAX: usize = 200;

/// One resource on one route, worked out.
pub(super) struct Worked {
    pub(super) found: Found,
    /// Whether its first events are no longer kept.
    pub(super) is_cut: bool,
    /// The first event that the bad version touched, among those looked at.
    first: u64,
}

/// What is needed to work a resource out.
pub(super) struct Desk {
    pub(super) journal: Journal,
    pub(super) merchant: String,
    pub(super) ready: Arc<ReadyRoute>,
    pub(super) stages: Stages,
    pub(super) bad: String,
    pub(super) after_seq: u64,
}

impl Desk {
    /// Works a resource out.
    pub(super) fn work(
        &self,
        connection: &str,
        resource_key: &str,
    ) -> Result<Worked, journal::Error> {
        let History { seqs, is_cut } =
            self.journal.history(&self.merchant, connection, resource_key)?;
        let mut entries = Vec::new();
        for seq in seqs {
            let passage = self.journal.passage(seq, &self.ready.name)?;
            if let Some((passage, event)) = passage.zip(self.journal.event(seq)?) {
                let past = match passage.replays {
                    0 => Vec::new(),
                    _ => self.journal.past_passages(seq, &self.ready.name)?,
                };
                entries.push(Entry { event, passage, past });
            }
        }
        let by = |entry: &&Entry| {
            let past = entry.past.iter().flat_map(|past| &past.receipts);
            entry.event.seq > self.after_seq
                && entry.passage.receipts.iter().chain(past).any(|it| it.digest == self.bad)
        };
        let first = entries.iter().find(by).map_or(0, |entry| entry.event.seq);
        let again = |event: &Event, checkpoint: Option<String>, status: Option<String>| {
            self.again(event, checkpoint, status)
        };
        Ok(Worked { found: fold(&entries, &self.bad, &again), is_cut, first })
    }

    /// Maps an event with the good version, and holds its answer against the seatbelts.
    fn again(
        &self,
        event: &Event,
        checkpoint: Option<String>,
        previous_status: Option<String>,
    ) -> Result<Run, String> {
        let mut input = input(event, &self.ready);
        input.context.checkpoint = checkpoint;
        input.previous_status.clone_from(&previous_status);
        let run = Rules { stages: self.stages.clone(), ..Rules::default() }.answer(&input);
        let Ok(Some(belts)) = &self.ready.belts else { return Ok(run) };
        let known = Known {
            payload: &event.body,
            previous_status: previous_status.as_deref(),
            previous_target_status: None,
            // It is sent by hand, and once.
            sent: None,
        };
        match belts.check(&known, &run).first() {
            None => Ok(run),
            Some(breach) => Err(format!("seatbelt {}: {}", breach.belt, breach.message)),
        }
    }
}

impl Recalls {
    /// One step: a few resources, and where to go on.
    pub(super) async fn look_on(&self, job: &Job) -> Result<(), journal::Error> {
        let spec: Spec = serde_json::from_str(&job.job.spec)?;
        let after = match &job.cursor {
            Some(cursor) => cursor.parse().unwrap_or(spec.after_seq),
            None => spec.after_seq,
        };
        let (merchant, journal) = (job.job.merchant.clone(), self.journal.clone());
        let looking = {
            let (merchant, spec) = (merchant.clone(), spec.clone());
            tokio::task::spawn_blocking(move || {
                journal.touched(&merchant, &spec.bad, after, spec.until_seq)
            })
        };
        let (mut touched, mut to) = looking.await.unwrap_or(Err(journal::Error::Stopped))?;
        touched.retain(|it| spec.route.as_ref().is_none_or(|route| *route == it.route));
        if let Some(beyond) = touched.get(RESOURCES_MAX) {
            to = beyond.seq - 1;
            touched.retain(|it| it.seq <= to);
        }
        let mut progress: Progress = serde_json::from_str(&job.progress).unwrap_or_default();
        let mut found = Vec::new();
        let mut routes: Vec<&str> = touched.iter().map(|it| it.route.as_str()).collect();
        routes.sort_unstable();
        routes.dedup();
        for route in routes {
            let (ready, stages) = match self.rules(&merchant, route, &spec.good).await {
                Ok(rules) => rules,
                Err(why) => return self.fail(job, &why).await,
            };
            let desk = Desk {
                journal: self.journal.clone(),
                merchant: merchant.clone(),
                ready,
                stages,
                bad: spec.bad.clone(),
                after_seq: spec.after_seq,
            };
            let mine: Vec<Touched> =
                touched.iter().filter(|it| it.route == route).cloned().collect();
            let since = spec.since;
            let working =
                tokio::task::spawn_blocking(move || examine(&desk, mine, since, progress));
            let (more, sum) = working.await.unwrap_or(Err(journal::Error::Stopped))?;
            found.extend(more);
            progress = sum;
        }
        let last = to >= spec.until_seq;
        self.journal
            .looked(Looked {
                job: job.id,
                from: job.cursor.clone(),
                to: to.to_string(),
                found,
                progress: serde_json::to_string(&progress)?,
                last,
                at: Timestamp::now(),
            })
            .await
    }
}

/// Works out the resources of some touched passages of one route.
fn examine(
    desk: &Desk,
    touched: Vec<Touched>,
    since: Option<Timestamp>,
    mut progress: Progress,
) -> Result<(Vec<Correction>, Progress), journal::Error> {
    let mut found = Vec::new();
    for it in touched {
        if let Some(since) = since
            && desk.journal.event(it.seq)?.is_none_or(|event| event.received_at < since)
        {
            continue;
        }
        progress.touched += 1;
        let Worked { found: what, is_cut, first } = desk.work(&it.connection, &it.resource_key)?;
        if first != it.seq {
            // It was worked out with the first of its events.
            continue;
        }
        progress.resources += 1;
        progress.cut += u64::from(is_cut);
        let (kind, event_id, told): (&str, String, Value) = match what {
            Found::Same => {
                progress.same += 1;
                continue;
            }
            Found::Stuck { kind, event_id, why } => {
                match kind {
                    "under_way" => progress.under_way += 1,
                    "breach" => progress.breach += 1,
                    _ => progress.failed += 1,
                }
                (kind, event_id, json!({ "why": why }))
            }
            Found::Wrong(wrong) => {
                wrong.add_to(&mut progress.difference);
                let kind = if wrong.documents.is_empty() { "extra" } else { "differs" };
                match kind {
                    "extra" => progress.extra += 1,
                    _ => progress.differs += 1,
                }
                (kind, wrong.event_id.clone(), wrong.told())
            }
        };
        found.push(Correction {
            no: 0,
            merchant: desk.merchant.clone(),
            connection: it.connection,
            route: it.route,
            resource_key: it.resource_key,
            event_id,
            kind: kind.to_owned(),
            told: told.to_string(),
        });
    }
    Ok((found, progress))
}
