/** What a plugin may know beside its input. */

import { notReady } from "./refusal.ts";
import type { Attributes, WireContext } from "./wire.ts";

/** Everything the plugin may know of the event beside its payload. All times are RFC 3339 in UTC. */
export class Context {
  /** Whose event it is. */
  readonly merchant: string;
  /** The route being walked. */
  readonly route: string;
  /** The connection the event came from. */
  readonly source: string;
  /** The connection the documents go to. */
  readonly target: string;
  /** The topic in the source's own words (`order.updated`). */
  readonly topic: string;
  /** What the event is about, unique within the source (`order/27`). */
  readonly resourceKey: string;
  /** The event's id. */
  readonly eventId: string;
  /** Follows the event from ingress to the target. */
  readonly correlationId: string;
  /** When the source last changed the resource, where it says so. */
  readonly sourceVersionTime: string | undefined;
  /** When the host accepted the event: the only "now" there is. */
  readonly receivedAt: string;
  /** Which attempt at mapping this event this is, from 1. */
  readonly attempt: number;
  /** Open name and value pairs. */
  readonly attributes: Attributes;
  private readonly settingsText: string;
  private readonly checkpointText: string | null;

  constructor(wire: WireContext) {
    this.merchant = wire.merchant;
    this.route = wire.route;
    this.source = wire.source;
    this.target = wire.target;
    this.topic = wire.topic;
    this.resourceKey = wire.resourceKey;
    this.eventId = wire.eventId;
    this.correlationId = wire.correlationId;
    this.sourceVersionTime = wire.sourceVersionTime ?? undefined;
    this.receivedAt = wire.receivedAt;
    this.attempt = wire.attempt;
    this.attributes = wire.attributes;
    this.settingsText = wire.settings;
    this.checkpointText = wire.checkpoint;
  }

  /**
   * The route's settings, with `defaults` for what the merchant left out.
   *
   * They are one table for all plugins of the route; the settings schema says what this one takes.
   *
   * @throws {@link NotReady} naming the setting whose type is not its default's: the event is as good as
   * before once the merchant has mended it.
   */
  settings<T extends object>(defaults: T): T {
    const given = this.parsed("the settings", this.settingsText.trim() === "" ? "{}" : this.settingsText);
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      return notReady(`the settings of route \`${this.route}\` are no table; mend \`settings\` there`);
    }
    const settings = { ...defaults } as Record<string, unknown>;
    for (const [name, value] of Object.entries(given)) {
      const wanted = settings[name];
      if (wanted !== undefined && wanted !== null && kindOf(wanted) !== kindOf(value)) {
        notReady(
          `the settings of route \`${this.route}\` do not suit this plugin: \`${name}\` is ${kindOf(value)}, not ${kindOf(wanted)}; mend \`settings\` there`,
        );
      }
      if (value !== null) settings[name] = value;
    }
    return settings as T;
  }

  /**
   * What this plugin asked to be remembered the last time this resource was delivered; nothing the first
   * time.
   *
   * @throws {@link NotReady} when there is something that is no JSON.
   */
  checkpoint<T = unknown>(): T | undefined {
    if (this.checkpointText === null) return undefined;
    return this.parsed(`the checkpoint of \`${this.resourceKey}\``, this.checkpointText) as T;
  }

  /** The value of an attribute. */
  attribute(name: string): string | undefined {
    return attribute(this.attributes, name);
  }

  /** The UTC day on which the event was received, `YYYY-MM-DD`. */
  receivedDate(): string {
    return this.receivedAt.slice(0, 10);
  }

  private parsed(what: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      return notReady(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The value of the first pair of that name. */
export function attribute(attributes: Attributes, name: string): string | undefined {
  return attributes.find((pair) => pair[0] === name)?.[1];
}

/** The pairs with that one set: in the place of the first of its name, or at the end. */
export function withAttribute(attributes: Attributes, name: string, value: string): Attributes {
  const at = attributes.findIndex((pair) => pair[0] === name);
  return at < 0 ? [...attributes, [name, value]] : attributes.with(at, [name, value]);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return value === null ? "null" : `a ${typeof value}`;
}
