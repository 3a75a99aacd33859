//! Rust: cargo, for `wasm32-unknown-unknown`, with whatever Rust this machine has.
//!
//! [`project`] asks cargo what the folder is, [`find`] looks for a Rust that can compile to wasm32,
//! [`install`] gets one, [`compile`] runs cargo. A minute or two the first time in a target folder,
//! seconds after.

mod compile;
mod find;
mod install;
mod project;

use std::path::Path;

use super::error::BuildError;
use super::{BuildOptions, Compiled, Project, component};

/// What it is, mostly, when there is no component.
const HINT: &str = "Does the crate use `mapwright_guest::export!` once, at its top level?";

/// A plugin project of cargo's.
pub(super) struct Cargo {
    project: project::Project,
    dir: std::path::PathBuf,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<Cargo, BuildError> {
    let project = project::read(dir, options.target_dir.as_deref())?;
    Ok(Cargo { project, dir: dir.to_path_buf() })
}

impl Project for Cargo {
    fn name(&self) -> &str {
        &self.project.name
    }

    fn out_dir(&self) -> &Path {
        &self.project.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let toolchain = match find::find(&self.dir) {
            Ok(toolchain) => toolchain,
            Err(_) if options.install_toolchain => {
                install::install(&self.dir, options.quiet)?;
                find::find(&self.dir)
                    .map_err(|missing| BuildError::StillMissing { missing: missing.to_string() })?
            }
            Err(missing) => {
                return Err(BuildError::ToolchainMissing { missing: missing.to_string() });
            }
        };
        super::say(options, &self.project.name, &toolchain.description());
        let module = compile::compile(&self.project, &toolchain, options.quiet)?;
        let component = component::componentize(&module, HINT)?;
        Ok(Compiled { component, toolchain: toolchain.description() })
    }
}
