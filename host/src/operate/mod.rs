//! Operating a host: replays, dead letters, quarantine, and the REST API they are reached by.
//!
//! ```text
//!   mapwright replay ... --\
//!   curl /v1/...  ----------+--> [api] --> acts in the journal, with who and why
//!                                  |
//!                             [replays]  jobs: a few passages put back at a time, at a pace
//!                             [recall]   jobs: what a bad version left behind, worked out again
//!                                  |
//!                               journal --> dispatcher, as if they had just come in
//! ```
//! Nothing here walks a passage or talks to a target: a replay only puts passages back, and the
//! dispatcher does with them what it does with all others. What is done by hand is in the audit
//! record, in the commit that does it.

pub mod activation;
pub mod api;
mod brought;
mod comparisons;
pub mod explained;
mod folder;
mod job;
mod judging;
mod quietly;
pub mod recall;
mod replays;
mod tidying;
pub mod uploads;
pub mod values;
pub mod versions;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

pub use self::comparisons::Comparisons;
use self::recall::Recalls;
pub use self::replays::{Ask, NotStarted, Replays};
use self::values::Values;
use self::versions::Versions;
pub use self::watch::keep_watch;
use crate::ingress::Ingress;
use crate::journal::Journal;
use crate::plugin::Shelf;
use crate::poll::Pollers;
use crate::rollout::Rollout;

/// Gives the state of every connection, as JSON.
pub type Connections = Arc<dyn Fn() -> Vec<Value> + Send + Sync>;

/// What is operated on. Clones are the same.
#[derive(Clone)]
pub struct Operate {
    /// The truth.
    pub journal: Journal,
    /// Takes in what is released from quarantine.
    pub ingress: Ingress,
    /// Plugin versions.
    pub shelf: Shelf,
    /// The folder with a folder for each merchant.
    pub merchants: PathBuf,
    /// Replays under way.
    pub replays: Replays,
    /// Recalls under way.
    pub recalls: Recalls,
    /// Plugins of merchants; none while the host is stopped.
    pub versions: Option<Versions>,
    /// Routes held still, candidates with a share, versions beside live ones; none while it is
    /// stopped.
    pub rollout: Option<Rollout>,
    /// Tables and settings of merchants; none while the host is stopped.
    pub values: Option<Values>,
    /// Comparisons under way.
    pub comparisons: Comparisons,
    /// What is known of connections.
    pub connections: Connections,
    /// Who fetches from shops; none while the host is stopped.
    pub pollers: Option<Pollers>,
}

impl Operate {
    /// Whether there is a folder for this merchant.
    #[must_use]
    pub fn has_merchant(&self, name: &str) -> bool {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        plain && self.merchants.join(name).is_dir()
    }
}
