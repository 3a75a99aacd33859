//! `/v1/quarantine`.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::events::extend;
use super::letters::reason;
use super::page::{List, Page, value};
use super::problem::Problem;
use super::query::number;
use super::{Answer, Asked};
use crate::event::Origin;
use crate::ingress::{self, Offer, Taken};
use crate::journal::audit::{Act, Held, QuarantineStatus};
use crate::journal::{Journal, Quarantined};
use crate::operate::Operate;

/// What is needed to take something in after all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// What it is (`order.updated`).
    topic: String,
    why: String,
}

pub(super) fn list(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let merchant = query.text("merchant");
    let status = match query.text("status").as_deref() {
        None => None,
        Some("held") => Some(QuarantineStatus::Held),
        Some("released") => Some(QuarantineStatus::Released),
        Some("discarded") => Some(QuarantineStatus::Discarded),
        Some(other) => {
            let said = format!("`status={other}` is none of held, released, discarded");
            return Err(Problem::wrong("malformed-query", said));
        }
    };
    let (limit, from) = (query.limit()?, query.cursor("held")?);
    query.done()?;
    number(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let rows = journal.held(merchant.as_deref(), status, number(from)?, limit + 1)?;
        Page::of(rows, limit, |it| it.id.to_string())
    };
    Ok(Answer::List(List { kind: "held", from, limit, read: Box::new(read) }))
}

fn one(journal: &Journal, asked: &Asked) -> Result<(Held, Quarantined), Problem> {
    let id = asked.number("id")?;
    let unknown = || Problem::unknown(format!("there is nothing in quarantine under {id}"));
    let held = journal.held(None, None, Some(id.saturating_add(1)), 1)?.pop();
    let held = held.filter(|it| it.id == id).ok_or_else(unknown)?;
    let full = journal.quarantined(id.saturating_sub(1), 1)?.pop().ok_or_else(unknown)?;
    Ok((held, full))
}

pub(super) fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (held, full) = one(&operate.journal, asked)?;
    let mut shown = value(&held)?;
    let headers = value(&full.record.headers)?;
    extend(&mut shown, json!({ "headers": headers, "payload_bytes": full.record.body.len() }));
    Ok(Answer::Json(StatusCode::OK, shown))
}

pub(super) fn payload(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (_, full) = one(&operate.journal, asked)?;
    Ok(Answer::Bytes("application/octet-stream", full.record.body))
}

fn shown(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    Ok(Answer::Json(StatusCode::OK, value(&one(&operate.journal, asked)?.0)?))
}

/// Takes it in as if it had come in well. A crash in the middle leaves an event and something that
/// looks held: released again it is a duplicate, and nothing happens twice.
pub(super) async fn release(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let Release { topic, why } = asked.json()?;
    let why = reason(why)?;
    let (held, full) = one(&operate.journal, asked)?;
    still_held(&held)?;
    let record = full.record;
    if let Err((code, said)) = ingress::look(&topic, &record.body) {
        return Err(Problem::unfit("not-an-event", format!("it is no {topic} ({code}): {said}")));
    }
    let offer = Offer {
        merchant: record.merchant,
        connection: record.connection,
        topic: topic.clone(),
        body: record.body,
        origin: Origin::Hook,
        correlation_id: None,
        headers: record.headers,
    };
    let event_id = match operate.ingress.offer(offer).await {
        Taken::Accepted { event_id, .. } => event_id,
        Taken::Duplicate { of } | Taken::Echo { of } => of,
        Taken::Quarantined { message, .. } => return Err(Problem::unfit("not-an-event", message)),
        Taken::NotStored(error) => return Err(error.into()),
    };
    let note = asked.note("release", &held.merchant, format!("quarantine/{}", held.id), why);
    let to = QuarantineStatus::Released;
    let act = Act::Quarantined { id: held.id, to, event_id: Some(event_id.0) };
    operate.journal.act(vec![act, note]).await?;
    shown(operate, asked)
}

pub(super) async fn discard(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let why = asked.why()?;
    let (held, _) = one(&operate.journal, asked)?;
    still_held(&held)?;
    let note = asked.note("discard", &held.merchant, format!("quarantine/{}", held.id), why);
    let to = QuarantineStatus::Discarded;
    let act = Act::Quarantined { id: held.id, to, event_id: None };
    operate.journal.act(vec![act, note]).await?;
    shown(operate, asked)
}

fn still_held(held: &Held) -> Result<(), Problem> {
    if held.status == QuarantineStatus::Released {
        let event = held.event_id.as_deref().unwrap_or_default();
        let said = format!("it was released before, as event {event}");
        return Err(Problem::conflict("released-before", said));
    }
    Ok(())
}
