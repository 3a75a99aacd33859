//! The admission report: what a file is, and whether the host would take it.
//!
//! It is made by loading the file exactly as the host does, so the two cannot disagree. What can be
//! read without compiling stands in the report even when the file is refused.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::component;
use super::contract;
use super::engine::Engine;
use super::limits::Limits;
use super::plugin::{Capability, Manifest};
use super::profile::Profile;
use super::scan;
use super::section::Section;

/// What the host thinks of a file.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether the host would take it.
    pub accepted: bool,
    /// Why not; empty when accepted.
    pub problems: Vec<Problem>,
    /// Not wrong, yet worth knowing.
    pub notes: Vec<String>,
    /// Everything that was looked at, in order.
    pub sections: Vec<Section>,
    /// Size of the file.
    pub size_bytes: u64,
    /// sha256 of the file, hex.
    pub digest: String,
    /// `component` or `core module`; absent when it is neither.
    pub kind: Option<&'static str>,
    /// Functions in all its modules.
    pub functions: Option<u64>,
    /// The contract it was written for.
    pub contract: Option<String>,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// The WASI interfaces among the imports, answered by a stub.
    pub wasi: Vec<String>,
    /// Memory of an instance before it does anything.
    pub memory_minimum_bytes: Option<u64>,
    /// What it says of itself, settings schema included.
    pub manifest: Option<Manifest>,
    /// Which limits fit it, where nobody set others.
    pub profile: Profile,
    /// The limits it would run under.
    pub limits: Limits,
}

/// One reason to refuse.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Stable and machine-readable.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// The report of what is refused before it is looked over.
#[must_use]
pub fn refused(bytes: &[u8], limits: &Limits, problem: Problem) -> Report {
    let mut report = empty(bytes, limits);
    report.problems.push(problem);
    report.tell_steps();
    report
}

fn empty(bytes: &[u8], limits: &Limits) -> Report {
    Report {
        accepted: false,
        problems: Vec::new(),
        notes: Vec::new(),
        sections: Vec::new(),
        size_bytes: bytes.len() as u64,
        digest: hex::encode(Sha256::digest(bytes)),
        kind: None,
        functions: None,
        contract: None,
        capabilities: Vec::new(),
        imports: Vec::new(),
        exports: Vec::new(),
        wasi: Vec::new(),
        memory_minimum_bytes: None,
        manifest: None,
        profile: Profile::of(bytes),
        limits: *limits,
    }
}

/// Looks a file over. Costs what loading it costs.
#[must_use]
pub fn report(engine: &Engine, bytes: &[u8], limits: &Limits) -> Report {
    let mut report = empty(bytes, limits);
    if let Ok(shape) = scan::scan(bytes) {
        report.kind = Some(if shape.component { "component" } else { "core module" });
        report.functions = Some(shape.functions);
        let outside = match component::component(bytes, &shape) {
            Ok(encoded) if !shape.component => scan::scan(&encoded).unwrap_or(shape),
            _ => shape,
        };
        report.contract = outside
            .imports
            .iter()
            .chain(&outside.exports)
            .find_map(|name| contract::version_of(name))
            .map(|version| version.to_string());
        report.imports = outside.imports;
        report.exports = outside.exports;
    }
    match engine.load("check", bytes, limits) {
        Ok(plugin) => {
            report.accepted = true;
            report.contract = Some(plugin.contract().to_owned());
            report.capabilities = plugin.capabilities().to_vec();
            report.wasi = plugin.wasi().to_vec();
            report.memory_minimum_bytes = plugin.memory_minimum_bytes();
            report.manifest = Some(plugin.manifest().clone());
            if !report.wasi.is_empty() {
                report.notes.push(
                    "imports WASI, which the host answers with a stub: the clocks stand at the event's received-at, random is seeded by the event, what is printed goes to the log, there are no files, no environment and no network. For Rust, build for `wasm32-unknown-unknown` to import nothing".to_owned(),
                );
            }
        }
        Err(error) => {
            report.problems.push(Problem { code: error.code(), message: error.to_string() });
        }
    }
    report.tell_steps();
    report
}
