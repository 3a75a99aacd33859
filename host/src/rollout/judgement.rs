//! What a trial means: whether the newer version may be promoted, and whether a promoted one has to go.
//!
//! A watch knows when it has seen enough: a fault must show in `events_min` events (three unless the
//! merchant says otherwise, so that one odd order takes nothing back); failures must also be more than
//! `failures_max_percent` of all events (one percent), those that the version before has left out.

use rust_decimal::Decimal;

use super::terms::{Role, State};
use super::trial::{Progress, Trial};
use crate::evidence::difference::{Obstacle, Verdict};
use crate::plugin::Outcome;

impl Trial {
    /// What stands in the way of the newer version, over all routes.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let progress = self.progress();
        let tolerances = self.terms.tolerances.clone().unwrap_or_default();
        let mut whole = Verdict { within: true, obstacles: Vec::new(), tolerated: Vec::new() };
        for tally in progress.routes.values() {
            let Verdict { obstacles, tolerated, .. } = tally.judge(&tolerances);
            whole.obstacles.extend(obstacles);
            whole.tolerated.extend(tolerated);
        }
        let broken = progress.seatbelts.after;
        let mut refuse = |subject: &str, events: u64, message: String| {
            whole.obstacles.push(Obstacle { subject: subject.to_owned(), events, message });
        };
        let compared: u64 = progress.routes.values().map(|tally| tally.compared).sum();
        if compared == 0 {
            refuse("(events)", 0, "nothing was compared, so nothing is known".to_owned());
        }
        match (self.state(), self.terms.events_max, self.terms.until) {
            (State::Running, Some(wanted), _) if compared < wanted => {
                refuse("(events)", compared, format!("it has seen {compared} of {wanted} events"));
            }
            (State::Running, None, Some(until)) => {
                refuse("(events)", compared, format!("it runs until {until}"));
            }
            _ => {}
        }
        if broken > 0 {
            let told = progress.broken.join("; ");
            let message =
                format!("{broken} answers break a seatbelt that those before do not: {told}");
            refuse("(seatbelts)", broken, message);
        }
        whole.within = whole.obstacles.is_empty();
        whole
    }

    /// What of a watched version is beyond its terms, with the numbers; none while it is within.
    #[must_use]
    pub fn breach(&self) -> Option<String> {
        if self.role != Role::Watch || self.state() != State::Running {
            return None;
        }
        let (progress, terms) = (self.lock(), &self.terms);
        let seen = self.passed();
        let Progress { failures, seatbelts, .. } = *progress;
        let more = failures.after.saturating_sub(failures.before);
        let share_max = terms.failures_max_percent * Decimal::from(seen);
        if more >= terms.events_min && Decimal::from(more) * Decimal::ONE_HUNDRED > share_max {
            return Some(format!(
                "of {seen} events {} fail that the version before maps, and {} the other way: more than {}%",
                failures.after, failures.before, terms.failures_max_percent
            ));
        }
        if seatbelts.after >= terms.events_min {
            return Some(format!(
                "{} of {seen} answers break a seatbelt that those of the version before keep: {}",
                seatbelts.after,
                progress.broken.join("; ")
            ));
        }
        let tolerances = terms.tolerances.as_ref()?;
        let obstacles =
            progress.routes.values().flat_map(|tally| tally.judge(tolerances).obstacles);
        let mut obstacles = obstacles.filter(|it| it.events >= terms.events_min);
        obstacles.next().map(|it| {
            format!(
                "{} is beyond what may differ in {} events: {}",
                it.subject, it.events, it.message
            )
        })
    }
}

/// Whether a version could not do its work, by its own fault.
pub(super) fn fails(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rejected { .. }
        | Outcome::Trapped { .. }
        | Outcome::OutOfFuel { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::OutputTooLarge { .. }
        | Outcome::BadOutput { .. } => true,
        Outcome::Mapped { .. }
        | Outcome::Skipped { .. }
        | Outcome::NotReady { .. }
        | Outcome::Deadline { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::rollouts::TrialRow;
    use crate::plugin::Kept;
    use crate::rollout::Terms;

    /// A trial that has seen this.
    fn trial(role: Role, terms: &Terms, progress: &Value) -> Trial {
        let live = Kept { name: "rules".into(), version: "2.0.0".into(), digest: "b".into() };
        let row = TrialRow {
            merchant: "acme".into(),
            plugin: "rules".into(),
            role: role.as_str().into(),
            live: "b".into(),
            beside: "a".into(),
            state: "running".into(),
            terms: serde_json::to_string(terms).unwrap(),
            progress: progress.to_string(),
            began_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            who: String::new(),
            why: String::new(),
        };
        Trial::taken_up(row, live, Err("not loaded".into()))
    }

    fn seen(seen: u64, failures: (u64, u64), seatbelts: u64) -> Value {
        json!({
            "seen": seen, "dropped": 0, "not_compared": 0, "broken": ["totals: a cent"], "routes": {},
            "failures": { "before": failures.0, "after": failures.1 },
            "seatbelts": { "before": 0, "after": seatbelts }, "reason": null,
        })
    }

    #[test]
    fn a_watch_bears_an_odd_event_and_what_the_version_before_had_failed_as_well() {
        let usual = Terms::default();
        for (saw, reverts) in [
            (seen(10, (0, 2), 0), false),
            (seen(10, (0, 3), 0), true),
            // Three in a thousand are less than one percent; and so are ten.
            (seen(1000, (0, 3), 0), false),
            (seen(1000, (0, 10), 0), false),
            (seen(1000, (0, 11), 0), true),
            // As many the other way round.
            (seen(10, (4, 6), 0), false),
            (seen(10, (4, 7), 0), true),
            (seen(10, (9, 0), 0), false),
            // A seatbelt is no matter of percent.
            (seen(1000, (0, 0), 2), false),
            (seen(1000, (0, 0), 3), true),
        ] {
            let found = trial(Role::Watch, &usual, &saw).breach();
            assert_eq!(found.is_some(), reverts, "{saw}: {found:?}");
            assert_eq!(
                trial(Role::Shadow, &usual, &saw).breach(),
                None,
                "a shadow takes nothing back"
            );
        }
        let strict = Terms { events_min: 1, ..Terms::default() };
        assert!(trial(Role::Watch, &strict, &seen(10, (0, 1), 0)).breach().is_some());
        let mild = Terms { failures_max_percent: Decimal::TEN, ..Terms::default() };
        assert!(trial(Role::Watch, &mild, &seen(100, (0, 9), 0)).breach().is_none());
        let said = trial(Role::Watch, &mild, &seen(100, (2, 13), 0)).breach().unwrap();
        assert!(
            said.contains("of 100 events 13 fail") && said.contains("2 the other way"),
            "{said}"
        );
    }

    #[test]
    fn a_shadow_that_has_seen_nothing_or_not_enough_is_not_within() {
        let enough = Terms { events_max: Some(5), ..Terms::default() };
        let verdict = trial(Role::Shadow, &enough, &seen(0, (0, 0), 0)).verdict();
        let said: Vec<&str> = verdict.obstacles.iter().map(|it| it.message.as_str()).collect();
        assert!(!verdict.within);
        assert_eq!(
            said,
            ["nothing was compared, so nothing is known", "it has seen 0 of 5 events"]
        );
    }
}
