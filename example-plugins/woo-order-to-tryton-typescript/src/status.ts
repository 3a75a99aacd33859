/** The status of an order as the state of a sale. */

import { lookupIfThere, reject } from "@mapwright/guest";

/** Nothing: money that went back is a credit note, the sale stays what it is. Drafts are not mapped. */
const KEPT = undefined;

const STATES = new Map([
  ["pending", "draft"],
  ["on-hold", "quotation"],
  ["processing", "confirmed"],
  ["completed", "processing"],
  ["cancelled", "cancelled"],
  ["failed", "cancelled"],
  ["trash", "cancelled"],
  ["refunded", KEPT],
  ["auto-draft", KEPT],
  ["checkout-draft", KEPT],
]);

/**
 * The state wanted; nothing for statuses in which Tryton is to keep its own. The lookup table `order_status`
 * (columns `status`, `state`), where the merchant has one, goes first: plug-ins invent statuses.
 */
export function stateOf(status: string): string | undefined {
  const row = lookupIfThere("order_status", status);
  if (row) return row.get("state");
  if (STATES.has(status)) return STATES.get(status);
  const message = `\`${status}\` is no status of WooCommerce; add it to lookups/order_status.csv`;
  return reject("/status", "status_unknown", message);
}
