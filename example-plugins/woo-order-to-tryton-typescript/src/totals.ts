/** What Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of its lines. */

import {
  Decimal,
  decimalsOf,
  lookup,
  reference,
  smallest,
  sum,
  type Id,
  type LineTax,
  type Order,
  type Reference,
  type Violations,
} from "@mapwright/guest";

interface Rate {
  readonly id: Id;
  readonly tax: string;
  /** Of the net amount; a compound tax is taken on the taxes before it as well. */
  readonly factor: Decimal;
  base: Decimal;
}

/** The taxes of an order by rate, as Tryton calls and computes them. */
export class Taxes {
  private readonly rates: Rate[] = [];
  private readonly decimals: number;
  private untaxed = Decimal.ZERO;

  /**
   * Reads the rates and finds Tryton's tax for each in the lookup table `taxes` (columns `rate`, `tax`), by
   * rate code (`BR-SP-ICMS SP-1`) or else by percent (`18`).
   */
  constructor(order: Order, violations: Violations) {
    this.decimals = decimalsOf(order.currency);
    for (const [index, line] of order.tax_lines.entries()) {
      const percent = line.rate_percent.normalized().toString();
      const row = lookup("taxes", line.rate_code) ?? lookup("taxes", percent);
      if (row === undefined) {
        const message = `lookups/taxes.csv has neither \`${line.rate_code}\` nor \`${percent}\``;
        violations.at("tax_lines", index, "rate_code").add("tax_unknown", message);
        continue;
      }
      const before = sum(this.rates.map((rate) => rate.factor));
      const factor = line.rate_percent.dividedBy(Decimal.HUNDRED);
      this.rates.push({
        id: line.rate_id,
        tax: row.text("tax"),
        factor: line.compound ? factor.times(before.plus(1)) : factor,
        base: Decimal.ZERO,
      });
    }
  }

  /** Counts a line and gives the taxes to write on it. */
  charge(amount: Decimal, taxes: readonly LineTax[]): Reference[] {
    const net = amount.round(this.decimals);
    this.untaxed = this.untaxed.plus(net);
    const charged: Reference[] = [];
    for (const rate of this.rates) {
      // A rate that is listed with nothing charged does not apply to this line.
      if (taxes.some((tax) => tax.id === rate.id && !tax.total.isZero())) {
        rate.base = rate.base.plus(net);
        charged.push(reference("tax", rate.tax));
      }
    }
    return charged;
  }

  /**
   * The part of a fee that is taxed and the part that is not. WooCommerce spreads a discount fee's tax over
   * the rates of the cart, so that tax and amount do not belong together.
   */
  split(net: Decimal, taxes: readonly LineTax[]): [taxed: Decimal, rest: Decimal] {
    const [tax, another] = taxes.filter((tax) => !tax.total.isZero());
    if (tax === undefined || another !== undefined) return [net, Decimal.ZERO];
    const factor = this.rates.find((rate) => rate.id === tax.id)?.factor;
    if (factor === undefined || factor.isZero()) return [net, Decimal.ZERO];
    const difference = net.times(factor).minus(tax.total).abs();
    if (!difference.greaterThan(smallest(this.decimals))) return [net, Decimal.ZERO];
    const taxed = tax.total.dividedBy(factor).round(this.decimals);
    return [taxed, net.minus(taxed)];
  }

  /** What Tryton will say the sale costs. */
  total(): Decimal {
    return this.untaxed.plus(sum(this.rates.map((rate) => rate.base.times(rate.factor).round(this.decimals))));
  }
}
