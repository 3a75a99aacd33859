//! The sandbox: a merchant's rules, run on a payload, with every way to fail named.
//!
//! ```text
//!   file --> scan --> component --> contract --> compile --> manifest --> Plugin
//!                                                                           |
//!   Job (payload, context, stages, lookups) --> run: status -> pricing -> field mapping --> Run
//! ```
//!
//! [`Engine::load`] makes a [`Plugin`] of a file, [`admission::report`] says whether it would,
//! [`run`] walks a [`Job`] through the plugins of a route on this thread and [`Pool`] does so on
//! threads of its own. Each call is a fresh instance under [`Limits`], which begin as those of the file's [`Profile`]; a plugin that loops, grows,
//! recurses, floods or panics ends as an [`Outcome`] and takes nothing with it.
//!
//! WIT types stay in `bindings`. Nothing here knows of routes, files or deliveries.

pub mod admission;
mod answer;
mod bindings;
mod call;
mod compiled;
mod compiler;
mod component;
mod contract;
mod digest;
mod engine;
mod error;
mod failure;
mod instance;
mod job;
mod limiter;
mod limits;
mod load;
mod log;
mod lookups;
mod outcome;
pub mod package;
#[expect(clippy::module_inception, reason = "the stage is named after its main noun")]
mod plugin;
mod pacing;
mod pool;
mod profile;
mod rules;
mod run;
mod scan;
pub mod section;
mod shelf;
pub mod signature;
mod still;
mod streams;
mod urgency;
mod wasi_stub;
mod woocommerce;

pub use compiler::{COMMAND as COMPILE_COMMAND, CompileLimits, Compiler, compile_and_exit};
pub use engine::{Engine, EngineError, EngineOptions};
pub use error::{LoadError, MissingImport};
pub use job::{Context, Job, Stage, Stages};
pub use limits::{
    CORE_INSTANCES_CEILING, FILE_BYTES_MAX, Limits, LimitsPatch, MEMORY_BYTES_CEILING,
    TABLE_ELEMENTS_CEILING,
};
pub use lookups::{Asked, LookupError, Lookups};
pub use outcome::{HOSTCALL, LogLine, Outcome, Room, Run, Startup, Usage};
pub use plugin::{Capability, Manifest, Plugin};
pub use pool::{Load, Pool};
pub use profile::Profile;
pub use rules::{FolderFile, Rules};
pub use run::run;
pub use shelf::{Kept, Shelf};
pub(crate) use urgency::give_way;
