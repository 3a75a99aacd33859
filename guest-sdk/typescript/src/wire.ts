/**
 * The contract's types as the component engine hands them over: `wit/plugin.wit` in camelCase, `option` as
 * `null`, a variant as `{ tag, val }`, an enum as its name. A test holds them to the contract. Authors meet
 * the types of the other modules instead.
 */

/** Open name and value pairs. */
export type Attributes = [name: string, value: string][];

/** `types.context`. */
export interface WireContext {
  merchant: string;
  route: string;
  source: string;
  target: string;
  topic: string;
  resourceKey: string;
  eventId: string;
  correlationId: string;
  sourceVersionTime: string | null;
  receivedAt: string;
  attempt: number;
  settings: string;
  checkpoint: string | null;
  attributes: Attributes;
}

/** `types.violation`: one fault in the input, placed exactly. */
export interface Violation {
  /** JSON Pointer (RFC 6901) into the payload; empty for the whole of it. */
  pointer: string;
  /** A short, stable word for machines (`sku_missing`). */
  code: string;
  /** One sentence for the person who has to mend it. */
  message: string;
}

/** `types.refusal`; thrown by an export. */
export type WireRefusal = { tag: "rejected"; val: Violation[] } | { tag: "not-ready"; val: string };

/** `manifest.plugin-manifest`. */
export interface PluginManifest {
  name: string;
  version: string;
  summary: string;
  settingsSchema: string;
  topics: string[];
  entities: string[];
  attributes: Attributes;
}

/** `field-mapping.mapping-input`. */
export interface WireMappingInput {
  payload: string;
  status: string | null;
  lines: WirePriceLine[];
  attributes: Attributes;
}

/** `field-mapping.operation`. */
export type Operation = "create" | "update" | "upsert" | "cancel" | "delete";

/** `field-mapping.document`. */
export interface WireDocument {
  entity: string;
  idempotencyKey: string;
  operation: Operation;
  body: string;
  attributes: Attributes;
}

/** `field-mapping.mapping`. */
export interface WireMapping {
  documents: WireDocument[];
  checkpoint: string | null;
}

/** `field-mapping.mapping-outcome`. */
export type WireMappingOutcome = { tag: "mapped"; val: WireMapping } | { tag: "skipped"; val: string };

/** `pricing-types.price-line`. */
export interface WirePriceLine {
  id: string;
  sku: string;
  quantity: string;
  unitPrice: string;
  currency: string;
  attributes: Attributes;
}

/** `status-translation.source-status`. */
export interface WireSourceStatus {
  entity: string;
  status: string;
  previousStatus: string | null;
  attributes: Attributes;
}

/** `log.level`. */
export type Level = "debug" | "info" | "warning" | "error";
