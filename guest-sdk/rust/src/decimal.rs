//! The decimal number of this SDK: `rust_decimal`'s, without its ways from and to floats.
//!
//! 28 significant digits, and what an amount needs: reading, adding up, comparing, rounding. `rust_decimal`
//! itself makes a decimal of any `f64`, silently for whoever asks it to, so it stands behind a type of our own,
//! which costs nothing when it runs.
//!
//! ```compile_fail
//! let amount = mapwright_guest::money::Decimal::try_from(0.1_f64 + 0.2);
//! ```
//! ```compile_fail
//! let amount = mapwright_guest::money::Decimal::from_f64_retain(0.1);
//! ```
//! ```compile_fail
//! let doubled = mapwright_guest::money::Decimal::ONE * 1.1;
//! ```

use std::fmt;
use std::iter::Sum;
use std::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};
use std::str::FromStr;

use rust_decimal::Decimal as Inner;
pub use rust_decimal::RoundingStrategy;
use serde::{Deserialize, Serialize};

use crate::money::{NotDecimal, parse};

/// A decimal number. In JSON it is text (`"254.56"`).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(Inner);

impl Decimal {
    /// 0.
    pub const ZERO: Self = Self(Inner::ZERO);
    /// 1.
    pub const ONE: Self = Self(Inner::ONE);
    /// 10.
    pub const TEN: Self = Self(Inner::TEN);
    /// 100.
    pub const ONE_HUNDRED: Self = Self(Inner::ONE_HUNDRED);

    /// `new(25456, 2)` is 254.56.
    ///
    /// # Panics
    /// When there are more than 28 places.
    #[must_use]
    pub fn new(digits: i64, places: u32) -> Self {
        Self(Inner::new(digits, places))
    }

    /// From text without an exponent, as [`FromStr`], or with one (`1.5E+3`).
    pub(crate) fn read(text: &str) -> Option<Self> {
        let read = match text.contains(['e', 'E']) {
            true => Inner::from_scientific(text),
            false => text.parse(),
        };
        read.ok().map(Self)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is below zero (or `-0`).
    #[must_use]
    pub const fn is_sign_negative(&self) -> bool {
        self.0.is_sign_negative()
    }

    /// Whether it is not below zero.
    #[must_use]
    pub const fn is_sign_positive(&self) -> bool {
        self.0.is_sign_positive()
    }

    /// How many places it is written with.
    #[must_use]
    pub const fn scale(&self) -> u32 {
        self.0.scale()
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// Without what is behind the point.
    #[must_use]
    pub fn trunc(&self) -> Self {
        Self(self.0.trunc())
    }

    /// Cut off behind so many places, whatever follows.
    #[must_use]
    pub fn trunc_with_scale(&self, places: u32) -> Self {
        Self(self.0.trunc_with_scale(places))
    }

    /// What is behind the point.
    #[must_use]
    pub fn fract(&self) -> Self {
        Self(self.0.fract())
    }

    /// The largest whole number that is not larger.
    #[must_use]
    pub fn floor(&self) -> Self {
        Self(self.0.floor())
    }

    /// The smallest whole number that is not smaller.
    #[must_use]
    pub fn ceil(&self) -> Self {
        Self(self.0.ceil())
    }

    /// Without zeros at its end: `1.50` becomes `1.5`.
    #[must_use]
    pub fn normalize(&self) -> Self {
        Self(self.0.normalize())
    }

    /// At most so many places; [`crate::money::round`] gives exactly so many.
    #[must_use]
    pub fn round_dp_with_strategy(&self, places: u32, strategy: RoundingStrategy) -> Self {
        Self(self.0.round_dp_with_strategy(places, strategy))
    }

    /// Written with so many places, rounding half away from zero where there were more.
    pub fn rescale(&mut self, places: u32) {
        self.0.rescale(places);
    }

    /// The sum; nothing where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; nothing where it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product; nothing where it does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(Self)
    }

    /// The quotient; nothing where it does not fit or `other` is zero.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.0.checked_div(other.0).map(Self)
    }

    /// The remainder; nothing where `other` is zero.
    #[must_use]
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        self.0.checked_rem(other.0).map(Self)
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        parse(text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

macro_rules! whole {
    ($($kind:ty),+) => {$(
        impl From<$kind> for Decimal {
            fn from(number: $kind) -> Self {
                Self(Inner::from(number))
            }
        }
    )+};
}

whole!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

macro_rules! arithmetic {
    ($($Op:ident $op:ident $OpAssign:ident $op_assign:ident),+ $(,)?) => {$(
        impl $Op for Decimal {
            type Output = Self;

            fn $op(self, other: Self) -> Self {
                Self($Op::$op(self.0, other.0))
            }
        }

        impl $Op<&Self> for Decimal {
            type Output = Self;

            fn $op(self, other: &Self) -> Self {
                Self($Op::$op(self.0, other.0))
            }
        }

        impl $OpAssign for Decimal {
            fn $op_assign(&mut self, other: Self) {
                $OpAssign::$op_assign(&mut self.0, other.0);
            }
        }

        impl $OpAssign<&Self> for Decimal {
            fn $op_assign(&mut self, other: &Self) {
                $OpAssign::$op_assign(&mut self.0, other.0);
            }
        }
    )+};
}

arithmetic!(
    Add add AddAssign add_assign,
    Sub sub SubAssign sub_assign,
    Mul mul MulAssign mul_assign,
    Div div DivAssign div_assign,
    Rem rem RemAssign rem_assign,
);

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Self> for Decimal {
    fn sum<I: Iterator<Item = &'a Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn it_computes_as_people_do_on_paper() {
        let (a, b) = (decimal("0.1"), decimal("0.2"));
        assert_eq!((a + b).to_string(), "0.3");
        assert_eq!((a - b).to_string(), "-0.1");
        assert_eq!((a * b).to_string(), "0.02");
        assert_eq!((a / b).normalize().to_string(), "0.5");
        assert_eq!((decimal("7") % decimal("4")).to_string(), "3");
        assert_eq!((-a).to_string(), "-0.1");
        assert_eq!([a, b, b].iter().sum::<Decimal>(), decimal("0.5"));
        let mut sum = Decimal::ZERO;
        sum += a;
        sum -= &b;
        assert_eq!(sum, Decimal::new(-1, 1));
        assert_eq!(Decimal::from(3).checked_div(Decimal::ZERO), None);
        assert!(decimal("1.50") == decimal("1.5") && decimal("2") > decimal("1.99"));
        assert_eq!(format!("{:>8.2}|{a:?}", decimal("1.5")), "    1.50|0.1");
    }

    #[test]
    fn in_json_it_is_text() {
        assert_eq!(serde_json::to_string(&decimal("1.10")).unwrap(), r#""1.10""#);
        assert_eq!(serde_json::from_str::<Decimal>(r#""1.10""#).unwrap().to_string(), "1.10");
    }
}
