//! A golden case: a folder with a payload and what must come of it.
//!
//! ```text
//! payload.json                  as received
//! context.toml                  optional: merchant, topic, received_at …
//! settings.json                 optional: the route's settings (or settings.toml)
//! lookups/*.csv                 optional: the merchant's tables
//! previous-checkpoint(.json)    optional: what the plugin said last time
//! expected.json                 what must come of it, or
//! violations.json               why it must be rejected
//! ```
//!
//! Any other name is refused: a misspelt `expected.json` would otherwise pass unseen.

use std::path::{Path, PathBuf};

use super::input::{Unreadable, hint, read_object};
use super::{Case, Circumstances, read_checkpoint, tables_in, topic_beside};

const NAMES: [&str; 9] = [
    "payload.json",
    "context.toml",
    "settings.json",
    "settings.toml",
    "lookups",
    "previous-checkpoint",
    "previous-checkpoint.json",
    "expected.json",
    "violations.json",
];

/// Where a case says what must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// `expected.json` or `violations.json`.
    File(PathBuf),
    /// Nowhere yet.
    Missing,
}

/// A folder that holds a case.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The folder.
    pub(crate) path: PathBuf,
    /// What a run is given.
    pub(crate) case: Case,
    /// What must come of it.
    pub(crate) expected: Expected,
}

impl Folder {
    /// Reads a case folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let failed = |source| Unreadable::File { path: path.to_owned(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            // Editors and file managers leave hidden files about.
            if name.starts_with('.') {
                continue;
            }
            match NAMES.iter().find(|known| **known == name) {
                Some(known) => found.push(*known),
                None => {
                    return Err(Unreadable::sense(
                        &path.join(&name),
                        format!("does not belong in a case folder; {}", hint(&name, &NAMES)),
                    ));
                }
            }
        }
        let one_of = |left, right| match (found.contains(&left), found.contains(&right)) {
            (true, true) => Err(Unreadable::sense(
                path,
                format!("has both {left} and {right}; keep the one that is meant"),
            )),
            (true, false) => Ok(Some(path.join(left))),
            (false, true) => Ok(Some(path.join(right))),
            (false, false) => Ok(None),
        };
        if !found.contains(&"payload.json") {
            return Err(Unreadable::sense(path, "has no payload.json; a case needs one"));
        }

        let mut case = Case::of(&path.join("payload.json"))?;
        if found.contains(&"context.toml") {
            case.circumstances = Circumstances::read(&path.join("context.toml"))?;
        }
        if case.circumstances.topic.is_none() {
            case.circumstances.topic = topic_beside(&case.payload_file);
        }
        if let Some(settings) = one_of("settings.json", "settings.toml")? {
            case.settings = read_object(&settings)?;
        }
        if let Some(file) = one_of("previous-checkpoint", "previous-checkpoint.json")? {
            case.previous_checkpoint = Some(read_checkpoint(&file)?);
        }
        case.lookups = tables_in(&path.join("lookups"))?;
        let expected =
            one_of("expected.json", "violations.json")?.map_or(Expected::Missing, Expected::File);
        Ok(Self { path: path.to_owned(), case, expected })
    }
}

/// The case folders of a folder of cases, in the order of their names; the folder itself where it is one
/// case.
pub(crate) fn folders_in(root: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    if root.join("payload.json").is_file() {
        return Ok(vec![root.to_owned()]);
    }
    let failed = |source| Unreadable::File { path: root.to_owned(), source };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.path().is_dir() && !hidden {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_file_is_refused_with_the_name_that_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("payload.json"), "{}").unwrap();
        std::fs::write(folder.path().join("expectd.json"), "{}").unwrap();
        let error = Folder::read(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("did you mean `expected.json`?"), "{error}");
    }

    #[test]
    fn two_expectations_are_one_too_many() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["payload.json", "expected.json", "violations.json"] {
            std::fs::write(folder.path().join(name), "{}").unwrap();
        }
        let error = Folder::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("both expected.json and violations.json"), "{error}");
    }
}
