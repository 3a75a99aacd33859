//! Compiling: in a child that may be killed, once for each file, and nothing is run that the host did
//! not compile itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mapwright::plugin::{
    CompileLimits, Compiler, Engine, EngineOptions, Limits, LoadError, Plugin,
};
use mapwright_tests::command;
use mapwright_tests::guests::Guest;

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
