"""JSON text: read so that a number keeps its own digits, and found again in the text it came from.

The standard library's scanner does the work (it is written in C); numbers become ``Number``, a text that
remembers to have been a number, so no float ever exists. ``raw`` finds the text of a value in the
payload when somebody asks for it, which is rare; nothing is kept for it but the way there.
"""

from __future__ import annotations

import json
import re
from json import decoder
from typing import Any

__all__ = ["NotJson", "Number", "Place", "load", "pairs", "raw", "sent"]

Place = tuple[Any, ...]
"""Where a value stands: ``(payload,)`` for the whole, else ``(place of what it is in, key or index)``."""


class Number(str):
    """A JSON number, as its own text."""

    __slots__ = ()


class NotJson(ValueError):
    """The text is not JSON."""


def _constant(name: str) -> Any:
    raise NotJson(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_constant)
_SPACE = re.compile(r"[ \t\n\r]*")
# Half of a pair stands alone; and what looks like an escape may follow a backslash that stands for itself.
_SUSPICIOUS = re.compile(
    r"\\(?:\\u|u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|[c-fC-F](?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])))"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Neither is in the type stubs: the scanner of one value, and that of a text.
_scan: Any = getattr(_DECODER, "scan_once")  # noqa: B009
_scan_text: Any = getattr(decoder, "scanstring")  # noqa: B009


def load(text: str) -> Any:
    """Reads JSON: dicts and lists of ``str``, ``Number``, ``bool`` and ``None``."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise NotJson(str(fault)) from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    if ("\\ud" in text or "\\uD" in text) and _SUSPICIOUS.search(text) and _halved(value):
        raise NotJson("half of a surrogate pair stands in a text")
    return value


def sent(value: str, what: str) -> str:
    """A text on its way to the host. Raises where it is none: the interpreter would end without a word of use."""
    if not isinstance(value, str):
        raise TypeError(f"the {what} is {value!r:.60}, a {type(value).__name__} and no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the {what} {value!r:.60} has half of a surrogate pair in it and is no Unicode text") from None
    return value


def _halved(value: Any) -> bool:
    """Whether a text in here has half of a surrogate pair, which is no Unicode."""
    if isinstance(value, str):
        return not value.isascii() and _SURROGATE.search(value) is not None
    if isinstance(value, list):
        return any(map(_halved, value))
    if isinstance(value, dict):
        return any(map(_halved, value)) or any(map(_halved, value.values()))
    return False


def raw(place: Place) -> str:
    """The text of the value that stands there."""
    if len(place) == 1:
        return str(place[0]).strip(" \t\n\r")
    within, key = place
    found = ""
    for name, text in pairs(raw(within)):
        if name == key:
            found = text
            if isinstance(key, int):
                break
    return found


def pairs(text: str) -> list[tuple[str | int, str]]:
    """The members of an object or the items of a list, each with its text, in the order they stand. A key
    that comes twice is there twice."""
    found: list[tuple[str | int, str]] = []
    at = _skip(text, 0)
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key: str | int = len(found)
        if is_object:
            key, at = _scan_text(text, at + 1, True)
            at = _skip(text, _skip(text, at) + 1)  # past the colon
        _, end = _scan(text, at)
        found.append((key, text[at:end]))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
