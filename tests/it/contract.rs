//! The contract itself: no name in it is a keyword where it would be bound, and all of it is documented.

use std::collections::BTreeSet;
use std::path::Path;

/// Reserved words of the languages that plugins are written in, lower case.
const KEYWORDS: &str = "
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop
    match mod move mut pub ref return self static struct super trait true type unsafe use where
    while abstract become box do final macro override priv typeof unsized virtual yield try gen
    case catch class debugger default delete export extends finally function import instanceof new
    null switch this throw var void with implements interface package private protected public
    arguments eval any boolean declare module namespace never number object readonly string symbol
    undefined unknown
    and assert def del elif except from global is lambda none nonlocal not or pass raise
    chan defer fallthrough func go goto map range select
    auto char double float int long register restrict short signed sizeof union unsigned volatile
    inline bool
    list option result tuple flags record resource variant world include own borrow stream future
    u8 u16 u32 u64 s8 s16 s32 s64 f32 f64 constructor
";

fn contract() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/plugin.wit");
    std::fs::read_to_string(path).unwrap()
}

/// Names that generated code uses bare: types, functions, fields, parameters, interfaces. Cases of
/// enums and variants are not among them: every generator prefixes, capitalises or quotes those
/// (`Operation::Delete`, `'delete'`, `OPERATION_DELETE`).
fn bare_names(wit: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut cases = false;
    for line in wit.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if matches!(first, "enum" | "variant") {
            cases = true;
        }
        if matches!(first, "interface" | "record" | "enum" | "variant" | "world") {
            names.insert(words.next().unwrap().to_owned());
        } else if cases {
            cases = line != "}";
            continue;
        }
        for part in line.split(['(', ',']) {
            if let Some((name, _)) = part.split_once(": ") {
                names.insert(name.trim().to_owned());
            }
        }
    }
    names
}

#[test]
fn no_name_is_a_keyword_in_a_language_plugins_are_written_in() {
    let keywords: BTreeSet<&str> = KEYWORDS.split_whitespace().collect();
    let names = bare_names(&contract());
    assert!(names.contains("idempotency-key") && names.contains("transform"), "{names:?}");
    let colliding: Vec<&String> =
        names.iter().filter(|name| keywords.contains(name.as_str())).collect();
    assert!(colliding.is_empty(), "{colliding:?}");
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let wit = contract();
    let mut documented = false;
    for (number, line) in wit.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("///") {
            documented = true;
        } else if line.is_empty() || line == "}" || line.starts_with("use ") {
            documented = false;
        } else {
            let plumbing = ["include ", "import ", "export "].iter().any(|p| line.starts_with(p));
            assert!(plumbing || documented, "wit/plugin.wit:{}: undocumented: {line}", number + 1);
            documented = false;
        }
    }
}
