//! What Mapwright promises, shown at the edges its users touch. One binary, a module for each topic.

mod checkpoint;
mod contract;
mod crash;
mod delivery;
mod dry_run;
mod golden;
mod guest;
mod house;
mod ingress;
mod journal;
mod reload;
mod retries;
mod road;
mod sandbox;
mod tryton;
