//! `mapwright dead-letters`.

use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::door::{self, Query, Where, encoded};
use super::view::{self, moment, short, state, word};

/// What was given up: rejected by plugin or target, a limit, or retries used up.
///
/// Without a word after it, it lists those that nobody has dealt with. To send one again, use
/// `mapwright replay --event`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  mapwright dead-letters --url http://127.0.0.1:8080
  mapwright dead-letters --merchant acme --cause status_422 --status any
  mapwright dead-letters resolve 0198a1c2-... orders --why 'typed into the ERP by hand' --url URL
  mapwright dead-letters discard 0198a1c2-... orders --why 'a test order' --url URL

Resolving and discarding stand in the audit record with who and why. The token of a running host is
read from the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done, 1 the host refused, 2 not understood, not reached or not let in"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    /// Of this route only.
    #[arg(long)]
    route: Option<String>,
    /// Of this cause only (status_422, rejected).
    #[arg(long)]
    cause: Option<String>,
    /// Of this issue only.
    #[arg(long)]
    issue: Option<String>,
    /// open, replayed, resolved, discarded or any.
    #[arg(long, default_value = "open")]
    status: String,
    /// Rows at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// One of them, with all that is known of its cause.
    Show {
        /// The event's id.
        event: String,
        /// The route.
        route: String,
    },
    /// It was mended by hand.
    Resolve(Deal),
    /// It is given up.
    Discard(Deal),
}

#[derive(Debug, clap::Args)]
struct Deal {
    /// The event's id.
    event: String,
    /// The route.
    route: String,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let path = |event: &str, route: &str| {
        format!("/v1/dead-letters/{}/{}", encoded(event), encoded(route))
    };
    let acts = matches!(args.what, Some(What::Resolve(_) | What::Discard(_)));
    door::with(&args.place, acts, async |door| {
        let shown = match &args.what {
            Some(What::Show { event, route }) => door.get(&path(event, route)).await?,
            Some(What::Resolve(it)) => {
                let path = format!("{}/resolve", path(&it.event, &it.route));
                door.post(&path, &json!({ "why": it.why })).await?
            }
            Some(What::Discard(it)) => {
                let path = format!("{}/discard", path(&it.event, &it.route));
                door.post(&path, &json!({ "why": it.why })).await?
            }
            None => {
                let status = Some(args.status.as_str()).filter(|it| *it != "any");
                let query = Query::of([
                    ("merchant", args.merchant.as_deref()),
                    ("route", args.route.as_deref()),
                    ("cause", args.cause.as_deref()),
                    ("issue", args.issue.as_deref()),
                    ("status", status),
                ]);
                let (rows, more) = door.list("/v1/dead-letters", query, args.limit.max(1)).await?;
                let header = [
                    "died", "event", "merchant", "route", "resource", "status", "issue", "cause",
                    "detail",
                ];
                return Ok(view::list(&rows, more, args.place.json, &header, row));
            }
        };
        Ok(view::one(&shown, args.place.json))
    })
}

fn row(letter: &Value) -> Vec<Cell> {
    vec![
        Cell::new(moment(&letter["at"])),
        Cell::new(word(&letter["event_id"])),
        Cell::new(word(&letter["merchant"])),
        Cell::new(word(&letter["route"])),
        Cell::new(word(&letter["resource_key"])),
        state(&letter["status"]),
        Cell::new(word(&letter["issue"])),
        Cell::new(word(&letter["cause"])),
        Cell::new(short(&letter["detail"])),
    ]
}
