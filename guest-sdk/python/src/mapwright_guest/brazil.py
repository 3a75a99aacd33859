"""CPF and CNPJ: the tax numbers of people and companies in Brazil.

WooCommerce has them from a plug-in, in ``billing.cpf`` and ``billing.cnpj`` (digits only) and in the meta entries
``_billing_cpf`` and ``_billing_cnpj`` (punctuated). Their check digits are tested here, because every ERP refuses
wrong ones later and less clearly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .refusal import Scope
from .woocommerce import Order

__all__ = ["Kind", "TaxId"]


class Kind(Enum):
    """Which of the two."""

    CPF = "cpf"
    """A person's, 11 digits."""
    CNPJ = "cnpj"
    """A company's, 14 characters; since 2026 the first twelve may be letters."""


_LENGTHS = {Kind.CPF: 11, Kind.CNPJ: 14}
_SHAPES = {Kind.CPF: "###.###.###-##", Kind.CNPJ: "##.###.###/####-##"}
_WEIGHTS = {Kind.CPF: range(2, 12), Kind.CNPJ: range(2, 10)}
_PUNCTUATION = str.maketrans("", "", ".-/ ")


@dataclass(frozen=True)
class TaxId:
    """A tax number with valid check digits. ``str()`` punctuates it: ``529.982.247-25``."""

    kind: Kind
    """Which of the two it is."""
    plain: str
    """Without punctuation: ``52998224725``."""

    @classmethod
    def parse(cls, kind: Kind, text: str) -> TaxId | None:
        """Reads a tax number, punctuated or not; ``None`` where it is no valid one."""
        plain = text.translate(_PUNCTUATION).upper() if text.isascii() else ""
        digits = plain[12:] if kind is Kind.CNPJ else plain
        fits = len(plain) == _LENGTHS[kind] and plain.isalnum() and digits.isdecimal()
        return cls(kind, plain) if fits and _checks(kind, plain) else None

    @classmethod
    def of_order(cls, order: Order, billing: Scope) -> TaxId | None:
        """The buyer's number, company before person; ``None`` where the order has none. A wrong one is reported in
        ``billing``, the scope of the billing address."""
        for kind in (Kind.CNPJ, Kind.CPF):
            text = order.billing.plugin_field(kind.value) or order.meta(f"_billing_{kind.value}") or ""
            if not text.strip():
                continue
            found = cls.parse(kind, text)
            if found is None:
                message = f"`{text}` is no valid {kind.name}: look at its check digits"
                billing.at(kind.value).add(f"{kind.value}_invalid", message)
            return found
        return None

    def __str__(self) -> str:
        characters = iter(self.plain)
        return "".join(next(characters) if mark == "#" else mark for mark in _SHAPES[self.kind])


def _checks(kind: Kind, plain: str) -> bool:
    """Whether the last two are the check digits of what is before them, modulus 11. Letters count as their ASCII
    code less 48, as digits do."""
    values = [ord(character) - 48 for character in plain]
    weights = _WEIGHTS[kind]

    def digit(before: list[int]) -> int:
        total = sum(value * weights[at % len(weights)] for at, value in enumerate(reversed(before)))
        return total * 10 % 11 % 10

    repeated = len(set(values)) == 1
    return not repeated and values[-2] == digit(values[:-2]) and values[-1] == digit(values[:-1])
