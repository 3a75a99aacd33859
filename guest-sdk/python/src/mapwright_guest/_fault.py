"""An exception that nobody caught, as the lines of the log that the host shows the author.

The first line is ``panicked at FILE:LINE:COLUMN: TYPE: TEXT``, of the author's own innermost line; the way there
follows. File names are those of the project, not of the build.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

__all__ = ["SOURCES", "lines", "wrong_answer"]

SOURCES: dict[str, str] = {}
"""Folders of the build and what they are called in the project."""

FRAMES_MAX = 20
"""Of a deeper way, the beginning and the end are told."""

_DECIMAL_SAYS: dict[type[BaseException], str] = {
    decimal.FloatOperation: 'a float met a Decimal; write amounts as Decimal("0.10") or money.parse(text)',
    decimal.DivisionByZero: "a Decimal was divided by zero",
    decimal.Overflow: "a Decimal became too large",
    decimal.InvalidOperation: "no Decimal can come of this: a text that is no number, or more than 28 digits",
}


def lines(fault: BaseException) -> list[str]:
    """What the log is told."""
    own = [frame for frame in _frames(fault.__traceback__) if _named(frame.tb_frame.f_code.co_filename)]
    told = [f"panicked at {_place(own[-1])}: {_said(fault)}" if own else f"panicked: {_said(fault)}"]
    cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    while cause is not None and len(told) < 5:
        told.append(f"  because of {_said(cause)}")
        cause = cause.__cause__
    if len(own) > FRAMES_MAX:
        half = FRAMES_MAX // 2
        return [*told, *map(_told, own[:half]), f"  ({len(own) - 2 * half} more)", *map(_told, own[-half:])]
    return [*told, *map(_told, own)]


def wrong_answer(function: Callable[..., Any], answer: object, wanted: str) -> str:
    """The sentence for a function of the author that returned something else."""
    code = function.__code__
    place = f"{_named(code.co_filename) or code.co_filename}:{code.co_firstlineno}"
    return f"`{function.__name__}` ({place}) returned {answer!r:.60}, not {wanted}"


def _said(fault: BaseException) -> str:
    text = _DECIMAL_SAYS.get(type(fault)) or str(fault)
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _place(frame: TracebackType) -> str:
    code = frame.tb_frame.f_code
    place = f"{_named(code.co_filename)}:{frame.tb_lineno}"
    for at, (_, _, column, _) in enumerate(code.co_positions()):
        if at == frame.tb_lasti // 2:
            return place if column is None else f"{place}:{column + 1}"
    return place


def _told(frame: TracebackType) -> str:
    return f"  {_place(frame)} in {frame.tb_frame.f_code.co_name}"


def _named(file: str) -> str | None:
    """A file of the author's by its name in the project; ``None`` for others."""
    for folder, name in SOURCES.items():
        if file.startswith(folder):
            return name + file[len(folder):]
    return None
