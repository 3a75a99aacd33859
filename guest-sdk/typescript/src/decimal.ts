/**
 * Decimal numbers for money and quantities, exact where a float is not.
 *
 * A `Decimal` is whole units and a scale: `254.56` is 25456 units at scale 2. The scale is kept as it was
 * read (`0.10` is written `0.10`). Sums and products are exact, quotients have 28 significant digits. There is
 * no way in from a number with a fraction and no way out to one.
 *
 * Units are counted in a `number` while they are whole and below 2^53, where that is exact and cheap, and in
 * a `bigint` beyond; and only when somebody computes with the amount, because most are only handed on.
 */

/** What stands for a decimal: itself, its text, or a whole number. */
export type DecimalLike = Decimal | string | bigint | number;

/** What becomes of digits that are rounded away: of a half, and of the rest. `down` is towards zero. */
export type Rounding = "half_up" | "half_even" | "down";

/** Significant digits of a quotient. */
const DIGITS = 28;
/** Most digits behind the point; more are rounded away when read. */
const SCALE_MAX = 28;
/** The most whole units, as in the other languages: 96 bits. */
const UNITS_MAX = (1n << 96n) - 1n;
/** The most units that are counted in a `number`. */
const SMALL_MAX = Number.MAX_SAFE_INTEGER;
/** Text as long as this has no more units than that. */
const SMALL_LENGTH = 15;
/** Powers of ten that a `number` has exactly. */
const TENS = Array.from({ length: 16 }, (_, power) => 10 ** power);

const ROUNDINGS: readonly Rounding[] = ["half_up", "half_even", "down"];

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const SCIENTIFIC = /^([+-]?)(\d*)\.?(\d*)[eE]([+-]?\d{1,4})$/;

/** The text was no decimal number. */
export class NotDecimal extends Error {
  override readonly name = "NotDecimal";
}

/** An exact decimal number. Made by {@link decimal}; never changed. */
export class Decimal {
  /** Nothing. */
  static readonly ZERO: Decimal = new Decimal(0, 0);
  /** One. */
  static readonly ONE: Decimal = new Decimal(1, 0);
  /** A hundred, for per cents. */
  static readonly HUNDRED: Decimal = new Decimal(100, 0);

  /** Its text, where it was read or written already. */
  private text: string | undefined;
  private counted: number | bigint | undefined;
  private places: number;

  private constructor(units: number | bigint | undefined, scale: number, text?: string) {
    this.counted = units;
    this.places = scale;
    this.text = text;
  }

  /** Whole units: a `number` as long as it is exact. */
  private get units(): number | bigint {
    return this.counted ?? this.takeApart();
  }

  /** How many digits are behind the point. */
  get scale(): number {
    if (this.counted === undefined) this.takeApart();
    return this.places;
  }

  /**
   * Reads a decimal from text: `-12.34`, `1E-7`.
   *
   * @throws {@link NotDecimal} when the text is no decimal number or does not fit.
   */
  static parse(text: string): Decimal {
    if (!usual(text)) return careful(text);
    return new Decimal(undefined, 0, text);
  }

  private takeApart(): number | bigint {
    const text = this.text!;
    const point = text.indexOf(".");
    const places = point < 0 ? 0 : text.length - point - 1;
    // At most 14 digits: the nearest float, times a power of ten, is within half a unit of the truth.
    const units = Math.round(Number(text) * TENS[places]!);
    this.places = places;
    this.counted = units === 0 ? 0 : units;
    return this.counted;
  }

  /** So many units of the last of `scale` digits: `Decimal.of(1, 2)` is `0.01`. */
  static of(units: number | bigint, scale: number): Decimal {
    if (typeof units === "number") {
      if (Number.isSafeInteger(units)) return new Decimal(units === 0 ? 0 : units, scale);
      throw new TypeError(`${units} is no whole number of units`);
    }
    if (units <= SMALL_MAX && units >= -SMALL_MAX) return new Decimal(Number(units), scale);
    if (units > UNITS_MAX || units < -UNITS_MAX) [units, scale] = fitted(units, scale);
    return new Decimal(units, scale);
  }

  /** The sum. */
  plus(other: DecimalLike): Decimal {
    const that = decimal(other);
    const scale = Math.max(this.scale, that.scale);
    const small = smallAt(this.units, this.scale, scale) + smallAt(that.units, that.scale, scale);
    if (small <= SMALL_MAX && small >= -SMALL_MAX) return new Decimal(small, scale);
    return Decimal.of(this.at(scale) + that.at(scale), scale);
  }

  /** The difference. */
  minus(other: DecimalLike): Decimal {
    return this.plus(decimal(other).negated());
  }

  /** The product. */
  times(other: DecimalLike): Decimal {
    const that = decimal(other);
    const scale = this.scale + that.scale;
    if (typeof this.units === "number" && typeof that.units === "number") {
      const small = this.units * that.units;
      if (small <= SMALL_MAX && small >= -SMALL_MAX) return new Decimal(small === 0 ? 0 : small, scale);
    }
    return Decimal.of(BigInt(this.units) * BigInt(that.units), scale);
  }

  /**
   * The quotient, with 28 significant digits where it does not end sooner.
   *
   * @throws RangeError when divided by zero.
   */
  dividedBy(other: DecimalLike): Decimal {
    const that = decimal(other);
    if (that.isZero()) throw new RangeError(`${this.toString()} divided by zero`);
    const scale = this.scale - that.scale;
    if (scale >= 0 && typeof this.units === "number" && typeof that.units === "number") {
      if (this.units % that.units === 0) return Decimal.of(this.units / that.units, scale);
    }
    const divisor = BigInt(that.units);
    const dividend = raised(BigInt(this.units), Math.max(-scale, 0));
    if (dividend % divisor === 0n) return Decimal.of(dividend / divisor, Math.max(scale, 0));
    // Enough digits for the quotient to have one more than are kept.
    const more = Math.max(DIGITS + 1 - (digits(dividend) - digits(divisor)), 1);
    const [units, places] = significant(raised(dividend, more) / divisor, Math.max(scale, 0) + more);
    return new Decimal(units, places).normalized();
  }

  /** The same with the other sign. */
  negated(): Decimal {
    return this.isZero() ? this : new Decimal(-this.units, this.scale);
  }

  /** Without its sign. */
  abs(): Decimal {
    return this.isNegative() ? this.negated() : this;
  }

  /**
   * Rounded to exactly `places` digits: half away from zero, as tax offices and WooCommerce do, or in another way.
   *
   * @throws RangeError when there is no such way.
   */
  round(places: number, how: Rounding = "half_up"): Decimal {
    if (!ROUNDINGS.includes(how)) throw new RangeError(`\`${String(how)}\` is no way to round`);
    const less = this.scale - places;
    if (less === 0) return this;
    const { units } = this;
    if (less > 0 && less < TENS.length && typeof units === "number") {
      const unit = TENS[less]!;
      const left = units % unit;
      const whole = (units - left) / unit;
      const twice = Math.abs(left) * 2;
      const away = twice > unit ? how !== "down" : twice === unit && halfGoesUp(how, whole % 2 !== 0);
      return new Decimal(whole + (away ? Math.sign(units) : 0) || 0, places);
    }
    if (less < 0) {
      const small = smallAt(units, this.scale, places);
      if (small <= SMALL_MAX && small >= -SMALL_MAX) return new Decimal(small, places);
    }
    return Decimal.of(rounded(BigInt(units), this.scale, places, how), places);
  }

  /** Without zeros at the end of its fraction: `18.00` becomes `18`. */
  normalized(): Decimal {
    let scale = this.scale;
    let units: number | bigint = this.units;
    if (typeof units === "number") {
      for (; scale > 0 && units % 10 === 0; scale--) units /= 10;
    } else {
      for (; scale > 0 && units % 10n === 0n; scale--) units /= 10n;
    }
    return Decimal.of(units, scale);
  }

  /** Less than zero, zero or more than zero, as this is less than, equal to or more than `other`. */
  compare(other: DecimalLike): number {
    const that = decimal(other);
    const scale = Math.max(this.scale, that.scale);
    const difference = smallAt(this.units, this.scale, scale) - smallAt(that.units, that.scale, scale);
    if (difference <= SMALL_MAX && difference >= -SMALL_MAX) return Math.sign(difference);
    const a = this.at(scale);
    const b = that.at(scale);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  /** Whether both are the same amount; `1.10` equals `1.1`. */
  equals(other: DecimalLike): boolean {
    return this.compare(other) === 0;
  }

  /** Whether this is less. */
  lessThan(other: DecimalLike): boolean {
    return this.compare(other) < 0;
  }

  /** Whether this is more. */
  greaterThan(other: DecimalLike): boolean {
    return this.compare(other) > 0;
  }

  /** Whether it is nothing. */
  isZero(): boolean {
    return this.units === 0;
  }

  /** Whether it is less than nothing. */
  isNegative(): boolean {
    return this.units < 0;
  }

  /** Its digits: `-12.30`. */
  toString(): string {
    return (this.text ??= written(this.units, this.scale));
  }

  /** In JSON a decimal is text: `"254.56"`. */
  toJSON(): string {
    return this.toString();
  }

  /** Refuses `+a`, `a * b` and `a < b`, which would go through a float. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new TypeError(`the decimal ${this.toString()} is no number: use plus, minus, times, dividedBy or compare`);
  }

  /** The units at a scale that is not less than this one's. */
  private at(scale: number): bigint {
    return raised(BigInt(this.units), scale - this.scale);
  }
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Whether a text is written as shops write amounts (`254.56`, `-3`, `0.10`) and short. Judged by what the
 * engine's number says of it; whatever is in doubt (`007`, `1e3`, `0x10`, ` 5`, `-0.00`) is left to `careful`.
 */
function usual(text: string): boolean {
  const { length } = text;
  if (length > SMALL_LENGTH) return false;
  const number = Number(text); // NaN for what is no number
  let first = text.charCodeAt(0);
  if (first === MINUS) {
    if (!(number < 0)) return false;
    first = text.charCodeAt(1);
  }
  const last = text.charCodeAt(length - 1);
  if (!(first >= ZERO && first <= NINE && last >= ZERO && last <= NINE)) return false;
  if (first === ZERO) {
    // Nothing but a fraction, and one that is not written with an exponent.
    return length === 1 || (number > -1 && number < 1 && text.charCodeAt(number < 0 ? 2 : 1) === POINT && plain(text));
  }
  return Number.isFinite(number) && plain(text);
}

/** Whether there is no exponent in a number. */
function plain(text: string): boolean {
  return !text.includes("e") && !text.includes("E");
}

/** Units at another scale, or NaN where a `number` would not be exact. */
function smallAt(units: number | bigint, scale: number, wanted: number): number {
  if (typeof units !== "number") return NaN;
  if (scale === wanted) return units;
  const zeros = wanted - scale;
  if (zeros >= TENS.length) return units === 0 ? 0 : NaN;
  const small = units * TENS[zeros]!;
  return small <= SMALL_MAX && small >= -SMALL_MAX ? small : NaN;
}

/**
 * A decimal from its text, a whole number or a decimal.
 *
 * @throws {@link NotDecimal} for other text, TypeError for a number with a fraction: `0.1` is not what it
 * says, `"0.1"` is.
 */
export function decimal(value: DecimalLike): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === "string") return Decimal.parse(value);
  if (typeof value === "bigint") return Decimal.of(value, 0);
  if (Number.isSafeInteger(value)) return Decimal.of(value, 0);
  throw new TypeError(
    typeof value === "number"
      ? `${value} is a float, not a decimal: write it as text, decimal("${value}")`
      : `${typeof value} is no decimal number`,
  );
}

/** The sum of all. */
export function sum(values: Iterable<Decimal>): Decimal {
  let total = Decimal.ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}

function careful(given: string): Decimal {
  const text = trimmed(given);
  if (PLAIN.test(text)) {
    const point = text.indexOf(".");
    const scale = point < 0 ? 0 : text.length - point - 1;
    return within(given, BigInt(text.replace(".", "").replace("+", "")), scale);
  }
  const parts = SCIENTIFIC.exec(text);
  if (parts !== null && (parts[2] !== "" || parts[3] !== "")) {
    const [, sign, whole = "", fraction = "", exponent] = parts;
    const scale = fraction.length - Number(exponent);
    if (scale <= SCALE_MAX && scale > -DIGITS - 1) {
      const units = raised(BigInt(whole + fraction), Math.max(-scale, 0));
      return within(given, sign === "-" ? -units : units, Math.max(scale, 0));
    }
  }
  throw not(given);
}

function within(given: string, units: bigint, scale: number): Decimal {
  if (scale > SCALE_MAX) [units, scale] = [rounded(units, scale, SCALE_MAX), SCALE_MAX];
  try {
    return Decimal.of(units, scale);
  } catch {
    throw not(given);
  }
}

function not(given: string): NotDecimal {
  const [...characters] = trimmed(given);
  return new NotDecimal(`\`${characters.slice(0, 40).join("")}\` is not a decimal number`);
}

/** Without the white space of Unicode at its ends; `trim` has an idea of its own of what that is. */
function trimmed(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}

/** Units with so many zeros behind them. */
function raised(units: bigint, zeros: number): bigint {
  return zeros === 0 ? units : units * 10n ** BigInt(zeros);
}

/** Whether a half is rounded away from zero. */
function halfGoesUp(how: Rounding, odd: boolean): boolean {
  return how === "half_up" || (how === "half_even" && odd);
}

/** Units at another scale. */
function rounded(units: bigint, scale: number, places: number, how: Rounding = "half_up"): bigint {
  if (places >= scale) return raised(units, places - scale);
  const unit = 10n ** BigInt(scale - places);
  const whole = units / unit;
  const left = units % unit;
  const twice = 2n * (left < 0n ? -left : left);
  const away = twice > unit ? how !== "down" : twice === unit && halfGoesUp(how, whole % 2n !== 0n);
  return away ? whole + (units < 0n ? -1n : 1n) : whole;
}

function digits(units: bigint): number {
  return (units < 0n ? -units : units).toString().length;
}

/** The first 28 digits, rounded. */
function significant(units: bigint, scale: number): [bigint, number] {
  const surplus = digits(units) - DIGITS;
  return surplus > 0 ? [rounded(units, scale, scale - surplus), scale - surplus] : [units, scale];
}

/** Rounded in its fraction until it fits. */
function fitted(units: bigint, scale: number): [bigint, number] {
  const [fit, left] = significant(units, scale);
  if (left < 0) throw new RangeError("a decimal of more than 28 whole digits");
  return [fit, left];
}

function written(units: number | bigint, scale: number): string {
  if (scale === 0) return String(units);
  const sign = units < 0 ? "-" : "";
  const text = String(units < 0 ? -units : units).padStart(scale + 1, "0");
  const point = text.length - scale;
  return `${sign}${text.slice(0, point)}.${text.slice(point)}`;
}
