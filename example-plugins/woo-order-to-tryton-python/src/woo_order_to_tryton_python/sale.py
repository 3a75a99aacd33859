"""The sale and its lines."""

from __future__ import annotations

from typing import Any

from mapwright_guest import Decimal, MappingInput, Order, Violations, decimals_of, reference, round_to
from mapwright_guest.money import plain
from mapwright_guest.woocommerce import LineItem

from .party import Party, PartyAddress
from .settings import Settings
from .totals import Taxes, cent


def sale_of(
    order: Order,
    input: MappingInput,
    state: str | None,
    party: Party,
    billing: PartyAddress,
    shipping: PartyAddress,
    settings: Settings,
    violations: Violations,
) -> dict[str, Any]:
    """The sale of an order; ``state`` is ``None`` where Tryton is to keep it. Faults go to ``violations``, the sale is only
    good when there are none."""
    taxes = Taxes.of(order, violations)
    lines, repriced = _goods(order, input, taxes, settings, violations)
    lines += _shipping(order, taxes, settings)
    lines += _fees(order, taxes)
    if not lines and not violations:
        violations.at("line_items").add("lines_missing", "the order has nothing in it")
    if not repriced and not violations:
        lines += _rounding(order, len(lines), taxes, violations)

    sale: dict[str, Any] = {} if state is None else {"state": state}
    sale["party"] = reference("party", party.key)
    sale["invoice_address"] = reference("address", billing.key)
    sale["shipment_address"] = reference("address", shipping.key)
    sale["currency"] = reference("currency", order.currency)
    if settings.payment_term is not None:
        sale["payment_term"] = reference("payment_term", settings.payment_term)
    if settings.warehouse is not None:
        sale["warehouse"] = reference("warehouse", settings.warehouse)
    if order.date_created:
        sale["sale_date"] = order.date_created.date
    sale["description"] = f"{'WooCommerce' if settings.shop_name is None else settings.shop_name} #{order.number}"
    sale["comment"] = _comment(order)
    sale["lines"] = lines
    return sale


def _goods(
    order: Order, input: MappingInput, taxes: Taxes, settings: Settings, violations: Violations
) -> tuple[list[dict[str, Any]], bool]:
    """The lines of goods, and whether the route's pricing changed any."""
    lines = []
    repriced = False
    for index, item in enumerate(order.line_items):
        here = violations.at("line_items", index)
        product = item.sku.strip() or settings.fallback_product
        if product is None:
            message = f"`{item.name}` has no SKU; give it one or set fallback_product"
            here.at("sku").add("sku_missing", message)
            continue
        if not item.quantity:
            here.at("quantity").add("quantity_zero", "a line of nothing has no unit price")
            continue
        net = _priced(item, input)
        if net is None:
            net = item.total
        elif round_to(net, 2) != round_to(item.total, 2):
            repriced = True
        unit_price = round_to(net / item.quantity, settings.price_digits)
        lines.append(
            {
                "type": "line",
                "product": reference("product", product),
                "quantity": item.quantity,
                "unit": reference("unit", settings.unit),
                "unit_price": unit_price,
                "taxes": taxes.charge(unit_price * item.quantity, item.taxes),
                "description": item.name,
            }
        )
    return lines, repriced


def _priced(item: LineItem, input: MappingInput) -> Decimal | None:
    """The net amount of a line at the price that the route's pricing gave it. A coupon keeps the share it took off the shop's
    own price."""
    line = input.line(item.id)
    if line is None:
        return None
    full = line.unit_price * item.quantity
    return full * item.total / item.subtotal if item.subtotal else full


def _shipping(order: Order, taxes: Taxes, settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "product": reference("product", settings.shipping_product),
            "quantity": Decimal(1),
            "unit": reference("unit", settings.unit),
            "unit_price": shipping.total,
            "taxes": taxes.charge(shipping.total, shipping.taxes),
            "description": shipping.method_title,
        }
        for shipping in order.shipping_lines
        if shipping.total
    ]


def _fees(order: Order, taxes: Taxes) -> list[dict[str, Any]]:
    lines = []
    for fee in order.fee_lines:
        taxed, rest = taxes.split(fee.total, fee.taxes)
        for amount, charged in ((taxed, fee.taxes), (rest, [])):
            if amount:
                lines.append(_amount(amount, fee.name) | {"taxes": taxes.charge(amount, charged)})
    return lines


def _rounding(order: Order, lines: int, taxes: Taxes, violations: Violations) -> list[dict[str, Any]]:
    """The line that makes up for cents; more than cents are a fault."""
    decimals = decimals_of(order.currency)
    difference = order.total - taxes.total()
    if abs(difference) > cent(decimals) * (lines + 1):
        message = f"the order says {plain(order.total)}, its lines and taxes make {plain(taxes.total())}"
        violations.at("total").add("total_differs", message)
        return []
    return [_amount(round_to(difference, decimals), "Rounding")] if difference else []


def _amount(amount: Decimal, description: str) -> dict[str, Any]:
    """A line that is only an amount."""
    return {"type": "line", "quantity": Decimal(1), "unit_price": amount, "taxes": [], "description": description}


def _comment(order: Order) -> str:
    """What people in the warehouse and the office want to read."""
    texts = [
        ("", order.customer_note.strip()),
        ("Payment: ", order.payment_method_title),
        ("Transaction: ", order.transaction_id),
        ("Coupons: ", ", ".join(coupon.code for coupon in order.coupon_lines)),
    ]
    return "\n".join(f"{what}{text}" for what, text in texts if text)
