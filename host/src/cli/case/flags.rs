//! The flags by which a command is told what surrounds a payload; the same for every command that
//! runs plugins on files.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::input::{self, Unreadable};
use super::{Case, Circumstances, read_checkpoint, tables_in, topic_beside};

/// What surrounds the payload.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CaseFlags {
    /// The topic in the source's words; by default what a captured `.headers` file beside the
    /// payload says, else `order.updated`.
    #[arg(long)]
    topic: Option<String>,
    /// The route's settings, JSON or TOML.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A lookup table; may be given many times.
    #[arg(long, value_name = "NAME=FILE.csv", value_parser = lookup)]
    lookup: Vec<(String, PathBuf)>,
    /// A folder of lookup tables, NAME.csv each.
    #[arg(long, value_name = "DIR")]
    lookups: Option<PathBuf>,
    /// What the plugin returned as checkpoint the last time.
    #[arg(long, value_name = "FILE")]
    previous_checkpoint: Option<PathBuf>,
    /// Everything else a plugin may know, as TOML: merchant, route, source, target, received_at,
    /// attempt, previous_status, attributes and so on.
    #[arg(long, value_name = "FILE.toml")]
    context: Option<PathBuf>,
}

/// The same, read from the files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    topic: Option<String>,
    settings: Option<Map<String, Value>>,
    /// The tables of a folder stand in for all that a case has of its own.
    folder: Option<Vec<(String, PathBuf)>>,
    lookups: Vec<(String, PathBuf)>,
    checkpoint: Option<String>,
    circumstances: Option<Circumstances>,
}

impl CaseFlags {
    /// The settings, where they are named.
    pub(crate) fn settings(&self) -> Result<Option<Map<String, Value>>, Unreadable> {
        self.settings.as_deref().map(input::read_object).transpose()
    }

    /// Reads what the flags name, once for all payloads.
    pub(crate) fn read(&self) -> Result<Surroundings, Unreadable> {
        let folder = match &self.lookups {
            Some(folder) if !folder.is_dir() => {
                return Err(Unreadable::sense(folder, "is not a folder; --lookups takes one"));
            }
            Some(folder) => Some(tables_in(folder)?),
            None => None,
        };
        for (at, (name, file)) in self.lookup.iter().enumerate() {
            if self.lookup.iter().take(at).any(|(before, _)| before == name) {
                return Err(Unreadable::sense(
                    file,
                    format!("--lookup says the table `{name}` twice; say it once"),
                ));
            }
        }
        let checkpoint = self.previous_checkpoint.as_deref().map(read_checkpoint).transpose()?;
        Ok(Surroundings {
            topic: self.topic.clone(),
            settings: self.settings()?,
            folder,
            lookups: self.lookup.clone(),
            checkpoint,
            circumstances: self.context.as_deref().map(Circumstances::read).transpose()?,
        })
    }
}

impl Surroundings {
    /// Puts them around a case; what the flags do not say stays as the case has it.
    pub(crate) fn put_around(&self, case: &mut Case) {
        if let Some(circumstances) = &self.circumstances {
            case.circumstances = circumstances.clone();
        }
        if self.topic.is_some() {
            case.circumstances.topic.clone_from(&self.topic);
        }
        if case.circumstances.topic.is_none() {
            case.circumstances.topic = topic_beside(&case.payload_file);
        }
        if let Some(settings) = &self.settings {
            case.settings.clone_from(settings);
        }
        if let Some(tables) = &self.folder {
            case.lookups.clone_from(tables);
        }
        for (name, file) in &self.lookups {
            // A table named on the command line stands in for the folder's.
            case.lookups.retain(|(known, _)| known != name);
            case.lookups.push((name.clone(), file.clone()));
        }
        if self.checkpoint.is_some() {
            case.previous_checkpoint.clone_from(&self.checkpoint);
        }
    }
}

/// `NAME=FILE.csv`.
pub(crate) fn lookup(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(file)))
        }
        _ => Err("write NAME=FILE.csv, where NAME is the table's name in the plugin".to_owned()),
    }
}
