/** What a plugin is: a description and one to three functions. */

import type { Context } from "./context.ts";
import type { Document, Mapped, MappingInput, Skipped } from "./mapping.ts";
import type { PriceLine } from "./pricing.ts";
import type { Attributes } from "./wire.ts";

/** What a plugin says of itself; the host reads it once, when the plugin is loaded. */
export interface Manifest {
  /** Lower-case words joined by hyphens; the name that routes call it by. */
  readonly name: string;
  /** Semantic version of the rules. */
  readonly version: string;
  /** One line for the merchant. */
  readonly summary: string;
  /** JSON Schema 2020-12 of the route settings; anything goes where it is left out. */
  readonly settingsSchema?: object;
  /** The topics it understands; any where it is left out. */
  readonly topics?: readonly string[];
  /** The entities of the documents it makes. */
  readonly entities?: readonly string[];
  /** Open name and value pairs. */
  readonly attributes?: Attributes;
}

/** A status in the source's words. */
export interface SourceStatus {
  /** What has the status (`order`). */
  readonly entity: string;
  /** The status now (`processing`). */
  readonly status: string;
  /** The status when this resource was last delivered, where the host knows it. */
  readonly previousStatus: string | undefined;
  /** Open name and value pairs (`payment_method`, `date_paid_gmt`). */
  readonly attributes: Attributes;
}

/**
 * A plugin. Each function is pure: the same arguments and lookup tables give the same answer. A thrown
 * {@link Rejected} or {@link NotReady} is an answer too; any other exception ends the call as a trap.
 */
export interface Plugin {
  /** Its description. */
  readonly manifest: Manifest;
  /** Turns a payload into documents. Exported by worlds with `mapping` in their name. */
  transform?(context: Context, input: MappingInput): Mapped | Skipped | readonly Document[];
  /** Prices the lines of an order: the lines in the order given, each under its own id. */
  reprice?(context: Context, lines: readonly PriceLine[]): readonly PriceLine[];
  /** Translates a status of the source; `undefined` when the target is to keep the one it has. */
  translate?(context: Context, status: SourceStatus): string | undefined;
}

/** Declares a plugin: the default export of its entry file. */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin;
}

/** Name, version and summary of a manifest, from the plugin's own `package.json`. */
export function fromPackage(json: { name: string; version: string; description: string }): Manifest {
  return { name: json.name, version: json.version, summary: json.description };
}
