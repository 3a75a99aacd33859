//! Which language a plugin project is written in, by the package file that its people have.

use std::fmt;
use std::path::Path;

use super::error::BuildError;

/// A language with a recipe of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum Language {
    /// cargo, `wasm32-unknown-unknown`.
    Rust,
    /// npm, QuickJS.
    TypeScript,
    /// TypeScript's template without types.
    JavaScript,
    /// A venv, CPython.
    Python,
    /// clang, or zig as one.
    C,
    /// Go's own compiler, `wasip1`.
    Go,
}

impl Language {
    /// Its word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::TypeScript => "typescript",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::C => "c",
            Self::Go => "go",
        }
    }

    /// The file by which a project of it is known.
    fn known_by(self) -> &'static str {
        match self {
            Self::Go => "go.mod",
            other => other.package_file(),
        }
    }

    /// The file that says what the plugin is called.
    pub(super) fn package_file(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::TypeScript | Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
            Self::C | Self::Go => "plugin.toml",
        }
    }

    /// The language of the project in `dir`. What has `go.mod` and `plugin.toml` is Go.
    pub(super) fn of(dir: &Path) -> Result<Self, BuildError> {
        const ORDER: [Language; 5] =
            [Language::Rust, Language::TypeScript, Language::Python, Language::Go, Language::C];
        let found = ORDER.into_iter().find(|language| dir.join(language.known_by()).is_file());
        found.ok_or_else(|| {
            let files: Vec<_> =
                ORDER.iter().map(|it| format!("{} ({})", it.known_by(), it.word())).collect();
            BuildError::NotAProject {
                dir: dir.to_path_buf(),
                reason: format!(
                    "there is none of {}; `mapwright new NAME --lang LANGUAGE` makes a project",
                    files.join(", ")
                ),
            }
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
