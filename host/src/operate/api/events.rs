//! `/v1/events`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::page::{List, Page, value};
use super::problem::Problem;
use super::query::number;
use super::{Answer, Asked};
use crate::journal::list::EventFilter;
use crate::journal::replay::PastPassage;
use crate::journal::{Journal, Passage};
use crate::operate::Operate;

pub(super) const STATES: [&str; 7] =
    ["accepted", "unrouted", "waiting", "delivering", "delivered", "skipped", "dead"];

pub(super) fn list(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let filter = EventFilter {
        merchant: query.text("merchant"),
        connection: query.text("connection"),
        topic: query.text("topic"),
        resource: query.text("resource"),
        route: query.text("route"),
        state: query.word("state", &STATES)?,
        cause: query.text("cause"),
        from: query.value("from", "a moment like 2026-11-22T03:00:00Z")?,
        to: query.value("to", "a moment like 2026-11-22T03:00:00Z")?,
        after_seq: None,
        until_seq: None,
    };
    let (limit, from) = (query.limit()?, query.cursor("event")?);
    query.done()?;
    number(from.clone())?;
    if filter.resource.is_some() && filter.merchant.is_none() {
        let said = "`resource` needs a `merchant`: two merchants may have an order/27 each";
        return Err(Problem::wrong("malformed-query", said));
    }
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let found = journal.events(&filter, number(from)?, limit)?;
        let rows = found.rows.iter().map(value).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: found.next.map(|it| it.to_string()) })
    };
    Ok(Answer::List(List { kind: "event", from, limit, read: Box::new(read) }))
}

/// The number of the event that a path names, by its id.
pub(super) fn seq_of(journal: &Journal, asked: &Asked) -> Result<u64, Problem> {
    let id = asked.part("event");
    journal.seq_of(id)?.ok_or_else(|| Problem::unknown(format!("there is no event `{id}`")))
}

pub(super) fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let journal = &operate.journal;
    let seq = seq_of(journal, asked)?;
    let gone = || Problem::unknown("the event is gone");
    let row = journal.event_row(seq)?.ok_or_else(gone)?;
    let mut shown = value(&row)?;
    let mut passages = Vec::new();
    for passage in &row.passages {
        let full = journal.passage(seq, &passage.route)?.ok_or_else(gone)?;
        let past = journal.past_passages(seq, &passage.route)?;
        let mut shown = value(passage)?;
        extend(&mut shown, in_full(&full, &past)?);
        passages.push(shown);
    }
    let body_bytes = journal.event(seq)?.map_or(0, |event| event.body.len());
    extend(&mut shown, json!({ "passages": passages, "payload_bytes": body_bytes }));
    Ok(Answer::Json(StatusCode::OK, shown))
}

pub(super) fn payload(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let seq = seq_of(&operate.journal, asked)?;
    let event = operate.journal.event(seq)?.ok_or_else(|| Problem::unknown("the event is gone"))?;
    Ok(Answer::Bytes("application/octet-stream", event.body.clone()))
}

fn in_full(passage: &Passage, past: &[PastPassage]) -> Result<Value, Problem> {
    let documents = passage.documents.iter().zip(0_u32..).map(|(document, ordinal)| {
        let done = passage.delivered.iter().find(|it| it.ordinal == ordinal);
        let mut shown = value(document)?;
        let target_id = done.and_then(|it| it.target_id.as_deref());
        extend(&mut shown, json!({ "delivered": done.is_some(), "target_id": target_id }));
        Ok(shown)
    });
    let past = past.iter().map(|it| {
        Ok(json!({
            "replay": it.job,
            "state": it.state,
            "reason": it.reason,
            "ended_at": it.ended_at,
            "replayed_at": it.replaced_at,
            "receipts": value(&it.receipts)?,
            "documents": value(&it.documents)?,
        }))
    });
    Ok(json!({
        "plugin_asked_for": passage.pin,
        "receipts": value(&passage.receipts)?,
        "documents": documents.collect::<Result<Vec<_>, Problem>>()?,
        "attempts": value(&passage.attempts)?,
        "dead": passage.dead.as_ref().map(value).transpose()?,
        "past": past.collect::<Result<Vec<_>, Problem>>()?,
    }))
}

pub(super) fn extend(shown: &mut Value, more: Value) {
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.extend(more);
    }
}
