"""WooCommerce orders become parties, addresses and sales of Tryton 8.

The order's total is the truth: what Tryton will compute from the lines and taxes is computed here first, cents of difference
become a rounding line, more than cents a rejection.
"""

from __future__ import annotations

from mapwright_guest import (
    Context,
    Deleted,
    Document,
    Mapped,
    MappingInput,
    Order,
    Plugin,
    Skipped,
    SourceStatus,
    Violations,
    log,
)

from . import status
from .party import Party
from .sale import sale_of
from .settings import Seen, Settings

plugin = Plugin(
    topics=["order.created", "order.updated", "order.deleted"],
    entities=["party", "address", "sale"],
)


@plugin.status_translation
def translate(context: Context, source: SourceStatus) -> str | None:
    return status.translate(source.status)


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Mapped | Skipped:
    settings = context.settings(Settings)
    order = input.order()
    if isinstance(order, Deleted):
        return Mapped(Document.cancel("sale", f"{settings.prefix}{order.id}"))
    if order.is_draft:
        return Skipped(f"order {order.id} is a draft: nobody placed it")
    if order.status == "pending" and not settings.accept_pending:
        return Skipped(f"order {order.id} waits for its payment")
    state = input.status if input.status is not None else status.translate(order.status)
    seen = context.checkpoint(Seen)
    if state == "cancelled" and seen is None:
        return Skipped(f"order {order.id} is {order.status} and was never sent")
    return Mapped(_documents(order, input, state, settings), remember=Seen(order.status))


def _documents(order: Order, input: MappingInput, state: str | None, settings: Settings) -> list[Document]:
    """Party, addresses (one when both are the same) and sale, in the order they need each other."""
    with Violations() as violations:
        party = Party.of(order, settings, violations)
        billing = party.address(order.billing, settings)
        shipping = party.address(order.delivery_address, settings)
        sale = sale_of(order, input, state, party, billing, shipping, settings, violations)

    documents = [
        Document.upsert("party", party.key, party.body()),
        Document.upsert("address", billing.key, billing.body),
    ]
    if shipping.key != billing.key:
        documents.append(Document.upsert("address", shipping.key, shipping.body))
    documents.append(Document.upsert("sale", f"{settings.prefix}{order.id}", sale))
    if order.refunds:
        log.warning(f"order {order.id} has {len(order.refunds)} refunds; credit notes are made in Tryton")
    return documents
