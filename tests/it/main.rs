//! What Mapwright promises, shown at the edges its users touch. One binary, a module for each topic.

mod dry_run;
mod golden;
mod sandbox;
