"""Saying no: where in the payload, why, and whether it is worth trying again.

Both ways are exceptions. ``Rejected`` reaches the merchant as violations, each with its place;
``NotReady`` makes the host come back later. Any other exception is a fault of the plugin and ends the
call as a trap with its text, file and line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType

from ._text import sent

__all__ = ["NotReady", "Refusal", "Rejected", "Scope", "Violation", "Violations", "pointer"]


def pointer(*path: str | int) -> str:
    """The JSON Pointer (RFC 6901) of a path: ``pointer("line_items", 3, "sku")``."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


@dataclass(frozen=True)
class Violation:
    """One fault in the payload, placed exactly."""

    pointer: str
    """JSON Pointer into the payload; empty for the whole of it."""
    code: str
    """A short, stable word for machines (``sku_missing``)."""
    message: str
    """One sentence for the person who has to mend it."""

    def __post_init__(self) -> None:
        for name in ("pointer", "code", "message"):
            sent(getattr(self, name), name)


class Refusal(Exception):
    """Why there is no answer; raise one of the two below."""


class Rejected(Refusal):
    """The payload will never map as it stands."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        faults = (f"; {v.code} at `{v.pointer}`: {v.message}" for v in self.violations)
        super().__init__("rejected" + "".join(faults))

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> Rejected:
        """A rejection for one fault."""
        return cls([Violation(pointer, code, message)])


class NotReady(Refusal):
    """The payload may map later, for the reason given; the host tries again."""

    def __init__(self, reason: str) -> None:
        self.reason = sent(reason, "reason")
        super().__init__(f"not ready: {reason}")


class Violations:
    """Collects faults, so that a merchant hears of all of them at once.

    >>> with Violations() as violations:  # raises Rejected at its end when there is any fault
    ...     line = violations.at("line_items", 3)
    ...     line.at("sku").add("sku_missing", "line 4 has no SKU")
    Traceback (most recent call last):
    mapwright_guest.refusal.Rejected: rejected; sku_missing at `/line_items/3/sku`: line 4 has no SKU
    """

    def __init__(self) -> None:
        self.found: list[Violation] = []
        """The faults so far."""

    def at(self, *path: str | int) -> Scope:
        """The place in the payload: field names, and indexes from 0; without any, the whole of it."""
        return Scope(self, pointer(*path))

    def finish(self) -> None:
        """Ends the collection: raises ``Rejected`` when there is any fault."""
        if self.found:
            raise Rejected(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __enter__(self) -> Violations:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if error is None:
            self.finish()


class Scope:
    """A place in the payload, to report faults at or to go deeper from."""

    def __init__(self, violations: Violations, pointer: str) -> None:
        self._violations = violations
        self.pointer = pointer
        """Where this is, as a JSON Pointer."""

    def at(self, *path: str | int) -> Scope:
        """A place further in."""
        return Scope(self._violations, self.pointer + pointer(*path))

    def add(self, code: str, message: str) -> None:
        """Reports a fault here."""
        self._violations.found.append(Violation(self.pointer, code, message))
