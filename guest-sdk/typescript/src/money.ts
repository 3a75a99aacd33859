/** Money: how many decimals a currency has, amounts with their currency, numbers for targets that want them. */

import { Decimal, decimal, type DecimalLike } from "./decimal.ts";

const WITHOUT = new Set([
  "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
]);
const THREE = new Set(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);

/** How many decimals a currency has (ISO 4217). */
export function decimalsOf(currency: string): number {
  if (WITHOUT.has(currency)) return 0;
  return THREE.has(currency) ? 3 : 2;
}

/** The smallest amount of so many decimals: `0.01`. */
export function smallest(decimals: number): Decimal {
  return Decimal.of(1, decimals);
}

/**
 * A decimal that a body writes as a JSON number, digit by digit and never through a float, for targets
 * that want numbers instead of texts.
 */
export class JsonNumber {
  /** The digits. */
  readonly digits: string;

  constructor(amount: DecimalLike) {
    this.digits = decimal(amount).toString();
  }
}

/** An amount with its currency; in JSON `{"amount": "254.56", "currency": "BRL"}`. */
export class Money {
  /** How much. */
  readonly amount: Decimal;
  /** Of what: ISO 4217, upper case. */
  readonly currency: string;

  constructor(amount: DecimalLike, currency: string) {
    this.amount = decimal(amount);
    this.currency = currency;
  }

  /** Rounded to the decimals of its currency. */
  rounded(): Money {
    return new Money(this.amount.round(decimalsOf(this.currency)), this.currency);
  }

  /** The sum. @throws TypeError when the currencies differ. */
  plus(other: Money): Money {
    if (this.currency !== other.currency) {
      throw new TypeError(`${this.toString()} and ${other.toString()} are of two currencies`);
    }
    return new Money(this.amount.plus(other.amount), this.currency);
  }

  /** `254.56 BRL`. */
  toString(): string {
    return `${this.amount.toString()} ${this.currency}`;
  }

  /** As a body has it. */
  toJSON(): { amount: string; currency: string } {
    return { amount: this.amount.toString(), currency: this.currency };
  }
}
