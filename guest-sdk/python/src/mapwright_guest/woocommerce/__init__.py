"""WooCommerce's payloads, read with shop manners.

Amounts are ``Decimal`` read from text, ids are ``Id``, what a model does not know is in its ``extra``. A missing
text is ``""``, a missing amount zero, except for the few fields without which an order is none: ``status``,
``currency`` and ``total`` must be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from .. import _text
from .._reading import Extra, Fault, Id, Json, Model, ShopTime, id_, read, text
from ..refusal import Rejected, pointer
from .models import (
    Address,
    Attribute,
    CouponLine,
    Customer,
    FeeLine,
    Image,
    LineItem,
    LineTax,
    Meta,
    Order,
    Product,
    Refund,
    ShippingLine,
    TaxLine,
    Term,
)

__all__ = ["Address", "Attribute", "CouponLine", "Customer", "Deleted", "Extra", "FeeLine", "Id", "Image", "Json",
           "LineItem", "LineTax", "Meta", "Order", "Product", "Refund", "ShippingLine", "ShopTime", "TaxLine",
           "Term", "read_body"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Deleted:
    """The resource is gone: WooCommerce sends nothing but its id."""

    id: Id


def read_body(model: type[M], payload: str) -> M | Deleted:
    """Reads a webhook's body.

    Raises ``Rejected``: ``payload_not_json``; ``source_error`` for the signed error object that WooCommerce sends
    when the webhook's owner lost the right to read; ``payload_malformed`` with the place of the wrong field.
    """
    try:
        body = _text.load(payload)
    except _text.NotJson as fault:
        raise Rejected.at("", "payload_not_json", f"the payload is not JSON: {fault}") from None
    try:
        if isinstance(body, dict) and (len(body) == 1 or "code" in body) and (gone := _exception(body)):
            return gone
        return read(model, body, (payload,))
    except Fault as fault:
        raise Rejected.at(pointer(*fault.path), "payload_malformed", fault.message) from None


def _exception(body: dict[str, Any]) -> Deleted | None:
    """Recognises the bodies that are no resource: ``{"id": 27}`` and error objects."""
    try:
        id = id_(body.get("id"), (), "id")
        code = text(body.get("code"), (), "code")
        message = text(body.get("message"), (), "message")
    except Fault:
        return None
    if id.is_set:
        return Deleted(id) if len(body) == 1 else None
    if code:
        said = f"the shop sent the error `{code}` ({message}) instead of the resource"
        raise Rejected.at("/code", "source_error", f"{said}; check that the webhook's owner may still read it")
    return None
