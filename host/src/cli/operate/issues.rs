//! `mapwright issues`.

use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::door::{self, Query, Where};
use super::view::{self, moment, state, word};

/// Dead letters by cause: what is broken, how often, how much money waits.
///
/// One issue is one cause on one route: the code, the plugin's version, the place in the payload
/// and the target's status. The money is that of each order once, exactly.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  mapwright issues --url http://127.0.0.1:8080
  mapwright issues show 3 --url URL
  mapwright replay --issue 3 --why 'the ERP has the tax codes now' --url URL
  mapwright issues mute 3 --why 'known, waits for the vendor' --url URL

An issue is resolved when the last of its letters is; it opens again with the next one. The token of a
running host is read from the environment variable MAPWRIGHT_TOKEN.

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
    /// open, resolved, muted or any.
    #[arg(long, default_value = "open")]
    state: String,
    /// Rows at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// One of them.
    Show {
        /// Its number.
        issue: u64,
    },
    /// All its open letters were mended by hand.
    Resolve(Deal),
    /// All its open letters are given up.
    Discard(Deal),
    /// Nobody wants to hear of it; letters are filed all the same.
    Mute(Deal),
    /// Somebody does again.
    Unmute(Deal),
}

#[derive(Debug, clap::Args)]
struct Deal {
    /// Its number.
    issue: u64,
    /// The reason, for the audit record.
    #[arg(long)]
    why: String,
}

impl What {
    fn act(&self) -> Option<(&'static str, &Deal)> {
        match self {
            Self::Show { .. } => None,
            Self::Resolve(deal) => Some(("resolve", deal)),
            Self::Discard(deal) => Some(("discard", deal)),
            Self::Mute(deal) => Some(("mute", deal)),
            Self::Unmute(deal) => Some(("unmute", deal)),
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let act = args.what.as_ref().and_then(What::act);
    door::with(&args.place, act.is_some(), async |door| {
        if let Some((verb, Deal { issue, why })) = act {
            let shown =
                door.post(&format!("/v1/issues/{issue}/{verb}"), &json!({ "why": why })).await?;
            return Ok(view::one(&shown, args.place.json));
        }
        if let Some(What::Show { issue }) = &args.what {
            let shown = door.get(&format!("/v1/issues/{issue}")).await?;
            return Ok(view::one(&shown, args.place.json));
        }
        let query = Query::of([
            ("merchant", args.merchant.as_deref()),
            ("route", args.route.as_deref()),
            ("issue_state", Some(args.state.as_str()).filter(|it| *it != "any")),
        ]);
        let (rows, more) = door.list("/v1/issues", query, args.limit.max(1)).await?;
        let header = [
            "issue",
            "merchant",
            "route",
            "code",
            "where",
            "plugin",
            "state",
            "waiting",
            "money waiting",
            "last seen",
        ];
        Ok(view::list(&rows, more, args.place.json, &header, row))
    })
}

fn row(issue: &Value) -> Vec<Cell> {
    let plugin = format!("{} {}", word(&issue["plugin"]), word(&issue["plugin_version"]));
    let money: Vec<String> = issue["money"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| format!("{} {}", word(&it["pending"]), word(&it["currency"])))
        .collect();
    vec![
        Cell::new(word(&issue["id"])),
        Cell::new(word(&issue["merchant"])),
        Cell::new(word(&issue["route"])),
        Cell::new(word(&issue["code"])),
        Cell::new(word(&issue["pointer"])),
        Cell::new(plugin.trim()),
        state(&issue["state"]),
        Cell::new(format!("{} of {}", word(&issue["pending"]), word(&issue["count"]))),
        Cell::new(money.join("\n")),
        Cell::new(moment(&issue["last_seen"])),
    ]
}
