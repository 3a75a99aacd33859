//! `mapwright events`.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::Value;

use super::door::{self, Query, Where, encoded};
use super::view::{self, moment, short, state, word};

/// Find events, newest first, and see all that happened to one.
///
/// Without a word after it, it lists. An event can stand on several routes; each has its row.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    place: Where,
}

const HELP: &str = "\
Examples:
  mapwright events --url http://127.0.0.1:8080 --merchant acme
  mapwright events --config /etc/mapwright --state dead --json
  mapwright events --merchant acme --resource order/27
  mapwright events show 0198a1c2-... --url http://127.0.0.1:8080
  mapwright events explain 0198a1c2-... --url http://127.0.0.1:8080

A stopped host is looked into with --config, a running one is asked with --url; its token is read from
the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done, 1 there is no such event, 2 not understood, not reached or not let in";

#[derive(Debug, clap::Args)]
struct Filter {
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    /// Of this connection only.
    #[arg(long)]
    connection: Option<String>,
    /// Of this topic only (order.updated).
    #[arg(long)]
    topic: Option<String>,
    /// About this only (order/27); needs --merchant.
    #[arg(long, requires = "merchant")]
    resource: Option<String>,
    /// On this route only.
    #[arg(long)]
    route: Option<String>,
    /// accepted, unrouted, waiting, delivering, delivered, skipped or dead.
    #[arg(long)]
    state: Option<String>,
    /// Accepted at this moment or later (2026-11-22T03:00:00Z).
    #[arg(long)]
    from: Option<String>,
    /// Accepted before this moment.
    #[arg(long)]
    to: Option<String>,
    /// Rows at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// One event with its passages, documents and every try.
    Show {
        /// Its id.
        event: String,
        /// Print what the source sent instead, byte for byte.
        #[arg(long)]
        payload: bool,
    },
    /// What each field of its documents comes from, by the plugins in use; needs a running host.
    Explain {
        /// Its id.
        event: String,
        /// On this route only.
        #[arg(id = "on_route", long = "on", value_name = "ROUTE")]
        route: Option<String>,
    },
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    door::with(&args.place, false, async |door| {
        if let Some(What::Show { event, payload }) = &args.what {
            let path = format!("/v1/events/{}", encoded(event));
            if *payload {
                let bytes = door.bytes(&format!("{path}/payload")).await?;
                // A reader that has gone away is not an error.
                drop(std::io::stdout().lock().write_all(&bytes));
                return Ok(ExitCode::SUCCESS);
            }
            return Ok(view::one(&door.get(&path).await?, args.place.json));
        }
        if let Some(What::Explain { event, route }) = &args.what {
            return super::reads::explain(door, event, route.as_deref(), args.place.json).await;
        }
        let it = &args.filter;
        let query = Query::of([
            ("merchant", it.merchant.as_deref()),
            ("connection", it.connection.as_deref()),
            ("topic", it.topic.as_deref()),
            ("resource", it.resource.as_deref()),
            ("route", it.route.as_deref()),
            ("state", it.state.as_deref()),
            ("from", it.from.as_deref()),
            ("to", it.to.as_deref()),
        ]);
        let (rows, more) = door.list("/v1/events", query, it.limit.max(1)).await?;
        let header = ["received", "event", "merchant", "topic", "resource", "stands", "why"];
        Ok(view::list(&rows, more, args.place.json, &header, row))
    })
}

fn row(event: &Value) -> Vec<Cell> {
    let passages = event["passages"].as_array().cloned().unwrap_or_default();
    let (stands, why) = match passages.as_slice() {
        [] if event["unrouted"].is_null() => (Cell::new("accepted"), String::new()),
        [] => (Cell::new("unrouted"), word(&event["unrouted"])),
        [only] => (state(&only["state"]), short(&only["reason"])),
        several => {
            let stands: Vec<String> = several
                .iter()
                .map(|it| format!("{} {}", word(&it["route"]), word(&it["state"])))
                .collect();
            (Cell::new(stands.join("\n")), String::new())
        }
    };
    vec![
        Cell::new(moment(&event["received_at"])),
        Cell::new(word(&event["id"])),
        Cell::new(word(&event["merchant"])),
        Cell::new(word(&event["topic"])),
        Cell::new(word(&event["resource_key"])),
        stands,
        Cell::new(why),
    ]
}
