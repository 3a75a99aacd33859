//! `mapwright table` and `mapwright settings`: the values that rules work with, version by version.

use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::super::evidence::diff::Shown;
use super::super::screen::{self, BAD, GOOD, NAME, paint, plain};
use super::door::{self, Door, Failure, Where, encoded};
use super::recorded::{compared, ids_of};
use super::view::{self, moment, short, word};
use crate::evidence::difference::{Tally, Tolerances};

const AFTER_HELP: &str = "\
Examples:
  mapwright table list --merchant acme --url URL
  mapwright table push prices.csv --merchant acme --why 'prices of December' --url URL
  mapwright table changes prices 4 --merchant acme --url URL
  mapwright table diff prices 4 --merchant acme --last 5000 --tolerate 'total <= 0.00' --url URL
  mapwright table activate prices 4 --merchant acme --why 'Ana has signed them' --url URL
  mapwright table rollback prices --merchant acme --why 'A-1 is wrong' --url URL
  mapwright settings push orders.json --as orders --merchant acme --why 'new depot' --url URL

What stands in the merchant's folder (lookups/NAME.csv, settings of a route in merchant.toml) is in use;
what is changed there by hand is kept as a version too. A version is named by its number or the beginning
of its sha256. Of settings the name is the route's.

Exit code: 0 done (diff: nothing differs but what may), 1 refused, or something differs, 2 not understood,
not reached or not let in";

/// Bring tables in, see what they change, put them to work, take them back.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// Whose.
    #[arg(long, global = true, default_value = "")]
    merchant: String,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What there is, and its versions.
    List {
        /// Of this one only.
        name: Option<String>,
    },
    /// Look a version over and keep it; it does nothing yet.
    Push {
        /// A CSV file; settings as JSON.
        file: PathBuf,
        /// What it is called; the file's name unless said otherwise.
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
        /// The reason, for the audit record.
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Print what a version says.
    Show {
        /// Its name.
        name: String,
        /// Which; what is in use, if nothing is said.
        #[arg(id = "which", value_name = "VERSION")]
        version: Option<String>,
    },
    /// What a version changes of what is in use, or of another: rows, or fields.
    Changes {
        /// Its name.
        name: String,
        /// Which.
        #[arg(id = "which", value_name = "VERSION")]
        version: String,
        /// The one it is held against.
        #[arg(long)]
        base: Option<String>,
    },
    /// What a version would have made of recorded events.
    Diff(Diff),
    /// Put a version to work.
    Activate {
        /// Its name.
        name: String,
        /// Which.
        #[arg(id = "which", value_name = "VERSION")]
        version: String,
        /// The reason, for the audit record.
        #[arg(long)]
        why: String,
    },
    /// Put the version to work that the one in use took the place of.
    Rollback {
        /// Its name.
        name: String,
        /// The reason, for the audit record.
        #[arg(long)]
        why: String,
    },
}

#[derive(Debug, clap::Args)]
struct Diff {
    /// Its name.
    name: String,
    /// Which.
    #[arg(id = "which", value_name = "VERSION")]
    version: String,
    /// The newest so many events of each route; 1000 unless said otherwise.
    #[arg(long)]
    last: Option<usize>,
    /// Events accepted at this moment or later.
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// On this route only.
    #[arg(long)]
    route: Option<String>,
    /// Just these events: a file of their ids, one in a line, or of rows that have one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["last", "since"])]
    events: Option<PathBuf>,
    /// What may differ: `total <= 0.01`, `/notes any`; see `mapwright diff --help`.
    #[arg(long)]
    tolerate: Vec<String>,
    /// Put it to work if nothing differs but what may.
    #[arg(long, requires = "why")]
    promote: bool,
    /// The reason, for the audit record.
    #[arg(long)]
    why: Option<String>,
}

/// Runs `table` or `settings`.
pub(crate) fn run(kind: &'static str, args: &Args) -> ExitCode {
    door::with(&args.place, true, async |door| {
        if args.merchant.is_empty() {
            return Err(Failure::unusable("say whose they are: --merchant NAME"));
        }
        let this = This { kind, merchant: &args.merchant, as_json: args.place.json, door };
        match &args.what {
            What::List { name } => this.list(name.as_deref()).await,
            What::Push { file, name, why } => this.push(file, name.as_deref(), why).await,
            What::Show { name, version } => this.show(name, version.as_deref()).await,
            What::Changes { name, version, base } => {
                let base = base.as_ref().map(|it| format!("?base={}", encoded(it)));
                let path = format!("/versions/{}/changes", encoded(version));
                let path = this.path(name, &format!("{path}{}", base.unwrap_or_default()));
                Ok(this.changes(&door.get(&path).await?))
            }
            What::Diff(diff) => this.diff(diff).await,
            What::Activate { name, version, why } => {
                let ask = json!({ "version": version, "why": why });
                this.put_to_work(name, "/activate", &ask).await
            }
            What::Rollback { name, why } => {
                this.put_to_work(name, "/rollback", &json!({ "why": why })).await
            }
        }
    })
}

struct This<'t> {
    kind: &'static str,
    merchant: &'t str,
    as_json: bool,
    door: &'t Door,
}

impl This<'_> {
    fn path(&self, name: &str, more: &str) -> String {
        let (merchant, name) = (encoded(self.merchant), encoded(name));
        format!("/v1/merchants/{merchant}/values/{}/{name}{more}", self.kind)
    }

    async fn list(&self, name: Option<&str>) -> Result<ExitCode, Failure> {
        let path = format!("/v1/merchants/{}/values", encoded(self.merchant));
        let all = self.door.get(&path).await?;
        let of =
            |it: &&Value| it["kind"] == self.kind && name.is_none_or(|name| it["name"] == name);
        let held = all["items"].as_array().into_iter().flatten().filter(of);
        let mut rows = Vec::new();
        for one in held {
            if self.as_json {
                rows.push(one.clone());
                continue;
            }
            for version in one["versions"].as_array().into_iter().flatten() {
                let mut row = version.clone();
                row["name"] = one["name"].clone();
                row["in_use"] = json!(version["digest"] == one["active"]);
                rows.push(row);
            }
        }
        let header = ["name", "version", "sha256", "since", "from", "who", "bytes", "why", ""];
        Ok(view::list(&rows, false, self.as_json, &header, |row| {
            let from = word(&row["origin"]);
            vec![
                Cell::new(word(&row["name"])),
                Cell::new(word(&row["no"])),
                Cell::new(word(&row["digest"]).chars().take(12).collect::<String>()),
                Cell::new(moment(&row["at"])),
                Cell::new(from),
                Cell::new(word(&row["who"])),
                Cell::new(word(&row["size"])),
                Cell::new(short(&row["why"])),
                Cell::new(if row["in_use"] == true { "in use" } else { "" }),
            ]
        }))
    }

    async fn push(
        &self,
        file: &std::path::Path,
        name: Option<&str>,
        why: &str,
    ) -> Result<ExitCode, Failure> {
        let bytes = std::fs::read(file).map_err(|error| {
            Failure::unusable(format!("{} cannot be read: {error}", file.display()))
        })?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = name.unwrap_or(&stem);
        let path = self.path(name, &format!("?why={}", encoded(why)));
        let kept = self.door.put(&path, bytes, None).await?;
        if self.as_json {
            screen::print_json(&kept.to_string());
            return Ok(ExitCode::SUCCESS);
        }
        let (no, digest) = (word(&kept["no"]), word(&kept["digest"]));
        let digest: String = digest.chars().take(12).collect();
        let name = paint(NAME, plain(name));
        screen::print(&format!("{} {name} version {no} ({digest})\n", paint(GOOD, "kept")));
        Ok(self.changes(&kept["changes"]))
    }

    async fn show(&self, name: &str, version: Option<&str>) -> Result<ExitCode, Failure> {
        let path = format!("/versions/{}", encoded(version.unwrap_or("in-use")));
        let bytes = self.door.bytes(&self.path(name, &path)).await?;
        screen::print(&String::from_utf8_lossy(&bytes));
        Ok(ExitCode::SUCCESS)
    }

    fn changes(&self, told: &Value) -> ExitCode {
        if self.as_json {
            screen::print_json(&told.to_string());
            return ExitCode::SUCCESS;
        }
        let list = |key: &str| told[key].as_array().cloned().unwrap_or_default();
        let mut text = String::new();
        for key in list("removed") {
            text.push_str(&format!("{} {}\n", paint(BAD, "-"), word(&key)));
        }
        for key in list("added") {
            text.push_str(&format!("{} {}\n", paint(GOOD, "+"), word(&key)));
        }
        for row in list("changed") {
            match row["cells"].as_array() {
                None => text.push_str(&format!(
                    "~ {}: {} → {}\n",
                    word(&row["at"]),
                    word(&row["before"]),
                    word(&row["after"])
                )),
                Some(cells) => {
                    let cells = cells.iter().map(|cell| {
                        let value = |key: &str| match &cell[key] {
                            Value::Null => "-".to_owned(),
                            value => word(value),
                        };
                        let (before, after) = (value("before"), value("after"));
                        format!("{} {before} → {after}", word(&cell["column"]))
                    });
                    let cells: Vec<String> = cells.collect();
                    text.push_str(&format!("~ {}: {}\n", word(&row["key"]), cells.join(", ")));
                }
            }
        }
        let more = told["more"].as_u64().unwrap_or(0);
        if more > 0 {
            text.push_str(&format!("and {more} more\n"));
        }
        screen::print(if text.is_empty() { "no changes\n" } else { &text });
        ExitCode::SUCCESS
    }

    async fn diff(&self, diff: &Diff) -> Result<ExitCode, Failure> {
        let tolerances = Tolerances::parse(&diff.tolerate)
            .map_err(|error| Failure::unusable(format!("--tolerate: {error}")))?;
        let mut ask = json!({
            "candidate": diff.version, "tolerances": tolerances, "promote": diff.promote,
        });
        for (key, value) in [
            ("last", diff.last.map(|it| json!(it))),
            ("since", diff.since.map(|it| json!(it.to_string()))),
            ("route", diff.route.as_ref().map(|it| json!(it))),
            ("why", diff.why.as_ref().map(|it| json!(it))),
            ("events", diff.events.as_deref().map(ids_of).transpose()?.map(|ids| json!(ids))),
        ] {
            if let Some(value) = value {
                ask[key] = value;
            }
        }
        let path = self.path(&diff.name, "/diff");
        let answer = compared(self.door, self.merchant, &path, ask).await?;
        let rows = answer["items"].as_array().cloned().unwrap_or_default();
        let within = rows.iter().all(|row| row["verdict"]["within"] == true);
        if self.as_json {
            screen::print_json(&answer.to_string());
            return Ok(ExitCode::from(u8::from(!within)));
        }
        for row in &rows {
            let tally: Tally =
                serde_json::from_value(row["difference"].clone()).map_err(|error| {
                    Failure::unusable(format!("the host says what is unknown here: {error}"))
                })?;
            let verdict = tally.judge(&tolerances);
            let heads = (format!("{} in use", diff.name), format!("version {}", diff.version));
            let route = paint(NAME, plain(row["route"].as_str().unwrap_or_default()));
            screen::print(&format!("route {route}\n"));
            let shown = Shown { heads, tally: &tally, verdict: Some(&verdict), passed_over: 0 };
            screen::print(&shown.report());
        }
        if rows.iter().any(|row| row["promoted"] == true) {
            screen::print("it is in use now\n");
        }
        Ok(ExitCode::from(u8::from(!within)))
    }

    async fn put_to_work(&self, name: &str, act: &str, ask: &Value) -> Result<ExitCode, Failure> {
        let done = self.door.post(&self.path(name, act), ask).await?;
        if self.as_json {
            screen::print_json(&done.to_string());
            return Ok(ExitCode::SUCCESS);
        }
        let digest = |value: &Value| match value {
            Value::Null => "nothing".to_owned(),
            value => word(value).chars().take(12).collect(),
        };
        let (from, to) = (paint(BAD, digest(&done["from"])), paint(GOOD, digest(&done["to"])));
        screen::print(&format!("{}: {from} → {to}\n", paint(NAME, plain(name))));
        Ok(ExitCode::SUCCESS)
    }
}
