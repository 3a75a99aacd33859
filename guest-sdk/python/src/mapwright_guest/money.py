"""Money and quantities: decimals, never floats.

An amount is a ``decimal.Decimal``, read from text and written as text. Importing this module sets the
arithmetic that all plugins share: 28 significant digits, rounding half away from zero, and a float that
meets a ``Decimal`` (``Decimal(0.1)``, ``amount < 0.1``) raises instead of being taken for an amount.
Costs nothing at run time: it is done while the component is built.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

__all__ = ["ARITHMETIC", "ROUND_DOWN", "ROUND_HALF_EVEN", "ROUND_HALF_UP", "Decimal", "JsonNumber", "Money", "NotDecimal", "ZERO", "decimals_of", "normalized", "parse", "plain",
           "round_to"]

ARITHMETIC = decimal.Context(
    prec=28,
    rounding=ROUND_HALF_UP,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)
"""How plugins calculate: 28 significant digits, half away from zero, no floats."""

decimal.setcontext(ARITHMETIC)

ZERO = Decimal(0)

INTEGER_DIGITS_MAX = 28
"""More digits before the point than this are no amount: they could not be added up exactly."""
PLACES_MAX = 64
"""More digits behind the point than this are no amount; a shop's floats have at most 25."""

_STEPS = tuple(Decimal((0, (1,), -places)) for places in range(29))


class NotDecimal(ValueError):
    """The text is no decimal number."""

    def __init__(self, text: str) -> None:
        super().__init__(f"`{text.strip()[:40]}` is not a decimal number")


def parse(text: str) -> Decimal:
    """The decimal that a text says, digit by digit: ``-12.34``, ``0.10``, ``1E-7``.

    Raises ``NotDecimal`` for anything else: ``1,5``, ``NaN``, ``1_000``, an empty text.
    """
    if not isinstance(text, str):
        raise TypeError(f"an amount is read from text, not from {type(text).__name__} {text!r}")
    try:
        amount = Decimal(text)
    except decimal.InvalidOperation:
        raise NotDecimal(text) from None
    if not text.isascii():
        text = text.strip()  # a spreadsheet's spaces
    if not text.isascii() or "_" in text or not amount.is_finite():
        raise NotDecimal(text)
    if len(text) > INTEGER_DIGITS_MAX or "e" in text or "E" in text:
        places = -int(amount.as_tuple().exponent)
        if places > PLACES_MAX or amount.adjusted() >= INTEGER_DIGITS_MAX:
            raise NotDecimal(text)
    return amount


def plain(amount: Decimal) -> str:
    """The decimal as text without exponent, with the places it has: ``0.10``, ``0.0000001``."""
    if not isinstance(amount, Decimal):
        raise TypeError(_no_amount(amount))
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    return format(abs(amount) if amount.is_zero() else amount, "f")


def round_to(amount: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Rounds to exactly ``places`` decimals: half away from zero, as tax offices and WooCommerce do, or in another
    of the ways of ``decimal`` (``ROUND_HALF_EVEN``, ``ROUND_DOWN``)."""
    if not isinstance(amount, Decimal):
        raise TypeError(_no_amount(amount))
    return amount.quantize(_STEPS[places], rounding)


def normalized(amount: Decimal) -> Decimal:
    """The same amount without zeros at its end: ``18`` for ``18.00``, and ``100``, not ``1E+2``."""
    bare = amount.normalize()
    return bare.quantize(_STEPS[0]) if int(bare.as_tuple().exponent) > 0 else bare


def _no_amount(value: object) -> str:
    return f"{value!r} is a {type(value).__name__}, an amount is a Decimal: Decimal(\"0.10\")"


_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def decimals_of(currency: str) -> int:
    """How many decimals a currency has (ISO 4217)."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


@dataclass(frozen=True)
class JsonNumber:
    """A decimal that is written as a JSON number, digit by digit, for targets that want numbers."""

    amount: Decimal


@dataclass(frozen=True)
class Money:
    """An amount with its currency; in a body ``{"amount": "254.56", "currency": "BRL"}``."""

    amount: Decimal
    """How much."""
    currency: str
    """Of what: ISO 4217, upper case."""

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(_no_amount(self.amount))

    def rounded(self) -> Money:
        """Rounded to the decimals of its currency."""
        return Money(round_to(self.amount, decimals_of(self.currency)), self.currency)

    def __add__(self, other: Money) -> Money:
        """The sum. Raises ``ValueError`` where the currencies differ."""
        if not isinstance(other, Money):
            return NotImplemented
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} are of two currencies")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"
