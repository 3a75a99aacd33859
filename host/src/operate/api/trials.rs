//! `/v1/merchants/{merchant}/plugins/{plugin}/canary` and `.../shadow`: a version given to a share of
//! the resources, and one run beside live work without effect.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::letters::reason;
use super::plugins::{put_to_work, versions};
use super::problem::Problem;
use super::routes::{decided, note};
use super::{Answer, Asked, aside};
use crate::evidence::difference::Tolerances;
use crate::journal::rollouts::CanaryRow;
use crate::operate::Operate;
use crate::plugin::{Kept, Plugin};
use crate::rollout::{Canary, Role, Share, Terms, Trial};

/// The longest watch: whoever has not noticed until then will not.
const WATCH_MAX: SignedDuration = SignedDuration::from_hours(24 * 90);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CanaryRequest {
    /// `NAME@VERSION`, `VERSION`, or the beginning of a digest.
    candidate: String,
    /// A percentage.
    share: String,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShadowRequest {
    candidate: String,
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    events: Option<u64>,
    #[serde(default)]
    tolerances: Tolerances,
    #[serde(default)]
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StopRequest {
    #[serde(default = "shadow")]
    role: Role,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PromoteRequest {
    why: String,
    #[serde(default)]
    watch: Option<WatchRequest>,
}

/// How the version before is to look on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchRequest {
    /// `24h`, `90m`, `7d`.
    #[serde(rename = "for")]
    lasts: String,
    #[serde(default)]
    tolerances: Option<Tolerances>,
    #[serde(default)]
    events_min: Option<u64>,
    #[serde(default)]
    failures_max_percent: Option<Decimal>,
}

fn shadow() -> Role {
    Role::Shadow
}

impl WatchRequest {
    /// `may` is what may differ where the request does not say it.
    pub(super) fn terms(self, may: Option<Tolerances>) -> Result<Terms, Problem> {
        let wrong = |said: String| Problem::unfit("watch", said);
        let lasts = duration(&self.lasts)
            .filter(|it| *it >= SignedDuration::from_secs(1) && *it <= WATCH_MAX)
            .ok_or_else(|| {
                let lasts = &self.lasts;
                wrong(format!("`{lasts}` is no time to watch: write 24h, 90m or 7d, at most 90d"))
            })?;
        let usual = Terms::default();
        let events_min = self.events_min.unwrap_or(usual.events_min);
        let failures_max_percent = self.failures_max_percent.unwrap_or(usual.failures_max_percent);
        let percent = Decimal::ZERO..=Decimal::ONE_HUNDRED;
        if events_min == 0 || !percent.contains(&failures_max_percent) {
            let said = "events_min is at least 1, failures_max_percent from 0 to 100";
            return Err(wrong(said.to_owned()));
        }
        let until = Timestamp::now().checked_add(lasts).ok();
        let tolerances = self.tolerances.or(may);
        Ok(Terms { until, events_max: None, tolerances, events_min, failures_max_percent })
    }
}

/// `24h` and its like; days are 24 hours.
fn duration(text: &str) -> Option<SignedDuration> {
    match text.trim().strip_suffix('d') {
        Some(days) => {
            SignedDuration::try_from_hours(days.trim().parse::<i64>().ok()?.checked_mul(24)?)
        }
        None => text.trim().parse().ok(),
    }
}

/// A version that is not the one in use and does what the routes need of it.
fn candidate(operate: &Operate, asked: &Asked, wanted: &str) -> Result<(Kept, Plugin), Problem> {
    let [merchant, plugin] = ["merchant", "plugin"].map(|part| asked.part(part));
    let of = versions(operate)?.merchant(merchant)?;
    let Some(active) = of.catalog.get(plugin) else {
        let said = format!("merchant {merchant} has no plugin `{plugin}` in use");
        return Err(Problem::unknown(said));
    };
    let everybody_s = asked.who.merchant.is_none();
    let kept = versions(operate)?.find(merchant, wanted, everybody_s)?;
    let unfit = |said: String| Problem::unfit("plugin", said);
    if kept.name != active.name() {
        let said = format!("`{plugin}` is {}, and that version is of {}", active.name(), kept.name);
        return Err(unfit(said));
    }
    if kept.digest == active.digest() {
        return Err(unfit(format!("{}@{} is in use already", kept.name, kept.version)));
    }
    let version = decided(operate)?.version(merchant, plugin, &kept.digest).map_err(unfit)?;
    versions(operate)?.suits(&of, plugin, &version)?;
    Ok((Kept::from(active), version))
}

pub(super) async fn share(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let CanaryRequest { candidate: wanted, share, why } = asked.json()?;
    let (why, decided) = (reason(why)?, decided(operate)?);
    let share: Share =
        share.parse().map_err(|error| Problem::unfit("share", format!("{error}")))?;
    let (operate, asked) = (operate.clone(), Arc::new(asked));
    let (version, asked) = aside(move || {
        let (_, version) = candidate(&operate, &asked, &wanted)?;
        Ok::<_, Problem>((version, asked))
    })
    .await?;
    let [merchant, plugin] = ["merchant", "plugin"].map(|part| asked.part(part).to_owned());
    let detail = json!({ "candidate": version.digest(), "version": version.version(), "share": share.to_string() });
    let line = note(&asked, "canary_plugin", format!("plugin/{plugin}"), &why, &detail);
    let row = CanaryRow {
        candidate: version.digest().to_owned(),
        share: share.parts(),
        at: Timestamp::now(),
        who: asked.who.name.clone(),
        merchant: merchant.clone(),
        plugin: plugin.clone(),
        why,
    };
    decided.share(row, version, line).await?;
    let canary = decided.canaries(Some(&merchant)).into_iter().find(|it| it.row.plugin == plugin);
    let gone = || Problem::conflict("standing", "it was stopped in the same moment");
    Ok(Answer::Json(StatusCode::CREATED, canary.ok_or_else(gone)?.account()))
}

pub(super) fn canary(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let all = decided(operate)?.canaries(Some(asked.part("merchant")));
    let of = all.iter().filter(|it| it.row.plugin == asked.part("plugin"));
    let rows: Vec<Value> = of.map(|it: &Arc<Canary>| it.account()).collect();
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

pub(super) async fn unshare(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let (why, decided) = (asked.why()?, decided(operate)?);
    let (merchant, plugin) = (asked.part("merchant"), asked.part("plugin"));
    let canary = decided.canaries(Some(merchant)).into_iter().find(|it| it.row.plugin == plugin);
    let line = note(asked, "end_canary", format!("plugin/{plugin}"), &why, &Value::Null);
    decided.unshare(merchant, plugin, line).await?;
    let row = canary.map(|it| it.account()).unwrap_or_default();
    Ok(Answer::Json(StatusCode::OK, row))
}

pub(super) async fn begin(operate: &Operate, asked: Asked) -> Result<Answer, Problem> {
    let ShadowRequest { candidate: wanted, until, events, tolerances, why } = asked.json()?;
    if events == Some(0) || until.is_some_and(|until| until <= Timestamp::now()) {
        return Err(Problem::unfit("shadow", "it would be over before it begins"));
    }
    let decided = decided(operate)?;
    let (operate, asked) = (operate.clone(), Arc::new(asked));
    let (live, version, asked) = aside(move || {
        let (live, version) = candidate(&operate, &asked, &wanted)?;
        Ok::<_, Problem>((live, version, asked))
    })
    .await?;
    let terms =
        Terms { until, events_max: events, tolerances: Some(tolerances), ..Terms::default() };
    let plugin = asked.part("plugin");
    let detail =
        json!({ "candidate": version.digest(), "version": version.version(), "live": live.digest });
    let line = note(&asked, "shadow_plugin", format!("plugin/{plugin}"), &why, &detail);
    let trial = Trial::begin(
        (asked.part("merchant"), plugin, Role::Shadow),
        (live, version),
        terms,
        (&asked.who.name, &why),
    );
    let trial = decided.begin(trial, line).await?;
    Ok(Answer::Json(StatusCode::CREATED, trial.account(true)))
}

pub(super) fn show(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let all = decided(operate)?.trials(Some(asked.part("merchant")));
    let of = all.iter().filter(|it| it.plugin == asked.part("plugin"));
    let rows: Vec<Value> = of.map(|it| it.account(true)).collect();
    Ok(Answer::Json(StatusCode::OK, json!({ "items": rows, "next": null })))
}

fn trial(operate: &Operate, asked: &Asked, role: Role) -> Result<Arc<Trial>, Problem> {
    let (merchant, plugin) = (asked.part("merchant"), asked.part("plugin"));
    decided(operate)?.trial(merchant, plugin, role).ok_or_else(|| {
        let what = if role == Role::Watch { "watched" } else { "in shadow" };
        Problem::unknown(format!("no version of `{plugin}` is {what}"))
    })
}

pub(super) async fn stop(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let StopRequest { role, why } = asked.json()?;
    let (why, trial) = (reason(why)?, trial(operate, asked, role)?);
    let action = if role == Role::Watch { "stop_watch" } else { "stop_shadow" };
    let subject = format!("plugin/{}", asked.part("plugin"));
    let line = note(asked, action, subject, &why, &trial.account(false));
    decided(operate)?.stop(&trial, line).await?;
    Ok(Answer::Json(StatusCode::OK, trial.account(true)))
}

pub(super) async fn promote(operate: &Operate, asked: &Asked) -> Result<Answer, Problem> {
    let PromoteRequest { why, watch } = asked.json()?;
    let (why, trial) = (reason(why)?, trial(operate, asked, Role::Shadow)?);
    let terms = watch.map(|it| it.terms(trial.terms.tolerances.clone())).transpose()?;
    let active = versions(operate)?.merchant(asked.part("merchant"))?;
    let active = active.catalog.get(asked.part("plugin")).map(|it| it.digest().to_owned());
    if active.as_ref() != Some(&trial.live.digest) {
        let said = "another version is in use than the one it was compared with: begin again";
        return Err(Problem::conflict("superseded", said));
    }
    let within = trial.verdict().within;
    if within {
        put_to_work(operate, asked, trial.beside.digest.clone(), why, terms).await?;
    }
    let mut row = trial.account(true);
    row["promoted"] = json!(within);
    Ok(Answer::Json(StatusCode::OK, row))
}
