//! What the tests share.

pub mod api;
pub mod command;
pub mod erp;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod guests;
pub mod host;
pub mod languages;
pub mod noise;
pub mod plugins;
pub mod served;
pub mod shop;
pub mod shop_api;
pub mod tryton;
pub mod variants;
