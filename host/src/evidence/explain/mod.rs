//! What each field of a plugin's answer comes from: change one input leaf, run again, look.
//!
//! Plugins are pure, so what differs after one leaf was changed depends on that leaf, in any
//! language. Leaves are those of the payload, of the settings, the fields of the context and the
//! cells of the lookup rows that were asked for. Each is changed in several ways (another value of
//! its kind, empty, null, gone), because a field may hang on a leaf by its value, by whether it is
//! there, or through a branch.
//!
//! What it finds is true: there is a change of that leaf that changes that field. What it does not
//! find may still be there, behind a value that was not tried: "ignored" means that none of the
//! changes tried made a difference *on this payload*. A [`ReadSet`] over many payloads closes most
//! of that gap. Two leaves that only work together are not found.
//!
//! The cost is one run for each change, five or so for each leaf; [`RUNS_MAX`] bounds it.

mod changes;
mod leaves;
mod read_set;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::answer;
use super::difference::{Difference, Pairing, compare};
use super::trial::{Input, Rules};
use crate::exact::escape;
use crate::plugin::{self, Job, Run};

pub use read_set::{Read, ReadSet};

use leaves::{Leaf, Leaves};

/// The most runs for one payload, unless the caller says otherwise: an order of a thousand lines
/// has more leaves than anybody wants to wait for.
pub const RUNS_MAX: usize = 20_000;

/// The most fields that are told for one leaf.
const FIELDS_MAX: usize = 2_000;

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// How many threads. The engine of the plugins must allow as many calls at once.
    pub threads: NonZeroUsize,
    /// The most runs; leaves for which none are left are counted as not examined.
    pub runs_max: usize,
    /// Grows with each run.
    pub done: &'o AtomicU64,
}

/// A field of the answer and the leaves it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The field: `sale/lines/0/unit_price`, `sale@key`, `@status`.
    pub field: String,
    /// What stands in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The leaves: pointers into the payload, `@context/..`, `@settings/..`, `@lookups/..`.
    pub from: Vec<String>,
}

/// A change of a leaf after which the run ended otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The leaf.
    pub input: String,
    /// How it was changed: `other`, `empty`, `null`, `absent`, `added`.
    pub change: &'static str,
    /// What it was changed to; none where it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The outcome then.
    pub outcome: String,
    /// What the plugin said of it.
    pub detail: String,
}

/// What is known of one payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// How the run ends with nothing changed.
    pub outcome: String,
    /// Fields that come from somewhere, in the order of the answer.
    pub fields: Vec<Origin>,
    /// Fields that no change moved.
    pub constants: Vec<Origin>,
    /// Changes after which the run ended otherwise.
    pub turns: Vec<Turn>,
    /// Leaves of the payload that no change of which made a difference.
    pub ignored: Vec<String>,
    /// Settings, context and cells that no change of which made a difference.
    pub unused: Vec<String>,
    /// Rows that were asked for and are not there.
    pub missing_rows: Vec<String>,
    /// Runs made.
    pub runs: usize,
    /// Leaves for which no runs were left.
    pub not_examined: usize,
    /// Each name above with its indices folded, for the read set.
    #[serde(skip)]
    pub(crate) folded: BTreeMap<String, String>,
}

/// What the changes of one leaf did.
#[derive(Debug, Default)]
struct Finding {
    /// Fields that moved, and their folded names.
    fields: BTreeMap<String, String>,
    turns: Vec<Turn>,
}

/// Explains what the rules make of an input.
#[must_use]
pub fn explain(rules: &Rules, input: &Input, options: &Options<'_>) -> Explanation {
    let mut job = rules.job(input);
    let (lookups, asked) = job.lookups.recording();
    let plain = std::mem::replace(&mut job.lookups, lookups.into());
    let base = plugin::run(&job);
    job.lookups = plain;
    let asked = asked.rows();

    let Leaves { found: leaves, left_out, .. } = Leaves::of(&job, &asked, options.runs_max);
    let next = AtomicUsize::new(0);
    let runs = AtomicUsize::new(0);
    let findings: Mutex<Vec<(usize, Finding)>> = Mutex::default();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(leaf) = leaves.get(at) else { break };
            let finding = probe(&job, &base, leaf, |made| {
                runs.fetch_add(made, Ordering::Relaxed);
                options.done.fetch_add(made as u64, Ordering::Relaxed);
            });
            findings.lock().unwrap_or_else(PoisonError::into_inner).push((at, finding));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.get() {
            scope.spawn(work);
        }
        work();
    });
    let mut findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    findings.sort_by_key(|(at, _)| *at);
    let missing = asked.iter().filter(|(table, key)| job.lookups.cells(table, key).is_none());
    let missing_rows = missing.map(|(table, key)| leaves::row_name(table, key)).collect();
    let mut explanation = told(&base, &leaves, findings);
    explanation.missing_rows = missing_rows;
    explanation.runs = runs.into_inner() + 1;
    explanation.not_examined = left_out;
    explanation
}

/// Changes one leaf in each way and notes what moves.
fn probe(job: &Job, base: &Run, leaf: &Leaf, ran: impl Fn(usize)) -> Finding {
    let mut finding = Finding::default();
    for change in &leaf.changes {
        let run = plugin::run(&change.edit.applied(job));
        ran(1);
        compare(base, &run, Pairing::ByPlace, &mut |difference| {
            let mut field = |name: &str, folded: &str| {
                if finding.fields.len() < FIELDS_MAX {
                    finding.fields.insert(name.to_owned(), folded.to_owned());
                }
            };
            match difference {
                Difference::Outcome { to, detail, .. } => finding.turns.push(Turn {
                    input: leaf.name.clone(),
                    change: change.kind,
                    to: change.shown.clone(),
                    outcome: (*to).to_owned(),
                    detail: (*detail).to_owned(),
                }),
                Difference::Status { .. } => field("@status", "@status"),
                Difference::Document { entity, .. } => {
                    let name = format!("{}@present", escape(entity));
                    field(&name, &name);
                }
                Difference::Field { place, .. } => field(place.at, place.field),
            }
        });
    }
    finding
}

fn told(base: &Run, leaves: &[Leaf], findings: Vec<(usize, Finding)>) -> Explanation {
    let mut from: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folded = BTreeMap::new();
    let (mut turns, mut ignored, mut unused) = (Vec::new(), Vec::new(), Vec::new());
    for (at, finding) in findings {
        let Some(leaf) = leaves.get(at) else { continue };
        folded.insert(leaf.name.clone(), leaf.folded.clone());
        if finding.fields.is_empty() && finding.turns.is_empty() {
            if leaf.name.starts_with('@') { &mut unused } else { &mut ignored }
                .push(leaf.name.clone());
        }
        for (field, its_folded) in finding.fields {
            from.entry(field.clone()).or_default().push(leaf.name.clone());
            folded.insert(field, its_folded);
        }
        turns.extend(finding.turns);
    }
    // Pointers into the payload first, then what begins with `@`.
    from.values_mut().for_each(|leaves| leaves.sort());
    let mut fields = Vec::new();
    let mut constants = Vec::new();
    let mut named = BTreeSet::new();
    for answer::Field { at: field, folded: its_folded, value } in answer::fields(base) {
        named.insert(field.clone());
        folded.insert(field.clone(), its_folded);
        match from.get(&field) {
            Some(from) => {
                fields.push(Origin { field, value: Some(value), from: from.clone() });
            }
            None => constants.push(Origin { field, value: Some(value), from: Vec::new() }),
        }
    }
    // What a change brings that is not there now, or takes away as a whole.
    for (field, from) in from {
        if !named.contains(&field) {
            fields.push(Origin { field, value: None, from });
        }
    }
    Explanation {
        outcome: base.outcome.name().to_owned(),
        fields,
        constants,
        turns,
        ignored,
        unused,
        missing_rows: Vec::new(),
        runs: 0,
        not_examined: 0,
        folded,
    }
}
