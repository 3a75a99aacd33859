/**
 * What the plugin may ask of its host: the log and the lookup tables. In the component the edge puts the
 * contract's imports here, in a native test the harness puts its own.
 */

import type { Attributes, Level } from "./wire.ts";

/** The imports of the contract. */
export interface Host {
  /** Writes one line to the log. */
  write(level: Level, message: string): void;
  /** A row by its key; `null` where no row has it, `undefined` where there is no such table. */
  row(table: string, key: string): Attributes | null | undefined;
}

const nowhere: Host = {
  write() {},
  row() {
    throw new Error("lookup tables are there while a plugin runs: in a native test use `harness(plugin).lookup(...)`");
  },
};

let current = nowhere;

/** The host of the call that runs now. */
export function host(): Host {
  return current;
}

/** Does `work` with this host and then has the one from before again. */
export function withHost<T>(other: Host, work: () => T): T {
  const before = current;
  current = other;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Has this host from now on: the component has but one. */
export function setHost(only: Host): void {
  current = only;
}
