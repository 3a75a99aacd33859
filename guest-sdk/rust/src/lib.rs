//! Write Mapwright plugins in Rust: implement a trait, export it with one line.
//!
//! A plugin holds the rules of one merchant. It is a pure function: from a payload, the route's
//! settings and the merchant's lookup tables it makes documents for the target, and it can do
//! nothing else: no network, no files, no clock. That is why a dry run tells the truth.
//!
//! # A whole plugin
//!
//! ```
//! use mapwright_guest::woocommerce::{Body, Decimal};
//! use mapwright_guest::{
//!     Context, Document, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal, Violations,
//! };
//! use serde::Serialize;
//!
//! struct Invoices;
//!
//! impl Plugin for Invoices {
//!     const MANIFEST: Manifest = Manifest { entities: &["invoice"], ..mapwright_guest::package!() };
//! }
//!
//! #[derive(Serialize)]
//! struct Invoice<'a> {
//!     number: &'a str,
//!     total: Decimal, // becomes "254.56": money is text, never a float
//!     customer: mapwright_guest::Reference,
//! }
//!
//! impl FieldMapping for Invoices {
//!     fn transform(context: &Context, input: &MappingInput) -> Result<Mapped, Refusal> {
//!         let order = match input.order()? {
//!             Body::Present(order) => order,
//!             Body::Deleted(_) => return Ok(Mapped::skipped("a deleted order keeps its invoice")),
//!         };
//!         let mut violations = Violations::new();
//!         for (index, line) in order.line_items.iter().enumerate() {
//!             if line.sku.is_empty() {
//!                 violations.at("line_items").index(index).field("sku").push("sku_missing", "no SKU");
//!             }
//!         }
//!         violations.finish()?; // tells of all faults at once
//!         let invoice = Invoice {
//!             number: &order.number,
//!             total: order.total,
//!             customer: mapwright_guest::reference("party", order.customer_id.as_str()),
//!         };
//!         Ok(Mapped::document(Document::upsert("invoice", &context.resource_key).body(&invoice)))
//!     }
//! }
//!
//! mapwright_guest::export!(Invoices: field_mapping);
//!
//! # fn main() {
//! use mapwright_guest::testing::Harness;
//! let run = Harness::of::<Invoices>()
//!     .payload(r#"{"id": 27, "number": "27", "status": "processing", "currency": "BRL",
//!                  "total": "254.56", "customer_id": 2, "line_items": [{"id": 5, "sku": null}]}"#)
//!     .run();
//! assert_eq!(run.violations()[0].pointer, "/line_items/0/sku");
//! # }
//! ```
//!
//! # What there is
//!
//! - The traits [`FieldMapping`], [`Pricing`] and [`StatusTranslation`]; implement one or more,
//!   [`Plugin`] in any case, and name them in [`export!`]. The component exports those and no more.
//! - [`Context`]: who, where, when, and [`Context::settings`] as a struct of your own.
//! - [`woocommerce`]: orders, products and customers as shops really send them.
//! - [`money`]: [`Decimal`], which no float turns into, and [`Money`].
//! - [`Violations`]: faults placed by JSON Pointer; [`Refusal`] says rejected or not ready.
//! - [`Document`] and [`reference()`]: what is to be delivered, and ids the target has not given yet.
//! - [`brazil`]: CPF and CNPJ.
//! - [`lookup`] and the log macros [`debug!`], [`info!`], [`warning!`], [`error!`].
//! - [`testing`]: the native harness and golden cases (not on wasm).
//!
//! A panic ends the call; its text and place go to the log. Bad input should be a [`Refusal`].
//!
//! # Speed
//!
//! Models are read straight from the text in one pass; unknown fields are kept as text. On wasm32
//! the heap only grows (feature `bump-alloc`, on by default), because an instance lives for one
//! call. Bodies are cheapest as structs of your own; `serde_json::json!` works and costs more.

#[cfg(target_arch = "wasm32")]
extern crate self as mapwright_guest;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
#[cfg(all(target_arch = "wasm32", feature = "bump-alloc"))]
mod bump;
pub mod brazil;
mod context;
mod decimal;
mod export;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod glue;
pub mod json;
pub mod log;
pub mod lookup;
mod manifest;
mod mapping;
pub mod money;
mod pricing;
mod refusal;
mod status;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod woocommerce;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use wit_bindgen::rt as __rt;

pub use context::Context;
pub use export::{Exported, Exports, RepriceFn, TransformFn, TranslateFn};
pub use manifest::{Manifest, Plugin};
pub use mapping::{Document, FieldMapping, Mapped, MappingInput, Operation, Reference, reference};
pub use money::{Decimal, Money};
pub use pricing::{PriceLine, Pricing};
pub use refusal::{Refusal, Scope, Violation, Violations};
pub use status::{SourceStatus, StatusTranslation};
