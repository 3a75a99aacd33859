/**
 * Saying no: where in the payload, why, and whether it is worth trying again. Both are thrown, from
 * wherever the author is, and arrive at the host as refusals, not as failures.
 */

import type { Violation } from "./wire.ts";

/** Why there is no answer: {@link Rejected} or {@link NotReady}. */
export abstract class Refusal extends Error {}

/** The payload will never map as it stands. Made by {@link reject} or {@link Violations.finish}. */
export class Rejected extends Refusal {
  override readonly name = "Rejected";
  /** The faults; at least one. */
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map((v) => `${v.code} at \`${v.pointer}\`: ${v.message}`).join("; "));
    this.violations = violations;
  }
}

/** It may map later, for the reason given; the host tries again. Made by {@link notReady}. */
export class NotReady extends Refusal {
  override readonly name: string = "NotReady";

  constructor(reason: string) {
    super(reason);
  }
}

/** Rejects the payload for one fault. `pointer` is a JSON Pointer, empty for the whole of it. */
export function reject(pointer: string, code: string, message: string): never {
  throw new Rejected([{ pointer, code, message }]);
}

/** Says "try again later", with the reason. */
export function notReady(reason: string): never {
  throw new NotReady(reason);
}

/** A step into the payload: the name of a field or the index of an element, from 0. */
export type Step = string | number;

/**
 * Collects faults, so that a merchant hears of all of them at once.
 *
 * @example
 * ```ts
 * const violations = new Violations();
 * violations.at("line_items", 3, "sku").add("sku_missing", "line 4 has no SKU");
 * violations.finish(); // throws: sku_missing at `/line_items/3/sku`
 * ```
 */
export class Violations {
  private readonly found: Violation[] = [];

  /** A place in the payload; without steps the whole of it. */
  at(...steps: Step[]): Scope {
    return new Scope(this.found, "").at(...steps);
  }

  /** How many there are. */
  get count(): number {
    return this.found.length;
  }

  /** Ends the collection. @throws {@link Rejected} with the faults found, when there are any. */
  finish(): void {
    if (this.found.length > 0) throw new Rejected(this.found);
  }
}

/** A place in the payload, to go deeper from and to report faults at. */
export class Scope {
  private readonly found: Violation[];
  /** Where this is, as a JSON Pointer. */
  readonly pointer: string;

  constructor(found: Violation[], pointer: string) {
    this.found = found;
    this.pointer = pointer;
  }

  /** A place inside this one. */
  at(...steps: Step[]): Scope {
    let pointer = this.pointer;
    for (const step of steps) {
      pointer += `/${typeof step === "number" ? step : step.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    }
    return new Scope(this.found, pointer);
  }

  /** Reports a fault here: a short stable word for machines and one sentence for the person who mends it. */
  add(code: string, message: string): void {
    this.found.push({ pointer: this.pointer, code, message });
  }
}
