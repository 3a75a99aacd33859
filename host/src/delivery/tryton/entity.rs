//! What the entities of documents and references are in Tryton, and by which key they are found.
//!
//! | entity | model | key |
//! |---|---|---|
//! | party | party.party | code |
//! | address | party.address | all fields of the body, among the addresses of its party |
//! | sale | sale.sale | reference |
//! | product | product.product | code |
//! | unit | product.uom | name, symbol |
//! | currency, country, subdivision | currency.currency, country.country, country.subdivision | code |
//! | tax | account.tax | name |
//! | payment_term | account.invoice.payment_term | name |
//! | company | company.company | party.code, party.name |
//! | warehouse, location | stock.location | code, name |
//!
//! Any other name with a dot in it is a model, found by the first of `code`, `reference`, `name`
//! that it has. `entities.NAME = { model, find }` in the configuration overrides each of these.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::EntityConfig;
use super::fault::Fault;
use super::rpc::{Effect, Rpc};
use super::schema::Schemas;

/// More candidates than one are told apart no further; this many are asked for.
const CANDIDATES: u32 = 2;

/// What one entity is.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) find: Find,
    /// Whether documents may make new ones. What needs more than a document can say (a product has
    /// a template and accounts) is made by people, and only found here.
    pub(super) made_here: bool,
    /// A narrower set of the model's records.
    only: Option<(&'static str, &'static str)>,
}

/// How one is found.
#[derive(Debug, Clone)]
pub(super) enum Find {
    /// By one of these fields, the first that finds any.
    By(Vec<String>),
    /// By the first of the usual fields that the model has.
    Usual,
    /// By being equal, among those with the same value in this field.
    Equal(&'static str),
}

/// The table above, with the configuration's changes.
#[derive(Debug)]
pub(super) struct Entities(BTreeMap<String, Entity>);

impl Entities {
    /// The error is a key and what is wrong with it.
    pub(super) fn new(
        overrides: &BTreeMap<String, EntityConfig>,
    ) -> Result<Self, (String, String)> {
        let mut entities = BTreeMap::new();
        for (name, model, find, made_here) in [
            ("party", "party.party", &["code"][..], true),
            ("sale", "sale.sale", &["reference"], true),
            ("product", "product.product", &["code"], false),
            ("unit", "product.uom", &["name", "symbol"], false),
            ("currency", "currency.currency", &["code"], false),
            ("country", "country.country", &["code"], false),
            ("subdivision", "country.subdivision", &["code"], false),
            ("tax", "account.tax", &["name"], false),
            ("payment_term", "account.invoice.payment_term", &["name"], false),
            ("company", "company.company", &["party.code", "party.name"], false),
            ("warehouse", "stock.location", &["code", "name"], false),
            ("location", "stock.location", &["code", "name"], false),
        ] {
            let find = Find::By(find.iter().map(|&field| field.to_owned()).collect());
            let only = (name == "warehouse").then_some(("type", "warehouse"));
            let (owned, model) = (name.to_owned(), model.to_owned());
            entities.insert(name.to_owned(), Entity { name: owned, model, find, made_here, only });
        }
        let (name, model) = ("address".to_owned(), "party.address".to_owned());
        let find = Find::Equal("party");
        let address = Entity { name, model, find, made_here: true, only: None };
        entities.insert("address".to_owned(), address);

        for (name, written) in overrides {
            let known = entities.remove(name).or_else(|| Entity::dotted(name));
            let model = written.model.clone().or_else(|| known.as_ref().map(|e| e.model.clone()));
            let Some(model) = model else {
                let problem = "name the model, like \"sale.sale\"".to_owned();
                return Err((format!("entities.{name}.model"), problem));
            };
            let find = match &written.find {
                Some(fields)
                    if fields.iter().all(|field| !field.is_empty()) && !fields.is_empty() =>
                {
                    Find::By(fields.clone())
                }
                Some(_) => {
                    let problem = "name at least one field, like [\"code\"]".to_owned();
                    return Err((format!("entities.{name}.find"), problem));
                }
                None => known.as_ref().map_or(Find::Usual, |known| known.find.clone()),
            };
            let made_here = known.as_ref().is_none_or(|known| known.made_here);
            let only = known.and_then(|known| known.only.filter(|_| written.model.is_none()));
            let entity = Entity { name: name.clone(), model, find, made_here, only };
            entities.insert(name.clone(), entity);
        }
        Ok(Self(entities))
    }

    pub(super) fn get(&self, name: &str) -> Result<Entity, Fault> {
        if let Some(entity) = self.0.get(name).cloned().or_else(|| Entity::dotted(name)) {
            return Ok(entity);
        }
        let score = |known: &&String| strsim::jaro_winkler(known, name);
        let nearest = self.0.keys().max_by(|a, b| score(a).total_cmp(&score(b)));
        let hint = nearest.filter(|near| score(near) > 0.7);
        let hint = hint.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        let reason = format!(
            "the tryton connector knows no entity {name:?}{hint} (a model's own name works too, \
             like \"sale.sale\", or an entry under entities)"
        );
        Err(Fault::rejected("entity_unknown", reason))
    }
}

impl Entity {
    fn dotted(name: &str) -> Option<Self> {
        let model = name.contains('.').then(|| name.to_owned())?;
        let (name, find) = (name.to_owned(), Find::Usual);
        Some(Self { name, model, find, made_here: true, only: None })
    }

    /// The fields that may hold the key. Empty where there is no such field.
    pub(super) async fn key_fields(
        &self,
        rpc: &Rpc,
        schemas: &Schemas,
    ) -> Result<Vec<String>, Fault> {
        match &self.find {
            Find::By(fields) => Ok(fields.clone()),
            Find::Equal(_) => Ok(Vec::new()),
            Find::Usual => {
                let model = schemas.get(rpc, &self.model).await?;
                let usual = ["code", "reference", "name"];
                let field = usual.into_iter().find(|field| model.fields.contains_key(*field));
                field.map(|field| vec![field.to_owned()]).ok_or_else(|| {
                    let reason = format!(
                        "{} has no field code, reference or name: say how it is found with \
                         entities.\"{}\".find",
                        self.model, self.name
                    );
                    Fault::rejected("find_unknown", reason)
                })
            }
        }
    }

    /// The one record with this key. `archived` looks among the inactive ones too.
    pub(super) async fn find(
        &self,
        rpc: &Rpc,
        schemas: &Schemas,
        key: &str,
        archived: bool,
    ) -> Result<Option<i64>, Fault> {
        for field in self.key_fields(rpc, schemas).await? {
            let mut domain = vec![json!([field, "=", key])];
            domain.extend(self.only.map(|(field, value)| json!([field, "=", value])));
            if archived && schemas.get(rpc, &self.model).await?.fields.contains_key("active") {
                domain.push(json!(["active", "in", [true, false]]));
            }
            let params = json!([domain, 0, CANDIDATES, [["id", "ASC"]]]);
            let answer = rpc.call(&format!("{}.search", self.model), params, Effect::Reads).await?;
            match ids_of(&answer).as_slice() {
                [] => {}
                [id] => return Ok(Some(*id)),
                several => {
                    let reason = format!(
                        "Tryton has more than one {} with {field} {key:?} (ids {several:?}): only \
                         one may be left",
                        self.name
                    );
                    return Err(Fault::rejected("ambiguous", reason));
                }
            }
        }
        Ok(None)
    }
}

/// The ids in an answer that is a list of them.
pub(super) fn ids_of(answer: &Value) -> Vec<i64> {
    answer.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}
