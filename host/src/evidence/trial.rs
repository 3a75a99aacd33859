//! Two sets of rules run over the same inputs, in parallel, and what they make of them compared.
//!
//! Inputs come one by one from wherever the caller has them (files, the journal) and are gone once
//! they are compared, so memory does not grow with their number. Each thread adds up its own part;
//! parts are added at the end, and the sum does not depend on who did what.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::difference::{Merge, Subject, Tally, answered_alike};
use crate::exact::Node;
use crate::plugin::{self, Context, Job, Lookups, Run, Stages};

/// Inputs a thread takes at a time: few enough that the last ones are shared, enough that threads
/// do not queue for them.
const BATCH: usize = 16;

/// An event as it was or might be received, and what surrounded it.
#[derive(Debug, Clone)]
pub struct Input {
    /// How people find it again: the event's id, a file's name.
    pub name: String,
    /// The payload as received.
    pub payload: Bytes,
    /// What plugins are told of it.
    pub context: Context,
    /// The resource's status when it was last delivered, in the source's words.
    pub previous_status: Option<String>,
    /// The merchant's tables.
    pub lookups: Arc<Lookups>,
}

/// What is tried on it.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Which plugins.
    pub stages: Stages,
    /// The settings they get, in place of the input's own.
    pub settings: Option<Arc<str>>,
    /// The tables they get, in place of the input's own.
    pub lookups: Option<Arc<Lookups>>,
}

impl Rules {
    /// What these rules make of an input.
    #[must_use]
    pub fn answer(&self, input: &Input) -> Run {
        plugin::run(&self.job(input))
    }

    /// The job that [`Self::answer`] runs.
    #[must_use]
    pub fn job(&self, input: &Input) -> Job {
        let mut context = input.context.clone();
        if let Some(settings) = &self.settings {
            context.settings = Arc::clone(settings);
        }
        Job {
            stages: self.stages.clone(),
            context,
            payload: input.payload.clone(),
            previous_status: input.previous_status.clone(),
            lookups: Arc::clone(self.lookups.as_ref().unwrap_or(&input.lookups)),
        }
    }
}

/// How a trial is held.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// How many threads. The engine of the plugins must allow as many calls at once.
    pub threads: NonZeroUsize,
    /// Set from elsewhere to end early: what was compared until then is the result.
    pub stop: &'o AtomicBool,
    /// Grows with the number of inputs compared, for whoever shows progress.
    pub done: &'o AtomicU64,
}

/// Runs both over all inputs and adds up the differences.
///
/// # Errors
///
/// The first input that could not be had; nothing is told of the others then.
pub fn compare<E: Send>(
    before: &Rules,
    after: &Rules,
    inputs: impl Iterator<Item = Result<Input, E>> + Send,
    options: &Options<'_>,
) -> Result<Tally, E> {
    let inputs = Mutex::new((inputs.fuse(), 0_u64));
    let failed = Mutex::new(None);
    let part = || {
        let mut tally = Tally::default();
        let mut batch = Vec::with_capacity(BATCH);
        while !options.stop.load(Ordering::Relaxed) {
            {
                let mut inputs = inputs.lock().unwrap_or_else(PoisonError::into_inner);
                let (inputs, next) = &mut *inputs;
                while batch.len() < BATCH {
                    match inputs.next() {
                        Some(Ok(input)) => batch.push((*next, input)),
                        Some(Err(error)) => {
                            // Others see it at their next batch.
                            options.stop.store(true, Ordering::Relaxed);
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                            return tally;
                        }
                        None => break,
                    }
                    *next += 1;
                }
            }
            if batch.is_empty() {
                break;
            }
            for (seq, input) in batch.drain(..) {
                let (before, after) = (before.answer(&input), after.answer(&input));
                let currency = currency_if_unlike(&input.payload, &before, &after);
                let subject = Subject { seq, event: &input.name, currency: currency.as_deref() };
                tally.add(&subject, &before, &after);
                options.done.fetch_add(1, Ordering::Relaxed);
            }
        }
        tally
    };
    let mut sum = Tally::default();
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..options.threads.get()).map(|_| scope.spawn(part)).collect();
        sum.merge(part());
        for other in others {
            match other.join() {
                Ok(tally) => sum.merge(tally),
                // A fault of ours: it goes on where the caller can see it.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(sum),
    }
}

/// The payload's own currency, where two answers differ and it may be asked for.
#[must_use]
pub fn currency_if_unlike(payload: &[u8], before: &Run, after: &Run) -> Option<String> {
    if answered_alike(before, after) { None } else { currency_of(payload) }
}

/// The payload's own currency, without reading more of it than must be.
fn currency_of(payload: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Peek<'p> {
        #[serde(borrow)]
        currency: Option<&'p serde_json::value::RawValue>,
    }
    let peek: Peek<'_> = serde_json::from_slice(payload).ok()?;
    let node = Node::of(peek.currency?.get())?;
    node.as_text().map(str::to_owned)
}
