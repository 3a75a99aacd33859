//! `mapwright diff PLUGIN --candidate VERSION`: a candidate judged by what really came in.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::evidence::diff::Shown;
use super::super::evidence::progress::Progress;
use super::super::screen::{self, NAME, paint, plain};
use super::door::{self, Door, Failure, Where, encoded};
use super::trials::WatchFlags;
use super::versions::path;
use crate::evidence::difference::{Tally, Tolerances};

/// How often it is looked how far a comparison is.
const LOOK: Duration = Duration::from_millis(300);

/// What `diff` takes for it.
#[derive(Debug, clap::Args)]
pub(crate) struct Recorded {
    /// In place of NEW.wasm: a version that was pushed to a running host, judged by the events it has
    /// recorded. NAME@VERSION, VERSION, or the beginning of its sha256.
    #[arg(long, value_name = "VERSION", requires_all = ["merchant", "url"])]
    pub(crate) candidate: Option<String>,
    /// Whose, with --candidate.
    #[arg(long, requires = "candidate")]
    merchant: Option<String>,
    /// The running host, with --candidate.
    #[arg(long, requires = "candidate")]
    url: Option<String>,
    /// The newest so many events of each route; 1000 unless said otherwise.
    #[arg(long, requires = "candidate")]
    last: Option<usize>,
    /// Events accepted at this moment or later.
    #[arg(long, requires = "candidate")]
    since: Option<jiff::Timestamp>,
    /// On this route only.
    #[arg(long, requires = "candidate")]
    route: Option<String>,
    /// Just these events: a file of their ids, one in a line, or of rows that have one (`events/export`).
    #[arg(long, value_name = "FILE", requires = "candidate", conflicts_with_all = ["last", "since"])]
    events: Option<PathBuf>,
    /// Put it to work if nothing differs but what may.
    #[arg(long, requires_all = ["candidate", "why"])]
    promote: bool,
    /// The reason, for the audit record.
    #[arg(long, requires = "promote")]
    why: Option<String>,
    #[command(flatten)]
    watch: WatchFlags,
}

/// Asks the host, shows what it found.
pub(crate) fn run(
    plugin: &str,
    recorded: &Recorded,
    tolerances: &Tolerances,
    as_json: bool,
) -> ExitCode {
    let Recorded { candidate, merchant, url, last, since, route, promote, why, .. } = recorded;
    let (events, watch) = (&recorded.events, &recorded.watch);
    let place = Where::host(url.clone().unwrap_or_default(), as_json);
    door::with(&place, true, async |door| {
        let mut ask =
            json!({ "candidate": candidate, "tolerances": tolerances, "promote": promote });
        for (key, value) in [
            ("last", last.map(|it| json!(it))),
            ("since", since.map(|it| json!(it.to_string()))),
            ("route", route.as_ref().map(|it| json!(it))),
            ("why", why.as_ref().map(|it| json!(it))),
            ("watch", watch.ask(None)),
            ("events", events.as_deref().map(ids_of).transpose()?.map(|ids| json!(ids))),
        ] {
            if let Some(value) = value {
                ask[key] = value;
            }
        }
        let merchant = merchant.as_deref().unwrap_or_default();
        let answer = compared(door, merchant, &path(merchant, plugin, "/diff"), ask).await?;
        let rows = answer["items"].as_array().cloned().unwrap_or_default();
        let within = rows.iter().all(|row| row["verdict"]["within"] == true);
        if as_json {
            screen::print_json(&answer.to_string());
            return Ok(ExitCode::from(u8::from(!within)));
        }
        for row in &rows {
            show(row, plugin, candidate.as_deref().unwrap_or_default(), tolerances)?;
        }
        if rows.iter().any(|row| row["promoted"] == true) {
            screen::print("it is in use now\n");
        }
        Ok(ExitCode::from(u8::from(!within)))
    })
}

/// Asks for a comparison, and shows how far it is while it runs.
pub(super) async fn compared(
    door: &Door,
    merchant: &str,
    path: &str,
    mut ask: Value,
) -> Result<Value, Failure> {
    let name = uuid::Uuid::now_v7().to_string();
    ask["progress"] = json!(name);
    let at = format!("/v1/merchants/{}/comparisons/{name}", encoded(merchant));
    let shown = Progress::of("events compared");
    let asking = door.post(path, &ask);
    tokio::pin!(asking);
    loop {
        tokio::select! {
            answer = &mut asking => return answer,
            () = tokio::time::sleep(LOOK) => {
                // It may not have begun, or be over: then there is just nothing to show.
                if let Ok(progress) = door.get(&at).await {
                    let done = progress["done"].as_u64().unwrap_or(0);
                    shown.done.store(done, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The ids that a file names.
pub(super) fn ids_of(file: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::unusable(format!("{} cannot be read: {error}", file.display()))
    })?;
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() {
            continue;
        }
        if !line.starts_with('{') {
            ids.push(line.to_owned());
            continue;
        }
        let row: Value = serde_json::from_str(line).unwrap_or_default();
        let id = row["id"].as_str().or_else(|| row["event_id"].as_str());
        let none =
            || Failure::unusable(format!("{}:{number}: the row has no `id`", file.display()));
        ids.push(id.ok_or_else(none)?.to_owned());
    }
    Ok(ids)
}

fn show(
    row: &Value,
    plugin: &str,
    candidate: &str,
    tolerances: &Tolerances,
) -> Result<(), Failure> {
    let tally: Tally = serde_json::from_value(row["difference"].clone()).map_err(|error| {
        Failure::unusable(format!("the host says what this command does not know: {error}"))
    })?;
    let verdict = tally.judge(tolerances);
    let route = plain(row["route"].as_str().unwrap_or_default());
    let heads = (format!("{plugin} in use"), candidate.to_owned());
    screen::print(&format!("route {}\n", paint(NAME, route)));
    screen::print(
        &Shown { heads, tally: &tally, verdict: Some(&verdict), passed_over: 0 }.report(),
    );
    Ok(())
}
