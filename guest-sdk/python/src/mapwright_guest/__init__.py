"""Write Mapwright plugins in Python: decorate a function, name a world.

A plugin holds the rules of one merchant. It is a pure function: from a payload, the route's settings and the
merchant's lookup tables it makes documents for the target, and it can do nothing else: no network, no files, no
clock. That is why a dry run tells the truth.

    from mapwright_guest import Context, Deleted, Document, Mapped, MappingInput, Plugin, Skipped, Violations, reference

    plugin = Plugin(topics=["order.created", "order.updated"], entities=["invoice"])

    @plugin.field_mapping
    def transform(context: Context, input: MappingInput) -> Mapped | Skipped:
        order = input.order()
        if isinstance(order, Deleted):
            return Skipped("a deleted order keeps its invoice")
        with Violations() as violations:  # tells of all faults at once
            for index, line in enumerate(order.line_items):
                if not line.sku:
                    violations.at("line_items", index, "sku").add("sku_missing", "no SKU")
        invoice = {
            "number": order.number,
            "total": order.total,  # becomes "254.56": money is text, never a float
            "customer": reference("party", order.customer_id),
        }
        return Mapped(Document.upsert("invoice", context.resource_key, invoice))

An exception that is no refusal ends the call; its text, file and line go to the log. Bad input should be
``Rejected``. Tests run natively with pytest, see ``mapwright_guest.testing``.
"""

from __future__ import annotations

from . import brazil, log, lookup, money, woocommerce
from .context import Context
from .mapping import Document, Mapped, MappingInput, Operation, Reference, Skipped, reference
from .money import Decimal, JsonNumber, Money, decimals_of, round_to
from .plugin import Plugin
from .pricing import PriceLine
from .refusal import NotReady, Refusal, Rejected, Scope, Violation, Violations
from .status import SourceStatus
from .woocommerce import Deleted, Order

__all__ = [
    "Context", "Decimal", "Deleted", "Document", "JsonNumber", "Mapped", "MappingInput", "Money", "NotReady",
    "Operation", "Order", "Plugin", "PriceLine", "Reference", "Refusal", "Rejected", "Scope", "Skipped",
    "SourceStatus", "Violation", "Violations", "brazil", "decimals_of", "log", "lookup", "money", "reference",
    "round_to", "woocommerce",
]
