//! What came of a run, as `dry-run --json` prints it and golden cases expect it.
//!
//! Every key is always there, in this order, whatever the outcome. Two runs of the same case differ
//! in `usage.duration_us` and `usage.startup.duration_us`, and in nothing else. Document bodies are the plugin's own text.

use serde::Serialize;
use serde_json::{Value, json};

use super::words;
use crate::event::{Document, PriceLine, Violation};
use crate::plugin::{HOSTCALL, Limits, LogLine, Outcome, Profile, Run, Usage};

/// The whole of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The outcome's name.
    pub(crate) outcome: &'static str,
    /// What would be delivered, in order.
    pub(crate) documents: Vec<Document>,
    /// The target's status, when translated.
    pub(crate) status: Option<String>,
    /// The priced lines, when priced.
    pub(crate) lines: Vec<PriceLine>,
    /// What the plugin wants back next time.
    pub(crate) checkpoint: Option<String>,
    /// What is wrong with the payload.
    pub(crate) violations: Vec<Violation>,
    /// Why it was skipped or is not ready.
    pub(crate) reason: Option<String>,
    /// What the plugins logged.
    pub(crate) logs: Vec<LogLine>,
    /// What it cost.
    pub(crate) usage: Usage,
    /// The plugin that was asked for.
    pub(crate) plugin: PluginName,
    /// Which plugin did which part.
    pub(crate) stages: StageNames,
    /// The limits in force for that plugin.
    pub(crate) limits: Limits,
    /// The limit that was hit or the trap; null when there was none.
    pub(crate) failure: Option<Value>,
}

/// Which plugin, exactly.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PluginName {
    /// From its manifest.
    pub(crate) name: String,
    /// From its manifest.
    pub(crate) version: String,
    /// sha256 of its file, hex.
    pub(crate) digest: String,
    /// What it exports.
    pub(crate) capabilities: Vec<String>,
    /// Which limits fit it, where nobody set others.
    pub(crate) profile: Profile,
}

/// Which plugin does which part, as `name@version`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct StageNames {
    /// The first part.
    pub(crate) status_translation: Option<String>,
    /// The second.
    pub(crate) pricing: Option<String>,
    /// The last.
    pub(crate) field_mapping: Option<String>,
}

impl Report {
    /// The report of `run`.
    pub(crate) fn of(run: Run, plugin: PluginName, stages: StageNames, limits: Limits) -> Self {
        let outcome = run.outcome.name();
        let failure = failure_of(&run.outcome);
        let mut report = Self {
            outcome,
            documents: Vec::new(),
            status: run.status,
            lines: run.lines,
            checkpoint: None,
            violations: Vec::new(),
            reason: None,
            logs: run.logs,
            usage: run.usage,
            plugin,
            stages,
            limits,
            failure,
        };
        match run.outcome {
            Outcome::Mapped { documents, checkpoint } => {
                report.documents = documents;
                report.checkpoint = checkpoint;
            }
            Outcome::Skipped { reason } | Outcome::NotReady { reason } => {
                report.reason = Some(reason);
            }
            Outcome::Rejected { violations } => report.violations = violations,
            Outcome::Trapped { .. }
            | Outcome::OutOfFuel { .. }
            | Outcome::Deadline { .. }
            | Outcome::OutOfMemory { .. }
            | Outcome::OutputTooLarge { .. }
            | Outcome::BadOutput { .. } => {}
        }
        report
    }

    /// The exit code that says the same: 0 mapped or skipped, 1 rejected or not ready, 3 the rest.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.outcome {
            "mapped" | "skipped" => 0,
            "rejected" | "not_ready" => 1,
            _ => 3,
        }
    }

    /// The report as JSON text, bodies as the plugin wrote them.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("strings, numbers and bodies that were checked as JSON")
    }

    /// The report as a value, for comparing.
    pub(crate) fn value(&self) -> Value {
        serde_json::to_value(self).expect("strings, numbers and bodies that were checked as JSON")
    }
}

/// What failed, with the number that was exceeded and its limit.
fn failure_of(outcome: &Outcome) -> Option<Value> {
    let count = words::count;
    Some(match outcome {
        Outcome::Mapped { .. }
        | Outcome::Skipped { .. }
        | Outcome::Rejected { .. }
        | Outcome::NotReady { .. } => return None,
        Outcome::Trapped { message, backtrace } => {
            json!({"message": message, "backtrace": backtrace})
        }
        Outcome::OutOfFuel { limit, starting: false } => json!({
            "message": format!("the plugin burnt all of its {} units of fuel; an endless loop, or rules that need a larger `fuel` limit", count(*limit)),
            "limit": limit,
        }),
        Outcome::OutOfFuel { limit, starting: true } => json!({
            "message": format!("the plugin used up {} units of fuel while starting, before it was asked anything; an endless loop, or a runtime that needs a larger `startup_fuel` limit", count(*limit)),
            "limit": limit,
            "starting": true,
        }),
        Outcome::Deadline { limit_ms } => json!({
            "message": format!("the plugin did not answer within {} ms", count(*limit_ms)),
            "limit_ms": limit_ms,
        }),
        Outcome::OutOfMemory { room, requested, limit } if room.is_memory() => json!({
            "message": format!("the plugin asked for {} of memory and may have {}", words::bytes(*requested), words::bytes(*limit)),
            "requested_bytes": requested,
            "limit_bytes": limit,
        }),
        Outcome::OutOfMemory { room, requested, limit } => json!({
            "message": format!("the plugin asked for {} {} and may have {}; the limit is `{}`", count(*requested), room.unit(), count(*limit), room.limit_name()),
            "what": room.limit_name(),
            "requested": requested,
            "limit": limit,
        }),
        Outcome::OutputTooLarge { what, limit, .. } if what == HOSTCALL => json!({
            "message": format!("the plugin handed over more than {} bytes at once: an answer, a list of documents or a line of log that is too large. What may be handed over goes with `output_bytes` and `documents`", count(*limit)),
            "what": what,
            "size": null,
            "limit": limit,
        }),
        Outcome::OutputTooLarge { what, size, limit } => json!({
            "message": format!("the answer is too large: {what} is {} and may be {}", count(*size), count(*limit)),
            "what": what,
            "size": size,
            "limit": limit,
        }),
        Outcome::BadOutput { message } => json!({"message": message}),
    })
}
