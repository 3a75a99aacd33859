"""Amounts keep their digits, round as WooCommerce does, and are never floats."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal

import pytest
from mapwright_guest import Money, decimals_of, money, round_to


@pytest.mark.parametrize("text", ["254.56", "33.333333333333336", "-0.77", "0.10", "1500.00", "0", "100"])
def test_a_decimal_keeps_every_digit_of_its_text(text: str) -> None:
    assert money.plain(money.parse(text)) == text


def test_exponents_are_written_out() -> None:
    assert money.plain(money.parse(" 1.5E+3 ")) == "1500"
    assert money.plain(money.parse("1e-7")) == "0.0000001"
    assert money.plain(money.normalized(Decimal("100.00"))) == "100"
    assert money.plain(money.normalized(Decimal("18.50"))) == "18.5"


@pytest.mark.parametrize("text", ["", "abc", "1,5", "0x10", "NaN", "Infinity", "1_000", "١٢", "1E+99", "1E-99", "1 2"])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(money.NotDecimal):
        money.parse(text)


@pytest.mark.parametrize(
    ("amount", "places", "rounded"),
    [("2.345", 2, "2.35"), ("-2.345", 2, "-2.35"), ("2", 2, "2.00"), ("0.00005", 4, "0.0001"), ("-0.001", 2, "0.00"),
     ("1.005", 2, "1.01"), ("0.5", 0, "1")],
)
def test_rounding_is_half_away_from_zero_at_exactly_the_places_asked(amount: str, places: int, rounded: str) -> None:
    assert money.plain(round_to(Decimal(amount), places)) == rounded


@pytest.mark.parametrize(
    ("amount", "places", "even", "down"),
    [("2.345", 2, "2.34", "2.34"), ("2.335", 2, "2.34", "2.33"), ("-2.335", 2, "-2.34", "-2.33"), ("2.3451", 2, "2.35", "2.34"),
     ("2.5", 0, "2", "2"), ("-0.005", 2, "0.00", "0.00"), ("69.9", 2, "69.90", "69.90"), ("0.999", 2, "1.00", "0.99")],
)
def test_a_half_goes_to_the_even_digit_or_is_dropped_where_that_is_asked_for(
    amount: str, places: int, even: str, down: str
) -> None:
    assert money.plain(round_to(Decimal(amount), places, money.ROUND_HALF_EVEN)) == even
    assert money.plain(round_to(Decimal(amount), places, money.ROUND_DOWN)) == down


def test_the_spaces_of_a_spreadsheet_are_passed_over() -> None:
    assert money.plain(money.parse("\u00a069.90\u2003")) == "69.90"
    with pytest.raises(money.NotDecimal, match="^`R\\$ 5` is"):
        money.parse(" R$ 5 ")


def test_a_division_gives_28_significant_digits() -> None:
    assert str(Decimal(1) / 3) == "0.3333333333333333333333333333"
    assert str(Decimal(2) / 3) == "0.6666666666666666666666666667"


def test_a_float_never_becomes_an_amount() -> None:
    with pytest.raises(decimal.FloatOperation):
        Decimal(0.1)
    with pytest.raises(decimal.FloatOperation):
        assert Decimal("0.1") < 0.2
    wrongs: list[Callable[[], object]] = [
        lambda: Decimal("0.1") + 0.2,  # type: ignore[operator]
        lambda: money.parse(0.1),  # type: ignore[arg-type]
        lambda: money.plain(0.1),  # type: ignore[arg-type]
        lambda: round_to(0.1, 2),  # type: ignore[arg-type]
        lambda: Money(0.1, "BRL"),  # type: ignore[arg-type]
    ]
    for wrong in wrongs:
        with pytest.raises(TypeError):
            wrong()


def test_currencies_have_their_decimals() -> None:
    assert [decimals_of(currency) for currency in ("BRL", "JPY", "KWD", "CLP", "EUR")] == [2, 0, 3, 0, 2]


def test_money_of_two_currencies_does_not_add_up() -> None:
    one = Money(Decimal("1.00"), "BRL")
    assert str(one + one) == "2.00 BRL"
    assert str(Money(Decimal("1.005"), "BRL").rounded()) == "1.01 BRL"
    with pytest.raises(ValueError):
        one + Money(Decimal("1.00"), "EUR")
