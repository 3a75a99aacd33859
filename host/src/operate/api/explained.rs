//! `/v1/events/{event}/explanation` and `/v1/merchants/{merchant}/reads`.

use axum::http::StatusCode;
use serde_json::json;

use super::page::value;
use super::problem::Problem;
use super::{Answer, Asked, aside};
use crate::operate::Operate;
use crate::operate::explained::{LAST, LAST_MAX};
use crate::operate::versions::{Sample, Versions};

fn versions(operate: &Operate) -> Result<Versions, Problem> {
    let none = || Problem::unfit("explain", "the host is stopped: start it, then ask again");
    operate.versions.clone().ok_or_else(none)
}

pub(super) async fn event(operate: &Operate, mut asked: Asked) -> Result<Answer, Problem> {
    let seq = super::events::seq_of(&operate.journal, &asked)?;
    let mut query = std::mem::take(&mut asked.query);
    let route = query.text("route");
    query.done()?;
    let event = operate.journal.event(seq)?;
    let event = event.ok_or_else(|| Problem::unknown("the event is no longer kept"))?;
    let versions = versions(operate)?;
    let explained = aside(move || versions.explain(&event, route.as_deref())).await?;
    let rows = explained.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn reads(operate: &Operate, mut asked: Asked) -> Result<Answer, Problem> {
    let mut query = std::mem::take(&mut asked.query);
    let (route, last) = (query.text("route"), query.value("last", "a number")?);
    query.done()?;
    let last: usize = last.unwrap_or(LAST);
    if !(1..=LAST_MAX).contains(&last) {
        let said = format!("`last` is between 1 and {LAST_MAX}");
        return Err(Problem::wrong("malformed-query", said));
    }
    let (versions, journal) = (versions(operate)?, operate.journal.clone());
    let merchant = asked.part("merchant").to_owned();
    let sample = Sample { last: Some(last), route, ..Sample::default() };
    let reads = aside(move || versions.reads(&journal, &merchant, &sample)).await?;
    let rows = reads.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}
