//! Plugins that are admitted and then answer what no target should see, and plugins that try to answer one
//! input twice in different ways. Through the upload of a real host, as in `hostile.rs`: judged by a recorded
//! order, put to work, and taken back, while another route of the same merchant goes on.

use mapwright_tests::api::Api;
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::until;
use mapwright_tests::shop::{Delivery, Shop};
use serde_json::{Value, json};

use crate::hostile::{PLUGIN, served};

/// Bytes put into memory, where only text can be laid out: data of another segment, far from the rest.
const ODD_AT: u32 = 60_000;

/// A plugin with these bytes at [`ODD_AT`], as the body or as the key of its one document.
fn odd(bytes: &str, length: u32, as_key: bool) -> Guest {
    let mut guest = Guest::new("rules");
    let (sale, text) = (guest.text("sale"), guest.text("{}"));
    let (key, body) = match as_key {
        true => ((ODD_AT, length), text),
        false => (guest.text("s-1"), (ODD_AT, length)),
    };
    guest.functions = format!("(data (i32.const {ODD_AT}) \"{bytes}\")");
    guest.transform = Some(answer(&[sale.0, sale.1, key.0, key.1, 2, body.0, body.1, 4, 0]));
    guest
}

/// Instructions that answer one document of these words.
fn answer(document: &[u32]) -> String {
    let at = 50_000;
    let words = document.iter().copied().zip(0..);
    let document: String = words.map(|(word, n)| store(at + 4 * n, &constant(word))).collect();
    format!("{document}\n{}", mapped(&constant(at), 1))
}

fn constant(word: u32) -> String {
    format!("(i32.const {word})")
}

fn store(at: u32, value: &str) -> String {
    format!("(i32.store (i32.const {at}) {value})")
}

/// Instructions that answer so many documents, which lie there.
fn mapped(list: &str, count: u32) -> String {
    let at = 55_000;
    let words = [constant(0), constant(0), list.to_owned(), constant(count), constant(0)];
    let words: String = words.iter().zip(0..).map(|(word, n)| store(at + 4 * n, word)).collect();
    format!("{words}\n{}", constant(at))
}

/// A million documents, each with the same empty body, laid out at run time.
fn a_million() -> Guest {
    const COUNT: u32 = 1_000_000;
    let mut guest = Guest::new("rules");
    let (sale, key, body) = (guest.text("sale"), guest.text("s-1"), guest.text("{}"));
    let words = [sale.0, sale.1, key.0, key.1, 2, body.0, body.1, 4, 0];
    let fill: String = words
        .iter()
        .zip(0..)
        .map(|(word, n)| format!("(i32.store offset={} (local.get $i) {})", 4 * n, constant(*word)))
        .collect();
    guest.transform = Some(format!(
        "(drop (memory.grow (i32.const 560)))
         (local.set $i (i32.const 131072))
         (loop $more {fill}
            (local.set $i (i32.add (local.get $i) (i32.const 36)))
            (br_if $more (i32.lt_u (local.get $i) (i32.const {end}))))
         {mapped}",
        end = 131_072 + 36 * COUNT,
        mapped = mapped(&constant(131_072), COUNT),
    ));
    guest
}

/// Plugins, how an order ends with each, and words of why.
fn answers() -> Vec<(&'static str, Guest, &'static str, &'static str)> {
    let mut colliding = Guest::new("rules");
    let keys: Vec<_> = (0..60).map(|n| format!("s-{}", n % 59)).collect();
    let documents: Vec<_> = keys.iter().map(|key| ("sale", key.as_str())).collect();
    let body = colliding.mapped(&documents, None);
    colliding.transform = Some(body);
    vec![
        ("a million documents", a_million(), "output_too_large", "limit"),
        ("keys that collide", colliding, "bad_output", "key `s-0` of a document before it"),
        ("no UTF-8 in a key", odd("s-\\ff\\fe", 4, true), "bad_output", "UTF-8"),
        ("no UTF-8 in a body", odd("\\22\\c3\\28\\22", 4, false), "bad_output", "UTF-8"),
        ("a surrogate in bytes", odd("\\22\\ed\\a0\\80\\22", 5, false), "bad_output", "UTF-8"),
        (
            "half of a character, escaped",
            odd("{\\22a\\22:\\22\\5cud83d\\22}", 14, false),
            "bad_output",
            "lone surrogate",
        ),
    ]
}

/// Brings a version in, and gives the sections of its report.
async fn brought(api: &Api, guest: &Guest) -> Value {
    api.put(PLUGIN, guest.component()).await.well()["sections"].clone()
}

fn section<'a>(sections: &'a Value, name: &str) -> &'a Value {
    let mut all = sections.as_array().expect("a report has sections").iter();
    all.find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name}: {sections:#}"))
}

async fn put_to_work(api: &Api, version: &str) {
    let ask = json!({ "version": version, "why": "a test" });
    api.post(&format!("{PLUGIN}/activate"), ask).await.well();
}

async fn delivered(shop: &Shop, erp: &Erp, number: u64) -> Value {
    let before = erp.arrivals().len();
    shop.send(&Delivery::order(number)).await.accepted();
    until("the order is delivered", async || erp.arrivals().get(before).cloned()).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_no_target_should_see_are_foretold_and_end_as_dead_letters() {
    let (_folder, erp, mut host, api, shop) = served().await;
    delivered(&shop, &erp, 1).await;
    for (minor, (what, mut guest, outcome, words)) in (1..).zip(answers()) {
        let version = format!("1.{minor}.0");
        guest.version.clone_from(&version);
        let sections = brought(&api, &guest).await;
        let recorded = section(&sections, "recorded_events");
        assert_eq!(recorded["went"], "warned", "{what}: {recorded}");
        assert!(recorded["found"]["outcomes"][outcome].is_u64(), "{what}: {recorded}");
        put_to_work(&api, &version).await;
        let before = (erp.arrivals().len(), api.items("/v1/dead-letters").await.len());
        shop.send(&Delivery::order(100 + minor)).await.accepted();
        let letter = until("the order is a dead letter", async || {
            let letters = api.items("/v1/dead-letters").await;
            (letters.len() > before.1).then(|| letters[0].clone())
        })
        .await;
        let said = letter.to_string();
        assert!(said.contains(outcome) && said.contains(words), "{what}: {letter:#}");
        assert_eq!(erp.arrivals().len(), before.0, "{what}: nothing of it is sent");
        put_to_work(&api, "1.0.0").await;
        delivered(&shop, &erp, 200 + minor).await;
    }
    assert!(host.ended().is_none(), "it is the same process still");
}

/// Plugins that want to answer differently the second time, and the number that their answer holds if they
/// cannot: what was in memory, in a global or in a table from the call before, how much memory there is, and
/// what the machine's own arithmetic leaves in the bits of a NaN.
fn moody() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    vec![
        (
            "a count in memory",
            "",
            "(i32.store (i32.const 59000) (i32.add (i32.load (i32.const 59000)) (i32.const 1)))
             (i32.load (i32.const 59000))",
            "1",
        ),
        (
            "a count in a global",
            "(global $count (mut i32) (i32.const 0))",
            "(global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)",
            "1",
        ),
        (
            "a table that is filled once",
            "(table $seen 4 funcref) (func $mark) (elem declare func $mark)",
            "(i32.add (i32.const 1) (ref.is_null (table.get $seen (i32.const 0))))
             (table.set $seen (i32.const 0) (ref.func $mark))",
            "2",
        ),
        (
            "memory that was grown before",
            "",
            "(i32.and (i32.const 7) (memory.grow (i32.const 1)))",
            "2",
        ),
        (
            "the bits of a NaN",
            "(func $zero (result f32) (f32.const 0)) ",
            // 0/0 is a negative NaN on x86 and a positive one on ARM; a payload may survive arithmetic or not.
            "(i32.add
               (i32.eq (i32.const 0x7fc00000)
                  (i32.reinterpret_f32 (f32.div (call $zero) (call $zero))))
               (i32.eq (i32.const 0x7fc00000)
                  (i32.reinterpret_f32 (f32.add (f32.const nan:0x212345) (call $zero)))))",
            "2",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_has_nothing_to_be_moody_with() {
    let (_folder, erp, _host, api, shop) = served().await;
    for number in 1..=3 {
        delivered(&shop, &erp, number).await;
    }
    for (minor, (what, more, number, found)) in (1..).zip(moody()) {
        let mut guest = Guest::new("rules");
        guest.version = format!("2.{minor}.0");
        let (sale, key) = (guest.text("sale"), guest.text("s-1"));
        guest.functions = more.to_owned();
        // The number is the body, as one digit.
        guest.transform = Some(format!(
            "(local.set $i (block (result i32) {number}))
             (i32.store8 (i32.const 58000) (i32.add (i32.const 48) (local.get $i)))
             {}",
            answer(&[sale.0, sale.1, key.0, key.1, 2, 58_000, 1, 4, 0])
        ));
        let sections = brought(&api, &guest).await;
        let twice = section(&sections, "determinism");
        assert_eq!(twice["went"], "passed", "{what}: {twice}");
        assert!(twice["said"].as_str().is_some_and(|it| !it.contains("on 0 ")), "{what}: {twice}");
        put_to_work(&api, &guest.version).await;
        for order in 0..3 {
            let body = delivered(&shop, &erp, 1000 + 10 * minor + order).await;
            assert_eq!(body.to_string(), found, "{what}, order {order}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_machines_answer_differently_is_refused_by_name() {
    let (_folder, _erp, _host, api, _shop) = served().await;
    let refused = [
        (
            "relaxed SIMD",
            "(func (param v128 v128 v128) (result v128)
                (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))",
            "relaxed SIMD",
        ),
        ("shared memory", "(memory 1 1 shared)", "threads"),
        ("atomics", "(func (drop (i32.atomic.load (i32.const 0))))", "threads"),
        ("memory of 64 bits", "(memory i64 1)", "memory64"),
    ];
    for (what, functions, words) in refused {
        let mut guest = Guest::echo("rules");
        guest.functions = functions.to_owned();
        let said = api.put(PLUGIN, guest.module()).await;
        assert_eq!(said.status, 422, "{what}: {}", said.text);
        let problem = &said.json["report"]["problems"][0];
        assert_eq!(problem["code"], "invalid", "{what}: {problem}");
        assert!(problem["message"].to_string().contains(words), "{what}: {problem}");
    }
    // Clocks, random numbers and whatever else there is outside come as imports, and each is named.
    let mut clock = Guest::echo("rules");
    clock.imports = "(import \"env\" \"now\" (func (result i64)))".to_owned();
    let said = api.put(PLUGIN, clock.module()).await;
    assert_eq!(said.status, 422, "{}", said.text);
    assert!(said.json["report"]["problems"].to_string().contains("env"), "{}", said.text);
}
