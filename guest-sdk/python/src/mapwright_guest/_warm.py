"""Runs the SDK once while the component is built.

What Python works out the first time something runs (specialised bytecode, caches of patterns, methods and
encoders) is then part of the snapshot and not paid for by each event. The author's own functions are not
called: nothing of a made-up order may be left in them.
"""

from __future__ import annotations

from . import _text, _writing, money
from .context import Context
from .mapping import Document, Mapped, MappingInput, reference
from .refusal import Refusal
from .woocommerce import Deleted

_LINE = (
    '{"id": 1, "name": "Tea \\ud83c\\udf75", "product_id": 2, "variation_id": 0, "quantity": 3, "sku": null, '
    '"tax_class": "", "subtotal": "30.00", "subtotal_tax": "5.40", "total": "27.00", "total_tax": "4.86", '
    '"taxes": [{"id": 1, "total": "4.86", "subtotal": "5.40"}], '
    '"meta_data": [{"id": 1, "key": "_a", "value": "b"}], "price": 9.000000000000001}'
)
_ADDRESS = '{"first_name": "A", "last_name": "B", "address_1": "C", "city": "D", "country": "BR", "cpf": "1"}'
_ORDER = (
    '{"id": 1, "number": "1", "status": "processing", "currency": "BRL", "date_created": "2026-01-01T00:00:00", '
    '"prices_include_tax": false, "total": "31.86", "total_tax": "4.86", "customer_id": 0, '
    f'"billing": {_ADDRESS}, "shipping": {_ADDRESS}, "payment_method": "x", "line_items": [{_LINE}, {_LINE}], '
    '"tax_lines": [{"id": 2, "rate_code": "X", "rate_id": 1, "compound": false, "rate_percent": 18}], '
    '"shipping_lines": [{"id": 3, "method_title": "x", "total": "0.00", "taxes": [], "meta_data": []}], '
    '"fee_lines": [{"id": 4, "name": "x", "total": "-1.00"}], "coupon_lines": [{"id": 5, "code": "x"}], '
    '"refunds": [{"id": 6, "reason": "", "total": "-1.00"}], "meta_data": [{"id": 7, "key": "k", "value": [1]}]}'
)

FILLED_BYTES = 48 << 10
"""So much of each size is filled: more than what starting Python leaves in holes."""
BLOCK_BYTES = range(24, 513, 8)
"""The sizes that Python's allocator keeps apart, those of a bytes object of some length."""
BYTES_HEAD = 17
"""What a bytes object has beside its bytes, in 32 bits."""

ROUNDS = 40
"""After so many, the bytecode has settled."""


def up() -> None:
    """Reads and writes a made-up order a few times."""
    for _ in range(ROUNDS):
        given = MappingInput(_ORDER)
        order = given.order()
        if isinstance(order, Deleted):
            continue
        Context(settings_json='{"a": 1}').remembered()
        lines = [
            {"product": reference("product", line.sku), "quantity": line.quantity, "taxes": [],
             "amount": money.round_to(line.total / line.quantity, 4), "name": line.name, "n": 1, "b": True}
            for line in order.line_items
        ]
        document = Document.upsert("sale", "1", {"lines": lines, "name": order.billing.full_name,
                                                 "cpf": order.billing.plugin_field("cpf"), "m": order.meta("k")})
        Mapped([document], remember={"status": order.status})
        for wrong in ('{"id": 1, "total": "x"}', '{"id": 1}', "{"):
            try:
                MappingInput(wrong).order()
            except Refusal:
                pass
        _text.load(_writing.write({"a": [money.Decimal("0.10"), None]}))


def filling() -> list[bytes]:
    """Fills the holes that starting Python left all over the heap.

    Python's allocator gives out holes first. Each of them lies in another page, and the first write to a page in a call
    costs a page fault, which is dear. With the holes filled, what a call makes lies side by side in new pages.
    """
    return [bytes(size - BYTES_HEAD) for size in BLOCK_BYTES for _ in range(FILLED_BYTES // size)]
