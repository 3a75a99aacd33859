"""The merchant's lookup tables: ``lookups/NAME.csv``, found by the first column."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from . import _host, money
from .refusal import NotReady

__all__ = ["Row", "UnknownTable", "row"]


class UnknownTable(NotReady):
    """The merchant has no lookup table of this name. Uncaught it is "not ready", because the event is as
    good as before once the table is there."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"there is no lookup table `{table}`; add lookups/{table}.csv")


class Row:
    """A row of a lookup table."""

    def __init__(self, table: str, key: str, columns: Sequence[tuple[str, str]]) -> None:
        self._table, self._key = table, key
        self.columns = tuple(columns)
        """All columns and values in the table's order, the key column included."""

    def get(self, column: str) -> str | None:
        """The value of a column; ``None`` when the table has no such column or it is empty here."""
        for name, value in self.columns:
            if name == column:
                return value or None
        return None

    def text(self, column: str) -> str:
        """The value of a column that must be there. Raises ``NotReady`` naming table, row and column."""
        value = self.get(column)
        if value is None:
            raise NotReady(f"lookup table `{self._table}` has nothing in column `{column}` for `{self._key}`")
        return value

    def decimal(self, column: str) -> Decimal:
        """The value of a column that must hold a decimal number. Raises ``NotReady`` as ``text`` does."""
        try:
            return money.parse(self.text(column))
        except money.NotDecimal as fault:
            place = f"lookup table `{self._table}`, row `{self._key}`, column `{column}`"
            raise NotReady(f"{place}: {fault}") from None


def row(table: str, key: str) -> Row | None:
    """The row of ``table`` whose first column is exactly ``key``. Raises ``UnknownTable``."""
    try:
        columns = _host.row(table, key)
    except _host.UnknownTable:
        raise UnknownTable(table) from None
    return None if columns is None else Row(table, key, columns)
