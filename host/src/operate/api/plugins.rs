//! `/v1/merchants/{merchant}/plugins`: bring a version in, judge it, put it to work, take it back.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::letters::reason;
use super::page::value;
use super::problem::Problem;
use super::trials::WatchRequest;
use super::{Answer, Asked, aside};
use crate::evidence::difference::Tolerances;
use crate::journal::versions::Came;
use crate::operate::Operate;
use crate::operate::activation::{ACTIVATED, Change};
use crate::operate::uploads::Upload;
use crate::operate::versions::{Compared, LAST_MAX, Named, Sample, VersionError, Versions};
use crate::rollout::Terms;

/// Entries of the audit record looked through for what is to be taken back.
const ENTRIES_MAX: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivateRequest {
    /// `NAME@VERSION`, `VERSION`, or the beginning of a digest.
    version: String,
    why: String,
    /// How the version before looks on.
    #[serde(default)]
    watch: Option<WatchRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompareRequest {
    /// As in [`ActivateRequest`].
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
    /// How the version before looks on after that.
    #[serde(default)]
    watch: Option<WatchRequest>,
}

impl From<VersionError> for Problem {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Unknown(said) => Self::unknown(said),
            VersionError::Unfit(said) => Self::unfit("plugin", said),
            VersionError::NothingBefore => Self::conflict("nothing-before", error.to_string()),
            VersionError::NotInUse(_) => Self::conflict("not-in-use", error.to_string()),
            VersionError::TooMuch { said, wait } => Self::too_many("uploads", said, wait),
            VersionError::Refused(ref report) => {
                let report = serde_json::to_value(report).ok().map(Box::new);
                Self { report, ..Self::unfit("refused", error.to_string()) }
            }
            VersionError::Disk { .. } => Self::unavailable(error.to_string()),
            VersionError::Journal(error) => error.into(),
        }
    }
}

pub(super) fn versions(operate: &Operate) -> Result<Versions, Problem> {
    let none = || Problem::unfit("plugin", "the host is stopped: start it, then ask again");
    operate.versions.clone().ok_or_else(none)
}

pub(super) fn slots(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let slots = versions(operate)?.slots(asked.part("merchant"))?;
    let rows = slots.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn upload(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let header = |name: &str| {
        let value = asked.headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
        value.filter(|value| !value.is_empty())
    };
    let pushed = header("x-mapwright-client").is_some_and(|client| client == "push");
    let upload = Upload {
        merchant: asked.part("merchant").to_owned(),
        plugin: asked.part("plugin").to_owned(),
        bytes: asked.body.clone(),
        signature: header("x-mapwright-signature"),
        who: asked.who.name.clone(),
        came: if pushed { Came::Push } else { Came::Api },
    };
    let report = versions(operate)?.upload(upload).await?;
    Ok(Answer::Json(StatusCode::CREATED, value(&report)?))
}

/// Versions of one plugin.
pub(super) fn all(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let found = versions(operate)?.of_plugin(asked.part("merchant"), asked.part("plugin"))?;
    let rows = found.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

/// One version with its admission report.
pub(super) fn one(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let [merchant, plugin, version] =
        ["merchant", "plugin", "version"].map(|name| asked.part(name));
    let (version, report) = versions(operate)?.one(merchant, plugin, version)?;
    let mut shown = value(&version)?;
    shown["report"] = report;
    Ok(Answer::Json(StatusCode::OK, shown))
}

pub(super) async fn activate(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let ActivateRequest { version, why, watch } = asked.json()?;
    let why = reason(why)?;
    // What differs was wanted; without tolerances only failures and seatbelts are looked at.
    let terms = watch.map(|it| it.terms(None)).transpose()?;
    let (from, to) = put_to_work(operate, asked, version, why, terms).await?;
    Ok(Answer::Json(StatusCode::OK, json!({ "from": from, "to": to })))
}

pub(super) async fn rollback(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let why = asked.why()?;
    let (merchant, subject) = (asked.part("merchant"), subject(asked));
    let slots = versions(operate)?.slots(merchant)?;
    let active = slots.into_iter().find(|slot| slot.plugin == asked.part("plugin"));
    let active = active.and_then(|slot| slot.active).map(|it| it.digest);
    let entries = operate.journal.audit(Some(merchant), None, ENTRIES_MAX)?;
    let before = entries
        .iter()
        .filter(|entry| entry.action == ACTIVATED && entry.subject == subject)
        .filter_map(|entry| serde_json::from_str::<Value>(&entry.detail).ok())
        .find(|detail| detail["to"]["digest"].as_str() == active.as_deref())
        .and_then(|detail| detail["from"]["digest"].as_str().map(str::to_owned));
    let Some(before) = before else {
        return Err(Problem::conflict(
            "nothing-before",
            "the version in use was not put there by `activate`: say which one to put to work",
        ));
    };
    let (from, to) = put_to_work(operate, asked, before, why, None).await?;
    Ok(Answer::Json(StatusCode::OK, json!({ "from": from, "to": to })))
}

/// Puts a version to work, watched by the one before on these terms, and writes it down.
pub(super) async fn put_to_work(
    operate: &Operate,
    asked: &Asked,
    version: String,
    why: String,
    terms: Option<Terms>,
) -> Result<(Option<Named>, Named), Problem> {
    let change = Change {
        merchant: asked.part("merchant").to_owned(),
        plugin: asked.part("plugin").to_owned(),
        version,
        who: asked.who.name.clone(),
        why,
        everybody_s: asked.who.merchant.is_none(),
        watch: terms,
        expected: None,
        reverted: None,
    };
    Ok(versions(operate)?.activate(&change).await?)
}

pub(super) async fn compare(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let request: CompareRequest = asked.json()?;
    let CompareRequest { candidate, last, since, route, tolerances, promote, why, .. } = request;
    let (events, watch) = (request.events, request.watch);
    let why = if promote { reason(why)? } else { why };
    let terms = watch.map(|it| it.terms(Some(tolerances.clone()))).transpose()?;
    let versions = versions(operate)?;
    let [merchant, plugin] = ["merchant", "plugin"].map(|name| asked.part(name).to_owned());
    let everybody_s = asked.who.merchant.is_none();
    let events = events.map(|ids| numbers(operate, &merchant, &ids)).transpose()?;
    let sample = Sample { last, since, route, events, everybody_s };
    let wanted = candidate.clone();
    let judged = versions.clone();
    let under_way = operate.comparisons.begin(&merchant, request.progress.as_deref());
    let watched = under_way.watched();
    let compared = aside(move || {
        versions.compare(&merchant, &plugin, &wanted, &sample, &tolerances, &watched)
    })
    .await?;
    drop(under_way);
    let [merchant, plugin] = ["merchant", "plugin"].map(|name| asked.part(name));
    judged.nominate(merchant, plugin, &candidate, everybody_s).await?;
    let within = compared.iter().all(|it: &Compared| it.verdict.within);
    if promote && within {
        put_to_work(operate, &asked, candidate, why, terms).await?;
    }
    let rows = compared.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let promoted = promote && within;
    let rows = rows.into_iter().map(|mut row| {
        row["promoted"] = json!(promoted);
        row
    });
    let rows: Vec<Value> = rows.collect();
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

fn subject(asked: &Asked) -> String {
    format!("plugin/{}", asked.part("plugin"))
}

/// The numbers of a merchant's events.
pub(super) fn numbers(
    operate: &Operate,
    merchant: &str,
    ids: &[String],
) -> Result<Vec<u64>, Problem> {
    if ids.len() > LAST_MAX {
        return Err(Problem::unfit("events", format!("at most {LAST_MAX} events at a time")));
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let unknown = || Problem::unknown(format!("{merchant} has no event `{id}`"));
        let seq = operate.journal.seq_of(id)?.ok_or_else(unknown)?;
        let row = operate.journal.event_row(seq)?.filter(|row| row.merchant == merchant);
        row.ok_or_else(unknown)?;
        found.push(seq);
    }
    Ok(found)
}

/// How far a comparison under way has come.
pub(super) fn progress(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (merchant, name) = (asked.part("merchant"), asked.part("comparison"));
    let progress = operate.comparisons.progress(merchant, name);
    let progress =
        progress.ok_or_else(|| Problem::unknown("no comparison of that name is under way"))?;
    Ok(Answer::Json(StatusCode::OK, value(&progress)?))
}
