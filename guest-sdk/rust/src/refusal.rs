//! Saying no: where in the payload, why, and whether it is worth trying again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One fault in the payload, placed exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) into the payload; empty for the whole of it.
    pub pointer: String,
    /// A short, stable word for machines (`sku_missing`).
    pub code: String,
    /// One sentence for the person who has to mend it.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The payload will never map as it stands.
    Rejected(Vec<Violation>),
    /// It may map later, for this reason; the host tries again.
    NotReady(String),
}

impl Refusal {
    /// A rejection for one fault.
    #[must_use]
    pub fn rejected(
        pointer: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::Rejected(vec![Violation {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }])
    }

    /// "Try again later", with the reason.
    #[must_use]
    pub fn not_ready(reason: impl Into<String>) -> Self {
        Self::NotReady(reason.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady(reason) => write!(f, "not ready: {reason}"),
            Self::Rejected(violations) => {
                f.write_str("rejected")?;
                violations
                    .iter()
                    .try_for_each(|v| write!(f, "; {} at `{}`: {}", v.code, v.pointer, v.message))
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Collects faults, so that a merchant hears of all of them at once.
///
/// ```
/// use mapwright_guest::Violations;
///
/// let mut violations = Violations::new();
/// let mut lines = violations.at("line_items");
/// lines.index(3).field("sku").push("sku_missing", "line 4 has no SKU");
/// let refusal = violations.finish().unwrap_err();
/// assert_eq!(refusal.to_string(), "rejected; sku_missing at `/line_items/3/sku`: line 4 has no SKU");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The scope of a field of the payload.
    pub fn at(&mut self, field: &str) -> Scope<'_> {
        self.root().into_field(field)
    }

    /// The scope of the payload as a whole.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { found: &mut self.0, pointer: String::new() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Ends the collection: a rejection when there is any fault.
    ///
    /// # Errors
    /// [`Refusal::Rejected`] with the faults found.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Rejected(self.0)) }
    }
}

/// A place in the payload. Go deeper with [`Scope::field`] and [`Scope::index`], report a fault with
/// [`Scope::push`].
#[derive(Debug)]
pub struct Scope<'a> {
    found: &'a mut Vec<Violation>,
    pointer: String,
}

impl<'a> Scope<'a> {
    fn into_field(mut self, name: &str) -> Self {
        self.pointer.push('/');
        self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self
    }

    /// A field of the object here.
    pub fn field(&mut self, name: &str) -> Scope<'_> {
        Scope { found: self.found, pointer: self.pointer.clone() }.into_field(name)
    }

    /// An element of the list here, from 0.
    pub fn index(&mut self, index: usize) -> Scope<'_> {
        Scope { found: self.found, pointer: format!("{}/{index}", self.pointer) }
    }

    /// Where this is, as a JSON Pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Reports a fault here.
    pub fn push(&mut self, code: impl Into<String>, message: impl Into<String>) {
        self.found.push(Violation {
            pointer: self.pointer.clone(),
            code: code.into(),
            message: message.into(),
        });
    }
}
