"""Status translation: a status of the source becomes one of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SourceStatus"]


@dataclass(frozen=True)
class SourceStatus:
    """A status in the source's words."""

    entity: str
    """What has the status (``order``)."""
    status: str
    """The status now (``processing``)."""
    previous_status: str | None = None
    """The status when this resource was last delivered, where the host knows it."""
    attributes: Sequence[tuple[str, str]] = ()
    """Open name and value pairs (``payment_method``, ``date_paid``)."""

    def attribute(self, name: str) -> str | None:
        """The value of an attribute."""
        return next((value for key, value in self.attributes if key == name), None)
