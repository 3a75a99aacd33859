//! Running a plugin natively, so that its tests are ordinary `cargo test`.
//!
//! [`Harness`] gives a plugin a payload, settings, lookup tables and a checkpoint and walks the
//! road the host walks: status translation, pricing, field mapping, as far as the plugin exports
//! them. [`golden`] does so for every case folder of a plugin and compares.
//!
//! ```
//! use mapwright_guest::testing::Harness;
//! # use mapwright_guest::{Context, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal};
//! # struct MyPlugin;
//! # impl Plugin for MyPlugin { const MANIFEST: Manifest = mapwright_guest::package!(); }
//! # impl FieldMapping for MyPlugin {
//! #     fn transform(_: &Context, _: &MappingInput) -> Result<Mapped, Refusal> {
//! #         mapwright_guest::info!("hello");
//! #         Ok(Mapped::skipped("draft"))
//! #     }
//! # }
//! # mapwright_guest::export!(MyPlugin: field_mapping);
//! # fn main() {
//! let run = Harness::of::<MyPlugin>()
//!     .payload(r#"{"id": 27}"#)
//!     .settings(r#"{"shop_name": "Acme"}"#)
//!     .lookup("taxes", "rate,tax\n18,ICMS 18%\n")
//!     .run();
//! assert_eq!(run.outcome.name(), "skipped");
//! assert_eq!(run.logs[0].1, "hello");
//! # }
//! ```
//!
//! What it does not do: limit fuel, memory or time. `mapwright test` runs the same cases in the
//! sandbox.

mod case;
mod harness;
pub(crate) mod stage;

pub use case::{golden, golden_case};
pub use harness::{Harness, Outcome, Run};
