/**
 * Writing bodies: `JSON.stringify` with the manners of an ERP. A number with a fraction, `NaN` and what JSON
 * has no word for are refused by their place instead of becoming something else. Keys come in the order the
 * author wrote them, a key whose value is `undefined` is left out, half a surrogate pair becomes U+FFFD.
 */

import { Decimal } from "../decimal.ts";
import { JsonNumber } from "../money.ts";

/** What a body may be made of. */
export type Body = string | number | bigint | boolean | null | undefined | Writable | readonly Body[] | object;

/** What writes itself. */
export interface Writable {
  toJSON(): unknown;
}

const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Half a surrogate pair, as `JSON.stringify` writes it. */
const HALF_WRITTEN = "\\ud";

/** The JSON text of a value. @throws TypeError naming the place of what cannot be JSON. */
export function writeJson(value: Body): string {
  try {
    const json = JSON.stringify(value, look) as string | undefined;
    if (json !== undefined && !json.includes(HALF_WRITTEN)) return json;
  } catch (error) {
    if (error !== CAREFULLY) throw error;
  }
  return write(value, "");
}

/** Thrown where the engine's own writer, which is much quicker, would let something pass. */
const CAREFULLY = Symbol("carefully");

/** Sees each value on its way into the engine's writer, after `toJSON`. */
function look(this: unknown, _key: string, value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isSafeInteger(value)) return value;
      throw CAREFULLY;
    case "undefined":
      if (Array.isArray(this)) throw CAREFULLY;
      return value;
    case "object":
      if (value === null || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return value;
      throw CAREFULLY;
    default:
      throw CAREFULLY;
  }
}

function write(value: unknown, at: string): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      if (Number.isSafeInteger(value)) return String(value);
      throw new TypeError(number(value, at));
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return value.toString();
    case "object":
      if (value === null) return "null";
      if (value instanceof Decimal) return `"${value.toString()}"`;
      if (Array.isArray(value)) return list(value, at);
      return object(value, at);
    default:
      throw new TypeError(`${typeof value} stands at ${place(at)}, which JSON has no word for`);
  }
}

function quoted(text: string): string {
  const json = JSON.stringify(text);
  return json.includes(HALF_WRITTEN) ? JSON.stringify(text.replace(HALF, "\ufffd")) : json;
}

function list(values: readonly unknown[], at: string): string {
  let json = "";
  for (let index = 0; index < values.length; index++) {
    json += (index === 0 ? "" : ",") + write(values[index], `${at}/${index}`);
  }
  return `[${json}]`;
}

function object(value: object, at: string): string {
  if (value instanceof JsonNumber) return value.digits;
  if (typeof (value as Writable).toJSON === "function") return write((value as Writable).toJSON(), at);
  if (value instanceof Map || value instanceof Set) {
    throw new TypeError(`a ${value.constructor.name} stands at ${place(at)}: make a plain object or list of it`);
  }
  let json = "";
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    json += `${json === "" ? "" : ","}${quoted(key)}:${write(member, `${at}/${key}`)}`;
  }
  return `{${json}}`;
}

function number(value: number, at: string): string {
  return Number.isFinite(value)
    ? `the float ${value} stands at ${place(at)}: amounts are decimals, decimal("${value}"), and JSON numbers with a fraction are new JsonNumber(decimal)`
    : `${value} stands at ${place(at)}, which JSON has no word for`;
}

function place(at: string): string {
  return at === "" ? "the top of the body" : at;
}
