//! Wholesale prices: by the customer's role and the quantity bought, from the merchant's price list.
//!
//! The lookup table `price_list` has a row for each role and SKU, `wholesale:CAM-001`, and may have
//! one for the rest, `wholesale:*`. A row says either `price`, the net price of one, or
//! `discount_percent`, off the shop's price; and `breaks`, better prices for more: `10=69.90 50=-30%`.
//! Money is decimal to the last step, where the merchant's rounding rule is applied once.

mod price;

use std::collections::HashMap;

use mapwright_guest::money::{Decimal, RoundingStrategy, decimals_of};
use mapwright_guest::{
    Context, Manifest, Plugin, PriceLine, Pricing, Refusal, Violations, lookup, package,
};
use price::{PriceRow, Unit};
use serde::Deserialize;

/// The plugin.
pub struct WholesalePricing;

impl Plugin for WholesalePricing {
    const MANIFEST: Manifest = Manifest {
        settings_schema: include_str!("../settings.schema.json"),
        topics: &["order.created", "order.updated"],
        ..package!()
    };
}

mapwright_guest::export!(WholesalePricing: pricing);

/// `settings.schema.json` says what each is for.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    role_attribute: String,
    default_role: String,
    price_list: String,
    decimals: u32,
    rounding: Rounding,
    together: bool,
    strict: bool,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Rounding {
    HalfUp,
    HalfEven,
    Down,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            role_attribute: "customer_role".to_owned(),
            default_role: "retail".to_owned(),
            price_list: "price_list".to_owned(),
            decimals: 2,
            rounding: Rounding::HalfUp,
            together: true,
            strict: false,
        }
    }
}

impl Pricing for WholesalePricing {
    fn reprice(context: &Context, mut lines: Vec<PriceLine>) -> Result<Vec<PriceLine>, Refusal> {
        let settings: Settings = context.settings()?;
        let bought = bought(&lines);
        let mut violations = Violations::new();
        for (index, line) in lines.iter_mut().enumerate() {
            let role = line
                .attribute(&settings.role_attribute)
                .or_else(|| context.attribute(&settings.role_attribute))
                .unwrap_or(&settings.default_role)
                .to_owned();
            let Some(row) = find(&settings, &role, &line.sku)? else {
                if settings.strict {
                    violations.at("line_items").index(index).field("sku").push(
                        "price_missing",
                        format!(
                            "lookups/{}.csv has no `{role}:{}` and no `{role}:*`",
                            settings.price_list, line.sku
                        ),
                    );
                }
                continue;
            };
            let together = bought.get(&line.sku).copied().filter(|_| settings.together);
            let quantity = together.filter(|_| !line.sku.is_empty()).unwrap_or(line.quantity);
            if row.currency.as_ref().is_some_and(|currency| *currency != line.currency) {
                violations.at("currency").push(
                    "currency_differs",
                    format!("the price of {} is not in {}", line.sku, line.currency),
                );
                continue;
            }
            let price = match row.unit_at(quantity) {
                Unit::Price(price) => price,
                Unit::Discount(percent) => {
                    line.unit_price * (Decimal::ONE_HUNDRED - percent) / Decimal::ONE_HUNDRED
                }
            };
            let price = rounded(price, &line.currency, &settings);
            line.set_attribute("shop_unit_price", line.unit_price.to_string());
            line.set_attribute("price_rule", format!("{role}:{} from {quantity}", row.name));
            line.unit_price = price;
        }
        violations.finish()?;
        Ok(lines)
    }
}

/// How many of each SKU the whole order has.
fn bought(lines: &[PriceLine]) -> HashMap<String, Decimal> {
    let mut bought: HashMap<String, Decimal> = HashMap::new();
    for line in lines {
        *bought.entry(line.sku.clone()).or_default() += line.quantity;
    }
    bought
}

/// The row for a role and SKU, or the role's row for everything.
fn find(settings: &Settings, role: &str, sku: &str) -> Result<Option<PriceRow>, Refusal> {
    for name in [sku, "*"].into_iter().filter(|name| !name.is_empty()) {
        if let Some(row) = lookup::row(&settings.price_list, &format!("{role}:{name}"))? {
            return PriceRow::read(name, &row).map(Some);
        }
    }
    Ok(None)
}

/// The one place where a price loses digits.
fn rounded(price: Decimal, currency: &str, settings: &Settings) -> Decimal {
    let strategy = match settings.rounding {
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
        Rounding::Down => RoundingStrategy::ToZero,
    };
    // JPY has no cents to round to, whatever the setting says; BRL may have more than two.
    let decimals = if decimals_of(currency) == 0 { 0 } else { settings.decimals };
    let mut rounded = price.round_dp_with_strategy(decimals, strategy);
    rounded.rescale(decimals);
    rounded
}
