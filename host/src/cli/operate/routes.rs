//! `mapwright routes`: what goes where, and a route held still without losing its place.

use std::process::ExitCode;

use comfy_table::{Cell, Color};
use serde_json::{Value, json};

use super::door::{self, Failure, Where, encoded};
use super::view::{self, moment, short, word};

/// The routes of every merchant, and those that are held still.
///
/// A paused route takes nothing up: what is in flight on it ends, what comes in waits in the journal,
/// in order and without counting tries, and goes on from there when it is resumed. Other routes do
/// not notice. It stays paused until somebody resumes it, also when the host is restarted.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  mapwright routes --url http://127.0.0.1:8080
  mapwright routes pause acme/orders --why 'the ERP is being moved' --url URL
  mapwright routes resume acme/orders --why 'the ERP is back' --url URL

The token of the host is read from the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done, 1 the host refused, 2 not understood, not reached or not let in"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The same as without a word.
    List {
        /// Of this merchant only.
        #[arg(long)]
        merchant: Option<String>,
    },
    /// Hold a route still.
    Pause(One),
    /// Let it go on where it was.
    Resume(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Which, as MERCHANT/ROUTE.
    #[arg(value_name = "MERCHANT/ROUTE")]
    route: String,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    door::with(&args.place, true, async |door| {
        let (one, act) = match &args.what {
            Some(What::Pause(one)) => (one, "pause"),
            Some(What::Resume(one)) => (one, "resume"),
            Some(What::List { merchant: Some(merchant) }) => {
                return list(door, Some(merchant), args.place.json).await;
            }
            Some(What::List { .. }) | None => {
                return list(door, args.merchant.as_deref(), args.place.json).await;
            }
        };
        let Some((merchant, route)) = one.route.split_once('/') else {
            let said = format!("`{}` is not MERCHANT/ROUTE, like acme/orders", one.route);
            return Err(Failure::unusable(said));
        };
        let path = format!("/v1/merchants/{}/routes/{}/{act}", encoded(merchant), encoded(route));
        let row = door.post(&path, &json!({ "why": one.why })).await?;
        Ok(view::one(&row, args.place.json))
    })
}

async fn list(
    door: &door::Door,
    merchant: Option<&str>,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let path = match merchant {
        Some(merchant) => format!("/v1/merchants/{}/routes", encoded(merchant)),
        None => "/v1/routes".to_owned(),
    };
    let answer = door.get(&path).await?;
    let rows = answer["items"].as_array().cloned().unwrap_or_default();
    let header = ["merchant", "route", "from", "to", "plugins", "state", "waiting", "since", "why"];
    Ok(view::list(&rows, false, as_json, &header, row))
}

fn row(route: &Value) -> Vec<Cell> {
    let paused = &route["paused"];
    let (state, colour) = match (paused.is_null(), route["available"] == true) {
        (false, _) => ("paused", Color::Yellow),
        (true, true) => ("goes", Color::Green),
        (true, false) => ("waits", Color::Red),
    };
    let plugins = route["plugins"].as_array().into_iter().flatten().map(word);
    let why = if paused.is_null() { &route["reason"] } else { &paused["why"] };
    vec![
        Cell::new(word(&route["merchant"])),
        Cell::new(word(&route["route"])),
        Cell::new(word(&route["from"])),
        Cell::new(word(&route["to"])),
        Cell::new(plugins.collect::<Vec<_>>().join(", ")),
        Cell::new(state).fg(colour),
        Cell::new(word(&route["waiting"])),
        Cell::new(moment(&paused["at"])),
        Cell::new(short(why)),
    ]
}
