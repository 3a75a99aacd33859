/** The sale and its lines. */

import {
  Decimal,
  dayOf,
  decimalsOf,
  reference,
  smallest,
  type LineItem,
  type MappingInput,
  type Order,
  type Reference,
  type Scope,
  type Violations,
} from "@mapwright/guest";

import type { Settings } from "./settings.ts";
import { Taxes } from "./totals.ts";

/** What is known of a sale before its lines are looked at. */
interface Head {
  /** The state wanted; none where Tryton is to keep it. */
  state: string | undefined;
  party: Reference;
  invoice_address: Reference;
  shipment_address: Reference;
}

interface Line {
  type: "line";
  product?: Reference;
  quantity: Decimal;
  unit?: Reference;
  unit_price: Decimal;
  taxes: Reference[];
  description: string;
}

/** The sale of an order. Faults go to `violations`; the sale is only good when there are none. */
export function saleOf(head: Head, order: Order, input: MappingInput, settings: Settings, violations: Violations) {
  const taxes = new Taxes(order, violations);
  const goods = goodsOf(order, input, settings, taxes, violations);
  const lines = [...goods.lines, ...shippingOf(order, settings, taxes), ...feesOf(order, taxes)];
  if (lines.length === 0 && violations.count === 0) {
    violations.at("line_items").add("lines_missing", "the order has nothing in it");
  }
  if (!goods.repriced && violations.count === 0) lines.push(...roundingOf(order, taxes, lines.length, violations));
  return {
    ...head,
    currency: reference("currency", order.currency),
    payment_term: settings.payment_term && reference("payment_term", settings.payment_term),
    warehouse: settings.warehouse && reference("warehouse", settings.warehouse),
    sale_date: dayOf(order.date_created),
    description: `${settings.shop_name ?? "WooCommerce"} #${order.number}`,
    comment: commentOf(order),
    lines,
  };
}

/** The lines of goods, and whether the route's pricing changed what they cost. */
function goodsOf(order: Order, input: MappingInput, settings: Settings, taxes: Taxes, violations: Violations) {
  const lines: Line[] = [];
  let repriced = false;
  for (const [index, item] of order.line_items.entries()) {
    const here = violations.at("line_items", index);
    const product = productOf(item, settings, here);
    if (product === undefined) continue;
    if (item.quantity.isZero()) {
      here.at("quantity").add("quantity_zero", "a line of nothing has no unit price");
      continue;
    }
    const priced = pricedAt(item, input);
    if (priced && !priced.round(2).equals(item.total.round(2))) repriced = true;
    const unitPrice = (priced ?? item.total).dividedBy(item.quantity).round(settings.price_digits);
    lines.push({
      type: "line",
      product: reference("product", product),
      quantity: item.quantity,
      unit: reference("unit", settings.unit),
      unit_price: unitPrice,
      taxes: taxes.charge(unitPrice.times(item.quantity), item.taxes),
      description: item.name,
    });
  }
  return { lines, repriced };
}

function productOf(item: LineItem, settings: Settings, here: Scope): string | undefined {
  const product = item.sku.trim() || settings.fallback_product;
  if (product === undefined) {
    here.at("sku").add("sku_missing", `\`${item.name}\` has no SKU; give it one or set fallback_product`);
  }
  return product;
}

/**
 * The net amount of a line at the price that the route's pricing gave it. A coupon keeps the share it took
 * off the shop's own price.
 */
function pricedAt(item: LineItem, input: MappingInput): Decimal | undefined {
  const full = input.line(item.id)?.unitPrice.times(item.quantity);
  return item.subtotal.isZero() ? full : full?.times(item.total).dividedBy(item.subtotal);
}

function shippingOf(order: Order, settings: Settings, taxes: Taxes): Line[] {
  return order.shipping_lines
    .filter((line) => !line.total.isZero())
    .map((line) => ({
      type: "line",
      product: reference("product", settings.shipping_product),
      quantity: Decimal.ONE,
      unit: reference("unit", settings.unit),
      unit_price: line.total,
      taxes: taxes.charge(line.total, line.taxes),
      description: line.method_title,
    }));
}

function feesOf(order: Order, taxes: Taxes): Line[] {
  return order.fee_lines.flatMap((fee) => {
    const [taxed, rest] = taxes.split(fee.total, fee.taxes);
    const parts = [
      { amount: taxed, charged: fee.taxes },
      { amount: rest, charged: [] },
    ];
    return parts
      .filter(({ amount }) => !amount.isZero())
      .map(({ amount, charged }) => amountLine(amount, taxes.charge(amount, charged), fee.name));
  });
}

/** The line for the cents that the order's total differs from its lines by; none where it does not. */
function roundingOf(order: Order, taxes: Taxes, count: number, violations: Violations): Line[] {
  const decimals = decimalsOf(order.currency);
  const difference = order.total.minus(taxes.total());
  const tolerated = smallest(decimals).times(count + 1);
  if (difference.abs().greaterThan(tolerated)) {
    const message = `the order says ${order.total}, its lines and taxes make ${taxes.total()}`;
    violations.at("total").add("total_differs", message);
    return [];
  }
  return difference.isZero() ? [] : [amountLine(difference.round(decimals), [], "Rounding")];
}

/** A line that is only an amount. */
function amountLine(amount: Decimal, taxes: Reference[], description: string): Line {
  return { type: "line", quantity: Decimal.ONE, unit_price: amount, taxes, description };
}

/** What people in the warehouse and the office want to read. */
function commentOf(order: Order): string {
  const coupons = order.coupon_lines.map((coupon) => coupon.code).join(", ");
  const parts = [
    order.customer_note.trim(),
    order.payment_method_title && `Payment: ${order.payment_method_title}`,
    order.transaction_id && `Transaction: ${order.transaction_id}`,
    coupons && `Coupons: ${coupons}`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}
