//! What happened to each event of the demo: a table for people, JSON for machines.

use comfy_table::{Cell, Color, Table};
use serde::Serialize;

use super::deliveries::Expected;

/// One delivery of the shop and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct Fate {
    pub(super) merchant: String,
    pub(super) delivery: &'static str,
    pub(super) story: &'static str,
    pub(super) topic: String,
    pub(super) http_status: u16,
    pub(super) event_id: Option<String>,
    pub(super) route: Option<String>,
    /// How it ended.
    pub(super) outcome: String,
    pub(super) expected: Expected,
    pub(super) as_expected: bool,
    pub(super) plugin: Option<String>,
    pub(super) plugin_version: Option<String>,
    pub(super) plugin_digest: Option<String>,
    pub(super) documents: Vec<String>,
    pub(super) fuel: u64,
    pub(super) mapping_us: u64,
    pub(super) attempts: usize,
    pub(super) erp_ids: Vec<String>,
    pub(super) reason: Option<String>,
}

/// The whole demo.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether every event ended as it should and the swap was seen.
    pub(super) ok: bool,
    pub(super) address: String,
    pub(super) erp_address: String,
    pub(super) swap: Swap,
    pub(super) events: Vec<Fate>,
    /// What stands in the sandbox ERP.
    pub(super) erp_documents: usize,
    /// Requests the sandbox refused because it was told to.
    pub(super) erp_refusals: usize,
}

/// The plugin swap in the middle.
#[derive(Debug, Serialize)]
pub(super) struct Swap {
    pub(super) merchant: String,
    pub(super) plugin: String,
    pub(super) from: String,
    pub(super) to: String,
    /// From the file's rename to the first look that saw the new version.
    pub(super) took_ms: u64,
}

impl Fate {
    /// The outcome, with the beginning of its reason where it has one.
    fn ending(&self) -> String {
        const REASON_CHARS: usize = 48;
        let Some(reason) = &self.reason else { return self.outcome.clone() };
        let short: String = reason.chars().take(REASON_CHARS).collect();
        let more = if reason.chars().count() > REASON_CHARS { "..." } else { "" };
        format!("{}: {short}{more}", self.outcome)
    }
}

impl Report {
    /// The table.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        table.set_header([
            "merchant",
            "event",
            "what happened",
            "route",
            "plugin",
            "documents",
            "fuel",
            "time",
            "tries",
            "ERP id",
            "outcome",
        ]);
        for fate in &self.events {
            let plugin = match (&fate.plugin, &fate.plugin_version) {
                (Some(plugin), Some(version)) => format!("{plugin} {version}"),
                _ => String::new(),
            };
            let colour = if fate.as_expected { Color::Green } else { Color::Red };
            table.add_row([
                Cell::new(&fate.merchant),
                Cell::new(&fate.topic),
                Cell::new(fate.story),
                Cell::new(fate.route.as_deref().unwrap_or("")),
                Cell::new(plugin),
                Cell::new(fate.documents.join("\n")),
                Cell::new(if fate.fuel == 0 { String::new() } else { fate.fuel.to_string() }),
                Cell::new(if fate.fuel == 0 {
                    String::new()
                } else {
                    format!("{} us", fate.mapping_us)
                }),
                Cell::new(if fate.attempts == 0 {
                    String::new()
                } else {
                    fate.attempts.to_string()
                }),
                Cell::new(fate.erp_ids.join("\n")),
                Cell::new(fate.ending()).fg(colour),
            ]);
        }
        table
    }
}
