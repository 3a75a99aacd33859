//! Files that nobody would write, by the hundred: what `tests/smith/` makes up (see there), through admission
//! in this process, and some of them through the upload of a host that delivers orders meanwhile. Each is
//! admitted or refused by name; what is admitted is run, twice, and answers the same.
//!
//! 240 files in an ordinary run; `MAPWRIGHT_SMITH_FILES` says how many in a long one, `MAPWRIGHT_SMITH_SEED`
//! takes other dice, `MAPWRIGHT_SMITH_ONLY` makes one file again. The files of a run that failed stay in
//! `target/smith/files/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mapwright::plugin::admission::{self, Report};
use mapwright::plugin::{
    Capability, Context, Engine, EngineOptions, Job, Limits, Lookups, Outcome, Stage, Stages, run,
};
use mapwright_tests::guests::Guest;
use mapwright_tests::host::until;
use mapwright_tests::plugins;

use crate::hostile;

/// How long one file may keep admission: it is at most some 100 KB, and the machine may be busy.
const FILE_TIME_MAX: Duration = Duration::from_secs(60);
/// How many of the files go through the upload of a host: these each take a child process.
const UPLOADS_MAX: usize = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|it| it.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// The files, in the order of their numbers.
fn files(seed: u64) -> Vec<(String, Vec<u8>)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tests.join("../target"), PathBuf::from)
        .join("smith");
    let folder = target.join("files");
    drop(std::fs::remove_dir_all(&folder));
    let seeds = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--locked", "--manifest-path"]);
    command.arg(tests.join("smith/Cargo.toml")).arg("--target-dir").arg(&target).arg("--");
    command.arg(&folder).args(["--seed", &seed.to_string()]);
    let files = number("MAPWRIGHT_SMITH_FILES").unwrap_or(240);
    command.args(["--files", &files.to_string()]);
    if let Some(only) = number("MAPWRIGHT_SMITH_ONLY") {
        command.args(["--only", &only.to_string()]);
    }
    for (name, bytes) in models() {
        let path = seeds.path().join(format!("{name}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        command.arg(path);
    }
    let made = command.output().expect("cargo can be run");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// What they are made after: each capability, as a module with its component type and as a component, and
/// a plugin in Rust.
fn models() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Guest::echo("rules");
    all.reprice = Some(all.lines_as_they_are());
    all.translate = Some(all.translated("confirmed"));
    vec![
        ("echo", Guest::echo("rules").module()),
        ("echo-component", Guest::echo("rules").component()),
        ("all", all.module()),
        ("rust", std::fs::read(plugins::built("woo-order-summary")).unwrap()),
    ]
}

/// The code of the refusal; empty when there is none.
fn code(report: &Report) -> &'static str {
    report.problems.first().map_or("", |problem| problem.code)
}

/// Admission as a host does it, and a run of what it admits. The refusal's code, or the run's outcome.
fn look(engine: &Engine, bytes: &[u8]) -> Result<(&'static str, &'static str), String> {
    let limits = Limits::default();
    // A run that never ends shows as much with less.
    let budget = Limits { fuel: 5_000_000, ..limits };
    let begun = Instant::now();
    let report = admission::report(engine, bytes, &limits);
    let mut outcome = "";
    if report.accepted {
        let plugin = engine
            .load("rules", bytes, &limits)
            .map_err(|error| format!("it is admitted and does not load: {error}"))?;
        let stage =
            |capability| plugin.can(capability).then(|| Stage::within(plugin.clone(), budget));
        let job = Job {
            stages: Stages {
                status_translation: stage(Capability::StatusTranslation),
                pricing: stage(Capability::Pricing),
                field_mapping: stage(Capability::FieldMapping),
            },
            context: Context {
                merchant: "acme".to_owned(),
                topic: "order.created".to_owned(),
                resource_key: "order/27".to_owned(),
                received_at: "2026-11-22T02:15:06Z".to_owned(),
                attempt: 1,
                settings: "{}".into(),
                ..Context::default()
            },
            payload: r#"{"id":27,"status":"processing","currency":"BRL","line_items":[]}"#.into(),
            previous_status: None,
            lookups: Arc::new(Lookups::default()),
        };
        let (first, second) = (run(&job).outcome, run(&job).outcome);
        // The clock is no part of a plugin's world, but it may end a call on a busy machine.
        let timed = |it: &Outcome| matches!(it, Outcome::Deadline { .. });
        if !timed(&first) && !timed(&second) && format!("{first:?}") != format!("{second:?}") {
            return Err(format!("one input, two answers: {first:?} and {second:?}"));
        }
        outcome = first.name();
    } else if report.problems.iter().any(|it| it.code.is_empty() || it.message.len() < 10)
        || report.problems.is_empty()
    {
        return Err(format!("it is refused without a reason: {:?}", report.problems));
    }
    match begun.elapsed() {
        took if took > FILE_TIME_MAX => Err(format!("it kept admission for {took:?}")),
        _ => Ok((code(&report), outcome)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nobody_would_write_are_refused_by_name_or_do_no_harm() {
    let seed = number("MAPWRIGHT_SMITH_SEED").unwrap_or(20_261_122);
    let (files, told) = tokio::task::spawn_blocking(move || {
        let files = files(seed);
        let engine = Engine::new(&EngineOptions::default()).unwrap();
        let told: Vec<_> = files
            .iter()
            .map(|(name, bytes)| {
                let looked = catch_unwind(AssertUnwindSafe(|| look(&engine, bytes)));
                let looked = looked.unwrap_or_else(|_| Err("admission panics".to_owned()));
                looked.unwrap_or_else(|why| panic!("seed {seed}, file {name}: {why}"))
            })
            .collect();
        (files, told)
    })
    .await
    .unwrap();
    let mut sums = std::collections::BTreeMap::new();
    for ((name, _), (code, outcome)) in files.iter().zip(&told) {
        let kind = name.split('-').nth(1).unwrap_or_default();
        *sums.entry((kind, *code, *outcome)).or_insert(0) += 1;
    }
    println!("seed {seed}: {sums:#?}");
    let admitted = told.iter().filter(|(code, _)| code.is_empty()).count();
    let got_far = ["manifest_failed", "bad_manifest", "wrong_type", "too_large", "invalid"];
    let far = told.iter().filter(|(code, _)| got_far.contains(code)).count();
    if files.len() >= 200 {
        assert!(
            admitted > files.len() / 50,
            "dice that make nothing admissible show little: {sums:#?}"
        );
        assert!(
            far > files.len() / 10,
            "dice that never get past the names show little: {sums:#?}"
        );
    }

    let (_folder, erp, mut host, api, shop) = hostile::served().await;
    let (enough, delivered) = (AtomicBool::new(false), AtomicU64::new(0));
    let orders = async {
        for number in 1.. {
            if enough.load(Ordering::Relaxed) {
                break;
            }
            hostile::still_works(&shop, &erp, number).await;
            delivered.fetch_add(1, Ordering::Relaxed);
        }
    };
    // Odd, so that each kind has its turn.
    let every = files.len().div_ceil(UPLOADS_MAX) | 1;
    let uploads = async {
        for ((name, bytes), (code, _)) in files.iter().zip(&told).step_by(every) {
            let before = delivered.load(Ordering::Relaxed);
            let upload = api.put(hostile::PLUGIN, bytes.clone());
            let said = tokio::time::timeout(2 * FILE_TIME_MAX, upload).await;
            let said =
                said.unwrap_or_else(|_| panic!("seed {seed}, file {name}: the host is stuck"));
            let told = said.json["report"]["problems"][0]["code"].as_str().unwrap_or_default();
            let wanted = if code.is_empty() { 201 } else { 422 };
            let fits = said.status == wanted && told == *code;
            assert!(fits, "seed {seed}, file {name}: {code:?} here, {}", said.text);
            assert!(host.ended().is_none(), "seed {seed}, file {name}: the host ended");
            until("an order is delivered meanwhile", async || {
                (delivered.load(Ordering::Relaxed) > before).then_some(())
            })
            .await;
        }
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(orders, uploads);
}
