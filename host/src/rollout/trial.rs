//! One version run beside the one in use: what both made of the same events, added up.
//!
//! ```text
//!   shadow   live: in use          beside: the candidate             before = live, after = beside
//!   watch    live: just promoted   beside: the version before it     before = beside, after = live
//! ```
//! So a report always reads from the older version to the newer. It is the tally of `diff`, one for
//! each route, and three counts beside it: events in which only one of both fails, events in which
//! only one breaks a seatbelt, and what was not compared. Some hundreds of kilobytes at most.
//!
//! What that means is said in `judgement`. What only the clock ended is nobody's fault and is not
//! compared.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

use super::judgement::fails;
use super::terms::{Role, State, Terms};
use crate::evidence::difference::{Subject, Tally};
use crate::evidence::trial::currency_if_unlike;
use crate::journal::rollouts::TrialRow;
use crate::plugin::{Kept, Plugin, Run};
use crate::seatbelt::Breach as Broken;

/// Seatbelts told with a report.
const TOLD_MAX: usize = 5;

/// Events in which only one of both does something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlyOne {
    /// Only the older.
    pub before: u64,
    /// Only the newer.
    pub after: u64,
}

/// What was seen so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Events that the live version mapped, compared or not.
    pub seen: u64,
    /// Of them, those that found no room beside live work.
    pub dropped: u64,
    /// Of them, those that only the clock ended on one side.
    pub not_compared: u64,
    /// Refused, trapped or over a limit.
    pub failures: OnlyOne,
    /// Breaking a seatbelt.
    pub seatbelts: OnlyOne,
    /// What the newer broke and the older did not, a few of them.
    pub broken: Vec<String>,
    /// What differs, by route.
    pub routes: BTreeMap<String, Tally>,
    /// Why it ended, where that is to be said.
    pub reason: Option<String>,
}

/// See the head of the file.
#[derive(Debug)]
pub struct Trial {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// What it is for.
    pub role: Role,
    /// The version in use.
    pub live: Kept,
    /// The version that runs beside it.
    pub beside: Kept,
    /// The same, ready to be called, or why not.
    pub version: Result<Plugin, String>,
    /// How it is held.
    pub terms: Terms,
    /// When it began.
    pub began_at: Timestamp,
    /// Who wanted it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Read by walks, who never wait for the thread that counts: it is the last to get a processor.
    state: AtomicU8,
    seen: Mutex<Progress>,
    passed: AtomicU64,
    dropped: AtomicU64,
    changed: AtomicBool,
    told: AtomicBool,
}

/// A watch has seen enough.
#[derive(Debug, Clone)]
pub struct Breach {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// The version that is in use.
    pub live: String,
    /// The version to go back to.
    pub before: String,
    /// What was seen, with its numbers.
    pub reason: String,
}

/// Both answers to one event, the older's first.
pub(super) struct Answers<'a> {
    pub(super) seq: u64,
    pub(super) event: &'a str,
    pub(super) route: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) runs: (&'a Run, &'a Run),
    pub(super) broken: (Vec<Broken>, Vec<Broken>),
}

impl Trial {
    /// One that begins now.
    #[must_use]
    pub fn begin(
        (merchant, plugin, role): (&str, &str, Role),
        (live, beside): (Kept, Plugin),
        terms: Terms,
        (who, why): (&str, &str),
    ) -> Self {
        Self {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            role,
            live,
            beside: Kept::from(&beside),
            version: Ok(beside),
            terms,
            began_at: Timestamp::now(),
            who: who.to_owned(),
            why: why.to_owned(),
            state: AtomicU8::new(State::Running as u8),
            seen: Mutex::default(),
            passed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            changed: AtomicBool::new(false),
            told: AtomicBool::new(false),
        }
    }

    /// One that the journal has.
    pub(super) fn taken_up(row: TrialRow, live: Kept, version: Result<Plugin, String>) -> Self {
        let unreadable = |what: &str, error: serde_json::Error| {
            warn!(merchant.name = row.merchant, plugin.name = row.plugin, %error, what, "a trial of before cannot be read back whole");
        };
        let terms = serde_json::from_str(&row.terms).unwrap_or_else(|error| {
            unreadable("terms", error);
            Terms::default()
        });
        let progress: Progress = serde_json::from_str(&row.progress).unwrap_or_else(|error| {
            unreadable("progress", error);
            Progress::default()
        });
        let beside = match &version {
            Ok(version) => Kept::from(version),
            Err(_) => {
                let digest = row.beside.clone();
                Kept { name: String::new(), version: String::new(), digest }
            }
        };
        Self {
            role: if row.role == Role::Watch.as_str() { Role::Watch } else { Role::Shadow },
            live,
            beside,
            version,
            terms,
            began_at: row.began_at,
            who: row.who,
            why: row.why,
            passed: AtomicU64::new(progress.seen),
            dropped: AtomicU64::new(progress.dropped),
            state: AtomicU8::new(State::named(&row.state) as u8),
            seen: Mutex::new(progress),
            changed: AtomicBool::new(false),
            told: AtomicBool::new(false),
            merchant: row.merchant,
            plugin: row.plugin,
        }
    }

    /// As it stands in the journal, or should.
    pub(super) fn row(&self) -> TrialRow {
        self.changed.store(false, Ordering::Relaxed);
        self.row_of(self.state(), self.progress())
    }

    /// As it will stand in the journal once it has ended so: nobody sees an end that is not written down.
    pub(super) fn ended(&self, state: State, reason: Option<&str>) -> TrialRow {
        let mut progress = self.progress();
        if let Some(reason) = reason {
            progress.reason = Some(reason.to_owned());
        }
        self.row_of(state, progress)
    }

    fn row_of(&self, state: State, progress: Progress) -> TrialRow {
        let text = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        TrialRow {
            merchant: self.merchant.clone(),
            plugin: self.plugin.clone(),
            role: self.role.as_str().to_owned(),
            live: self.live.digest.clone(),
            beside: self.beside.digest.clone(),
            state: state.as_str().to_owned(),
            terms: text(serde_json::to_string(&self.terms)),
            progress: text(serde_json::to_string(&progress)),
            began_at: self.began_at,
            updated_at: Timestamp::now(),
            who: self.who.clone(),
            why: self.why.clone(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        let state = self.state.load(Ordering::Relaxed);
        State::ALL.into_iter().find(|it| *it as u8 == state).unwrap_or(State::Stopped)
    }

    /// What it has seen.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = self.lock().clone();
        progress.seen = self.passed.load(Ordering::Relaxed);
        progress.dropped = self.dropped.load(Ordering::Relaxed);
        progress
    }

    /// Events that the live version mapped.
    pub(super) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// Events compared on all routes.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.lock().routes.values().map(|tally| tally.compared).sum()
    }

    /// What is told of it: the differences and the verdict with it, or only the numbers.
    #[must_use]
    pub fn account(&self, whole: bool) -> Value {
        let progress = self.progress();
        let compared: u64 = progress.routes.values().map(|tally| tally.compared).sum();
        let different: u64 = progress.routes.values().map(Tally::different).sum();
        let named =
            |it: &Kept| json!({ "name": it.name, "version": it.version, "digest": it.digest });
        let mut account = json!({
            "merchant": self.merchant,
            "plugin": self.plugin,
            "role": self.role,
            "state": self.state(),
            "live": named(&self.live),
            "beside": named(&self.beside),
            "fault": self.version.as_ref().err(),
            "since": self.began_at,
            "until": self.terms.until,
            "events_max": self.terms.events_max,
            "seen": progress.seen,
            "compared": compared,
            "different": different,
            "dropped": progress.dropped,
            "not_compared": progress.not_compared,
            "failures": progress.failures,
            "seatbelts": progress.seatbelts,
            "reason": progress.reason,
        });
        if !whole {
            return account;
        }
        let tolerances = self.terms.tolerances.clone().unwrap_or_default();
        let routes: Vec<Value> = progress
            .routes
            .iter()
            .map(|(route, tally)| {
                json!({ "route": route, "difference": tally, "verdict": tally.judge(&tolerances) })
            })
            .collect();
        account["who"] = json!(self.who);
        account["why"] = json!(self.why);
        account["terms"] = json!(self.terms);
        account["broken"] = json!(progress.broken);
        account["verdict"] = json!(self.verdict());
        account["routes"] = json!(routes);
        account
    }

    /// Ends it, if it runs or is done.
    pub(super) fn end(&self, state: State, reason: Option<String>) {
        if let Some(reason) = reason {
            self.lock().reason = Some(reason);
        }
        self.state.store(state as u8, Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Ends it when it has seen all it was to see; says whether it did.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let over = self.terms.until.is_some_and(|until| now >= until)
            || self.terms.events_max.is_some_and(|max| self.compared() >= max);
        if !over || self.state() != State::Running {
            return false;
        }
        self.end(State::Done, None);
        true
    }

    /// Whether there is something that the journal does not have.
    pub(super) fn is_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// The live version has mapped an event; `taken` says whether it will be compared.
    pub(super) fn pass(&self, taken: bool) {
        self.passed.fetch_add(1, Ordering::Relaxed);
        if !taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.changed.store(true, Ordering::Relaxed);
    }

    /// A breach, once; again when telling it came to nothing.
    pub(super) fn tell(&self, tell: impl FnOnce(Breach) -> bool) {
        let Some(reason) = self.breach() else { return };
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let told = tell(Breach {
            merchant: self.merchant.clone(),
            plugin: self.plugin.clone(),
            live: self.live.digest.clone(),
            before: self.beside.digest.clone(),
            reason,
        });
        self.told.store(told, Ordering::Relaxed);
    }

    /// What was told came to nothing for now: it is told again.
    pub fn tell_again(&self) {
        self.told.store(false, Ordering::Relaxed);
    }

    /// What is wrong with it, for its report.
    pub fn complain(&self, what: String) {
        self.lock().reason = Some(what);
        self.changed.store(true, Ordering::Relaxed);
    }

    /// One side did not come to an end that is its own.
    pub(super) fn miss(&self) {
        self.lock().not_compared += 1;
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Adds both answers to one event.
    pub(super) fn add(&self, answers: Answers<'_>) {
        let Answers { seq, event, route, payload, runs: (before, after), broken } = answers;
        let currency = currency_if_unlike(payload, before, after);
        let subject = Subject { seq, event, currency: currency.as_deref() };
        if self.state() != State::Running {
            return;
        }
        let mut progress = self.lock();
        progress.routes.entry(route.to_owned()).or_default().add(&subject, before, after);
        match (fails(&before.outcome), fails(&after.outcome)) {
            (true, false) => progress.failures.before += 1,
            (false, true) => progress.failures.after += 1,
            _ => {}
        }
        // What fails has no documents, so it breaks nothing; that is told as a failure.
        match (broken.0.is_empty(), broken.1.first()) {
            (false, None) if !fails(&after.outcome) => progress.seatbelts.before += 1,
            (true, Some(first)) => {
                progress.seatbelts.after += 1;
                if progress.broken.len() < TOLD_MAX {
                    progress.broken.push(format!("{}: {} ({event})", first.belt, first.message));
                }
            }
            _ => {}
        }
        drop(progress);
        self.changed.store(true, Ordering::Relaxed);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Progress> {
        // Nothing panics half-way through a change of it.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
