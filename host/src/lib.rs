//! Mapwright: a WebAssembly plugin host for commerce integration.
//!
//! ```text
//!   a shop's webhook
//!         |
//!     [ingress]     check the signature, name the resource and its version
//!         |  append, fsync, then 200
//!     [journal]     the truth; all after this line survives a crash
//!         |  in order per resource, routes taking turns
//!     [dispatch]--[route]       which plugins, which target
//!         |-------[plugin]      status -> pricing -> field mapping, in the sandbox
//!         |-------[delivery]    document -> target, references resolved, tried again
//!         |            '-- gives up --> dead letter
//!         '-------[checkpoint]  what the plugin remembers of the resource
//! ```
//!
//! An [`event::Event`] comes in by [`ingress::router`] and is accepted by [`journal::Journal`].
//! [`dispatch::Dispatcher`] walks it along each [`route::Route`] that takes it: [`plugin::run`] makes
//! [`event::Document`]s of it, [`delivery::Target`] brings them to their target, and
//! [`checkpoint::Checkpoints`] keeps what the plugin wants to know next time. [`config::Snapshot`] is
//! what is being served; [`host::Host`] opens and closes everything in this order.
//!
//! Modules stand here in the order in which they may name each other; stages meet in [`dispatch`] and
//! nowhere else. `ARCHITECTURE.md` says why.
// Where it cannot be helped, in `plugin/compiled.rs` and `plugin/compiler.rs`, it says why it is sound.
#![deny(unsafe_code)]

pub mod event;
pub mod secret;
pub mod telemetry;
pub mod backlog;
pub mod exact;
pub mod reference;
// the road, in order
pub mod journal;
pub mod checkpoint;
pub mod ingress;
pub mod poll;
pub mod route;
pub mod plugin;
pub mod evidence;
mod case;
pub mod seatbelt;
pub mod delivery;
pub mod config;
pub mod rollout;
pub mod dispatch;
pub mod operate;
// the faces
pub mod host;
pub mod toolchain;
pub mod cli;
