//! `/v1/recalls`: what a bad plugin version left behind, and sending what puts it right.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{List, Page, value};
use super::problem::Problem;
use super::query::number;
use super::rest::next_of;
use super::{Answer, Asked};
use crate::journal::jobs::Job;
use crate::operate::Operate;
use crate::operate::recall::Ask;

const KINDS: [&str; 5] = ["differs", "extra", "failed", "breach", "under_way"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SendRequest {
    #[serde(default)]
    per_second: Option<u32>,
    why: String,
}

pub(super) fn list(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    let (limit, from) = (query.limit()?, query.cursor("recall")?);
    query.done()?;
    number(from.clone())?;
    let operate = operate.clone();
    let read = move |from: Option<String>, limit| {
        let jobs = operate.recalls.list(merchant.as_deref(), number(from)?, limit + 1)?;
        let rows = jobs.iter().take(limit).map(|job| shown(&operate, job));
        Ok(Page { rows: rows.collect::<Result<_, _>>()?, next: next_of(&jobs, limit) })
    };
    Ok(Answer::List(List { kind: "recall", from, limit, read: Box::new(read) }))
}

fn shown(operate: &Operate, job: &Job) -> Result<Value, Problem> {
    let part = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let spec = part(&job.job.spec);
    let sending = operate.recalls.sending(job.id)?;
    let sending = sending.map(|sending| shown_sending(operate, &sending)).transpose()?;
    let (first, until) = (spec["after_seq"].as_u64(), spec["until_seq"].as_u64().unwrap_or(0));
    let first = first.unwrap_or(0);
    let at = job.cursor.as_deref().and_then(|it| it.parse().ok()).unwrap_or(first);
    Ok(json!({
        "id": job.id,
        "state": job.state,
        "merchant": job.job.merchant,
        "plugin": spec["plugin"],
        "version": spec["bad"],
        "with": spec["good"],
        "since": spec["since"],
        "route": spec["route"],
        "looked_at": at.saturating_sub(first),
        "to_look_at": until.saturating_sub(first),
        "progress": part(&job.progress),
        "sending": sending,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "who": job.job.who,
        "why": job.job.why,
    }))
}

fn shown_sending(operate: &Operate, job: &Job) -> Result<Value, Problem> {
    let progress: Value = serde_json::from_str(&job.progress).unwrap_or_default();
    let outcomes: serde_json::Map<String, Value> = operate
        .journal
        .job_ends(job.id)?
        .into_iter()
        .map(|(name, count)| (name, count.into()))
        .collect();
    Ok(json!({
        "id": job.id,
        "state": job.state,
        "sent": progress["replayed"].as_u64().unwrap_or(0),
        "passed_over": progress["passed_over"].as_u64().unwrap_or(0),
        "failed_because": progress["failed_because"],
        "outcomes": outcomes,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "who": job.job.who,
        "why": job.job.why,
    }))
}

fn of(operate: &Operate, id: u64) -> Result<Value, Problem> {
    let job = operate.recalls.job(id)?;
    let job = job.ok_or_else(|| Problem::unknown(format!("there is no recall {id}")))?;
    shown(operate, &job)
}

pub(super) fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    Ok(Answer::Json(StatusCode::OK, of(operate, asked.number("recall")?)?))
}

pub(super) async fn start(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let ask: Ask = asked.json()?;
    let id = operate.recalls.start(&ask, &asked.who.name, asked.who.merchant.as_deref()).await?;
    Ok(Answer::Json(StatusCode::CREATED, of(operate, id)?))
}

pub(super) async fn send(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let SendRequest { per_second, why } = asked.json()?;
    let why = super::letters::reason(why)?;
    let id = asked.number("recall")?;
    operate.recalls.send(id, per_second, &asked.who.name, &why).await?;
    Ok(Answer::Json(StatusCode::CREATED, of(operate, id)?))
}

pub(super) async fn stop(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (id, why) = (asked.number("recall")?, asked.why()?);
    of(operate, id)?;
    if !operate.recalls.stop(id, &asked.who.name, &why).await? {
        return Err(Problem::conflict("ended", format!("recall {id} has ended already")));
    }
    show(operate, asked)
}

pub(super) fn corrections(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let id = asked.number("recall")?;
    of(operate, id)?;
    let mut query = asked.query;
    let kind = query.word::<String>("kind", &KINDS)?;
    let (limit, from) = (query.limit()?, query.cursor("correction")?);
    query.done()?;
    number(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let after = number(from)?.unwrap_or(0);
        let mut rows = journal.corrections(id, kind.as_deref(), after, limit + 1)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|it| it.no.to_string());
        let shown = rows.iter().map(|it| {
            let mut row = value(it)?;
            row["told"] = serde_json::from_str(&it.told).unwrap_or_default();
            Ok(row)
        });
        Ok(Page { rows: shown.collect::<Result<_, Problem>>()?, next })
    };
    Ok(Answer::List(List { kind: "correction", from, limit, read: Box::new(read) }))
}
