//! CPF and CNPJ: the tax numbers of people and companies in Brazil.
//!
//! WooCommerce has them from a plug-in, in `billing.cpf` and `billing.cnpj` (digits only) and in the
//! meta entries `_billing_cpf` and `_billing_cnpj` (punctuated). Their check digits are tested here,
//! because every ERP refuses wrong ones later and less clearly.

use std::fmt;

use crate::Scope;
use crate::woocommerce::Order;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's, 11 digits.
    Cpf,
    /// A company's, 14 characters; since 2026 the first twelve may be letters.
    Cnpj,
}

impl Kind {
    fn length(self) -> usize {
        match self {
            Self::Cpf => 11,
            Self::Cnpj => 14,
        }
    }
}

/// A tax number with valid check digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxId {
    kind: Kind,
    plain: String,
}

impl TaxId {
    /// Reads a tax number, punctuated or not.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '.' | '-' | '/' | ' '))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let letters_allowed = kind == Kind::Cnpj;
        let fits = plain.len() == kind.length()
            && plain.bytes().enumerate().all(|(at, byte)| {
                byte.is_ascii_digit() || (letters_allowed && at < 12 && byte.is_ascii_uppercase())
            });
        (fits && checks(kind, &plain)).then_some(Self { kind, plain })
    }

    /// The buyer's number, company before person; none where the order has none. A wrong one is
    /// reported in `billing`, the scope of the billing address.
    pub fn of_order(order: &Order, billing: &mut Scope<'_>) -> Option<Self> {
        for (kind, field, meta) in
            [(Kind::Cnpj, "cnpj", "_billing_cnpj"), (Kind::Cpf, "cpf", "_billing_cpf")]
        {
            let text = order.billing.plugin_field(field).or_else(|| order.meta(meta));
            let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
            let id = Self::parse(kind, &text);
            if id.is_none() {
                billing.field(field).push(
                    format!("{field}_invalid"),
                    format!(
                        "`{text}` is no valid {}: look at its check digits",
                        field.to_uppercase()
                    ),
                );
            }
            return id;
        }
        None
    }

    /// Which of the two it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Without punctuation: `52998224725`.
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.plain
    }
}

/// Punctuated: `529.982.247-25`, `11.222.333/0001-81`.
impl fmt::Display for TaxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = match self.kind {
            Kind::Cpf => "###.###.###-##",
            Kind::Cnpj => "##.###.###/####-##",
        };
        let mut characters = self.plain.chars();
        let punctuated: String = shape
            .chars()
            .filter_map(|mark| if mark == '#' { characters.next() } else { Some(mark) })
            .collect();
        f.write_str(&punctuated)
    }
}

/// Whether the last two digits are the check digits of what is before them, modulus 11. Letters
/// count as their ASCII code less 48, as digits do.
fn checks(kind: Kind, plain: &str) -> bool {
    let weight_max: u32 = match kind {
        Kind::Cpf => 11,
        Kind::Cnpj => 9,
    };
    let values: Vec<u32> = plain.bytes().map(|byte| u32::from(byte) - 48).collect();
    let digit = |values: &[u32]| {
        let sum: u32 = values.iter().rev().zip((2..=weight_max).cycle()).map(|(v, w)| v * w).sum();
        (sum * 10 % 11) % 10
    };
    let repeated = values.iter().all(|value| *value == values[0]);
    let (body, end) = values.split_at(values.len() - 2);
    !repeated && end[0] == digit(body) && end[1] == digit(&values[..values.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::{Kind, TaxId};

    #[test]
    fn valid_numbers_are_taken_in_any_writing_and_written_as_people_do() {
        for (kind, text, punctuated) in [
            (Kind::Cpf, "52998224725", "529.982.247-25"),
            (Kind::Cpf, "529.982.247-25", "529.982.247-25"),
            (Kind::Cnpj, "11222333000181", "11.222.333/0001-81"),
            (Kind::Cnpj, "12.abc.345/01de-35", "12.ABC.345/01DE-35"),
        ] {
            assert_eq!(
                TaxId::parse(kind, text).map(|id| id.to_string()),
                Some(punctuated.to_owned())
            );
        }
    }

    #[test]
    fn wrong_numbers_are_refused() {
        for (kind, text) in [
            (Kind::Cpf, "52998224726"),
            (Kind::Cpf, "11111111111"),
            (Kind::Cpf, "5299822472"),
            (Kind::Cpf, "5299822472A"),
            (Kind::Cnpj, "11222333000182"),
            (Kind::Cnpj, "ação ação ação"),
            (Kind::Cnpj, ""),
        ] {
            assert_eq!(TaxId::parse(kind, text), None, "{text}");
        }
    }
}
