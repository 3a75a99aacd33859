//! What number a value is: exact decimals, from JSON numbers and from decimal text.
//!
//! Money travels as text (`"10.00"`), so text may be a number; but a postal code (`"01310"`), a
//! telephone number and a tax number are digits without being amounts. Text is a number when it is
//! written as one writes an amount: no leading zero, no plus, at most [`NUMBER_LIMIT`] large.

use rust_decimal::Decimal;

use super::node::{Node, Value};

/// Numbers from here on are not amounts: the sum of a hundred million of them must stay exact.
pub const NUMBER_LIMIT: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// The number that a value is, JSON number or amount in text.
#[must_use]
pub fn decimal(node: &Node<'_>) -> Option<Decimal> {
    match &node.value {
        Value::Number(text) => of_json(text),
        Value::Text(text) => decimal_of(text),
        _ => None,
    }
}

/// Whether a value is a JSON number.
#[must_use]
pub fn is_number(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Number(_))
}

/// The number that an amount in text is.
#[must_use]
pub fn decimal_of(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let padded = whole.len() > 1 && whole.starts_with('0');
    if padded || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    bounded(Decimal::from_str_exact(text).ok()?)
}

fn of_json(text: &str) -> Option<Decimal> {
    let number = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()?
    } else {
        Decimal::from_str_exact(text).ok()?
    };
    bounded(number)
}

fn bounded(number: Decimal) -> Option<Decimal> {
    (number.abs() < NUMBER_LIMIT).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_ten_to_the_fifteenth() {
        assert_eq!(NUMBER_LIMIT.to_string(), "1000000000000000");
    }

    #[test]
    fn amounts_are_numbers_and_codes_are_not() {
        for (text, number) in [("10.00", "10.00"), ("-0.5", "-0.5"), ("0", "0"), ("7", "7")] {
            assert_eq!(decimal_of(text).unwrap().to_string(), number);
        }
        for text in
            ["01310", "", "-", "1.", ".5", "+1", "1e3", "1,5", "1 ", "9999999999999999", "００"]
        {
            assert_eq!(decimal_of(text), None, "{text}");
        }
    }

    #[test]
    fn json_numbers_may_have_exponents() {
        let number = |text| decimal(&Node::of(text).unwrap());
        assert_eq!(number("1e3"), Some(Decimal::from(1000)));
        assert_eq!(number("1.10"), number("1.1"));
        assert_eq!(number("1e400"), None);
        assert_eq!(number("true"), None);
        assert_eq!(number(r#""12.30""#), Some(Decimal::new(1230, 2)));
    }
}
