//! The leaves of an input, and the ways in which each can be changed.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::changes::{self, Change};
use crate::exact::{Node, Value, escape};
use crate::plugin::{Context, Job, Lookups};

/// One leaf of the input.
#[derive(Debug)]
pub(super) struct Leaf {
    /// A pointer into the payload, or `@context/..`, `@settings/..`, `@lookups/..`.
    pub(super) name: String,
    /// The same with indices folded.
    pub(super) folded: String,
    /// What is tried.
    pub(super) changes: Vec<Trial>,
}

/// One way in which a leaf is changed.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) kind: &'static str,
    /// What it becomes; none where it is taken away.
    pub(super) shown: Option<String>,
    pub(super) edit: Edit,
}

/// A change, to be made when its turn comes: a payload is not copied before.
#[derive(Debug)]
pub(super) enum Edit {
    Payload(Range<usize>, String),
    Context(Box<Context>),
    PreviousStatus(Option<String>),
    Lookups(Arc<Lookups>),
}

impl Edit {
    /// The job with this one change.
    pub(super) fn applied(&self, job: &Job) -> Job {
        let mut job = job.clone();
        match self {
            Self::Payload(span, text) => {
                let mut payload = job.payload.to_vec();
                // Spans come from a view of this very payload.
                if span.end <= payload.len() {
                    payload.splice(span.clone(), text.bytes());
                }
                job.payload = payload.into();
            }
            Self::Context(context) => job.context = (**context).clone(),
            Self::PreviousStatus(status) => job.previous_status.clone_from(status),
            Self::Lookups(lookups) => job.lookups = Arc::clone(lookups),
        }
        job
    }
}

/// Leaves, as far as there are runs for them. What is too much is counted and not built: a payload of
/// megabytes has a million leaves.
#[derive(Debug)]
pub(super) struct Leaves {
    pub(super) found: Vec<Leaf>,
    /// Leaves for which no runs are left.
    pub(super) left_out: usize,
    runs: usize,
    runs_max: usize,
}

impl Leaves {
    /// The leaves of a job: context, settings and cells, which are few, then the payload's.
    pub(super) fn of(job: &Job, asked: &[(String, String)], runs_max: usize) -> Self {
        let mut leaves = Self { found: Vec::new(), left_out: 0, runs: 0, runs_max };
        settings(job, &mut leaves);
        context(job, &mut leaves);
        cells(job, asked, &mut leaves);
        if let Some(root) = std::str::from_utf8(&job.payload).ok().and_then(Node::of) {
            payload("", "", &root, None, &mut leaves);
        }
        leaves
    }

    fn full(&self) -> bool {
        self.runs >= self.runs_max
    }

    fn push(&mut self, leaf: Leaf) {
        if self.runs.saturating_add(leaf.changes.len()) > self.runs_max {
            self.left_out += 1;
            self.runs = self.runs_max; // the rest is left out as well
            return;
        }
        self.runs += leaf.changes.len();
        self.found.push(leaf);
    }
}

/// A row as a name.
pub(super) fn row_name(table: &str, key: &str) -> String {
    format!("@lookups/{}/{}", escape(table), escape(key))
}

fn payload(
    name: &str,
    folded: &str,
    node: &Node<'_>,
    gone: Option<Range<usize>>,
    leaves: &mut Leaves,
) {
    match &node.value {
        Value::Object(members) if !members.is_empty() => {
            for (at, member) in members.iter().enumerate() {
                let key = escape(&member.key);
                // With the comma that stands before or behind it.
                let end = member.value.span().end;
                let gone = match (members.get(at + 1), at.checked_sub(1)) {
                    (Some(next), _) => member.start..next.start,
                    (None, Some(before)) => members[before].value.span().end..end,
                    (None, None) => member.start..end,
                };
                let (name, folded) = (format!("{name}/{key}"), format!("{folded}/{key}"));
                payload(&name, &folded, &member.value, Some(gone), leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                // One that is gone would move all behind it; it can be null.
                payload(&format!("{name}/{at}"), &format!("{folded}/*"), item, None, leaves);
            }
        }
        _ if leaves.full() => leaves.left_out += 1,
        _ => {
            let key = folded.rsplit('/').find(|segment| *segment != "*").unwrap_or_default();
            let mut tried: Vec<_> = changes::of(node, key)
                .into_iter()
                .map(|Change { kind, text }| Trial {
                    kind,
                    shown: Some(text.clone()),
                    edit: Edit::Payload(node.span(), text),
                })
                .collect();
            if let Some(gone) = gone {
                let edit = Edit::Payload(gone, String::new());
                tried.push(Trial { kind: "absent", shown: None, edit });
            }
            let (name, folded) = (name.to_owned(), folded.to_owned());
            leaves.push(Leaf { name, folded, changes: tried });
        }
    }
}

/// Settings as they stand, and those that a schema knows and nobody set. A change that the schema
/// does not allow could never come to be, so it is not tried.
fn settings(job: &Job, leaves: &mut Leaves) {
    let Ok(settings) = serde_json::from_str::<Json>(&job.context.settings) else { return };
    let stages = [&job.stages.status_translation, &job.stages.pricing, &job.stages.field_mapping];
    let plugins: Vec<_> = stages.into_iter().flatten().map(|stage| &stage.plugin).collect();
    let allowed =
        |settings: &Json| plugins.iter().all(|plugin| plugin.check_settings(settings).is_empty());
    let trial = |kind, shown, settings: Json| {
        let context = Context { settings: settings.to_string().into(), ..job.context.clone() };
        Trial { kind, shown, edit: Edit::Context(Box::new(context)) }
    };

    let text = settings.to_string();
    let mut own = Leaves { found: Vec::new(), left_out: 0, runs: 0, runs_max: leaves.runs_max };
    if let Some(root) = Node::of(&text) {
        payload("", "", &root, None, &mut own);
    }
    leaves.left_out += own.left_out;
    for leaf in own.found {
        let changed = leaf.changes.into_iter().filter_map(|Trial { kind, shown, edit }| {
            let Edit::Payload(span, new) = edit else { return None };
            let mut changed = text.clone();
            changed.replace_range(span, &new);
            let changed = serde_json::from_str(&changed).ok().filter(&allowed)?;
            Some(trial(kind, shown, changed))
        });
        leaves.push(Leaf {
            changes: changed.collect(),
            name: format!("@settings{}", leaf.name),
            folded: format!("@settings{}", leaf.folded),
        });
    }

    let mut known: Vec<(&String, &Json)> = plugins
        .iter()
        .filter_map(|plugin| plugin.manifest().settings_schema.get("properties")?.as_object())
        .flatten()
        .filter(|(name, _)| settings.get(name.as_str()).is_none())
        .collect();
    known.sort_by_key(|(name, _)| *name);
    known.dedup_by_key(|(name, _)| *name);
    for (name, schema) in known {
        let changed = changes::for_schema(schema).into_iter().filter_map(|value| {
            let mut settings = settings.clone();
            settings.as_object_mut()?.insert(name.clone(), value.clone());
            allowed(&settings).then(|| trial("added", Some(value.to_string()), settings))
        });
        let changes: Vec<_> = changed.collect();
        if !changes.is_empty() {
            let name = format!("@settings/{}", escape(name));
            leaves.push(Leaf { folded: name.clone(), name, changes });
        }
    }
}

fn context(job: &Job, leaves: &mut Leaves) {
    let known = &job.context;
    let mut leaf = |name: &str, changes: Vec<Trial>| {
        let name = format!("@context/{}", escape(name));
        leaves.push(Leaf { folded: name.clone(), name, changes });
    };
    let trial = |kind, shown: Option<String>, change: &dyn Fn(&mut Context)| {
        let mut context = known.clone();
        change(&mut context);
        Trial { kind, shown, edit: Edit::Context(Box::new(context)) }
    };
    type Field = fn(&mut Context) -> &mut String;
    let texts: [(&str, &str, Field); 9] = [
        ("merchant", &known.merchant, |it| &mut it.merchant),
        ("route", &known.route, |it| &mut it.route),
        ("source", &known.source, |it| &mut it.source),
        ("target", &known.target, |it| &mut it.target),
        ("topic", &known.topic, |it| &mut it.topic),
        ("resource_key", &known.resource_key, |it| &mut it.resource_key),
        ("event_id", &known.event_id, |it| &mut it.event_id),
        ("correlation_id", &known.correlation_id, |it| &mut it.correlation_id),
        ("received_at", &known.received_at, |it| &mut it.received_at),
    ];
    for (name, value, field) in texts {
        let changed = changes::of_context(name, value).into_iter().map(|new| {
            trial("other", Some(new.clone()), &|context| field(context).clone_from(&new))
        });
        leaf(name, changed.collect());
    }
    let optional = |old: &Option<String>, other: Vec<String>| {
        let mut tried: Vec<(&'static str, Option<String>)> =
            other.into_iter().map(|new| ("other", Some(new))).collect();
        if old.is_some() {
            tried.push(("absent", None));
        }
        tried
    };
    let time = known.source_version_time.as_deref().unwrap_or("2026-01-01T00:00:00Z");
    let times = changes::of_context("source_version_time", time);
    let times = optional(&known.source_version_time, times).into_iter().map(|(kind, new)| {
        trial(kind, new.clone(), &|context| context.source_version_time.clone_from(&new))
    });
    leaf("source_version_time", times.collect());
    let attempt = known.attempt.saturating_add(1);
    leaf(
        "attempt",
        vec![trial("other", Some(attempt.to_string()), &|context| context.attempt = attempt)],
    );
    let checkpoints =
        optional(&known.checkpoint, vec!["{}".to_owned()]).into_iter().map(|(kind, new)| {
            trial(kind, new.clone(), &|context| context.checkpoint.clone_from(&new))
        });
    leaf("checkpoint", checkpoints.collect());
    for (at, (name, value)) in known.attributes.iter().enumerate() {
        let new = format!("{value}x");
        let other = trial("other", Some(new.clone()), &|context| {
            context.attributes[at].1.clone_from(&new);
        });
        let absent = trial("absent", None, &|context| drop(context.attributes.remove(at)));
        leaf(&format!("attributes/{name}"), vec![other, absent]);
    }
    let statuses = changes::other_statuses(job.previous_status.as_deref().unwrap_or_default());
    let statuses = optional(&job.previous_status, statuses).into_iter().map(|(kind, new)| Trial {
        kind,
        shown: new.clone(),
        edit: Edit::PreviousStatus(new),
    });
    leaf("previous_status", statuses.collect());
}

fn cells(job: &Job, asked: &[(String, String)], leaves: &mut Leaves) {
    for (table, key) in asked {
        let Some(cells) = job.lookups.cells(table, key) else { continue };
        let row = row_name(table, key);
        let folded = format!("@lookups/{}/*", escape(table));
        let gone = Arc::new(job.lookups.without_row(table, key));
        leaves.push(Leaf {
            name: row.clone(),
            folded: folded.clone(),
            changes: vec![Trial { kind: "absent", shown: None, edit: Edit::Lookups(gone) }],
        });
        // The first column is the key: another key is no row.
        for (column, value) in cells.iter().skip(1) {
            let changed =
                changes::of_text(value, column).into_iter().map(|Change { kind, text }| {
                    let lookups = Arc::new(job.lookups.with_cell(table, key, column, &text));
                    Trial { kind, shown: Some(text), edit: Edit::Lookups(lookups) }
                });
            leaves.push(Leaf {
                name: format!("{row}/{}", escape(column)),
                folded: format!("{folded}/{}", escape(column)),
                changes: changed.collect(),
            });
        }
    }
}
