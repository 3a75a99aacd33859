//! `mapwright canary` and `mapwright shadow`: a version given to a share of the resources, and one run
//! beside live work without effect.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::evidence::diff::{Shown, tolerances_of};
use super::super::evidence::fail;
use super::super::screen::{self, BAD, DIM, GOOD, NAME, WARN, paint, plain};
use super::door::{self, Door, Failure, Where};
use super::versions::path;
use super::view::{self, moment, word};
use crate::evidence::difference::{Tally, Tolerances};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright canary acme rules --candidate 1.3.0 --share 5% --why 'new freight table' --url URL
  mapwright canary acme rules --candidate 1.3.0 --share 25% --why 'looks well' --url URL
  mapwright canary acme rules --url URL
  mapwright canary acme rules --promote --why 'looks well for all' --url URL
  mapwright canary acme rules --stop --why 'discounts are wrong' --url URL

Each resource (an order, a product) always gets the same of the two, by a hash of merchant, plugin and
resource key; receipts say which. While the share grows, whoever has the candidate keeps it. What was
mapped is not mapped again when the share changes, it is promoted or stopped.

Exit code: 0 done, 1 the host refused, 2 not understood, not reached or not let in")]
pub(crate) struct CanaryArgs {
    /// Whose.
    merchant: String,
    /// What routes call it by.
    plugin: String,
    /// NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(long, value_name = "VERSION", requires_all = ["share", "why"])]
    candidate: Option<String>,
    /// How many of the resources get it.
    #[arg(long, value_name = "PERCENT", requires = "candidate")]
    share: Option<String>,
    /// Give everybody the version in use again.
    #[arg(long, requires = "why", conflicts_with_all = ["candidate", "promote"])]
    stop: bool,
    /// Put the candidate to work for everybody.
    #[arg(long, requires = "why", conflicts_with = "candidate")]
    promote: bool,
    #[command(flatten)]
    watch: WatchFlags,
    /// The reason, for the audit record.
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mapwright shadow acme rules --candidate 1.3.0 --events 500 --tolerate 'total <= 0.01' --url URL
  mapwright shadow acme rules --candidate 1.3.0 --until 2026-12-01T00:00:00Z --tolerances may.toml --url URL
  mapwright shadow acme rules --url URL
  mapwright shadow acme rules --promote --why 'nothing differs' --watch 24h --url URL
  mapwright shadow acme rules --stop --url URL

The candidate gets what the version in use gets, at the same time: payload, settings, tables, checkpoint
and previous status. Nothing of its answers is sent or remembered. It runs on what live work leaves over;
what finds no room is counted as dropped. The report is the one of `mapwright diff`, and grows; it
survives a restart. `mapwright diff --help` shows what may be tolerated.

After a promotion with --watch the two change places: the version before looks on, and is put back by the
host itself when the new one fails where it does not, breaks a seatbelt it keeps, or differs beyond the
tolerances.

Exit code: 0 done or within tolerances, 1 something stands in the way or the host refused, 2 not
understood, not reached or not let in")]
pub(crate) struct ShadowArgs {
    /// Whose.
    merchant: String,
    /// What routes call it by.
    plugin: String,
    /// NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(long, value_name = "VERSION")]
    candidate: Option<String>,
    /// Look at events until then.
    #[arg(long, requires = "candidate", conflicts_with = "events", value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// Look at so many events.
    #[arg(long, requires = "candidate", value_name = "N")]
    events: Option<u64>,
    /// Something that may differ; may be given many times.
    #[arg(long, requires = "candidate", value_name = "RULE")]
    tolerate: Vec<String>,
    /// A file of what may differ, TOML.
    #[arg(long, requires = "candidate", value_name = "FILE.toml")]
    tolerances: Option<PathBuf>,
    /// Stop it, or the watch if none is in shadow; the report stays.
    #[arg(long, conflicts_with_all = ["candidate", "promote"])]
    stop: bool,
    /// Put it to work if nothing differs but what may.
    #[arg(long, requires = "why", conflicts_with = "candidate")]
    promote: bool,
    #[command(flatten)]
    watch: WatchFlags,
    /// The reason, for the audit record.
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// How the version before looks on after a promotion.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchFlags {
    /// Let the version before look on for so long after a promotion (24h, 90m, 7d), and put it back
    /// when the new one is worse.
    #[arg(long, value_name = "TIME")]
    watch: Option<String>,
    /// Put it back when a fault shows in so many events; 3 unless said otherwise, 1 at the first.
    #[arg(long, requires = "watch", value_name = "N")]
    revert_after: Option<u64>,
    /// How many percent of all events may fail that did not before; 1 unless said otherwise.
    #[arg(long, requires = "watch", value_name = "PERCENT")]
    failures_max: Option<String>,
}

impl WatchFlags {
    /// As the API wants it.
    pub(super) fn ask(&self, tolerances: Option<&Tolerances>) -> Option<Value> {
        let mut ask = json!({ "for": self.watch.as_ref()? });
        if let Some(events) = self.revert_after {
            ask["events_min"] = json!(events);
        }
        if let Some(percent) = &self.failures_max {
            ask["failures_max_percent"] = json!(percent.trim().trim_end_matches('%'));
        }
        if let Some(tolerances) = tolerances {
            ask["tolerances"] = json!(tolerances);
        }
        Some(ask)
    }
}

/// Runs `canary`.
pub(crate) fn canary(args: &CanaryArgs) -> ExitCode {
    door::with(&args.place, true, async |door| {
        let own = |act: &str| path(&args.merchant, &args.plugin, act);
        let shown = if let Some(candidate) = &args.candidate {
            let ask = json!({ "candidate": candidate, "share": args.share, "why": args.why });
            door.post(&own("/canary"), &ask).await?
        } else if args.stop {
            door.post(&own("/canary/stop"), &json!({ "why": args.why })).await?
        } else {
            let all = door.get(&own("/canary")).await?;
            let Some(canary) = all["items"].get(0) else {
                let said = format!("no version of `{}` is a canary", args.plugin);
                return Err(Failure::refused(said));
            };
            if args.promote {
                let mut ask = json!({ "version": canary["candidate"], "why": args.why });
                if let Some(watch) = args.watch.ask(None) {
                    ask["watch"] = watch;
                }
                door.post(&own("/activate"), &ask).await?
            } else {
                canary.clone()
            }
        };
        Ok(view::one(&shown, args.place.json))
    })
}

/// Runs `shadow`.
pub(crate) fn shadow(args: &ShadowArgs) -> ExitCode {
    let tolerances = match tolerances_of(&args.tolerate, args.tolerances.as_deref()) {
        Ok(tolerances) => tolerances,
        Err(failure) => return fail(&failure, args.place.json),
    };
    door::with(&args.place, true, async |door| {
        let own = |act: &str| path(&args.merchant, &args.plugin, act);
        if let Some(candidate) = &args.candidate {
            let mut ask = json!({ "candidate": candidate, "tolerances": tolerances });
            for (key, value) in [
                ("until", args.until.map(|it| json!(it.to_string()))),
                ("events", args.events.map(|it| json!(it))),
                ("why", args.why.as_ref().map(|it| json!(it))),
            ] {
                if let Some(value) = value {
                    ask[key] = value;
                }
            }
            let trial = door.post(&own("/shadow"), &ask).await?;
            show(&[trial], args.place.json)?;
            return Ok(ExitCode::SUCCESS);
        }
        if args.promote {
            let mut ask = json!({ "why": args.why });
            if let Some(watch) = args.watch.ask(None) {
                ask["watch"] = watch;
            }
            let trial = door.post(&own("/shadow/promote"), &ask).await?;
            let promoted = trial["promoted"] == true;
            show(&[trial], args.place.json)?;
            return Ok(ExitCode::from(u8::from(!promoted)));
        }
        let trials = door.get(&own("/shadow")).await?;
        let trials = trials["items"].as_array().cloned().unwrap_or_default();
        if args.stop {
            let stopped = stop(door, args, &own("/shadow/stop"), &trials).await?;
            return show(&[stopped], args.place.json).map(|()| ExitCode::SUCCESS);
        }
        if trials.is_empty() {
            let said = format!("no version of `{}` is or was in shadow or watched", args.plugin);
            return Err(Failure::refused(said));
        }
        show(&trials, args.place.json)?;
        let within = |trial: &&Value| trial["verdict"]["within"] == true;
        Ok(ExitCode::from(u8::from(!trials.iter().all(|it| within(&it)))))
    })
}

/// Stops what runs: the shadow, or else the watch.
async fn stop(
    door: &Door,
    args: &ShadowArgs,
    path: &str,
    trials: &[Value],
) -> Result<Value, Failure> {
    let running = trials.iter().find(|trial| trial["state"] == "running");
    let role = running.map_or(json!("shadow"), |trial| trial["role"].clone());
    let why = args.why.as_deref().unwrap_or("it has seen enough");
    door.post(path, &json!({ "role": role, "why": why })).await
}

fn show(trials: &[Value], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let shown = match trials {
            [one] => one.clone(),
            all => json!({ "items": all }),
        };
        screen::print_json(&shown.to_string());
        return Ok(());
    }
    for trial in trials {
        screen::print(&report(trial)?);
    }
    Ok(())
}

fn report(trial: &Value) -> Result<String, Failure> {
    let strange = |error: serde_json::Error| {
        Failure::unusable(format!("the host says what this command does not know: {error}"))
    };
    let tolerances = match &trial["terms"]["tolerances"] {
        Value::Null => Tolerances::default(),
        written => serde_json::from_value(written.clone()).map_err(strange)?,
    };
    let heads = (side(trial, "live"), side(trial, "beside"));
    let heads = if trial["role"] == "watch" { (heads.1, heads.0) } else { heads };
    let mut text = format!("{}\n", line(trial));
    for route in trial["routes"].as_array().into_iter().flatten() {
        let tally: Tally = serde_json::from_value(route["difference"].clone()).map_err(strange)?;
        let verdict = tally.judge(&tolerances);
        text.push_str(&format!("route {}\n", paint(NAME, word(&route["route"]))));
        let shown =
            Shown { heads: heads.clone(), tally: &tally, verdict: Some(&verdict), passed_over: 0 };
        text.push_str(&shown.report());
    }
    for obstacle in trial["verdict"]["obstacles"].as_array().into_iter().flatten() {
        // Those of the differences are told with their route.
        if obstacle["subject"].as_str().is_some_and(|it| it.starts_with('(')) {
            text.push_str(&format!("{}\n", paint(WARN, word(&obstacle["message"]))));
        }
    }
    Ok(text)
}

fn side(trial: &Value, side: &str) -> String {
    let of = &trial[side];
    let digest: String = word(&of["digest"]).chars().take(12).collect();
    format!("{} {} {}", word(&of["name"]), word(&of["version"]), paint(DIM, format!("{digest}…")))
}

/// A trial in a line or two: for `shadow`, and for `plugins`.
pub(crate) fn line(trial: &Value) -> String {
    let state = match trial["state"].as_str().unwrap_or_default() {
        "reverted" => paint(BAD, "reverted"),
        "promoted" | "done" => paint(GOOD, word(&trial["state"])),
        other => paint(WARN, plain(other)),
    };
    let role = if trial["role"] == "watch" { "watched" } else { "in shadow" };
    let newer = if trial["role"] == "watch" { &trial["live"] } else { &trial["beside"] };
    let number = |key: &str| word(&trial[key]);
    let mut text = format!(
        "{}/{} {} {role}: {state} since {}; {} seen, {} compared, {} different, {} dropped, {} fail only in the new one",
        word(&trial["merchant"]),
        paint(NAME, word(&trial["plugin"])),
        word(&newer["version"]),
        moment(&trial["since"]),
        number("seen"),
        number("compared"),
        number("different"),
        number("dropped"),
        word(&trial["failures"]["after"]),
    );
    if let Some(reason) = trial["reason"].as_str().or(trial["fault"].as_str()) {
        text.push_str(&format!("\n  {}", paint(BAD, plain(reason))));
    }
    text
}
