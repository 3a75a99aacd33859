//! Any other language: what the page says of Zig, done with the compiler it names.

use std::path::Path;
use std::process::Command;

use mapwright_tests::command::mapwright;
use mapwright_tests::{languages, plugins};

/// The module gets the world's type and becomes a component: what `wasm-tools component embed` and `new` do.
fn component(module: &[u8]) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(&wit).expect("the contract can be read");
    let world =
        resolve.select_world(&[package], Some("field-mapping-plugin")).expect("it is there");
    let mut module = module.to_vec();
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).expect("it fits");
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut it| it.encode()).expect("the module is what the world wants")
}

#[test]
fn zig_makes_the_documents_of_the_smallest_plugin_by_the_contract_alone() {
    let project = plugins::folder("woo-order-summary-zig");
    let out = languages::target().join("mapwright/zig");
    std::fs::create_dir_all(&out).unwrap();
    let core = out.join("core.wasm");
    let mut zig = Command::new(languages::zig());
    zig.args(["-m", "ziglang", "build-exe", "src/plugin.zig", "-target", "wasm32-freestanding"])
        .args(["-O", "ReleaseSafe", "-fno-entry", "-rdynamic", "--stack", "65536", "-fstrip"])
        .arg(format!("-femit-bin={}", core.display()))
        .env("ZIG_GLOBAL_CACHE_DIR", out.join("cache"))
        .env("ZIG_LOCAL_CACHE_DIR", out.join("cache"))
        .current_dir(&project);
    let built = zig.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let file = out.join("woo-order-summary-zig.wasm");
    std::fs::write(&file, component(&std::fs::read(&core).unwrap())).unwrap();
    let cases = plugins::folder("woo-order-summary").join("cases");
    let [cases, file] = [&cases, &file].map(|path| path.to_str().unwrap());
    let report = mapwright(["check", file, "--json"]).code(0).json();
    assert_eq!(report["wasi"], serde_json::json!([]), "it needs nothing but the contract");
    let ran = mapwright(["test", cases, "--plugin", file, "--json"]).code(0).json();
    let (passed, failed) = (&ran["summary"]["passed"], &ran["summary"]["failed"]);
    assert!(passed.as_u64().is_some_and(|it| it >= 9) && failed == 0, "{}", ran["summary"]);
}
