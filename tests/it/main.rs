//! What Mapwright promises, shown at the edges its users touch. One binary, a module for each topic.

mod api;
mod backlog;
#[cfg(target_os = "linux")]
mod chaos;
mod check;
mod checkpoint;
mod compiled;
mod configuration;
mod contract;
mod crash;
mod delivery;
mod dry_run;
mod edits;
mod flow;
mod gates;
mod golden;
mod guest;
mod house;
mod ingress;
mod journal;
mod layouts;
mod operate;
mod operations;
mod poison;
mod poll;
mod poll_health;
mod poll_trouble;
mod reload;
mod retries;
mod road;
mod sandbox;
mod screens;
mod storage;
mod tryton;
mod tryton_road;
mod woocommerce;
