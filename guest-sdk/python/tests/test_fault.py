"""What the log is told of an exception that nobody caught."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from mapwright_guest import _fault


@pytest.fixture(autouse=True)
def _sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fault, "SOURCES", {f"{Path(__file__).parent}/": "src/"})


def told(work: object) -> list[str]:
    assert callable(work)
    try:
        work()
    except BaseException as fault:
        return _fault.lines(fault)
    raise AssertionError("nothing was raised")


def down(depth: int) -> int:
    return 1 + down(depth + 1)


def caused() -> None:
    try:
        dict[str, int]()["a"]
    except KeyError as fault:
        raise ValueError("no rate") from fault


def test_the_authors_own_line_is_named() -> None:
    lines = told(lambda: {"a": Decimal("1")}["b"])
    assert lines[0].startswith("panicked at src/test_fault.py:") and lines[0].endswith(": KeyError: 'b'")


def test_the_way_there_and_the_cause_follow() -> None:
    lines = told(caused)
    assert lines[0].endswith(": ValueError: no rate") and lines[1] == "  because of KeyError: 'a'"
    assert lines[-1].endswith(" in caused")


def test_a_deep_way_is_cut_in_the_middle() -> None:
    lines = told(lambda: down(0))
    assert "RecursionError" in lines[0] and len(lines) == 22 and lines[11].endswith(" more)")


def test_decimals_say_what_they_mean() -> None:
    assert "a float met a Decimal; write amounts as Decimal(\"0.10\")" in told(lambda: Decimal(0.1))[0]
    assert "a Decimal was divided by zero" in told(lambda: Decimal(1) / 0)[0]
