//! The status and the price lines of a WooCommerce order, for the stages that take them typed.
//!
//! Only topics `order.*` have them. What is read, and nothing else:
//!
//! * status: `/status`; attributes `payment_method`, `date_paid_gmt`, `customer_id`, `currency` and
//!   `created_via`, each where the payload has it and it is not null. An order without a status
//!   (`order.deleted` sends only the id) is not translated.
//! * lines: `/line_items/*`: `id`, `sku` (null is empty), `quantity` as it stands, the order's
//!   `currency`, and the unit price as `subtotal / quantity`, exact to ten places. The payload's own
//!   `price` is a binary float after discounts and is not used. Attributes: `product_id`,
//!   `variation_id`, `name`, `subtotal`, `total`, `tax_class`, and from the order `customer_id` and
//!   `customer_role` (from its meta data, key `_customer_role` or `customer_role`).
//!
//! Numbers keep their digits: they are read as text, never as floats.

use std::borrow::Cow;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{PriceLine, Violation};

use super::answer::is_decimal;

/// Places kept of a unit price: enough that unit price times quantity gives the subtotal back.
const UNIT_PRICE_PLACES: u32 = 10;

/// Whether topics of this kind have a status and lines.
pub(super) fn is_order(topic: &str) -> bool {
    topic.starts_with("order.")
}

/// An order, read no further than asked.
#[derive(Debug, Deserialize)]
pub(super) struct Order<'a> {
    #[serde(borrow, default)]
    status: Field<'a>,
    #[serde(borrow, default)]
    currency: Field<'a>,
    #[serde(borrow, default)]
    payment_method: Field<'a>,
    #[serde(borrow, default)]
    date_paid_gmt: Field<'a>,
    #[serde(borrow, default)]
    customer_id: Field<'a>,
    #[serde(borrow, default)]
    created_via: Field<'a>,
    #[serde(borrow, default)]
    meta_data: Field<'a>,
    #[serde(borrow, default)]
    line_items: Field<'a>,
}

#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
    #[serde(borrow, default)]
    sku: Field<'a>,
    #[serde(borrow, default)]
    quantity: Field<'a>,
    #[serde(borrow, default)]
    subtotal: Field<'a>,
    #[serde(borrow, default)]
    total: Field<'a>,
    #[serde(borrow, default)]
    tax_class: Field<'a>,
    #[serde(borrow, default)]
    product_id: Field<'a>,
    #[serde(borrow, default)]
    variation_id: Field<'a>,
    #[serde(borrow, default)]
    name: Field<'a>,
}

#[derive(Debug, Deserialize)]
struct Meta<'a> {
    #[serde(borrow, default)]
    key: Field<'a>,
    #[serde(borrow, default)]
    value: Field<'a>,
}

/// A JSON value not looked into yet.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
struct Field<'a>(#[serde(borrow)] Option<&'a RawValue>);

impl<'a> Field<'a> {
    /// The text of a string, a number or a boolean; none when absent, null or nested.
    fn text(self) -> Option<Cow<'a, str>> {
        let raw = self.0?.get();
        match raw.as_bytes().first()? {
            // Unescaped strings are borrowed, so this copies only what has a backslash.
            b'"' => serde_json::from_str::<&str>(raw)
                .map(Cow::Borrowed)
                .or_else(|_| serde_json::from_str::<String>(raw).map(Cow::Owned))
                .ok(),
            b'n' | b'{' | b'[' => None,
            _ => Some(Cow::Borrowed(raw)),
        }
    }

    fn owned(self) -> String {
        self.text().map(Cow::into_owned).unwrap_or_default()
    }
}

fn violation(pointer: String, code: &str, message: &str) -> Violation {
    Violation { pointer, code: code.to_owned(), message: message.to_owned() }
}

impl<'a> Order<'a> {
    /// Reads the head of an order.
    pub(super) fn read(payload: &'a str) -> Result<Self, Violation> {
        let not_object = || {
            violation(
                String::new(),
                "payload_not_object",
                "an order must be a JSON object with each name once",
            )
        };
        // Derived readers take a list for an object, field by field; a payload may not.
        if !payload.trim_start().starts_with('{') {
            return Err(not_object());
        }
        serde_json::from_str(payload).map_err(|_| not_object())
    }

    /// Its status, where it has one.
    pub(super) fn status(&self) -> Option<String> {
        self.status.text().map(Cow::into_owned)
    }

    /// What bears on the translation of its status.
    pub(super) fn status_attributes(&self) -> Vec<(String, String)> {
        [
            ("payment_method", self.payment_method),
            ("date_paid_gmt", self.date_paid_gmt),
            ("customer_id", self.customer_id),
            ("currency", self.currency),
            ("created_via", self.created_via),
        ]
        .into_iter()
        .filter_map(present)
        .collect()
    }

    /// Its lines; none where it has none.
    pub(super) fn lines(&self) -> Result<Vec<PriceLine>, Vec<Violation>> {
        let Some(raw) = self.line_items.0.filter(|raw| raw.get() != "null") else {
            return Ok(Vec::new());
        };
        let lines: Vec<Line<'_>> = serde_json::from_str(raw.get()).map_err(|_| {
            vec![violation(
                "/line_items".to_owned(),
                "unexpected_type",
                "line items must be a list of objects",
            )]
        })?;
        let currency = self.currency.owned();
        let role = self.customer_role();
        let mut priced = Vec::with_capacity(lines.len());
        let mut violations = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            match line.price(index) {
                Ok((quantity, unit_price)) => {
                    let mut attributes: Vec<_> = [
                        ("product_id", line.product_id),
                        ("variation_id", line.variation_id),
                        ("name", line.name),
                        ("subtotal", line.subtotal),
                        ("total", line.total),
                        ("tax_class", line.tax_class),
                        ("customer_id", self.customer_id),
                    ]
                    .into_iter()
                    .filter_map(present)
                    .collect();
                    attributes.extend(role.clone().map(|role| ("customer_role".to_owned(), role)));
                    priced.push(PriceLine {
                        id: line.id.owned(),
                        sku: line.sku.owned(),
                        quantity,
                        unit_price,
                        currency: currency.clone(),
                        attributes,
                    });
                }
                Err(violation) => violations.push(violation),
            }
        }
        if violations.is_empty() { Ok(priced) } else { Err(violations) }
    }

    fn customer_role(&self) -> Option<String> {
        let meta: Vec<Meta<'_>> = serde_json::from_str(self.meta_data.0?.get()).ok()?;
        ["_customer_role", "customer_role"].into_iter().find_map(|key| {
            let entry = meta.iter().find(|entry| entry.key.text().as_deref() == Some(key))?;
            entry.value.text().map(Cow::into_owned)
        })
    }
}

fn present((name, field): (&str, Field<'_>)) -> Option<(String, String)> {
    Some((name.to_owned(), field.text()?.into_owned()))
}

impl Line<'_> {
    /// The quantity as it stands and the price of one.
    fn price(&self, index: usize) -> Result<(String, String), Violation> {
        let amount = |name: &str, field: Field<'_>| {
            let text = field.text().unwrap_or_default();
            let number: Option<Decimal> =
                Some(&text).filter(|text| is_decimal(text)).and_then(|text| text.parse().ok());
            number.map(|number| (text.into_owned(), number)).ok_or_else(|| {
                violation(
                    format!("/line_items/{index}/{name}"),
                    "not_decimal",
                    &format!("a line's {name} must be a decimal number"),
                )
            })
        };
        let (quantity_text, quantity) = amount("quantity", self.quantity)?;
        let (_, subtotal) = amount("subtotal", self.subtotal)?;
        // A line of nothing has the price of the line.
        let unit = subtotal.checked_div(quantity).unwrap_or(subtotal);
        let unit =
            unit.round_dp_with_strategy(UNIT_PRICE_PLACES, RoundingStrategy::MidpointAwayFromZero);
        Ok((quantity_text, unit.normalize().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_price_is_the_subtotal_divided_never_the_float() {
        let order = Order::read(
            r#"{"currency":"BRL","customer_id":7,"meta_data":[{"key":"_customer_role","value":"wholesale"}],
               "line_items":[{"id":1,"sku":null,"quantity":3,"subtotal":"100.00","price":33.333333333333336},
                             {"id":2,"sku":"A\"1","quantity":2,"subtotal":"19.98","price":9.99}]}"#,
        )
        .unwrap();
        let lines = order.lines().unwrap();
        assert_eq!(lines[0].unit_price, "33.3333333333");
        assert_eq!((lines[0].sku.as_str(), lines[1].sku.as_str()), ("", "A\"1"));
        assert_eq!((lines[1].unit_price.as_str(), lines[1].quantity.as_str()), ("9.99", "2"));
        let role = ("customer_role".to_owned(), "wholesale".to_owned());
        assert!(lines[1].attributes.contains(&role));
    }

    #[test]
    fn amounts_that_are_not_decimal_are_placed() {
        let order = Order::read(r#"{"line_items":[{"quantity":1,"subtotal":"1,50"}]}"#).unwrap();
        let violations = order.lines().unwrap_err();
        assert_eq!(violations[0].pointer, "/line_items/0/subtotal");
        let order = Order::read(r#"{"line_items":"x"}"#).unwrap();
        assert_eq!(order.lines().unwrap_err()[0].code, "unexpected_type");
    }

    #[test]
    fn a_deleted_order_has_no_status_and_no_lines() {
        let order = Order::read(r#"{"id":27}"#).unwrap();
        assert_eq!(order.status(), None);
        assert_eq!(order.lines(), Ok(Vec::new()));
        assert_eq!(Order::read("[1]").unwrap_err().code, "payload_not_object");
    }

    #[test]
    fn a_quantity_of_zero_does_not_divide() {
        let order = Order::read(r#"{"line_items":[{"quantity":0,"subtotal":"5.00"}]}"#).unwrap();
        assert_eq!(order.lines().unwrap()[0].unit_price, "5");
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(quantity in "[-0-9.eE+]{0,8}", subtotal in "[-0-9.,]{0,40}") {
            let text = format!(r#"{{"line_items":[{{"quantity":{quantity:?},"subtotal":{subtotal:?}}}]}}"#);
            drop(Order::read(&text).map(|order| order.lines()));
        }
    }
}
