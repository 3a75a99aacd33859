//! Payloads for all languages: every captured one, and what real shops sent that no capture of ours has.

use std::path::Path;

use serde_json::{Value, json};

/// A payload under the name it is told by.
pub(super) struct Payload {
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) text: String,
}

/// All of them.
pub(super) fn all() -> Vec<Payload> {
    let mut all = captured();
    all.extend(odd(&paid_order()));
    all
}

/// The captured order that others are bent from.
pub(super) fn paid_order() -> Value {
    let all = captured();
    let base =
        all.iter().find(|it| it.name.starts_with("034-")).expect("the paid order was captured");
    serde_json::from_str(&base.text).expect("a capture is JSON")
}

/// The webhooks as they came, whatever they are about.
fn captured() -> Vec<Payload> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/woocommerce/webhooks");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the captures are in the checkout")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .collect();
    files.sort();
    let payload = |path: &Path| {
        let headers = std::fs::read_to_string(path.with_extension("headers")).unwrap_or_default();
        let topic = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("x-wc-webhook-topic").then(|| value.trim().to_owned())
        });
        Payload {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            topic: topic.unwrap_or_else(|| "order.updated".to_owned()),
            text: std::fs::read_to_string(path).expect("a capture is text"),
        }
    };
    files.iter().map(|path| payload(path)).collect()
}

/// The captured order, bent.
fn odd(base: &Value) -> Vec<Payload> {
    let payload = |name: &str, text: String| Payload {
        name: name.to_owned(),
        topic: "order.updated".to_owned(),
        text,
    };
    let bent = |name: &str, bend: &dyn Fn(&mut Value)| {
        let mut order = base.clone();
        bend(&mut order);
        payload(name, order.to_string())
    };
    vec![
        bent("emoji", &|order| {
            order["billing"]["first_name"] = json!("Zoë 🎁");
            order["customer_note"] = json!("gift 👩‍👩‍👧 \"quoted\" \\ and \u{1}\u{7f} controls\nnext line");
            order["line_items"][0]["name"] = json!("Caneca ☕️ <b>nº 1</b> & co");
        }),
        bent("meta-of-every-type", &|order| {
            order["meta_data"] = json!([
                {"id": 1, "key": "_billing_cpf", "value": 12_345_678_909_u64},
                {"id": 2, "key": "_list", "value": [1, "two", null, {"three": 3.0}]},
                {"id": 3, "key": "_object", "value": {"a": {"b": [true, false]}}},
                {"id": 4, "key": "_null", "value": null},
                {"id": 5, "key": "_float", "value": 1e-7},
                {"id": "6", "key": 7, "value": ""},
            ]);
        }),
        bent("null-skus", &|order| each_line(order, |line| line["sku"] = Value::Null)),
        bent("missing-skus", &|order| {
            each_line(order, |line| drop(line.as_object_mut().expect("a line").remove("sku")));
        }),
        bent("float-prices", &|order| {
            each_line(order, |line| {
                line["price"] = json!(33.333_333_333_333_336);
                line["quantity"] = json!(1.0);
            });
        }),
        payload("amounts-as-numbers", numbers(&base.to_string())),
        payload("numbers-where-texts-belong", {
            let mut order = base.clone();
            order["billing"]["first_name"] = json!("@1.10@");
            order["billing"]["city"] = json!("@1e3@");
            order["billing"]["postcode"] = json!("@1310100.00@");
            each_line(&mut order, |line| line["sku"] = json!("@12.50@"));
            // Digits as they stand, which a float would not keep.
            order.to_string().replace("\"@", "").replace("@\"", "")
        }),
        bent("negative-fee", &|order| {
            order["fee_lines"] = json!([
                {"id": 900, "name": "Desconto à vista", "tax_class": "", "tax_status": "taxable",
                 "amount": "-10.00", "total": "-10.00", "total_tax": "0.00", "taxes": []}
            ]);
            less(order, "10.00");
        }),
        bent("zero-total", &|order| {
            each_line(order, |line| {
                for field in ["total", "total_tax", "subtotal", "subtotal_tax"] {
                    line[field] = json!("0.00");
                }
                line["taxes"] = json!([]);
            });
            for list in ["shipping_lines", "fee_lines", "tax_lines", "coupon_lines"] {
                order[list] = json!([]);
            }
            order["total"] = json!("0.00");
        }),
        bent("lists-with-gaps", &|order| {
            let lines = order["line_items"].take();
            let mut gaps = serde_json::Map::new();
            for (at, line) in lines.as_array().expect("lines").iter().enumerate() {
                gaps.insert((at * 2).to_string(), line.clone());
            }
            order["line_items"] = Value::Object(gaps);
            order["shipping"] = json!([]);
            order["coupon_lines"] = json!("");
            order["refunds"] = Value::Null;
        }),
        bent("ids-of-every-type", &|order| {
            order["id"] = json!("27");
            order["customer_id"] = json!(18_446_744_073_709_551_615_u64);
            order["parent_id"] = Value::Null;
            each_line(order, |line| line["product_id"] = json!("0"));
        }),
        bent("unknown-fields", &|order| {
            order["x_plugin"] = json!({"deep": [[[[[[{"a": [1, 2, {"b": null}]}]]]]]]});
            order["billing"]["cpf"] = json!("123.456.789-09");
            order["billing"]["cellphone"] = json!("+55 (11) 98765-4321");
        }),
        bent("two-hundred-lines", &|order| {
            let line = order["line_items"][0].clone();
            let many: Vec<Value> = (0..200)
                .map(|n| {
                    let mut line = line.clone();
                    line["id"] = json!(10_000 + n);
                    line["sku"] = json!(format!("SKU-{n:03}"));
                    line
                })
                .collect();
            order["line_items"] = Value::Array(many);
        }),
        bent("unknown-status", &|order| order["status"] = json!("em-separação")),
        bent("draft", &|order| order["status"] = json!("checkout-draft")),
        bent("total-that-is-no-number", &|order| order["total"] = json!("vinte")),
        bent("total-as-a-list", &|order| order["total"] = json!([1])),
        bent("no-currency", &|order| drop(order.as_object_mut().expect("an order").remove("currency"))),
        bent("a-line-that-is-a-text", &|order| order["line_items"][0] = json!("mug")),
        bent("a-fault-deep-inside", &|order| order["line_items"][0]["taxes"] = json!([{"id": 1, "total": "x"}])),
        payload("deleted", r#"{"id":27}"#.to_owned()),
        payload(
            "error-object",
            r#"{"code":"woocommerce_rest_cannot_view","message":"Desculpe ✋","data":{"status":401}}"#.to_owned(),
        ),
        payload("a-key-twice", base.to_string().replacen('{', r#"{"currency":"XXX","#, 1)),
        payload("escapes", base.to_string().replacen("\"currency\"", "\"curr\\u0065ncy\"", 1)),
        payload("spaces", serde_json::to_string_pretty(base).expect("JSON can be written")),
    ]
}

fn each_line(order: &mut Value, change: impl Fn(&mut Value)) {
    for line in order["line_items"].as_array_mut().expect("an order has lines") {
        change(line);
    }
}

/// Takes an amount off the order's total.
fn less(order: &mut Value, amount: &str) {
    let decimal = |text: &str| text.parse::<rust_decimal::Decimal>().expect("a decimal");
    let total = decimal(order["total"].as_str().expect("a total")) - decimal(amount);
    order["total"] = json!(total.to_string());
}

/// Amounts lose their quotes: `"total":"254.56"` becomes `"total":254.56`.
fn numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("total\":\"") {
        let (head, tail) = rest.split_at(at + "total\":".len());
        out.push_str(head);
        let end = tail[1..].find('"').map_or(tail.len(), |end| end + 2);
        out.push_str(tail[..end].trim_matches('"'));
        rest = &tail[end..];
    }
    out + rest
}
