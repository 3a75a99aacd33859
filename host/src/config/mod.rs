//! Configuration: files, checked, watched, the last good kept.
//!
//! `mapwright.toml` and one folder for each merchant become a [`Snapshot`]: sources, targets and
//! routes ready to walk. Unknown keys are refused with their line and the nearest name. Secrets are
//! named, never written here. Changing a file takes effect without a restart ([`Watch`]), except
//! where the host listens and keeps its data.

mod api;
mod catalog;
mod files;
mod known;
mod merchant;
mod snapshot;
mod text;
mod watch;

pub use api::{ApiToken, Role};
pub use catalog::{Catalog, Entry};
pub use files::{Connection, HostFile, MerchantFile};
pub use known::Known;
pub use merchant::{Merchant, ReadyRoute};
pub use snapshot::{Loader, Snapshot};
pub use text::{Fault, nearest};
pub use watch::Watch;
