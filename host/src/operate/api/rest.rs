//! `/v1/replays`, `/v1/bookmarks`, `/v1/audit`, `/v1/backfills`, `/v1/connections`, `/v1/plugins`.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::letters::reason;
use super::page::{List, Page, value};
use super::problem::Problem;
use super::query::number;
use super::{Answer, Asked};
use crate::journal::Journal;
use crate::journal::audit::{Act, Bookmark};
use crate::journal::jobs::Job;
use crate::operate::{Ask, Operate};
use crate::poll::{self, BackfillSpec};

const BACKFILL: &str = "backfill";
const NAME_BYTES_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookmarkRequest {
    name: String,
    /// Nothing means all.
    #[serde(default)]
    merchant: String,
    /// The last event before the place; nothing means the last there is.
    #[serde(default)]
    event: Option<String>,
}

/// What is to be fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillRequest {
    merchant: String,
    connection: String,
    /// Which list: `orders`, `products`, `customers`.
    entity: String,
    from: Timestamp,
    /// Nothing means now.
    #[serde(default)]
    to: Option<Timestamp>,
    why: String,
}

pub(super) fn replays(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    let (limit, from) = (query.limit()?, query.cursor("replay")?);
    query.done()?;
    number(from.clone())?;
    let operate = operate.clone();
    let read = move |from: Option<String>, limit| {
        let jobs = operate.replays.list(merchant.as_deref(), number(from)?, limit + 1)?;
        let shown = jobs.iter().take(limit).map(|job| shown_replay(&operate.journal, job));
        Ok(Page { rows: shown.collect::<Result<_, _>>()?, next: next_of(&jobs, limit) })
    };
    Ok(Answer::List(List { kind: "replay", from, limit, read: Box::new(read) }))
}

/// The place behind the last job shown, of jobs read with a limit of one more.
pub(super) fn next_of(jobs: &[Job], limit: usize) -> Option<String> {
    let last = jobs.get(limit.checked_sub(1)?)?;
    (jobs.len() > limit).then(|| last.id.to_string())
}

fn shown_replay(journal: &Journal, job: &Job) -> Result<Value, Problem> {
    let part = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (spec, progress) = (part(&job.job.spec), part(&job.progress));
    let outcomes: serde_json::Map<String, Value> =
        journal.job_ends(job.id)?.into_iter().map(|(name, count)| (name, count.into())).collect();
    Ok(json!({
        "id": job.id,
        "state": job.state,
        "merchant": job.job.merchant,
        "filter": spec["filter"],
        "issue": spec["issue"],
        "plugin": spec["pin"],
        "per_second": spec["per_second"],
        "total": spec["total"],
        "replayed": progress["replayed"].as_u64().unwrap_or(0),
        "passed_over": progress["passed_over"].as_u64().unwrap_or(0),
        "outcomes": outcomes,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "who": job.job.who,
        "why": job.job.why,
    }))
}

fn replay_of(operate: &Operate, id: u64) -> Result<Value, Problem> {
    let job = operate.replays.job(id)?;
    let job = job.ok_or_else(|| Problem::unknown(format!("there is no replay {id}")))?;
    shown_replay(&operate.journal, &job)
}

pub(super) fn replay(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    Ok(Answer::Json(StatusCode::OK, replay_of(operate, asked.number("replay")?)?))
}

pub(super) async fn start_replay(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let ask: Ask = asked.json()?;
    let id = operate.replays.start(&ask, &asked.who.name, asked.who.merchant.as_deref()).await?;
    Ok(Answer::Json(StatusCode::CREATED, replay_of(operate, id)?))
}

pub(super) async fn stop_replay(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (id, why) = (asked.number("replay")?, asked.why()?);
    replay_of(operate, id)?;
    if !operate.replays.stop(id, &asked.who.name, &why).await? {
        return Err(Problem::conflict("ended", format!("replay {id} has ended already")));
    }
    replay(operate, asked)
}

pub(super) async fn resume_replay(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (id, why) = (asked.number("replay")?, asked.why()?);
    let id = operate.replays.resume(id, &asked.who.name, &why).await?;
    Ok(Answer::Json(StatusCode::CREATED, replay_of(operate, id)?))
}

pub(super) fn bookmarks(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let merchant = of(asked)?;
    let mut found = operate.journal.bookmarks()?;
    found.retain(|it| merchant.as_ref().is_none_or(|merchant| it.merchant == *merchant));
    all(&found)
}

pub(super) async fn set_bookmark(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let BookmarkRequest { name, merchant, event } = asked.json()?;
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) {
        let said = format!("a name has 1 to {NAME_BYTES_MAX} bytes");
        return Err(Problem::unfit("bookmark", said));
    }
    let journal = &operate.journal;
    let seq = match event {
        Some(id) => journal
            .seq_of(&id)?
            .ok_or_else(|| Problem::unknown(format!("there is no event `{id}`")))?,
        None => journal.last_seq()?,
    };
    let note = asked.note("bookmark", &merchant, format!("bookmark/{name}"), String::new());
    let act = Act::Bookmark { name: name.clone(), merchant: merchant.clone(), seq };
    journal.act(vec![act, note]).await?;
    Ok(Answer::Json(StatusCode::CREATED, value(&bookmark(journal, &name, &merchant)?)?))
}

pub(super) async fn drop_bookmark(operate: &Operate, mut asked: Asked) -> Result<Answer, Problem> {
    let merchant = asked.query.text("merchant").unwrap_or_default();
    std::mem::take(&mut asked.query).done()?;
    let name = asked.part("name").to_owned();
    let found = bookmark(&operate.journal, &name, &merchant)?;
    let note = asked.note("drop_bookmark", &merchant, format!("bookmark/{name}"), String::new());
    operate.journal.act(vec![Act::DropBookmark { name, merchant }, note]).await?;
    Ok(Answer::Json(StatusCode::OK, value(&found)?))
}

fn bookmark(journal: &Journal, name: &str, merchant: &str) -> Result<Bookmark, Problem> {
    let all = journal.bookmarks()?;
    let found = all.into_iter().find(|it| it.name == name && it.merchant == merchant);
    found.ok_or_else(|| Problem::unknown(format!("there is no bookmark `{name}`")))
}

pub(super) fn audit(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    let (limit, from) = (query.limit()?, query.cursor("audit")?);
    query.done()?;
    number(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let rows = journal.audit(merchant.as_deref(), number(from)?, limit + 1)?;
        Page::of(rows, limit, |it| it.id.to_string())
    };
    Ok(Answer::List(List { kind: "audit", from, limit, read: Box::new(read) }))
}

pub(super) fn backfills(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    let (limit, from) = (query.limit()?, query.cursor("backfill")?);
    query.done()?;
    number(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let jobs = journal.jobs_of(BACKFILL, merchant.as_deref(), number(from)?, limit + 1)?;
        let rows = jobs.iter().take(limit).map(shown_backfill).collect();
        Ok(Page { rows, next: next_of(&jobs, limit) })
    };
    Ok(Answer::List(List { kind: "backfill", from, limit, read: Box::new(read) }))
}

fn shown_backfill(job: &Job) -> Value {
    let part = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    json!({
        "id": job.id,
        "state": job.state,
        "merchant": job.job.merchant,
        "request": part(&job.job.spec),
        "progress": part(&job.progress),
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "who": job.job.who,
        "why": job.job.why,
    })
}

fn backfill_of(journal: &Journal, id: u64) -> Result<Value, Problem> {
    let job = journal.job(id)?.filter(|job| job.job.kind == BACKFILL);
    job.as_ref()
        .map(shown_backfill)
        .ok_or_else(|| Problem::unknown(format!("there is no backfill {id}")))
}

pub(super) fn backfill(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let shown = backfill_of(&operate.journal, asked.number("backfill")?)?;
    Ok(Answer::Json(StatusCode::OK, shown))
}

fn pollers(operate: &Operate) -> Result<&poll::Pollers, Problem> {
    let none = || Problem::unfit("backfill", "this host does not fetch from shops");
    operate.pollers.as_ref().ok_or_else(none)
}

fn not_begun(error: poll::Error) -> Problem {
    match error {
        poll::Error::NotStored { .. } => Problem::unavailable(error.to_string()),
        other => Problem::unfit("backfill", other.to_string()),
    }
}

pub(super) async fn start_backfill(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let BackfillRequest { merchant, connection, entity, from, to, why } = asked.json()?;
    let why = reason(why)?;
    let to = to.unwrap_or_else(Timestamp::now);
    let spec = BackfillSpec { merchant: merchant.clone(), connection, entity, from, to };
    let id = pollers(operate)?.start_backfill(spec, &asked.who.name, &why).await;
    let id = id.map_err(not_begun)?;
    let note = asked.note("backfill", &merchant, format!("backfill/{id}"), why);
    operate.journal.act(vec![note]).await?;
    Ok(Answer::Json(StatusCode::CREATED, backfill_of(&operate.journal, id)?))
}

pub(super) async fn stop_backfill(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (id, why) = (asked.number("backfill")?, asked.why()?);
    let found = backfill_of(&operate.journal, id)?;
    if !pollers(operate)?.stop_backfill(id).await.map_err(not_begun)? {
        return Err(Problem::conflict("ended", format!("backfill {id} has ended already")));
    }
    let note = asked.note(
        "stop_backfill",
        found["merchant"].as_str().unwrap_or_default(),
        format!("backfill/{id}"),
        why,
    );
    operate.journal.act(vec![note]).await?;
    backfill(operate, asked)
}

pub(super) fn connections(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let merchant = of(asked)?;
    let mut found = (operate.connections)();
    found.retain(|it| merchant.as_ref().is_none_or(|merchant| it["merchant"] == **merchant));
    all(&found)
}

pub(super) fn plugins(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut kept = operate.shelf.all();
    if let Some(merchant) = of(asked)? {
        let own = operate.journal.plugin_versions(Some(&merchant), None)?;
        kept.retain(|it| own.iter().any(|row| row.it.kept && row.it.digest == it.digest));
    }
    let shown: Vec<Value> = kept
        .iter()
        .map(|it| json!({ "name": it.name, "version": it.version, "digest": it.digest }))
        .collect();
    all(&shown)
}

/// The one merchant that is asked about.
fn of(asked: Asked) -> Result<Option<String>, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    query.done()?;
    Ok(merchant)
}

fn all(rows: &[impl serde::Serialize]) -> Result<Answer, Problem> {
    let rows = rows.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}
