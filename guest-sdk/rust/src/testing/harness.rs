//! One native run of a plugin.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::stage::{self, Table};
use crate::export::{Exported, Exports};
use crate::log::Level;
use crate::money;
use crate::{Context, Document, Mapped, MappingInput, PriceLine, Refusal, SourceStatus, Violation};

/// Sets up native runs of a plugin; see the module's head.
///
/// Its methods panic on files that cannot be read and tables that are no CSV: it is for tests.
#[derive(Debug, Clone)]
pub struct Harness {
    exported: Exported,
    context: Context,
    payload: String,
    previous_status: Option<String>,
    status: Option<String>,
    lines: Vec<PriceLine>,
    tables: BTreeMap<String, Table>,
}

impl Harness {
    /// For the plugin `P`, with a context in which nothing is remarkable.
    #[must_use]
    pub fn of<P: Exports>() -> Self {
        Self::exported(P::EXPORTED)
    }

    pub(super) fn exported(exported: Exported) -> Self {
        let context = Context {
            merchant: "acme".to_owned(),
            route: "orders".to_owned(),
            source: "shop".to_owned(),
            target: "erp".to_owned(),
            topic: "order.updated".to_owned(),
            event_id: "019fa000-0000-7000-8000-000000000001".to_owned(),
            correlation_id: "019fa000-0000-7000-8000-000000000001".to_owned(),
            attempt: 1,
            settings: "{}".to_owned(),
            ..Context::default()
        };
        Self {
            exported,
            context,
            payload: "{}".to_owned(),
            previous_status: None,
            status: None,
            lines: Vec::new(),
            tables: BTreeMap::new(),
        }
    }

    /// The payload, JSON text.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = payload.into();
        self
    }

    /// The payload from a file.
    #[must_use]
    pub fn payload_file(self, path: impl AsRef<Path>) -> Self {
        let text = read(path.as_ref());
        self.payload(text)
    }

    /// The route's settings, JSON text.
    #[must_use]
    pub fn settings(mut self, settings: impl Into<String>) -> Self {
        self.context.settings = settings.into();
        self
    }

    /// A lookup table, CSV text with a header.
    #[must_use]
    pub fn lookup(mut self, name: &str, csv: &str) -> Self {
        let table = stage::table(csv).unwrap_or_else(|e| panic!("lookup table `{name}`: {e}"));
        self.tables.insert(name.to_owned(), table);
        self
    }

    /// A lookup table from a CSV file, named after the file.
    #[must_use]
    pub fn lookup_file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.lookup(&name, &read(path))
    }

    /// What the plugin gave as checkpoint the last time.
    #[must_use]
    pub fn checkpoint(mut self, checkpoint: impl Into<String>) -> Self {
        self.context.checkpoint = Some(checkpoint.into());
        self
    }

    /// The topic; `order.updated` until this is called.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.context.topic = topic.into();
        self
    }

    /// Anything else of the context. What is left empty follows from the payload.
    #[must_use]
    pub fn context(mut self, change: impl FnOnce(&mut Context)) -> Self {
        change(&mut self.context);
        self
    }

    /// The source's status when the resource was last delivered.
    #[must_use]
    pub fn previous_status(mut self, status: impl Into<String>) -> Self {
        self.previous_status = Some(status.into());
        self
    }

    /// The target's status, as another plugin of the route would have translated it.
    #[must_use]
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// The priced lines, as another plugin of the route would have priced them.
    #[must_use]
    pub fn lines(mut self, lines: Vec<PriceLine>) -> Self {
        self.lines = lines;
        self
    }

    /// The context as the plugin will see it.
    #[must_use]
    pub fn to_context(&self) -> Context {
        let payload: Value = serde_json::from_str(&self.payload).unwrap_or(Value::Null);
        let mut context = self.context.clone();
        if context.resource_key.is_empty() {
            context.resource_key = resource_key(&context.topic, &self.payload);
        }
        if context.source_version_time.is_none() {
            context.source_version_time = payload
                .get("date_modified_gmt")
                .and_then(Value::as_str)
                .map(|time| format!("{}Z", time.trim_end_matches('Z')));
        }
        if context.received_at.is_empty() {
            context.received_at = context
                .source_version_time
                .clone()
                .unwrap_or_else(|| "2026-01-01T00:00:00Z".to_owned());
        }
        context
    }

    /// Walks the road: status translation, pricing and field mapping, as far as exported.
    #[must_use]
    pub fn run(&self) -> Run {
        let (mut run, logs) = stage::play(&self.tables, || self.walk());
        run.logs = logs;
        run
    }

    /// Does `work` of yours where the plugin's lookups find these tables: for calling a plugin's
    /// functions directly, as benchmarks do.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        stage::play(&self.tables, work).0
    }

    fn walk(&self) -> Run {
        let context = self.to_context();
        let mut run = Run {
            outcome: Outcome::Mapped { documents: Vec::new(), checkpoint: None },
            status: self.status.clone(),
            lines: self.lines.clone(),
            logs: Vec::new(),
        };
        let payload: Value = serde_json::from_str(&self.payload).unwrap_or(Value::Null);
        if let (Some(translate), Some(status)) =
            (self.exported.status_translation, source_status(&context, &payload, self))
        {
            match translate(&context, &status) {
                Ok(translated) => run.status = translated,
                Err(refusal) => return run.refused(refusal),
            }
        }
        if let Some(reprice) = self.exported.pricing {
            let lines = if self.lines.is_empty() {
                price_lines(&context, &payload)
            } else {
                self.lines.clone()
            };
            match reprice(&context, lines) {
                Ok(lines) => run.lines = lines,
                Err(refusal) => return run.refused(refusal),
            }
        }
        if let Some(transform) = self.exported.field_mapping {
            let input = MappingInput {
                payload: self.payload.clone(),
                status: run.status.clone(),
                lines: run.lines.clone(),
                attributes: Vec::new(),
            };
            match transform(&context, &input) {
                Ok(Mapped::Documents { documents, checkpoint }) => {
                    run.outcome = Outcome::Mapped { documents, checkpoint };
                }
                Ok(Mapped::Skipped(reason)) => run.outcome = Outcome::Skipped { reason },
                Err(refusal) => return run.refused(refusal),
            }
        }
        run
    }
}

/// How a native run ended, in the words of `mapwright dry-run`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// There is something to deliver.
    Mapped {
        /// In delivery order.
        documents: Vec<Document>,
        /// What the plugin wants back next time.
        checkpoint: Option<String>,
    },
    /// There is rightly nothing to deliver.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The payload will never map as it stands.
    Rejected {
        /// Where and why.
        violations: Vec<Violation>,
    },
    /// It may map later.
    NotReady {
        /// Why not now.
        reason: String,
    },
}

impl Outcome {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mapped { .. } => "mapped",
            Self::Skipped { .. } => "skipped",
            Self::Rejected { .. } => "rejected",
            Self::NotReady { .. } => "not_ready",
        }
    }
}

/// What a native run gave.
#[derive(Debug, Clone)]
pub struct Run {
    /// How it ended.
    pub outcome: Outcome,
    /// The target's status.
    pub status: Option<String>,
    /// The priced lines.
    pub lines: Vec<PriceLine>,
    /// What the plugin logged.
    pub logs: Vec<(Level, String)>,
}

impl Run {
    fn refused(mut self, refusal: Refusal) -> Self {
        self.outcome = match refusal {
            Refusal::Rejected(violations) => Outcome::Rejected { violations },
            Refusal::NotReady(reason) => Outcome::NotReady { reason },
        };
        self
    }

    /// The documents.
    ///
    /// # Panics
    /// When the run did not map.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        match &self.outcome {
            Outcome::Mapped { documents, .. } => documents,
            other => panic!("nothing was mapped: {}", self_describing(other)),
        }
    }

    /// The body of the first document of that entity.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn body(&self, entity: &str) -> Value {
        let document = self.documents().iter().find(|d| d.entity == entity);
        let document =
            document.unwrap_or_else(|| panic!("there is no document of entity `{entity}`"));
        serde_json::from_str(document.body.get()).expect("a body is JSON")
    }

    /// The violations.
    ///
    /// # Panics
    /// When the run was not rejected.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match &self.outcome {
            Outcome::Rejected { violations } => violations,
            other => panic!("nothing was rejected: {}", self_describing(other)),
        }
    }

    /// The run as `mapwright dry-run --json` would say it, without usage and plugin.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(&self.outcome).expect("an outcome is JSON");
        json["status"] = json!(self.status);
        json["lines"] = json!(self.lines);
        json
    }
}

fn self_describing(outcome: &Outcome) -> String {
    serde_json::to_string_pretty(outcome).unwrap_or_default()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What the host would call what a payload is about. Ids are taken as text: they may be longer than
/// any number a computer has.
fn resource_key(topic: &str, payload: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Top<'p> {
        #[serde(borrow, default)]
        id: Option<&'p RawValue>,
        #[serde(borrow, default)]
        arg: Option<&'p RawValue>,
    }
    let top = serde_json::from_str(payload).unwrap_or(Top { id: None, arg: None });
    let id = top.id.or(top.arg).map(RawValue::get).unwrap_or_default();
    let id = match id.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => id.to_owned(),
        Some(b'"') => serde_json::from_str(id).unwrap_or_default(),
        _ => String::new(),
    };
    let resource = match topic.split_once('.') {
        Some(("action", _)) => topic,
        Some((resource, _)) => resource,
        None => topic,
    };
    format!("{resource}/{}", if id.is_empty() { "0" } else { id.as_str() })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What the host would ask a status translation about this payload.
fn source_status(context: &Context, payload: &Value, harness: &Harness) -> Option<SourceStatus> {
    if !context.topic.starts_with("order.") {
        return None;
    }
    let status = payload.get("status").and_then(Value::as_str)?;
    let names = ["payment_method", "date_paid_gmt", "customer_id", "currency", "created_via"];
    Some(SourceStatus {
        entity: "order".to_owned(),
        status: status.to_owned(),
        previous_status: harness.previous_status.clone(),
        attributes: present(payload, &names),
    })
}

/// The lines the host would have priced of this payload.
fn price_lines(context: &Context, payload: &Value) -> Vec<PriceLine> {
    if !context.topic.starts_with("order.") {
        return Vec::new();
    }
    let currency = payload.get("currency").map(plain).unwrap_or_default();
    let role = ["_customer_role", "customer_role"].into_iter().find_map(|key| {
        let meta = payload.get("meta_data")?.as_array()?;
        let entry = meta.iter().find(|entry| entry.get("key").is_some_and(|k| k == key))?;
        entry.get("value").map(plain)
    });
    let items = payload.get("line_items").and_then(Value::as_array).cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| {
            let text = |name: &str| item.get(name).map(plain).unwrap_or_default();
            let number = |name: &str| money::parse(&text(name)).unwrap_or_default();
            let quantity = number("quantity");
            let unit_price = number("subtotal").checked_div(quantity).unwrap_or(number("subtotal"));
            let names = ["product_id", "variation_id", "name", "subtotal", "total", "tax_class"];
            let mut attributes = present(item, &names);
            attributes.extend(present(payload, &["customer_id"]));
            attributes.extend(role.clone().map(|role| ("customer_role".to_owned(), role)));
            PriceLine {
                id: text("id"),
                sku: text("sku"),
                quantity,
                unit_price: money::round(unit_price, UNIT_PRICE_PLACES).normalize(),
                currency: currency.clone(),
                attributes,
            }
        })
        .collect()
}

/// Places of the unit price that the host hands to pricing.
const UNIT_PRICE_PLACES: u32 = 10;

/// Those of the fields that are there, as attributes.
fn present(object: &Value, names: &[&str]) -> Vec<(String, String)> {
    let field = |name: &str| {
        let value = object.get(name).filter(|value| !value.is_null())?;
        Some((name.to_owned(), plain(value)))
    };
    names.iter().filter_map(|name| field(name)).collect()
}
