"""A row of the price list."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mapwright_guest import NotReady, lookup, money


@dataclass(frozen=True)
class Price:
    """So much for one."""

    amount: Decimal

    def of(self, shop_price: Decimal) -> Decimal:
        return self.amount


@dataclass(frozen=True)
class Discount:
    """So many per cent off the shop's price."""

    percent: Decimal

    def of(self, shop_price: Decimal) -> Decimal:
        return shop_price * (100 - self.percent) / 100


Unit = Price | Discount
"""What one costs."""


@dataclass(frozen=True)
class PriceRow:
    """A price, and better ones from certain quantities on."""

    name: str
    """The SKU it is for, or ``*``."""
    currency: str | None
    """The only currency its prices are in; any where it is not said."""
    unit: Unit
    breaks: tuple[tuple[Decimal, Unit], ...]

    @classmethod
    def read(cls, name: str, row: lookup.Row) -> PriceRow:
        """Reads ``price`` or ``discount_percent``, ``currency`` and ``breaks``. Raises ``NotReady`` for what cannot be read."""
        unit: Unit
        if row.get("price") is not None:
            unit = Price(row.decimal("price"))
        else:
            unit = Discount(row.decimal("discount_percent"))
        breaks = tuple(_break(name, word) for word in (row.get("breaks") or "").split())
        return cls(name, row.get("currency"), unit, breaks)

    def unit_at(self, quantity: Decimal) -> Unit:
        """What one costs when so many are bought: the break with the largest quantity that is reached, of two for one
        quantity the later."""
        best: Decimal | None = None
        unit = self.unit
        for start, better in self.breaks:
            if start <= quantity and (best is None or start >= best):
                best, unit = start, better
        return unit


def _break(name: str, word: str) -> tuple[Decimal, Unit]:
    """A quantity and what one costs from there on: ``10=69.90`` a price, ``50=-30%`` a discount."""
    start, equals, text = word.partition("=")
    try:
        if not equals:
            raise money.NotDecimal(word)
        unit: Unit
        if len(text) > 1 and text.startswith("-") and text.endswith("%"):
            unit = Discount(money.parse(text[1:-1]))
        else:
            unit = Price(money.parse(text))
        return money.parse(start), unit
    except money.NotDecimal:
        raise NotReady(f"the price list's row for `{name}` has the quantity break `{word}`; "
                       "write it like `10=69.90` or `50=-30%`") from None
