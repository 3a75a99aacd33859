"""Field mapping: a payload becomes documents for the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from . import _text, _writing
from ._reading import plain
from .pricing import PriceLine
from .refusal import Rejected
from .woocommerce import Customer, Deleted, Order, Product, Refund, read_body

__all__ = ["Document", "Mapped", "MappingInput", "Operation", "Reference", "Skipped", "reference"]


@dataclass(frozen=True)
class MappingInput:
    """What is to be mapped."""

    payload: str
    """The payload as received, JSON text."""
    status: str | None = None
    """The target's status, when the route translates statuses."""
    lines: Sequence[PriceLine] = ()
    """The priced lines, when the route has pricing."""
    attributes: Sequence[tuple[str, str]] = ()
    """Open name and value pairs."""

    def order(self) -> Order | Deleted:
        """The payload as a WooCommerce order. Raises ``Rejected`` with the place where it is none, or with the
        error that WooCommerce sends when the webhook's owner may no longer read the order."""
        return read_body(Order, self.payload)

    def product(self) -> Product | Deleted:
        """The payload as a WooCommerce product or variation. Raises as ``order`` does."""
        return read_body(Product, self.payload)

    def customer(self) -> Customer | Deleted:
        """The payload as a WooCommerce customer. Raises as ``order`` does."""
        return read_body(Customer, self.payload)

    def refund(self) -> Refund | Deleted:
        """The payload as a refund of a WooCommerce order. Raises as ``order`` does."""
        return read_body(Refund, self.payload)

    def json(self) -> Any:
        """The payload as dicts and lists, its numbers ``int`` or ``Decimal``. Raises ``Rejected``."""
        try:
            return plain(_text.load(self.payload))
        except _text.NotJson as fault:
            raise Rejected.at("", "payload_not_json", f"the payload is not JSON: {fault}") from None

    def line(self, id: str) -> PriceLine | None:
        """The priced line of that id."""
        return next((line for line in self.lines if line.id == id), None)


class Operation(Enum):
    """What the target is asked to do with a document."""

    CREATE = "create"
    """Make it; it must not exist yet."""
    UPDATE = "update"
    """Change it; it must exist."""
    UPSERT = "upsert"
    """Make it or change it, whichever is needed."""
    CANCEL = "cancel"
    """Call it off, keeping the record."""
    DELETE = "delete"
    """Take it away."""


@dataclass(frozen=True)
class Document:
    """Something for the target. The body is a dict (or a dataclass) of texts, whole numbers, ``Decimal``,
    ``Money``, references, lists and dicts; keys keep the order in which you write them. A float raises."""

    entity: str
    """What it is in the target's words (``sale``)."""
    idempotency_key: str
    """Names this document for ever. Never empty."""
    operation: Operation
    """What to do with it."""
    body: Any = field(default_factory=dict)
    """Its body."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Open name and value pairs for the connector."""

    def __post_init__(self) -> None:
        _text.sent(self.entity, "entity")
        _text.sent(self.idempotency_key, "key")
        for name, value in self.attributes.items():
            _text.sent(value, f"attribute {_text.sent(name, 'attribute name')}")
        # Written at once, so that what cannot be written is told where the document is made.
        object.__setattr__(self, "text", _writing.write(self.body))

    text: str = field(init=False, repr=False, compare=False, default="{}")
    """The body as JSON text."""

    @classmethod
    def create(cls, entity: str, key: str, body: Any = None, /, **attributes: str) -> Document:
        """A document to be made; it must not exist yet under this key."""
        return cls(entity, key, Operation.CREATE, {} if body is None else body, attributes)

    @classmethod
    def update(cls, entity: str, key: str, body: Any = None, /, **attributes: str) -> Document:
        """A document to be changed; it must exist."""
        return cls(entity, key, Operation.UPDATE, {} if body is None else body, attributes)

    @classmethod
    def upsert(cls, entity: str, key: str, body: Any = None, /, **attributes: str) -> Document:
        """A document to be made or changed, whichever is needed."""
        return cls(entity, key, Operation.UPSERT, {} if body is None else body, attributes)

    @classmethod
    def cancel(cls, entity: str, key: str, body: Any = None, /, **attributes: str) -> Document:
        """A document to be called off in the target's own way."""
        return cls(entity, key, Operation.CANCEL, {} if body is None else body, attributes)

    @classmethod
    def delete(cls, entity: str, key: str, body: Any = None, /, **attributes: str) -> Document:
        """A document to be taken away."""
        return cls(entity, key, Operation.DELETE, {} if body is None else body, attributes)


class Mapped:
    """Documents to deliver, in this order, each after the one before it."""

    def __init__(self, documents: Document | Iterable[Document], *, remember: Any = None) -> None:
        self.documents = (documents,) if isinstance(documents, Document) else tuple(documents)
        """In delivery order."""
        self.checkpoint = None if remember is None else _writing.write(remember)
        """JSON text of what to remember: it comes back as ``Context.checkpoint`` the next time this resource
        changes, once all documents are delivered."""

    def __repr__(self) -> str:
        return f"Mapped({list(self.documents)!r}, checkpoint={self.checkpoint!r})"


@dataclass(frozen=True)
class Skipped:
    """There is rightly nothing to deliver, for this reason."""

    reason: str

    def __post_init__(self) -> None:
        _text.sent(self.reason, "reason")


@dataclass(frozen=True)
class Reference:
    """Stands in a body for the id that the target gave to something else; the host puts it there at
    delivery. Made by ``reference``."""

    entity: str
    key: str

    def __json__(self) -> Any:
        return {"$ref": {"entity": self.entity, "key": self.key}}


def reference(entity: str, key: str) -> Reference:
    """A reference to something in the target: ``{"$ref": {"entity": "party", "key": "WC-2"}}``."""
    return Reference(entity, key)
