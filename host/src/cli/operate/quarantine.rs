//! `mapwright quarantine`.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::door::{self, Query, Where};
use super::view::{self, moment, short, state, word};

/// What came in and is no event: a bad signature, an error page, not JSON.
///
/// Without a word after it, it lists what nobody has dealt with. Released, it is taken in as if it
/// had come in well: look at it first, anybody may have sent it.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  mapwright quarantine --url http://127.0.0.1:8080
  mapwright quarantine show 7 --payload --url URL | jq .
  mapwright quarantine release 7 --topic order.updated --why 'the secret was mistyped' --url URL
  mapwright quarantine discard 7 --why 'an error page' --url URL

The token of a running host is read from the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done, 1 the host refused, 2 not understood, not reached or not let in"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    /// held, released, discarded or any.
    #[arg(long, default_value = "held")]
    status: String,
    /// Rows at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// One of them, with its headers.
    Show {
        /// Its number.
        id: u64,
        /// Print what was sent instead, byte for byte.
        #[arg(long)]
        payload: bool,
    },
    /// Take it in as an event.
    Release {
        /// Its number.
        id: u64,
        /// What it is (order.updated).
        #[arg(long)]
        topic: String,
        /// The reason, for the audit record.
        #[arg(long)]
        why: String,
    },
    /// Give it up.
    Discard {
        /// Its number.
        id: u64,
        /// The reason, for the audit record.
        #[arg(long)]
        why: String,
    },
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let acts = matches!(args.what, Some(What::Release { .. } | What::Discard { .. }));
    door::with(&args.place, acts, async |door| {
        let shown = match &args.what {
            Some(What::Show { id, payload: true }) => {
                let bytes = door.bytes(&format!("/v1/quarantine/{id}/payload")).await?;
                // A reader that has gone away is not an error.
                drop(std::io::stdout().lock().write_all(&bytes));
                return Ok(ExitCode::SUCCESS);
            }
            Some(What::Show { id, payload: false }) => {
                door.get(&format!("/v1/quarantine/{id}")).await?
            }
            Some(What::Release { id, topic, why }) => {
                let body = json!({ "topic": topic, "why": why });
                door.post(&format!("/v1/quarantine/{id}/release"), &body).await?
            }
            Some(What::Discard { id, why }) => {
                door.post(&format!("/v1/quarantine/{id}/discard"), &json!({ "why": why })).await?
            }
            None => {
                let query = Query::of([
                    ("merchant", args.merchant.as_deref()),
                    ("status", Some(args.status.as_str()).filter(|it| *it != "any")),
                ]);
                let (rows, more) = door.list("/v1/quarantine", query, args.limit.max(1)).await?;
                let header =
                    ["id", "received", "merchant", "connection", "status", "reason", "detail"];
                return Ok(view::list(&rows, more, args.place.json, &header, row));
            }
        };
        Ok(view::one(&shown, args.place.json))
    })
}

fn row(held: &Value) -> Vec<Cell> {
    vec![
        Cell::new(word(&held["id"])),
        Cell::new(moment(&held["received_at"])),
        Cell::new(word(&held["merchant"])),
        Cell::new(word(&held["connection"])),
        state(&held["status"]),
        Cell::new(word(&held["reason"])),
        Cell::new(short(&held["detail"])),
    ]
}
