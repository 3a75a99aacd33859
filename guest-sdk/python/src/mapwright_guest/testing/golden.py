"""Golden cases: a folder each, the same that ``mapwright test`` runs in the sandbox.

``payload.json``; optional ``context.toml``, ``settings.json``, ``previous-checkpoint.json``, ``lookups/*.csv``; and
``expected.json`` (the keys it has are compared) or ``violations.json`` (the whole list). With ``MAPWRIGHT_BLESS=1`` in the
environment, what comes out is written there instead: look at the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from .. import _text
from ..plugin import Plugin
from .harness import UNREMARKABLE, Run, run

__all__ = ["cases", "check", "run_case"]

_CONTEXT = frozenset(vars(UNREMARKABLE)) - {"settings_json", "checkpoint_json"} | {"previous_status"}


def cases(folder: str | Path) -> list[Path]:
    """The golden cases in a folder, by name. Raises ``ValueError`` when there are none."""
    found = sorted(case.parent for case in Path(folder).glob("*/payload.json"))
    if not found:
        raise ValueError(f"there are no golden cases in {Path(folder).resolve()}")
    return found


def run_case(plugin: Plugin, case: Path) -> Run:
    """Runs one golden case and gives what came out, compared or not."""
    settings, checkpoint, context = case / "settings.json", case / "previous-checkpoint.json", case / "context.toml"
    told = tomllib.loads(context.read_text("utf-8")) if context.is_file() else {}
    unknown = set(told) - _CONTEXT
    if unknown:
        raise ValueError(f"{context}: unknown key `{min(unknown)}`")
    if "attributes" in told:
        told["attributes"] = list(told["attributes"].items())
    for key in ("received_at", "source_version_time"):
        if key in told and not isinstance(told[key], str):
            told[key] = told[key].isoformat().replace("+00:00", "Z")
    return run(
        plugin,
        case / "payload.json",
        settings=settings.read_text("utf-8") if settings.is_file() else "{}",
        checkpoint=checkpoint.read_text("utf-8").rstrip() if checkpoint.is_file() else None,
        lookups={table.stem: table for table in sorted((case / "lookups").glob("*.csv"))},
        **told,
    )


def check(plugin: Plugin, case: Path) -> None:
    """Runs one golden case. Raises ``AssertionError`` with what differs, each leaf with its place."""
    __tracebackhide__ = True
    actual = run_case(plugin, case).to_json()
    if os.environ.get("MAPWRIGHT_BLESS") == "1":
        _bless(actual, case)
        return
    differences: list[str] = []
    if (file := case / "expected.json").is_file():
        expected = _text.load(file.read_text("utf-8"))
        if not isinstance(expected, dict):
            raise AssertionError(f"{file} must hold an object")
        for key, wanted in expected.items():
            _compare(f"/{key}", wanted, actual.get(key), differences)
    elif (file := case / "violations.json").is_file():
        _compare("/violations", _text.load(file.read_text("utf-8")), actual["violations"], differences)
    else:
        raise AssertionError(f"{case}: there is no expected.json or violations.json")
    if differences:
        told = "\n".join(f"  {difference}" for difference in differences)
        raise AssertionError(f"{case.name}:\n{told}\nthe whole answer:\n{_shown(_clean(actual), 2)}")


def _compare(at: str, wanted: Any, actual: Any, differences: list[str]) -> None:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key in wanted | actual:
            _compare(f"{at}/{key}", wanted.get(key), actual.get(key), differences)
    elif isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for index, (each, other) in enumerate(zip(wanted, actual, strict=True)):
            _compare(f"{at}/{index}", each, other, differences)
    elif type(wanted) is not type(actual) or wanted != actual:
        differences.append(f"{at}: expected {_shown(wanted)}, got {_shown(actual)}")


def _bless(actual: dict[str, Any], case: Path) -> None:
    """Accepts an answer as the one to expect, without what says nothing."""
    if actual["outcome"] == "rejected":
        write, remove, accepted = "violations.json", "expected.json", actual["violations"]
    else:
        write, remove, accepted = "expected.json", "violations.json", _clean(actual)
    (case / write).write_text(_shown(accepted, 2, sort_keys=True) + "\n", "utf-8")
    (case / remove).unlink(missing_ok=True)


def _clean(actual: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in actual.items() if value not in (None, [])}


def _shown(value: Any, indent: int | None = None, sort_keys: bool = False) -> str:
    """JSON for people. Numbers are texts here that look like what they are: marked, written, unmarked."""
    text = json.dumps(_marked(value), ensure_ascii=False, indent=indent, sort_keys=sort_keys)
    return text.replace('"\\u0001', "").replace('\\u0001"', "")


def _marked(value: Any) -> Any:
    if isinstance(value, _text.Number):
        return f"\1{value}\1"
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value
