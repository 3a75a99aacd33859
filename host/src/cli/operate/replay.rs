//! `mapwright replay`.

use std::process::ExitCode;
use std::time::Duration;

use comfy_table::Cell;
use serde_json::{Map, Value, json};

use super::door::{self, Door, Failure, Query, Where};
use super::view::{self, moment, short, state, word};

/// How often `--wait` looks.
const LOOK: Duration = Duration::from_millis(300);

/// Walk events again: one, an issue, whatever a filter finds.
///
/// The event is the same, the mapping is made again by the plugin in use (or by the version that
/// --with names), and documents go out under the keys they had: what the target holds already is not
/// made twice. An older version never goes over a newer one that was delivered. Without --state only
/// open dead letters are meant.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  mapwright replay --issue 3 --why 'the ERP has the tax codes now' --wait --url URL
  mapwright replay --event 0198a1c2-... --why 'the customer asked' --url URL
  mapwright replay --merchant acme --from 2026-11-21T00:00:00Z --to 2026-11-22T00:00:00Z \\
      --state delivered --with woo-rules@1.2.0 --per-second 5 --why 'recall' --url URL
  mapwright replay list --url URL
  mapwright replay stop 4 --why 'the ERP is slow' --url URL

The token of a running host is read from the environment variable MAPWRIGHT_TOKEN.

Exit code: 0 done (with --wait: and none died again), 1 the host refused, or some died again,
2 not understood, not reached or not let in"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// This event: its dead passages, or all that have ended if none is dead.
    #[arg(long)]
    event: Option<String>,
    /// The open dead letters of this issue.
    #[arg(long)]
    issue: Option<u64>,
    /// What was accepted after this bookmark.
    #[arg(long)]
    bookmark: Option<String>,
    /// Of this merchant only.
    #[arg(long)]
    merchant: Option<String>,
    /// Of this connection only.
    #[arg(long)]
    connection: Option<String>,
    /// Of this topic only.
    #[arg(long)]
    topic: Option<String>,
    /// About this only (order/27).
    #[arg(long)]
    resource: Option<String>,
    /// On this route only.
    #[arg(long)]
    route: Option<String>,
    /// dead, delivered, skipped or unrouted.
    #[arg(long)]
    state: Option<String>,
    /// Dead letters of this cause only.
    #[arg(long)]
    cause: Option<String>,
    /// Accepted at this moment or later.
    #[arg(long)]
    from: Option<String>,
    /// Accepted before this moment.
    #[arg(long)]
    to: Option<String>,
    /// The plugin version to map with: NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(long, value_name = "PLUGIN")]
    with: Option<String>,
    /// Send what a seatbelt stopped, as it is: for one --event that somebody has looked at.
    #[arg(long, requires = "event")]
    past_seatbelts: bool,
    /// How many a second; 50 unless said otherwise.
    #[arg(long)]
    per_second: Option<u32>,
    /// The reason, for the audit record.
    #[arg(long)]
    why: Option<String>,
    /// Wait until all of it has ended.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Replays, the newest first.
    List,
    /// One of them, and how far it is.
    Show {
        /// Its number.
        replay: u64,
    },
    /// Stop it behind its last step.
    Stop(Deal),
    /// Go on from where it was stopped, as a new replay.
    Resume(Deal),
}

#[derive(Debug, clap::Args)]
struct Deal {
    /// Its number.
    replay: u64,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let looks = matches!(args.what, Some(What::List | What::Show { .. }));
    door::with(&args.place, !looks, async |door| {
        let as_json = args.place.json;
        match &args.what {
            Some(What::List) => {
                let (rows, more) = door.list("/v1/replays", Query::default(), 50).await?;
                let header = ["replay", "state", "begun", "put back", "ended", "who", "why"];
                Ok(view::list(&rows, more, as_json, &header, row))
            }
            Some(What::Show { replay }) => {
                Ok(view::one(&door.get(&format!("/v1/replays/{replay}")).await?, as_json))
            }
            Some(What::Stop(Deal { replay, why })) => {
                let path = format!("/v1/replays/{replay}/stop");
                Ok(view::one(&door.post(&path, &json!({ "why": why })).await?, as_json))
            }
            Some(What::Resume(Deal { replay, why })) => {
                let path = format!("/v1/replays/{replay}/resume");
                Ok(view::one(&door.post(&path, &json!({ "why": why })).await?, as_json))
            }
            None => start(args, door).await,
        }
    })
}

async fn start(args: &Args, door: &Door) -> Result<ExitCode, Failure> {
    let mut ask = Map::new();
    for (key, value) in [
        ("event", &args.event),
        ("bookmark", &args.bookmark),
        ("merchant", &args.merchant),
        ("connection", &args.connection),
        ("topic", &args.topic),
        ("resource", &args.resource),
        ("route", &args.route),
        ("state", &args.state),
        ("cause", &args.cause),
        ("from", &args.from),
        ("to", &args.to),
        ("with", &args.with),
        ("why", &args.why),
    ] {
        if let Some(value) = value {
            ask.insert(key.to_owned(), json!(value));
        }
    }
    if args.past_seatbelts {
        ask.insert("past_seatbelts".to_owned(), json!(true));
    }
    ask.extend(args.issue.map(|issue| ("issue".to_owned(), json!(issue))));
    ask.extend(args.per_second.map(|pace| ("per_second".to_owned(), json!(pace))));
    let mut replay = door.post("/v1/replays", &Value::Object(ask)).await?;
    let path = format!("/v1/replays/{}", replay["id"]);
    while args.wait && !has_ended(&replay) {
        tokio::time::sleep(LOOK).await;
        replay = door.get(&path).await?;
    }
    view::one(&replay, args.place.json);
    let died = replay["outcomes"]["dead"].as_u64().unwrap_or(0) > 0 || replay["state"] == "failed";
    Ok(ExitCode::from(u8::from(args.wait && died)))
}

/// Whether nothing of it is under way any more.
fn has_ended(replay: &Value) -> bool {
    let under_way = matches!(replay["state"].as_str(), Some("queued" | "running"));
    !under_way && replay["replayed"].as_u64() <= Some(ended(replay))
}

fn ended(replay: &Value) -> u64 {
    replay["outcomes"].as_object().into_iter().flatten().filter_map(|(_, it)| it.as_u64()).sum()
}

fn row(replay: &Value) -> Vec<Cell> {
    let total = replay["total"].as_u64().map(|total| format!(" of {total}")).unwrap_or_default();
    let outcomes: Vec<String> = replay["outcomes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    vec![
        Cell::new(word(&replay["id"])),
        state(&replay["state"]),
        Cell::new(moment(&replay["created_at"])),
        Cell::new(format!("{}{total}", replay["replayed"])),
        Cell::new(outcomes.join(", ")),
        Cell::new(word(&replay["who"])),
        Cell::new(short(&replay["why"])),
    ]
}
