/**
 * Reading what shops really send: a string where a number was promised, `null`, `""` for an empty object,
 * `[]` for an empty map, a list that PHP turned into an object. The table of all manners is in
 * `models/README.md`; `models.ts` calls these field by field.
 */

import { Decimal, NotDecimal } from "../decimal.ts";
import { NumberText, plain, type Members, type Node, type Source } from "../json/source.ts";

/** The id of something in the shop: text, whatever JSON type it came in. See {@link isSet}. */
export type Id = string;

/**
 * A time as WooCommerce writes it: without an offset, in the shop's zone or (fields that end in `_gmt`) in
 * UTC; empty for "never".
 */
export type ShopTime = string;

/** Whether an id names something: WooCommerce writes `0`, `""` or `null` for "nothing". */
export function isSet(id: Id): boolean {
  return id !== "" && id !== "0";
}

/** The day of a time, `YYYY-MM-DD`; nothing for "never". */
export function dayOf(time: ShopTime): string | undefined {
  return time.length >= 10 ? time.slice(0, 10) : undefined;
}

/** A `_gmt` time as RFC 3339 in UTC; nothing for "never". Wrong for times in the shop's zone. */
export function utcOf(time: ShopTime): string | undefined {
  return time === "" ? undefined : `${time.replace(/Z$/, "")}Z`;
}

/** A field that is not what it should be, and where. */
export class Fault extends Error {
  override readonly name = "Fault";
  /** JSON Pointer. */
  pointer = "";

  constructor(key: string | number, message: string) {
    super(message);
    this.under(key);
  }

  /** The same, seen from one level further up. */
  under(key: string | number): this {
    this.pointer = `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}${this.pointer}`;
    return this;
  }
}

/** Reads a member of an object or list; `key` says where it stood. */
export type Read<T> = (value: Node | undefined, key: string | number, source: Source) => T;

/** A text. */
export function text(value: Node | undefined, key: string | number): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (value instanceof NumberText) return value.text;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value) && value.length === 0) return "";
  throw new Fault(key, `${what(value)} stands where a text belongs`);
}

/** An id, by its own digits. */
export function id(value: Node | undefined, key: string | number): Id {
  if (value instanceof NumberText) return value.text;
  if (typeof value === "string") return value;
  if (value === undefined || value === null || value === false) return "";
  throw new Fault(key, `${what(value)} is no id`);
}

/** A decimal, by its own digits. */
export function amount(value: Node | undefined, key: string | number): Decimal {
  if (value === undefined || value === null || value === "" || value === "0.00") {
    return value === "0.00" ? NOTHING : Decimal.ZERO;
  }
  const digits = value instanceof NumberText ? value.text : value;
  if (typeof digits !== "string") throw new Fault(key, `${what(value)} is not a decimal number`);
  try {
    return Decimal.parse(digits);
  } catch (error) {
    if (!(error instanceof NotDecimal)) throw error;
    if (digits.trim() === "") return Decimal.ZERO;
    throw new Fault(key, error.message);
  }
}

/** The amount that an order has most often. */
const NOTHING = Decimal.of(0, 2);

/** Yes or no. */
export function flag(value: Node | undefined, key: string | number): boolean {
  if (typeof value === "boolean") return value;
  const said = text(value, key);
  switch (said) {
    case "true":
    case "1":
    case "yes":
    case "on":
      return true;
    case "":
    case "false":
    case "0":
    case "no":
    case "off":
      return false;
    default:
      throw new Fault(key, `\`${said}\` is neither true nor false`);
  }
}

const EMPTY: Members = {};

/** A reader of objects of one model. */
export function model<T>(Model: new (from: Members, source: Source) => T): Read<T> {
  return (value, key, source) => {
    try {
      return new Model(members(value), source);
    } catch (error) {
      throw error instanceof Fault ? error.under(key) : error;
    }
  };
}

function members(value: Node | undefined): Members {
  if (value === undefined || value === null || value === "") return EMPTY;
  if (Array.isArray(value)) {
    if (value.length === 0) return EMPTY;
  } else if (typeof value === "object" && !(value instanceof NumberText)) {
    return value;
  }
  throw new Misplaced(`${what(value)} stands where an object belongs`);
}

/** A list of what `read` reads. */
export function list<T>(value: Node | undefined, key: string | number, read: Read<T>, source: Source): T[] {
  const items: T[] = [];
  try {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) items.push(read(value[index], index, source));
    } else if (typeof value === "object" && value !== null && !(value instanceof NumberText)) {
      // PHP writes a list with gaps as an object. An engine sorts keys that are numbers, the text does not.
      for (const member of source.members(value)) items.push(read(twin(value, member), member.key, source));
    } else if (value !== undefined && value !== null && value !== "") {
      throw new Misplaced(`${what(value)} stands where a list belongs`);
    }
  } catch (error) {
    throw error instanceof Fault ? error.under(key) : error;
  }
  return items;
}

/** A member as the source's own tree has it; of a key that comes twice the tree has only the last. */
function twin(holder: Members, member: { key: string; node: Node; last: boolean }): Node | undefined {
  return member.last ? holder[member.key] : member.node;
}

/** A fault of the value itself, not of a member. */
class Misplaced extends Fault {
  constructor(message: string) {
    super("", message);
    this.pointer = "";
  }
}

/** Fails when one of these members is missing. */
export function required(from: Members, ...keys: string[]): void {
  if (from === EMPTY) return;
  for (const key of keys) {
    if (from[key] === undefined) throw new Fault(key, "the field is missing");
  }
}

function what(value: Node): string {
  if (value === null) return "null";
  if (value instanceof NumberText) return "a number";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : String(value);
}

/** A JSON value that no model knows, read when somebody asks. */
export class Json {
  private readonly holder: Members;
  private readonly key: string;
  private readonly source: Source;

  constructor(holder: Members, key: string, source: Source) {
    this.holder = holder;
    this.key = key;
    this.source = source;
  }

  /** The value as text: a string as it is, a number or boolean as written; nothing for `null`, lists and objects. */
  get text(): string | undefined {
    const value = this.holder[this.key];
    if (typeof value === "string") return value;
    if (value instanceof NumberText) return value.text;
    return typeof value === "boolean" ? String(value) : undefined;
  }

  /** The value; a number is its text, because money is no float. */
  get value(): unknown {
    return plain(this.holder[this.key] ?? null);
  }

  /** The JSON text, as it came. The payload is read once more for it, slowly. */
  get raw(): string {
    const found = this.source.members(this.holder).findLast((member) => member.key === this.key);
    return found === undefined ? "null" : found.raw;
  }
}

/** The fields a model does not know, in the order they came. */
export class Extra implements Iterable<[string, string]> {
  private readonly holder: Members;
  private readonly known: ReadonlySet<string>;
  private readonly source: Source;

  constructor(holder: Members, known: ReadonlySet<string>, source: Source) {
    this.holder = holder;
    this.known = known;
    this.source = source;
  }

  /** The field of that name; of two, the last. */
  get(name: string): Json | undefined {
    if (this.known.has(name) || !Object.hasOwn(this.holder, name)) return undefined;
    return new Json(this.holder, name, this.source);
  }

  /** The field's text, see {@link Json.text}; nothing where it is missing or empty. */
  text(name: string): string | undefined {
    if (this.known.has(name)) return undefined;
    const value = this.holder[name];
    const text = value instanceof NumberText ? value.text : typeof value === "boolean" ? String(value) : value;
    return typeof text === "string" && text !== "" ? text : undefined;
  }

  /** All of them, with their JSON text as it came. */
  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const { key, raw } of this.source.members(this.holder)) {
      if (!this.known.has(key)) yield [key, raw];
    }
  }
}
