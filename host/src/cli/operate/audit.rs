//! `mapwright audit`.

use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::Value;

use super::door::{self, Query, Where};
use super::view::{self, moment, short, word};

/// Who did what by hand, and why; the newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright audit --url http://127.0.0.1:8080
  mapwright audit --config /etc/mapwright --merchant acme --json

Who is the name of the token, with that of the person behind it: ops/maria. The token of a running host
is read from the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done, 2 not understood, not reached or not let in")]
pub(crate) struct Args {
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    /// Rows at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    place: Where,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    door::with(&args.place, false, async |door| {
        let query = Query::of([("merchant", args.merchant.as_deref())]);
        let (rows, more) = door.list("/v1/audit", query, args.limit.max(1)).await?;
        let header = ["when", "who", "did", "to", "why"];
        Ok(view::list(&rows, more, args.place.json, &header, row))
    })
}

fn row(entry: &Value) -> Vec<Cell> {
    vec![
        Cell::new(moment(&entry["at"])),
        Cell::new(word(&entry["who"])),
        Cell::new(word(&entry["action"])),
        Cell::new(word(&entry["subject"])),
        Cell::new(short(&entry["why"])),
    ]
}
