"""What Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mapwright_guest import Decimal, Order, Reference, Violations, decimals_of, lookup, money, reference, round_to
from mapwright_guest.woocommerce import LineTax

ZERO = Decimal(0)


@dataclass
class Rate:
    """A tax, as Tryton calls it."""

    id: str
    tax: str
    factor: Decimal
    """Of the net amount; a compound tax is taken on the taxes before it as well."""
    base: Decimal = ZERO


class Taxes:
    """The taxes of an order by rate, as Tryton calls and computes them."""

    def __init__(self, rates: list[Rate], decimals: int) -> None:
        self._rates = rates
        self._decimals = decimals
        self._untaxed = ZERO

    @classmethod
    def of(cls, order: Order, violations: Violations) -> Taxes:
        """Reads the rates and finds Tryton's tax for each in the lookup table ``taxes`` (columns ``rate``, ``tax``), by rate
        code (``BR-SP-ICMS SP-1``) or else by percent (``18``)."""
        rates: list[Rate] = []
        for index, line in enumerate(order.tax_lines):
            percent = money.plain(money.normalized(line.rate_percent))
            row = lookup.row("taxes", line.rate_code) or lookup.row("taxes", percent)
            if row is None:
                message = f"lookups/taxes.csv has neither `{line.rate_code}` nor `{percent}`"
                violations.at("tax_lines", index, "rate_code").add("tax_unknown", message)
                continue
            factor = line.rate_percent / 100
            if line.compound:
                factor *= 1 + sum(rate.factor for rate in rates)
            rates.append(Rate(line.rate_id, row.text("tax"), factor))
        return cls(rates, decimals_of(order.currency))

    def charge(self, net: Decimal, taxes: Sequence[LineTax]) -> list[Reference]:
        """Counts a line and gives the taxes to write on it."""
        net = round_to(net, self._decimals)
        self._untaxed += net
        # A rate that is listed with nothing charged does not apply to this line.
        charged = {tax.id for tax in taxes if tax.total}
        found = []
        for rate in self._rates:
            if rate.id in charged:
                rate.base += net
                found.append(reference("tax", rate.tax))
        return found

    def split(self, net: Decimal, taxes: Sequence[LineTax]) -> tuple[Decimal, Decimal]:
        """The part of a fee that is taxed and the part that is not. WooCommerce spreads a discount fee's tax over the rates of
        the cart, so that tax and amount do not belong together."""
        charged = [tax for tax in taxes if tax.total]
        if len(charged) == 1:
            tax = charged[0]
            factor = next((rate.factor for rate in self._rates if rate.id == tax.id), ZERO)
            if factor and abs(net * factor - tax.total) > cent(self._decimals):
                taxed = round_to(tax.total / factor, self._decimals)
                return taxed, net - taxed
        return net, ZERO

    def total(self) -> Decimal:
        """What Tryton will say the sale costs."""
        return self._untaxed + sum(round_to(rate.base * rate.factor, self._decimals) for rate in self._rates)


def cent(decimals: int) -> Decimal:
    """The smallest amount of a currency."""
    return Decimal(1).scaleb(-decimals)
