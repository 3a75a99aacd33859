//! Compiling a plugin project to a component, with the tools of its own language.
//!
//! ```text
//!   language    which one, by its package file
//!      |
//!   rust  javascript  python  c  go     a recipe each: what is found, installed, run
//!      |                  \      |  /
//!   debian               venv    |     where their tools come from
//!                        merge   |     Python's dozen modules become one
//!      \____________ component _/      a core module gets its world's type, and becomes a component
//! ```
//! [`build_plugin`] is the way in. It knows nothing of the rest of the host. Tools are pinned, and installed
//! into a place of the project's own when asked to; nothing is global but Debian's packages. The first build
//! takes from seconds (C) to minutes (Rust, where its standard library is compiled), the next ones what
//! changed. Builds that share a folder wait for each other.

mod c;
mod component;
mod debian;
mod error;
mod folder;
mod go;
mod javascript;
mod language;
mod merge;
mod program;
mod python;
mod rust;
mod snapshot;
mod venv;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use error::BuildError;
pub use language::Language;

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// Install what is missing instead of saying what it is.
    pub install_toolchain: bool,
    /// Say nothing on stderr; what the compiler said is in the error.
    pub quiet: bool,
    /// Where everything goes that a build makes and keeps, instead of where the project would have it.
    /// Projects that share one install their tools and compile their standard library once.
    pub target_dir: Option<PathBuf>,
}

/// What a build made.
#[derive(Debug, Clone)]
pub struct Built {
    /// The component.
    pub path: PathBuf,
    /// The plugin's package name.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The component's size.
    pub bytes: u64,
    /// What compiled it, for people.
    pub toolchain: String,
    /// How long it took, waiting for other builds included.
    pub duration: Duration,
}

/// A plugin project of some language.
trait Project {
    /// Its package name.
    fn name(&self) -> &str;
    /// Where its component goes.
    fn out_dir(&self) -> &Path;
    /// Makes the component.
    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError>;
}

/// What a recipe gives.
struct Compiled {
    component: Vec<u8>,
    /// With what it was made, for people.
    toolchain: String,
}

/// Whether there is a project of some language in `dir`.
#[must_use]
pub fn is_project(dir: &Path) -> bool {
    Language::of(dir).is_ok()
}

/// Compiles the plugin project in `dir` to a component.
///
/// # Errors
/// See [`BuildError`]; each says what to do.
pub fn build_plugin(dir: &Path, options: &BuildOptions) -> Result<Built, BuildError> {
    let started = Instant::now();
    let language = Language::of(dir)?;
    let project: Box<dyn Project> = match language {
        Language::Rust => Box::new(rust::open(dir, options)?),
        Language::Python => Box::new(python::open(dir, options)?),
        Language::TypeScript | Language::JavaScript => Box::new(javascript::open(dir, options)?),
        Language::Go => Box::new(go::open(dir, options)?),
        Language::C => Box::new(c::open(dir, options)?),
    };
    let out_dir = project.out_dir();
    fs::create_dir_all(out_dir).map_err(|e| BuildError::file(out_dir, e))?;
    let _one_at_a_time = lock(&out_dir.join(".lock"))?;
    let Compiled { component, toolchain } = project.compile(options)?;
    let path = out_dir.join(format!("{}.wasm", project.name()));
    replace(&path, &component)?;
    Ok(Built {
        path,
        name: project.name().to_owned(),
        language,
        bytes: component.len() as u64,
        toolchain,
        duration: started.elapsed(),
    })
}

/// Says on stderr what is about to happen.
fn say(options: &BuildOptions, name: &str, toolchain: &str) {
    if !options.quiet {
        anstream::eprintln!("compiling {name} with {toolchain}");
    }
}

/// Holds a lock file until dropped, so that builds that share a folder go one after the other.
fn lock(path: &Path) -> Result<fs::File, BuildError> {
    let file = fs::File::create(path).map_err(|e| BuildError::file(path, e))?;
    file.lock().map_err(|e| BuildError::file(path, e))?;
    Ok(file)
}

/// Writes beside and renames, so that whoever watches the file never sees half of it; leaves an
/// equal file alone, so that nobody reloads for nothing.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let beside = path.with_extension("wasm.tmp");
    fs::write(&beside, bytes).map_err(|e| BuildError::file(&beside, e))?;
    fs::rename(&beside, path).map_err(|e| BuildError::file(path, e))
}
