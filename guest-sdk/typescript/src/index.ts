/**
 * Write Mapwright plugins in TypeScript or JavaScript: declare an object of functions, export it.
 *
 * A plugin holds the rules of one merchant. It is a pure function: from a payload, the route's settings and
 * the merchant's lookup tables it makes documents for the target, and it can do nothing else: no network, no
 * files, no clock. That is why a dry run tells the truth.
 *
 * @example
 * ```ts
 * import { definePlugin, fromPackage, mapped, reference, skipped, upsert, Violations } from "@mapwright/guest";
 * import packageJson from "../package.json" with { type: "json" };
 *
 * export default definePlugin({
 *   manifest: { ...fromPackage(packageJson), entities: ["invoice"] },
 *
 *   transform(context, input) {
 *     const body = input.order();
 *     if (body.deleted) return skipped("a deleted order keeps its invoice");
 *     const order = body.resource;
 *     const violations = new Violations();
 *     for (const [index, line] of order.line_items.entries()) {
 *       if (line.sku === "") violations.at("line_items", index, "sku").add("sku_missing", "no SKU");
 *     }
 *     violations.finish(); // tells of all faults at once
 *     return mapped(
 *       upsert("invoice", context.resourceKey, {
 *         number: order.number,
 *         total: order.total, // becomes "254.56": money is text, never a float
 *         customer: reference("party", order.customer_id),
 *       }),
 *     );
 *   },
 * });
 * ```
 *
 * Native tests and golden cases are in `@mapwright/guest/testing`, CPF and CNPJ in `@mapwright/guest/brazil`.
 *
 * @packageDocumentation
 */

export { attribute, Context, withAttribute } from "./context.ts";
export { Decimal, decimal, NotDecimal, sum, type DecimalLike, type Rounding } from "./decimal.ts";
export { log } from "./log.ts";
export { lookup, lookupIfThere, Row, UnknownTable } from "./lookup.ts";
export { cancel, create, mapped, MappingInput, reference, remove, skipped, update, upsert } from "./mapping.ts";
export type { Document, DocumentOptions, Mapped, Reference, Skipped } from "./mapping.ts";
export { decimalsOf, JsonNumber, Money, smallest } from "./money.ts";
export { definePlugin, fromPackage, type Manifest, type Plugin, type SourceStatus } from "./plugin.ts";
export type { PriceLine } from "./pricing.ts";
export { notReady, NotReady, reject, Rejected, Refusal, Scope, Violations } from "./refusal.ts";
export type { Step } from "./refusal.ts";
export type { Attributes, Level, Operation, Violation } from "./wire.ts";
export type { Body, Deleted, Present } from "./woocommerce/body.ts";
export { dayOf, Extra, isSet, Json, utcOf, type Id, type ShopTime } from "./woocommerce/fields.ts";
export type * from "./woocommerce/models.ts";
