//! What must hold of every answer, whatever the plugin and its language: totals add up, the currency
//! is the shop's, nothing costs less than nothing.
//!
//! ```text
//!   [routes.orders.seatbelts] --> Seatbelts --fasten--> Belts --check(payload, run)--> Breach, ...
//! ```
//!
//! [`Seatbelts`] is what a merchant writes, and a ready set for the usual pairs of shop and target
//! stands behind it ([`Ready`]). [`Belts::check`] looks at what a run made and says what does not
//! hold, with the numbers that disagree. It is pure; what becomes of a breach is for the caller.
//!
//! A belt looks only at documents that are made or changed: one that is called off has no lines. It
//! costs a parse of the payload and of each document, some tens of microseconds for an order.

mod amounts;
mod place;
mod ready;
mod sets;
mod settings;
mod status;

use serde::Serialize;

use crate::event::{Document, Operation};
use crate::exact::Node;
use crate::plugin::{Outcome, Run};

pub use place::Place;
pub use ready::Ready;
pub use settings::{
    Currency, Prices, Quantities, Rate, Required, Schema, Seatbelts, Skus, StatusOf, Statuses,
    Totals,
};

/// Breaches told of one answer: a plugin that is wrong in each of a thousand lines is wrong once.
const BREACHES_MAX: usize = 50;

/// Settings that make no belt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("seatbelt {belt}: {message}")]
pub struct Fault {
    /// Which belt.
    pub belt: &'static str,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which belt: `totals`, `currency`, `quantities`, `prices`, `skus`, `required`, `schema`,
    /// `statuses`, `documents_max`, `rate`.
    pub belt: &'static str,
    /// The document's entity; empty where it is about the answer as a whole.
    pub entity: String,
    /// The document's key.
    pub key: String,
    /// Where in the document; empty for the whole of it.
    pub pointer: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub wanted: String,
    /// The same in a sentence, with both numbers.
    pub message: String,
}

/// What is known beside the answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'k> {
    /// The payload as received.
    pub payload: &'k [u8],
    /// The resource's status when it was last delivered, in the shop's words.
    pub previous_status: Option<&'k str>,
    /// The same in the target's words.
    pub previous_target_status: Option<&'k str>,
    /// Documents of the resource that were sent within the time of the rate guard; none where nobody
    /// has counted, and then nothing is guarded.
    pub sent: Option<u64>,
}

/// Belts, ready to be checked.
#[derive(Debug)]
pub struct Belts {
    settings: Seatbelts,
    schemas: Vec<(String, jsonschema::Validator)>,
}

impl Seatbelts {
    /// Makes belts of what a merchant wrote and the ready set behind it.
    ///
    /// # Errors
    ///
    /// When a schema is none, or numbers make no sense.
    pub fn fasten(&self) -> Result<Belts, Fault> {
        let settings = self.over_ready();
        settings.validate()?;
        let mut schemas = Vec::new();
        for schema in settings.schemas.iter().flatten() {
            let validator = jsonschema::validator_for(&schema.schema).map_err(|error| Fault {
                belt: "schemas",
                message: format!(
                    "the schema for `{}` is not a JSON Schema: {error}",
                    schema.entity
                ),
            })?;
            schemas.push((schema.entity.clone(), validator));
        }
        Ok(Belts { settings, schemas })
    }
}

impl Belts {
    /// What is being checked, the ready set included.
    #[must_use]
    pub fn settings(&self) -> &Seatbelts {
        &self.settings
    }

    /// What does not hold of a run; nothing of one that made no documents.
    #[must_use]
    pub fn check(&self, known: &Known<'_>, run: &Run) -> Vec<Breach> {
        let Outcome::Mapped { documents, .. } = &run.outcome else { return Vec::new() };
        let payload = std::str::from_utf8(known.payload).ok().and_then(Node::of);
        let mut breaches = Breaches::default();
        let settings = &self.settings;
        if let Some(max) = settings.documents_max
            && documents.len() as u64 > u64::from(max)
        {
            let (found, wanted) = (documents.len().to_string(), max.to_string());
            let message = format!("{found} documents of one event, at most {wanted} are expected");
            breaches.add("documents_max", None, "", found, wanted, message);
        }
        if let (Some(rate), Some(sent)) = (settings.rate, known.sent)
            && sent.saturating_add(documents.len() as u64) > u64::from(rate.documents)
        {
            let Rate { documents: most, window_s } = rate;
            let found = sent.saturating_add(documents.len() as u64).to_string();
            let message = format!(
                "{sent} documents of this resource were sent in {window_s} seconds; with these it would be {found}, at most {most} are allowed"
            );
            breaches.add("rate", None, "", found, most.to_string(), message);
        }
        if let Some(statuses) = &settings.statuses {
            status::check(statuses, known, run, &mut breaches);
        }
        for document in documents {
            if matches!(document.operation, Operation::Cancel | Operation::Delete) {
                continue;
            }
            let Some(body) = Node::of(document.body.get()) else { continue };
            let at = Looked { document, body: &body, payload: payload.as_ref() };
            for totals in settings.totals.iter().flatten() {
                amounts::totals(totals, &at, &mut breaches);
            }
            for quantities in settings.quantities.iter() {
                amounts::quantities(quantities, &at, &mut breaches);
            }
            for prices in settings.prices.iter() {
                amounts::prices(prices, &at, &mut breaches);
            }
            for currency in settings.currency.iter() {
                sets::currency(currency, &at, &mut breaches);
            }
            for skus in settings.skus.iter() {
                sets::skus(skus, &at, &mut breaches);
            }
            for required in settings.required.iter().flatten() {
                sets::required(required, &at, &mut breaches);
            }
            self.schemas(&at, &mut breaches);
        }
        breaches.0
    }

    fn schemas(&self, at: &Looked<'_, '_>, breaches: &mut Breaches) {
        for (_, schema) in self.schemas.iter().filter(|(entity, _)| at.is(entity)) {
            let Ok(body) = serde_json::from_str(at.document.body.get()) else { continue };
            for error in schema.iter_errors(&body).take(BREACHES_MAX) {
                let pointer = error.instance_path().to_string();
                let found = error.instance().to_string();
                let message = error.to_string();
                let wanted = error.kind().keyword().to_owned();
                breaches.add("schema", Some(at.document), &pointer, found, wanted, message);
            }
        }
    }
}

/// A document beside the payload it was made of.
struct Looked<'l, 'a> {
    document: &'l Document,
    body: &'l Node<'a>,
    payload: Option<&'l Node<'a>>,
}

impl Looked<'_, '_> {
    /// Whether a belt for this entity is about this document; an empty one is about any.
    fn is(&self, entity: &str) -> bool {
        entity.is_empty() || entity == self.document.entity
    }
}

/// What does not hold, so far.
#[derive(Debug, Default)]
struct Breaches(Vec<Breach>);

impl Breaches {
    fn add(
        &mut self,
        belt: &'static str,
        document: Option<&Document>,
        pointer: &str,
        found: String,
        wanted: String,
        message: String,
    ) {
        if self.0.len() < BREACHES_MAX {
            self.0.push(Breach {
                belt,
                entity: document.map(|it| it.entity.clone()).unwrap_or_default(),
                key: document.map(|it| it.key.clone()).unwrap_or_default(),
                pointer: pointer.to_owned(),
                found,
                wanted,
                message,
            });
        }
    }
}

#[cfg(test)]
mod tests;
