//! The commands for when something is stuck. Each asks the REST API: of a running host (`--url`), or,
//! to look only, of the same API over the folder of a host that is stopped (`--config`).

pub(super) mod audit;
pub(super) mod dead_letters;
mod door;
pub(super) mod events;
pub(super) mod issues;
pub(super) mod quarantine;
pub(super) mod reads;
pub(super) mod recall;
pub(super) mod recorded;
pub(super) mod replay;
pub(super) mod routes;
pub(super) mod trials;
pub(super) mod tokens;
pub(super) mod values;
pub(super) mod versions;
mod view;
