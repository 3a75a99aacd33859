/** Field mapping: a payload becomes documents for the target. */

import { plain } from "./json/source.ts";
import { writeJson, type Body as Writable } from "./json/write.ts";
import type { PriceLine } from "./pricing.ts";
import type { Attributes, Operation } from "./wire.ts";
import { open, readBody, type Body } from "./woocommerce/body.ts";
import { readCustomer, readOrder, readProduct, readRefund } from "./woocommerce/models.ts";
import type { Customer, Order, Product, Refund } from "./woocommerce/models.ts";

/** What is to be mapped. */
export class MappingInput {
  /** The payload as received, JSON text. */
  readonly payload: string;
  /** The target's status, when the route translates statuses. */
  readonly status: string | undefined;
  /** The priced lines, when the route has pricing. */
  readonly lines: readonly PriceLine[];
  /** Open name and value pairs. */
  readonly attributes: Attributes;

  constructor(payload: string, status: string | undefined, lines: readonly PriceLine[], attributes: Attributes) {
    this.payload = payload;
    this.status = status;
    this.lines = lines;
    this.attributes = attributes;
  }

  /**
   * The payload as a WooCommerce order.
   *
   * @throws {@link Rejected} that says where: not JSON, not an order, or the error object that WooCommerce
   * sends when the webhook's owner may no longer read the order.
   */
  order(): Body<Order> {
    return readBody(this.payload, readOrder);
  }

  /** The payload as a WooCommerce product or variation; see {@link order}. */
  product(): Body<Product> {
    return readBody(this.payload, readProduct);
  }

  /** The payload as a WooCommerce customer; see {@link order}. */
  customer(): Body<Customer> {
    return readBody(this.payload, readCustomer);
  }

  /** The payload as a WooCommerce refund; see {@link order}. */
  refund(): Body<Refund> {
    return readBody(this.payload, readRefund);
  }

  /** The payload as plain JSON; a number is its own text, never a float. @throws {@link Rejected} */
  json(): unknown {
    return plain(open(this.payload).root);
  }

  /** The priced line of that id. */
  line(id: string): PriceLine | undefined {
    return this.lines.find((line) => line.id === id);
  }
}

/** Something for the target. Made by {@link upsert} and its like. */
export interface Document {
  /** What it is in the target's words (`sale`). */
  readonly entity: string;
  /** Names this document for ever. Never empty. */
  readonly idempotencyKey: string;
  /** What to do with it. */
  readonly operation: Operation;
  /** The body, JSON text. */
  readonly body: string;
  /** Open name and value pairs for the connector. */
  readonly attributes: Attributes;
}

/** What goes beside a body. */
export interface DocumentOptions {
  /** Pairs for the connector. */
  readonly attributes?: Readonly<Record<string, string>>;
}

function document(
  operation: Operation,
  entity: string,
  key: string,
  body: Writable,
  options: DocumentOptions | undefined,
): Document {
  return {
    entity,
    idempotencyKey: key,
    operation,
    body: writeJson(body),
    attributes: Object.entries(options?.attributes ?? {}),
  };
}

/** A document to be made; it must not exist yet under this key. */
export function create(entity: string, key: string, body: Writable, options?: DocumentOptions): Document {
  return document("create", entity, key, body, options);
}

/** A document to be changed; it must exist. */
export function update(entity: string, key: string, body: Writable, options?: DocumentOptions): Document {
  return document("update", entity, key, body, options);
}

/** A document to be made or changed, whichever is needed. */
export function upsert(entity: string, key: string, body: Writable, options?: DocumentOptions): Document {
  return document("upsert", entity, key, body, options);
}

/** A document to be called off in the target's own way, keeping the record. */
export function cancel(entity: string, key: string, body: Writable = {}, options?: DocumentOptions): Document {
  return document("cancel", entity, key, body, options);
}

/** A document to be taken away. */
export function remove(entity: string, key: string, body: Writable = {}, options?: DocumentOptions): Document {
  return document("delete", entity, key, body, options);
}

/** There is something to deliver. Made by {@link mapped}. */
export interface Mapped {
  readonly documents: readonly Document[];
  /** Given back by `context.checkpoint()` the next time, once all are delivered. JSON text. */
  readonly checkpoint: string | undefined;
}

/** There is rightly nothing to deliver. Made by {@link skipped}. */
export interface Skipped {
  readonly skipped: string;
}

/** Documents to deliver, each after the one before it. */
export function mapped(documents: Document | readonly Document[], options?: { remember?: Writable }): Mapped {
  const remember = options?.remember;
  return {
    documents: Array.isArray(documents) ? documents : [documents as Document],
    checkpoint: remember === undefined ? undefined : writeJson(remember),
  };
}

/** Nothing to deliver, and that is right, for this reason. */
export function skipped(reason: string): Skipped {
  return { skipped: reason };
}

/** Stands in a body for the id that the target gave to something else. Made by {@link reference}. */
export interface Reference {
  readonly $ref: { readonly entity: string; readonly key: string };
}

/** A reference to something in the target; the host puts its id there at delivery. */
export function reference(entity: string, key: string): Reference {
  return { $ref: { entity, key } };
}
