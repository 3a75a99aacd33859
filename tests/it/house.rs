//! The order of the house: which module may name which, held by reading the source.
//!
//! Each row names a module of `host/src` and all the modules it may name; every one of them stands
//! in a row above. So there can be no circle, and stages cannot meet anywhere but where they are
//! meant to. A new row or a new edge is a small design talk, not an offence: edit the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// In road order: (module, what it may name).
const ROAD: [(&str, &[&str]); 24] = [
    ("event", &[]),
    ("secret", &[]),
    ("telemetry", &[]),
    ("backlog", &[]),
    ("exact", &[]),
    ("reference", &[]),
    ("journal", &["event"]),
    ("checkpoint", &["event"]),
    ("ingress", &["event", "secret", "telemetry", "journal"]),
    ("poll", &["event", "secret", "telemetry", "backlog", "journal", "checkpoint", "ingress"]),
    ("route", &["event"]),
    ("plugin", &["event", "reference"]),
    ("evidence", &["event", "exact", "plugin"]),
    ("case", &["event", "ingress", "plugin", "evidence"]),
    ("seatbelt", &["event", "exact", "plugin"]),
    ("delivery", &["event", "secret", "reference"]),
    (
        "config",
        &[
            "secret", "backlog", "journal", "ingress", "poll", "route", "plugin", "seatbelt",
            "delivery",
        ],
    ),
    ("rollout", &["telemetry", "journal", "plugin", "evidence", "seatbelt", "config"]),
    (
        "dispatch",
        &[
            "event",
            "telemetry",
            "backlog",
            "journal",
            "checkpoint",
            "ingress",
            "route",
            "plugin",
            "seatbelt",
            "delivery",
            "config",
            "rollout",
        ],
    ),
    (
        "operate",
        &[
            "event", "secret", "journal", "ingress", "poll", "plugin", "evidence", "case",
            "seatbelt", "config", "rollout",
        ],
    ),
    (
        "host",
        &[
            "secret",
            "telemetry",
            "backlog",
            "journal",
            "checkpoint",
            "ingress",
            "poll",
            "plugin",
            "delivery",
            "config",
            "rollout",
            "dispatch",
            "operate",
        ],
    ),
    ("toolchain", &[]),
    (
        "cli",
        &[
            "event",
            "secret",
            "telemetry",
            "journal",
            "ingress",
            "exact",
            "plugin",
            "evidence",
            "case",
            "delivery",
            "config",
            "host",
            "toolchain",
        ],
    ),
    ("main", &["cli"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src")
}

fn rust_files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            rust_files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// The top-level modules that `text` names, by `crate::x`, `mapwright::x` or a `crate::{..}` group.
fn named(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    for prefix in ["crate::", "mapwright::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            assert!(!rest.starts_with('{'), "write one `use crate::module` a line");
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if !name.is_empty() {
                names.insert(name);
            }
        }
    }
    names
}

fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let mut edges = BTreeMap::new();
    for entry in std::fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module == "lib" {
            continue;
        }
        let mut files = Vec::new();
        rust_files(&path, &mut files);
        if files.is_empty() {
            continue;
        }
        let names: &mut BTreeSet<String> = edges.entry(module.clone()).or_default();
        for file in files {
            names.extend(named(&std::fs::read_to_string(file).unwrap()));
        }
        names.remove(&module);
    }
    edges
}

#[test]
fn modules_name_only_what_stands_above_them() {
    let modules: BTreeSet<&str> = ROAD.iter().map(|(module, _)| *module).collect();
    let edges = edges();
    let unknown: Vec<&String> =
        edges.keys().filter(|module| !modules.contains(module.as_str())).collect();
    assert!(unknown.is_empty(), "modules without a row in ROAD: {unknown:?}");
    for (module, names) in &edges {
        let (_, allowed) = ROAD.iter().find(|(row, _)| row == module).unwrap();
        let strange: Vec<&String> = names
            .iter()
            .filter(|name| modules.contains(name.as_str()) && !allowed.contains(&name.as_str()))
            .collect();
        assert!(strange.is_empty(), "`{module}` names {strange:?}, which its row does not allow");
    }
}

#[test]
fn every_row_names_only_rows_above_it() {
    let mut above = BTreeSet::new();
    for (module, allowed) in ROAD {
        for name in allowed {
            assert!(above.contains(name), "`{module}` may not name `{name}`: it stands below");
        }
        above.insert(module);
    }
}

#[test]
fn only_the_checkpoint_knows_sled_and_only_the_journal_knows_sqlite() {
    for (dependency, home) in [("sled::", "checkpoint"), ("rusqlite::", "journal")] {
        let mut files = Vec::new();
        rust_files(&source(), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.into_iter().any(|line| line.contains(dependency)) {
                let inside = file.strip_prefix(source()).unwrap();
                assert!(inside.starts_with(home), "{} names {dependency}", inside.display());
            }
        }
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let mut files = Vec::new();
    rust_files(&source(), &mut files);
    rust_files(&source().join("../../guest-sdk/rust/src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with a //! header", file.display());
    }
}
