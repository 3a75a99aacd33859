/** A row of the price list. */

import { Decimal, decimal, NotDecimal, notReady, type Row } from "@mapwright/guest";

/** What one costs: so much, or so many per cent off the shop's price. */
type Unit = { readonly price: Decimal } | { readonly discount: Decimal };

/** A better price from a quantity on. */
interface Break {
  readonly from: Decimal;
  readonly unit: Unit;
}

/** `10=69.90` is a price from ten on, `50=-30%` a discount from fifty on. */
const BREAK = /^([^=]*)=(?:-(.*)%|(.*))$/;

/** A price, and better ones from certain quantities on. */
export class PriceRow {
  /** The SKU it is for, or `*`. */
  readonly name: string;
  /** The only currency its prices are in; any where it is not said. */
  readonly currency: string | undefined;
  private readonly unit: Unit;
  private readonly breaks: readonly Break[];

  /** Reads `price` or `discount_percent`, `currency` and `breaks`. @throws NotReady for what cannot be read. */
  constructor(name: string, row: Row) {
    this.name = name;
    this.currency = row.get("currency");
    this.unit =
      row.get("price") === undefined ? { discount: row.decimal("discount_percent") } : { price: row.decimal("price") };
    const words = (row.get("breaks") ?? "").split(/\p{White_Space}+/u).filter((word) => word !== "");
    this.breaks = words.map((word) => readBreak(word) ?? noBreak(name, word));
  }

  /** What one costs when so many are bought and the shop asks `shopPrice`; not rounded yet. */
  priceAt(quantity: Decimal, shopPrice: Decimal): Decimal {
    const unit = this.unitAt(quantity);
    if ("price" in unit) return unit.price;
    return shopPrice.times(Decimal.HUNDRED.minus(unit.discount)).dividedBy(Decimal.HUNDRED);
  }

  /** Of the breaks that are reached, the one with the largest quantity; of two for one quantity, the later. */
  private unitAt(quantity: Decimal): Unit {
    let reached: Break | undefined;
    for (const next of this.breaks) {
      if (next.from.greaterThan(quantity) || reached?.from.greaterThan(next.from)) continue;
      reached = next;
    }
    return reached?.unit ?? this.unit;
  }
}

/** The break that a word says; nothing where it says none. */
function readBreak(word: string): Break | undefined {
  const [, from, percent, price] = BREAK.exec(word) ?? [];
  if (from === undefined) return undefined;
  try {
    const unit = percent === undefined ? { price: decimal(price!) } : { discount: decimal(percent) };
    return { from: decimal(from), unit };
  } catch (error) {
    if (error instanceof NotDecimal) return undefined;
    throw error;
  }
}

function noBreak(name: string, word: string): never {
  return notReady(
    `the price list's row for \`${name}\` has the quantity break \`${word}\`; write it like \`10=69.90\` or \`50=-30%\``,
  );
}
