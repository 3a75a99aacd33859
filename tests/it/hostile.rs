//! Hostile files through the door that consultants use: the upload of a real host, which compiles in a child
//! and goes on delivering meanwhile. Each is refused by name or does no harm, and is on record.
//!
//! What a plugin can do once it runs is in `sandbox.rs` and `poison.rs`, what machine code and the compiler
//! can be made to do in `compiled.rs`, packages in `lifecycle.rs`. Files broken at random: 40 in an ordinary
//! run, as many as `MAPWRIGHT_HOSTILE_RUNS` says in a long one; the seed is fixed, `MAPWRIGHT_HOSTILE_SEED`
//! takes another.

use mapwright_tests::api::{Api, open_to_clients};
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, merchant_toml, until};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};

pub(crate) const PLUGIN: &str = "/v1/merchants/acme/plugins/rules";

/// A host of its own, with a merchant whose orders go on whatever else is brought in.
pub(crate) async fn served() -> (Folder, Erp, Served, Api, Shop) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.merchant_with("acme", erp.address(), "rules", &Guest::echo("rules").component());
    let toml = merchant_toml("acme", erp.address(), "rules");
    let rules = "[plugins]\nuploads_per_hour = 1000000\nupload_bytes_per_hour = 1000000000000\n";
    folder.write("merchants/acme/merchant.toml", format!("{toml}\n{rules}"));
    let mut host = Served::start(&folder);
    let address = host.address().await;
    let (api, shop) = (Api::of(address), Shop::of("acme", address));
    (folder, erp, host, api, shop)
}

/// An order goes through from end to end.
pub(crate) async fn still_works(shop: &Shop, erp: &Erp, number: u64) {
    let before = erp.arrivals().len();
    shop.send(&Delivery::order(number)).await.accepted();
    until("the order is delivered", async || (erp.arrivals().len() > before).then_some(())).await;
}

fn bare(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).expect("it is well formed")
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("seven bits"));
    bytes
}

/// Files and the codes they are refused with.
fn files() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let describing = |body: &str| {
        let mut guest = Guest::echo("rules");
        guest.describe = body.to_owned();
        guest.component()
    };
    let with = |functions: String| {
        let mut guest = Guest::echo("rules");
        guest.functions = functions;
        guest.component()
    };
    let mut named = Guest::echo("rules");
    named.version = "not a version".to_owned();
    let mut schema = Guest::echo("rules");
    schema.settings_schema = "{\"type\":5}".to_owned();
    let mut wrong = Guest::echo("rules");
    wrong.imports =
        "(import \"mapwright:plugin/lookup@1.0.0\" \"get-everything\" (func))".to_owned();
    // The name's bytes are those of a lone surrogate, which UTF-8 has no way to say.
    let mut surrogate = Guest::echo("plain-name").component();
    while let Some(at) = surrogate.windows(10).position(|it| it == b"plain-name") {
        surrogate[at..at + 3].copy_from_slice(b"\xed\xa0\x80");
    }
    // The type of one interface is said to be of another version of the package: each needs the other.
    let mut circle = Guest::echo("rules").module();
    let name = b"mapwright:plugin/field-mapping@1.0.0";
    let at = circle.windows(name.len()).rposition(|it| it == name).expect("its type is embedded");
    circle[at + name.len() - 3] = b'1';
    // Types within types, three bytes for each: in the type that a module carries, and in a component.
    let deep = [&b"\x01"[..], &b"\x41\x01\x01".repeat(150_000), b"\x41\0"].concat();
    let mut inside = Guest::echo("rules").component();
    inside.push(7);
    inside.extend(leb(deep.len()));
    inside.extend(deep);
    let typed = |levels: usize| {
        let mut section = b"\x0ecomponent-type\0asm\x0d\0\x01\0\x07".to_vec();
        let types = [&b"\x01"[..], &b"\x41\x01\x01".repeat(levels), b"\x41\0"].concat();
        section.extend(leb(types.len()));
        section.extend(types);
        let mut module = bare("");
        module.push(0);
        module.extend(leb(section.len()));
        module.extend(section);
        module
    };
    let mut memory = Guest::echo("rules");
    memory.pages = 65_536;
    let huge = "(local.set 0 (i32.const 1))".repeat(200_000);
    let many = "(func)".repeat(60_000);
    let nested = format!("{}{}", "(block ".repeat(20_000), ")".repeat(20_000));
    let host_engine = wasmtime::Engine::default();
    let precompiled = host_engine.precompile_module(b"\0asm\x01\0\0\0").expect("it compiles");
    let ready_made = Guest::echo("rules").component();
    let ready_made = host_engine.precompile_component(&ready_made).expect("it compiles");
    // Nine parameters of four kinds: each is another type.
    let types: String = (0..100_000_u32)
        .map(|n| {
            let kinds: Vec<_> = (0..9)
                .map(|at| ["i32", "i64", "f32", "f64"][(n >> (2 * at)) as usize % 4])
                .collect();
            format!("(type (func (param {})))", kinds.join(" "))
        })
        .collect();
    vec![
        ("no bytes", Vec::new(), &["not_wasm"]),
        ("text", b"hello".to_vec(), &["not_wasm"]),
        ("a cut file", Guest::echo("rules").component()[..900].to_vec(), &["not_wasm"]),
        ("machine code", precompiled, &["precompiled"]),
        ("machine code of a plugin", ready_made, &["precompiled"]),
        ("no contract", bare(""), &["core_module_without_type"]),
        (
            "a start that loops",
            bare("(func $f (loop (br 0))) (start $f)"),
            &["core_module_without_type"],
        ),
        ("types in types, a few", typed(21_000), &["not_a_component"]),
        ("types in types", typed(100_000), &["too_large"]),
        ("types in types of a component", inside, &["compile_bomb"]),
        ("types in a circle", circle, &["not_a_component"]),
        ("a giant table", bare("(table 4000000000 funcref)"), &["too_large"]),
        ("a huge function", with(format!("(func (local i32) {huge})")), &["too_large"]),
        ("many functions", with(many), &["too_large"]),
        ("many types", bare(&types), &["too_large"]),
        ("many types in a plugin", with(types), &["too_large"]),
        ("deep nesting", with(format!("(func {nested})")), &["", "invalid", "compile_bomb"]),
        ("a memory that begins too large", memory.component(), &["too_large"]),
        ("a manifest that loops", describing("(loop (br 0))"), &["manifest_failed"]),
        (
            "a manifest that grows",
            describing("(loop (drop (memory.grow (i32.const 100))) (br 0))"),
            &["manifest_failed"],
        ),
        ("a manifest that recurses", describing("(drop (call $describe))"), &["manifest_failed"]),
        ("a manifest that traps", describing("unreachable"), &["manifest_failed"]),
        ("a manifest that lies", named.component(), &["bad_manifest"]),
        ("a schema that is none", schema.component(), &["bad_manifest"]),
        (
            "a lone surrogate",
            surrogate,
            &["manifest_failed", "bad_manifest", "not_wasm", "invalid"],
        ),
        ("an import of another world", wrong.core_module(), &["core_module_without_type"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_by_name_while_orders_go_on() {
    let (_folder, erp, _host, api, shop) = served().await;
    still_works(&shop, &erp, 1).await;
    for (number, (what, bytes, codes)) in (10..).zip(files()) {
        let (said, ()) = tokio::join!(api.put(PLUGIN, bytes), still_works(&shop, &erp, number));
        let code = said.json["report"]["problems"][0]["code"].as_str().unwrap_or_default();
        assert!(codes.contains(&code), "{what} is refused with {code:?}: {}", said.text);
        assert_eq!(said.status, if code.is_empty() { 201 } else { 422 }, "{what}: {}", said.text);
    }
    let refused = api.items(&format!("{PLUGIN}/versions")).await;
    let refused = refused.iter().filter(|it| it["state"] == "refused" && it["kept"] == false);
    assert!(refused.count() >= 15, "refused ones are on record, without their bytes");
    assert_eq!(api.items("/v1/merchants/acme/plugins").await[0]["active"]["version"], "1.0.0");
    still_works(&shop, &erp, 1000).await;
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % (below.max(1) as u64)).expect("it is below")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_broken_at_random_do_the_host_no_harm() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(otherwise)
    };
    let runs = number("MAPWRIGHT_HOSTILE_RUNS", 40);
    let mut dice = Dice(number("MAPWRIGHT_HOSTILE_SEED", 20_261_122));
    let (_folder, erp, mut host, api, shop) = served().await;
    let good = [Guest::echo("rules").component(), Guest::echo("rules").module()];
    let (mut refused, mut kept) = (0, 0);
    for run in 0..runs {
        let mut bytes = good[dice.roll(2)].clone();
        for _ in 0..=dice.roll(6) {
            let at = dice.roll(bytes.len());
            match dice.roll(4) {
                0 => bytes[at] = u8::try_from(dice.roll(256)).expect("a byte"),
                1 => bytes.truncate(at.max(9)),
                2 => bytes.insert(at, u8::try_from(dice.roll(256)).expect("a byte")),
                _ => {
                    let other = &good[dice.roll(2)];
                    let from = dice.roll(other.len());
                    let to = (from + dice.roll(200)).min(other.len());
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
        let said = api.put(PLUGIN, bytes).await;
        match said.status {
            201 => kept += 1,
            422 => {
                refused += 1;
                let problems = said.json["report"]["problems"].as_array();
                assert!(problems.is_some_and(|it| !it.is_empty()), "run {run}: {}", said.text);
            }
            other => panic!("run {run}: {other} {}", said.text),
        }
    }
    assert_eq!(refused + kept, runs);
    assert!(refused > runs / 4, "{refused} of {runs} were broken");
    assert!(host.ended().is_none(), "it is the same process still");
    still_works(&shop, &erp, 1).await;
}
