//! What may differ: a merchant's own words.
//!
//! One rule is a subject and what it is allowed:
//!
//! ```text
//! unit_price <= 0.00               numbers may be written differently, and move by nothing
//! sale/lines/*/unit_price <= 0.01  by at most a cent, either way, each
//! total <= 0.5%                    by at most half a percent of what they were
//! /notes any                       whatever differs at /notes of any document, and below
//! sale@operation any               the operation of the sales; @checkpoint, @lines and so on likewise
//! outcome rejected -> mapped any   events that ended in one way and end in another; * is any of them
//! status processing -> * any       the target's status, from one to another
//! added invoice any                documents of an entity that only the second makes; or `removed`
//! fuel <= 1.5x                     the fuel of all together, for what it was
//! ```
//!
//! A bare name is the last name of a field, wherever it stands. In a file each rule is a line
//! `"unit_price" = "<= 0.00"`. What no rule allows stands in the way; fuel only when a rule asks.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::field::FieldTally;
use crate::exact::Pattern;

/// Rules are read by people; more than this is a program that went wrong.
const RULES_MAX: usize = 1000;

/// Names of outcomes, for hints.
const OUTCOMES: [&str; 10] = [
    "mapped",
    "skipped",
    "rejected",
    "not_ready",
    "trapped",
    "out_of_fuel",
    "deadline",
    "out_of_memory",
    "output_too_large",
    "bad_output",
];

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tolerance `{rule}` cannot be read: {message}")]
pub struct ToleranceError {
    /// The rule as given.
    pub rule: String,
    /// What is wrong with it and what to write instead.
    pub message: String,
}

/// What may differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Tolerances {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) subject: Subject,
    pub(super) allowed: Allowed,
    /// As written.
    pub(super) text: (String, String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    Outcome(String, String),
    Status(String, String),
    Document { entity: String, added: bool },
    Fuel,
    Field(FieldPattern),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldPattern {
    /// The last name of a field.
    Name(String),
    /// A place, in one entity or in any document.
    Place { entity: Option<String>, pattern: Pattern },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Allowed {
    Any,
    Writing,
    By(Decimal),
    Percent(Decimal),
    Times(Decimal),
}

impl Tolerances {
    /// Reads rules, one text each.
    ///
    /// # Errors
    ///
    /// The first rule that cannot be read.
    pub fn parse<T: AsRef<str>>(
        rules: impl IntoIterator<Item = T>,
    ) -> Result<Self, ToleranceError> {
        let rules: Vec<Rule> =
            rules.into_iter().map(|rule| rule.as_ref().parse()).collect::<Result<_, _>>()?;
        Self::of(rules)
    }

    /// These rules and those.
    ///
    /// # Errors
    ///
    /// When there are more than anybody could have meant.
    pub fn and(mut self, others: Self) -> Result<Self, ToleranceError> {
        self.rules.extend(others.rules);
        Self::of(self.rules)
    }

    fn of(rules: Vec<Rule>) -> Result<Self, ToleranceError> {
        if rules.len() > RULES_MAX {
            let message = format!("there are {} rules; the most is {RULES_MAX}", rules.len());
            return Err(ToleranceError { rule: "(all)".to_owned(), message });
        }
        Ok(Self { rules })
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl TryFrom<BTreeMap<String, String>> for Tolerances {
    type Error = ToleranceError;

    fn try_from(map: BTreeMap<String, String>) -> Result<Self, ToleranceError> {
        Self::parse(map.iter().map(|(subject, allowed)| format!("{subject} {allowed}")))
    }
}

impl From<Tolerances> for BTreeMap<String, String> {
    fn from(tolerances: Tolerances) -> Self {
        tolerances.rules.into_iter().map(|rule| rule.text).collect()
    }
}

impl FromStr for Rule {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let fault = |message: &str| ToleranceError {
            rule: text.trim().to_owned(),
            message: message.to_owned(),
        };
        let trimmed = text.trim();
        let (subject, allowed) = match trimmed.split_once("<=") {
            Some((subject, limit)) => (subject.trim(), format!("<= {}", limit.trim())),
            None => match trimmed.rsplit_once(char::is_whitespace) {
                Some((subject, word)) => (subject.trim(), word.to_owned()),
                None => {
                    return Err(fault(
                        "write what it is about and what it may do: `total any`, `total writing`, `total <= 0.01`",
                    ));
                }
            },
        };
        let allowed_is = allowance(&allowed).map_err(|message| fault(&message))?;
        let subject_is = subject_of(subject).map_err(|message| fault(&message))?;
        match (&subject_is, &allowed_is) {
            (Subject::Fuel, Allowed::Times(_)) | (Subject::Field(_), _)
                if !matches!(
                    (&subject_is, &allowed_is),
                    (Subject::Field(_), Allowed::Times(_))
                ) => {}
            (Subject::Fuel, _) => return Err(fault("write fuel as `fuel <= 1.5x`")),
            (Subject::Field(_), _) => {
                return Err(fault(
                    "only `fuel` is held to a factor; write a field as `total <= 0.01` or `total <= 1%`",
                ));
            }
            (_, Allowed::Any) => {}
            _ => {
                return Err(fault(
                    "outcomes, statuses and documents are allowed `any` or not at all",
                ));
            }
        }
        let text = (subject.to_owned(), allowed);
        Ok(Self { subject: subject_is, allowed: allowed_is, text })
    }
}

fn allowance(text: &str) -> Result<Allowed, String> {
    match text {
        "any" => return Ok(Allowed::Any),
        "writing" => return Ok(Allowed::Writing),
        _ => {}
    }
    let Some(limit) = text.strip_prefix("<= ") else {
        return Err(format!("`{text}` is neither `any`, `writing` nor `<= AMOUNT`"));
    };
    let number = |text: &str| {
        let number = text.trim().parse::<Decimal>().ok().filter(|number| *number >= Decimal::ZERO);
        number.ok_or_else(|| format!("`{limit}` is not an amount like 0.01, 1% or (for fuel) 1.5x"))
    };
    if let Some(percent) = limit.strip_suffix('%') {
        return Ok(Allowed::Percent(number(percent)?));
    }
    match limit.strip_suffix('x') {
        Some(times) => Ok(Allowed::Times(number(times)?)),
        None => Ok(Allowed::By(number(limit)?)),
    }
}

fn subject_of(text: &str) -> Result<Subject, String> {
    if text.is_empty() {
        return Err("it is about nothing; name a field".to_owned());
    }
    if text == "fuel" {
        return Ok(Subject::Fuel);
    }
    let Some((first, rest)) = text.split_once(char::is_whitespace) else {
        return field(text).map(Subject::Field);
    };
    let moved = || {
        rest.split_once("->")
            .map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()))
            .filter(|(from, to)| !from.is_empty() && !to.is_empty())
            .ok_or_else(|| format!("write `{first} FROM -> TO`, where * is any of them"))
    };
    match first {
        "outcome" => {
            let (from, to) = moved()?;
            for name in [&from, &to] {
                if name != "*" && !OUTCOMES.contains(&name.as_str()) {
                    return Err(format!("no outcome is called `{name}`: {}", OUTCOMES.join(", ")));
                }
            }
            Ok(Subject::Outcome(from, to))
        }
        "status" => moved().map(|(from, to)| Subject::Status(from, to)),
        "added" | "removed" => {
            let entity = rest.trim().to_owned();
            Ok(Subject::Document { entity, added: first == "added" })
        }
        _ => Err(format!(
            "`{text}` is not a field (`total`, `/lines/*/price`, `sale/total`), nor begins with outcome, status, added or removed"
        )),
    }
}

fn field(text: &str) -> Result<FieldPattern, String> {
    let pattern = |text: &str| text.parse::<Pattern>().map_err(|error| error.to_string());
    match text.split_once('/') {
        Some(("", _)) => Ok(FieldPattern::Place { entity: None, pattern: pattern(text)? }),
        Some((entity, rest)) => Ok(FieldPattern::Place {
            entity: Some(entity.to_owned()),
            pattern: pattern(&format!("/{rest}"))?,
        }),
        None if text.contains('@') => {
            Ok(FieldPattern::Place { entity: Some(text.to_owned()), pattern: pattern("")? })
        }
        None => Ok(FieldPattern::Name(text.to_owned())),
    }
}

impl FieldPattern {
    /// Whether it means this field, as a [`super::Place::field`] calls it.
    pub(super) fn means(&self, field: &str) -> bool {
        let (entity, rest) = field.split_once('/').unwrap_or((field, ""));
        let segments: Vec<String> = if rest.is_empty() {
            Vec::new()
        } else {
            rest.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
        };
        match self {
            Self::Name(name) => {
                segments.iter().rev().find(|segment| *segment != "*").is_some_and(|it| it == name)
            }
            Self::Place { entity: wanted, pattern } => {
                let here = match wanted {
                    Some(wanted) => wanted == entity,
                    None => !entity.contains('@'),
                };
                let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
                here && pattern.covers(&segments)
            }
        }
    }
}

impl Allowed {
    /// Whether all that is known of a field is allowed.
    pub(super) fn allows(&self, field: &FieldTally) -> bool {
        let only_numbers = field.added == 0 && field.removed == 0 && field.changed_words() == 0;
        match self {
            Self::Any => true,
            Self::Writing => only_numbers && field.changed == 0,
            Self::By(limit) => {
                let largest = field.moved.largest.as_ref();
                only_numbers && largest.is_none_or(|largest| largest.by.abs() <= *limit)
            }
            Self::Percent(limit) => {
                let largest = field.moved.largest_percent;
                only_numbers
                    && field.moved.from_zero == 0
                    && largest.is_none_or(|largest| largest <= *limit)
            }
            Self::Times(_) => false,
        }
    }
}
