/**
 * Wholesale prices: by the customer's role and the quantity bought, from the merchant's price list.
 *
 * The lookup table `price_list` has a row for each role and SKU, `wholesale:CAM-001`, and may have one for the
 * rest, `wholesale:*`. A row says either `price`, the net price of one, or `discount_percent`, off the shop's
 * price; and `breaks`, better prices for more: `10=69.90 50=-30%`. Money is decimal to the last step, where the
 * merchant's rounding rule is applied once.
 */

import {
  attribute,
  Decimal,
  decimalsOf,
  definePlugin,
  fromPackage,
  lookup,
  Violations,
  withAttribute,
  type Context,
  type PriceLine,
} from "@mapwright/guest";

import packageJson from "../package.json" with { type: "json" };
import settingsSchema from "../settings.schema.json" with { type: "json" };
import { PriceRow } from "./price.ts";
import { settingsOf, type Settings } from "./settings.ts";

export default definePlugin({
  manifest: { ...fromPackage(packageJson), settingsSchema, topics: ["order.created", "order.updated"] },

  reprice(context, lines) {
    const settings = settingsOf(context);
    const bought = quantities(lines);
    const violations = new Violations();
    const priced = lines.map((line, index) => {
      const role = roleOf(line, context, settings);
      const row = find(settings.price_list, role, line.sku);
      if (row === undefined) {
        if (settings.strict) {
          const message = `lookups/${settings.price_list}.csv has no \`${role}:${line.sku}\` and no \`${role}:*\``;
          violations.at("line_items", index, "sku").add("price_missing", message);
        }
        return line;
      }
      if (row.currency !== undefined && row.currency !== line.currency) {
        violations.at("currency").add("currency_differs", `the price of ${line.sku} is not in ${line.currency}`);
        return line;
      }
      const together = settings.together && line.sku !== "";
      const quantity = together ? bought.get(line.sku)! : line.quantity;
      const unitPrice = rounded(row.priceAt(quantity, line.unitPrice), line.currency, settings);
      return reasoned({ ...line, unitPrice }, line.unitPrice, `${role}:${row.name} from ${quantity}`);
    });
    violations.finish(); // tells of all faults at once
    return priced;
  },
});

/** The customer's role: the line's, else the event's. One that is empty is a role too. */
function roleOf(line: PriceLine, context: Context, settings: Settings): string {
  const name = settings.role_attribute;
  return attribute(line.attributes, name) ?? context.attribute(name) ?? settings.default_role;
}

/** How many of each SKU the whole order has. */
function quantities(lines: readonly PriceLine[]): Map<string, Decimal> {
  const bought = new Map<string, Decimal>();
  for (const { sku, quantity } of lines) {
    const before = bought.get(sku) ?? Decimal.ZERO;
    // Nothing and 5 are 5, in whatever way nothing is written: 0.00 adds no places.
    bought.set(sku, before.isZero() ? quantity : quantity.isZero() ? before : before.plus(quantity));
  }
  return bought;
}

/** The row for a role and SKU, or the role's row for everything. */
function find(table: string, role: string, sku: string): PriceRow | undefined {
  for (const name of sku === "" ? ["*"] : [sku, "*"]) {
    const row = lookup(table, `${role}:${name}`);
    if (row) return new PriceRow(name, row);
  }
  return undefined;
}

/** The one place where a price loses digits. */
function rounded(price: Decimal, currency: string, settings: Settings): Decimal {
  // JPY has no cents to round to, whatever the setting says; BRL may have more than two.
  const decimals = decimalsOf(currency) === 0 ? 0 : settings.decimals;
  return price.round(decimals, settings.rounding);
}

/** The line with what its price was and why it is another one now. */
function reasoned(line: PriceLine, shopPrice: Decimal, rule: string): PriceLine {
  const attributes = withAttribute(line.attributes, "shop_unit_price", shopPrice.toString());
  return { ...line, attributes: withAttribute(attributes, "price_rule", rule) };
}
