//! For pricing in all languages: price lists as merchants write them, orders that are bent for pricing, settings.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::payloads::{self, Payload};

/// Rows that can be read, under a role each so that a setting chooses among them.
const GOOD: &str = r#"key,price,discount_percent,currency,breaks
wholesale:CAM-001,69.90,,BRL,"3=64.905 10=59.90"
wholesale:*,,10,,20=-15%
retail:CAFE-250,,0,,10=-5%
thirds:*,,33.3333333333,,2=-66.66666666666666666667%
halves:*,64.905,,," 3=64.915  5=-12.5%	2=64.885 4=64.895 "
one-quantity-twice:*,5,,,3=4 3.0=3 03.00=2.5 1=4.5
fractions:*,1.005,,,0=1.015 0.5=1.025 1.5=1.035 1.499999=9 1.4999999999999999999999999999=1.045 2.5=1.055
negative:*,-1.005,,,-5=2.005 0=-0.001 1=-0.005 3=-0.015
dearer:*,,-7.125,,3=-112.5%
nothing:*,0,,,2=-100%
euro:*,1,,EUR,
yen:*,1234.5,,JPY,3=1233.5
dinar:*,1.23456,,,3=1.2345
both:*,7.77,10,,
eight:*,0.123456785,,,3=0.123456775
one:CAM-001,0.015,,,
one:*,,99.99,,
:*,7.7777777,,,2=7.775
reduced-rate:*,,3.3,,
7:CAM-001,7,,,
"#;

/// Rows as they should not be, or look as if they should not: price, discount, breaks.
const ODD: [(&str, &str, &str); 43] = [
    ("", "", ""),
    ("1,5", "", ""),
    ("R$ 10", "", ""),
    (" 69.90 ", "", ""),
    ("\u{a0}69.90\u{2003}", "", ""),
    (" ", "", ""),
    ("+5", "", ""),
    (".5", "", ""),
    ("5.", "", ""),
    (".", "", ""),
    ("-", "", ""),
    ("--5", "", ""),
    ("0007.10", "", ""),
    ("-0.00", "", ""),
    ("1e2", "", ""),
    ("1.505E-2", "", ""),
    ("1e", "", ""),
    ("0x10", "", ""),
    ("NaN", "", ""),
    ("Infinity", "", ""),
    ("10_50", "", ""),
    ("٣", "", ""),
    ("1 000", "", ""),
    ("a text that is longer than anybody wants to read, ção 🎁🎁🎁", "", ""),
    ("preço: quarenta e três reais e 🎁🎁🎁🎁🎁🎁🎁🎁🎁🎁🎁", "", ""),
    ("", "ten", ""),
    ("", "10%", ""),
    ("", " -10 ", ""),
    ("5", "ten", ""),
    ("5", "", "10"),
    ("5", "", "=4"),
    ("5", "", "2="),
    ("5", "", "2=-%"),
    ("5", "", "2=5%"),
    ("5", "", "x=5"),
    ("5", "", "2=5=6"),
    ("5", "", "2=1_0"),
    ("5", "", "2=--5%"),
    ("5", "", "2=-5"),
    ("5", "", "1=٣"),
    ("5", "", "2 = 4"),
    ("5", "", "2=4\u{a0}\u{2003}3=3,5"),
    ("5", "", "+2=+4 2e0=.45E1"),
];

/// The names of the roles whose rows are odd.
pub(super) fn odd_roles() -> impl Iterator<Item = String> {
    (0..ODD.len()).map(odd_role)
}

fn odd_role(at: usize) -> String {
    format!("odd-{at}")
}

/// The whole price list, CSV.
pub(super) fn list() -> String {
    let mut list = GOOD.to_owned();
    for (at, (price, discount, breaks)) in ODD.iter().enumerate() {
        writeln!(list, "{}:*,\"{price}\",\"{discount}\",,\"{breaks}\"", odd_role(at))
            .expect("a text can be written to");
    }
    list
}

/// What routes may set, so that every branch of the rules is reached.
pub(super) fn settings() -> Vec<Value> {
    vec![
        json!({}),
        json!({"default_role": "wholesale"}),
        json!({"default_role": "wholesale", "together": false, "decimals": 4}),
        json!({"default_role": "wholesale", "strict": true, "role_attribute": "tax_class"}),
        json!({"strict": true}),
        json!({"strict": true, "default_role": "wholesale", "role_attribute": "nobody has this"}),
        json!({"default_role": "thirds", "decimals": 8}),
        json!({"default_role": "thirds", "rounding": "down", "decimals": 0}),
        json!({"default_role": "halves"}),
        json!({"default_role": "halves", "rounding": "half_even"}),
        json!({"default_role": "halves", "rounding": "down", "together": false}),
        json!({"default_role": "one-quantity-twice", "rounding": "half_even", "decimals": 0}),
        json!({"default_role": "fractions", "rounding": "half_even"}),
        json!({"default_role": "fractions", "together": false}),
        json!({"default_role": "negative"}),
        json!({"default_role": "negative", "rounding": "half_even", "together": false}),
        json!({"default_role": "negative", "rounding": "down"}),
        json!({"default_role": "dearer", "decimals": 3, "rounding": "half_even"}),
        json!({"default_role": "nothing"}),
        json!({"default_role": "euro"}),
        json!({"default_role": "yen", "rounding": "half_even"}),
        json!({"default_role": "dinar", "decimals": 3}),
        json!({"default_role": "both"}),
        json!({"default_role": "eight", "decimals": 8, "rounding": "half_even"}),
        json!({"default_role": "one"}),
        json!({"default_role": ""}),
        json!({"role_attribute": "name", "default_role": "reduced-rate", "decimals": 6}),
        json!({"price_list": "no such table"}),
        json!({"price_list": "other"}),
    ]
}

/// Orders that are bent for pricing: quantities, roles and currencies of every kind.
pub(super) fn orders() -> Vec<Payload> {
    let base = payloads::paid_order();
    let bent = |name: &str, bend: &dyn Fn(&mut Value)| {
        let mut order = base.clone();
        bend(&mut order);
        Payload {
            name: name.to_owned(),
            topic: "order.created".to_owned(),
            text: order.to_string(),
        }
    };
    let role = |entries: Value| move |order: &mut Value| order["meta_data"] = entries.clone();
    let currency = |code: &'static str| move |order: &mut Value| order["currency"] = json!(code);
    vec![
        bent("quantities", &|order| {
            order["line_items"] = lines(&[
                ("A", json!("1.50"), "100.00"),
                ("A", json!("1"), "33.335"),
                ("B", json!("0.00"), "5.00"),
                ("B", json!(3), "10"),
                ("B", json!("0.000"), "0"),
                ("C", json!(-2), "-45.67"),
                ("C", json!("2.00"), "45.67"),
                ("", json!(4), "40.02"),
                ("", json!(6), "0.01"),
                ("D", json!("0.333333333333333333"), "77.7"),
                ("E", json!("007"), "1.005"),
                ("E", json!("-0.0"), "-3.335"),
                ("F", json!("1.4999999"), "1000000000000.005"),
            ]);
        }),
        bent("nothing-of-something", &|order| {
            order["line_items"] = lines(&[
                ("A", json!("0.0"), "1.005"),
                ("A", json!("0"), "2"),
                ("B", json!("0"), "2"),
                ("B", json!("0.0"), "2"),
                ("B", json!("2.0"), "2"),
                ("B", json!("-2"), "2"),
                ("B", json!("1.000"), "2"),
            ]);
        }),
        bent("skus", &|order| {
            order["line_items"] = lines(&[
                ("*", json!(1), "1.005"),
                ("a/b~c", json!(2), "2.345"),
                ("a:b", json!(3), "2.355"),
                ("SKU \"Ação\" 🎁", json!(3), "1.115"),
                (" ", json!(1), "1"),
            ]);
        }),
        bent("a-wholesaler", &role(json!([{"key": "_customer_role", "value": "wholesale"}]))),
        bent(
            "two-roles",
            &role(
                json!([{"key": "customer_role", "value": "x"}, {"key": "_customer_role", "value": "one"}]),
            ),
        ),
        bent("an-empty-role", &role(json!([{"key": "customer_role", "value": ""}]))),
        bent("a-role-that-is-a-number", &role(json!([{"key": "customer_role", "value": 7}]))),
        bent("yen", &currency("JPY")),
        bent("dinar", &currency("KWD")),
        bent("euro", &currency("EUR")),
        bent("small-letters", &currency("jpy")),
        bent("no-line", &|order| order["line_items"] = json!([])),
    ]
}

/// Lines of an order: SKU, quantity, subtotal.
fn lines(of: &[(&str, Value, &str)]) -> Value {
    let line = |(at, (sku, quantity, subtotal)): (usize, &(&str, Value, &str))| {
        json!({"id": 100 + at, "sku": sku, "quantity": quantity, "subtotal": subtotal, "total": subtotal,
               "name": format!("line {at}"), "tax_class": if at % 2 == 0 { "" } else { "reduced-rate" }})
    };
    Value::Array(of.iter().enumerate().map(line).collect())
}
