"""Dataclasses of the author's own, read from JSON: settings and checkpoints.

A field may be a ``str``, ``int``, ``bool``, ``Decimal``, another dataclass, ``list[...]``, ``dict[str, ...]``,
``Literal[...]``, ``Any``, or one of these ``| None``. What is missing takes its default, what is not known is
passed over (settings are one table for all plugins of a route). How a class is read is worked out once;
``prepare`` does so while the component is built, so that no event pays for it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union

from . import money
from ._reading import Fault, plain
from ._text import Number

__all__ = ["prepare", "read"]

T = TypeVar("T")
_Reader = Callable[[Any], Any]
_READERS = "__mapwright_readers__"


def prepare(cls: type[Any]) -> dict[str, _Reader]:
    """Works out how a dataclass is read. Raises ``TypeError`` for a field that JSON has nothing for."""
    readers: dict[str, _Reader] | None = cls.__dict__.get(_READERS)
    if readers is None:
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{cls.__qualname__} is no dataclass")
        hints = typing.get_type_hints(cls)
        readers = {}
        for field in dataclasses.fields(cls):
            if field.init:
                readers[field.name] = _reader(hints[field.name], f"{cls.__qualname__}.{field.name}")
        setattr(cls, _READERS, readers)
    return readers


def read(cls: type[T], value: Any) -> T:
    """Makes one from an object that ``_text.load`` gave. Raises ``Fault``."""
    if not isinstance(value, dict):
        raise Fault(f"{_shown(value)} is no object")
    arguments = {}
    name = ""
    try:
        for name, reader in prepare(cls).items():
            if name in value:
                arguments[name] = reader(value[name])
    except Fault as fault:
        raise fault.under(name) from None
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if field.init and needed and field.name not in arguments:
            raise Fault("it is missing").under(field.name)
    return cls(**arguments)


def _reader(hint: Any, where: str) -> _Reader:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if hint is float:
        raise TypeError(f"{where} is a float, which loses digits; make it a Decimal")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union or origin is types.UnionType:
        others = [_reader(each, where) for each in arguments if each is not type(None)]
        if len(others) == 1 and len(arguments) == 2:
            return lambda value: None if value is None else others[0](value)
    elif origin is list:
        item = _reader(arguments[0], where)
        return lambda value: _list(value, item)
    elif origin is dict and arguments[0] is str:
        item = _reader(arguments[1], where)
        return lambda value: _dict(value, item)
    elif origin is Literal:
        return lambda value: _choice(value, arguments)
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return lambda value: read(hint, value)
    raise TypeError(f"{where} is a {hint!r}, which cannot be read from JSON")


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise Fault(f"{_shown(value)} is no text")


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Fault(f"{_shown(value)} is neither true nor false")


def _int(value: Any) -> int:
    if isinstance(value, Number) and value.lstrip("-").isdecimal() and len(value) < 100:
        return int(value)
    raise Fault(f"{_shown(value)} is no whole number")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str):
        try:
            return money.parse(value)
        except money.NotDecimal as fault:
            raise Fault(str(fault)) from None
    raise Fault(f"{_shown(value)} is no decimal number")


_SIMPLE: dict[Any, _Reader] = {str: _text, bool: _bool, int: _int, Decimal: _decimal, Any: plain}


def _list(value: Any, item: _Reader) -> list[Any]:
    if not isinstance(value, list):
        raise Fault(f"{_shown(value)} is no list")
    found = []
    for index, each in enumerate(value):
        try:
            found.append(item(each))
        except Fault as fault:
            raise fault.under(index) from None
    return found


def _dict(value: Any, item: _Reader) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault(f"{_shown(value)} is no object")
    found = {}
    for key, each in value.items():
        try:
            found[key] = item(each)
        except Fault as fault:
            raise fault.under(key) from None
    return found


def _choice(value: Any, choices: tuple[Any, ...]) -> Any:
    value = plain(value)
    if value in choices:
        return value
    raise Fault(f"{_shown(value)} is none of {', '.join(map(repr, choices))}")


def _shown(value: Any) -> str:
    return repr(plain(value))[:60]
