//! A route's settings: whether its plugins take them, what differs, and writing them where they stand.

use std::path::Path;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use toml_edit::{DocumentMut, Item, Table};

use super::super::versions::VersionError;
use super::no_changes;
use crate::config::Merchant;

/// Settings are a handful of names and switches.
const SETTINGS_BYTES_MAX: usize = 256 * 1024;

/// Settings as text that is the same whoever wrote them: keys in order, nothing between.
pub(super) fn canonical(settings: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.iter().collect();
                keys.sort_by_key(|(key, _)| key.as_str());
                let pairs = keys.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(settings).to_string()
}

/// The settings, made canonical, if the route's plugins take them.
pub(super) fn look_over(
    merchant: &Merchant,
    route: &str,
    bytes: &[u8],
) -> Result<Bytes, VersionError> {
    let unfit = |said: String| Err(VersionError::Unfit(said));
    if bytes.len() > SETTINGS_BYTES_MAX {
        return unfit(format!("settings of {} bytes, at most {SETTINGS_BYTES_MAX}", bytes.len()));
    }
    let settings: Value = match serde_json::from_slice(bytes) {
        Ok(settings) => settings,
        Err(error) => return unfit(format!("settings are a JSON object: {error}")),
    };
    if !settings.is_object() {
        return unfit("settings are a JSON object".to_owned());
    }
    if let Some(place) = null_in(&settings, String::new()) {
        return unfit(format!("{place} is null: leave the key out, configuration has no null"));
    }
    let ready = merchant.routes.get(route);
    let stages = ready.and_then(|ready| ready.stages.as_ref().ok());
    let plugins = stages.into_iter().flat_map(|stages| {
        let all = [&stages.status_translation, &stages.pricing, &stages.field_mapping];
        all.into_iter().flatten().map(|stage| &stage.plugin)
    });
    let mut faults = Vec::new();
    for plugin in plugins {
        for fault in plugin.check_settings(&settings) {
            faults.push(format!("{}: {}: {}", plugin.name(), fault.pointer, fault.message));
        }
    }
    if !faults.is_empty() {
        return unfit(format!("the settings do not suit its plugins: {}", faults.join("; ")));
    }
    Ok(canonical(&settings).into())
}

/// Where the first null is.
fn null_in(value: &Value, at: String) -> Option<String> {
    match value {
        Value::Null => Some(at),
        Value::Object(map) => map.iter().find_map(|(key, it)| null_in(it, format!("{at}/{key}"))),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, it)| null_in(it, format!("{at}/{index}")))
        }
        _ => None,
    }
}

/// Fields added, removed and changed, by JSON Pointer.
pub(super) fn difference(before: Option<&[u8]>, after: &[u8]) -> Value {
    let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_else(|_| json!({}));
    let (before, after) = (before.map_or_else(|| json!({}), read), read(after));
    let (mut old, mut new) = (Vec::new(), Vec::new());
    leaves(&before, String::new(), &mut old);
    leaves(&after, String::new(), &mut new);
    let mut changes = no_changes();
    let mut tell = |list: &str, row: Value| {
        if let Some(rows) = changes[list].as_array_mut() {
            rows.push(row);
        }
    };
    for (at, was) in &old {
        match new.iter().find(|(other, _)| other == at) {
            None => tell("removed", json!(at)),
            Some((_, is)) if is != was => {
                tell("changed", json!({ "at": at, "before": was, "after": is }));
            }
            Some(_) => {}
        }
    }
    for (at, _) in new.iter().filter(|(at, _)| !old.iter().any(|(other, _)| other == at)) {
        tell("added", json!(at));
    }
    changes
}

fn leaves(value: &Value, at: String, into: &mut Vec<(String, Value)>) {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(value, format!("{at}/{}", escape(key)), into);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, format!("{at}/{index}"), into);
            }
        }
        Value::Object(_) if at.is_empty() => {}
        other => into.push((at, other.clone())),
    }
}

/// `merchant.toml` with these settings for a route; all else stays as it is written.
pub(super) fn edited(
    path: &Path,
    text: &[u8],
    route: &str,
    settings: &[u8],
) -> Result<Vec<u8>, VersionError> {
    let unfit = |said: String| VersionError::Unfit(format!("{}: {said}", path.display()));
    let text = std::str::from_utf8(text).map_err(|_| unfit("it is not UTF-8".to_owned()))?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| unfit(format!("mend it first: {error}")))?;
    let settings: Value = serde_json::from_slice(settings)
        .map_err(|error| unfit(format!("the settings are no JSON: {error}")))?;
    let value = in_toml(&settings)
        .ok_or_else(|| unfit("the settings hold what TOML cannot say".to_owned()))?;
    let routes = document.get_mut("routes").and_then(Item::as_table_like_mut);
    let table = routes.and_then(|it| it.get_mut(route)).and_then(Item::as_table_like_mut);
    let table = table.ok_or_else(|| unfit(format!("there is no [routes.{route}] in it")))?;
    let item = match table.get("settings") {
        // A table of its own stays one.
        Some(Item::Table(there)) => {
            let mut own = Table::new();
            own.decor_mut().clone_from(there.decor());
            own.set_position(there.position());
            if let toml_edit::Value::InlineTable(inner) = value {
                for (key, value) in inner {
                    own.insert(&key, Item::Value(value));
                }
            }
            Item::Table(own)
        }
        _ => Item::Value(value),
    };
    table.insert("settings", item);
    Ok(document.to_string().into_bytes())
}

/// JSON as TOML has it; none for null and for numbers beyond 64 bits.
fn in_toml(value: &Value) -> Option<toml_edit::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(it) => (*it).into(),
        Value::Number(it) => match it.as_i64() {
            Some(whole) => whole.into(),
            None if it.is_f64() => it.as_f64()?.into(),
            None => return None,
        },
        Value::String(it) => it.as_str().into(),
        Value::Array(items) => {
            toml_edit::Value::Array(items.iter().map(in_toml).collect::<Option<_>>()?)
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| Some((key.as_str(), in_toml(value)?)));
            toml_edit::Value::InlineTable(pairs.collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Acme
[connections.shop]
base_url = \"https://a\"   # theirs

[routes.orders]
from = \"shop\"
settings = { shop_name = \"Acme\", days = 3 } # ours

[routes.refunds]
from = \"shop\"
[routes.refunds.settings]
# why
shop_name = \"Acme\"
";

    #[test]
    fn only_the_settings_of_one_route_change_in_the_file() {
        let path = Path::new("merchant.toml");
        let changed = |route: &str, settings: &str| {
            let bytes = edited(path, FILE.as_bytes(), route, settings.as_bytes()).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let text = changed("orders", r#"{"days":30,"shop_name":"A \"b\""}"#);
        assert!(
            text.starts_with("# Acme\n[connections.shop]\nbase_url = \"https://a\"   # theirs")
        );
        let read: toml::Table = toml::from_str(&text).unwrap();
        let settings = &read["routes"]["orders"]["settings"];
        assert_eq!(settings["days"].as_integer(), Some(30));
        assert_eq!(settings["shop_name"].as_str(), Some("A \"b\""));
        assert_eq!(read["routes"]["refunds"]["settings"]["shop_name"].as_str(), Some("Acme"));
        let text = changed("refunds", r#"{"deep":{"list":[1,2.5,"x"]}}"#);
        let read: toml::Table = toml::from_str(&text).unwrap();
        let deep = &read["routes"]["refunds"]["settings"]["deep"]["list"];
        assert_eq!(deep[1].as_float(), Some(2.5));
        assert!(text.contains("[routes.refunds.settings]"), "{text}");
        let said = edited(path, FILE.as_bytes(), "nothing", b"{}").unwrap_err().to_string();
        assert!(said.contains("[routes.nothing]"), "{said}");
    }

    #[test]
    fn settings_that_say_the_same_are_the_same_text() {
        let one: Value = serde_json::from_str(r#"{"b":1,"a":{"d":[1],"c":2}}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a":{"c":2,"d":[1]},"b":1}"#);
    }

    #[test]
    fn a_difference_names_each_field_by_its_pointer() {
        let told = difference(
            Some(br#"{"a":1,"b":{"c":"x"},"gone":true}"#),
            br#"{"a":2,"b":{"c":"x"},"new":[1]}"#,
        );
        assert_eq!(told["changed"], json!([{ "at": "/a", "before": 1, "after": 2 }]));
        assert_eq!((&told["removed"], &told["added"]), (&json!(["/gone"]), &json!(["/new/0"])));
    }
}
