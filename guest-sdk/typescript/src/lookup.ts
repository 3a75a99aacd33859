/** The merchant's lookup tables: `lookups/NAME.csv`, found by the first column. */

import { Decimal, NotDecimal } from "./decimal.ts";
import { host } from "./host.ts";
import { NotReady, notReady } from "./refusal.ts";
import type { Attributes } from "./wire.ts";

/** The merchant has no lookup table of this name. As "not ready": the event is as good as before once it is there. */
export class UnknownTable extends NotReady {
  override readonly name = "UnknownTable";
  /** The table. */
  readonly table: string;

  constructor(table: string) {
    super(`there is no lookup table \`${table}\`; add lookups/${table}.csv`);
    this.table = table;
  }
}

/**
 * The row of `table` whose first column is exactly `key`; nothing when no row has it.
 *
 * @throws {@link UnknownTable} when the merchant has no such table.
 */
export function lookup(table: string, key: string): Row | undefined {
  const columns = host().row(table, key);
  if (columns === undefined) throw new UnknownTable(table);
  return columns === null ? undefined : new Row(table, key, columns);
}

/** As {@link lookup}, for tables that a merchant may do without: a table that is not there has no row. */
export function lookupIfThere(table: string, key: string): Row | undefined {
  const columns = host().row(table, key);
  return columns ? new Row(table, key, columns) : undefined;
}

/** A row of a lookup table. */
export class Row {
  private readonly table: string;
  private readonly key: string;
  /** All columns in the table's order, the key column included. */
  readonly columns: Attributes;

  constructor(table: string, key: string, columns: Attributes) {
    this.table = table;
    this.key = key;
    this.columns = columns;
  }

  /** The value of a column; nothing when the table has no such column or it is empty here. */
  get(column: string): string | undefined {
    return this.columns.find(([name]) => name === column)?.[1] || undefined;
  }

  /** The value of a column that must be there. @throws {@link NotReady} naming table, row and column. */
  text(column: string): string {
    return (
      this.get(column) ??
      notReady(`lookup table \`${this.table}\` has nothing in column \`${column}\` for \`${this.key}\``)
    );
  }

  /** The value of a column that must hold a decimal number. @throws {@link NotReady} also when it does not. */
  decimal(column: string): Decimal {
    const text = this.text(column);
    try {
      return Decimal.parse(text);
    } catch (error) {
      if (!(error instanceof NotDecimal)) throw error;
      return notReady(`lookup table \`${this.table}\`, row \`${this.key}\`, column \`${column}\`: ${error.message}`);
    }
  }
}
