//! The shape of the server's models, as `fields_get` tells it: which fields there are, and what
//! each wants. Asked once for each model and kept; asked again, at most once a minute, when a body
//! names a field that is not there (somebody may have activated a module).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fault::Fault;
use super::rpc::{Effect, Rpc};

/// How old the shape must be before an unknown field makes it worth another look.
const STALE_AFTER: Duration = Duration::from_secs(60);

/// What a field wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Boolean,
    Integer,
    Float,
    Numeric,
    Date,
    DateTime,
    Time,
    Duration,
    Bytes,
    /// One record of this model.
    One(String),
    /// Some records of this model.
    Many(String),
    /// Written as it stands: dictionaries, lists of words.
    AsIs,
}

/// The fields of a model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) fields: BTreeMap<String, Kind>,
    asked: Instant,
}

/// The models asked for so far.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    models: Mutex<HashMap<String, Arc<Model>>>,
}

impl Model {
    pub(super) fn new(name: &str, fields: &Value) -> Self {
        let kinds = fields.as_object().into_iter().flatten().filter_map(|(field, about)| {
            let text = |key: &str| about.get(key).and_then(Value::as_str).unwrap_or_default();
            let relation = || text("relation").to_owned();
            let kind = match text("type") {
                "char" | "text" | "fulltext" | "selection" | "reference" => Kind::Text,
                "boolean" => Kind::Boolean,
                "integer" | "biginteger" => Kind::Integer,
                "float" => Kind::Float,
                "numeric" => Kind::Numeric,
                "date" => Kind::Date,
                "datetime" | "timestamp" => Kind::DateTime,
                "time" => Kind::Time,
                "timedelta" => Kind::Duration,
                "binary" => Kind::Bytes,
                "many2one" | "one2one" => Kind::One(relation()),
                "one2many" | "many2many" => Kind::Many(relation()),
                "" => return None,
                _ => Kind::AsIs,
            };
            Some((field.clone(), kind))
        });
        Self { name: name.to_owned(), fields: kinds.collect(), asked: Instant::now() }
    }

    /// The field most like a name that is none.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let score = |field: &String| strsim::jaro_winkler(field, name);
        let best = self.fields.keys().max_by(|a, b| score(a).total_cmp(&score(b)))?;
        (score(best) > 0.7).then_some(best.as_str())
    }
}

impl Schemas {
    /// The model, from memory or from the server.
    pub(super) async fn get(&self, rpc: &Rpc, name: &str) -> Result<Arc<Model>, Fault> {
        if let Some(model) = self.models().get(name) {
            return Ok(Arc::clone(model));
        }
        let fields = rpc.call(&format!("{name}.fields_get"), json!([null]), Effect::Reads).await;
        let fields = match fields {
            // A model that is not there answers as a Python KeyError, or 403 or 404 by version.
            Err(Fault::Rejected { code: "server_error" | "forbidden" | "not_found", .. }) => {
                let reason = format!(
                    "this Tryton has no model {name:?}, or {} may not see it: is its module \
                     activated?",
                    rpc.username()
                );
                return Err(Fault::rejected("model_unknown", reason));
            }
            other => other?,
        };
        let model = Arc::new(Model::new(name, &fields));
        self.models().insert(name.to_owned(), Arc::clone(&model));
        Ok(model)
    }

    /// Forgets the model when it is old enough to be wrong; says whether it did.
    pub(super) fn forget_if_stale(&self, name: &str) -> bool {
        let mut models = self.models();
        let stale = models.get(name).is_some_and(|model| model.asked.elapsed() > STALE_AFTER);
        if stale {
            models.remove(name);
        }
        stale
    }

    /// What is known of all models now, for work that cannot wait for the server.
    pub(super) fn known(&self) -> HashMap<String, Arc<Model>> {
        self.models().clone()
    }

    fn models(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Model>>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
