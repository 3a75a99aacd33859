"""What a plugin may know beside its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from . import _records, _text
from ._reading import Fault, plain
from .refusal import NotReady, pointer

__all__ = ["Context"]

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """Everything the plugin may know of the event beside its payload. All times are RFC 3339 in UTC."""

    merchant: str = ""
    """Whose event it is."""
    route: str = ""
    """The route being walked."""
    source: str = ""
    """The connection the event came from."""
    target: str = ""
    """The connection the documents go to."""
    topic: str = ""
    """The topic in the source's own words (``order.updated``)."""
    resource_key: str = ""
    """What the event is about, unique within the source (``order/27``)."""
    event_id: str = ""
    """The event's id."""
    correlation_id: str = ""
    """Follows the event from ingress to the target."""
    source_version_time: str | None = None
    """When the source last changed the resource, where it says so."""
    received_at: str = ""
    """When the host accepted the event: the only "now" there is."""
    attempt: int = 1
    """Which attempt at mapping this event this is, from 1."""
    settings_json: str = "{}"
    """The route's settings, JSON text. Read them with ``settings``."""
    checkpoint_json: str | None = None
    """What this plugin remembered the last time this resource was delivered, JSON text. Read it with
    ``checkpoint``."""
    attributes: Sequence[tuple[str, str]] = ()
    """Open name and value pairs."""

    def settings(self, cls: type[T]) -> T:
        """The route's settings as a dataclass of your own. Give optional fields a default.

        They are one table for all plugins of the route, so what the class does not know is passed over; a key
        that no plugin of the route declares is refused by the host.

        Raises ``NotReady`` naming the setting that is missing or wrong: the event is as good as before once the
        merchant has mended the settings.
        """
        try:
            return _records.read(cls, _text.load(self.settings_json.strip() or "{}"))
        except (Fault, _text.NotJson) as fault:
            said = f"the settings of route `{self.route}` do not suit this plugin: {_said(fault)}"
            raise NotReady(f"{said}; mend `settings` there") from None

    def checkpoint(self, cls: type[T]) -> T | None:
        """What was remembered, as a dataclass of your own; ``None`` the first time. Raises ``NotReady`` when there is
        something that is not one."""
        if self.checkpoint_json is None:
            return None
        try:
            return _records.read(cls, _text.load(self.checkpoint_json))
        except (Fault, _text.NotJson) as fault:
            raise NotReady(f"the checkpoint of `{self.resource_key}` cannot be read: {_said(fault)}") from None

    def remembered(self) -> Any:
        """What was remembered, as dicts and lists; ``None`` the first time."""
        return None if self.checkpoint_json is None else plain(_text.load(self.checkpoint_json))

    def attribute(self, name: str) -> str | None:
        """The value of an attribute."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def received_date(self) -> str:
        """The UTC day on which the event was received, ``YYYY-MM-DD``."""
        return self.received_at[:10]


def _said(fault: Exception) -> str:
    return f"`{pointer(*fault.path)[1:]}`: {fault}" if isinstance(fault, Fault) and fault.path else str(fault)
