/**
 * The component's edge: between the contract's types and ours. The build makes an entry that hands the
 * author's plugin to {@link exportsOf}. Refusals become the contract's own, any other exception is written to
 * the log with the author's file and line and then ends the call as a trap.
 */

import { Context } from "./context.ts";
import { setHost } from "./host.ts";
import { MappingInput, type Document, type Mapped, type Skipped } from "./mapping.ts";
import type { Plugin } from "./plugin.ts";
import { ourLines, wireLines } from "./pricing.ts";
import { NotReady, Rejected } from "./refusal.ts";
import { lastWords } from "./trace.ts";
import type * as wire from "./wire.ts";

/** The contract's imports, as the engine gives them. */
export interface Imports {
  log: { write(level: wire.Level, message: string): void };
  lookup: { getRow(table: string, key: string): wire.Attributes | null };
}

/** What the component exports. */
export interface Exports {
  manifest: { describe(): wire.PluginManifest };
  fieldMapping: { transform(context: wire.WireContext, input: wire.WireMappingInput): wire.WireMappingOutcome };
  pricing: { reprice(context: wire.WireContext, lines: wire.WirePriceLine[]): wire.WirePriceLine[] };
  statusTranslation: { translate(context: wire.WireContext, status: wire.WireSourceStatus): string | null };
}

/** The exports of a plugin. `wanted` are the functions that its world exports. */
export function exportsOf(plugin: Plugin, wanted: readonly (keyof Plugin)[], imports: Imports): Exports {
  complain(plugin, wanted);
  setHost({
    write: (level, message) => imports.log.write(level, message),
    row(table, key) {
      try {
        return imports.lookup.getRow(table, key);
      } catch {
        return undefined; // the one failure there is: no such table
      }
    },
  });
  const manifest = describe(plugin);
  return {
    manifest: { describe: () => manifest },
    fieldMapping: {
      transform: (context, input) =>
        guarded(imports, () => {
          const lines = input.lines.length === 0 ? [] : ourLines(input.lines);
          const ours = new MappingInput(input.payload, input.status ?? undefined, lines, input.attributes);
          return outcome(plugin.transform!(new Context(context), ours));
        }),
    },
    pricing: {
      reprice: (context, lines) =>
        guarded(imports, () => wireLines(plugin.reprice!(new Context(context), ourLines(lines)))),
    },
    statusTranslation: {
      translate: (context, status) =>
        guarded(imports, () => {
          const ours = { ...status, previousStatus: status.previousStatus ?? undefined };
          return plugin.translate!(new Context(context), ours) ?? null;
        }),
    },
  };
}

/** Said while the component is built. */
function complain(plugin: Plugin, wanted: readonly (keyof Plugin)[]): void {
  if (typeof plugin !== "object" || plugin === null || typeof plugin.manifest !== "object") {
    throw new TypeError("the entry file has no plugin: `export default definePlugin({ ... })`");
  }
  for (const name of ["transform", "reprice", "translate"] as const) {
    const there = typeof plugin[name] === "function";
    if (wanted.includes(name) && !there) {
      throw new TypeError(`the world in package.json exports \`${name}\`, the plugin has no such function`);
    }
    if (there && !wanted.includes(name)) {
      throw new TypeError(`the plugin has \`${name}\`, the world in package.json does not export it`);
    }
  }
}

/** The manifest as the contract has it. */
export function describe({ manifest }: Plugin): wire.PluginManifest {
  return {
    name: manifest.name,
    version: manifest.version,
    summary: manifest.summary,
    settingsSchema: JSON.stringify(manifest.settingsSchema ?? {}),
    topics: [...(manifest.topics ?? [])],
    entities: [...(manifest.entities ?? [])],
    attributes: manifest.attributes ?? [],
  };
}

/** A mapping as the contract has it. */
export function outcome(answer: Mapped | Skipped | readonly Document[]): wire.WireMappingOutcome {
  if (Array.isArray(answer)) return { tag: "mapped", val: { documents: answer, checkpoint: null } };
  if (typeof answer === "object" && answer !== null) {
    if ("skipped" in answer) return { tag: "skipped", val: answer.skipped };
    if ("documents" in answer) {
      const { documents, checkpoint } = answer as Mapped;
      return { tag: "mapped", val: { documents: documents as Document[], checkpoint: checkpoint ?? null } };
    }
  }
  throw new TypeError("`transform` returned neither documents nor `skipped(reason)`");
}

/** The refusal that an exception is; nothing for other exceptions. */
export function refusalOf(error: unknown): wire.WireRefusal | undefined {
  if (error instanceof Rejected) return { tag: "rejected", val: [...error.violations] };
  if (error instanceof NotReady) return { tag: "not-ready", val: error.message };
  return undefined;
}

function guarded<T>(imports: Imports, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined) throw refusal;
    for (const line of lastWords(error)) imports.log.write("error", line);
    throw error;
  }
}
