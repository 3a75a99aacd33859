/** What the host makes of a payload before a plugin sees it: the resource's key, its status, its lines. */

import { Decimal, NotDecimal } from "../decimal.ts";
import { NumberText, Source, type Members, type Node } from "../json/source.ts";
import type { SourceStatus } from "../plugin.ts";
import type { PriceLine } from "../pricing.ts";
import type { Attributes, WireContext } from "../wire.ts";

/** Places of the unit price that the host hands to pricing. */
const UNIT_PRICE_PLACES = 10;

/** The payload's members; none where it is no object. */
function membersOf(payload: string): Members {
  try {
    const { root } = new Source(payload);
    return typeof root === "object" && root !== null && !(root instanceof NumberText) ? (root as Members) : {};
  } catch {
    return {};
  }
}

/** What the host would call what a payload is about. */
export function resourceKey(topic: string, payload: string): string {
  const members = membersOf(payload);
  const id = members["id"] ?? members["arg"];
  const text = id instanceof NumberText ? id.text : typeof id === "string" ? id : "";
  const resource = topic.startsWith("action.") ? topic : topic.split(".")[0];
  return `${resource}/${text || "0"}`;
}

/** When the shop last changed the resource. */
export function versionTime(payload: string): string | null {
  const time = membersOf(payload)["date_modified_gmt"];
  return typeof time === "string" ? `${time.replace(/Z+$/, "")}Z` : null;
}

/** What the host would ask a status translation about this payload. */
export function sourceStatus(context: WireContext, payload: string, previous: string | undefined): SourceStatus | undefined {
  if (!context.topic.startsWith("order.")) return undefined;
  const order = membersOf(payload);
  const status = order["status"];
  if (typeof status !== "string") return undefined;
  const names = ["payment_method", "date_paid_gmt", "customer_id", "currency", "created_via"];
  return { entity: "order", status, previousStatus: previous, attributes: present(order, names) };
}

/** The lines the host would have priced of this payload. */
export function priceLines(context: WireContext, payload: string): PriceLine[] {
  const order = membersOf(payload);
  const items = order["line_items"];
  if (!context.topic.startsWith("order.") || !Array.isArray(items)) return [];
  const role = ["_customer_role", "customer_role"]
    .map((key) => listOf(order["meta_data"]).find((entry) => entry["key"] === key)?.["value"])
    .find((value) => value !== undefined);
  return listOf(items).map((item) => {
    const names = ["product_id", "variation_id", "name", "subtotal", "total", "tax_class"];
    const attributes = [...present(item, names), ...present(order, ["customer_id"])];
    if (role !== undefined) attributes.push(["customer_role", plain(role)]);
    const quantity = number(item["quantity"]);
    const subtotal = number(item["subtotal"]);
    const unitPrice = quantity.isZero() ? subtotal : subtotal.dividedBy(quantity);
    return {
      id: plain(item["id"]),
      sku: plain(item["sku"]),
      quantity,
      unitPrice: unitPrice.round(UNIT_PRICE_PLACES).normalized(),
      currency: plain(order["currency"]),
      attributes,
    };
  });
}

function listOf(node: Node | undefined): Members[] {
  return Array.isArray(node) ? (node as unknown[] as Members[]) : [];
}

function plain(value: Node | undefined): string {
  if (value === undefined || value === null) return "";
  return value instanceof NumberText ? value.text : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function number(value: Node | undefined): Decimal {
  try {
    return Decimal.parse(plain(value));
  } catch (error) {
    if (error instanceof NotDecimal) return Decimal.ZERO;
    throw error;
  }
}

/** Those of the fields that are there, as attributes. */
function present(object: Members, names: string[]): Attributes {
  return names
    .filter((name) => object[name] !== undefined && object[name] !== null)
    .map((name) => [name, plain(object[name])]);
}
