"""JSON as the author wrote it: keys in their order, amounts as text, and nothing that could be a float.

The standard library's encoder would write floats, ``NaN``, and keys that are no texts without a word, so this
walks the value itself. What cannot be written raises with the place and the way out.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from typing import Any

from .money import JsonNumber, Money, plain

__all__ = ["write"]

_SURROGATE = re.compile("[\ud800-\udfff]")


def write(value: Any) -> str:
    """The JSON text of a value. Raises ``TypeError`` or ``ValueError``, with the place in the text."""
    parts: list[str] = []
    path: list[str | int] = []
    try:
        _write(value, parts.append, path)
    except (TypeError, ValueError) as fault:
        if not path:
            raise
        place = "".join(f"/{step}" for step in path)
        raise type(fault)(f"{fault}, at {place}") from None
    except RecursionError:
        raise ValueError("a body contains itself, or is nested far too deeply") from None
    return "".join(parts)


def _string(value: str) -> str:
    if not value.isascii() and _SURROGATE.search(value):
        raise ValueError(f"{value!r} has half of a surrogate pair in it and is no Unicode text")
    return encode_basestring(value)


def _write(value: Any, put: Any, path: list[str | int]) -> None:
    kind = type(value)
    if kind is str:
        put(_string(value))
    elif kind is dict:
        put("{")
        comma = ""
        path.append("")
        for key, item in value.items():
            path[-1] = key
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is a {type(key).__name__}, keys are texts")
            put(f"{comma}{_string(key)}:")
            _write(item, put, path)
            comma = ","
        path.pop()
        put("}")
    elif kind is list or kind is tuple:
        put("[")
        comma = ""
        path.append(0)
        for index, item in enumerate(value):
            path[-1] = index
            if comma:
                put(comma)
            _write(item, put, path)
            comma = ","
        path.pop()
        put("]")
    elif kind is Decimal:
        put(f'"{plain(value)}"')
    elif value is None:
        put("null")
    elif kind is bool:
        put("true" if value else "false")
    elif kind is int:
        put(str(value))
    else:
        _write_other(value, put, path)


def _write_other(value: Any, put: Any, path: list[str | int]) -> None:
    """What is rarer: the SDK's own types, dataclasses, and subclasses of the simple ones."""
    if hasattr(value, "__json__"):
        _write(value.__json__(), put, path)
    elif isinstance(value, JsonNumber):
        put(plain(value.amount))
    elif isinstance(value, Money):
        _write({"amount": value.amount, "currency": value.currency}, put, path)
    elif isinstance(value, Enum):
        _write(value.value, put, path)
    elif isinstance(value, float):
        raise TypeError(f'{value!r} is a float, which loses digits; write an amount as Decimal("{value!r}")')
    elif isinstance(value, str):
        put(_string(str(value)))
    elif isinstance(value, int):
        put(str(int(value)))
    elif isinstance(value, Decimal):
        put(f'"{plain(value)}"')
    elif isinstance(value, dict):
        _write(dict(value), put, path)
    elif isinstance(value, (list, tuple)):
        _write(list(value), put, path)
    elif isinstance(value, (set, frozenset)):
        raise TypeError("a set has no order, so the answer would not be the same each time; use sorted(...)")
    elif is_dataclass(value) and not isinstance(value, type):
        _write({field.name: getattr(value, field.name) for field in fields(value)}, put, path)
    else:
        raise TypeError(f"{value!r} is a {type(value).__name__}, which is nothing that JSON has")
