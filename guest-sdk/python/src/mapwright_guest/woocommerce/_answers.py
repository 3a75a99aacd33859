"""What orders, lines, addresses, customers and products can be asked. The models (``models.py``) are these
and their fields."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from .._reading import Id, Model
from ..money import Money

if TYPE_CHECKING:
    from .models import Address, Meta, TaxLine

_DRAFTS = frozenset(("auto-draft", "checkout-draft", "draft", "new"))


class WithMeta(Model):
    """What has meta entries."""

    meta_data: list[Meta]

    def meta(self, key: str) -> str | None:
        """The text of the first meta entry of that key (``_billing_cpf``); ``None`` where it is missing,
        empty or no text."""
        for entry in self.meta_data:
            if entry.key == key:
                return entry.value.text() or None
        return None


class AddressAnswers(Model):
    """What an address can be asked."""

    first_name: str
    last_name: str
    company: str
    address_1: str
    city: str
    state: str
    postcode: str
    country: str

    @property
    def full_name(self) -> str:
        """First and last name; the company where there is neither."""
        return f"{self.first_name.strip()} {self.last_name.strip()}".strip() or self.company.strip()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing: WooCommerce sends all fields empty for "none"."""
        return not (self.address_1.strip() or self.city.strip() or self.postcode.strip())

    def plugin_field(self, name: str) -> str | None:
        """A field that a plug-in added, where it is not empty."""
        return self.extra.text(name)

    @property
    def subdivision(self) -> str | None:
        """The ISO 3166-2 code of the state (``BR-SP``), where there is one."""
        state = self.state.strip()
        short = 1 <= len(state) <= 3 and state.isascii() and state.isalnum()
        return f"{self.country}-{state}" if short and len(self.country.encode()) == 2 else None


class OrderAnswers(WithMeta):
    """What an order can be asked."""

    status: str
    currency: str
    total: Decimal
    customer_id: Id
    billing: Address
    shipping: Address
    tax_lines: list[TaxLine]

    @property
    def is_draft(self) -> bool:
        """Whether nobody has placed it yet: WooCommerce sends drafts as orders."""
        return self.status in _DRAFTS

    @property
    def is_guest(self) -> bool:
        """Whether it was placed without an account."""
        return not self.customer_id.is_set

    @property
    def delivery_address(self) -> Address:
        """Where the parcel goes: the shipping address, or the billing address where that is empty."""
        return self.billing if self.shipping.is_empty else self.shipping

    @property
    def total_money(self) -> Money:
        """What the customer pays, with its currency."""
        return Money(self.total, self.currency)

    def tax_line(self, rate_id: str) -> TaxLine | None:
        """The tax of a rate, by the id that ``LineTax.id`` has."""
        return next((tax for tax in self.tax_lines if tax.rate_id == rate_id), None)


class LineItemAnswers(WithMeta):
    """What a line of goods can be asked."""

    subtotal: Decimal
    total: Decimal

    @property
    def discount(self) -> Decimal:
        """What coupons took off this line, before tax."""
        return self.subtotal - self.total


class ProductAnswers(WithMeta):
    """What a product can be asked."""

    kind: str
    parent_id: Id

    @property
    def is_variation(self) -> bool:
        """Whether this is a variation of another product."""
        return self.kind == "variation" or self.parent_id.is_set
