//! Compiling: in a child that may be killed, once for each file, and nothing is run that the host did
//! not compile itself.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use mapwright::plugin::{
    CompileLimits, Compiler, Context, Engine, EngineOptions, Job, Limits, LimitsPatch, LoadError,
    Plugin, Pool, Stage, Stages,
};
use mapwright_tests::command;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, Patience, until};
use mapwright_tests::served::Served;

fn engine(dir: &Path, compiler: Compiler) -> Engine {
    let options = EngineOptions { calls_max: 1, pooling: false, debug_info: false };
    Engine::keeping(&options, dir, compiler).unwrap()
}

fn child(limits: CompileLimits) -> Compiler {
    Compiler::Child { program: command::path(), limits }
}

/// A compiler that cannot: what loads all the same was kept.
fn nobody() -> Compiler {
    Compiler::Child { program: "/nobody/compiles/here".into(), limits: CompileLimits::default() }
}

fn load(engine: &Engine, guest: &Guest) -> Result<Plugin, LoadError> {
    engine.load(&guest.name, &guest.module(), &Limits::default())
}

fn code_in(dir: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|it| it == "cwasm")).expect("code was kept")
}

/// One function as long as may be, with as many locals, which meet again behind each of its branches.
fn bomb() -> Guest {
    let mut guest = Guest::echo("bomb");
    let locals = "(local i32)".repeat(4_000);
    let steps: String = (0..30_000)
        .map(|n| {
            let (from, to) = (n % 3_989, (n * 7 + 1) % 3_989);
            format!("(block (br_if 0 (local.get {from})) (local.set {to} (local.get {from})))")
        })
        .collect();
    guest.functions =
        format!("(func $bomb {locals} (loop $again {steps} (br_if $again (local.get 1))))");
    guest
}

#[test]
fn a_bomb_for_the_compiler_is_stopped_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let limits = CompileLimits { cpu_s: 1, ..CompileLimits::default() };
    let refused = load(&engine(dir.path(), child(limits)), &bomb()).unwrap_err();
    assert_eq!(refused.code(), "compile_bomb", "{refused}");
    assert!(refused.to_string().contains("1 s of processor time"), "{refused}");

    let limits = CompileLimits { wall: Duration::from_millis(300), ..CompileLimits::default() };
    let refused = load(&engine(dir.path(), child(limits)), &bomb()).unwrap_err();
    assert_eq!(refused.code(), "compile_bomb", "{refused}");

    let limits = CompileLimits { memory_bytes: 64 << 20, ..CompileLimits::default() };
    let refused = load(&engine(dir.path(), child(limits)), &bomb()).unwrap_err();
    assert_eq!(refused.code(), "compile_bomb", "{refused}");
    assert!(refused.to_string().contains("64 MiB of memory"), "{refused}");
}

#[test]
fn a_plugin_is_compiled_by_a_child_once_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let echo = Guest::echo("echo");
    load(&engine(dir.path(), child(CompileLimits::default())), &echo).unwrap();
    let again = load(&engine(dir.path(), nobody()), &echo).unwrap();
    assert_eq!(again.name(), "echo");
    let other = load(&engine(dir.path(), nobody()), &Guest::echo("other")).unwrap_err();
    assert_eq!(other.code(), "compiler", "{other}");
}

#[test]
fn machine_code_that_the_host_did_not_write_is_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let echo = Guest::echo("echo");
    load(&engine(dir.path(), Compiler::InProcess), &echo).unwrap();
    let code = code_in(dir.path());
    let good = std::fs::read(&code).unwrap();

    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    std::fs::write(&code, &bad).unwrap();
    load(&engine(dir.path(), nobody()), &echo).expect_err("changed code was run");

    std::fs::write(&code, &good[..good.len() / 2]).unwrap();
    load(&engine(dir.path(), nobody()), &echo).expect_err("code cut short was run");

    // Made by the same compiler for the same file, under the key of another host.
    let elsewhere = tempfile::tempdir().unwrap();
    load(&engine(elsewhere.path(), Compiler::InProcess), &echo).unwrap();
    let theirs = code_in(elsewhere.path());
    std::fs::copy(&theirs, &code).unwrap();
    std::fs::copy(theirs.with_extension("mac"), code.with_extension("mac")).unwrap();
    load(&engine(dir.path(), nobody()), &echo).expect_err("another host's code was run");

    // It is no harm that lasts.
    load(&engine(dir.path(), Compiler::InProcess), &echo).unwrap();
    load(&engine(dir.path(), nobody()), &echo).unwrap();
}

#[test]
fn what_is_no_plugin_is_refused_in_the_same_words_by_a_child() {
    let dir = tempfile::tempdir().unwrap();
    let mut broken = Guest::echo("broken");
    // Well-formed, and of the wrong type.
    broken.functions = "(func $wrong (result i32) (i64.const 1))".to_owned();
    let by_child = load(&engine(dir.path(), child(CompileLimits::default())), &broken);
    let here = load(&engine(dir.path(), Compiler::InProcess), &broken);
    let (by_child, here) = (by_child.unwrap_err(), here.unwrap_err());
    assert_eq!(by_child.to_string(), here.to_string());
}

/// A compiler: its id, how it is, as `ps` has it (`T` is stopped), and whether it has worked for a while.
struct Compiling {
    id: u32,
    state: char,
    at_work: bool,
}

/// Those that this process has started.
fn compilers_of(parent: u32) -> Vec<Compiling> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read =
            |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        // ID (NAME) STATE PARENT ..., the processor's ticks are the twelfth behind the name.
        let stat = read("stat");
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let words: Vec<_> = rest.split(' ').collect();
        let compiles = read("cmdline").split('\0').nth(1) == Some("compile");
        if !compiles || words.get(1) != Some(&parent.to_string().as_str()) {
            continue;
        }
        let id = entry.file_name().to_string_lossy().parse().unwrap();
        let state = words[0].chars().next().unwrap();
        found.push(Compiling { id, state, at_work: words[11].parse::<u64>().unwrap() > 10 });
    }
    found
}

/// Whether a compiler was seen stopped while a bomb was compiled for three seconds.
fn seen_stopped(engine: Engine) -> bool {
    let loading = std::thread::spawn(move || load(&engine, &bomb()).unwrap_err());
    let mut stopped = false;
    while !loading.is_finished() {
        stopped |= compilers_of(std::process::id()).iter().any(|it| it.state == 'T');
        std::thread::sleep(Duration::from_millis(1));
    }
    let refused = loading.join().unwrap();
    // What it was made to rest is not told against it.
    assert_eq!(refused.code(), "compile_bomb", "{refused}");
    assert!(refused.to_string().contains("3 s of processor time"), "{refused}");
    stopped
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_to_compile_rests_while_plugins_run_and_only_then() {
    let dir = tempfile::tempdir().unwrap();
    // Of the clock there is enough for a compiler that others leave little to.
    let limits =
        CompileLimits { cpu_s: 3, wall: Duration::from_secs(900), ..CompileLimits::default() };
    let engine = engine(dir.path(), child(limits));
    let plugin = load(&engine, &Guest::echo("echo")).unwrap();
    let pool = Pool::new(NonZeroUsize::MIN, 8).unwrap();
    engine.give_way_to(pool.load());

    let beside = engine.clone();
    assert!(!tokio::task::spawn_blocking(|| seen_stopped(beside)).await.unwrap());

    let compiling = tokio::task::spawn_blocking(|| seen_stopped(engine));
    while !compiling.is_finished() {
        pool.run(job(&plugin)).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(compiling.await.unwrap());
}

fn job(plugin: &Plugin) -> Job {
    Job {
        stages: Stages {
            field_mapping: Some(Stage::new(plugin.clone(), LimitsPatch::default())),
            ..Stages::default()
        },
        context: Context {
            merchant: "acme".to_owned(),
            settings: "{}".into(),
            ..Context::default()
        },
        payload: Bytes::from_static(b"{}"),
        previous_status: None,
        lookups: std::sync::Arc::default(),
    }
}

#[tokio::test]
async fn a_compiler_that_was_stopped_does_not_outlive_its_host() {
    let erp = "127.0.0.1:9".parse().unwrap();
    let folder = Folder::new();
    folder.merchant_with("acme", erp, "bomb", &bomb().module());
    let served = Served::start(&folder);
    let host = served.id();
    let compiler = until("it compiles", async || {
        compilers_of(host).into_iter().find(|it| it.at_work).map(|it| it.id)
    })
    .await;
    let stopped = Command::new("kill").args(["-STOP", &compiler.to_string()]).status().unwrap();
    assert!(stopped.success());
    served.kill();
    let mut patience = Patience::default();
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{compiler}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
    };
    // Who takes in orphans may be slow to bury them.
    while state().is_some_and(|it| it != 'Z') {
        assert!(!patience.is_over(), "it is still there: {:?}", state());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
