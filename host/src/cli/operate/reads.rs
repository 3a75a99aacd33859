//! `mapwright events explain` and `mapwright reads`: where fields come from, and who reads what.

use std::collections::BTreeSet;
use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::super::screen::{self, BAD, DIM, NAME, paint, plain};
use super::door::{self, Door, Failure, Where, encoded};
use super::view::{self, short, word};

/// Leaves told of one field; `--json` has all.
const LEAVES_SHOWN_MAX: usize = 8;

/// Say what the plugins in use read of what comes in, and whom a renamed field would hurt.
///
/// Each of the newest events of a route is mapped again and again, one input leaf changed at a time: a
/// leaf is read if some change of it moves something. Indices are folded (`/line_items/*/sku`).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright reads --merchant acme --url URL
  mapwright reads --field /billing/phone --url URL          whom it hurts if the shop renames it
  mapwright reads --field sale/lines/*/unit_price --url URL    who writes it, and what it comes from

It takes about a tenth of a second for each event and touches nothing. What a change does not move on
these events may still be read on others: raise --last.

Exit code: 0 done, 1 the host refused, 2 not understood, not reached or not let in")]
pub(crate) struct Args {
    /// Of this merchant only; of all that the token may see, if nothing is said.
    #[arg(long)]
    merchant: Option<String>,
    /// On this route only.
    #[arg(long)]
    route: Option<String>,
    /// Only what has to do with this: a place in the payload, `@settings/..`, `@lookups/..`, or a field of
    /// a document.
    #[arg(long)]
    field: Option<String>,
    /// The newest so many events of each route; 20 unless said otherwise, 200 at most.
    #[arg(long)]
    last: Option<u32>,
    #[command(flatten)]
    place: Where,
}

/// Runs `reads`.
pub(crate) fn run(args: &Args) -> ExitCode {
    door::with(&args.place, true, async |door| {
        let merchants = match &args.merchant {
            Some(merchant) => vec![merchant.clone()],
            None => merchants(door).await?,
        };
        let mut rows = Vec::new();
        for merchant in merchants {
            let last = args.last.map_or(String::new(), |last| format!("&last={last}"));
            let route = args.route.as_deref().map(encoded).unwrap_or_default();
            let path = format!("/v1/merchants/{}/reads?route={route}{last}", encoded(&merchant));
            let answer = door.get(&path).await?;
            for route in answer["items"].as_array().into_iter().flatten() {
                for (leaf, read) in route["read_set"]["read"].as_object().into_iter().flatten() {
                    if args.field.as_ref().is_none_or(|field| concerns(field, leaf, read)) {
                        rows.push(json!({
                            "merchant": merchant,
                            "route": route["route"],
                            "reads": leaf,
                            "events": read["payloads"],
                            "of": route["read_set"]["payloads"],
                            "for": read["fields"],
                            "outcomes": read["outcomes"],
                        }));
                    }
                }
            }
        }
        let header = ["merchant", "route", "reads", "events", "for"];
        Ok(view::list(&rows, false, args.place.json, &header, |row| {
            let mut made = texts(&row["for"]);
            made.extend(texts(&row["outcomes"]).into_iter().map(|it| format!("({it})")));
            vec![
                Cell::new(word(&row["merchant"])),
                Cell::new(word(&row["route"])),
                Cell::new(word(&row["reads"])),
                Cell::new(format!("{} of {}", row["events"], row["of"])),
                Cell::new(short(&Value::String(made.join(", ")))),
            ]
        }))
    })
}

/// Whether a leaf that is read has to do with a field: it is the field, lies within it, or makes it.
fn concerns(field: &str, leaf: &str, read: &Value) -> bool {
    let within = |name: &str| {
        name == field
            || name.strip_prefix(field).is_some_and(|rest| rest.starts_with('/'))
            || field.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
    };
    within(leaf) || texts(&read["fields"]).iter().any(|it| within(it))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn merchants(door: &Door) -> Result<Vec<String>, Failure> {
    let answer = door.get("/v1/connections").await?;
    let all = answer["items"].as_array().into_iter().flatten();
    let names: BTreeSet<String> =
        all.filter_map(|it| it["merchant"].as_str().map(str::to_owned)).collect();
    Ok(names.into_iter().collect())
}

/// Shows where the fields of an event's documents come from.
pub(super) async fn explain(
    door: &Door,
    event: &str,
    route: Option<&str>,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let route = route.map(|route| format!("?route={}", encoded(route))).unwrap_or_default();
    let answer = door.get(&format!("/v1/events/{}/explanation{route}", encoded(event))).await?;
    if as_json {
        screen::print_json(&answer.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for row in answer["items"].as_array().into_iter().flatten() {
        let told = &row["explanation"];
        let (route, outcome) = (word(&row["route"]), word(&told["outcome"]));
        text.push_str(&format!("route {} {}\n", paint(NAME, route), paint(DIM, outcome)));
        for field in told["fields"].as_array().into_iter().flatten() {
            let from = texts(&field["from"]);
            let mut shown: Vec<String> =
                from.iter().take(LEAVES_SHOWN_MAX).map(|it| plain(it)).collect();
            if from.len() > LEAVES_SHOWN_MAX {
                shown.push(format!("and {} more", from.len() - LEAVES_SHOWN_MAX));
            }
            let value = paint(DIM, format!("= {}", short(&field["value"])));
            let name = paint(NAME, word(&field["field"]));
            text.push_str(&format!("  {name} {value}\n    {}\n", shown.join(", ")));
        }
        for turn in told["turns"].as_array().into_iter().flatten() {
            let outcome = paint(BAD, word(&turn["outcome"]));
            let (input, change) = (word(&turn["input"]), word(&turn["change"]));
            text.push_str(&format!("  {input} {change}: {outcome}\n"));
        }
        let ignored = texts(&told["ignored"]).len();
        let constant = told["constants"].as_array().map_or(0, Vec::len);
        let rest =
            format!("  {constant} fields are constant; {ignored} input fields are ignored\n");
        text.push_str(&paint(DIM, rest));
    }
    screen::print(&text);
    Ok(ExitCode::SUCCESS)
}
