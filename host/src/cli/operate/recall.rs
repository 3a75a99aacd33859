//! `mapwright recall`: what a bad plugin version left behind, and putting it right.

use std::process::ExitCode;
use std::time::Duration;

use comfy_table::Cell;
use serde_json::{Map, Value, json};

use super::super::evidence::diff::Shown;
use super::super::screen::{self, BAD, DIM, GOOD, NAME, WARN, paint, plain};
use super::door::{self, Door, Failure, Query, Where};
use super::view::{self, moment, short, state, word};
use crate::evidence::difference::Tally;

/// How often it is looked whether a job has ended.
const LOOK: Duration = Duration::from_millis(300);
/// Corrections shown one by one; `--json` has them all.
const SHOWN: usize = 20;
/// Corrections fetched at most.
const FETCHED_MAX: usize = 100_000;

/// Work out what a bad plugin version left behind; then send what puts it right.
///
/// Every event that the version touched is mapped again by the good one, told what the good one would
/// have remembered by then. What stands in the target is held against what should stand, resource by
/// resource; only what differs is listed, with its money. Nothing is sent until `recall send` says so.
/// Corrections go out under keys of their own, at a pace, through the route's limits and seatbelts.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_version_flag = true,
    after_help = "\
Examples:
  mapwright recall rules --version 1.3.0 --with 1.2.0 --merchant acme \\
      --since 2026-11-20T00:00:00Z --why 'wrong freight since Friday' --url URL
  mapwright recall show 7 --url URL
  mapwright recall send 7 --why 'Ana has looked at it' --wait --url URL
  mapwright recall stop 7 --why 'the ERP is slow' --url URL

What stands and should not stand at all is listed as `extra` and never taken back by itself. Lookup
tables and settings are those of today. The token of a running host is read from the environment
variable MAPWRIGHT_TOKEN.

Exit code: 0 nothing stands wrong (with send --wait: all is sent), 1 something does, or the host
refused, 2 not understood, not reached or not let in"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// What routes call the plugin by.
    plugin: Option<String>,
    /// The bad version: NAME@VERSION, VERSION, or (the beginning of) its sha256.
    #[arg(long, value_name = "BAD")]
    version: Option<String>,
    /// The good one.
    #[arg(long, value_name = "GOOD")]
    with: Option<String>,
    /// Whose.
    #[arg(long)]
    merchant: Option<String>,
    /// Events accepted at this moment or later; all that are kept, if nothing is said.
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// On this route only.
    #[arg(long)]
    route: Option<String>,
    /// The reason, for the audit record.
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Recalls, the newest first.
    List,
    /// One of them: what it found, and how far it is.
    Show {
        /// Its number.
        recall: u64,
    },
    /// Send the corrections.
    Send(Send),
    /// Stop looking, or sending, behind the last step.
    Stop {
        /// Its number.
        recall: u64,
        /// The reason, for the audit record.
        #[arg(long)]
        why: String,
    },
}

#[derive(Debug, clap::Args)]
struct Send {
    /// The recall's number.
    recall: u64,
    /// Corrections a second; 20 unless said otherwise.
    #[arg(long)]
    per_second: Option<u32>,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
    /// Wait until all of them have ended.
    #[arg(long)]
    wait: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let looks = matches!(args.what, Some(What::List | What::Show { .. }));
    door::with(&args.place, !looks, async |door| {
        let as_json = args.place.json;
        match &args.what {
            Some(What::List) => {
                let (rows, more) = door.list("/v1/recalls", Query::default(), 50).await?;
                let header = [
                    "recall", "state", "begun", "plugin", "version", "with", "wrong", "who", "why",
                ];
                Ok(view::list(&rows, more, as_json, &header, row))
            }
            Some(What::Show { recall }) => {
                let recall = door.get(&format!("/v1/recalls/{recall}")).await?;
                report(door, &recall, as_json).await
            }
            Some(What::Send(send)) => self::send(door, send, as_json).await,
            Some(What::Stop { recall, why }) => {
                let path = format!("/v1/recalls/{recall}/stop");
                Ok(view::one(&door.post(&path, &json!({ "why": why })).await?, as_json))
            }
            None => look(args, door).await,
        }
    })
}

async fn look(args: &Args, door: &Door) -> Result<ExitCode, Failure> {
    let mut ask = Map::new();
    for (key, value) in [
        ("plugin", &args.plugin),
        ("version", &args.version),
        ("with", &args.with),
        ("merchant", &args.merchant),
        ("why", &args.why),
    ] {
        let said = format!("say which {key} is meant; `mapwright recall --help` has examples");
        let value = value.as_ref().ok_or_else(|| Failure::unusable(said))?;
        ask.insert(key.to_owned(), json!(value));
    }
    ask.extend(args.since.map(|since| ("since".to_owned(), json!(since.to_string()))));
    ask.extend(args.route.as_ref().map(|route| ("route".to_owned(), json!(route))));
    let mut recall = door.post("/v1/recalls", &Value::Object(ask)).await?;
    let path = format!("/v1/recalls/{}", recall["id"]);
    while is_open(&recall) {
        tokio::time::sleep(LOOK).await;
        recall = door.get(&path).await?;
    }
    report(door, &recall, args.place.json).await
}

fn is_open(job: &Value) -> bool {
    matches!(job["state"].as_str(), Some("queued" | "running"))
}

async fn send(door: &Door, send: &Send, as_json: bool) -> Result<ExitCode, Failure> {
    let Send { recall, per_second, why, wait } = send;
    let mut ask = json!({ "why": why });
    if let Some(pace) = per_second {
        ask["per_second"] = json!(pace);
    }
    let mut shown = door.post(&format!("/v1/recalls/{recall}/send"), &ask).await?;
    while *wait && !has_ended(&shown["sending"]) {
        tokio::time::sleep(LOOK).await;
        shown = door.get(&format!("/v1/recalls/{recall}")).await?;
    }
    let sending = &shown["sending"];
    view::one(if as_json { &shown } else { sending }, as_json);
    let died =
        sending["outcomes"]["dead"].as_u64().unwrap_or(0) > 0 || sending["state"] == "failed";
    Ok(ExitCode::from(u8::from(*wait && died)))
}

/// Whether nothing of it is under way any more.
fn has_ended(sending: &Value) -> bool {
    let ended: u64 =
        sending["outcomes"].as_object().into_iter().flatten().filter_map(|it| it.1.as_u64()).sum();
    !is_open(sending) && sending["sent"].as_u64() <= Some(ended)
}

async fn report(door: &Door, recall: &Value, as_json: bool) -> Result<ExitCode, Failure> {
    let path = format!("/v1/recalls/{}/corrections", recall["id"]);
    let limit = if as_json { FETCHED_MAX } else { SHOWN };
    let (rows, more) = door.list(&path, Query::default(), limit).await?;
    let code = ExitCode::from(u8::from(!rows.is_empty() || recall["state"] == "failed"));
    if as_json {
        let mut all = recall.clone();
        all["corrections"] = json!(rows);
        screen::print_json(&all.to_string());
        return Ok(code);
    }
    let count = |key: &str| recall["progress"][key].as_u64().unwrap_or(0);
    let mut text = format!(
        "recall {}: {} passages of {} resources touched; {} stand as they should\n",
        paint(NAME, word(&recall["id"])),
        count("touched"),
        count("resources"),
        count("same"),
    );
    for (key, colour, said) in [
        ("differs", WARN, "to be corrected"),
        ("extra", BAD, "with something that should not be there: a person takes it back"),
        ("failed", BAD, "which the good version does not map either"),
        ("breach", BAD, "whose new answer a seatbelt stops"),
        ("under_way", WARN, "with an event under way: recall again when it has ended"),
        ("cut", DIM, "whose first events are no longer kept: worked out from what is left"),
    ] {
        if count(key) > 0 {
            text.push_str(&format!("  {} {said}\n", paint(colour, count(key).to_string())));
        }
    }
    if let Some(why) = recall["progress"]["failed_because"].as_str() {
        text.push_str(&format!("{}: {}\n", paint(BAD, "it cannot go on"), plain(why)));
    }
    screen::print(&text);
    if count("differs") + count("extra") > 0 {
        let tally: Tally = serde_json::from_value(recall["progress"]["difference"].clone())
            .map_err(|error| {
                Failure::unusable(format!("the host says what is unknown here: {error}"))
            })?;
        let heads = ("what stands".to_owned(), "what should".to_owned());
        screen::print(&Shown { heads, tally: &tally, verdict: None, passed_over: 0 }.report());
    }
    if !rows.is_empty() {
        let mut table = screen::table(&["resource", "route", "kind", "what"]);
        for row in &rows {
            table.add_row([
                word(&row["resource_key"]),
                word(&row["route"]),
                word(&row["kind"]),
                said(&row["told"]),
            ]);
        }
        screen::print(&format!("{table}\n"));
        if more {
            screen::print(&paint(DIM, "There are more: --json has all of them.\n"));
        }
    }
    if count("differs") > 0 && recall["sending"].is_null() {
        let id = &recall["id"];
        let next =
            format!("nothing is sent yet: mapwright recall send {id} --why '...' --url URL\n");
        screen::print(&paint(GOOD, next));
    } else if !recall["sending"].is_null() {
        view::one(&json!({ "sending": recall["sending"] }), false);
    }
    Ok(code)
}

/// The first difference in a line, and how many more there are.
fn said(told: &Value) -> String {
    if !told["why"].is_null() {
        return short(&told["why"]);
    }
    let changes = told["changes"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(first) = changes.first() else { return String::new() };
    let values = match (first["stands"].as_str(), first["should"].as_str()) {
        (None, None) => word(&first["at"]),
        (stands, should) => format!("{} → {}", stands.unwrap_or("-"), should.unwrap_or("-")),
    };
    let more = changes.len() - 1
        + usize::try_from(told["more_changes"].as_u64().unwrap_or(0)).unwrap_or(0);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let values = short(&Value::String(values));
    format!("{} {values}{more}", word(&first["field"]))
}

fn row(recall: &Value) -> Vec<Cell> {
    let progress = &recall["progress"];
    let wrong = progress["differs"].as_u64().unwrap_or(0) + progress["extra"].as_u64().unwrap_or(0);
    let digest = |value: &Value| word(value).chars().take(12).collect::<String>();
    vec![
        Cell::new(word(&recall["id"])),
        state(&recall["state"]),
        Cell::new(moment(&recall["created_at"])),
        Cell::new(word(&recall["plugin"])),
        Cell::new(digest(&recall["version"])),
        Cell::new(digest(&recall["with"])),
        Cell::new(wrong),
        Cell::new(word(&recall["who"])),
        Cell::new(short(&recall["why"])),
    ]
}
