"""Who buys, and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mapwright_guest import Order, Violations, reference
from mapwright_guest.brazil import Kind, TaxId
from mapwright_guest.woocommerce import Address

from .settings import Settings

# Tryton names a country's tax number by the country, not as people there do: a CNPJ is a `br_vat`.
_IDENTIFIERS = {Kind.CPF: "br_cpf", Kind.CNPJ: "br_vat"}


@dataclass(frozen=True)
class PartyAddress:
    """An address and its key: other words make another address, since old orders keep theirs."""

    key: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Party:
    """A party and the key it is known by for ever."""

    key: str
    name: str
    tax_id: TaxId | None
    contacts: list[dict[str, str]]

    @classmethod
    def of(cls, order: Order, settings: Settings, violations: Violations) -> Party:
        """The buyer: an account by its id; a guest by tax number, else e-mail, else the order itself, so that a guest who comes
        back is the same party and two guests never become one."""
        billing = order.billing
        scope = violations.at("billing")
        tax_id = TaxId.of_order(order, scope)
        email = billing.email.strip().lower()
        if not order.is_guest:
            key: str = order.customer_id
        elif tax_id:
            key = tax_id.plain
        else:
            key = email or f"ORDER-{order.id}"
        is_company = tax_id is not None and tax_id.kind is Kind.CNPJ
        name = (is_company and billing.company.strip()) or billing.full_name
        if not name:
            scope.add("name_missing", "the order does not say who buys")
        if billing.is_empty:
            scope.add("address_missing", "the order has no billing address")
        contacts = [{"type": "email", "value": email}] if email else []
        return cls(f"{settings.prefix}{key}", name, tax_id, contacts + _phones(billing))

    def body(self) -> dict[str, Any]:
        """What Tryton is told. It checks tax numbers and keeps them as they are typed."""
        body: dict[str, Any] = {"name": self.name}
        if self.tax_id:
            body["identifiers"] = [{"type": _IDENTIFIERS[self.tax_id.kind], "code": str(self.tax_id)}]
        if self.contacts:
            body["contact_mechanisms"] = self.contacts
        return body

    def address(self, address: Address, settings: Settings) -> PartyAddress:
        """One of the party's addresses."""
        street = address.address_1.strip()
        number = address.plugin_field("number")
        if number is not None:
            street = f"{street}, {number.strip()}"
        for more in (address.address_2.strip(), (address.plugin_field("neighborhood") or "").strip()):
            if more:
                street = f"{street}\n{more}"
        recipient = address.full_name
        body: dict[str, Any] = {"party": reference("party", self.key)}
        if recipient and recipient != self.name:
            body["party_name"] = recipient
        body |= {"street": street, "postal_code": address.postcode.strip(), "city": address.city.strip()}
        if address.country:
            body["country"] = reference("country", address.country)
        if address.subdivision and settings.subdivisions:
            body["subdivision"] = reference("subdivision", address.subdivision)
        words = [body.get("party_name", ""), street, body["postal_code"], body["city"], address.state, address.country]
        return PartyAddress(f"{self.key}/{_fingerprint(words):016x}", body)


def _phones(billing: Address) -> list[dict[str, str]]:
    """The telephone with its country code, as Tryton wants one; anything else is kept as "other"."""
    text = (billing.plugin_field("cellphone") or billing.phone).strip()
    digits = "".join(character for character in text if character in "0123456789")
    if not text:
        return []
    if text.startswith("+"):
        return [{"type": "phone", "value": f"+{digits}"}]
    if billing.country == "BR" and len(digits) in (10, 11):
        return [{"type": "phone", "value": f"+55{digits}"}]
    return [{"type": "other", "value": text}]


def _fingerprint(words: list[str]) -> int:
    """FNV-1a: short, and the same for ever."""
    digest = 0xCBF2_9CE4_8422_2325
    for byte in "\x1f".join(words).encode():
        digest = (digest ^ byte) * 0x0100_0000_01B3 & 0xFFFF_FFFF_FFFF_FFFF
    return digest
