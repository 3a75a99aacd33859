//! Plugins that bring a language with them: their limits, how they start, the WASI they are given, and what they are told
//! when they ask for more.
//!
//! Written by hand (`harness/guests.rs`), each like a runtime in one respect; real ones are measured by the
//! benchmark `runtimes`.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mapwright::plugin::{
    Context, Engine, EngineOptions, Job, Limits, LimitsPatch, Lookups, Outcome, Plugin, Profile,
    Run, Shelf, Stage, Stages, admission, run,
};
use mapwright_tests::command::mapwright;
use mapwright_tests::guests::Guest;
use serde_json::json;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineOptions::default()).expect("an engine"));

/// What language runtimes import, as far as it is asked for here.
const WASI: &str = "
    package wasi:io@0.2.9 {
        interface error { resource error; }
        interface poll {
            resource pollable { ready: func() -> bool; block: func(); }
            poll: func(in: list<borrow<pollable>>) -> list<u32>;
        }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            }
        }
    }
    package wasi:cli@0.2.9 {
        interface stdout { use wasi:io/streams@0.2.9.{output-stream}; get-stdout: func() -> output-stream; }
        interface stderr { use wasi:io/streams@0.2.9.{output-stream}; get-stderr: func() -> output-stream; }
        interface exit { exit: func(status: result); }
    }
    package wasi:clocks@0.2.9 {
        interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
        interface monotonic-clock {
            use wasi:io/poll@0.2.9.{pollable};
            now: func() -> u64;
            subscribe-duration: func(when: u64) -> pollable;
        }
    }
    package wasi:sockets@0.2.9 {
        interface network { enum error-code { unknown, access-denied, not-supported } }
        interface tcp { resource tcp-socket; }
        interface tcp-create-socket {
            use network.{error-code};
            use tcp.{tcp-socket};
            create-tcp-socket: func(ipv6: bool) -> result<tcp-socket, error-code>;
        }
    }";

/// A plugin that also imports these interfaces of WASI, by these functions.
fn importing(name: &str, interfaces: &[&str], functions: &str) -> Guest {
    let mut guest = Guest::echo(name);
    let imports: String =
        interfaces.iter().map(|it| format!("import wasi:{it}@0.2.9;\n")).collect();
    guest.wit = guest.wit.replace("import lookup;", &format!("import lookup;\n{imports}")) + WASI;
    guest.imports = functions.to_owned();
    guest
}

/// One that prints, as every runtime does.
fn printing(name: &str) -> Guest {
    importing(
        name,
        &["cli/stdout", "cli/stderr", "cli/exit"],
        r#"(import "wasi:cli/stdout@0.2.9" "get-stdout" (func $stdout (result i32)))
           (import "wasi:cli/stderr@0.2.9" "get-stderr" (func $stderr (result i32)))
           (import "wasi:cli/exit@0.2.9" "exit" (func $exit (param i32)))
           (import "wasi:io/streams@0.2.9" "[method]output-stream.blocking-write-and-flush"
               (func $print (param i32 i32 i32 i32)))"#,
    )
}

/// One that could open a socket.
fn with_sockets(name: &str) -> Guest {
    importing(
        name,
        &["sockets/tcp-create-socket"],
        r#"(import "wasi:sockets/tcp-create-socket@0.2.9" "create-tcp-socket" (func $socket (param i32 i32)))"#,
    )
}

fn load(guest: &Guest) -> Plugin {
    let bytes = guest.module();
    let limits = Profile::of(&bytes).limits();
    ENGINE.load(&guest.name, &bytes, &limits).unwrap_or_else(|error| panic!("{error}"))
}

fn job(stage: Stage) -> Job {
    Job {
        stages: Stages { field_mapping: Some(stage), ..Stages::default() },
        context: Context {
            merchant: "acme".to_owned(),
            topic: "product.updated".to_owned(),
            event_id: "event-1".to_owned(),
            received_at: "2026-11-22T02:15:06Z".to_owned(),
            settings: "{}".into(),
            ..Context::default()
        },
        payload: Bytes::from_static(b"{\"id\":1}"),
        previous_status: None,
        lookups: Arc::new(Lookups::default()),
    }
}

fn run_by_itself(guest: &Guest) -> Run {
    run(&job(Stage::new(load(guest), LimitsPatch::default())))
}

fn trapped(guest: &Guest) -> String {
    match run_by_itself(guest).outcome {
        Outcome::Trapped { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

/// Why a file is not taken.
fn refused(bytes: &[u8], code: &str) -> String {
    let error = ENGINE.load("bad", bytes, &Limits::default()).expect_err("it must be refused");
    assert_eq!(error.code(), code, "{error}");
    error.to_string()
}

/// A module without a component type, as a compiler leaves it for the next tool.
fn core(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {text})")).unwrap()
}

// --- profiles ---

#[test]
fn a_profile_is_told_by_what_a_file_imports() {
    for (guest, profile) in [
        (Guest::echo("compiled"), Profile::Bare),
        (printing("with-an-engine"), Profile::Engine),
        (with_sockets("with-an-interpreter"), Profile::Interpreter),
    ] {
        for bytes in [guest.module(), guest.component()] {
            assert_eq!(Profile::of(&bytes), profile, "{}", guest.name);
            let report = admission::report(&ENGINE, &bytes, &profile.limits());
            assert!(report.accepted, "{:?}", report.problems);
            assert_eq!(json!(report)["profile"], profile.name());
        }
        assert_eq!(load(&guest).profile(), profile);
    }
}

#[test]
fn another_version_has_its_own_profile_and_what_was_asked_for_still_wins() {
    let asked = LimitsPatch { documents: Some(3), ..LimitsPatch::default() };
    let compiled = load(&Guest::echo("rules"));
    let stage = Stage::new(compiled, asked);
    assert_eq!(stage.limits, Limits { documents: 3, ..Profile::Bare.limits() });

    // As a replay takes it off the shelf, and a canary or a shadow puts it in place.
    let rewritten = printing("rules");
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().to_owned(), ENGINE.clone());
    let version = load(&rewritten);
    shelf.put(&version, &rewritten.module()).unwrap();
    let stages = Stages { field_mapping: Some(stage), ..Stages::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stages = runtime.block_on(shelf.in_place(&stages, version.digest())).unwrap();
    let stage = stages.field_mapping.unwrap();
    assert_eq!(stage.plugin.digest(), version.digest());
    assert_eq!(stage.limits, Limits { documents: 3, ..Profile::Engine.limits() });
}

#[test]
fn the_profile_is_named_where_people_look() {
    let folder = tempfile::tempdir().unwrap();
    let put = |place: &str, bytes: &[u8]| {
        let path = folder.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let plugin = put("merchants/acme/plugins/rules.wasm", &printing("rules").module());
    let config = folder.path().to_str().unwrap();
    put("mapwright.toml", b"[limits]\nfuel = 77\n");
    put("merchants/acme/merchant.toml", b"[limits]\ndocuments = 5\n");
    let payload = put("payload.json", b"{\"id\":1}");

    let engine = json!(Profile::Engine.limits());
    let report = mapwright(["check", &plugin, "--json"]).code(0).json();
    assert_eq!((&report["profile"], &report["limits"]), (&json!("engine"), &engine));
    let shown = mapwright(["check", &plugin]).code(0).stdout;
    assert!(shown.contains("from the profile engine"), "{shown}");
    assert!(shown.contains("answers with a stub"), "{shown}");

    let ran = ["dry-run", &plugin, "--payload", &payload, "--topic", "product.updated"];
    let report = mapwright(ran.into_iter().chain(["--json"])).code(0).json();
    assert_eq!((&report["plugin"]["profile"], &report["limits"]), (&json!("engine"), &engine));
    let shown = mapwright(ran).code(0).stdout;
    assert!(shown.contains("limits of `engine`") && shown.contains("starting"), "{shown}");

    // What a configuration says is laid over the profile.
    put("mapwright.toml", b"[limits]\nfuel = 7700000\n");
    let more = ["--config", config, "--merchant", "acme", "--json"];
    let limits = mapwright(["check", &plugin].into_iter().chain(more)).code(0).json();
    let expected = Limits { fuel: 7_700_000, documents: 5, ..Profile::Engine.limits() };
    assert_eq!(limits["limits"], json!(expected));
    let plugins = mapwright(["plugins", "--config", config, "--json"]).json();
    assert_eq!(plugins["plugins"][0]["profile"], "engine", "{plugins}");
}

// --- starting ---

/// Burns some five units for each turn, before it is asked anything.
fn starting(name: &str, turns: u32) -> Guest {
    let mut guest = Guest::echo(name);
    guest.functions = format!(
        "(func $begin (local $i i32)
            (loop $l
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (i32.const {turns})))))
         (start $begin)"
    );
    guest
}

#[test]
fn starting_is_paid_from_a_budget_of_its_own() {
    let plugin = load(&starting("slow-starter", 100_000));
    let limits = Limits { fuel: 50_000, startup_fuel: 2_000_000, ..Limits::default() };
    let well = run(&job(Stage::within(plugin.clone(), limits)));
    assert_eq!(well.outcome.name(), "mapped", "{:?}", well.outcome);
    let startup = well.usage.startup;
    assert!(startup.fuel > 100_000 && startup.fuel_limit == 2_000_000, "{startup:?}");
    assert!(well.usage.fuel < 50_000 && well.usage.fuel_limit == 50_000, "{:?}", well.usage);
    // A receipt is about the whole call, as ever.
    assert_eq!(well.receipts[0].fuel, well.usage.fuel + startup.fuel);
    assert_eq!(well.startups, [startup]);
    assert_eq!(run(&job(Stage::within(plugin.clone(), limits))).usage.startup.fuel, startup.fuel);

    let limits = Limits { startup_fuel: 50_000, ..limits };
    let ended = run(&job(Stage::within(plugin, limits)));
    assert!(
        matches!(ended.outcome, Outcome::OutOfFuel { limit: 50_000, starting: true }),
        "{:?}",
        ended.outcome
    );
    assert_eq!((ended.usage.fuel, ended.usage.startup.fuel), (0, 50_000));
}

#[test]
fn a_plugin_that_never_starts_is_told_so() {
    let endless = starting("endless", u32::MAX).module();
    let text = refused(&endless, "manifest_failed");
    assert!(text.contains("used up 10000000 fuel while starting"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let plugin = put("slow.wasm", &starting("slow", 100_000).module());
    let payload = put("payload.json", b"{\"id\":1}");
    let limits = put("limits.json", br#"{"startup_fuel": 60000}"#);
    let ran = ["dry-run", &plugin, "--payload", &payload, "--limits", &limits, "--json"];
    let error = mapwright(ran).code(3).json()["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("used up 60000 fuel while starting"), "{error}");
}

#[test]
fn words_of_an_old_journal_are_read_as_they_were_written() {
    let old: Outcome = serde_json::from_str(r#"{"outcome":"out_of_fuel","limit":5}"#).unwrap();
    assert!(matches!(old, Outcome::OutOfFuel { limit: 5, starting: false }));
    assert_eq!(json!(old), json!({"outcome": "out_of_fuel", "limit": 5}));
}

// --- WASI ---

#[test]
fn both_clocks_stand_until_somebody_waits() {
    let mut guest = importing(
        "sleeper",
        &["clocks/wall-clock", "clocks/monotonic-clock"],
        r#"(import "wasi:clocks/wall-clock@0.2.9" "now" (func $wall (param i32)))
           (import "wasi:clocks/monotonic-clock@0.2.9" "now" (func $now (result i64)))
           (import "wasi:clocks/monotonic-clock@0.2.9" "subscribe-duration" (func $after (param i64) (result i32)))
           (import "wasi:io/poll@0.2.9" "[method]pollable.ready" (func $ready (param i32) (result i32)))
           (import "wasi:io/poll@0.2.9" "[method]pollable.block" (func $block (param i32)))"#,
    );
    guest.functions =
        "(global $then (mut i64) (i64.const 0)) (global $timer (mut i32) (i32.const 0))".to_owned();
    let echo = guest.transform.take().unwrap();
    let must = |condition: &str| format!("(if (i32.eqz {condition}) (then unreachable))");
    // Two hours, and it takes no time.
    guest.transform = Some(
        [
            "(global.set $then (call $now))".to_owned(),
            must("(i64.eq (global.get $then) (call $now))"),
            must("(i64.ne (global.get $then) (i64.const 0))"),
            "(global.set $timer (call $after (i64.const 7200000000000)))".to_owned(),
            must("(i32.eqz (call $ready (global.get $timer)))"),
            must("(i64.eq (global.get $then) (call $now))"),
            "(call $block (global.get $timer))".to_owned(),
            must("(call $ready (global.get $timer))"),
            must("(i64.eq (i64.sub (call $now) (global.get $then)) (i64.const 7200000000000))"),
            "(call $wall (i32.const 0))".to_owned(),
            must("(i64.eq (i64.load (i32.const 0)) (i64.const 1795313706))"),
            echo,
        ]
        .join("\n"),
    );
    let begun = Instant::now();
    let run = run_by_itself(&guest);
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_socket_is_denied_as_an_error_that_the_language_can_show() {
    let mut guest = with_sockets("dials-out");
    let echo = guest.transform.take().unwrap();
    // The result at 0: an error, and the code behind it is `access-denied`.
    guest.transform = Some(format!(
        "(call $socket (i32.const 0) (i32.const 0))
         (if (i32.ne (i32.load8_u (i32.const 0)) (i32.const 1)) (then unreachable))
         (if (i32.ne (i32.load8_u (i32.const 4)) (i32.const 1)) (then unreachable))
         {echo}"
    ));
    let run = run_by_itself(&guest);
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
}

#[test]
fn ten_megabytes_of_print_are_capped_and_paid_for() {
    let mut guest = printing("chatty");
    guest.pages = 20;
    let echo = guest.transform.take().unwrap();
    // A megabyte of line ends, the dearest there is, and nine of zeros.
    guest.transform = Some(format!(
        "(memory.fill (i32.const 65536) (i32.const 10) (i32.const 1048576))
         (call $print (call $stdout) (i32.const 65536) (i32.const 1048576) (i32.const 0))
         (memory.fill (i32.const 65536) (i32.const 0) (i32.const 1048576))
         (loop $l
            (call $print (call $stderr) (i32.const 65536) (i32.const 1048576) (i32.const 0))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 9))))
         {echo}"
    ));
    let run = run_by_itself(&guest);
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
    let kept: usize = run.logs.iter().map(|line| line.message.len()).sum();
    assert!(kept < (64 << 10) + 200 && run.logs.len() <= 201, "{kept} bytes");
    assert!(run.logs.last().unwrap().message.contains("dropped"), "{:?}", run.logs.last());
    // Ten of bytes, and a hundred for each of the million lines.
    assert!(run.usage.fuel > 110 << 20, "{}", run.usage.fuel);
}

#[test]
fn what_a_runtime_said_last_on_stderr_is_the_reason() {
    let python = "Traceback (most recent call last):\n  File \"/0/rules.py\", line 22, in transform\nValueError: boo";
    let go = "panic: boo\n\ngoroutine 1 [running]:\nmain.transform(...)\n\t/rules.go:7";
    for (said, reason) in [
        (
            format!(
                "{python}\n\nthread '<unnamed>' (1) panicked at runtime/src/lib.rs:1:2:\nPython threw\n"
            ),
            python,
        ),
        (format!("a warning\n\n{go}\n"), go),
    ] {
        let mut guest = printing("gives-up");
        let (at, length) = guest.text(&said);
        let print = format!(
            "(call $print (call $stderr) (i32.const {at}) (i32.const {length}) (i32.const 0))"
        );
        guest.transform = Some(format!("{print} unreachable"));
        assert_eq!(trapped(&guest), reason);
        // One that ends itself has said why as well.
        guest.transform = Some(format!("{print} (call $exit (i32.const 1)) unreachable"));
        assert_eq!(trapped(&guest), reason);
        // What an SDK says of it is better.
        let log = guest.log(3, "panicked at rules.py:22: ValueError: boo");
        guest.transform = Some(format!("{log} {print} unreachable"));
        assert_eq!(trapped(&guest), "panicked at rules.py:22: ValueError: boo");
        // Another fault than giving up is told as what it is.
        guest.transform = Some(format!("{print} (i32.load (i32.const -8))"));
        let message = trapped(&guest);
        assert!(
            message.contains("out of bounds") && message.contains("Last on stderr:"),
            "{message}"
        );
    }
    let mut guest = printing("mutters");
    let (at, length) = guest.text("first\n\nout of cheese\n");
    guest.transform = Some(format!(
        "(call $print (call $stderr) (i32.const {at}) (i32.const {length}) (i32.const 0))
         (call $exit (i32.const 1)) unreachable"
    ));
    let message = trapped(&guest);
    assert!(
        message.contains("ended itself") && message.ends_with("Last on stderr:\nout of cheese"),
        "{message}"
    );
}

// --- one call leaves nothing to the next ---

#[test]
fn nothing_is_left_in_a_slot_however_much_a_call_has_touched() {
    let options = EngineOptions { calls_max: 1, ..EngineOptions::default() };
    let engine = Engine::new(&options).unwrap();
    let mut guest = Guest::echo("scattered");
    guest.pages = 400;
    let echo = guest.transform.take().unwrap();
    // Every third page of 24 MiB: more stretches than are put back by hand, and more than stays in memory.
    guest.transform = Some(format!(
        "(local.set $i (i32.const 131072))
         (loop $l
            (if (i32.load (local.get $i)) (then unreachable))
            (i32.store (local.get $i) (i32.const 77))
            (local.set $i (i32.add (local.get $i) (i32.const 12288)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 25000000))))
         {echo}"
    ));
    let small = engine.load("small", &Guest::echo("small").module(), &Limits::default()).unwrap();
    let large = engine.load("large", &guest.module(), &Limits::default()).unwrap();
    for plugin in [&large, &large, &small, &large, &small] {
        let run = run(&job(Stage::new(plugin.clone(), LimitsPatch::default())));
        assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
    }
}

// --- what is refused ---

#[test]
fn wasi_that_is_not_answered_is_refused_by_name() {
    let mut guest = Guest::echo("fetches");
    guest.wit = guest
        .wit
        .replace("import lookup;", "import lookup; import wasi:http/outgoing-handler@0.2.9;")
        + "package wasi:http@0.2.9 { interface outgoing-handler { handle: func(); } }";
    guest.imports = r#"(import "wasi:http/outgoing-handler@0.2.9" "handle" (func))"#.to_owned();
    for bytes in [guest.module(), guest.component()] {
        let text = refused(&bytes, "missing_import");
        assert!(
            text.contains("wasi:http/outgoing-handler@0.2.9") && text.contains("`fetch`"),
            "{text}"
        );
    }
    let mut guest = Guest::echo("tomorrows-wasi");
    guest.wit =
        guest.wit.replace("import lookup;", "import lookup; import wasi:cli/environment@0.3.0;")
            + "package wasi:cli@0.3.0 { interface environment { get: func(); } }";
    guest.imports = r#"(import "wasi:cli/environment@0.3.0" "get" (func))"#.to_owned();
    let text = refused(&guest.module(), "missing_import");
    assert!(text.contains("@0.3.0") && text.contains("WASI 0.2"), "{text}");
}

#[test]
fn each_language_is_told_what_to_change_in_its_own_build() {
    let preview1 = r#"(import "wasi_snapshot_preview1" "fd_write" (func))
                      (import "wasi_snapshot_preview1" "random_get" (func))"#;
    for (text, words) in [
        (format!("{preview1} (@producers (language \"Go\" \"1.27\"))"), "-buildmode=c-shared"),
        (
            format!("{preview1} (@producers (processed-by \"clang\" \"21\"))"),
            "-mexec-model=reactor",
        ),
        (format!("{preview1} (@producers (language \"Rust\" \"\"))"), "`wasm32-unknown-unknown`"),
        (preview1.to_owned(), "`mapwright build` adapts it"),
        (r#"(import "env" "abort" (func))"#.to_owned(), "--use abort="),
        (r#"(import "env" "emscripten_resize_heap" (func))"#.to_owned(), "Emscripten"),
        (r#"(import "env" "strtod" (func))"#.to_owned(), "not linked"),
        (r#"(import "gojs" "runtime.wasmExit" (func))"#.to_owned(), "GOOS=wasip1"),
        (r#"(import "./rules_bg.js" "__wbg_now" (func))"#.to_owned(), "wasm-bindgen"),
        (r#"(import "__wbindgen_placeholder__" "f" (func))"#.to_owned(), "wasm-bindgen"),
    ] {
        let message = refused(&core(&text), "missing_import");
        assert!(message.contains(words), "{text}: {message}");
    }
    // One reason, said once for all it stands for.
    let message = refused(&core(preview1), "missing_import");
    assert_eq!(message.matches("`mapwright build`").count(), 1, "{message}");
}

#[test]
fn a_program_is_told_to_be_a_library() {
    let go = r#"(import "wasi_snapshot_preview1" "fd_write" (func))
                (func (export "_start")) (@producers (language "Go" "1.27"))"#;
    let text = refused(&core(go), "program");
    assert!(text.contains("`_start`") && text.contains("c-shared"), "{text}");
    let command = wat::parse_str(
        r#"(component (instance $run) (export "wasi:cli/run@0.2.9" (instance $run)))"#,
    );
    let text = refused(&command.unwrap(), "program");
    assert!(text.contains("wasi:cli/run@0.2.9") && text.contains("cdylib"), "{text}");
}

#[test]
fn asynchronous_components_are_told_to_be_plain() {
    let component = wat::parse_str("(component (core func (canon task.cancel)))").unwrap();
    let text = refused(&component, "asynchronous");
    assert!(text.contains("--sync"), "{text}");
}
