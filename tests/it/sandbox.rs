//! Whatever a plugin does, it ends as a named outcome with its number, and takes nothing with it.
//!
//! Shown with plugins written by hand (`harness/guests.rs`), through the same `load` and `run` that
//! a dry run and the host use. One engine serves all tests of this file, as one serves a host, so
//! every test here is also a neighbour of all others.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use mapwright::plugin::{
    Capability, Context, Engine, EngineOptions, Job, Limits, LoadError, Lookups, Outcome, Plugin,
    Pool, Room, Run, Stage, Stages, admission, run,
};
use mapwright_tests::guests::{Guest, LINES_AT, SETTINGS_AT};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineOptions::default()).expect("an engine"));

/// The captured order 27, as WooCommerce sent it.
fn order() -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/woocommerce/webhooks");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("order-created.json"))
        .collect();
    files.sort();
    std::fs::read(&files[0]).unwrap().into()
}

fn load(guest: &Guest) -> Plugin {
    ENGINE.load(&guest.name, &guest.module(), &Limits::default()).expect("the guest loads")
}

fn context() -> Context {
    Context {
        merchant: "acme".to_owned(),
        route: "orders".to_owned(),
        source: "shop".to_owned(),
        target: "erp".to_owned(),
        topic: "order.created".to_owned(),
        resource_key: "order/27".to_owned(),
        event_id: "0199f2a0-0000-7000-8000-000000000001".to_owned(),
        correlation_id: "c-1".to_owned(),
        received_at: "2026-11-22T02:15:06Z".to_owned(),
        attempt: 1,
        settings: r#"{"shop_name":"Acme"}"#.into(),
        ..Context::default()
    }
}

fn job(plugin: &Plugin, limits: Limits) -> Job {
    let stage = |capability| plugin.can(capability).then(|| Stage::within(plugin.clone(), limits));
    Job {
        stages: Stages {
            status_translation: stage(Capability::StatusTranslation),
            pricing: stage(Capability::Pricing),
            field_mapping: stage(Capability::FieldMapping),
        },
        context: context(),
        payload: order(),
        previous_status: None,
        lookups: Arc::new(Lookups::default()),
    }
}

fn run_with(guest: &Guest, limits: Limits) -> Run {
    run(&job(&load(guest), limits))
}

fn run_body(body: &str) -> Run {
    run_with(&Guest::transforming("bomb", body), Limits::default())
}

/// A healthy neighbour still maps: called after every bomb.
fn neighbour_maps() {
    let run = run_with(&Guest::echo("neighbour"), Limits::default());
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
}

/// Refused, with a message that holds each of these words.
fn refused(bytes: &[u8], code: &str, words: &[&str]) -> LoadError {
    let error = ENGINE.load("bad", bytes, &Limits::default()).expect_err("it must be refused");
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` is not in: {error}");
    }
    let report = admission::report(&ENGINE, bytes, &Limits::default());
    assert!(!report.accepted);
    assert_eq!(report.problems[0].message, error.to_string());
    error
}

// --- the good road ---

#[test]
fn an_order_becomes_a_document_and_a_receipt() {
    let plugin = load(&Guest::echo("echo"));
    assert_eq!((plugin.name(), plugin.version(), plugin.contract()), ("echo", "1.0.0", "1.0.0"));
    assert_eq!(plugin.capabilities(), [Capability::FieldMapping]);
    let run = run(&job(&plugin, Limits::default()));
    let Outcome::Mapped { documents, checkpoint } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!(documents[0].body.get().as_bytes(), &order()[..]);
    assert_eq!((documents[0].entity.as_str(), documents[0].key.as_str()), ("sale", "sale-1"));
    assert_eq!(checkpoint.as_deref(), Some("seen"));
    let receipt = &run.receipts[0];
    assert_eq!((receipt.capability.as_str(), receipt.plugin.as_str()), ("field_mapping", "echo"));
    assert_eq!(receipt.digest, plugin.digest());
    assert!(receipt.fuel > 0 && receipt.memory_bytes >= 2 << 16, "{receipt:?}");
    assert_eq!(run.usage.output_bytes, order().len() as u64 + 4 + 6 + 4);
    assert_eq!(run.usage.fuel_limit, Limits::default().fuel);
}

#[test]
fn a_component_and_its_core_module_are_the_same_plugin() {
    let guest = Guest::echo("either");
    let module = ENGINE.load("m", &guest.module(), &Limits::default()).unwrap();
    let component = ENGINE.load("c", &guest.component(), &Limits::default()).unwrap();
    assert_ne!(module.digest(), component.digest(), "the digest is the file's");
    let digest = |plugin| run(&job(plugin, Limits::default())).receipts[0].output_digest.clone();
    assert_eq!(digest(&module), digest(&component));
}

#[test]
fn two_runs_differ_in_nothing_but_time() {
    let mut guest = Guest::echo("twice");
    let log = guest.log(1, "hello");
    guest.transform = guest.transform.map(|body| format!("{log}\n{body}"));
    let job = job(&load(&guest), Limits::default());
    let timeless = |mut run: Run| {
        run.usage.duration_us = 0;
        run.usage.startup.duration_us = 0;
        run.startups.iter_mut().for_each(|it| it.duration_us = 0);
        for receipt in &mut run.receipts {
            receipt.duration_us = 0;
        }
        format!("{run:?}")
    };
    assert_eq!(timeless(run(&job)), timeless(run(&job)));
}

#[test]
fn status_then_pricing_then_mapping_walk_an_order() {
    let mut guest = Guest::echo("complete");
    guest.translate = Some(guest.translated("confirmed"));
    guest.reprice = Some(guest.lines_as_they_are());
    let run = run_with(&guest, Limits::default());
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
    assert_eq!(run.status.as_deref(), Some("confirmed"));
    assert!(!run.lines.is_empty() && run.lines.iter().all(|line| !line.unit_price.is_empty()));
    let capabilities: Vec<_> =
        run.receipts.iter().map(|receipt| receipt.capability.as_str()).collect();
    assert_eq!(capabilities, ["status_translation", "pricing", "field_mapping"]);
    assert_eq!(
        run.usage.fuel_in_all(),
        run.receipts.iter().map(|receipt| receipt.fuel).sum::<u64>()
    );
}

#[test]
fn topics_that_are_no_orders_skip_the_typed_stages() {
    let mut guest = Guest::echo("complete");
    guest.translate = Some("unreachable".to_owned());
    guest.reprice = Some("unreachable".to_owned());
    let mut job = job(&load(&guest), Limits::default());
    job.context.topic = "product.updated".to_owned();
    let run = run(&job);
    assert_eq!((run.outcome.name(), run.receipts.len()), ("mapped", 1), "{:?}", run.outcome);
}

#[test]
fn skipped_rejected_and_not_ready_come_back_in_the_plugins_words() {
    let mut guest = Guest::new("refusals");
    for (body, name, words) in [
        (guest.skipped("a draft"), "skipped", "a draft"),
        (guest.not_ready("no party yet"), "not_ready", "no party yet"),
        (guest.rejected(&[("/currency", "currency_unknown", "no XXX")]), "rejected", "/currency"),
    ] {
        guest.transform = Some(body);
        let run = run_with(&guest, Limits::default());
        assert_eq!(run.outcome.name(), name);
        assert!(format!("{:?}", run.outcome).contains(words), "{:?}", run.outcome);
        assert_eq!(run.receipts.len(), 1, "a refusal has a receipt too");
    }
}

#[test]
fn the_first_bad_end_stops_the_walk() {
    let mut guest = Guest::echo("stops");
    guest.translate = Some(guest.rejected(&[("/status", "status_unknown", "no")]));
    let run = run_with(&guest, Limits::default());
    assert_eq!((run.outcome.name(), run.receipts.len()), ("rejected", 1));
}

#[test]
fn a_row_of_a_table_reaches_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("prices.csv"), "sku,price\nA,10.50\nB,3\n").unwrap();
    let mut guest = Guest::new("looks-up");
    let (table, table_len) = guest.text("prices");
    let (key, key_len) = guest.text("B");
    let found = guest.mapped(&[("sale", "k")], None);
    // The result at 0: ok, some, a list of two pairs whose second value is one byte long.
    guest.transform = Some(format!(
        "(call $get_row (i32.const {table}) (i32.const {table_len}) (i32.const {key}) (i32.const {key_len}) (i32.const 0))
         (if (i32.or (i32.load8_u (i32.const 0)) (i32.ne (i32.load (i32.const 12)) (i32.const 2)))
             (then unreachable))
         (if (i32.ne (i32.load8_u (i32.load offset=24 (i32.load (i32.const 8)))) (i32.const 51))
             (then unreachable))
         {found}"
    ));
    let mut job = job(&load(&guest), Limits::default());
    assert_eq!(run(&job).outcome.name(), "trapped", "there is no such table yet");
    job.lookups = Arc::new(Lookups::read(folder.path()).unwrap());
    assert_eq!(run(&job).outcome.name(), "mapped");
}

#[test]
fn settings_that_break_the_schema_are_placed() {
    let mut guest = Guest::echo("strict");
    guest.settings_schema = r#"{"type":"object","properties":{"shop_name":{"type":"string"}},
        "required":["shop_name"],"additionalProperties":false}"#
        .to_owned();
    let plugin = load(&guest);
    let check = |text: &str| plugin.check_settings(&serde_json::from_str(text).unwrap());
    assert!(check(r#"{"shop_name":"Acme"}"#).is_empty());
    assert_eq!(check(r#"{"shop_name":5}"#)[0].pointer, "/shop_name");
    assert_eq!(check("{}")[0].code, "required");
    // The plugin sees them as they are.
    let mut guest = Guest::new("reads-settings");
    let body = guest.mapped_at(0, 0, 1);
    guest.transform = Some(format!(
        "(if (i32.ne (i32.load8_u (i32.load offset={SETTINGS_AT} (local.get $args))) (i32.const 123))
             (then unreachable))
         {body}"
    ));
    assert_eq!(run_with(&guest, Limits::default()).outcome.name(), "bad_output", "an empty body");
}

// --- bombs ---

#[test]
fn an_endless_loop_runs_out_of_fuel_and_names_the_budget() {
    let guest = Guest::transforming("loop", "(loop $l (br $l)) unreachable");
    let run = run_with(&guest, Limits { fuel: 1_000_000, ..Limits::default() });
    assert!(
        matches!(run.outcome, Outcome::OutOfFuel { limit: 1_000_000, starting: false }),
        "{:?}",
        run.outcome
    );
    assert_eq!(run.usage.fuel, 1_000_000);
    neighbour_maps();
}

#[test]
fn an_endless_loop_with_endless_fuel_meets_the_deadline() {
    let guest = Guest::transforming("loop", "(loop $l (br $l)) unreachable");
    let limits = Limits { fuel: u64::MAX / 2, deadline_ms: 50, ..Limits::default() };
    let run = run_with(&guest, limits);
    assert!(matches!(run.outcome, Outcome::Deadline { limit_ms: 50 }), "{:?}", run.outcome);
    neighbour_maps();
}

#[test]
fn a_memory_bomb_is_told_what_it_asked_for() {
    let run = run_body("(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable");
    let Outcome::OutOfMemory { room: Room::Memory, requested, limit } = run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!(limit, 64 << 20);
    assert!(requested > limit && requested <= limit + (16 << 16));
    assert!(run.usage.memory_bytes <= limit);
    neighbour_maps();
}

#[test]
fn a_table_that_grows_too_large_and_instances_that_are_too_many_are_told_by_their_limits() {
    let mut guest = Guest::transforming(
        "tables",
        "(drop (table.grow $more (ref.null func) (i32.const 30000))) unreachable",
    );
    guest.functions = "(table $more 1 funcref)".to_owned();
    let run = run_with(&guest, Limits::default());
    let Outcome::OutOfMemory { room: Room::TableElements, requested, limit } = run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!((requested, limit), (30_001, 20_000));

    // A component has a core instance for its module and more for what it imports.
    let limits = Limits { instances: 1, ..Limits::default() };
    let error = ENGINE.load("many", &Guest::echo("many").module(), &limits).unwrap_err();
    assert_eq!(error.code(), "manifest_failed");
    let said = error.to_string();
    assert!(said.contains("core instances and may have 1. Raise `instances`"), "{said}");
    neighbour_maps();
}

#[test]
fn a_plugin_that_begins_above_its_memory_is_refused_at_load() {
    let mut guest = Guest::echo("large");
    guest.pages = 64;
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let error = ENGINE.load("large", &guest.module(), &limits).unwrap_err();
    assert_eq!(error.code(), "manifest_failed");
    assert!(error.to_string().contains("4194304 bytes of 1048576"), "{error}");
}

#[test]
fn endless_recursion_is_a_trap_that_says_so() {
    let mut guest = Guest::transforming("deep", "(call $deep)");
    guest.functions = "(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))".to_owned();
    let run = run_with(&guest, Limits { fuel: u64::MAX / 2, ..Limits::default() });
    let Outcome::Trapped { message, backtrace } = &run.outcome else { panic!("{:?}", run.outcome) };
    assert!(message.contains("call stack exhausted"), "{message}");
    assert!(backtrace[0].contains("deep"), "{backtrace:?}");
    neighbour_maps();
}

#[test]
fn a_panic_is_a_trap_with_its_own_text_and_the_way_there() {
    let mut guest = Guest::new("panics");
    let text = "panicked at src/lib.rs:10:5: no such tax class: zz";
    let log = guest.log(3, text);
    guest.functions = format!("(func $rules::price {log} unreachable)");
    guest.transform = Some("(call $rules::price) unreachable".to_owned());
    let run = run_with(&guest, Limits::default());
    let Outcome::Trapped { message, backtrace } = &run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!(message, text);
    assert_eq!(backtrace[..2], ["rules::price", "transform"]);
    assert_eq!(run.logs[0].level, "error");
    neighbour_maps();
}

#[test]
fn a_hundred_megabytes_of_output_are_not_taken() {
    // One body of 40 MB.
    let mut guest = Guest::new("flood");
    let answer = guest.mapped_at(1 << 16, 40 << 20, 1);
    guest.transform = Some(format!("(drop (memory.grow (i32.const 800))) {answer}"));
    let run = run_with(&guest, Limits::default());
    let Outcome::OutputTooLarge { what, size, limit } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert!(what == "hostcall_bytes" && size > limit && *limit >= 4 << 20, "{:?}", run.outcome);

    // A hundred documents that share one body of 1 MB: small in the guest, large in the host.
    let mut guest = Guest::new("flood-by-sharing");
    let answer = guest.mapped_at(1 << 16, 1 << 20, 100);
    guest.transform = Some(format!("(drop (memory.grow (i32.const 20))) {answer}"));
    assert_eq!(run_with(&guest, Limits::default()).outcome.name(), "output_too_large");
    neighbour_maps();
}

#[test]
fn an_answer_just_above_its_limit_is_told_both_numbers() {
    let limits = Limits { output_bytes: 1_000, ..Limits::default() };
    let run = run_with(&Guest::echo("just-above"), limits);
    let Outcome::OutputTooLarge { what, size, limit } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!((what.as_str(), *size, *limit), ("output_bytes", order().len() as u64 + 14, 1_000));

    let mut guest = Guest::new("many");
    let keys: Vec<_> = (0..5).map(|number| format!("k{number}")).collect();
    let documents: Vec<_> = keys.iter().map(|key| ("sale", key.as_str())).collect();
    guest.transform = Some(guest.mapped(&documents, None));
    let run = run_with(&guest, Limits { documents: 4, ..Limits::default() });
    let Outcome::OutputTooLarge { what, size, limit } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!((what.as_str(), *size, *limit), ("documents", 5, 4));
}

#[test]
fn a_hundred_megabytes_of_log_are_cut_and_the_call_still_maps() {
    let mut guest = Guest::new("chatty");
    let answer = guest.mapped(&[("sale", "k")], None);
    guest.transform = Some(format!(
        "(drop (memory.grow (i32.const 16)))
         (loop $l
            (call $log (i32.const 1) (i32.const 65536) (i32.const 1000000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 100))))
         {answer}"
    ));
    let run = run_with(&guest, Limits { fuel: 200_000_000, ..Limits::default() });
    assert_eq!(run.outcome.name(), "mapped", "{:?}", run.outcome);
    let bytes: usize = run.logs.iter().map(|line| line.message.len()).sum();
    assert!(bytes < (64 << 10) + 200, "{bytes} bytes were kept");
    assert!(run.logs.last().unwrap().message.contains("99 lines"), "{:?}", run.logs.last());
    // Moving bytes costs fuel, so logging for ever ends too.
    assert!(run.usage.fuel > 100_000_000);
}

#[test]
fn an_answer_outside_the_plugins_memory_is_bad_output() {
    let mut guest = Guest::new("outside");
    let answer = guest.mapped_at(0x7fff_0000, 100, 1);
    guest.transform = Some(answer);
    let run = run_with(&guest, Limits::default());
    assert_eq!(run.outcome.name(), "bad_output", "{:?}", run.outcome);
    neighbour_maps();
}

// --- answers that break the contract ---

/// Runs `transform` with this answer and gives the message of its bad output.
fn bad_output(guest: &Guest) -> String {
    let run = run_with(guest, Limits::default());
    let Outcome::BadOutput { message } = run.outcome else { panic!("{:?}", run.outcome) };
    message
}

#[test]
fn documents_that_cannot_be_delivered_are_bad_output() {
    let mut guest = Guest::new("bad");
    for (documents, words) in [
        (&[("sale", "", "{}")][..], "/documents/0/idempotency-key is empty"),
        (&[("", "k", "{}")], "/documents/0/entity is empty"),
        (
            &[("sale", "k", "{}"), ("sale", "l", "{'a': 1}")],
            "/documents/1/body is not JSON: key must be a string at line 1 column 2",
        ),
        (
            &[("sale", "k", "{}"), ("sale", "k", "{}")],
            "/documents/1 has the entity `sale` and key `k`",
        ),
    ] {
        guest.transform = Some(guest.mapped_bodies(documents, None));
        let message = bad_output(&guest);
        assert!(message.contains(words), "{message}");
    }
    guest.transform = Some(guest.rejected(&[]));
    assert!(bad_output(&guest).contains("without a violation"));
}

#[test]
fn pricing_that_loses_or_swaps_lines_is_bad_output() {
    let mut guest = Guest::new("loses");
    let same = guest.lines_as_they_are();
    for (body, words) in [
        // One line fewer.
        (
            format!(
                "(i32.store offset={count} (local.get $args) (i32.sub (i32.load offset={count} (local.get $args)) (i32.const 1))) {same}",
                count = LINES_AT + 4
            ),
            "came back",
        ),
        // Another id: the first line begins one byte later.
        (
            format!(
                "(i32.store (i32.load offset={LINES_AT} (local.get $args)) (i32.const 0)) {same}"
            ),
            "/lines/0/id",
        ),
        // A price of no digits: the unit price (fourth text) has length 0.
        (
            format!(
                "(i32.store offset=28 (i32.load offset={LINES_AT} (local.get $args)) (i32.const 0)) {same}"
            ),
            "/lines/0/unit-price is ``",
        ),
    ] {
        guest.reprice = Some(body);
        let message = bad_output(&guest);
        assert!(message.contains(words), "{message}");
    }
}

// --- payloads ---

#[test]
fn a_payload_that_is_not_json_never_reaches_the_plugin() {
    let mut job = job(&load(&Guest::transforming("never", "unreachable")), Limits::default());
    for payload in [&b"<html>"[..], b"\xff\xfe", b"{\"a\":"] {
        job.payload = Bytes::from_static(payload);
        let run = run(&job);
        let Outcome::Rejected { violations } = &run.outcome else { panic!("{:?}", run.outcome) };
        assert_eq!(
            (violations[0].pointer.as_str(), violations[0].code.as_str()),
            ("", "payload_not_json")
        );
        assert!(violations[0].message.contains("at byte"), "{}", violations[0].message);
    }
}

#[test]
fn deep_nesting_does_no_harm() {
    let mut guest = Guest::echo("deep");
    guest.translate = Some(guest.translated("x"));
    let mut job = job(&load(&guest), Limits::default());
    let deep =
        format!("{{\"status\":\"on\",\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    job.payload = Bytes::from(deep);
    // Either answer will do, as long as there is one.
    let run = run(&job);
    assert!(
        ["mapped", "rejected", "bad_output"].contains(&run.outcome.name()),
        "{:?}",
        run.outcome
    );
}

// --- files that are no plugins ---

#[test]
fn a_truncated_file_is_refused() {
    let bytes = Guest::echo("whole").component();
    for length in [0, 1, 7, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..length], "not_wasm", &["not a WebAssembly file", "copy the whole file"]);
    }
    refused(b"MZ\x90\0 some program", "not_wasm", &["not a WebAssembly file"]);
}

#[test]
fn a_core_module_without_a_component_type_says_how_to_build() {
    let module = wat::parse_str(r#"(module (func (export "f")))"#).unwrap();
    refused(&module, "core_module_without_type", &["mapwright build"]);
    let imports = Guest::echo("bare").core_module();
    refused(&imports, "core_module_without_type", &["mapwright build"]);
}

#[test]
fn another_contract_version_is_named() {
    let mut guest = Guest::echo("tomorrow");
    guest.contract = "2.0.0".to_owned();
    guest.wit = guest.wit.replace("@1.0.0", "@2.0.0");
    for bytes in [guest.module(), guest.component()] {
        refused(&bytes, "unsupported_contract", &["@2.0.0", "mapwright:plugin@1.x"]);
    }
}

#[test]
fn a_later_minor_version_is_taken() {
    let mut guest = Guest::echo("next-year");
    guest.contract = "1.3.0".to_owned();
    guest.wit = guest.wit.replace("@1.0.0", "@1.3.0");
    let plugin = load(&guest);
    assert_eq!(plugin.contract(), "1.3.0");
    assert_eq!(run(&job(&plugin, Limits::default())).outcome.name(), "mapped");
}

#[test]
fn a_function_of_a_later_contract_is_named() {
    let mut guest = Guest::echo("needs-more");
    guest.wit = guest.wit.replace("interface log {", "interface log { flush: func(); ");
    guest.imports = r#"(import "mapwright:plugin/log@1.0.0" "flush" (func))"#.to_owned();
    refused(&guest.module(), "missing_import", &["mapwright:plugin/log@1.0.0#flush"]);
}

#[test]
fn every_missing_import_is_named() {
    let mut guest = Guest::echo("impure");
    guest.wit = guest
        .wit
        .replace("import lookup;", "import lookup; import acme:net/http; import acme:net/dns;")
        + "\npackage acme:net { interface http { get: func(); } interface dns { get: func(); } }";
    guest.imports =
        r#"(import "acme:net/http" "get" (func)) (import "acme:net/dns" "get" (func))"#.to_owned();
    refused(
        &guest.module(),
        "missing_import",
        &["acme:net/http", "acme:net/dns", "plugins are pure"],
    );

    let module = wat::parse_str(
        r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (import "env" "strtod" (func)))"#,
    )
    .unwrap();
    refused(&module, "missing_import", &["fd_write", "env::strtod", "wasm32-wasip2"]);
}

#[test]
fn a_plugin_that_can_do_nothing_is_refused() {
    refused(&Guest::new("idle").module(), "missing_export", &["field-mapping"]);
    let empty = wat::parse_str("(component)").unwrap();
    refused(&empty, "missing_export", &["mapwright:plugin/manifest@1.0.0"]);
}

#[test]
fn an_export_of_another_type_is_refused_at_load() {
    let mut guest = Guest::echo("odd");
    guest.wit =
        guest.wit.replace("checkpoint: option<string>,\n    }", "checkpoint: option<u64>,\n    }");
    assert_ne!(guest.wit, mapwright_tests::guests::WIT);
    refused(&guest.module(), "wrong_type", &["wit/plugin.wit"]);
}

#[test]
fn precompiled_code_is_refused() {
    let engine = wasmtime::Engine::default();
    let blob = engine.precompile_component(&Guest::echo("native").component()).unwrap();
    refused(&blob, "precompiled", &["never runs"]);
}

#[test]
fn a_bad_manifest_is_told_all_its_faults() {
    let mut guest = Guest::echo("Bad_Name");
    guest.version = "one".to_owned();
    guest.settings_schema = r#"{"type":"objekt"}"#.to_owned();
    refused(&guest.module(), "bad_manifest", &["Bad_Name", "`one`", "not a JSON Schema"]);
}

#[test]
fn a_manifest_that_never_returns_is_refused() {
    let mut guest = Guest::echo("stuck");
    guest.describe = "(loop $l (br $l))".to_owned();
    refused(&guest.module(), "manifest_failed", &["out_of_fuel", "100000000"]);
}

#[test]
fn a_plugin_too_large_to_compile_is_refused_before_it_is_compiled() {
    let mut guest = Guest::echo("wide");
    guest.functions = format!("(func {})", "(local i64)".repeat(6_000));
    refused(&guest.module(), "too_large", &["number of locals", "5000"]);
}

// --- many at once ---

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_on_one_thread_does_not_disturb_another_merchants_call() {
    let pool = Arc::new(Pool::new(NonZeroUsize::new(2).unwrap(), 4).unwrap());
    let bomb = load(&Guest::transforming("bomb", "(loop $l (br $l)) unreachable"));
    let bomb = job(&bomb, Limits { fuel: u64::MAX / 2, deadline_ms: 400, ..Limits::default() });
    let good = job(&load(&Guest::echo("good")), Limits::default());

    let bombing = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(bomb).await }
    });
    // Twenty good calls go by while the bomb has the other thread.
    for _ in 0..20 {
        assert_eq!(pool.run(good.clone()).await.outcome.name(), "mapped");
    }
    assert_eq!(bombing.await.unwrap().outcome.name(), "deadline");
    // More callers than threads and places: the rest waits, none is lost.
    let many: Vec<_> = (0..50)
        .map(|_| {
            let (pool, job) = (Arc::clone(&pool), good.clone());
            tokio::spawn(async move { pool.run(job).await })
        })
        .collect();
    for run in many {
        assert_eq!(run.await.unwrap().outcome.name(), "mapped");
    }
    assert_eq!(pool.in_hand(), 0);
}

#[test]
fn plugins_run_without_a_pool_of_instances_too() {
    let engine =
        Engine::new(&EngineOptions { pooling: false, ..EngineOptions::default() }).unwrap();
    assert!(!engine.pooling());
    let plugin = engine.load("echo", &Guest::echo("echo").module(), &Limits::default()).unwrap();
    drop(engine); // a plugin keeps its engine, and with it the clock
    assert_eq!(run(&job(&plugin, Limits::default())).outcome.name(), "mapped");
}

#[test]
fn the_same_file_is_compiled_once_while_somebody_uses_it() {
    let bytes = Guest::echo("shared").component();
    let load = || ENGINE.load("shared", &bytes, &Limits::default()).unwrap();
    let first = load();
    let started = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(load().digest(), first.digest());
    }
    // 200 compilations would take seconds; the bound is wide for a busy machine.
    assert!(started.elapsed().as_millis() < 1_000, "{:?}", started.elapsed());
}

#[test]
fn without_debug_info_names_are_still_told() {
    let options = EngineOptions { debug_info: false, calls_max: 1, ..EngineOptions::default() };
    let engine = Engine::new(&options).unwrap();
    let mut guest = Guest::transforming("names", "(call $deep) unreachable");
    guest.functions = "(func $deep unreachable)".to_owned();
    let plugin = engine.load("names", &guest.module(), &Limits::default()).unwrap();
    let Outcome::Trapped { backtrace, .. } = run(&job(&plugin, Limits::default())).outcome else {
        panic!()
    };
    assert_eq!(backtrace[..2], ["deep", "transform"]);
}

// --- the report ---

#[test]
fn the_report_of_a_good_plugin_says_what_it_is() {
    let bytes = Guest::echo("reported").module();
    let report = admission::report(&ENGINE, &bytes, &Limits::default());
    assert!(report.accepted && report.problems.is_empty(), "{:?}", report.problems);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["kind"], "core module");
    assert_eq!(json["capabilities"], serde_json::json!(["field_mapping"]));
    assert_eq!(json["contract"], "1.0.0");
    assert_eq!(json["manifest"]["name"], "reported");
    assert_eq!(json["memory_minimum_bytes"], 2 << 16);
    assert_eq!(json["limits"]["fuel"], 100_000_000);
    let names = json["imports"].as_array().unwrap();
    assert!(names.iter().any(|name| name == "mapwright:plugin/log@1.0.0"), "{names:?}");
}

// --- WASI ---

/// A plugin that also imports WASI, as a language runtime does.
fn with_wasi(name: &str) -> Guest {
    let mut guest = Guest::echo(name);
    guest.wit = guest.wit.replace(
        "import lookup;",
        "import lookup;
         import wasi:io/streams@0.2.3; import wasi:cli/stderr@0.2.3; import wasi:cli/environment@0.2.3;
         import wasi:clocks/wall-clock@0.2.3; import wasi:random/random@0.2.3;
         import wasi:filesystem/types@0.2.3;",
    ) + "
        package wasi:io@0.2.3 {
            interface error { resource error { to-debug-string: func() -> string; } }
            interface streams {
                use error.{error};
                variant stream-error { last-operation-failed(error), closed }
                resource output-stream {
                    check-write: func() -> result<u64, stream-error>;
                    blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
                }
            }
        }
        package wasi:cli@0.2.3 {
            interface environment { get-environment: func() -> list<tuple<string, string>>; }
            interface stderr { use wasi:io/streams@0.2.3.{output-stream}; get-stderr: func() -> output-stream; }
        }
        package wasi:clocks@0.2.3 {
            interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
        }
        package wasi:random@0.2.3 { interface random { get-random-u64: func() -> u64; } }
        package wasi:filesystem@0.2.3 {
            interface types { resource descriptor { sync: func() -> result<_, u8>; } open-nothing: func() -> descriptor; }
        }";
    guest.imports = r#"
        (import "wasi:cli/stderr@0.2.3" "get-stderr" (func $stderr (result i32)))
        (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush" (func $print (param i32 i32 i32 i32)))
        (import "wasi:cli/environment@0.2.3" "get-environment" (func $environment (param i32)))
        (import "wasi:clocks/wall-clock@0.2.3" "now" (func $now (param i32)))
        (import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))
        (import "wasi:filesystem/types@0.2.3" "open-nothing" (func $open (result i32)))
    "#
    .to_owned();
    guest
}

#[test]
fn a_plugin_with_wasi_gets_the_events_time_and_an_empty_world() {
    let mut guest = with_wasi("runtime");
    let echo = guest.transform.take().unwrap();
    // Time at 0 is received-at, the environment at 16 is empty, random is logged by its low byte.
    guest.transform = Some(format!(
        "(call $now (i32.const 0))
         (if (i64.ne (i64.load (i32.const 0)) (i64.const 1795313706)) (then unreachable))
         (call $environment (i32.const 16))
         (if (i32.load (i32.const 20)) (then unreachable))
         (i32.store8 (i32.const 32) (i32.add (i32.const 32) (i32.and (i32.wrap_i64 (call $random)) (i32.const 63))))
         (call $log (i32.const 1) (i32.const 32) (i32.const 1))
         {echo}"
    ));
    let plugin = load(&guest);
    assert_eq!(plugin.wasi().len(), 6 + 1, "{:?}", plugin.wasi()); // and wasi:io/error
    let mut job = job(&plugin, Limits::default());
    let first = run(&job);
    assert_eq!(first.outcome.name(), "mapped", "{:?}", first.outcome);
    assert_eq!(first.logs, run(&job).logs, "random is the event's");
    let others: Vec<_> = (0..8)
        .map(|number| {
            job.context.event_id = format!("event-{number}");
            run(&job).logs
        })
        .collect();
    assert!(others.iter().any(|logs| *logs != first.logs), "and only the event's");
    let report = admission::report(&ENGINE, &guest.module(), &Limits::default());
    assert!(report.accepted && report.notes[0].contains("imports WASI"), "{:?}", report.notes);
}

#[test]
fn what_a_runtime_writes_to_stderr_is_the_panics_text() {
    let mut guest = with_wasi("panicking-runtime");
    let (at, length) =
        guest.text("\nthread '<unnamed>' panicked at src/lib.rs:3:9:\nno such party\n");
    guest.transform = Some(format!(
        "(call $print (call $stderr) (i32.const {at}) (i32.const {length}) (i32.const 0)) unreachable"
    ));
    let run = run_with(&guest, Limits::default());
    let Outcome::Trapped { message, .. } = &run.outcome else { panic!("{:?}", run.outcome) };
    assert_eq!(message, "panicked at src/lib.rs:3:9: no such party");
    assert_eq!(run.logs.len(), 3);
}

#[test]
fn what_the_stub_has_no_answer_to_traps_by_name() {
    let mut guest = with_wasi("reads-files");
    guest.transform = Some("(drop (call $open)) unreachable".to_owned());
    let run = run_with(&guest, Limits::default());
    let Outcome::Trapped { message, .. } = &run.outcome else { panic!("{:?}", run.outcome) };
    assert!(message.contains("wasi:filesystem/types@0.2.3#open-nothing"), "{message}");
    neighbour_maps();
}
