//! What Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of its lines.

use mapwright_guest::money::{Decimal, decimals_of, round};
use mapwright_guest::woocommerce::{Id, LineTax, Order};
use mapwright_guest::{Reference, Refusal, Violations, lookup, reference};

/// The taxes of an order by rate, as Tryton calls and computes them.
pub(crate) struct Taxes {
    rates: Vec<Rate>,
    decimals: u32,
    untaxed: Decimal,
}

struct Rate {
    id: Id,
    tax: String,
    /// Of the net amount; a compound tax is taken on the taxes before it as well.
    factor: Decimal,
    base: Decimal,
}

impl Taxes {
    /// Reads the rates and finds Tryton's tax for each in the lookup table `taxes` (columns `rate`,
    /// `tax`), by rate code (`BR-SP-ICMS SP-1`) or else by percent (`18`).
    pub(crate) fn of(order: &Order, violations: &mut Violations) -> Result<Self, Refusal> {
        let mut rates: Vec<Rate> = Vec::new();
        for (index, line) in order.tax_lines.iter().enumerate() {
            let percent = line.rate_percent.normalize().to_string();
            let row = match lookup::row("taxes", &line.rate_code)? {
                Some(row) => Some(row),
                None => lookup::row("taxes", &percent)?,
            };
            let Some(row) = row else {
                violations.at("tax_lines").index(index).field("rate_code").push(
                    "tax_unknown",
                    format!("lookups/taxes.csv has neither `{}` nor `{percent}`", line.rate_code),
                );
                continue;
            };
            let before: Decimal = rates.iter().map(|rate| rate.factor).sum();
            let factor = line.rate_percent / Decimal::ONE_HUNDRED;
            rates.push(Rate {
                id: line.rate_id.clone(),
                tax: row.text("tax")?.to_owned(),
                factor: if line.compound { factor * (Decimal::ONE + before) } else { factor },
                base: Decimal::ZERO,
            });
        }
        Ok(Self { rates, decimals: decimals_of(&order.currency), untaxed: Decimal::ZERO })
    }

    /// Counts a line and gives the taxes to write on it.
    pub(crate) fn charge(&mut self, net: Decimal, taxes: &[LineTax]) -> Vec<Reference> {
        let net = round(net, self.decimals);
        self.untaxed += net;
        let mut charged = Vec::new();
        for rate in &mut self.rates {
            // A rate that is listed with nothing charged does not apply to this line.
            if taxes.iter().any(|tax| tax.id == rate.id && !tax.total.is_zero()) {
                rate.base += net;
                charged.push(reference("tax", &rate.tax));
            }
        }
        charged
    }

    /// The part of a fee that is taxed and the part that is not. WooCommerce spreads a discount
    /// fee's tax over the rates of the cart, so that tax and amount do not belong together.
    pub(crate) fn split(&self, net: Decimal, taxes: &[LineTax]) -> [Decimal; 2] {
        let mut charged = taxes.iter().filter(|tax| !tax.total.is_zero());
        let (Some(tax), None) = (charged.next(), charged.next()) else {
            return [net, Decimal::ZERO];
        };
        let factor = self.rates.iter().find(|rate| rate.id == tax.id).map(|rate| rate.factor);
        match factor.filter(|factor| !factor.is_zero()) {
            Some(factor) if (net * factor - tax.total).abs() > cent(self.decimals) => {
                let taxed = round(tax.total / factor, self.decimals);
                [taxed, net - taxed]
            }
            _ => [net, Decimal::ZERO],
        }
    }

    /// What Tryton will say the sale costs.
    pub(crate) fn total(&self) -> Decimal {
        let tax = |rate: &Rate| round(rate.base * rate.factor, self.decimals);
        self.untaxed + self.rates.iter().map(tax).sum::<Decimal>()
    }
}

/// The smallest amount of a currency.
pub(crate) fn cent(decimals: u32) -> Decimal {
    Decimal::new(1, decimals)
}
