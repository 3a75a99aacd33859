//! What a plugin reads, over many payloads: which leaves matter, and to which fields.
//!
//! It answers "whom does it hurt if the shop renames this field": indices are folded, and a leaf is
//! ignored only if it was on every payload that has it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Explanation;

/// The most leaves that are told: a plug-in that writes ids into keys would make endless ones.
const LEAVES_MAX: usize = 5_000;

/// The most fields told for one leaf.
const FIELDS_MAX: usize = 200;

/// A leaf that matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Read {
    /// On how many payloads it did.
    pub payloads: u64,
    /// To which fields.
    pub fields: BTreeSet<String>,
    /// Into which other outcomes it can turn a run.
    pub outcomes: BTreeSet<String>,
}

/// The union over many payloads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadSet {
    /// Payloads that were explained.
    pub payloads: u64,
    /// Leaves that matter.
    pub read: BTreeMap<String, Read>,
    /// Leaves that mattered nowhere, and on how many payloads they were.
    pub ignored: BTreeMap<String, u64>,
    /// Whether there were more leaves than are told.
    pub cut: bool,
    /// Runs made.
    pub runs: usize,
    /// Leaves for which no runs were left.
    pub not_examined: usize,
}

impl ReadSet {
    /// Adds what is known of one more payload.
    pub fn add(&mut self, explanation: &Explanation) {
        self.payloads += 1;
        self.runs += explanation.runs;
        self.not_examined += explanation.not_examined;
        let folded = |name: &String| explanation.folded.get(name).unwrap_or(name).clone();
        let mut found: BTreeMap<String, Read> = BTreeMap::new();
        for origin in &explanation.fields {
            for leaf in &origin.from {
                let read = found.entry(folded(leaf)).or_default();
                read.fields.insert(folded(&origin.field));
            }
        }
        for turn in &explanation.turns {
            let read = found.entry(folded(&turn.input)).or_default();
            read.outcomes.insert(turn.outcome.clone());
        }
        let ignored: BTreeSet<_> =
            explanation.ignored.iter().chain(&explanation.unused).map(folded).collect();
        for (leaf, more) in found {
            self.ignored.remove(&leaf);
            if self.read.len() >= LEAVES_MAX && !self.read.contains_key(&leaf) {
                self.cut = true;
                continue;
            }
            let read = self.read.entry(leaf).or_default();
            read.payloads += 1;
            read.outcomes.extend(more.outcomes);
            for field in more.fields {
                if read.fields.len() < FIELDS_MAX {
                    read.fields.insert(field);
                }
            }
        }
        for leaf in ignored {
            if self.read.contains_key(&leaf) {
                continue;
            }
            if self.ignored.len() >= LEAVES_MAX && !self.ignored.contains_key(&leaf) {
                self.cut = true;
                continue;
            }
            *self.ignored.entry(leaf).or_default() += 1;
        }
    }
}
