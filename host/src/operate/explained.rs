//! What recorded events say of the rules that are in use: where each field of one event's documents comes
//! from, and what a route's plugins read at all.
//!
//! It costs a few hundred runs for each event, on the threads of this machine, and touches nothing. An
//! event is mapped as if it were the first of its resource, with the settings and tables of today.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::Serialize;

use super::versions::{Sample, VersionError, Versions, input};
use crate::config::ReadyRoute;
use crate::event::Event;
use crate::evidence::explain::{self, Explanation, Options, ReadSet};
use crate::evidence::trial::Rules;
use crate::journal::Journal;

/// Events looked at for a read set unless more are asked for.
pub const LAST: usize = 20;
/// At most: a tenth of a second each.
pub const LAST_MAX: usize = 200;
/// Runs for one event: an order of some sixty lines.
const RUNS_MAX: usize = 5_000;

/// One event on one route.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The route.
    pub route: String,
    /// Where its fields come from.
    pub explanation: Explanation,
}

/// What the plugins of a route read.
#[derive(Debug, Serialize)]
pub struct Reads {
    /// The route.
    pub route: String,
    /// The plugins' digests, in the order in which they are asked.
    pub plugins: Vec<String>,
    /// What they read, over the newest events that the route takes.
    pub read_set: ReadSet,
}

impl Versions {
    /// Where the fields of an event's documents come from, on each route that takes it, or on one.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn explain(
        &self,
        event: &Event,
        route: Option<&str>,
    ) -> Result<Vec<Explained>, VersionError> {
        let merchant = self.merchant(&event.merchant)?;
        let takers = merchant.routes_for(&event.connection, &event.topic);
        let mut explained = Vec::new();
        for ready in takers.filter(|ready| route.is_none_or(|route| route == ready.name)) {
            let explanation = explanation(&rules(ready)?, event, ready);
            explained.push(Explained { route: ready.name.clone(), explanation });
        }
        if explained.is_empty() {
            return Err(VersionError::Unknown("no such route takes this event now".to_owned()));
        }
        Ok(explained)
    }

    /// What the plugins of a merchant's routes read, over the newest events that each route takes.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn reads(
        &self,
        journal: &Journal,
        merchant: &str,
        sample: &Sample,
    ) -> Result<Vec<Reads>, VersionError> {
        let of = self.merchant(merchant)?;
        let wanted = |ready: &&Arc<ReadyRoute>| {
            sample.route.as_ref().is_none_or(|route| *route == ready.name)
        };
        let mut all = Vec::new();
        for ready in of.routes.values().filter(wanted) {
            // A route that waits reads nothing.
            let Ok(rules) = rules(ready) else { continue };
            let mut read_set = ReadSet::default();
            for seq in self.recorded(merchant, ready, sample)? {
                if let Some(event) = journal.event(seq)? {
                    read_set.add(&explanation(&rules, &event, ready));
                }
            }
            let stages = &rules.stages;
            let stages = [&stages.status_translation, &stages.pricing, &stages.field_mapping];
            let digests = stages.into_iter().flatten().map(|it| it.plugin.digest().to_owned());
            all.push(Reads { route: ready.name.clone(), plugins: digests.collect(), read_set });
        }
        Ok(all)
    }
}

fn rules(ready: &ReadyRoute) -> Result<Rules, VersionError> {
    let stages = ready.stages.as_ref().map_err(|why| {
        VersionError::Unfit(format!("route `{}` does not work now: {why}", ready.name))
    })?;
    Ok(Rules { stages: stages.clone(), ..Rules::default() })
}

fn explanation(rules: &Rules, event: &Event, ready: &ReadyRoute) -> Explanation {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let done = AtomicU64::new(0);
    let options = Options { threads, runs_max: RUNS_MAX, done: &done };
    explain::explain(rules, &input(event, ready), &options)
}
