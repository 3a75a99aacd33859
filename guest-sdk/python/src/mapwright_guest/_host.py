"""The two things a plugin may ask of its host, whoever plays the host.

In the sandbox the component's entry puts the contract's imports here; natively the test harness puts
its stage here for the time of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class Row(Protocol):
    """Finds the row of a table by key; raises ``UnknownTable`` where there is no such table."""

    def __call__(self, table: str, key: str, /) -> Sequence[tuple[str, str]] | None: ...


class UnknownTable(Exception):
    """The merchant has no table of that name. For the host's side; ``lookup`` turns it into its own."""


def _nobody_writes(level: str, message: str) -> None:
    raise RuntimeError("there is no host to log to: call the plugin through mapwright_guest.testing.Harness")


def _nobody_looks(table: str, key: str) -> Sequence[tuple[str, str]] | None:
    raise RuntimeError("there is no host to look up in: call the plugin through mapwright_guest.testing.Harness")


_write: Callable[[str, str], None] = _nobody_writes
_row: Row = _nobody_looks


def write(level: str, message: str) -> None:
    """Writes a line of the log."""
    _write(level, message)


def row(table: str, key: str) -> Sequence[tuple[str, str]] | None:
    """Asks for a row of a lookup table."""
    return _row(table, key)


def play(write: Callable[[str, str], None], row: Row) -> tuple[Callable[[str, str], None], Row]:
    """Puts others in the place of the host; gives those who were there before."""
    global _write, _row
    before = (_write, _row)
    _write, _row = write, row
    return before
