"""Pricing: the lines of an order get the prices of the merchant's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import _text, money

__all__ = ["PriceLine"]


@dataclass(frozen=True)
class PriceLine:
    """One priced line. ``dataclasses.replace(line, unit_price=...)`` gives it another price."""

    id: str
    """The line's id in the payload."""
    sku: str = ""
    """The SKU; empty where the line has none."""
    quantity: Decimal = money.ZERO
    """How many."""
    unit_price: Decimal = money.ZERO
    """The price of one, before tax."""
    currency: str = ""
    """ISO 4217."""
    attributes: Sequence[tuple[str, str]] = ()
    """Open name and value pairs (``product_id``, ``subtotal``, ``total``, ``tax_class``)."""

    def __post_init__(self) -> None:
        for name in ("quantity", "unit_price"):
            value = getattr(self, name)
            if not isinstance(value, Decimal):
                raise TypeError(f"{name} is {value!r}, a {type(value).__name__}; it must be a Decimal")
        for name in ("id", "sku", "currency"):
            _text.sent(getattr(self, name), name)

    def attribute(self, name: str) -> str | None:
        """The value of an attribute."""
        return next((value for key, value in self.attributes if key == name), None)

    def with_attribute(self, name: str, value: str) -> PriceLine:
        """The same line with an attribute set, in the place of the one of that name."""
        if self.attribute(name) is None:
            changed = [*self.attributes, (name, value)]
        else:
            changed = [(key, value if key == name else old) for key, old in self.attributes]
        return PriceLine(self.id, self.sku, self.quantity, self.unit_price, self.currency, changed)
