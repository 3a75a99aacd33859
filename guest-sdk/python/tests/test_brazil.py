"""CPF and CNPJ: written as people do, wrong ones refused."""

from __future__ import annotations

import pytest
from mapwright_guest.brazil import Kind, TaxId


@pytest.mark.parametrize(
    ("kind", "text", "punctuated"),
    [(Kind.CPF, "52998224725", "529.982.247-25"), (Kind.CPF, "529.982.247-25", "529.982.247-25"),
     (Kind.CNPJ, "11222333000181", "11.222.333/0001-81"), (Kind.CNPJ, "12.abc.345/01de-35", "12.ABC.345/01DE-35")],
)
def test_valid_numbers_are_taken_in_any_writing(kind: Kind, text: str, punctuated: str) -> None:
    assert str(TaxId.parse(kind, text)) == punctuated


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Kind.CPF, "52998224726"), (Kind.CPF, "11111111111"), (Kind.CPF, "5299822472"), (Kind.CPF, "5299822472A"),
     (Kind.CNPJ, "11222333000182"), (Kind.CNPJ, "ação ação ação"), (Kind.CNPJ, "")],
)
def test_wrong_numbers_are_refused(kind: Kind, text: str) -> None:
    assert TaxId.parse(kind, text) is None
