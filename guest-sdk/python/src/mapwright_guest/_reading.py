"""Reading what shops really send: a text where a number was promised, ``null``, ``""`` for an empty
object, ``[]`` for an empty map, a list that PHP turned into an object.

``declare`` tells how the fields of a model are read; the calls are in ``woocommerce/models.py``, made from
the one source of all SDKs. The whole object is read and checked at once, so that a fault is a rejection
with its place whether the rules look at the field or not. The common case (a text field that is a text)
is an assignment, since this runs for every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from . import _text, money
from ._text import Number, Place

__all__ = ["Extra", "Fault", "Id", "Json", "Kind", "Model", "ShopTime", "declare", "flag", "id_", "json_", "list_of",
           "model", "number", "read", "text", "time"]


class Fault(Exception):
    """A value that cannot be read, with the way to it from where it was asked for."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str | int] = []

    def under(self, step: str | int) -> Fault:
        """The same, seen from one level further out."""
        self.path.insert(0, step)
        return self


class Id(str):
    """The id of something in the shop, as text whatever JSON type it came in. False for nothing: WooCommerce
    writes ``0``, an empty text or ``null`` for that."""

    __slots__ = ()

    @property
    def is_set(self) -> bool:
        """Whether it names something."""
        return self != "" and self != "0"

    def __bool__(self) -> bool:
        return self != "" and self != "0"


class ShopTime(str):
    """A time as WooCommerce writes it: without an offset, in the shop's zone or (fields that end in ``_gmt``)
    in UTC; empty for "never"."""

    __slots__ = ()

    @property
    def date(self) -> str | None:
        """The day, ``YYYY-MM-DD``; ``None`` for "never"."""
        return self[:10] or None

    def as_utc(self) -> str | None:
        """A ``_gmt`` time as RFC 3339 in UTC; ``None`` for "never". Wrong for times in the shop's zone."""
        return f"{self.rstrip('Z')}Z" if self else None


class Json:
    """A JSON value that no model knows."""

    __slots__ = ("_place", "_value")

    def __init__(self, value: Any = None, place: Place = ("null",)) -> None:
        self._value, self._place = value, place

    @property
    def raw(self) -> str:
        """Its JSON text, as it came."""
        return "null" if self._value is None else _text.raw(self._place)

    @property
    def value(self) -> Any:
        """As dicts and lists of ``str``, ``int``, ``Decimal``, ``bool`` and ``None``."""
        return plain(self._value)

    def text(self) -> str | None:
        """A string as it is, a number or boolean as written; ``None`` for null, lists and objects."""
        value = self._value
        if isinstance(value, str):
            return str(value)
        return ("true" if value else "false") if isinstance(value, bool) else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Json({self.value!r})"


def plain(value: Any) -> Any:
    """A value that ``_text.load`` gave, its numbers as ``int`` or ``Decimal``."""
    if isinstance(value, Number):
        digits = value.lstrip("-")
        return int(value) if digits.isdecimal() and len(digits) <= 4000 else Decimal(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


class Extra:
    """The fields that a model does not know: those of plug-ins, mostly."""

    __slots__ = ("_known", "_place", "_source")

    def __init__(self, source: dict[str, Any] | None = None, known: frozenset[str] = frozenset(),
                 place: Place = ("{}",)) -> None:
        self._source: dict[str, Any] = source or {}
        self._known, self._place = known, place

    def get(self, name: str) -> Json | None:
        """The field of that name."""
        if name in self._known or name not in self._source:
            return None
        return Json(self._source[name], (self._place, name))

    def text(self, name: str) -> str | None:
        """The field's text, see ``Json.text``; ``None`` where it is missing or empty."""
        field = self.get(name)
        return (field.text() or None) if field else None

    def items(self) -> list[tuple[str, Json]]:
        """All of them in the order they came, a key that came twice both times."""
        return [
            (str(name), Json(_text.load(text), (text,)))
            for name, text in _text.pairs(_text.raw(self._place))
            if name not in self._known
        ]

    def __contains__(self, name: object) -> bool:
        return name in self._source and name not in self._known

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._source if name not in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extra) and all(
            {name: extra._source[name] for name in extra} == {name: rest._source[name] for name in rest}
            for extra, rest in [(self, other)]
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Extra({list(self)!r})"


Kind = Callable[[Any, Place, "str | int"], Any]
"""Reads a value, which stands under a key or index of a place."""


def text(value: Any, place: Place, key: str | int) -> str:
    """A text; a number or boolean by its own text; nothing is empty."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value and not isinstance(value, dict):
        return ""
    raise Fault(f"{_called(value)} stands where a text belongs")


_NO_ID = Id()


def id_(value: Any, place: Place, key: str | int) -> Id:
    """An id, by its own digits."""
    if isinstance(value, str):
        return Id(value)
    if value is None or value is False:
        return _NO_ID
    raise Fault("this is no id")


def number(value: Any, place: Place, key: str | int) -> Decimal:
    """A decimal, all digits of it."""
    if value is None:
        return money.ZERO
    if not isinstance(value, str):
        raise Fault(f"{_called(value)} stands where a number belongs")
    try:
        return money.parse(value)
    except money.NotDecimal as fault:
        if not value.strip():
            return money.ZERO
        raise Fault(str(fault)) from None


_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False,
          "": False}


def flag(value: Any, place: Place, key: str | int) -> bool:
    """True or false, in the words shops have for it."""
    if isinstance(value, bool):
        return value
    word = text(value, place, key)
    if word not in _FLAGS:
        raise Fault(f"`{word}` is neither true nor false")
    return _FLAGS[word]


def time(value: Any, place: Place, key: str | int) -> ShopTime:
    """A time, as text."""
    return ShopTime(text(value, place, key))


def json_(value: Any, place: Place, key: str | int) -> Json:
    """Any value."""
    return Json(value, (place, key))


def list_of(kind: Kind) -> Kind:
    """A list; an object by its values, since PHP writes lists with gaps so."""

    def read_list(value: Any, place: Place, key: str | int) -> list[Any]:
        if not value:
            if value is None or value == [] or value == {} or value == "":
                return []
        elif isinstance(value, (list, dict)):
            here = (place, key)
            items: Any = value.items() if isinstance(value, dict) else enumerate(value)
            found = []
            step: str | int = 0
            try:
                for step, item in items:
                    found.append(kind(item, here, step))
            except Fault as fault:
                raise fault.under(step) from None
            return found
        raise Fault(f"{_called(value)} stands where a list belongs")

    return read_list


def model(cls: type[M]) -> Kind:
    """An object of that model."""

    def read_model(value: Any, place: Place, key: str | int) -> Any:
        return read(cls, value, (place, key))

    return read_model


def _called(value: Any) -> str:
    if isinstance(value, Number):
        return "a number"
    names = {str: "a text", bool: "a boolean", list: "a list", dict: "an object", type(None): "nothing"}
    return names[type(value)]


class _Shape(NamedTuple):
    required: tuple[str, ...]
    texts: tuple[str, ...]
    others: tuple[tuple[str, str, Kind], ...]
    known: frozenset[str]


class Model:
    """Anything that a shop sends as an object."""

    _shape: _Shape

    extra: Extra
    """The fields this model does not know."""


M = TypeVar("M", bound=Model)


def declare(cls: type[Model], required: tuple[str, ...] = (), /, **fields: Kind | tuple[str, Kind]) -> None:
    """Tells how a model is read: each field's kind, with its name in the payload where that differs."""
    texts, others, known = [], [], set()
    for name, kind in fields.items():
        key, kind = kind if isinstance(kind, tuple) else (name, kind)
        known.add(key)
        if kind is text and key == name:
            texts.append(name)
        else:
            others.append((key, name, kind))
    cls._shape = _Shape(required, tuple(texts), tuple(others), frozenset(known))


def read(cls: type[M], value: Any, place: Place) -> M:
    """Reads an object, which stands there."""
    if type(value) is not dict:
        if value is None or value == [] or type(value) is str and value == "":
            return cls()
        raise Fault(f"{_called(value)} stands where an object belongs")
    required, texts, others, known = cls._shape
    found = cls.__new__(cls)
    fields = found.__dict__
    key = ""
    try:
        for key in required:
            if key not in value:
                raise Fault("the field is missing")
        for key in texts:
            item = value.get(key)
            fields[key] = item if type(item) is str else text(item, place, key)
        for key, name, kind in others:
            fields[name] = kind(value.get(key), place, key)
    except Fault as fault:
        raise fault.under(key) from None
    fields["extra"] = Extra(value, known, place)
    return found
