/**
 * Decimal numbers for money and quantities, exact where a float is not.
 *
 * A `Decimal` is whole units and a scale: `254.56` is 25456 units at scale 2. The scale is kept as it
 * was read (`0.10` is written `0.10`). What was only read is not taken apart until somebody computes
 * with it. Sums and products are exact, quotients have 28 significant digits. There is no way in from
 * a number with a fraction and no way out to one.
 */

/** What stands for a decimal: itself, its text, or a whole number. */
export type DecimalLike = Decimal | string | bigint | number;

/** Significant digits of a quotient. */
const DIGITS = 28;
/** Most digits behind the point; more are rounded away when read. */
const SCALE_MAX = 28;
/** The most whole units, as in the other languages: 96 bits. */
const UNITS_MAX = (1n << 96n) - 1n;

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const SCIENTIFIC = /^([+-]?)(\d*)\.?(\d*)[eE]([+-]?\d{1,4})$/;

/** The text was no decimal number. */
export class NotDecimal extends Error {
  override readonly name = "NotDecimal";
}

/** An exact decimal number. Made by {@link decimal}; never changed. */
export class Decimal {
  /** Nothing. */
  static readonly ZERO: Decimal = new Decimal("0", 0n, 0);
  /** One. */
  static readonly ONE: Decimal = new Decimal("1", 1n, 0);
  /** A hundred, for per cents. */
  static readonly HUNDRED: Decimal = new Decimal("100", 100n, 0);

  private text: string | undefined;
  private units: bigint | undefined;
  private places: number;

  private constructor(text: string | undefined, units: bigint | undefined, places: number) {
    this.text = text;
    this.units = units;
    this.places = places;
  }

  /**
   * Reads a decimal from text: `-12.34`, `1E-7`.
   *
   * @throws {@link NotDecimal} when the text is no decimal number or does not fit.
   */
  static parse(text: string): Decimal {
    // The usual amount of a shop needs no taking apart: `254.56`.
    if (text.length <= 16 && USUAL.test(text)) return new Decimal(text, undefined, 0);
    return careful(text);
  }

  /** So many units of the last of `scale` digits: `Decimal.of(1n, 2)` is `0.01`. */
  static of(units: bigint, scale: number): Decimal {
    if (units > UNITS_MAX || units < -UNITS_MAX) {
      [units, scale] = fitted(units, scale);
    }
    return new Decimal(undefined, units, scale);
  }

  /** The whole units, at {@link scale}. */
  private get whole(): bigint {
    return this.units ?? this.takeApart();
  }

  /** How many digits are behind the point. */
  get scale(): number {
    if (this.units === undefined) this.takeApart();
    return this.places;
  }

  private takeApart(): bigint {
    const text = this.text!;
    const point = text.indexOf(".");
    this.places = point < 0 ? 0 : text.length - point - 1;
    this.units = BigInt(point < 0 ? text : text.slice(0, point) + text.slice(point + 1));
    return this.units;
  }

  /** The sum. */
  plus(other: DecimalLike): Decimal {
    const that = decimal(other);
    const scale = Math.max(this.scale, that.scale);
    return Decimal.of(raised(this.whole, scale - this.scale) + raised(that.whole, scale - that.scale), scale);
  }

  /** The difference. */
  minus(other: DecimalLike): Decimal {
    return this.plus(decimal(other).negated());
  }

  /** The product. */
  times(other: DecimalLike): Decimal {
    const that = decimal(other);
    return Decimal.of(this.whole * that.whole, this.scale + that.scale);
  }

  /**
   * The quotient, with 28 significant digits where it does not end sooner.
   *
   * @throws RangeError when divided by zero.
   */
  dividedBy(other: DecimalLike): Decimal {
    const that = decimal(other);
    const divisor = that.whole;
    if (divisor === 0n) throw new RangeError(`${this.toString()} divided by zero`);
    const scale = this.scale - that.scale;
    const dividend = scale < 0 ? raised(this.whole, -scale) : this.whole;
    if (dividend % divisor === 0n) return Decimal.of(dividend / divisor, Math.max(scale, 0));
    // Enough digits for the quotient to have one more than are kept.
    const more = Math.max(DIGITS + 1 - (digits(dividend) - digits(divisor)), 1);
    const [units, places] = significant(raised(dividend, more) / divisor, Math.max(scale, 0) + more);
    return new Decimal(undefined, units, places).normalized();
  }

  /** The same with the other sign. */
  negated(): Decimal {
    return Decimal.of(-this.whole, this.scale);
  }

  /** Without its sign. */
  abs(): Decimal {
    return this.whole < 0n ? this.negated() : this;
  }

  /** Rounded half away from zero, as tax offices and WooCommerce do, to exactly `places` digits. */
  round(places: number): Decimal {
    return Decimal.of(rounded(this.whole, this.scale, places), places);
  }

  /** Without zeros at the end of its fraction: `18.00` becomes `18`. */
  normalized(): Decimal {
    let units = this.whole;
    let scale = this.scale;
    while (scale > 0 && units % 10n === 0n) {
      units /= 10n;
      scale -= 1;
    }
    return Decimal.of(units, scale);
  }

  /** Less than zero, zero or more than zero, as this is less than, equal to or more than `other`. */
  compare(other: DecimalLike): number {
    const that = decimal(other);
    const scale = Math.max(this.scale, that.scale);
    const a = raised(this.whole, scale - this.scale);
    const b = raised(that.whole, scale - that.scale);
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
    return this.whole === 0n;
  }

  /** Whether it is less than nothing. */
  isNegative(): boolean {
    return this.whole < 0n;
  }

  /** Its digits: `-12.30`. */
  toString(): string {
    return (this.text ??= written(this.whole, this.scale));
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
}

/** As shops write amounts, and as they are written here: no plus, no zero in front, no `-0`. */
const USUAL = /^(?:-?[1-9]\d*(?:\.\d+)?|0(?:\.\d+)?|-0\.\d*[1-9]\d*)$/;

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
  if (Number.isSafeInteger(value)) return Decimal.of(BigInt(value), 0);
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
  const text = given.trim();
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
  return new NotDecimal(`\`${given.trim().slice(0, 40)}\` is not a decimal number`);
}

/** Units with so many zeros behind them. */
function raised(units: bigint, zeros: number): bigint {
  return zeros === 0 ? units : units * 10n ** BigInt(zeros);
}

/** Units at another scale, rounded half away from zero. */
function rounded(units: bigint, scale: number, places: number): bigint {
  if (places >= scale) return raised(units, places - scale);
  const unit = 10n ** BigInt(scale - places);
  const half = units < 0n ? -unit / 2n : unit / 2n;
  return (units + half) / unit;
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

function written(units: bigint, scale: number): string {
  const sign = units < 0n ? "-" : "";
  const text = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const point = text.length - scale;
  return scale === 0 ? sign + text : `${sign}${text.slice(0, point)}.${text.slice(point)}`;
}
