//! A row of the price list.

use mapwright_guest::Refusal;
use mapwright_guest::lookup::Row;
use mapwright_guest::money::{self, Decimal};

/// What one costs.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// So much.
    Price(Decimal),
    /// So many percent off the shop's price.
    Discount(Decimal),
}

/// A price, and better ones from certain quantities on.
pub(crate) struct PriceRow {
    pub(crate) name: String,
    pub(crate) currency: Option<String>,
    unit: Unit,
    breaks: Vec<(Decimal, Unit)>,
}

impl PriceRow {
    /// Reads `price` or `discount_percent`, `currency` and `breaks`.
    pub(crate) fn read(name: &str, row: &Row) -> Result<Self, Refusal> {
        let unit = match row.get("price") {
            Some(_) => Unit::Price(row.decimal("price")?),
            None => Unit::Discount(row.decimal("discount_percent")?),
        };
        let mut breaks = Vec::new();
        for word in row.get("breaks").unwrap_or_default().split_whitespace() {
            breaks.push(read_break(word).ok_or_else(|| {
                Refusal::not_ready(format!(
                    "the price list's row for `{name}` has the quantity break `{word}`; \
                     write it like `10=69.90` or `50=-30%`"
                ))
            })?);
        }
        Ok(Self {
            name: name.to_owned(),
            currency: row.get("currency").map(str::to_owned),
            unit,
            breaks,
        })
    }

    /// What one costs when so many are bought: the break with the largest quantity reached.
    pub(crate) fn unit_at(&self, quantity: Decimal) -> Unit {
        self.breaks
            .iter()
            .filter(|(from, _)| *from <= quantity)
            .max_by_key(|(from, _)| *from)
            .map_or(self.unit, |(_, unit)| *unit)
    }
}

fn read_break(word: &str) -> Option<(Decimal, Unit)> {
    let (from, unit) = word.split_once('=')?;
    let unit = match unit.strip_prefix('-').and_then(|unit| unit.strip_suffix('%')) {
        Some(percent) => Unit::Discount(money::parse(percent).ok()?),
        None => Unit::Price(money::parse(unit).ok()?),
    };
    Some((money::parse(from).ok()?, unit))
}
