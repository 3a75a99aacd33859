/** Pricing: the lines of an order get the prices of the merchant's rules. */

import { Decimal, NotDecimal } from "./decimal.ts";
import { reject } from "./refusal.ts";
import type { Attributes, WirePriceLine } from "./wire.ts";

/** One priced line. Change it by a copy: `{ ...line, unitPrice, attributes: withAttribute(...) }`. */
export interface PriceLine {
  /** The line's id in the payload. */
  readonly id: string;
  /** The SKU; empty where the line has none. */
  readonly sku: string;
  /** How many. */
  readonly quantity: Decimal;
  /** The price of one, before tax. */
  readonly unitPrice: Decimal;
  /** ISO 4217. */
  readonly currency: string;
  /** Open name and value pairs (`product_id`, `subtotal`, `total`, `tax_class`). */
  readonly attributes: Attributes;
}

/** Lines as the host sends them. @throws {@link Rejected} when an amount is none. */
export function ourLines(lines: readonly WirePriceLine[]): PriceLine[] {
  return lines.map((line, index) => {
    const number = (what: string, text: string) => {
      try {
        return Decimal.parse(text);
      } catch (error) {
        if (!(error instanceof NotDecimal)) throw error;
        const message = `the ${what} of line \`${line.id}\`: ${error.message}`;
        return reject(`/line_items/${index}`, "price_line_malformed", message);
      }
    };
    return {
      id: line.id,
      sku: line.sku,
      quantity: number("quantity", line.quantity),
      unitPrice: number("unit price", line.unitPrice),
      currency: line.currency,
      attributes: line.attributes,
    };
  });
}

/** Lines as the host wants them. @throws TypeError when an amount is no decimal. */
export function wireLines(lines: readonly PriceLine[]): WirePriceLine[] {
  return lines.map((line) => ({
    id: line.id,
    sku: line.sku,
    quantity: amount("quantity", line.id, line.quantity),
    unitPrice: amount("unitPrice", line.id, line.unitPrice),
    currency: line.currency,
    attributes: line.attributes,
  }));
}

/** JavaScript does not look at types, so a float may come here. */
function amount(what: string, id: string, value: unknown): string {
  if (value instanceof Decimal) return value.toString();
  throw new TypeError(`${what} of line \`${id}\` is ${typeof value === "number" ? "a float" : typeof value}, not a Decimal`);
}
