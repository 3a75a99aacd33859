//! The payment plan: equal instalments a month apart, the odd cents on the first.

use mapwright_guest::money::{Decimal, JsonNumber};
use mapwright_guest::woocommerce::Order;
use mapwright_guest::{Refusal, Violations, lookup};
use serde::Serialize;

use crate::Settings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parcela {
    data_vencimento: String,
    valor: JsonNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    forma_pagamento: Option<FormaPagamento>,
}

#[derive(Serialize, Clone, Copy)]
struct FormaPagamento {
    id: u64,
}

/// The instalments of an order; none where nothing is to be paid.
pub(crate) fn of(
    order: &Order,
    data: &str,
    settings: &Settings,
    violations: &mut Violations,
) -> Result<Vec<Parcela>, Refusal> {
    if order.total.is_zero() {
        return Ok(Vec::new());
    }
    let forma_pagamento = forma_pagamento(order, violations)?;
    let written = order.meta(&settings.parcelas_meta);
    let count = written.as_deref().map_or(Ok(1), str::parse);
    let count = match count {
        Ok(count) if (1..=settings.parcelas_max).contains(&count) => count,
        _ => {
            violations.at("meta_data").push(
                "parcelas_invalid",
                format!(
                    "`{}` is `{}`, which is no number of instalments from 1 to {}",
                    settings.parcelas_meta,
                    written.unwrap_or_default(),
                    settings.parcelas_max
                ),
            );
            return Ok(Vec::new());
        }
    };
    let each = (order.total / Decimal::from(count)).trunc_with_scale(2);
    let odd = order.total - each * Decimal::from(count);
    Ok((0..count)
        .map(|month| Parcela {
            data_vencimento: months_later(data, month),
            valor: JsonNumber(if month == 0 { each + odd } else { each }),
            forma_pagamento,
        })
        .collect())
}

/// Bling's id of the payment method, from the lookup table `formas_pagamento` (columns `method`,
/// `id`).
fn forma_pagamento(
    order: &Order,
    violations: &mut Violations,
) -> Result<Option<FormaPagamento>, Refusal> {
    if order.payment_method.is_empty() {
        return Ok(None);
    }
    let row = lookup::row("formas_pagamento", &order.payment_method)?;
    let id = row.as_ref().and_then(|row| row.get("id")).and_then(|id| id.parse().ok());
    if id.is_none() {
        violations.at("payment_method").push(
            "payment_method_unknown",
            format!(
                "lookups/formas_pagamento.csv has no id for `{}` ({})",
                order.payment_method, order.payment_method_title
            ),
        );
    }
    Ok(id.map(|id| FormaPagamento { id }))
}

/// The same day so many months later, or the last day of a month that is too short.
fn months_later(date: &str, months: u32) -> String {
    let part = |range| date.get(range).and_then(|text: &str| text.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
        return date.to_owned();
    };
    let since = year * 12 + month.saturating_sub(1) + months;
    let (year, month) = (since / 12, since % 12 + 1);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    format!("{year:04}-{month:02}-{:02}", day.min(last))
}

#[cfg(test)]
mod tests {
    use super::months_later;

    #[test]
    fn a_month_that_is_too_short_ends_on_its_last_day() {
        for (date, months, expected) in [
            ("2026-11-22", 0, "2026-11-22"),
            ("2026-11-22", 2, "2027-01-22"),
            ("2026-12-31", 2, "2027-02-28"),
            ("2027-12-31", 2, "2028-02-29"),
            ("2026-10-31", 1, "2026-11-30"),
        ] {
            assert_eq!(months_later(date, months), expected);
        }
    }
}
