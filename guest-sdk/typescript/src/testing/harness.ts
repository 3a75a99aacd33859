/** One native run of a plugin. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { Context } from "../context.ts";
import { outcome } from "../edge.ts";
import { withHost } from "../host.ts";
import { MappingInput } from "../mapping.ts";
import type { Plugin } from "../plugin.ts";
import { wireLines, type PriceLine } from "../pricing.ts";
import { NotReady, Rejected } from "../refusal.ts";
import type { WireContext } from "../wire.ts";
import { readTable, type Table } from "./csv.ts";
import { Run, type LogLine } from "./run.ts";
import { priceLines, resourceKey, sourceStatus, versionTime } from "./shop.ts";

/** Sets up native runs of a plugin. Throws on files that cannot be read and tables that are no CSV. */
export function harness(plugin: Plugin): Harness {
  return new Harness(plugin);
}

/** What is known of a run before it is made; see {@link harness}. */
export class Harness {
  private readonly plugin: Plugin;
  private readonly tables = new Map<string, Table>();
  private text = "{}";
  private before: string | undefined;
  private priced: readonly PriceLine[] = [];
  private target: string | undefined;
  private wire: WireContext = {
    merchant: "acme",
    route: "orders",
    source: "shop",
    target: "erp",
    topic: "order.updated",
    resourceKey: "",
    eventId: "019fa000-0000-7000-8000-000000000001",
    correlationId: "019fa000-0000-7000-8000-000000000001",
    sourceVersionTime: null,
    receivedAt: "",
    attempt: 1,
    settings: "{}",
    checkpoint: null,
    attributes: [],
  };

  constructor(plugin: Plugin) {
    this.plugin = plugin;
  }

  /** The payload, JSON text. */
  payload(text: string): this {
    this.text = text;
    return this;
  }

  /** The payload from a file. */
  payloadFile(path: string | URL): this {
    return this.payload(readFileSync(path, "utf8"));
  }

  /** The route's settings. */
  settings(settings: object): this {
    return this.context({ settings: JSON.stringify(settings) });
  }

  /** A lookup table, CSV text with a header. */
  lookup(name: string, csv: string): this {
    this.tables.set(name, readTable(name, csv));
    return this;
  }

  /** A lookup table from a CSV file, named after the file. */
  lookupFile(path: string): this {
    return this.lookup(basename(path, ".csv"), readFileSync(path, "utf8"));
  }

  /** What the plugin asked to be remembered the last time: JSON text, or a value that becomes it. */
  checkpoint(checkpoint: string | object): this {
    return this.context({ checkpoint: typeof checkpoint === "string" ? checkpoint : JSON.stringify(checkpoint) });
  }

  /** The topic; `order.updated` until this is called. */
  topic(topic: string): this {
    return this.context({ topic });
  }

  /** Anything else of the context. What is left empty follows from the payload. */
  context(change: Partial<WireContext>): this {
    Object.assign(this.wire, change);
    return this;
  }

  /** The source's status when the resource was last delivered. */
  previousStatus(status: string): this {
    this.before = status;
    return this;
  }

  /** The target's status, as another plugin of the route would have translated it. */
  status(status: string): this {
    this.target = status;
    return this;
  }

  /** The priced lines, as another plugin of the route would have priced them. */
  lines(lines: readonly PriceLine[]): this {
    this.priced = lines;
    return this;
  }

  /** Walks the road: status translation, pricing and field mapping, as far as the plugin has them. */
  run(): Run {
    const logs: LogLine[] = [];
    const host = {
      write: (level: LogLine["level"], message: string) => void logs.push({ level, message }),
      row: (table: string, key: string) => {
        const rows = this.tables.get(table);
        return rows === undefined ? undefined : (rows.get(key) ?? null);
      },
    };
    return withHost(host, () => this.walk(logs));
  }

  private walk(logs: LogLine[]): Run {
    const { plugin } = this;
    const wire = this.completed();
    const road = { status: this.target, lines: this.priced, logs };
    try {
      const status = sourceStatus(wire, this.text, this.before);
      if (plugin.translate && status) road.status = plugin.translate(new Context(wire), status);
      if (plugin.reprice) {
        const lines = this.priced.length > 0 ? this.priced : priceLines(wire, this.text);
        road.lines = plugin.reprice(new Context(wire), lines);
        wireLines(road.lines);
      }
      if (!plugin.transform) return new Run("mapped", road, { documents: [] });
      const input = new MappingInput(this.text, road.status, road.lines, []);
      const answer = outcome(plugin.transform(new Context(wire), input));
      if (answer.tag === "skipped") return new Run("skipped", road, { reason: answer.val });
      const { documents, checkpoint } = answer.val;
      return new Run("mapped", road, { documents, checkpoint: checkpoint ?? undefined });
    } catch (error) {
      if (error instanceof Rejected) return new Run("rejected", road, { violations: error.violations });
      if (error instanceof NotReady) return new Run("not_ready", road, { reason: error.message });
      throw error;
    }
  }

  private completed(): WireContext {
    const wire = { ...this.wire };
    wire.resourceKey ||= resourceKey(wire.topic, this.text);
    wire.sourceVersionTime ??= versionTime(this.text);
    wire.receivedAt ||= wire.sourceVersionTime ?? "2026-01-01T00:00:00Z";
    return wire;
  }
}
