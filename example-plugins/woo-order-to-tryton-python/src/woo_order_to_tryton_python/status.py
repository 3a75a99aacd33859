"""The status of an order as the state of a sale."""

from __future__ import annotations

from mapwright_guest import Rejected, lookup

_STATES = {
    "pending": "draft",
    "on-hold": "quotation",
    "processing": "confirmed",
    "completed": "processing",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "trash": "cancelled",
    # Money that went back is a credit note; the sale stays what it is. Drafts are not mapped.
    "refunded": None,
    "auto-draft": None,
    "checkout-draft": None,
}


def translate(status: str) -> str | None:
    """The state wanted; ``None`` for states that Tryton is to keep. The lookup table ``order_status`` (columns ``status``,
    ``state``), where the merchant has one, goes first: plug-ins invent statuses."""
    try:
        row = lookup.row("order_status", status)
    except lookup.UnknownTable:
        row = None
    if row is not None:
        return row.get("state")
    if status not in _STATES:
        message = f"`{status}` is no status of WooCommerce; add it to lookups/order_status.csv"
        raise Rejected.at("/status", "status_unknown", message)
    return _STATES[status]
