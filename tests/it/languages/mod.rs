//! Five languages, one contract: what a consultant writes in, no merchant can tell from what comes out.

mod conformance;
mod golden;
mod kept;
mod misdeeds;
mod new;
mod other;
mod payloads;
mod prices;
mod pricing;
mod tools;
