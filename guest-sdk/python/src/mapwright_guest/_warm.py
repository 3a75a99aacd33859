"""Runs the SDK once while the component is built.

What Python works out the first time something runs (specialised bytecode, caches of patterns, methods and
encoders) is then part of the snapshot and not paid for by each event. The author's own functions are not
called: nothing of a made-up order may be left in them.
"""

from __future__ import annotations

import gc
import os
import sys
import types

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

LARGE_BYTES = [1 << bits for bits in range(20, 14, -1)]
"""Sizes of holes that are room for a call, and stay that."""
HOLE_BYTES = [*(1 << bits for bits in range(14, 10, -1)), *range(1016, 16, -8)]
"""Smaller ones are filled; below a kilobyte the allocator keeps each size apart."""
BYTES_HEAD = 17
"""What a bytes object has beside its bytes, in 32 bits."""
HOLES_MAX = 4096
"""Of one size, to be sure of an end."""
NEAR_BYTES = 128
SIDE_BY_SIDE = 16
"""So many that lie one after the other, give or take so many bytes, come out of no holes."""

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


def gather() -> None:
    """Lays the bytecode of all functions that are not of Python's library side by side, and gives all classes their
    versions.

    Python counts in the bytecode how often an instruction ran, and numbers classes when they are first asked for
    something: that is written to. What was imported over time lies all over the heap.
    """
    sys._clear_internal_caches()  # type: ignore[attr-defined]  # names in them may be those of nobody any more
    library = os.path.dirname(os.__file__)
    before = []
    for each in gc.get_objects():
        if type(each) is types.FunctionType and not each.__code__.co_filename.startswith(library):
            before.append(each.__code__)  # kept until the end, or the next one would take its place
            each.__code__ = _again(each.__code__)
        elif type(each) is type:
            getattr(each, "__init__")


def _again(code: types.CodeType) -> types.CodeType:
    """The same bytecode in another place, that of inner functions behind it."""
    inner = [_again(each) if type(each) is types.CodeType else each for each in code.co_consts]
    return code.replace(co_consts=tuple(inner))


def filling(top: int) -> list[bytes]:
    """Fills the holes that starting Python left all over the heap, below the address ``top``.

    The allocator gives out holes first. Each of them lies in another page, and the first write to a page in a call
    costs a page fault, which is dear. With the holes filled, what a call makes lies side by side. What is left in the
    large ones is blanked, so that it takes no room in the component.
    """
    room: list[bytes] = []
    for size in LARGE_BYTES:
        while id(hole := bytes(size - BYTES_HEAD)) < top:
            room.append(hole)
    kept: list[bytes] = []
    for size in HOLE_BYTES:
        last = beside = 0
        for _ in range(HOLES_MAX):
            kept.append(bytes(size - BYTES_HEAD))
            beside = beside + 1 if abs(id(kept[-1]) - last) < size + NEAR_BYTES else 0
            last = id(kept[-1])
            if beside == SIDE_BY_SIDE:
                break
    return kept
