//! The sale and its lines.

use mapwright_guest::money::{Decimal, decimals_of, round};
use mapwright_guest::woocommerce::{LineItem, Order};
use mapwright_guest::{MappingInput, Reference, Refusal, Violations, reference};
use serde::Serialize;

use crate::Settings;
use crate::totals::{Taxes, cent};

#[derive(Serialize)]
pub(crate) struct Sale<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    party: Reference,
    invoice_address: Reference,
    shipment_address: Reference,
    currency: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_term: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_date: Option<&'a str>,
    description: String,
    comment: String,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Reference>,
    quantity: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Reference>,
    unit_price: Decimal,
    taxes: Vec<Reference>,
    description: String,
}

/// What is known of a sale before its lines are looked at.
pub(crate) struct Head<'a> {
    /// The state wanted; none where Tryton is to keep it.
    pub(crate) state: Option<&'a str>,
    pub(crate) party: Reference,
    pub(crate) invoice_address: Reference,
    pub(crate) shipment_address: Reference,
}

/// The sale of an order. Faults go to `violations`; the sale is only good when there are none.
pub(crate) fn build<'a>(
    head: Head<'a>,
    order: &'a Order,
    input: &MappingInput,
    settings: &Settings,
    violations: &mut Violations,
) -> Result<Sale<'a>, Refusal> {
    let mut taxes = Taxes::of(order, violations)?;
    let unit = || Some(reference("unit", &settings.unit));
    let mut lines = Vec::new();
    let mut repriced = false;
    for (index, item) in order.line_items.iter().enumerate() {
        let mut items = violations.at("line_items");
        let mut here = items.index(index);
        let product = match (item.sku.trim(), &settings.fallback_product) {
            ("", Some(fallback)) => fallback.as_str(),
            ("", None) => {
                here.field("sku").push(
                    "sku_missing",
                    format!("`{}` has no SKU; give it one or set fallback_product", item.name),
                );
                continue;
            }
            (sku, _) => sku,
        };
        if item.quantity.is_zero() {
            here.field("quantity").push("quantity_zero", "a line of nothing has no unit price");
            continue;
        }
        let net = match priced(item, input) {
            Some(net) => {
                repriced |= round(net, 2) != round(item.total, 2);
                net
            }
            None => item.total,
        };
        let unit_price = round(net / item.quantity, settings.price_digits);
        lines.push(Line {
            r#type: "line",
            product: Some(reference("product", product)),
            quantity: item.quantity,
            unit: unit(),
            unit_price,
            taxes: taxes.charge(unit_price * item.quantity, &item.taxes),
            description: item.name.clone(),
        });
    }
    for shipping in order.shipping_lines.iter().filter(|line| !line.total.is_zero()) {
        lines.push(Line {
            r#type: "line",
            product: Some(reference("product", &settings.shipping_product)),
            quantity: Decimal::ONE,
            unit: unit(),
            unit_price: shipping.total,
            taxes: taxes.charge(shipping.total, &shipping.taxes),
            description: shipping.method_title.clone(),
        });
    }
    for fee in &order.fee_lines {
        let [taxed, rest] = taxes.split(fee.total, &fee.taxes);
        for (amount, charged) in [(taxed, fee.taxes.as_slice()), (rest, &[])] {
            if !amount.is_zero() {
                let taxes = taxes.charge(amount, charged);
                lines.push(Line { taxes, ..amount_line(amount, &fee.name) });
            }
        }
    }
    if lines.is_empty() && violations.is_empty() {
        violations.at("line_items").push("lines_missing", "the order has nothing in it");
    }
    if !repriced && violations.is_empty() {
        let decimals = decimals_of(&order.currency);
        let difference = order.total - taxes.total();
        let tolerated = cent(decimals) * Decimal::from(lines.len() + 1);
        if difference.abs() > tolerated {
            violations.at("total").push(
                "total_differs",
                format!(
                    "the order says {}, its lines and taxes make {}",
                    order.total,
                    taxes.total()
                ),
            );
        } else if !difference.is_zero() {
            lines.push(amount_line(round(difference, decimals), "Rounding"));
        }
    }
    let shop = settings.shop_name.as_deref().unwrap_or("WooCommerce");
    Ok(Sale {
        state: head.state,
        party: head.party,
        invoice_address: head.invoice_address,
        shipment_address: head.shipment_address,
        currency: reference("currency", &order.currency),
        payment_term: settings.payment_term.as_deref().map(|name| reference("payment_term", name)),
        warehouse: settings.warehouse.as_deref().map(|name| reference("warehouse", name)),
        sale_date: order.date_created.date(),
        description: format!("{shop} #{}", order.number),
        comment: comment(order),
        lines,
    })
}

/// The net amount of a line at the price that the route's pricing gave it. A coupon keeps the share
/// it took off the shop's own price.
fn priced(item: &LineItem, input: &MappingInput) -> Option<Decimal> {
    let full = input.line(item.id.as_str())?.unit_price * item.quantity;
    if item.subtotal.is_zero() { Some(full) } else { Some(full * item.total / item.subtotal) }
}

/// A line that is only an amount.
fn amount_line(amount: Decimal, description: &str) -> Line {
    Line {
        r#type: "line",
        product: None,
        quantity: Decimal::ONE,
        unit: None,
        unit_price: amount,
        taxes: Vec::new(),
        description: description.to_owned(),
    }
}

/// What people in the warehouse and the office want to read.
fn comment(order: &Order) -> String {
    let coupons: Vec<&str> = order.coupon_lines.iter().map(|coupon| coupon.code.as_str()).collect();
    [
        ("", order.customer_note.trim().to_owned()),
        ("Payment: ", order.payment_method_title.clone()),
        ("Transaction: ", order.transaction_id.clone()),
        ("Coupons: ", coupons.join(", ")),
    ]
    .iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(what, text)| format!("{what}{text}"))
    .collect::<Vec<_>>()
    .join("\n")
}
