/**
 * The component's edge: between the contract's types and ours. The build makes an entry that hands the
 * author's plugin to {@link exportsOf}. Refusals become the contract's own, any other exception is written to
 * the log with the author's file and line and then ends the call as a trap.
 */

import { installConsole } from "./console.ts";
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

/** Enough to get from the SDK's depths to the author's line. */
const STACK_FRAMES = 40;

/** The exports of a plugin. `wanted` are the functions that its world exports. */
export function exportsOf(plugin: Plugin, wanted: readonly (keyof Plugin)[], imports: Imports): Exports {
  Error.stackTraceLimit = STACK_FRAMES;
  complain(plugin, wanted);
  setHost({
    write: (level, message) => imports.log.write(level, text("a line of the log", message)),
    row(table, key) {
      try {
        return imports.lookup.getRow(table, key);
      } catch {
        return undefined; // the one failure there is: no such table
      }
    },
  });
  installConsole();
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
          const translated = plugin.translate!(new Context(context), ours);
          return translated == null ? null : text("the status", translated);
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

/** A mapping as the contract has it. @throws TypeError for what is none. */
export function outcome(answer: Mapped | Skipped | readonly Document[]): wire.WireMappingOutcome {
  if (Array.isArray(answer)) return { tag: "mapped", val: { documents: answer.map(wireDocument), checkpoint: null } };
  if (typeof answer === "object" && answer !== null) {
    if ("skipped" in answer) return { tag: "skipped", val: text("the reason to skip", answer.skipped) };
    if ("documents" in answer) {
      const { documents, checkpoint } = answer as Mapped;
      return { tag: "mapped", val: { documents: documents.map(wireDocument), checkpoint: checkpoint ?? null } };
    }
  }
  throw new TypeError("`transform` returned neither documents nor `skipped(reason)`");
}

function wireDocument(document: Document): wire.WireDocument {
  return {
    entity: text("a document's entity", document.entity),
    idempotencyKey: text("a document's key", document.idempotencyKey),
    operation: document.operation,
    body: text("a document's body", document.body),
    attributes: document.attributes.map(([name, value]) => [text("an attribute", name), text("an attribute", value)]),
  };
}

/** The refusal that an exception is; nothing for other exceptions. */
export function refusalOf(error: unknown): wire.WireRefusal | undefined {
  if (error instanceof NotReady) return { tag: "not-ready", val: text("the reason", error.message) };
  if (!(error instanceof Rejected)) return undefined;
  const val = error.violations.map(({ pointer, code, message }) => ({
    pointer: text("a violation's pointer", pointer),
    code: text("a violation's code", code),
    message: text("a violation's message", message),
  }));
  return { tag: "rejected", val };
}

/**
 * A text that the contract can carry: half a surrogate pair, as a cut emoji leaves it, becomes U+FFFD. What
 * is no text is named, since the engine would only say that it expected one.
 */
function text(what: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${what} is ${value === null ? "null" : typeof value}, not a text`);
  return (value as string & { toWellFormed(): string }).toWellFormed();
}

function guarded<T>(imports: Imports, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined) throw refusal;
    for (const line of lastWords(error)) imports.log.write("error", text("an exception", line));
    throw error;
  }
}
