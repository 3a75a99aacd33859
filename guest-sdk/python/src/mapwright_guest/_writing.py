"""JSON as the author wrote it: keys in their order, amounts as text, and nothing that could be a float.

The standard library's encoder (written in C) does the work where it can: this runs for every document. It would write
floats, and keys that are no texts, without a word, so what it wrote is looked at, and in doubt, and for everything that
cannot be written, the value is walked here, which knows the place and says the way out.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from typing import Any

from .money import JsonNumber, Money, plain

__all__ = ["write"]

_SURROGATE = re.compile("[\ud800-\udfff]")
# A number with a point or an exponent, a key that was none: also inside of texts, which is why the walk decides.
_DOUBTFUL = re.compile(r'[:\[,{](?:-?[0-9]+[.eE]|"(?:-?[0-9][0-9.eE+-]*|true|false|null)":)')


class _Exactly(Exception):
    """The encoder has no way to write this as it is."""


def _other(value: Any) -> Any:
    """What the encoder asks for what it does not know."""
    if isinstance(value, Decimal):
        return plain(value)
    if hasattr(value, "__json__"):
        return value.__json__()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, (type, Money, JsonNumber)):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise _Exactly


_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"),
                            default=_other)


def write(value: Any) -> str:
    """The JSON text of a value. Raises ``TypeError`` or ``ValueError``, with the place in the text."""
    try:
        text = _ENCODER.encode(value)
        text.encode()
        if not _DOUBTFUL.search(text) and type(value) is not float:
            return text
    except (_Exactly, TypeError, ValueError, RecursionError):
        pass
    return _walked(value)


def _walked(value: Any) -> str:
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
    if value is None:
        put("null")
    elif isinstance(value, bool):
        put("true" if value else "false")
    elif isinstance(value, Enum):
        _write(value.value, put, path)
    elif isinstance(value, str):
        put(_string(str(value)))
    elif isinstance(value, int):
        put(str(int(value)))
    elif isinstance(value, float):
        raise TypeError(f'{value!r} is a float, which loses digits; write an amount as Decimal("{value!r}")')
    elif isinstance(value, Decimal):
        put(f'"{plain(value)}"')
    elif isinstance(value, dict):
        _write_object(value, put, path)
    elif isinstance(value, (list, tuple)):
        _write_list(value, put, path)
    elif isinstance(value, JsonNumber):
        put(plain(value.amount))
    elif isinstance(value, Money):
        _write_object({"amount": value.amount, "currency": value.currency}, put, path)
    elif isinstance(value, (set, frozenset)):
        raise TypeError("a set has no order, so the answer would not be the same each time; use sorted(...)")
    else:
        try:
            known = _other(value)
        except _Exactly:
            kind = type(value).__name__
            raise TypeError(f"{str(value):.80} ({kind}) is nothing that JSON has") from None
        _write(known, put, path)


def _write_object(value: dict[Any, Any], put: Any, path: list[str | int]) -> None:
    before = "{"
    path.append("")
    for key, item in value.items():
        path[-1] = key
        if not isinstance(key, str):
            raise TypeError(f"the key {key!r} is no text ({type(key).__name__})")
        put(f"{before}{_string(str(key))}:")
        _write(item, put, path)
        before = ","
    path.pop()
    put("{}" if before == "{" else "}")


def _write_list(value: Any, put: Any, path: list[str | int]) -> None:
    path.append(0)
    put("[")
    for index, item in enumerate(value):
        path[-1] = index
        if index:
            put(",")
        _write(item, put, path)
    path.pop()
    put("]")
