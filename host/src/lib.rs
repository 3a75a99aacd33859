//! Mapwright: a WebAssembly plugin host for commerce integration.
#![forbid(unsafe_code)]

pub mod event;
pub mod secret;
pub mod telemetry;
// the road, in order
pub mod journal;
pub mod checkpoint;
pub mod ingress;
pub mod route;
pub mod plugin;
pub mod delivery;
pub mod config;
pub mod dispatch;
// the faces
pub mod host;
pub mod toolchain;
pub mod cli;
