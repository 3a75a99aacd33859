//! What can go wrong on the way from a project to a component, named for what the reader does next.

use std::path::{Path, PathBuf};

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
    /// A compiler or tool is not here, or too old. The text says what to type.
    #[error("{missing}")]
    ToolchainMissing {
        /// What there is and what there should be.
        missing: String,
    },
    /// The installation went through and the target is still not here.
    #[error("the installation ended well and did not help: {missing}")]
    StillMissing {
        /// What there is and what there should be.
        missing: String,
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
    #[error("what was compiled cannot become a component: {reason}. {hint}")]
    NotAComponent {
        /// The encoder's words.
        reason: String,
        /// What it may be, in this language.
        hint: &'static str,
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
