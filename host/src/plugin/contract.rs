//! Which contract a file was written for, read from the names of its imports and exports.
//!
//! This is the seam for a second major version: [`Contract`] gets a variant, `bindings` a sibling
//! that answers in today's types, and nothing else in the host learns of it. Minor versions need
//! nothing, since 1.x only adds imports, and a lookup of `@1.0.0` finds `@1.4.0`.

use semver::Version;

use super::bindings;
use super::error::{LoadError, MissingImport};
use super::plugin::Capability;
use super::scan::{Language, Shape};

const PACKAGE: &str = "mapwright:plugin/";
/// What a component says that is run rather than called.
const RUN: &str = "wasi:cli/run";
/// The packages of WASI that the stub answers, or gives to link.
const WASI: [&str; 6] = ["cli", "io", "clocks", "random", "filesystem", "sockets"];

/// A contract the host speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    /// `mapwright:plugin@1.x`.
    V1,
}

/// What the names of a component say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) contract: Contract,
    /// The highest version among the names.
    pub(super) version: Version,
    pub(super) capabilities: Vec<Capability>,
    /// The `wasi:` imports.
    pub(super) wasi: Vec<String>,
}

/// What the host speaks, in words.
pub(super) fn supported() -> String {
    format!("mapwright:plugin@1.x (up to {})", bindings::VERSION)
}

/// The version of a name of our package: `mapwright:plugin/log@1.0.0` has `1.0.0`.
pub(super) fn version_of(name: &str) -> Option<Version> {
    name.strip_prefix(PACKAGE)?.split_once('@').and_then(|(_, version)| version.parse().ok())
}

/// Reads the names.
pub(super) fn read(imports: &[String], exports: &[String]) -> Result<Terms, LoadError> {
    let ours = || imports.iter().chain(exports).filter(|name| name.starts_with(PACKAGE));
    let mut highest: Option<Version> = None;
    for name in ours() {
        let version = version_of(name).filter(|version| version.major == 1);
        let Some(version) = version else {
            return Err(LoadError::UnsupportedContract {
                found: name.clone(),
                supported: supported(),
            });
        };
        highest = highest.max(Some(version));
    }
    let missing: Vec<_> = imports
        .iter()
        .filter(|name| {
            !is_answered(name) && !is_ours(name, &["types", "pricing-types", "log", "lookup"])
        })
        .map(|name| MissingImport { name: name.clone(), advice: advice(name, Language::Unknown) })
        .collect();
    if !missing.is_empty() {
        return Err(LoadError::MissingImport { names: missing });
    }
    let exported = |interface| exports.iter().any(|name| is_ours(name, &[interface]));
    let capabilities: Vec<_> =
        Capability::ALL.into_iter().filter(|capability| exported(capability.interface())).collect();
    let Some(version) = highest.filter(|_| exported("manifest")) else {
        if let Some(found) = exports.iter().find(|name| name.starts_with(RUN)) {
            return Err(program(found, Language::Unknown));
        }
        let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
        return Err(LoadError::MissingExport(format!(
            "does not export `mapwright:plugin/manifest@{}`, which every plugin has; it exports {exports}",
            bindings::VERSION
        )));
    };
    if capabilities.is_empty() {
        return Err(LoadError::MissingExport(
            "exports none of `field-mapping`, `pricing` and `status-translation`, so there is nothing it can do".to_owned(),
        ));
    }
    let wasi = imports.iter().filter(|name| name.starts_with("wasi:")).cloned().collect();
    Ok(Terms { contract: Contract::V1, version, capabilities, wasi })
}

/// Refuses a core module that is a program: it has no type, and telling of that would lead nowhere.
pub(super) fn no_program(shape: &Shape) -> Result<(), LoadError> {
    let start = shape.exports.iter().find(|name| *name == "_start");
    match start.filter(|_| !shape.embedded_type) {
        Some(found) => Err(program(found, shape.language)),
        None => Ok(()),
    }
}

fn program(found: &str, language: Language) -> LoadError {
    let advice = match language {
        Language::Rust => "a library, `crate-type = [\"cdylib\"]`",
        Language::Go => "`go build -buildmode=c-shared`, or `mapwright build`",
        Language::C => "`-mexec-model=reactor` (zig: `-fno-entry`), or `mapwright build`",
        Language::AssemblyScript | Language::Unknown => {
            "a library or reactor (Rust: `crate-type = [\"cdylib\"]`, Go: `-buildmode=c-shared`, C: `-mexec-model=reactor`, Zig: `-fno-entry`), or `mapwright build`"
        }
    };
    LoadError::Program { found: format!("`{found}`"), advice }
}

/// Whether it is an interface of WASI 0.2 that the stub knows.
fn is_answered(name: &str) -> bool {
    let Some((package, rest)) = name.strip_prefix("wasi:").and_then(|it| it.split_once('/')) else {
        return false;
    };
    let version = rest.split_once('@').and_then(|(_, version)| version.parse::<Version>().ok());
    let ours = |it: &Version| (it.major, it.minor) == (0, 2) && it.pre.is_empty();
    WASI.contains(&package) && version.as_ref().is_some_and(ours)
}

/// Refuses core imports that no component type can give.
pub(super) fn core_imports(imports: &[String], language: Language) -> Result<(), LoadError> {
    let missing: Vec<_> = imports
        .iter()
        .filter(|name| {
            let module = name.split("::").next().unwrap_or_default();
            // Component-model names hold a colon or a sigil; anything else is another world's.
            !(module.contains(':')
                || module.starts_with(['$', '['])
                || module.starts_with("cm32p2"))
        })
        .map(|name| MissingImport { name: name.clone(), advice: advice(name, language) })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::MissingImport { names: missing }) }
}

fn is_ours(name: &str, interfaces: &[&str]) -> bool {
    name.strip_prefix(PACKAGE)
        .and_then(|rest| rest.split('@').next())
        .is_some_and(|interface| interfaces.contains(&interface))
}

/// What to change so that the import goes away, in the language's own build where it is known.
pub(super) fn advice(name: &str, language: Language) -> &'static str {
    let of = |module: &str| name.starts_with(module);
    if of("wasi_snapshot_preview1") || of("wasi_unstable") {
        preview1(language)
    } else if of("wasi:http") {
        "plugins have no network: what rules need from elsewhere comes in lookup tables. JavaScript: leave `fetch` out, and build without it (componentize-js: `--disable http --disable fetch-event`)"
    } else if of("wasi:") {
        "the host answers WASI 0.2: its cli, io, clocks, random, filesystem and sockets. Build for that, or leave out what needs this"
    } else if of("__wbindgen") || of("wbg") || of("./") {
        "made for a browser: turn off the `js` or `wasm-bindgen` feature of the crate that wants it (getrandom, uuid, chrono), and build with cargo rather than wasm-pack"
    } else if of("gojs") || of("go::") {
        "Go for a browser: build with `GOOS=wasip1 GOARCH=wasm -buildmode=c-shared`, or with `mapwright build`"
    } else if of("env::emscripten") || of("env::_emscripten") || of("env::invoke_") {
        "Emscripten expects JavaScript around it: compile with clang or `zig cc` for `wasm32-wasi`"
    } else if of("env::abort") || of("env::seed") || of("env::trace") || of("env::console.") {
        "AssemblyScript asks its host for this: compile with `--use abort=` (and `--use seed=`), and leave `trace` and `console` out"
    } else if of("env::") {
        "a function that was not linked: link it in, or remove what calls it (AssemblyScript: `--use NAME=`)"
    } else if of("GOT.") {
        "half of a program: link its shared libraries into one file"
    } else if of(PACKAGE) {
        "not in the contract this host speaks: build against its wit/plugin.wit"
    } else {
        "plugins are pure: remove what needs it; the host gives `log` and `lookup` only"
    }
}

/// Preview 1 is functions of core modules; an adapter makes interfaces of them.
fn preview1(language: Language) -> &'static str {
    match language {
        Language::Rust => {
            "WASI preview 1: build for `wasm32-unknown-unknown` or `wasm32-wasip2` instead of `wasm32-wasip1`"
        }
        Language::Go => {
            "WASI preview 1, which Go cannot do without: `mapwright build` adapts it; by hand `go build -buildmode=c-shared`, `wasm-tools component embed`, `wasm-tools component new --adapt wasi_snapshot_preview1.reactor.wasm`"
        }
        Language::C => {
            "WASI preview 1: `mapwright build` adapts it; or build without what asks for it (`-mexec-model=reactor`, no stdio, clock or files; zig: `-target wasm32-freestanding`)"
        }
        Language::AssemblyScript | Language::Unknown => {
            "WASI preview 1: `mapwright build` adapts it, and so does `wasm-tools component new --adapt`; or build without it (Rust: `wasm32-unknown-unknown` or `wasm32-wasip2`; C: a reactor without stdio; Zig: `wasm32-freestanding`)"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn later_minor_versions_are_taken_and_other_majors_are_not() {
        let exports = names(&["mapwright:plugin/manifest@1.3.0", "mapwright:plugin/pricing@1.3.0"]);
        let terms = read(&[], &exports).unwrap();
        assert_eq!(terms.capabilities, [Capability::Pricing]);
        assert_eq!(terms.version, Version::new(1, 3, 0));
        for found in ["mapwright:plugin/manifest@2.0.0", "mapwright:plugin/manifest"] {
            let error = read(&[], &names(&[found])).unwrap_err();
            assert!(
                matches!(error, LoadError::UnsupportedContract { found: it, .. } if it == found)
            );
        }
    }

    #[test]
    fn every_missing_import_is_named() {
        let error = read(&names(&["acme:http/client@1.0.0", "acme:db/rows"]), &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("acme:http/client@1.0.0") && text.contains("acme:db/rows"), "{text}");
        let error =
            core_imports(&names(&["env::foo", "wasi_snapshot_preview1::fd_write"]), Language::Rust)
                .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("env::foo") && text.contains("wasm32-wasip1"), "{text}");
    }

    #[test]
    fn a_plugin_without_a_capability_is_refused() {
        let manifest = names(&["mapwright:plugin/manifest@1.0.0"]);
        assert!(matches!(read(&[], &manifest), Err(LoadError::MissingExport(_))));
        let pricing = names(&["mapwright:plugin/pricing@1.0.0"]);
        assert!(matches!(read(&[], &pricing), Err(LoadError::MissingExport(_))));
    }

    #[test]
    fn wasi_is_taken_as_far_as_it_is_answered() {
        let exports = names(&["mapwright:plugin/manifest@1.0.0", "mapwright:plugin/pricing@1.0.0"]);
        let good = names(&["wasi:cli/stdout@0.2.12", "wasi:sockets/tcp@0.2.0"]);
        assert_eq!(read(&good, &exports).unwrap().wasi, good);
        for name in [
            "wasi:http/outgoing-handler@0.2.4",
            "wasi:cli/stdout@0.3.0",
            "wasi:cli/stdout@0.2.0-rc-2023-11-10",
            "wasi:cli/stdout",
            "wasi:nn/graph@0.2.0",
        ] {
            let error = read(&names(&[name]), &exports).unwrap_err();
            assert!(matches!(error, LoadError::MissingImport { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_reason_is_said_once_for_all_that_it_stands_for() {
        let imports = names(&["gojs::a", "env::abort", "gojs::b"]);
        let text = core_imports(&imports, Language::Unknown).unwrap_err().to_string();
        assert!(text.contains("`gojs::a`, `gojs::b` (Go for a browser"), "{text}");
        assert!(text.contains("--use abort="), "{text}");
    }

    #[test]
    fn a_program_is_told_from_a_plugin() {
        let error = read(&[], &names(&["wasi:cli/run@0.2.12"])).unwrap_err();
        assert!(matches!(error, LoadError::Program { .. }), "{error}");
        let mut shape = Shape { exports: names(&["_start"]), ..Shape::default() };
        shape.language = Language::Go;
        assert!(no_program(&shape).unwrap_err().to_string().contains("c-shared"));
        shape.embedded_type = true;
        assert!(no_program(&shape).is_ok());
    }
}
