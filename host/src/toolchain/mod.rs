//! Compiling a plugin project to a component, with whatever Rust this machine has.
//!
//! [`build_plugin`] asks cargo what the project is, finds a Rust that can compile to wasm32
//! ([`find`]), installs one when asked to ([`install`]), compiles
//! ([`compile`]) and wraps the module as a component. It knows nothing of the rest of
//! the host. Costs: a minute or two the first time in a target folder, seconds after; several calls
//! at once wait for each other.

mod compile;
mod error;
mod find;
mod install;
mod project;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use error::BuildError;
pub use find::Toolchain;

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// Install what is missing instead of saying what it is.
    pub install_toolchain: bool,
    /// Say nothing on stderr; what cargo said is in the error.
    pub quiet: bool,
    /// Where cargo keeps its target folder, instead of where the project would have it. Projects
    /// that share one compile the standard library once.
    pub target_dir: Option<PathBuf>,
}

/// What a build made.
#[derive(Debug, Clone)]
pub struct Built {
    /// The component.
    pub path: PathBuf,
    /// The plugin's package name.
    pub name: String,
    /// The component's size.
    pub bytes: u64,
    /// Which Rust compiled it, for people.
    pub toolchain: String,
    /// How long it took, waiting for other builds included.
    pub duration: Duration,
}

/// Compiles the plugin project in `dir` to a component.
///
/// # Errors
/// See [`BuildError`]; each says what to do.
pub fn build_plugin(dir: &Path, options: &BuildOptions) -> Result<Built, BuildError> {
    let started = Instant::now();
    let project = project::read(dir, options.target_dir.as_deref())?;
    let toolchain = match find::find(dir) {
        Ok(toolchain) => toolchain,
        Err(_) if options.install_toolchain => {
            install::install(dir, options.quiet)?;
            find::find(dir).map_err(|missing| BuildError::StillMissing { missing })?
        }
        Err(missing) => return Err(BuildError::ToolchainMissing { missing }),
    };
    fs::create_dir_all(&project.out_dir).map_err(|e| BuildError::file(&project.out_dir, e))?;
    let _one_at_a_time = lock(&project.out_dir.join(".lock"))?;
    if !options.quiet {
        anstream::eprintln!("compiling {} with {}", project.name, toolchain.description());
    }
    let module = compile::compile(&project, &toolchain, options.quiet)?;
    let component = compile::componentize(&module)?;
    let path = project.out_dir.join(format!("{}.wasm", project.name));
    replace(&path, &component)?;
    Ok(Built {
        path,
        name: project.name,
        bytes: component.len() as u64,
        toolchain: toolchain.description(),
        duration: started.elapsed(),
    })
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
