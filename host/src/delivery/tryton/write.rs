//! Bringing a record that is there to what a document says, and not a field further.
//!
//! What stands in the server is read first and compared ([`same`]): sending the same document again
//! writes nothing, wakes nobody's notifications, and leaves the record's history as it is.

use serde_json::{Map, Value, json};

use super::Target;
use super::entity::ids_of;
use super::fault::Fault;
use super::record::{Record, Standing, Wire, create_all, same, same_record};
use super::rpc::Effect;

/// What becomes of records that stand in the target's list and not in the body's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// They stay: a party's e-mail addresses may come from several places.
    Grow,
    /// They go: a sale has the lines of its order and no others.
    Replace,
}

impl Target {
    /// Writes what differs; answers with the names of the fields.
    pub(super) async fn write(
        &self,
        model: &str,
        id: i64,
        record: &Record,
        lists: Lists,
    ) -> Result<Vec<String>, Fault> {
        let changes = self.differences(model, id, record, lists).await?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let names = changes.keys().cloned().collect();
        let params = json!([[id], changes]);
        self.rpc.call(&format!("{model}.write"), params, Effect::Writes).await?;
        Ok(names)
    }

    /// What would have to be written, in the form `write` wants.
    pub(super) async fn differences(
        &self,
        model: &str,
        id: i64,
        record: &Record,
        lists: Lists,
    ) -> Result<Map<String, Value>, Fault> {
        if record.0.is_empty() {
            return Ok(Map::new());
        }
        let standing = self.read(model, &[id], &record.names()).await?;
        let row = standing.row(id);
        let mut changes = Map::new();
        for (name, wire) in &record.0 {
            let value = row.get(name).unwrap_or(&Value::Null);
            let have = ids_of(value);
            let change = match wire {
                _ if same(wire, value) => None,
                Wire::Plain(_) | Wire::One(_) => {
                    Record(vec![(name.clone(), wire.clone())]).to_create().get(name).cloned()
                }
                Wire::Links(wanted) => {
                    let added: Vec<i64> =
                        wanted.iter().copied().filter(|id| !have.contains(id)).collect();
                    let mut removed: Vec<i64> =
                        have.iter().copied().filter(|id| !wanted.contains(id)).collect();
                    if lists == Lists::Grow {
                        removed.clear();
                    }
                    actions([("remove", json!(removed)), ("add", json!(added))])
                }
                Wire::Children { model, records } => {
                    let names: Vec<&str> = records.iter().flat_map(Record::names).collect();
                    let children = self.read(model, &have, &names).await?;
                    match lists {
                        Lists::Grow => {
                            let new: Vec<Record> = records
                                .iter()
                                .filter(|record| children.equal_to(record, &have).is_none())
                                .cloned()
                                .collect();
                            actions([("create", json!(create_all(&new)))])
                        }
                        Lists::Replace => {
                            let equal = records.len() == have.len()
                                && records
                                    .iter()
                                    .zip(&have)
                                    .all(|(record, id)| same_record(record, children.row(*id)));
                            let (old, new) = (json!(have), json!(create_all(records)));
                            if equal { None } else { actions([("delete", old), ("create", new)]) }
                        }
                    }
                }
            };
            if let Some(change) = change {
                changes.insert(name.clone(), change);
            }
        }
        Ok(changes)
    }

    pub(super) async fn search(
        &self,
        model: &str,
        domain: Value,
        limit: u32,
    ) -> Result<Vec<i64>, Fault> {
        let params = json!([domain, 0, limit, [["id", "ASC"]]]);
        Ok(ids_of(&self.rpc.call(&format!("{model}.search"), params, Effect::Reads).await?))
    }

    pub(super) async fn read(
        &self,
        model: &str,
        ids: &[i64],
        names: &[&str],
    ) -> Result<Standing, Fault> {
        if ids.is_empty() {
            return Ok(Standing::default());
        }
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let params = json!([ids, names]);
        let method = format!("{model}.read");
        Ok(Standing::new(self.rpc.call(&method, params, Effect::Reads).await?))
    }
}

/// The list actions that have something to do, `None` when none has.
fn actions<const N: usize>(actions: [(&str, Value); N]) -> Option<Value> {
    let some = |items: &Value| items.as_array().is_some_and(|items| !items.is_empty());
    let actions: Vec<Value> = actions
        .into_iter()
        .filter(|(_, items)| some(items))
        .map(|(action, items)| json!([action, items]))
        .collect();
    (!actions.is_empty()).then_some(Value::Array(actions))
}

/// What happened to a record that was there.
pub(super) fn described(name: &str, id: i64, changed: &[String]) -> String {
    if changed.is_empty() {
        format!("found {name} {id} as wanted")
    } else {
        format!("changed {name} {id}: {}", changed.join(", "))
    }
}
