"""The merchant's log of this event. The host caps lines and bytes.

``print`` works too: standard output becomes lines of level info.
"""

from __future__ import annotations

from . import _host

__all__ = ["debug", "error", "info", "warning"]


def debug(message: str) -> None:
    """Logs for the plugin's author."""
    _host.write("debug", message)


def info(message: str) -> None:
    """Logs what is worth knowing."""
    _host.write("info", message)


def warning(message: str) -> None:
    """Logs what is odd, though the answer stands."""
    _host.write("warning", message)


def error(message: str) -> None:
    """Logs what is wrong and should be looked at."""
    _host.write("error", message)
