//! Whose matters a token may touch: checked for every row of the table, before anything is done.
//!
//! A token of all merchants passes. For the token of one, lists and bodies are narrowed to its
//! merchant, and what a path or a body names has to be its own. What is another's is answered exactly
//! as what is not there, so that a token cannot even count what others have. A row whose handler
//! does not know the parameter `merchant` refuses it, so a list cannot be forgotten either.

use bytes::Bytes;
use serde_json::Value;

use super::Asked;
use super::problem::Problem;
use super::table::{About, Endpoint};
use crate::journal::Journal;

/// What is not there, or not the token's to know of.
pub(super) fn unknown(what: &str, name: &str) -> Problem {
    Problem::unknown(format!("there is no {what} `{name}`"))
}

/// Narrows a request to the merchant of its token.
pub(super) fn narrow(
    journal: &Journal,
    endpoint: &Endpoint,
    asked: &mut Asked,
) -> Result<(), Problem> {
    let Some(own) = asked.who.merchant.clone() else { return Ok(()) };
    let elsewhere = || Problem::not_yours(&own);
    let part = |name: &str| asked.part(name).to_owned();
    let mine = |found: Option<String>| found.as_deref() == Some(&*own);
    match endpoint.about {
        About::Nobody => Ok(()),
        About::Host => Err(Problem::of_the_host()),
        About::Path if part("merchant") == own => Ok(()),
        About::Path => Err(elsewhere()),
        About::Event => own_event(journal, &part("event"), &own),
        About::Issue => own_issue(journal, &part("issue"), &own),
        About::Replay => {
            let id = part("replay");
            let job = id.parse().ok().map(|id| journal.job(id)).transpose()?.flatten();
            let found = job.filter(|job| job.job.kind == "replay").map(|job| job.job.merchant);
            if mine(found) { Ok(()) } else { Err(unknown("replay", &id)) }
        }
        About::Backfill => {
            let id = part("backfill");
            let job = id.parse().ok().map(|id| journal.job(id)).transpose()?.flatten();
            let found = job.filter(|job| job.job.kind == "backfill").map(|job| job.job.merchant);
            if mine(found) { Ok(()) } else { Err(unknown("backfill", &id)) }
        }
        About::Recall => {
            let id = part("recall");
            let job = id.parse().ok().map(|id| journal.job(id)).transpose()?.flatten();
            let found = job.filter(|job| job.job.kind == "recall").map(|job| job.job.merchant);
            if mine(found) { Ok(()) } else { Err(unknown("recall", &id)) }
        }
        About::Held => {
            let id = part("id");
            let number: Option<u64> = id.parse().ok();
            let after = number.map(|id| id.saturating_sub(1));
            let found = after.map(|after| journal.quarantined(after, 1)).transpose()?;
            let found = found.and_then(|mut found| found.pop()).filter(|it| Some(it.id) == number);
            if mine(found.map(|it| it.record.merchant)) {
                Ok(())
            } else {
                Err(unknown("quarantined delivery", &id))
            }
        }
        About::Query => match asked.query.narrow("merchant", &own) {
            true => Ok(()),
            false => Err(elsewhere()),
        },
        About::Body => {
            let mut body: Value = asked.json()?;
            let Some(fields) = body.as_object_mut() else { return Ok(()) };
            match fields.get("merchant") {
                None | Some(Value::Null) => {}
                Some(Value::String(named)) if *named == own => {}
                Some(_) => return Err(elsewhere()),
            }
            fields.insert("merchant".to_owned(), own.clone().into());
            if let Some(event) = fields.get("event").filter(|it| !it.is_null()) {
                own_event(journal, event.as_str().unwrap_or_default(), &own)?;
            }
            if let Some(issue) = fields.get("issue").filter(|it| !it.is_null()) {
                own_issue(journal, &issue.to_string(), &own)?;
            }
            asked.body = Bytes::from(body.to_string());
            Ok(())
        }
    }
}

fn own_event(journal: &Journal, id: &str, own: &str) -> Result<(), Problem> {
    let row = journal.seq_of(id)?.map(|seq| journal.event_row(seq)).transpose()?.flatten();
    match row {
        Some(row) if row.merchant == own => Ok(()),
        _ => Err(unknown("event", id)),
    }
}

fn own_issue(journal: &Journal, id: &str, own: &str) -> Result<(), Problem> {
    let found = id.parse().ok().map(|id| journal.issue(id)).transpose()?.flatten();
    match found {
        Some(issue) if issue.merchant == own => Ok(()),
        _ => Err(unknown("issue", id)),
    }
}
