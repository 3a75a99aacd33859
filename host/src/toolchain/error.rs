//! What can go wrong on the way from a project to a component, named for what the reader does next.

use std::path::{Path, PathBuf};

use super::find::Missing;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is nothing to build there.
    #[error("{} is no plugin project: {reason}", dir.display())]
    NotAProject {
        /// The folder.
        dir: PathBuf,
        /// What is missing, and what to do.
        reason: String,
    },
    /// Rust, or its wasm target, is not here. The text says what to type.
    #[error("{missing}")]
    ToolchainMissing {
        /// What there is and what there should be.
        missing: Missing,
    },
    /// The installation went through and the target is still not here.
    #[error("the installation ended well and did not help: {missing}")]
    StillMissing {
        /// What there is and what there should be.
        missing: Missing,
    },
    /// The installation failed.
    #[error("`{command}` failed: {reason}")]
    Install {
        /// What was run.
        command: String,
        /// The last of what it said.
        reason: String,
    },
    /// The project does not compile.
    #[error("the plugin does not compile{}", after(output))]
    Compile {
        /// What cargo said, when it was not shown as it came.
        output: String,
    },
    /// What was compiled is no plugin.
    #[error(
        "what was compiled cannot become a component: {reason}. Does the crate use \
         `mapwright_guest::export!` once, at its top level?"
    )]
    NotAComponent {
        /// The encoder's words.
        reason: String,
    },
    /// A file or program could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BuildError {
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_path_buf(), source }
    }
}

fn after(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(":\n{output}") }
}

/// The last lines of what a program said.
pub(super) fn tail(output: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(output);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}
