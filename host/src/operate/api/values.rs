//! `/v1/merchants/{merchant}/values`: lookup tables and settings, their versions, and changing them.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::letters::reason;
use super::page::value;
use super::problem::Problem;
use super::{Answer, Asked, aside};
use crate::evidence::difference::Tolerances;
use crate::journal::audit::{Act, NewEntry};
use crate::operate::Operate;
use crate::operate::values::{Kind, Values};
use crate::operate::versions::Sample;

/// What stands in a path for what is in use.
const IN_USE: &str = "in-use";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivateRequest {
    /// Its number, or the beginning of its digest.
    version: String,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompareRequest {
    candidate: String,
    #[serde(default)]
    last: Option<usize>,
    #[serde(default)]
    since: Option<Timestamp>,
    #[serde(default)]
    route: Option<String>,
    /// Just these events, by id.
    #[serde(default)]
    events: Option<Vec<String>>,
    #[serde(default)]
    tolerances: Tolerances,
    /// Put it to work if nothing differs but what may.
    #[serde(default)]
    promote: bool,
    #[serde(default)]
    why: String,
    /// What whoever asks calls this comparison: its progress is told under that name.
    #[serde(default)]
    progress: Option<String>,
}

/// Which table or settings a request is about.
#[derive(Clone)]
struct Which {
    merchant: String,
    kind: Kind,
    name: String,
}

fn values(operate: &Operate) -> Result<Values, Problem> {
    let none = || Problem::unfit("values", "the host is stopped: start it, then ask again");
    operate.values.clone().ok_or_else(none)
}

fn which(asked: &Asked) -> Result<Which, Problem> {
    let kind = match asked.part("kind") {
        "table" => Kind::Table,
        "settings" => Kind::Settings,
        other => {
            return Err(Problem::unknown(format!("`{other}` is neither `table` nor `settings`")));
        }
    };
    let [merchant, name] = ["merchant", "name"].map(|part| asked.part(part).to_owned());
    Ok(Which { merchant, kind, name })
}

pub(super) async fn list(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (values, merchant) = (values(operate)?, asked.part("merchant").to_owned());
    let held = aside(move || values.all(&merchant)).await?;
    let rows = held.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (values, which) = (values(operate)?, which(asked)?);
    let held = aside(move || values.one(&which.merchant, which.kind, &which.name)).await?;
    Ok(Answer::Json(StatusCode::OK, value(&held)?))
}

pub(super) async fn says(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (values, which) = (values(operate)?, which(asked)?);
    let version = Some(asked.part("version").to_owned()).filter(|it| it != IN_USE);
    let kind = match which.kind {
        Kind::Table => "text/csv",
        Kind::Settings => "application/json",
    };
    let Which { merchant, kind: of, name } = which;
    let bytes = aside(move || values.says(&merchant, of, &name, version.as_deref())).await?;
    Ok(Answer::Bytes(kind, bytes))
}

pub(super) async fn changes(operate: &Operate, mut asked: Asked) -> Result<Answer, Problem> {
    let (values, which) = (values(operate)?, which(&asked)?);
    let mut query = std::mem::take(&mut asked.query);
    let from = query.text("base").filter(|it| it != IN_USE);
    query.done()?;
    let to = asked.part("version").to_owned();
    let Which { merchant, kind, name } = which;
    let told = aside(move || values.changes(&merchant, kind, &name, &to, from.as_deref())).await?;
    Ok(Answer::Json(StatusCode::OK, told))
}

pub(super) async fn put(operate: &Operate, mut asked: Asked) -> Result<Answer, Problem> {
    let (values, which) = (values(operate)?, which(&asked)?);
    let mut query = std::mem::take(&mut asked.query);
    let why = query.text("why").unwrap_or_default();
    query.done()?;
    let Which { merchant, kind, name } = &which;
    let body = asked.body.clone();
    let kept = values.put(merchant, *kind, name, body, &asked.who.name, &why).await?;
    note(operate, &asked, &which, "put", why, &json!({ "digest": kept.digest })).await?;
    Ok(Answer::Json(StatusCode::CREATED, value(&kept)?))
}

pub(super) async fn activate(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let ActivateRequest { version, why } = asked.json()?;
    let why = reason(why)?;
    put_to_work(operate, asked, &version, why).await
}

pub(super) async fn rollback(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let why = asked.why()?;
    let (values, which) = (values(operate)?, which(asked)?);
    let before = before(operate, &values, &which)?;
    let before = before.ok_or_else(|| {
        Problem::conflict(
            "nothing-before",
            "no version before the one in use is kept: say which one to put to work",
        )
    })?;
    put_to_work(operate, asked, &before, why).await
}

/// What the audit record says was in use before what is now; else the version kept before it.
fn before(operate: &Operate, values: &Values, which: &Which) -> Result<Option<String>, Problem> {
    let Which { merchant, kind, name } = which;
    let held = values.one(merchant, *kind, name)?;
    let entries = operate.journal.audit(Some(merchant), None, 500)?;
    let (action, subject) = (act(*kind, "activate"), subject(which));
    let told = entries
        .iter()
        .filter(|entry| entry.action == action && entry.subject == subject)
        .filter_map(|entry| serde_json::from_str::<Value>(&entry.detail).ok())
        .find(|detail| detail["to"].as_str() == held.active.as_deref())
        .and_then(|detail| detail["from"].as_str().map(str::to_owned));
    match told {
        Some(before) => Ok(Some(before)),
        None => Ok(values.before(merchant, *kind, name)?),
    }
}

async fn put_to_work(
    operate: &Operate,
    asked: &Asked,
    version: &str,
    why: String,
) -> Result<Answer, Problem> {
    let (values, which) = (values(operate)?, which(asked)?);
    let Which { merchant, kind, name } = &which;
    let (from, to) = values.activate(merchant, *kind, name, version).await?;
    let told = json!({ "from": from, "to": to });
    note(operate, asked, &which, "activate", why, &told).await?;
    Ok(Answer::Json(StatusCode::OK, told))
}

pub(super) async fn compare(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let request: CompareRequest = asked.json()?;
    let CompareRequest { candidate, last, since, route, tolerances, promote, why, .. } = request;
    let why = if promote { reason(why)? } else { why };
    let (values, which) = (values(operate)?, which(&asked)?);
    let events = request.events.map(|ids| super::plugins::numbers(operate, &which.merchant, &ids));
    let sample = Sample { last, since, route, events: events.transpose()?, everybody_s: false };
    let (of, wanted) = (which.clone(), candidate.clone());
    let under_way = operate.comparisons.begin(&which.merchant, request.progress.as_deref());
    let watched = under_way.watched();
    let compared = aside(move || {
        values.compare(&of.merchant, (of.kind, &of.name), &wanted, &sample, &tolerances, &watched)
    })
    .await?;
    drop(under_way);
    let within = compared.iter().all(|it| it.verdict.within);
    if promote && within {
        put_to_work(operate, &asked, &candidate, why).await?;
    }
    let mut rows = compared.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    for row in &mut rows {
        row["promoted"] = json!(promote && within);
    }
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

fn act(kind: Kind, what: &str) -> String {
    format!("{what}_{}", kind.as_str())
}

fn subject(which: &Which) -> String {
    format!("{}/{}", which.kind.as_str(), which.name)
}

async fn note(
    operate: &Operate,
    asked: &Asked,
    which: &Which,
    what: &str,
    why: String,
    detail: &Value,
) -> Result<(), Problem> {
    let entry = NewEntry {
        who: asked.who.name.clone(),
        action: act(which.kind, what),
        merchant: which.merchant.clone(),
        subject: subject(which),
        why,
        detail: detail.to_string(),
    };
    operate.journal.act(vec![Act::Note(entry)]).await?;
    Ok(())
}
