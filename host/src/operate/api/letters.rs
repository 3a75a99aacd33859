//! `/v1/dead-letters` and `/v1/issues`.

use axum::http::StatusCode;
use serde::Deserialize;

use super::events::seq_of;
use super::page::{List, Page, value};
use super::problem::Problem;
use super::query::number;
use super::table::Op;
use super::{Answer, Asked};
use crate::journal::audit::{Act, NewEntry};
use crate::journal::issues::{Issue, IssueFilter, IssueState, Letter, LetterFilter, LetterStatus};
use crate::journal::{self, Journal};
use crate::operate::Operate;

const STATUSES: [&str; 4] = ["open", "replayed", "resolved", "discarded"];
const ISSUE_STATES: [&str; 3] = ["open", "resolved", "muted"];
/// Letters dealt with in one commit, so that the road is not held up by a large issue.
const AT_ONCE: usize = 500;

/// The body of everything that is done by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    why: String,
}

impl Asked {
    /// The reason, which the audit record keeps.
    pub(super) fn why(&self) -> Result<String, Problem> {
        reason(self.json::<Why>()?.why)
    }

    pub(super) fn note(&self, action: &str, merchant: &str, subject: String, why: String) -> Act {
        Act::Note(NewEntry {
            who: self.who.name.clone(),
            action: action.to_owned(),
            merchant: merchant.to_owned(),
            subject,
            why,
            detail: String::new(),
        })
    }
}

pub(super) fn reason(why: String) -> Result<String, Problem> {
    if why.trim().is_empty() {
        let said =
            "`why` says nothing: the audit record keeps the reason of everything done by hand";
        return Err(Problem::unfit("reason-missing", said));
    }
    Ok(why)
}

pub(super) fn list(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let filter = LetterFilter {
        merchant: query.text("merchant"),
        route: query.text("route"),
        status: query.word("status", &STATUSES)?,
        cause: query.text("cause"),
        issue: query.value("issue", "a number")?,
        ..LetterFilter::default()
    };
    let (limit, from) = (query.limit()?, query.cursor("letter")?);
    query.done()?;
    place_of(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let filter = LetterFilter { before: place_of(from)?, limit: limit + 1, ..filter.clone() };
        Page::of(journal.letters(&filter)?, limit, |it| format!("{}/{}", it.seq, it.route))
    };
    Ok(Answer::List(List { kind: "letter", from, limit, read: Box::new(read) }))
}

fn place_of(place: Option<String>) -> Result<Option<(u64, String)>, Problem> {
    let Some(place) = place else { return Ok(None) };
    let (seq, route) = place.split_once('/').unwrap_or_default();
    Ok(number(Some(seq.to_owned()))?.map(|seq| (seq, route.to_owned())))
}

pub(super) fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    Ok(Answer::Json(StatusCode::OK, value(&letter(&operate.journal, asked)?)?))
}

fn letter(journal: &Journal, asked: &Asked) -> Result<Letter, Problem> {
    let route = asked.part("route");
    let filter = LetterFilter {
        seq: Some(seq_of(journal, asked)?),
        route: Some(route.to_owned()),
        limit: 1,
        ..LetterFilter::default()
    };
    let found = journal.letters(&filter)?.pop();
    found
        .ok_or_else(|| Problem::unknown(format!("the event has no dead letter on route `{route}`")))
}

pub(super) async fn act(operate: &Operate, op: Op, asked: &Asked) -> Result<Answer, Problem> {
    let journal = &operate.journal;
    let why = asked.why()?;
    let found = letter(journal, asked)?;
    if found.status == LetterStatus::Replayed {
        let said = "it is on its way again; wait until it has ended";
        return Err(Problem::conflict("under-way", said));
    }
    let (to, action) = meaning(op);
    let subject = format!("event/{}/{}", found.event_id, found.route);
    let note = asked.note(action, &found.merchant, subject, why);
    journal.act(vec![Act::Letter { seq: found.seq, route: found.route, to }, note]).await?;
    show(operate, asked)
}

fn meaning(op: Op) -> (LetterStatus, &'static str) {
    match op {
        Op::LetterDiscard | Op::IssueDiscard => (LetterStatus::Discarded, "discard"),
        _ => (LetterStatus::Resolved, "resolve"),
    }
}

pub(super) fn issues(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let mut query = asked.query;
    let filter = IssueFilter {
        merchant: query.text("merchant"),
        route: query.text("route"),
        state: query.word("issue_state", &ISSUE_STATES)?,
        ..IssueFilter::default()
    };
    let (limit, from) = (query.limit()?, query.cursor("issue")?);
    query.done()?;
    number(from.clone())?;
    let journal = operate.journal.clone();
    let read = move |from: Option<String>, limit| {
        let filter = IssueFilter { before: number(from)?, limit: limit + 1, ..filter.clone() };
        Page::of(journal.issues(&filter)?, limit, |it| it.id.to_string())
    };
    Ok(Answer::List(List { kind: "issue", from, limit, read: Box::new(read) }))
}

pub(super) fn issue(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    Ok(Answer::Json(StatusCode::OK, value(&one_issue(&operate.journal, asked)?)?))
}

fn one_issue(journal: &Journal, asked: &Asked) -> Result<Issue, Problem> {
    let id = asked.number("issue")?;
    journal.issue(id)?.ok_or_else(|| Problem::unknown(format!("there is no issue {id}")))
}

pub(super) async fn act_on_issue(
    operate: &Operate,
    op: Op,
    asked: &Asked,
) -> Result<Answer, Problem> {
    let journal = &operate.journal;
    let why = asked.why()?;
    let found = one_issue(journal, asked)?;
    let note = |action: &str| {
        asked.note(action, &found.merchant, format!("issue/{}", found.id), why.clone())
    };
    match op {
        Op::IssueMute => {
            let to = IssueState::Muted;
            journal.act(vec![Act::Issue { id: found.id, to }, note("mute")]).await?;
        }
        Op::IssueUnmute => {
            let to = IssueState::Open;
            journal.act(vec![Act::Issue { id: found.id, to }, note("unmute")]).await?;
        }
        _ => {
            let (to, action) = meaning(op);
            deal_with_all(journal, found.id, to, note(action)).await?;
        }
    }
    issue(operate, asked)
}

/// Deals with all open letters of an issue, some hundred in a commit.
async fn deal_with_all(
    journal: &Journal,
    issue: u64,
    to: LetterStatus,
    note: Act,
) -> Result<(), journal::Error> {
    let filter = LetterFilter {
        issue: Some(issue),
        status: Some(LetterStatus::Open),
        limit: AT_ONCE,
        ..LetterFilter::default()
    };
    let mut note = Some(note);
    loop {
        let open = journal.letters(&filter)?;
        let mut acts: Vec<Act> =
            open.into_iter().map(|it| Act::Letter { seq: it.seq, route: it.route, to }).collect();
        let is_last = acts.len() < AT_ONCE;
        acts.extend(note.take());
        if acts.is_empty() {
            return Ok(());
        }
        journal.act(acts).await?;
        if is_last {
            return Ok(());
        }
    }
}
