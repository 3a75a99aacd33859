"""What is read keeps its text, what is written keeps its order, and neither ever is a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from mapwright_guest import Document, JsonNumber, MappingInput, Money, Rejected, _text, reference
from mapwright_guest._writing import write


class Colour(Enum):
    RED = "red"


@dataclass
class Line:
    name: str
    amount: Decimal


def test_a_body_is_written_as_its_author_wrote_it() -> None:
    body = {"z": 1, "a": [None, True, "ã\n\"🍵"], "amount": Decimal("1E-7"), "whole": Decimal("1E+3"),
            "zero": Decimal("-0.00"), "party": reference("party", "WC-2"), "line": Line("Tea", Decimal("0.10")),
            "colour": Colour.RED, "price": Money(Decimal("2.50"), "BRL"), "empty": {}, "none": []}
    assert Document.upsert("sale", "1", body).text == (
        '{"z":1,"a":[null,true,"ã\\n\\"🍵"],"amount":"0.0000001","whole":"1000","zero":"0.00",'
        '"party":{"$ref":{"entity":"party","key":"WC-2"}},"line":{"name":"Tea","amount":"0.10"},"colour":"red",'
        '"price":{"amount":"2.50","currency":"BRL"},"empty":{},"none":[]}'
    )


def test_a_target_that_wants_numbers_gets_them_digit_by_digit() -> None:
    assert write({"a": JsonNumber(Decimal("0.10")), "b": JsonNumber(Decimal("33.333333333333336"))}) == (
        '{"a":0.10,"b":33.333333333333336}'
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"lines": [{"price": 1.5}]}, 'write an amount as Decimal("1.5"), at /lines/0/price'),
        ({"price": float("nan")}, "nan is a float, which loses digits"),
        (1e300, "is a float"),
        ({"price": Decimal("NaN")}, "NaN is no amount, at /price"),
        ({"tags": {"a", "b"}}, "a set has no order"),
        ({1: "a"}, "the key 1 is no text"),
        ({"a": {None: 1}}, "the key None is no text (NoneType), at /a/None"),
        ({"a": object}, "is nothing that JSON has, at /a"),
        ({"a": "\ud83c"}, "half of a surrogate pair"),
    ],
)
def test_what_cannot_be_written_says_where_and_why(value: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        write(value)
    assert said in str(caught.value)


def test_texts_that_look_like_numbers_are_texts() -> None:
    body = {"a": "x:1.5", "1.5": '{"true":1.0}', "b": "[1.0"}
    assert write(body) == '{"a":"x:1.5","1.5":"{\\"true\\":1.0}","b":"[1.0"}'


def test_a_body_in_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["again"] = body
    with pytest.raises(ValueError, match="contains itself"):
        write(body)


def test_a_number_keeps_its_own_digits() -> None:
    assert MappingInput('{"a": 1.10, "b": 12345678901234567890123, "c": [1e-7, -0.0]}').json() == {
        "a": Decimal("1.10"), "b": 12345678901234567890123, "c": [Decimal("1E-7"), Decimal("-0.0")]
    }


@pytest.mark.parametrize("text", ["", "{", "[NaN]", "[Infinity]", '{"a": 1,}', "[1] x", '["\\ud83c"]', '["\\ud83cx\\udf75"]',
                                  '["\\\\ud83c\\udf75"]', "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        MappingInput(text).json()
    assert (caught.value.violations[0].pointer, caught.value.violations[0].code) == ("", "payload_not_json")


def test_pairs_of_surrogates_are_characters() -> None:
    assert MappingInput('["\\ud83c\\udf75\\uD83C\\uDF75", "\\\\u"]').json() == ["🍵🍵", "\\u"]


def test_raw_text_is_found_again() -> None:
    text = '{"a": [ 1.50 , {"b": "\\u00e3" , "b": {"c" : [ ]}}], "a\\"": 2}'
    assert _text.raw(((((text,), "a"), 1), "b")) == '{"c" : [ ]}'
    assert _text.raw(((text,), 'a"')) == "2"
    assert [name for name, _ in _text.pairs(_text.raw((((text,), "a"), 1)))] == ["b", "b"]
