/** Reading lookup tables: CSV with a header, quoted fields, rows found by their first column. */

import type { Attributes } from "../wire.ts";

/** The rows of a table by their key. */
export type Table = Map<string, Attributes>;

/** Reads a table. @throws when it is no CSV or a key stands twice. */
export function readTable(name: string, csv: string): Table {
  const [header = [], ...rows] = records(csv);
  const table: Table = new Map();
  for (const row of rows) {
    const key = row[0]!;
    if (row.length !== header.length) {
      throw new Error(`lookup table \`${name}\`: the row of \`${key}\` has ${row.length} fields, the header ${header.length}`);
    }
    if (table.has(key)) throw new Error(`lookup table \`${name}\`: the key \`${key}\` stands twice`);
    table.set(key, header.map((column, index) => [column, row[index]!]));
  }
  return table;
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function records(csv: string): string[][] {
  const found: string[][] = [];
  let record: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < csv.length) {
    const at = FIELD.lastIndex;
    const field = FIELD.exec(csv);
    if (field === null) throw new Error(`this is no CSV: ${csv.slice(at, at + 40)}`);
    record.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? "");
    if (field[3] === ",") {
      // A comma at the very end has an empty field behind it.
      if (FIELD.lastIndex >= csv.length) found.push([...record, ""]);
      continue;
    }
    if (record.length > 1 || record[0] !== "") found.push(record);
    record = [];
  }
  return found;
}
