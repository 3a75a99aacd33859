//! Belts about amounts: totals, quantities, prices. Everything is decimal, nothing is rounded.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::place::Place;
use super::settings::{Prices, Quantities, Totals};
use super::{Breaches, Looked};
use crate::exact::{Found, Pattern, decimal};

/// Lines that cost this or less for one are not asked for a discount: nothing can be taken off.
const FREE: Decimal = Decimal::ZERO;
/// Digits of most currencies.
const CENTS: u32 = 2;

pub(super) fn totals(totals: &Totals, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if !at.is(&totals.entity) {
        return;
    }
    let lines = totals.lines.as_ref().map(|lines| lines.find(at.body)).unwrap_or_default();
    let there = |place: &Place| !place.find(at).is_empty();
    if totals.entity.is_empty() && lines.is_empty() && !totals.plus.iter().any(there) {
        return; // a document of another kind
    }
    let mut refuse = |pointer: &str, found: String, wanted: String, message: String| {
        breaches.add("totals", Some(at.document), pointer, found, wanted, message);
    };
    let mut sum = Decimal::ZERO;
    for line in &lines {
        let Some(amount) = line_amount(line, &totals.quantity, &totals.price) else {
            let found = line.node.text.chars().take(120).collect();
            let message = format!(
                "{} has no price that is a number, so totals cannot be added up",
                line.pointer
            );
            return refuse(&line.pointer, found, "a number".to_owned(), message);
        };
        match sum.checked_add(amount) {
            Some(more) => sum = more,
            None => {
                return refuse(
                    &line.pointer,
                    amount.to_string(),
                    "an amount".to_owned(),
                    "the lines add up to more than there is".to_owned(),
                );
            }
        }
    }
    // What is not there is nothing; what is there and no number is wrong.
    let added = |list: &[Place]| -> Result<Decimal, Place> {
        list.iter().filter(|place| there(place)).try_fold(Decimal::ZERO, |sum, place| {
            let more = place.sum(at).ok_or_else(|| place.clone())?;
            sum.checked_add(more).ok_or_else(|| place.clone())
        })
    };
    let parts = [&totals.plus, &totals.minus, &totals.equals, &totals.less].map(|it| added(it));
    let [plus, minus, equals, less] = match parts {
        [Ok(plus), Ok(minus), Ok(equals), Ok(less)] => [plus, minus, equals, less],
        parts => {
            let wrong = parts.into_iter().find_map(Result::err);
            let place = wrong.map(|it| it.to_string()).unwrap_or_default();
            let message = format!("{place} is not a number, so totals cannot be compared");
            return refuse(&place, String::new(), "a number".to_owned(), message);
        }
    };
    if !totals.equals.iter().any(there) {
        let place = places(&totals.equals);
        let message = format!("there is nothing at {place} to hold the total against");
        return refuse("", sum.to_string(), place, message);
    }
    let (found, wanted) = (sum + plus - minus, equals - less);
    let many = Decimal::from(lines.len());
    let allowed = totals.tolerance + totals.tolerance_per_line * many;
    let apart = (found - wanted).abs();
    if apart > allowed {
        let (found, wanted) = (amount(found), amount(wanted));
        let lines = totals.lines.iter().map(ToString::to_string);
        let plus = totals.plus.iter().map(|it| format!("+ {it}"));
        let minus = totals.minus.iter().map(|it| format!("- {it}"));
        let named: Vec<_> = lines.chain(plus).chain(minus).collect();
        let message = format!(
            "{} make {found}, {}{} says {wanted}: {} apart, {} allowed",
            named.join(" "),
            places(&totals.equals),
            if totals.less.is_empty() {
                String::new()
            } else {
                format!(" less {}", places(&totals.less))
            },
            amount(apart),
            amount(allowed)
        );
        refuse("", found, wanted, message);
    }
}

/// An amount as people write it: no more digits than it has, and the cents where there were any.
fn amount(amount: Decimal) -> String {
    let mut shown = amount.normalize();
    if shown.scale() < CENTS && amount.scale() >= CENTS {
        shown.rescale(CENTS);
    }
    shown.to_string()
}

fn places(places: &[Place]) -> String {
    let names: Vec<_> = places.iter().map(Place::to_string).collect();
    names.join(" and ")
}

fn line_amount(line: &Found<'_, '_>, quantity: &Pattern, price: &Pattern) -> Option<Decimal> {
    let price = decimal(price.first(line.node)?)?;
    match quantity.first(line.node) {
        Some(quantity) => decimal(quantity)?.checked_mul(price),
        None => Some(price),
    }
}

pub(super) fn quantities(belt: &Quantities, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if !at.is(&belt.entity) {
        return;
    }
    for found in belt.places.iter().flat_map(|place| place.find(at)) {
        let quantity = decimal(found.node);
        if quantity.is_some_and(|quantity| quantity >= belt.minimum) {
            continue;
        }
        let (shown, least) = (found.node.shown().to_owned(), belt.minimum.to_string());
        let message = match quantity {
            Some(_) => format!("{} is {shown}, at least {least} is expected", found.pointer),
            None => format!("{} is `{shown}`, which is no number", found.pointer),
        };
        breaches.add("quantities", Some(at.document), &found.pointer, shown, least, message);
    }
}

pub(super) fn prices(belt: &Prices, at: &Looked<'_, '_>, breaches: &mut Breaches) {
    if !at.is(&belt.entity) {
        return;
    }
    let own = belt.discount_max_percent.map(|_| shop_prices(belt, at)).unwrap_or_default();
    for line in belt.lines.find(at.body) {
        let Some(sku) =
            belt.sku.first(line.node).map(|sku| sku.shown()).filter(|it| !it.is_empty())
        else {
            continue;
        };
        let Some(price) = belt.price.first(line.node) else { continue };
        let pointer = format!("{}{}", line.pointer, belt.price);
        let Some(price) = decimal(price) else {
            let shown = price.shown().to_owned();
            let message = format!("the price of {sku} is `{shown}`, which is no number");
            breaches.add(
                "prices",
                Some(at.document),
                &pointer,
                shown,
                "a number".to_owned(),
                message,
            );
            continue;
        };
        if let Some(floor) = belt.floor.filter(|floor| price < *floor) {
            let message = format!("{sku} costs {price}, at least {floor} is expected");
            let (price, floor) = (price.to_string(), floor.to_string());
            breaches.add("prices", Some(at.document), &pointer, price, floor, message);
            continue;
        }
        let (Some(most), Some(own)) = (belt.discount_max_percent, own.get(sku)) else { continue };
        let least = *own * (Decimal::ONE_HUNDRED - most) / Decimal::ONE_HUNDRED;
        // Unit prices are rounded; a cent below is no discount.
        if price + Decimal::new(1, 2) < least {
            let percent = ((*own - price) / *own * Decimal::ONE_HUNDRED).round_dp(1);
            let message = format!(
                "{sku} costs {price}, the shop's own price is {}: {percent} percent off, at most {most} are allowed",
                amount(own.round_dp(4))
            );
            let least = amount(least.round_dp(4));
            breaches.add("prices", Some(at.document), &pointer, price.to_string(), least, message);
        }
    }
}

/// The shop's own price of one, by SKU: the lowest, where a SKU stands in several lines.
fn shop_prices(belt: &Prices, at: &Looked<'_, '_>) -> HashMap<String, Decimal> {
    let mut prices: HashMap<String, Decimal> = HashMap::new();
    let lines = at.payload.map(|payload| belt.payload_lines.find(payload)).unwrap_or_default();
    for line in lines {
        let number = |key: &str| line.node.get(key).and_then(decimal);
        let (Some(sku), Some(subtotal), Some(quantity)) =
            (line.node.get("sku"), number("subtotal"), number("quantity"))
        else {
            continue;
        };
        let Some(price) = subtotal.checked_div(quantity).filter(|price| *price > FREE) else {
            continue;
        };
        let known = prices.entry(sku.shown().to_owned()).or_insert(price);
        *known = price.min(*known);
    }
    prices
}
