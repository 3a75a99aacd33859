//! The part of admission that runs the plugin: on its golden cases and truth tables, on the merchant's own
//! recorded events, twice the same, and grown until a limit is met.
//!
//! Bounded by numbers and by the clock, on the one thread that looks files over: at most
//! [`EVENTS_MAX`] events and [`RUNS_TIME_MAX`], and what [`sections`] allows to cases and tables. It reads the journal beside the writer and touches
//! nothing. What is not reached in time is said to be not reached, never taken for granted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::brought::Brought;
use super::versions::{Sample, Versions, input, routes_of};
use crate::case::{Rehearsal, sections};
use crate::config::{Merchant, ReadyRoute};
use crate::evidence::headroom;
use crate::evidence::trial::{Input, Rules};
use crate::plugin::admission::Report;
use crate::plugin::section::{Section, Went};
use crate::plugin::{Limits, LimitsPatch, Plugin, Stage, Stages};

/// Events of each route that a version is run on.
const EVENTS_MAX: usize = 200;
/// How long that may take, all routes together.
const RUNS_TIME_MAX: Duration = Duration::from_millis(500);
/// Threads that tables are run on: the machine is there for orders.
const THREADS: usize = 1;
/// Inputs that are run twice.
const TWICE_MAX: usize = 5;
/// How far back the largest order is looked for, and in how many events and how long at most.
const LARGEST_DAYS: i64 = 90;
const LARGEST_EVENTS_MAX: usize = 2_000;
const LARGEST_TIME_MAX: Duration = Duration::from_millis(300);

impl Versions {
    /// Adds the sections that need the plugin to run.
    pub(super) fn judge(
        &self,
        merchant: &Merchant,
        plugin_name: &str,
        plugin: &Plugin,
        asked: &LimitsPatch,
        brought: &Brought,
        report: &mut Report,
    ) {
        let limits = plugin.limits(asked);
        let stage = || Stage::new(plugin.clone(), *asked);
        let mut routes = Vec::new();
        let mut settings = Vec::new();
        for ready in routes_of(merchant, plugin_name) {
            let text = serde_json::from_str(&ready.settings).unwrap_or_default();
            let faults = plugin.check_settings(&text);
            let told = faults.iter().map(|fault| {
                format!(
                    "the settings of route `{}` do not suit it{}: {}",
                    ready.name, fault.pointer, fault.message
                )
            });
            settings.extend(told);
            if faults.is_empty() {
                routes.extend(with_plugin(ready, plugin_name, &stage).map(|it| (ready, it)));
            }
        }
        report.notes.extend(settings.iter().cloned());
        let section = match (settings.is_empty(), routes_of(merchant, plugin_name).next()) {
            (_, None) => Section::new("settings", Went::NotRun, "no route names this plugin yet"),
            (true, _) => {
                Section::new("settings", Went::Passed, "they suit its schema on each route")
            }
            (false, _) => Section::new("settings", Went::Warned, settings.join("; ")),
        };
        report.add(section, "settings");
        let (rehearsal, folder) = (Rehearsal::of(plugin, *asked), brought.folder());
        let cases = sections::golden_cases(&rehearsal, folder, &folder.join("cases"));
        report.add(cases, "golden_cases");
        let held = sections::hold(&rehearsal, folder, brought.tables.clone(), THREADS);
        report.add(sections::truth_tables(&held), "truth_tables");
        let mut tried = self.try_recorded(merchant, &routes);
        let mut twice: Vec<(Rules, Input)> = tried.inputs.drain(..).collect();
        let unused = twice.is_empty();
        if unused {
            let stages = Stages { field_mapping: Some(stage()), ..Stages::default() };
            let rules = Rules { stages, ..Rules::default() };
            twice.push((rules, sections::empty_order(&merchant.name)));
        }
        report.add(sections::determinism(&twice), "nondeterminism");
        report.add(tried.section, "recorded_events");
        report.add(self.headroom_of(merchant, &routes, tried.mapped, &limits), "headroom");
        if unused {
            // No event has come for it yet; a host with a thousand such holds what others use.
            plugin.rest();
        }
    }

    /// Runs it over the newest events of each route.
    fn try_recorded(&self, merchant: &Merchant, routes: &[(&Arc<ReadyRoute>, Rules)]) -> Tried {
        let (start, mut inputs, mut mapped) = (Instant::now(), Vec::new(), None);
        let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut ran, mut meant, mut first_failure) = (0_u64, 0, None);
        for (ready, rules) in routes {
            let sample = Sample { last: Some(EVENTS_MAX), ..Sample::default() };
            let found = self.recorded(&merchant.name, ready, &sample).unwrap_or_default();
            meant += found.len() as u64;
            for seq in found {
                if start.elapsed() > RUNS_TIME_MAX {
                    break;
                }
                let Ok(Some(event)) = self.journal.event(seq) else { continue };
                let input = input(&event, ready);
                let run = rules.answer(&input);
                let name = run.outcome.name();
                *outcomes.entry(name).or_default() += 1;
                ran += 1;
                if !matches!(name, "mapped" | "skipped" | "rejected" | "not_ready") {
                    first_failure.get_or_insert_with(|| format!("{name} on event {}", event.id));
                }
                if name == "mapped" && mapped.is_none() {
                    mapped = Some((rules.clone(), input.clone()));
                }
                if inputs.len() < TWICE_MAX {
                    inputs.push((rules.clone(), input));
                }
            }
        }
        let found = json!({ "events": ran, "outcomes": outcomes });
        let counts: Vec<String> = outcomes
            .iter()
            .map(|(name, count)| format!("{count} {}", name.replace('_', " ")))
            .collect();
        let mut said = format!("{ran} of the newest {meant} events: {}", counts.join(", "));
        let went = match (&first_failure, ran) {
            (_, 0) => {
                said = match routes.is_empty() {
                    true => "no route is ready for it".to_owned(),
                    false => "nothing is recorded on its routes".to_owned(),
                };
                Went::NotRun
            }
            (Some(failure), _) => {
                said.push_str(&format!("; the first failure is {failure}"));
                Went::Warned
            }
            (None, _) => Went::Passed,
        };
        let section = Section { found, ..Section::new("recorded_events", went, said) };
        Tried { section, inputs, mapped }
    }

    /// How much larger an order may get, beside the largest that is known.
    fn headroom_of(
        &self,
        merchant: &Merchant,
        routes: &[(&Arc<ReadyRoute>, Rules)],
        mapped: Option<(Rules, Input)>,
        limits: &Limits,
    ) -> Section {
        const NAME: &str = "headroom";
        let Some((rules, input)) = mapped else {
            let said = "no recorded event maps, so there is nothing to grow";
            return Section::new(NAME, Went::NotRun, said);
        };
        let forecast = match headroom::forecast(&rules, &input, limits) {
            Ok(forecast) => forecast,
            Err(error) => return sections::headroom(Err(&error), None),
        };
        let largest = self.largest(&merchant.name, routes, &forecast.list);
        let of = largest.as_ref().map(|Largest { lines, events, whole }| match whole {
            true => (*lines, format!(" in {LARGEST_DAYS} days")),
            false => (*lines, format!(" in the newest {events} events")),
        });
        sections::headroom(Ok(&forecast), of.as_ref().map(|(lines, of)| (*lines, of.as_str())))
    }

    /// The longest list of the events within [`LARGEST_DAYS`], as far as there is time to look.
    fn largest(
        &self,
        merchant: &str,
        routes: &[(&Arc<ReadyRoute>, Rules)],
        list: &str,
    ) -> Option<Largest> {
        let (start, mut found) = (Instant::now(), None::<Largest>);
        let since =
            Timestamp::now().checked_sub(SignedDuration::from_hours(LARGEST_DAYS * 24)).ok();
        for (ready, _) in routes {
            let sample = Sample { last: Some(LARGEST_EVENTS_MAX), since, ..Sample::default() };
            let seqs = self.recorded(merchant, ready, &sample).ok()?;
            let mut whole = seqs.len() < LARGEST_EVENTS_MAX;
            let (mut lines, mut events) = (0, 0);
            for seq in seqs {
                if start.elapsed() > LARGEST_TIME_MAX {
                    whole = false;
                    break;
                }
                let Ok(Some(event)) = self.journal.event(seq) else { continue };
                lines = lines.max(headroom::items(&event.body, list) as u64);
                events += 1;
            }
            let before = found.get_or_insert(Largest { lines: 0, events: 0, whole: true });
            before.lines = before.lines.max(lines);
            before.events += events;
            before.whole &= whole;
        }
        found.filter(|it| it.events > 0)
    }
}

/// What came of the recorded events.
struct Tried {
    section: Section,
    /// Some of them, to be run twice.
    inputs: Vec<(Rules, Input)>,
    /// The newest that maps.
    mapped: Option<(Rules, Input)>,
}

/// The longest list that is known.
struct Largest {
    lines: u64,
    events: u64,
    /// Whether all that there is was looked at.
    whole: bool,
}

/// A route's plugins with this version where the route names it; none where another is missing.
fn with_plugin(ready: &ReadyRoute, name: &str, stage: &impl Fn() -> Stage) -> Option<Rules> {
    let now = ready.stages.as_ref().ok();
    let pick = |named: Option<&str>, now: Option<&Stage>| match named {
        None => Some(None),
        Some(named) if named == name => Some(Some(stage())),
        Some(_) => now.map(|stage| Some(stage.clone())),
    };
    let route = &ready.route;
    let stages = Stages {
        status_translation: pick(
            route.status_translation.as_deref(),
            now.and_then(|it| it.status_translation.as_ref()),
        )?,
        pricing: pick(route.pricing.as_deref(), now.and_then(|it| it.pricing.as_ref()))?,
        field_mapping: pick(
            Some(&route.field_mapping),
            now.and_then(|it| it.field_mapping.as_ref()),
        )?,
    };
    Some(Rules { stages, ..Rules::default() })
}
