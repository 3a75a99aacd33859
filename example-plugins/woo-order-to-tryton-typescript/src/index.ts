/**
 * WooCommerce orders become parties, addresses and sales of Tryton 8.
 *
 * The order's total is the truth: what Tryton will compute from the lines and taxes is computed here first,
 * cents of difference become a rounding line, more than cents a rejection.
 */

import {
  cancel,
  definePlugin,
  fromPackage,
  log,
  mapped,
  reference,
  skipped,
  upsert,
  Violations,
  type Document,
  type MappingInput,
  type Order,
} from "@mapwright/guest";

import packageJson from "../package.json" with { type: "json" };
import settingsSchema from "../settings.schema.json" with { type: "json" };
import { partyOf } from "./party.ts";
import { saleOf } from "./sale.ts";
import { DEFAULTS, type Settings } from "./settings.ts";
import { stateOf } from "./status.ts";

/** What is remembered of an order that was delivered. */
interface Seen {
  status: string;
}

export default definePlugin({
  manifest: {
    ...fromPackage(packageJson),
    settingsSchema,
    topics: ["order.created", "order.updated", "order.deleted"],
    entities: ["party", "address", "sale"],
  },

  translate(_context, source) {
    return stateOf(source.status);
  },

  transform(context, input) {
    const settings = context.settings<Settings>(DEFAULTS);
    const body = input.order();
    if (body.deleted) return mapped(cancel("sale", settings.prefix + body.id));
    const order = body.resource;
    if (order.isDraft()) return skipped(`order ${order.id} is a draft: nobody placed it`);
    if (order.status === "pending" && !settings.accept_pending) {
      return skipped(`order ${order.id} waits for its payment`);
    }
    const state = input.status ?? stateOf(order.status);
    if (state === "cancelled" && context.checkpoint<Seen>() === undefined) {
      return skipped(`order ${order.id} is ${order.status} and was never sent`);
    }
    const seen: Seen = { status: order.status };
    return mapped(documents(order, input, state, settings), { remember: seen });
  },
});

/** Party, addresses (one when both are the same) and sale, in the order they need each other. */
function documents(order: Order, input: MappingInput, state: string | undefined, settings: Settings): Document[] {
  const violations = new Violations();
  const party = partyOf(order, settings, violations);
  const billing = party.address(order.billing);
  const shipping = party.address(order.deliveryAddress());
  const head = {
    state,
    party: reference("party", party.key),
    invoice_address: reference("address", billing.key),
    shipment_address: reference("address", shipping.key),
  };
  const sale = saleOf(head, order, input, settings, violations);
  violations.finish();

  const documents = [upsert("party", party.key, party.body), upsert("address", billing.key, billing.body)];
  if (shipping.key !== billing.key) documents.push(upsert("address", shipping.key, shipping.body));
  documents.push(upsert("sale", settings.prefix + order.id, sale));
  if (order.refunds.length > 0) {
    log.warning(`order ${order.id} has ${order.refunds.length} refunds; credit notes are made in Tryton`);
  }
  return documents;
}
