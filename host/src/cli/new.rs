//! `mapwright new`: a plugin project that builds and whose tests pass untouched.
//!
//! The project stands alone. The SDK and the contract it is made for lie in it as copies (`sdk/`),
//! embedded in this binary, so a finished plugin is not touched by anything that happens here later.
//! Nothing is fetched; cargo does that when the project is first built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::toolchain::Language;

/// What `build.rs` found.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Longer names do not fit where names are shown.
const NAME_LENGTH_MAX: usize = 64;

/// Names that cargo refuses or that would hide something.
const RESERVED: [&str; 14] = [
    "alloc",
    "build",
    "core",
    "crate",
    "deps",
    "mapwright",
    "mapwright-guest",
    "plugin",
    "proc-macro",
    "sdk",
    "self",
    "std",
    "super",
    "test",
];

/// Words of Rust that could stand alone as a name.
const KEYWORDS: [&str; 40] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "pub", "ref", "return", "static",
    "struct", "trait", "true", "type", "use", "while",
];

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Then, in the new folder:

  mapwright build                compiles it to a component; says what is missing, or installs it
  mapwright test                 its golden cases in the sandbox

Its own tests run natively in the language's own runner (cargo test, npm test, pytest, make test, go test):
README.md there says how.

Exit code: 0 made, 2 a name or folder that cannot be used")]
pub(super) struct Args {
    /// The plugin's name: lower-case words joined by hyphens (`acme-orders`).
    name: String,
    /// The language to write it in.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// The folder to make; NAME in the current folder when not given.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("`{name}` cannot be a plugin's name: {reason}; `{nearest}` can")]
    Name { name: String, reason: &'static str, nearest: String },
    #[error("{} is there already and not empty; choose another name or --dir", .0.display())]
    Occupied(PathBuf),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
}

impl NewError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "name",
            Self::Occupied(_) => "occupied",
            Self::File { .. } => "file",
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    match make(&args.name, args.lang, &dir) {
        Ok(()) => {
            if args.json {
                let answer =
                    json!({"ok": true, "name": args.name, "path": dir, "lang": args.lang.word()});
                anstream::println!("{answer:#}");
            } else {
                anstream::println!("{}", dir.display());
                anstream::eprintln!(
                    "next: cd {} && mapwright build && mapwright test; README.md says how its own tests run",
                    dir.display()
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            if args.json {
                anstream::println!(
                    "{:#}",
                    json!({"ok": false, "error": {"code": error.code(), "message": error.to_string()}})
                );
            } else {
                anstream::eprintln!("error: {error}");
            }
            ExitCode::from(2)
        }
    }
}

fn make(name: &str, language: Language, dir: &Path) -> Result<(), NewError> {
    if let Some(reason) = fault(name) {
        let (name, nearest) = (name.to_owned(), nearest(name));
        return Err(NewError::Name { name, reason, nearest });
    }
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(NewError::Occupied(dir.to_path_buf()));
    }
    let words: Vec<String> = name.split('-').map(capitalised).collect();
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{crate}}", &name.replace('-', "_"))
            .replace("{{type}}", &words.concat())
            .replace("{{title}}", &words.join(" "))
    };
    for (path, contents) in within(embedded::TEMPLATES, language.word()) {
        // `.in` files are filled in. Their names keep tools and git from taking them at their word.
        let filled = match (path.strip_suffix(".in"), std::str::from_utf8(contents)) {
            (Some(_), Ok(text)) => fill(text).into_bytes(),
            _ => contents.to_vec(),
        };
        let path = fill(path.strip_suffix(".in").unwrap_or(path));
        let path = match path.as_str() {
            hidden @ ("gitignore" | "rustfmt.toml" | "npmrc") => format!(".{hidden}"),
            path => path.to_owned(),
        };
        write(&dir.join(path), &filled)?;
    }
    let sdk = match language {
        Language::JavaScript => Language::TypeScript,
        other => other,
    };
    let sdk = sdk.word();
    for (path, contents) in within(embedded::SDKS, sdk) {
        write(&dir.join("sdk/guest-sdk").join(sdk).join(path), contents)?;
    }
    for (path, contents) in embedded::WIT {
        write(&dir.join("sdk/wit").join(path), contents)?;
    }
    Ok(())
}

/// The files of a folder of an embedded one.
fn within<'a>(
    files: &'a [(&'a str, &'a [u8])],
    folder: &'a str,
) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    files.iter().filter_map(move |(path, contents)| {
        Some((path.strip_prefix(folder)?.strip_prefix('/')?, *contents))
    })
}

fn write(path: &Path, contents: &[u8]) -> Result<(), NewError> {
    let file = |source| NewError::File { path: path.to_path_buf(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(file)?;
    }
    fs::write(path, contents).map_err(file)
}

/// What is wrong with a name, if anything.
fn fault(name: &str) -> Option<&'static str> {
    let words_fit = name.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    if !words_fit || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        Some(
            "it must be lower-case words (a-z, 0-9) joined by hyphens, the first starting with a letter",
        )
    } else if name.len() > NAME_LENGTH_MAX {
        Some("it is longer than 64 characters")
    } else if RESERVED.contains(&name) || KEYWORDS.contains(&name) {
        Some("the name is taken by Rust, cargo or Mapwright")
    } else {
        None
    }
}

/// The good name nearest to a bad one.
fn nearest(name: &str) -> String {
    let mut words = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        let plain = plain_letter(character);
        if plain.is_ascii_alphanumeric() {
            // `acmeOrders` is two words.
            if plain.is_ascii_uppercase() && after_lower {
                words.push('-');
            }
            words.push(plain.to_ascii_lowercase());
        } else if !words.ends_with('-') {
            words.push('-');
        }
        after_lower = plain.is_ascii_lowercase() || plain.is_ascii_digit();
    }
    let words: String = words.trim_matches('-').chars().take(NAME_LENGTH_MAX - 7).collect();
    let words = words.trim_matches('-');
    match words {
        "" => "my-plugin".to_owned(),
        _ if !words.starts_with(|first: char| first.is_ascii_lowercase()) => {
            format!("plugin-{words}")
        }
        _ if fault(words).is_some() => format!("{words}-plugin"),
        _ => words.to_owned(),
    }
}

/// The letter without its accent, where shops that speak Latin languages have one.
fn plain_letter(letter: char) -> char {
    const ACCENTED: [(&str, char); 8] = [
        ("áàâãäåÁÀÂÃÄÅ", 'a'),
        ("éèêëÉÈÊË", 'e'),
        ("íìîïÍÌÎÏ", 'i'),
        ("óòôõöøÓÒÔÕÖØ", 'o'),
        ("úùûüÚÙÛÜ", 'u'),
        ("çÇ", 'c'),
        ("ñÑ", 'n'),
        ("ß", 's'),
    ];
    ACCENTED
        .iter()
        .find(|(letters, _)| letters.contains(letter))
        .map_or(letter, |(_, plain)| *plain)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{fault, nearest};

    #[test]
    fn a_bad_name_has_a_good_one_near_it() {
        for (bad, good) in [
            ("AcmeOrders", "acme-orders"),
            ("acme_orders", "acme-orders"),
            ("Café & Pão", "cafe-pao"),
            ("3pl", "plugin-3pl"),
            ("test", "test-plugin"),
            ("fn", "fn-plugin"),
            ("--a--b--", "a-b"),
            ("../../etc", "etc"),
            ("日本", "my-plugin"),
            ("", "my-plugin"),
        ] {
            assert!(fault(bad).is_some(), "{bad}");
            assert_eq!(nearest(bad), good);
            assert_eq!(fault(&nearest(bad)), None, "{bad}");
        }
        assert_eq!(fault(&nearest(&"x".repeat(300))), None);
        assert_eq!(fault("acme-orders-2"), None);
    }
}
