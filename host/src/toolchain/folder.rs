//! A project folder that is not cargo's: what it is called, which world it is, where things go.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::BuildError;
use super::{BuildOptions, Language};

/// The worlds of the contract, as `wit/plugin.wit` has them.
const WORLDS: [&str; 7] = [
    "field-mapping-plugin",
    "pricing-plugin",
    "status-translation-plugin",
    "mapping-and-status-plugin",
    "mapping-and-pricing-plugin",
    "pricing-and-status-plugin",
    "complete-plugin",
];

/// A project's folder.
#[derive(Debug)]
pub(super) struct Folder {
    /// The folder itself, from the root.
    pub(super) dir: PathBuf,
    /// The plugin's name.
    pub(super) name: String,
    /// Which of the contract's worlds it is.
    pub(super) world: String,
    /// Where the component goes.
    pub(super) out_dir: PathBuf,
    /// Where tools are installed.
    pub(super) tools_dir: PathBuf,
}

/// What a package file says to us.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) name: String,
    pub(super) world: String,
}

impl Folder {
    /// Reads the package file of a project; `said` finds the two words in it.
    pub(super) fn read(
        dir: &Path,
        language: Language,
        options: &BuildOptions,
        said: impl FnOnce(&str) -> Result<Said, String>,
    ) -> Result<Self, BuildError> {
        let file = language.package_file();
        let path = dir.join(file);
        let dir = dir.canonicalize().map_err(|e| BuildError::file(dir, e))?;
        let text = fs::read_to_string(&path).map_err(|e| BuildError::file(&path, e))?;
        let not_a_project = |reason: String| BuildError::NotAProject { dir: dir.clone(), reason };
        let Said { name, world } =
            said(&text).map_err(|reason| not_a_project(format!("{file}: {reason}")))?;
        let words_fit = |it: &str| {
            it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if name.is_empty() || !words_fit(&name) {
            return Err(not_a_project(format!(
                "{file}: `{name}` cannot be a plugin's name: lower-case words joined by hyphens can"
            )));
        }
        if !WORLDS.contains(&world.as_str()) {
            return Err(not_a_project(format!(
                "{file}: the contract has no world `{world}`; it has {}",
                WORLDS.join(", ")
            )));
        }
        let (out_dir, tools_dir) = match &options.target_dir {
            Some(target) => {
                (target.join("mapwright"), target.join("mapwright/tools").join(language.word()))
            }
            None => (dir.join("target/mapwright"), dir.join(".mapwright")),
        };
        Ok(Self { dir, name, world, out_dir, tools_dir })
    }
}

/// What `plugin.toml` says, for languages whose own package file has no room for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginToml {
    language: Option<String>,
    pub(super) name: String,
    pub(super) world: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) summary: String,
    /// Whether the component keeps its debug information (C).
    #[serde(default)]
    pub(super) debug: bool,
}

/// Reads a `plugin.toml` that is to be in `language`.
pub(super) fn plugin_toml(text: &str, language: &str) -> Result<PluginToml, String> {
    let said: PluginToml = toml::from_str(text).map_err(|error| error.to_string())?;
    match &said.language {
        Some(other) if other != language => {
            Err(format!("it says `language = \"{other}\"`, and the folder is one of {language}"))
        }
        _ => Ok(said),
    }
}

/// The SDK of a language, as a project made by `mapwright new` carries it, or as the repository has it.
pub(super) fn sdk(project: &Path, language: &str) -> Result<PathBuf, BuildError> {
    let own = project.join("sdk/guest-sdk").join(language);
    let shared = project.ancestors().map(|folder| folder.join("guest-sdk").join(language));
    std::iter::once(own.clone()).chain(shared).find(|sdk| sdk.is_dir()).ok_or_else(|| {
        BuildError::NotAProject {
            dir: project.to_path_buf(),
            reason: format!(
                "the SDK is not in {}; `mapwright new NAME --lang {language}` makes a project that has it",
                own.display()
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worlds_are_those_of_the_contract() {
        let contract = include_str!("../../../wit/plugin.wit");
        let worlds = contract.lines().filter_map(|line| {
            line.strip_prefix("world ")?.strip_suffix(" {").filter(|it| *it != "plugin-base")
        });
        assert_eq!(worlds.collect::<Vec<_>>(), WORLDS);
    }
}
