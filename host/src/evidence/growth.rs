//! A real payload made larger, so that it still is one: more lines, and totals that go with them.
//!
//! An order of WooCommerce gets more of its own lines, each under its own id, and every amount of the
//! order that sums lines grows along, because rules check that. Of any other payload the longest list
//! is repeated. The heavy form has long texts and many metas on each line besides.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// How long texts are in the heavy form.
const LONG_CHARS: usize = 240;

/// How many metas each line has in the heavy form.
const METAS: usize = 20;

/// What grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Growth {
    /// JSON Pointer of the list.
    pub(super) list: String,
    /// How many items it has.
    pub(super) own: usize,
    key: String,
    order: bool,
}

impl Growth {
    /// What grows in a payload; none where it has no list of objects.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let lines = payload.get("line_items").and_then(Value::as_array);
        if let Some(lines) = lines.filter(|lines| !lines.is_empty()) {
            let order = payload.get("total").is_some();
            return Some(Self::in_list("line_items", lines.len(), order));
        }
        let object = payload.as_object()?;
        let lists = object.iter().filter_map(|(key, value)| {
            let items = value.as_array()?;
            items.first()?.as_object()?;
            Some((key, items.len()))
        });
        // The first of the longest, so that it is always the same.
        let (key, own) = lists.rev().max_by_key(|(_, own)| *own)?;
        Some(Self::in_list(key, own, false))
    }

    fn in_list(key: &str, own: usize, order: bool) -> Self {
        Self { list: format!("/{}", crate::exact::escape(key)), own, key: key.to_owned(), order }
    }

    /// The payload's text with so many items in its list.
    ///
    /// Each item of its own is written once, and only its id is put in anew: a thousand heavy lines are
    /// megabytes, of which a tree of values would be made to no end.
    pub(super) fn grown(&self, payload: &Value, items: usize, heavy: bool) -> String {
        let whole = payload.as_object();
        let own = whole.and_then(|it| it.get(&self.key)?.as_array());
        let (Some(whole), Some(own)) = (whole, own) else { return payload.to_string() };
        let lines: Vec<Line> = own.iter().map(|item| Line::of(item, heavy)).collect();
        let (mut rest, mut list) = (whole.clone(), String::from("["));
        rest.shift_remove(&self.key);
        for number in 0..items.max(own.len()) {
            let of = number % own.len();
            let added = number >= own.len();
            if added && self.order {
                add_line(&mut rest, &own[of]);
            }
            if number > 0 {
                list.push(',');
            }
            lines[of].write(added.then_some(9_000_000 + number), &mut list);
        }
        list.push(']');
        let mut text = String::with_capacity(list.len() + 8 * 1024);
        for key in whole.keys() {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(&json!(key).to_string());
            text.push(':');
            match rest.get(key) {
                Some(value) => text.push_str(&value.to_string()),
                None => text.push_str(&list),
            }
        }
        text.push('}');
        text
    }
}

/// An item as text, its id apart.
struct Line {
    id: Option<Value>,
    rest: String,
}

impl Line {
    fn of(item: &Value, heavy: bool) -> Self {
        let mut item = item.clone();
        let Some(fields) = item.as_object_mut() else {
            return Self { id: None, rest: item.to_string() };
        };
        if heavy {
            burden(fields);
        }
        let id = fields.get("id").filter(|id| id.is_number()).cloned();
        if id.is_some() {
            fields.shift_remove("id");
        }
        Self { id, rest: item.to_string() }
    }

    /// With an id of its own, where it is not the payload's own.
    fn write(&self, other: Option<usize>, to: &mut String) {
        let Some(own) = &self.id else { return to.push_str(&self.rest) };
        to.push_str("{\"id\":");
        to.push_str(&other.map_or_else(|| own.to_string(), |it| it.to_string()));
        let fields = self.rest.trim_start_matches('{');
        if fields != "}" {
            to.push(',');
        }
        to.push_str(fields);
    }
}

/// Adds what a line costs to the order's amounts.
fn add_line(order: &mut Map<String, Value>, line: &Value) {
    let of = |key: &str| amount(line.get(key)).unwrap_or_default();
    let (net, tax) = (of("total"), of("total_tax"));
    add(order.get_mut("total"), net + tax);
    add(order.get_mut("total_tax"), tax);
    add(order.get_mut("cart_tax"), tax);
    add(order.get_mut("discount_total"), of("subtotal") - net);
    add(order.get_mut("discount_tax"), of("subtotal_tax") - tax);
    let taxes = line.get("taxes").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(rates) = order.get_mut("tax_lines").and_then(Value::as_array_mut) else { return };
    for rate in rates {
        let id = rate.get("rate_id").cloned();
        let charged: Decimal = taxes
            .iter()
            .filter(|tax| tax.get("id") == id.as_ref())
            .filter_map(|tax| amount(tax.get("total")))
            .sum();
        add(rate.get_mut("tax_total"), charged);
    }
}

fn amount(value: Option<&Value>) -> Option<Decimal> {
    value?.as_str()?.parse().ok()
}

/// Adds to an amount and keeps as many digits as it had.
fn add(place: Option<&mut Value>, more: Decimal) {
    let Some(place) = place else { return };
    if let Some(sum) = amount(Some(place)).and_then(|old| {
        let scale = old.scale();
        old.checked_add(more).map(|sum| sum.round_dp(scale.max(2)))
    }) {
        *place = json!(sum.to_string());
    }
}

/// Long texts and many metas.
fn burden(line: &mut Map<String, Value>) {
    for key in ["name", "parent_name"] {
        if let Some(Value::String(text)) = line.get_mut(key) {
            while text.chars().count() < LONG_CHARS {
                text.push_str(" ação");
            }
        }
    }
    let metas = line.entry("meta_data").or_insert_with(|| json!([]));
    let Some(metas) = metas.as_array_mut() else { return };
    for number in 0..METAS {
        let value = "Gravação: feliz aniversário ".repeat(2);
        metas.push(json!({
            "id": 8_000_000 + number,
            "key": format!("_campo_{number}"),
            "value": value,
            "display_key": format!("Campo {number}"),
            "display_value": value,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_grows_with_its_totals() {
        let order = json!({
            "total": "12.10", "total_tax": "2.10", "cart_tax": "2.10", "discount_total": "1.00",
            "tax_lines": [{"rate_id": 7, "tax_total": "2.10"}],
            "line_items": [{"id": 1, "subtotal": "11.00", "total": "10.00", "total_tax": "2.10",
                            "taxes": [{"id": 7, "total": "2.10"}]}],
        });
        let growth = Growth::of(&order).unwrap();
        let grown: Value = serde_json::from_str(&growth.grown(&order, 3, true)).unwrap();
        assert!(order.as_object().unwrap().keys().eq(grown.as_object().unwrap().keys()));
        assert_eq!(grown["total"], "36.30");
        assert_eq!(grown["total_tax"], "6.30");
        assert_eq!(grown["discount_total"], "3.00");
        assert_eq!(grown["tax_lines"][0]["tax_total"], "6.30");
        let lines = grown["line_items"].as_array().unwrap();
        assert_eq!((lines.len(), lines[0]["meta_data"].as_array().unwrap().len()), (3, METAS));
        assert_eq!(lines[0]["id"], 1);
        assert_ne!(lines[1]["id"], lines[2]["id"]);
        assert_eq!(lines[2]["taxes"], order["line_items"][0]["taxes"]);
    }

    #[test]
    fn of_anything_else_the_longest_list_grows() {
        let product = json!({"images": [{"id": 1}], "attributes": [{"n": 1}, {"n": 2}], "x": [1]});
        let growth = Growth::of(&product).unwrap();
        assert_eq!((growth.list.as_str(), growth.own), ("/attributes", 2));
        let grown: Value = serde_json::from_str(&growth.grown(&product, 9, false)).unwrap();
        assert_eq!(grown["attributes"].as_array().unwrap().len(), 9);
        assert_eq!(grown["attributes"][3], json!({"n": 2}));
        let bare = json!({"a/b": [{"id": 3}]});
        let growth = Growth::of(&bare).unwrap();
        assert_eq!(growth.list, "/a~1b");
        assert_eq!(growth.grown(&bare, 1, false), bare.to_string());
        assert_eq!(growth.grown(&bare, 2, false), r#"{"a/b":[{"id":3},{"id":9000001}]}"#);
        assert_eq!(Growth::of(&json!({"x": [1]})), None);
        assert_eq!(Growth::of(&json!([1])), None);
    }
}
