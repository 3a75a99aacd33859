//! A change of a table or of settings, judged as a change of code is: by what it would have made of
//! events that really came in.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::comparisons::Watched;
use super::super::versions::{Compared, Sample, VersionError, input};
use super::{Kind, Values};
use crate::config::ReadyRoute;
use crate::evidence::difference::Tolerances;
use crate::evidence::trial::{self, Options, Rules};

impl Values {
    /// What a version would have made of recorded events on each route that it concerns, beside what is
    /// in use. Nothing is sent, and nothing remembered.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn compare(
        &self,
        merchant: &str,
        (kind, name): (Kind, &str),
        candidate: &str,
        sample: &Sample,
        tolerances: &Tolerances,
        watched: &Watched,
    ) -> Result<Vec<Compared>, VersionError> {
        let place = self.place(merchant, kind, name)?;
        let (_, bytes) = place.kept(candidate)?;
        let wanted = |ready: &&Arc<ReadyRoute>| {
            let concerned = kind == Kind::Table || ready.name == name;
            concerned && sample.route.as_ref().is_none_or(|route| *route == ready.name)
        };
        let mut compared = Vec::new();
        for ready in place.merchant.routes.values().filter(wanted) {
            let stages = ready.stages.as_ref().map_err(|why| {
                VersionError::Unfit(format!("route `{}` does not work now: {why}", ready.name))
            })?;
            let before = Rules { stages: stages.clone(), ..Rules::default() };
            let mut after = before.clone();
            match kind {
                Kind::Settings => {
                    let text = String::from_utf8_lossy(&bytes);
                    after.settings = Some(Arc::from(&*text));
                }
                Kind::Table => {
                    let tables = ready.lookups.with_table_of(name, &place.file, &bytes);
                    let tables = tables.map_err(|error| VersionError::Unfit(error.to_string()))?;
                    after.lookups = Some(Arc::new(tables));
                }
            }
            let events = self.versions.recorded(merchant, ready, sample)?;
            watched.total.fetch_add(events.len() as u64, Ordering::Relaxed);
            let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            let options = Options { threads, stop: &watched.stop, done: &watched.done };
            let inputs = events.into_iter().filter_map(|seq| {
                // What retention took away meanwhile is nobody's fault.
                let event = self.journal.event(seq).transpose()?;
                Some(event.map(|event| input(&event, ready)))
            });
            let difference = trial::compare(&before, &after, inputs, &options)?;
            let verdict = difference.judge(tolerances);
            compared.push(Compared { route: ready.name.clone(), difference, verdict });
        }
        Ok(compared)
    }
}
