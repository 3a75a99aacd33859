//! The columns of a truth table: where an input goes, and where an output comes from.

use super::super::answer::Field;
use super::super::trial::Input;
use super::cell::{self, ABSENT, NULL};
use super::reason;
use crate::exact::{Pattern, edit};
use crate::plugin::Run;

/// A spec that makes no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing goes in, or nothing comes out.
    #[error("it needs at least one [[input]] with values and one [[output]]")]
    Empty,
    /// Two columns of one name.
    #[error("two columns are called `{0}`; give one of them another name")]
    Twice(String),
    /// Nobody could read it.
    #[error(
        "the values make {rows} rows, at most {max} can be read. Take fewer values, or two tables"
    )]
    TooMany {
        /// So many.
        rows: usize,
        /// The most.
        max: usize,
    },
    /// A column without values.
    #[error("the input `{0}` has no values")]
    NoValues(String),
    /// A place that is none.
    #[error(
        "`{0}` is no place of an input. Write a JSON Pointer into the payload (/status), @context/NAME, @context/previous_status or @settings/NAME"
    )]
    Place(String),
    /// A place that is not in the base input.
    #[error("`{0}` leads to nothing in the base payload or settings that could hold a value")]
    Nowhere(String),
    /// An output that is none.
    #[error(
        "`{0}` is no output. Write outcome, reason, status, ENTITY/POINTER (sale/state; * for each of a list), ENTITY@operation or ENTITY@key"
    )]
    Output(String),
}

/// Values go in here.
#[derive(Debug, Clone)]
pub struct InputColumn {
    name: String,
    at: String,
    place: Place,
    /// As people see them, with their JSON.
    values: Vec<String>,
    json: Vec<String>,
}

#[derive(Debug, Clone)]
enum Place {
    Payload,
    Settings,
    Context,
    PreviousStatus,
}

impl InputColumn {
    /// A column for a place, with its values as JSON.
    ///
    /// # Errors
    ///
    /// When the place is none, or there are no values.
    pub fn new(
        name: Option<&str>,
        at: &str,
        values: &[serde_json::Value],
    ) -> Result<Self, SpecError> {
        let place = match at.strip_prefix('@') {
            None => Place::Payload,
            Some("context/previous_status") => Place::PreviousStatus,
            Some(context) if context.starts_with("context/") => Place::Context,
            Some(settings) if settings.starts_with("settings/") => Place::Settings,
            Some(_) => return Err(SpecError::Place(at.to_owned())),
        };
        let pointer: Result<Pattern, _> =
            at.trim_start_matches('@').trim_start_matches("settings").parse();
        let payload_like = matches!(place, Place::Payload | Place::Settings);
        let fits = pointer.is_ok_and(|it| {
            !it.segments().is_empty() && !it.segments().iter().any(|segment| segment == "*")
        });
        if payload_like && !fits {
            return Err(SpecError::Place(at.to_owned()));
        }
        if values.is_empty() {
            return Err(SpecError::NoValues(at.to_owned()));
        }
        let shown = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => NULL.to_owned(),
            other => other.to_string(),
        };
        let json = |value: &serde_json::Value| match value.as_str() {
            Some(NULL) => "null".to_owned(),
            _ => value.to_string(),
        };
        Ok(Self {
            name: name.unwrap_or(at).to_owned(),
            at: at.to_owned(),
            place,
            values: values.iter().map(shown).collect(),
            json: values.iter().map(json).collect(),
        })
    }

    /// Its name in the header.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values as people see them.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The cell as JSON; none where it takes the place away. A cell that the spec does not list
    /// (a merchant added a row) is of the kind of those it lists.
    fn json_of(&self, cell: &str) -> Option<String> {
        if cell::read(cell) == ABSENT {
            return None;
        }
        let listed = self.values.iter().position(|value| cell::alike(value, cell));
        if let Some(json) = listed.and_then(|at| self.json.get(at)) {
            return Some(json.clone());
        }
        let cell = cell::read(cell);
        let text = self.json.iter().any(|json| json.starts_with('"'));
        let value = serde_json::from_str::<serde_json::Value>(cell);
        Some(match value {
            _ if cell == NULL => "null".to_owned(),
            Ok(_) if !text => cell.to_owned(),
            _ => serde_json::Value::String(cell.to_owned()).to_string(),
        })
    }

    /// The input with this cell in its place.
    pub(super) fn put(&self, mut input: Input, cell: &str) -> Result<Input, SpecError> {
        let nowhere = || SpecError::Nowhere(self.at.clone());
        let value = self.json_of(cell);
        let text = value
            .as_deref()
            .map(|json| serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()));
        match self.place {
            Place::Payload => {
                let payload = std::str::from_utf8(&input.payload).map_err(|_| nowhere())?;
                let changed =
                    edit::with(payload, &self.at, value.as_deref()).ok_or_else(nowhere)?;
                input.payload = changed.into();
            }
            Place::Settings => {
                let pointer = self.at.strip_prefix("@settings").unwrap_or_default();
                let changed = edit::with(&input.context.settings, pointer, value.as_deref());
                input.context.settings = changed.ok_or_else(nowhere)?.into();
            }
            Place::PreviousStatus => input.previous_status = text,
            Place::Context => {
                let context = &mut input.context;
                let name = self.at.strip_prefix("@context/").unwrap_or_default();
                match name {
                    "checkpoint" => context.checkpoint = text,
                    "source_version_time" => context.source_version_time = text,
                    "attempt" => {
                        context.attempt =
                            text.and_then(|it| it.parse().ok()).ok_or_else(nowhere)?;
                    }
                    _ => {
                        let field = match name {
                            "merchant" => &mut context.merchant,
                            "route" => &mut context.route,
                            "source" => &mut context.source,
                            "target" => &mut context.target,
                            "topic" => &mut context.topic,
                            "resource_key" => &mut context.resource_key,
                            "received_at" => &mut context.received_at,
                            _ => return Err(SpecError::Place(self.at.clone())),
                        };
                        *field = text.ok_or_else(nowhere)?;
                    }
                }
            }
        }
        Ok(input)
    }
}

/// Answers come from here.
#[derive(Debug, Clone)]
pub struct OutputColumn {
    name: String,
    at: String,
}

impl OutputColumn {
    /// A column for a part of the answer.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(name: Option<&str>, at: &str) -> Result<Self, SpecError> {
        let known = ["outcome", "reason", "status"].contains(&at) || at.contains(['/', '@']);
        if !known || at.starts_with('/') {
            return Err(SpecError::Output(at.to_owned()));
        }
        Ok(Self { name: name.unwrap_or(at).to_owned(), at: at.to_owned() })
    }

    /// Its name in the header.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands there; of several all, in their order.
    pub(super) fn take(&self, run: &Run, fields: &[Field]) -> String {
        match self.at.as_str() {
            "outcome" => return run.outcome.name().to_owned(),
            "reason" => return reason(run),
            "status" => return run.status.clone().unwrap_or_else(|| ABSENT.to_owned()),
            _ => {}
        }
        let here = |field: &&Field| field.at == self.at || field.folded == self.at;
        let values: Vec<_> = fields.iter().filter(here).map(|field| field.value.as_str()).collect();
        if values.is_empty() { ABSENT.to_owned() } else { values.join(" | ") }
    }
}
