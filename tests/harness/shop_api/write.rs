//! How the shop is written to: resources made, changed and deleted, with its errors word for word.
//!
//! A product is answered as it is edited and told as it is shown; an order's dates and totals are the
//! shop's own whatever is sent; SKUs, addresses and coupon codes stand once; everything saved rings.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::{json_answer, not_found, with_links};
use super::{Asked, Holdings, stamp};

/// What is the shop's to say.
const READ_ONLY: [&str; 9] = [
    "id",
    "parent_id",
    "number",
    "date_created",
    "date_created_gmt",
    "date_modified",
    "date_modified_gmt",
    "refunds",
    "_links",
];
/// How a product looks to whoever edits it.
const EDITED: [&str; 2] = ["permalink_template", "generated_slug"];

type Saved = Vec<(String, String, u64)>;

impl Holdings {
    /// A resource as it is read by its id, and as webhooks tell it. Variations are products there.
    pub(super) fn shown(&self, list: &str, id: u64) -> Option<Value> {
        let mut shown = self.lists.get(list)?.get(&id)?.clone();
        if let Some(shown) = shown.as_object_mut() {
            shown.retain(|key, _| !EDITED.contains(&key.as_str()));
        }
        Some(shown)
    }

    /// Makes, changes or deletes.
    pub(super) fn write(&mut self, asked: &Asked, parts: &[&str], saved: &mut Saved) -> Response {
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let force = asked.query.get("force").is_some_and(|it| it == "true");
        match (asked.method.as_str(), parts) {
            ("POST", ["orders", order, "refunds"]) => self.refund(number(order), asked, saved),
            ("POST", ["orders", order, "notes"]) => {
                if !self.lists.get("orders").is_some_and(|it| it.contains_key(&number(order))) {
                    return not_found();
                }
                let mut note = asked.body.clone();
                note["id"] = json!(self.next_id());
                self.keep("notes", note.clone());
                json_answer(201, &note, None)
            }
            ("POST", ["products", parent, "variations"]) => {
                let parent = number(parent);
                self.make(
                    "products",
                    &json!({ "type": "variation", "parent_id": parent }),
                    asked,
                    saved,
                )
            }
            ("POST", [list]) => self.make(list, &json!({}), asked, saved),
            ("PUT", ["products", parent, "variations", id]) => {
                let id = number(id);
                let known =
                    self.shown("products", id).is_some_and(|it| it["parent_id"] == number(parent));
                match known {
                    true => self.change("products", id, asked, saved),
                    false => invalid_id(400),
                }
            }
            ("PUT", [list, id]) => self.change(list, number(id), asked, saved),
            ("DELETE", ["products", _, "variations", id]) => {
                self.delete("products", number(id), force, saved)
            }
            ("DELETE", [list, id]) => self.delete(list, number(id), force, saved),
            _ => not_found(),
        }
    }

    fn make(&mut self, list: &str, besides: &Value, asked: &Asked, saved: &mut Saved) -> Response {
        for (key, code, message) in [
            ("sku", "product_invalid_sku", "Invalid or duplicated SKU."),
            ("email", "registration-error-email-exists", "An account is already registered."),
            (
                "code",
                "woocommerce_rest_coupon_code_already_exists",
                "The coupon code already exists",
            ),
        ] {
            let wanted = asked.body[key].as_str().filter(|it| !it.is_empty());
            let rows = self.lists.get(list);
            let same = rows.and_then(|rows| {
                rows.values().find(|row| wanted.is_some() && row[key].as_str() == wanted)
            });
            if let Some(same) = same {
                let data = json!({ "status": 400, "resource_id": same["id"] });
                let error = json!({ "code": code, "message": message, "data": data });
                return json_answer(400, &error, None);
            }
        }
        let mut body = json!({ "status": "pending" });
        merge(&mut body, besides);
        merge_written(&mut body, &asked.body);
        let id = self.next_id();
        body["id"] = json!(id);
        stamp(&mut body, 0);
        for (made, changed) in
            [("date_created", "date_modified"), ("date_created_gmt", "date_modified_gmt")]
        {
            body[made] = body[changed].clone();
        }
        self.keep(list, body.clone());
        let kind = list.trim_end_matches('s');
        for verb in ["created", "updated"] {
            saved.push((format!("{kind}.{verb}"), list.to_owned(), id));
        }
        json_answer(201, &with_links(&edited(list, body)), None)
    }

    fn change(&mut self, list: &str, id: u64, asked: &Asked, saved: &mut Saved) -> Response {
        let Some(body) = self.lists.get_mut(list).and_then(|it| it.get_mut(&id)) else {
            return invalid_id(400);
        };
        if body["type"] == "variation" && !asked.path.contains("/variations/") {
            return invalid_id(404);
        }
        merge_written(body, &asked.body);
        stamp(body, 0);
        let body = body.clone();
        saved.push((format!("{}.updated", list.trim_end_matches('s')), list.to_owned(), id));
        json_answer(200, &with_links(&edited(list, body)), None)
    }

    fn delete(&mut self, list: &str, id: u64, force: bool, saved: &mut Saved) -> Response {
        if !force && matches!(list, "customers" | "notes") {
            let data = json!({ "status": 501 });
            let message = "Customers do not support trashing.";
            let code = "woocommerce_rest_trash_not_supported";
            let error = json!({ "code": code, "message": message, "data": data });
            return json_answer(501, &error, None);
        }
        let Some(rows) = self.lists.get_mut(list).filter(|it| it.contains_key(&id)) else {
            return invalid_id(404);
        };
        let body = rows[&id].clone();
        if force {
            rows.remove(&id);
        } else if let Some(row) = rows.get_mut(&id) {
            row["status"] = json!("trash");
        }
        saved.push((format!("{}.deleted", list.trim_end_matches('s')), list.to_owned(), id));
        json_answer(200, &with_links(&body), None)
    }

    fn refund(&mut self, order: u64, asked: &Asked, saved: &mut Saved) -> Response {
        if !self.lists.get("orders").is_some_and(|it| it.contains_key(&order)) {
            return not_found();
        }
        let mut refund = asked.body.clone();
        refund["id"] = json!(self.next_id());
        stamp(&mut refund, 0);
        refund["date_created_gmt"] = refund["date_modified_gmt"].clone();
        self.refunds.entry(order).or_default().push(refund.clone());
        self.name_refunds(order);
        saved.push(("order.updated".to_owned(), "orders".to_owned(), order));
        json_answer(201, &with_links(&refund), None)
    }

    fn keep(&mut self, list: &str, body: Value) {
        let id = body["id"].as_u64().unwrap_or_default();
        self.lists.entry(list.to_owned()).or_default().insert(id, body);
    }

    /// Posts of all kinds share one row of numbers.
    fn next_id(&self) -> u64 {
        let ids = self.lists.values().filter_map(|rows| rows.keys().max());
        let refunds = self.refunds.values().flatten().filter_map(|it| it["id"].as_u64());
        ids.copied().chain(refunds).max().unwrap_or_default().max(999) + 1
    }
}

fn merge(body: &mut Value, with: &Value) {
    let (Some(body), Some(with)) = (body.as_object_mut(), with.as_object()) else { return };
    for (key, value) in with {
        body.insert(key.clone(), value.clone());
    }
}

/// What may be written, entries of meta data by their key.
fn merge_written(body: &mut Value, with: &Value) {
    let mut with = with.as_object().cloned().unwrap_or_default();
    with.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
    let meta = with.remove("meta_data");
    merge(body, &Value::Object(with));
    for entry in meta.iter().flat_map(|meta| meta.as_array().into_iter().flatten()) {
        let mut all = body["meta_data"].as_array().cloned().unwrap_or_default();
        match all.iter_mut().find(|it| it["key"] == entry["key"]) {
            Some(same) => same["value"] = entry["value"].clone(),
            None => {
                let mut new = Map::new();
                new.insert("id".to_owned(), json!(9_000 + all.len()));
                new.insert("key".to_owned(), entry["key"].clone());
                new.insert("value".to_owned(), entry["value"].clone());
                all.push(Value::Object(new));
            }
        }
        body["meta_data"] = json!(all);
    }
}

fn edited(list: &str, mut body: Value) -> Value {
    if list == "products" {
        for key in EDITED {
            body[key] = json!("x");
        }
    }
    body
}

fn invalid_id(status: u16) -> Response {
    let code = "woocommerce_rest_shop_order_invalid_id";
    let data = json!({ "status": status });
    json_answer(status, &json!({ "code": code, "message": "Invalid ID.", "data": data }), None)
}
