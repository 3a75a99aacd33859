/** What a native run gave, in the words of `mapwright dry-run`. */

import type { Document } from "../mapping.ts";
import type { PriceLine } from "../pricing.ts";
import type { Attributes, Level, Violation } from "../wire.ts";

/** How a run ended. */
export type Outcome = "mapped" | "skipped" | "rejected" | "not_ready";

/** A line of the log. */
export interface LogLine {
  readonly level: Level;
  readonly message: string;
}

/** What a run gave. */
export class Run {
  /** How it ended. */
  readonly outcome: Outcome;
  /** The target's status. */
  readonly status: string | undefined;
  /** The priced lines. */
  readonly lines: readonly PriceLine[];
  /** What the plugin logged. */
  readonly logs: readonly LogLine[];
  /** Why it was skipped or is not ready. */
  readonly reason: string | undefined;
  /** What the plugin wants back the next time, JSON text. */
  readonly checkpoint: string | undefined;
  private readonly found: { documents?: readonly Document[]; violations?: readonly Violation[] };

  constructor(
    outcome: Outcome,
    run: { status: string | undefined; lines: readonly PriceLine[]; logs: readonly LogLine[] },
    found: {
      documents?: readonly Document[];
      violations?: readonly Violation[];
      reason?: string;
      checkpoint?: string | undefined;
    },
  ) {
    this.outcome = outcome;
    this.status = run.status;
    this.lines = run.lines;
    this.logs = run.logs;
    this.reason = found.reason;
    this.checkpoint = found.checkpoint;
    this.found = found;
  }

  /** The documents. @throws when the run did not map. */
  get documents(): readonly Document[] {
    return this.found.documents ?? this.otherwise("nothing was mapped");
  }

  /** The violations. @throws when the run was not rejected. */
  get violations(): readonly Violation[] {
    return this.found.violations ?? this.otherwise("nothing was rejected");
  }

  /** The body of the first document of that entity. @throws when there is none. */
  body(entity: string): Record<string, unknown> {
    const document = this.documents.find((document) => document.entity === entity);
    if (document === undefined) throw new Error(`there is no document of entity \`${entity}\``);
    return JSON.parse(document.body) as Record<string, unknown>;
  }

  /** The run as `mapwright dry-run --json` would say it, without usage and plugin. */
  toJSON(): Record<string, unknown> {
    return {
      outcome: this.outcome,
      ...(this.found.documents && { documents: this.found.documents.map(documentJson) }),
      ...(this.found.violations && { violations: this.found.violations }),
      ...(this.reason !== undefined && { reason: this.reason }),
      ...(this.outcome === "mapped" && { checkpoint: this.checkpoint ?? null }),
      status: this.status ?? null,
      lines: this.lines.map(lineJson),
    };
  }

  private otherwise(complaint: string): never {
    throw new Error(`${complaint}: ${JSON.stringify(this, undefined, 2)}`);
  }
}

function documentJson(document: Document): Record<string, unknown> {
  return {
    entity: document.entity,
    idempotency_key: document.idempotencyKey,
    operation: document.operation,
    body: JSON.parse(document.body) as unknown,
    ...(document.attributes.length > 0 && { attributes: document.attributes }),
  };
}

function lineJson(line: PriceLine): Record<string, string | Attributes> {
  return {
    id: line.id,
    sku: line.sku,
    quantity: line.quantity.toString(),
    unit_price: line.unitPrice.toString(),
    currency: line.currency,
    attributes: line.attributes,
  };
}
