//! Why a file is not taken as a plugin: named for what its author does next.

use super::outcome::{Outcome, Room};

/// Why a plugin cannot be loaded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not WebAssembly, or end too soon.
    #[error("not a WebAssembly file: {reason}. Build it again and copy the whole file")]
    NotWasm {
        /// What the parser saw, with the offset.
        reason: String,
    },
    /// Machine code instead of WebAssembly.
    #[error(
        "this is precompiled machine code, which the host never runs. Give it the .wasm file it was made from"
    )]
    Precompiled,
    /// A ceiling that is looked at before anything is compiled.
    #[error("too large: {what} is {size}, at most {limit}. {advice}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The ceiling.
        limit: u64,
        /// How to get below it.
        advice: &'static str,
    },
    /// A core module that does not say which contract it is for.
    #[error(
        "a core module without a component type, so its functions cannot be matched to the contract. Build with `mapwright build`, or make a component of it: `wasm-tools component embed wit --world complete-plugin in.wasm | wasm-tools component new`"
    )]
    CoreModuleWithoutType,
    /// A program that is run, where a plugin is called.
    #[error(
        "a program with a `main`, not a plugin: it gives {found} and waits to be run. Build what is called instead: {advice}"
    )]
    Program {
        /// The export that says so.
        found: String,
        /// How.
        advice: &'static str,
    },
    /// Made for calls that go on after they were answered.
    #[error(
        "uses the asynchronous half of the component model, and a call of a plugin is one computation. Build it for plain calls (JavaScript: `componentize-qjs --sync`; elsewhere: bindings without `async`, WASI 0.2 instead of 0.3)"
    )]
    Asynchronous,
    /// A core module whose embedded type does not fit its code.
    #[error("the core module cannot be made a component: {reason}")]
    NotAComponent {
        /// What does not fit.
        reason: String,
    },
    /// The plugin wants what the host does not give.
    #[error("{}", missing_imports(names))]
    MissingImport {
        /// Each missing name and what to change.
        names: Vec<MissingImport>,
    },
    /// Written for another contract.
    #[error(
        "written for contract {found}, this host speaks {supported}. Build it against wit/plugin.wit of this host"
    )]
    UnsupportedContract {
        /// The interface and version found.
        found: String,
        /// What the host speaks.
        supported: String,
    },
    /// The plugin does not give what every plugin gives.
    #[error("{0}")]
    MissingExport(String),
    /// An import or export of the right name and another type.
    #[error("an import or export differs from the contract: {0}. Build it against wit/plugin.wit")]
    WrongType(String),
    /// wasmtime would not compile it.
    #[error("not valid WebAssembly for this host: {0}")]
    Invalid(String),
    /// Compiling it took more than is allowed.
    #[error(
        "compiling it took more than {spent}, so it was stopped. Make its functions smaller and fewer"
    )]
    CompileBomb {
        /// What ran out.
        spent: String,
    },
    /// The compiler failed, which says nothing of the file.
    #[error("the compiler failed: {0}")]
    Compiler(String),
    /// `manifest.describe` did not return.
    #[error("`manifest.describe` ended as {}: {}", .0.name(), explain(.0))]
    ManifestFailed(Box<Outcome>),
    /// `manifest.describe` returned what cannot be.
    #[error("the manifest is wrong: {}", .0.join("; "))]
    BadManifest(Vec<String>),
    /// The limits themselves cannot be held.
    #[error("{0}")]
    Limits(String),
}

/// One import the host does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingImport {
    /// Its name.
    pub name: String,
    /// What to change.
    pub advice: &'static str,
}

impl LoadError {
    /// A stable word for it, as in `check --json`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWasm { .. } => "not_wasm",
            Self::Precompiled => "precompiled",
            Self::TooLarge { .. } => "too_large",
            Self::CoreModuleWithoutType => "core_module_without_type",
            Self::Program { .. } => "program",
            Self::Asynchronous => "asynchronous",
            Self::NotAComponent { .. } => "not_a_component",
            Self::MissingImport { .. } => "missing_import",
            Self::UnsupportedContract { .. } => "unsupported_contract",
            Self::MissingExport(_) => "missing_export",
            Self::WrongType(_) => "wrong_type",
            Self::Invalid(_) => "invalid",
            Self::CompileBomb { .. } => "compile_bomb",
            Self::Compiler(_) => "compiler",
            Self::ManifestFailed(_) => "manifest_failed",
            Self::BadManifest(_) => "bad_manifest",
            Self::Limits(_) => "limits",
        }
    }
}

fn missing_imports(names: &[MissingImport]) -> String {
    // A runtime misses a dozen functions for one reason, which is said once.
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for MissingImport { name, advice } in names {
        let name = format!("`{name}`");
        match reasons.iter_mut().find(|(known, _)| known == advice) {
            Some((_, names)) => names.push(name),
            None => reasons.push((advice, vec![name])),
        }
    }
    let list: Vec<_> =
        reasons.iter().map(|(advice, names)| format!("{} ({advice})", names.join(", "))).collect();
    format!("imports what the host does not give: {}", list.join("; "))
}

fn explain(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Trapped { message, .. } | Outcome::BadOutput { message } => message.clone(),
        Outcome::OutOfFuel { limit, starting: false } => {
            format!(
                "burnt all of its {limit} units of fuel. Raise `fuel`, or say less in the manifest"
            )
        }
        Outcome::OutOfFuel { limit, starting: true } => {
            format!(
                "used up {limit} fuel while starting. Raise `startup_fuel`, or do less before the first call"
            )
        }
        Outcome::Deadline { limit_ms } => format!("more than {limit_ms} ms"),
        Outcome::OutOfMemory { room: Room::Memory, requested, limit } => {
            format!("asked for {requested} bytes of {limit}. Raise `memory_bytes`, or use less")
        }
        Outcome::OutOfMemory { room, requested, limit } => {
            let (unit, name) = (room.unit(), room.limit_name());
            format!(
                "asked for {requested} {unit} and may have {limit}. Raise `{name}`, or use less"
            )
        }
        Outcome::OutputTooLarge { what, size, limit } => {
            format!("{what} is {size}, at most {limit}")
        }
        Outcome::NotReady { reason } | Outcome::Skipped { reason } => reason.clone(),
        Outcome::Mapped { .. } | Outcome::Rejected { .. } => String::new(),
    }
}
