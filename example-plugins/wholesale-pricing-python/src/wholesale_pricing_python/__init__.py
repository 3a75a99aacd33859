"""Wholesale prices: by the customer's role and the quantity bought, from the merchant's price list.

The lookup table ``price_list`` has a row for each role and SKU, ``wholesale:CAM-001``, and may have one for the rest,
``wholesale:*``. A row says either ``price``, the net price of one, or ``discount_percent``, off the shop's price; and
``breaks``, better prices for more: ``10=69.90 50=-30%``. Money is decimal to the last step, where the merchant's rounding
rule is applied once.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from mapwright_guest import Context, Plugin, PriceLine, Violations, decimals_of, lookup, money

from .price import PriceRow
from .settings import Settings

plugin = Plugin(topics=["order.created", "order.updated"])

_ROUNDING = {"half_up": money.ROUND_HALF_UP, "half_even": money.ROUND_HALF_EVEN, "down": money.ROUND_DOWN}


@plugin.pricing
def reprice(context: Context, lines: list[PriceLine]) -> list[PriceLine]:
    settings = context.settings(Settings)
    bought = _bought(lines)
    priced = []
    with Violations() as violations:  # tells of all faults at once
        for index, line in enumerate(lines):
            role = _role(line, context, settings)
            row = _find(settings.price_list, role, line.sku)
            if row is None:
                if settings.strict:
                    message = f"lookups/{settings.price_list}.csv has no `{role}:{line.sku}` and no `{role}:*`"
                    violations.at("line_items", index, "sku").add("price_missing", message)
                priced.append(line)
                continue
            if row.currency is not None and row.currency != line.currency:
                message = f"the price of {line.sku} is not in {line.currency}"
                violations.at("currency").add("currency_differs", message)
                continue
            quantity = bought[line.sku] if settings.together and line.sku else line.quantity
            price = _rounded(row.unit_at(quantity).of(line.unit_price), line.currency, settings)
            line = line.with_attribute("shop_unit_price", money.plain(line.unit_price))
            line = line.with_attribute("price_rule", f"{role}:{row.name} from {money.plain(quantity)}")
            priced.append(replace(line, unit_price=price))
    return priced


def _role(line: PriceLine, context: Context, settings: Settings) -> str:
    """The customer's role: the line's, else the event's. One that is empty is a role too."""
    for role in (line.attribute(settings.role_attribute), context.attribute(settings.role_attribute)):
        if role is not None:
            return role
    return settings.default_role


def _bought(lines: list[PriceLine]) -> dict[str, Decimal]:
    """How many of each SKU the whole order has."""
    bought: dict[str, Decimal] = {}
    for line in lines:
        before = bought.get(line.sku, money.ZERO)
        # Nothing and 5 are 5, in whatever way nothing is written: 0.00 adds no places.
        bought[line.sku] = before + line.quantity if before and line.quantity else before or line.quantity
    return bought


def _find(table: str, role: str, sku: str) -> PriceRow | None:
    """The row for a role and SKU, or the role's row for everything."""
    for name in (sku, "*") if sku else ("*",):
        row = lookup.row(table, f"{role}:{name}")
        if row is not None:
            return PriceRow.read(name, row)
    return None


def _rounded(price: Decimal, currency: str, settings: Settings) -> Decimal:
    """The one place where a price loses digits."""
    # JPY has no cents to round to, whatever the setting says; BRL may have more than two.
    decimals = 0 if decimals_of(currency) == 0 else settings.decimals
    return money.round_to(price, decimals, _ROUNDING[settings.rounding])
