//! `mapwright token`: who may ask the REST API.

use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::super::screen::{self, DIM, GOOD, NAME, paint, plain};
use super::door::{self, Failure, Query, Where, encoded};
use super::view::{self, moment, word};

/// Who may ask the REST API: make, list and revoke tokens.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright token create --name maria --role merchant --merchant acme --url http://127.0.0.1:8080
  mapwright token create --name ops --role operator --config /etc/mapwright
  mapwright token list --config /etc/mapwright
  mapwright token revoke maria --why 'she has left' --url http://127.0.0.1:8080

Roles, each with what the one before it may: `read` looks; `merchant` decides what works (activate, roll
back) and what becomes of what was stopped; `consultant` brings code and backfills in; `operator` does
all of that for every merchant, and makes tokens. A token of one merchant sees nothing of another.

The token is printed once and kept nowhere: what the host keeps is its sha256. With --config the folder of a
stopped host is written. The token of whoever asks a running host is read from MAPWRIGHT_TOKEN.

Exit code: 0 done, 1 it cannot be done, 2 not understood, not reached or not let in")]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Make a token, and print it once.
    Create {
        /// What the audit record calls whoever has it.
        #[arg(long)]
        name: String,
        /// read, merchant, consultant or operator.
        #[arg(long)]
        role: String,
        /// Of this merchant only.
        #[arg(long)]
        merchant: Option<String>,
        /// The reason, for the audit record.
        #[arg(long, default_value = "")]
        why: String,
        #[command(flatten)]
        place: Where,
    },
    /// Tokens, with those that were revoked.
    List {
        #[command(flatten)]
        place: Where,
    },
    /// Make a token good for nothing, at once.
    Revoke {
        /// Its name.
        name: String,
        /// The reason, for the audit record.
        #[arg(long, default_value = "")]
        why: String,
        #[command(flatten)]
        place: Where,
    },
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    match &args.act {
        Act::Create { name, role, merchant, why, place } => {
            let body = json!({ "name": name, "role": role, "merchant": merchant, "why": why });
            door::with_folder(place, async |door| {
                let made = door.post("/v1/tokens", &body).await?;
                if place.json {
                    screen::print_json(&made.to_string());
                    return Ok(ExitCode::SUCCESS);
                }
                let token = made["token"].as_str().ok_or_else(|| {
                    Failure::unusable("the host did not give the token: revoke it, make another")
                })?;
                screen::print(&format!("{}\n", plain(token)));
                let said = format!("{}: keep it now, it is not shown again", summary(&made));
                screen::complain(paint(DIM, said));
                Ok(ExitCode::SUCCESS)
            })
        }
        Act::List { place } => door::with(place, false, async |door| {
            let (rows, more) = door.list("/v1/tokens", Query::default(), usize::MAX).await?;
            let header = ["name", "role", "merchant", "made", "by", "revoked"];
            Ok(view::list(&rows, more, place.json, &header, row))
        }),
        Act::Revoke { name, why, place } => {
            let path = format!("/v1/tokens/{}/revoke", encoded(name));
            door::with_folder(place, async |door| {
                let revoked = door.post(&path, &json!({ "why": why })).await?;
                if place.json {
                    screen::print_json(&revoked.to_string());
                } else {
                    screen::print(&format!("{} {}\n", paint(GOOD, "revoked"), summary(&revoked)));
                }
                Ok(ExitCode::SUCCESS)
            })
        }
    }
}

fn summary(token: &Value) -> String {
    let of = match token["merchant"].as_str() {
        Some(merchant) => format!("of {}", plain(merchant)),
        None => "of all merchants".to_owned(),
    };
    format!("{}, {} {of}", paint(NAME, word(&token["name"])), word(&token["role"]))
}

fn row(token: &Value) -> Vec<Cell> {
    vec![
        Cell::new(word(&token["name"])),
        Cell::new(word(&token["role"])),
        Cell::new(token["merchant"].as_str().map_or_else(|| "all".to_owned(), plain)),
        Cell::new(moment(&token["created_at"])),
        Cell::new(word(&token["created_by"])),
        Cell::new(moment(&token["revoked_at"])),
    ]
}
