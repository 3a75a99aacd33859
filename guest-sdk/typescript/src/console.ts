/**
 * `console` where there is none: QuickJS comes without, and editors offer it. Its lines go to the log. Values
 * are shown as JSON; formats (`%d`), groups and tables are not known.
 */

import { log } from "./log.ts";

/** Makes `console`, where the engine has none. */
export function installConsole(): void {
  const all = globalThis as { console?: unknown };
  all.console ??= {
    debug: (...values: unknown[]) => log.debug(shown(values)),
    trace: (...values: unknown[]) => log.debug(shown(values)),
    log: (...values: unknown[]) => log.info(shown(values)),
    info: (...values: unknown[]) => log.info(shown(values)),
    warn: (...values: unknown[]) => log.warning(shown(values)),
    error: (...values: unknown[]) => log.error(shown(values)),
  };
}

function shown(values: unknown[]): string {
  return values.map((value) => (typeof value === "string" ? value : json(value))).join(" ");
}

function json(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
