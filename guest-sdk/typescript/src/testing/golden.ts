/**
 * Golden cases: a folder each, the same that `mapwright test` runs in the sandbox.
 *
 * `payload.json`; optional `context.toml`, `settings.json`, `previous-checkpoint.json`, `lookups/*.csv`; and
 * `expected.json` (the keys it has are compared) or `violations.json` (the whole list). With
 * `MAPWRIGHT_BLESS=1` in the environment, what comes out is written there instead: look at the difference
 * before you commit it.
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { Plugin } from "../plugin.ts";
import type { WireContext } from "../wire.ts";
import { compare } from "./compare.ts";
import { harness, type Harness } from "./harness.ts";
import type { Run } from "./run.ts";
import { readToml } from "./toml.ts";

/** Makes a test of every golden case in a folder. @throws when there is none. */
export function golden(plugin: Plugin, folder: string | URL): void {
  const cases = casesIn(pathOf(folder));
  assert.ok(cases.length > 0, `there are no golden cases in ${pathOf(folder)}`);
  for (const name of cases) test(`golden case ${name}`, () => check(plugin, join(pathOf(folder), name)));
}

/** Runs one golden case and gives what came out, compared or not. */
export function goldenCase(plugin: Plugin, folder: string | URL): Run {
  return load(plugin, pathOf(folder)).run();
}

function pathOf(folder: string | URL): string {
  return folder instanceof URL ? fileURLToPath(folder) : folder;
}

function casesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "payload.json")))
    .sort();
}

function check(plugin: Plugin, folder: string): void {
  const answer = JSON.parse(JSON.stringify(load(plugin, folder).run())) as Record<string, unknown>;
  if (process.env["MAPWRIGHT_BLESS"] === "1") return bless(answer, folder);
  const expected = jsonIn(folder, "expected.json") as Record<string, unknown> | undefined;
  const violations = jsonIn(folder, "violations.json");
  const differences: string[] = [];
  if (expected !== undefined) {
    for (const [key, wanted] of Object.entries(expected)) compare(`/${key}`, wanted, answer[key], differences);
  } else if (violations !== undefined) {
    compare("/violations", violations, alike(violations, answer["violations"]), differences);
  } else {
    assert.fail(`${folder}: there is no expected.json or violations.json`);
  }
  if (differences.length === 0) return;
  assert.fail(`${folder}:\n  ${differences.join("\n  ")}\nthe whole answer:\n${JSON.stringify(answer, undefined, 2)}`);
}

/** What came, with the keys that are expected: a case may say no more than pointer and code. */
function alike(expected: unknown, actual: unknown): unknown {
  if (!Array.isArray(expected) || !Array.isArray(actual)) return actual;
  return actual.map((violation: Record<string, unknown>, index) =>
    Object.fromEntries(Object.keys((expected[index] as object | undefined) ?? violation).map((key) => [key, violation[key]])),
  );
}

/** Accepts an answer as the one to expect, without what says nothing. */
function bless(answer: Record<string, unknown>, folder: string): void {
  const rejected = answer["outcome"] === "rejected";
  const accepted = rejected
    ? answer["violations"]
    : Object.fromEntries(
        Object.entries(answer).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
      );
  const [write, remove] = rejected ? ["violations.json", "expected.json"] : ["expected.json", "violations.json"];
  writeFileSync(join(folder, write), `${JSON.stringify(accepted, undefined, 2)}\n`);
  rmSync(join(folder, remove), { force: true });
}

function load(plugin: Plugin, folder: string): Harness {
  const set = harness(plugin).payloadFile(join(folder, "payload.json"));
  const settings = jsonIn(folder, "settings.json");
  if (settings !== undefined) set.settings(settings as object);
  const checkpoint = join(folder, "previous-checkpoint.json");
  if (existsSync(checkpoint)) set.checkpoint(readFileSync(checkpoint, "utf8").trimEnd());
  const lookups = join(folder, "lookups");
  const tables = existsSync(lookups) ? readdirSync(lookups).sort() : [];
  for (const table of tables.filter((name) => name.endsWith(".csv"))) set.lookupFile(join(lookups, table));
  const context = join(folder, "context.toml");
  if (existsSync(context)) placeContext(set, context);
  return set;
}

const KEYS: Record<string, keyof WireContext> = {
  merchant: "merchant",
  route: "route",
  source: "source",
  target: "target",
  topic: "topic",
  resource_key: "resourceKey",
  event_id: "eventId",
  correlation_id: "correlationId",
  source_version_time: "sourceVersionTime",
  received_at: "receivedAt",
};

function placeContext(set: Harness, path: string): void {
  for (const [key, value] of readToml(readFileSync(path, "utf8"))) {
    if (value instanceof Map) {
      assert.equal(key, "attributes", `${path}: unknown table \`${key}\``);
      set.context({ attributes: [...value] });
    } else if (key === "previous_status") {
      set.previousStatus(value);
    } else if (key === "attempt") {
      assert.match(value, /^[1-9]\d*$/, `${path}: \`attempt\` must be a number from 1`);
      set.context({ attempt: Number(value) });
    } else {
      assert.ok(key in KEYS, `${path}: unknown key \`${key}\``);
      set.context({ [KEYS[key]!]: value });
    }
  }
}

function jsonIn(folder: string, name: string): unknown {
  const path = join(folder, name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as unknown) : undefined;
}
