import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { TaxId } from "../src/brazil.ts";
import { exportsOf, outcome } from "../src/edge.ts";
import { definePlugin, log, lookup, lookupIfThere, mapped, notReady, skipped, upsert, Violations } from "../src/index.ts";
import type { Plugin } from "../src/index.ts";
import { harness } from "../src/testing/index.ts";
import { readTable } from "../src/testing/csv.ts";
import { readToml } from "../src/testing/toml.ts";

const manifest = { name: "test", version: "1.0.0", summary: "a test" };
const transforming = (transform: NonNullable<Plugin["transform"]>) => harness(definePlugin({ manifest, transform }));

test("violations are placed by JSON Pointer and told all at once", () => {
  const run = transforming(() => {
    const violations = new Violations();
    const line = violations.at("line_items", 3);
    line.at("sku").add("sku_missing", "line 4 has no SKU");
    line.at("meta/~data").add("odd", "odd");
    violations.at().add("whole", "the whole of it");
    assert.equal(violations.count, 3);
    violations.finish();
    return [];
  }).run();
  assert.equal(run.outcome, "rejected");
  assert.deepEqual(run.violations.map((v) => v.pointer), ["/line_items/3/sku", "/line_items/3/meta~1~0data", ""]);
});

test("not ready, skipped and documents are three answers", () => {
  assert.equal(transforming(() => notReady("the rate is missing")).run().reason, "the rate is missing");
  assert.equal(transforming(() => skipped("a draft")).run().outcome, "skipped");
  const run = transforming((context) => mapped(upsert("sale", context.resourceKey, { a: 1 }), { remember: { seen: true } }))
    .payload(`{"id": 12345678901234567890}`)
    .run();
  assert.equal(run.documents[0]?.idempotencyKey, "order/12345678901234567890");
  assert.equal(run.checkpoint, '{"seen":true}');
});

test("settings have defaults and the type of their default", () => {
  const plugin = transforming((context) => skipped(JSON.stringify(context.settings({ prefix: "WC-", digits: 4, names: [] as string[] }))));
  assert.equal(plugin.settings({ prefix: "X-", other: 1 }).run().reason, '{"prefix":"X-","digits":4,"names":[],"other":1}');
  assert.match(plugin.settings({ digits: "4" }).run().reason ?? "", /`digits` is a string, not a number; mend `settings` there/);
  assert.equal(plugin.settings({ digits: "4" }).run().outcome, "not_ready");
});

test("a checkpoint comes back", () => {
  const plugin = transforming((context) => skipped(String(context.checkpoint<{ status: string }>()?.status)));
  assert.equal(plugin.run().reason, "undefined");
  assert.equal(plugin.checkpoint({ status: "processing" }).run().reason, "processing");
  assert.equal(plugin.checkpoint("{").run().outcome, "not_ready");
});

test("lookup tables give rows, and say what they lack", () => {
  const plugin = transforming(() => {
    const row = lookup("taxes", "18");
    assert.equal(lookup("taxes", "19"), undefined);
    assert.equal(lookupIfThere("nothing", "1"), undefined);
    assert.deepEqual([row?.text("tax"), row?.get("note"), String(row?.decimal("rate"))], ["ICMS, 18%", undefined, "18"]);
    row?.text("note");
    return [];
  });
  assert.equal(plugin.run().reason, "there is no lookup table `taxes`; add lookups/taxes.csv");
  plugin.lookup("taxes", 'rate,tax,note\r\n18,"ICMS, 18%",\r\n');
  assert.equal(plugin.run().reason, "lookup table `taxes` has nothing in column `note` for `18`");
  assert.throws(() => readTable("t", "a,b\n1,2\n1,3\n"), /stands twice/);
});

test("the log is kept with its levels", () => {
  const run = transforming(() => {
    log.info("hello");
    log.warning("odd");
    return [];
  }).run();
  assert.deepEqual(run.logs, [{ level: "info", message: "hello" }, { level: "warning", message: "odd" }]);
});

test("pricing gets the lines the host would make and must give decimals back", () => {
  const payload = readFileSync(new URL("../../../tests/fixtures/woocommerce/webhooks/034-order-br-paid-order-created.json", import.meta.url), "utf8");
  const run = harness({ manifest, reprice: (_context, lines) => lines.map((line) => ({ ...line, unitPrice: line.unitPrice.times("0.9") })) })
    .payload(payload)
    .run();
  assert.deepEqual([run.lines[0]?.sku, String(run.lines[0]?.unitPrice)], ["CAM-001", "71.91"]);
  const float = harness({ manifest, reprice: (_context, lines) => lines.map((line) => ({ ...line, unitPrice: 0.1 as never })) });
  assert.throws(() => float.payload(payload).run(), /unitPrice of line `5` is a float, not a Decimal/);
});

test("at the edge a refusal is the contract's, an exception has its file and line in the log", () => {
  const written: string[] = [];
  const imports = {
    log: { write: (level: string, message: string) => void written.push(`${level} ${message}`) },
    lookup: { getRow: () => null },
  };
  const context = { merchant: "", route: "", source: "", target: "", topic: "", resourceKey: "", eventId: "", correlationId: "", sourceVersionTime: null, receivedAt: "", attempt: 1, settings: "", checkpoint: null, attributes: [] };
  const input = { payload: "{}", status: null, lines: [], attributes: [] };
  const refusing = exportsOf({ manifest, transform: () => notReady("later") }, ["transform"], imports);
  assert.throws(() => refusing.fieldMapping.transform(context, input), { tag: "not-ready", val: "later" });
  const failing = exportsOf({ manifest, transform: () => { throw new RangeError("too far"); } }, ["transform"], imports);
  assert.throws(() => failing.fieldMapping.transform(context, input), RangeError);
  assert.match(written[0] ?? "", /^error panicked at .*plugin\.test\.ts:\d+:\d+: RangeError: too far$/);
  assert.throws(() => outcome([{ ...upsert("a", "b", {}), idempotencyKey: undefined as never }]), /a document.s key is undefined, not a text/);
  assert.deepEqual(outcome(skipped("x\ud83dy")), { tag: "skipped", val: "x\ufffdy" });
  assert.throws(() => exportsOf({ manifest }, ["transform"], imports), /the plugin has no such function/);
  assert.throws(() => exportsOf({ manifest, translate: () => "" }, [], imports), /the world in package.json does not export it/);
});

test("tax numbers are taken in any writing and written as people do", () => {
  for (const [kind, text, punctuated] of [
    ["cpf", "52998224725", "529.982.247-25"], ["cpf", "529.982.247-25", "529.982.247-25"],
    ["cnpj", "11222333000181", "11.222.333/0001-81"], ["cnpj", "12.abc.345/01de-35", "12.ABC.345/01DE-35"],
  ] as const) {
    assert.equal(TaxId.parse(kind, text)?.toString(), punctuated);
  }
  for (const [kind, text] of [
    ["cpf", "52998224726"], ["cpf", "11111111111"], ["cpf", "5299822472"], ["cpf", "5299822472A"],
    ["cnpj", "11222333000182"], ["cnpj", "ação ação ação"], ["cnpj", ""],
  ] as const) {
    assert.equal(TaxId.parse(kind, text), undefined, text);
  }
});

test("a case's context may have comments, times and attributes", () => {
  const toml = readToml('topic = "order.created" # why\nreceived_at = 2026-11-22T02:15:06Z\nattempt = 2\nattributes = { a = "1, 2", b = "x" }\n');
  assert.deepEqual([toml.get("topic"), toml.get("received_at"), toml.get("attempt")], ["order.created", "2026-11-22T02:15:06Z", "2"]);
  assert.deepEqual([...(toml.get("attributes") as Map<string, string>)], [["a", "1, 2"], ["b", "x"]]);
  assert.throws(() => readToml("topic = [1]"), /line 1/);
});

test("the types of the edge are those of the contract", () => {
  const wit = readFileSync(new URL("../../../wit/plugin.wit", import.meta.url), "utf8").replace(/\/\/\/.*$/gm, "");
  const wire = readFileSync(new URL("../src/wire.ts", import.meta.url), "utf8");
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  let records = 0;
  for (const [, name = "", body = ""] of wit.matchAll(/record ([a-z-]+) \{([^}]*)\}/g)) {
    const type = camel(`-${name}`);
    const ours = new RegExp(`interface (?:Wire)?${type} \\{([^}]*)\\}`).exec(wire)?.[1] ?? assert.fail(`there is no ${type}`);
    const fields = [...body.matchAll(/^\s+([a-z-]+):/gm)].map((found) => camel(found[1]!));
    assert.deepEqual([...ours.matchAll(/^\s+(\w+):/gm)].map((found) => found[1]), fields, name);
    records += 1;
  }
  assert.equal(records, 8);
});
