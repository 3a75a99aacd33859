"""What the component's entry does before the snapshot is taken."""

from __future__ import annotations

import dataclasses
import importlib
import sys

from . import _records


def prepare(modules: list[str], folder: str) -> None:
    """Imports what the rules, in that folder, import anywhere, and works out how their dataclasses are read."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # said by the import itself, where and if it is reached
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(folder):
            for value in list(vars(module).values()):
                if isinstance(value, type) and value.__module__ == name and dataclasses.is_dataclass(value):
                    try:
                        _records.prepare(value)
                    except (TypeError, NameError):
                        pass  # a dataclass that is not read from JSON
