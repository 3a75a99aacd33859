//! `/v1/routes` and `/v1/merchants/{merchant}/routes`: what goes where, and a route held still
//! without losing its place.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Answer, Asked};
use crate::config::{Merchant, ReadyRoute};
use crate::journal::audit::{Act, NewEntry};
use crate::journal::rollouts::Pause;
use crate::operate::Operate;
use crate::rollout::{self, Rollout};

/// Events of a paused route that are counted; beyond it there are simply more.
const WAITING_COUNTED_MAX: usize = 10_000;
/// Read at a time.
const PAGE: usize = 512;

impl From<rollout::Error> for Problem {
    fn from(error: rollout::Error) -> Self {
        match error {
            rollout::Error::Conflict(said) => Self::conflict("standing", said),
            rollout::Error::Journal(error) => error.into(),
        }
    }
}

pub(super) fn decided(operate: &Operate) -> Result<Rollout, Problem> {
    let none = || Problem::unfit("stopped", "the host is stopped: start it, then ask again");
    operate.rollout.clone().ok_or_else(none)
}

/// A line for the audit record.
pub(super) fn note(asked: &Asked, action: &str, subject: String, why: &str, detail: &Value) -> Act {
    Act::Note(NewEntry {
        who: asked.who.name.clone(),
        action: action.to_owned(),
        merchant: asked.part("merchant").to_owned(),
        subject,
        why: why.to_owned(),
        detail: if detail.is_null() { String::new() } else { detail.to_string() },
    })
}

pub(super) fn all(operate: &Operate) -> Result<Answer, Problem> {
    let merchants: Vec<String> = versions(operate)?.merchants();
    let mut rows = Vec::new();
    for merchant in &merchants {
        rows.extend(rows_of(operate, merchant)?);
    }
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) fn of_merchant(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let rows = rows_of(operate, asked.part("merchant"))?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn pause(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (why, decided) = (asked.why()?, decided(operate)?);
    let [merchant, route] = ["merchant", "route"].map(|part| asked.part(part).to_owned());
    let of = versions(operate)?.merchant(&merchant)?;
    if !of.routes.contains_key(&route) {
        let names: Vec<&str> = of.routes.keys().map(String::as_str).collect();
        return Err(Problem::unknown(format!(
            "{merchant} has no route `{route}`; it has: {}",
            names.join(", ")
        )));
    }
    let line = note(asked, "pause_route", format!("route/{route}"), &why, &Value::Null);
    let who = asked.who.name.clone();
    decided.pause(Pause { merchant, route, at: Timestamp::now(), who, why }, line).await?;
    one(operate, asked)
}

pub(super) async fn resume(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (why, decided) = (asked.why()?, decided(operate)?);
    let (merchant, route) = (asked.part("merchant"), asked.part("route"));
    // Also one that the configuration has no more: it may come back under its name.
    let line = note(asked, "resume_route", format!("route/{route}"), &why, &Value::Null);
    decided.resume(merchant, route, line).await?;
    one(operate, asked)
}

fn one(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let rows = rows_of(operate, asked.part("merchant"))?;
    let route = asked.part("route");
    let row = rows.into_iter().find(|row| row["route"] == route);
    let gone = || Problem::unknown(format!("route `{route}` is not configured any more"));
    Ok(Answer::Json(StatusCode::OK, row.ok_or_else(gone)?))
}

fn versions(operate: &Operate) -> Result<&crate::operate::versions::Versions, Problem> {
    let none = || Problem::unfit("stopped", "the host is stopped: start it, then ask again");
    operate.versions.as_ref().ok_or_else(none)
}

fn rows_of(operate: &Operate, merchant: &str) -> Result<Vec<Value>, Problem> {
    let of = versions(operate)?.merchant(merchant)?;
    let pauses = decided(operate)?.pauses();
    let mut rows = Vec::new();
    for ready in of.routes.values() {
        let pause = pauses.iter().find(|it| it.merchant == merchant && it.route == ready.name);
        let waiting = match pause {
            Some(_) => Some(waiting(operate, &of, ready)?),
            None => None,
        };
        let reason = ready.unavailable();
        rows.push(json!({
            "merchant": merchant,
            "route": ready.name,
            "from": ready.route.from,
            "topics": ready.route.topics,
            "to": ready.route.to,
            "plugins": ready.route.plugins(),
            "available": reason.is_none(),
            "reason": reason,
            "paused": pause.map(|it| json!({ "at": it.at, "who": it.who, "why": it.why })),
            "waiting": waiting,
        }));
    }
    // Held still under a name that is not configured now.
    for pause in pauses.iter().filter(|it| it.merchant == merchant) {
        if !of.routes.contains_key(&pause.route) {
            rows.push(json!({
                "merchant": merchant,
                "route": pause.route,
                "from": null,
                "topics": [],
                "to": null,
                "plugins": [],
                "available": false,
                "reason": "it is not configured",
                "paused": { "at": pause.at, "who": pause.who, "why": pause.why },
                "waiting": null,
            }));
        }
    }
    Ok(rows)
}

/// Events that wait for a route, up to a bound.
fn waiting(operate: &Operate, merchant: &Merchant, ready: &ReadyRoute) -> Result<usize, Problem> {
    let (mut count, mut after) = (0, 0);
    while count < WAITING_COUNTED_MAX {
        let page = operate.journal.open_events(&merchant.name, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let waits = |event: &&crate::journal::OpenEvent| {
            let begun = event.passages.iter().find(|passage| passage.route == ready.name);
            match begun {
                Some(passage) => !passage.state.is_terminal(),
                None => !event.again && ready.route.takes(&event.connection, &event.topic),
            }
        };
        count += page.iter().filter(waits).count();
        if page.len() < PAGE {
            break;
        }
    }
    Ok(count.min(WAITING_COUNTED_MAX))
}
