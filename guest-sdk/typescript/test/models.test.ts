import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { dayOf, isSet, Rejected, utcOf, type Order } from "../src/index.ts";
import { MappingInput } from "../src/mapping.ts";

const input = (payload: string) => new MappingInput(payload, undefined, [], []);

function order(fields: string): Order {
  const body = input(`{"id": 27, "status": "processing", "currency": "BRL", "total": "1.00", ${fields}}`).order();
  assert.ok(!body.deleted);
  return body.resource;
}

function fault(work: () => unknown): [string, string] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Rejected, String(error));
    return [error.violations[0]!.pointer, error.violations[0]!.code];
  }
  return assert.fail("nothing was refused");
}

test("nothing comes in many writings", () => {
  for (const nothing of ['""', "null", "[]", "{}"]) {
    const read = order(`"billing": ${nothing}, "line_items": ${nothing}, "meta_data": ${nothing}`);
    assert.ok(read.billing.isEmpty() && read.line_items.length === 0, nothing);
  }
});

test("texts and numbers stand for each other", () => {
  const read = order(
    `"line_items": [
      {"id": "5", "sku": null, "name": 12, "quantity": "3", "product_id": 0, "total": 9.90},
      {"id": 5, "sku": "A", "quantity": 2.5, "total": ""}
    ], "customer_id": 12345678901234567890123, "prices_include_tax": "yes"`,
  );
  const [first, second] = read.line_items;
  assert.ok(first && second);
  assert.deepEqual([first.id, second.id, first.sku, first.name], ["5", "5", "", "12"]);
  assert.ok(!isSet(first.product_id) && read.prices_include_tax);
  assert.deepEqual([first.quantity, second.quantity, first.total, second.total].map(String), ["3", "2.5", "9.90", "0"]);
  assert.equal(read.customer_id, "12345678901234567890123");
});

test("a number keeps the digits of its text", () => {
  const line = order(`"line_items": [{"total": 33.333333333333336, "subtotal": 1e-7}]`).line_items[0]!;
  assert.deepEqual([line.total, line.subtotal].map(String), ["33.333333333333336", "0.0000001"]);
});

test("a list with gaps is an object in PHP, in the order of the text", () => {
  const read = order(`"line_items": {"2": {"sku": "A"}, "0": {"sku": "B"}}`);
  assert.deepEqual(read.line_items.map((line) => line.sku), ["A", "B"]);
});

test("what no model knows is kept as it came", () => {
  const read = order(
    `"billing": {"cpf": "52998224725", "first_name": "Jo\\u00e3o"}, "rate": 1.10, "rate": 1.20,
     "meta_data": [{"key": "_fee", "value": {"amount": 4.99}}, {"key": "_note", "value": "a\\nb"}]`,
  );
  assert.equal(read.billing.pluginField("cpf"), "52998224725");
  assert.deepEqual([...read.extra], [["rate", "1.10"], ["rate", "1.20"]]);
  assert.equal(read.extra.get("rate")?.raw, "1.20");
  assert.equal(read.extra.get("status"), undefined, "a model's own field is none of the others");
  assert.equal(read.meta("_fee"), undefined, "an object is no text");
  assert.equal(read.meta_data[0]!.value.raw, '{"amount": 4.99}');
  assert.deepEqual(read.meta_data[0]!.value.value, { amount: "4.99" });
  assert.equal(read.meta("_note"), "a\nb");
  assert.equal(read.billing.fullName(), "João");
});

test("a fault has its place", () => {
  for (const [fields, pointer] of [
    [`"line_items": [{}, {"quantity": "many"}]`, "/line_items/1/quantity"],
    [`"line_items": [{"taxes": [{"total": {}}]}]`, "/line_items/0/taxes/0/total"],
    [`"line_items": [{}, "x"]`, "/line_items/1"],
    [`"billing": "somewhere"`, "/billing"],
    [`"billing": [1]`, "/billing"],
    [`"line_items": 5`, "/line_items"],
    [`"line_items": {"7": {"id": [1]}}`, "/line_items/7/id"],
    [`"id": true`, "/id"],
    [`"prices_include_tax": "perhaps"`, "/prices_include_tax"],
    [`"total": true`, "/total"],
  ] as const) {
    assert.deepEqual(fault(() => order(fields)), [pointer, "payload_malformed"], fields);
  }
});

test("what is no order says what it is", () => {
  for (const [body, pointer, code] of [
    ["", "", "payload_not_json"],
    [`{"id": 27, "status`, "", "payload_not_json"],
    [`{"id": 27, "total": NaN}`, "", "payload_not_json"],
    [`{"id": 27, "status": "processing", "currency": "BRL"}`, "/total", "payload_malformed"],
    [`{"code": "woocommerce_rest_cannot_view", "data": {"status": 403}}`, "/code", "source_error"],
    ["[1]", "", "payload_malformed"],
    [`"order"`, "", "payload_malformed"],
  ] as const) {
    assert.deepEqual(fault(() => input(body).order()), [pointer, code], body);
  }
  assert.deepEqual(input(`{"id":27}`).order(), { deleted: true, id: "27" });
});

test("a variation says whose it is", () => {
  const body = input(
    `{"id": 18, "type": "variation", "parent_id": 17, "sku": "CALCA-P-AZ", "price": "189.90",
      "images": [{"id": "", "src": ""}], "stock_quantity": null, "manage_stock": "parent", "variations": [19, "20"]}`,
  ).product();
  assert.ok(!body.deleted && body.resource.isVariation());
  assert.deepEqual([body.resource.manage_stock, String(body.resource.stock_quantity)], ["parent", "0"]);
  assert.deepEqual(body.resource.variations, ["19", "20"]);
  assert.ok(!isSet(body.resource.images[0]!.id));
});

test("times are texts that can be asked", () => {
  assert.deepEqual([dayOf("2026-11-21T23:14:53"), dayOf("")], ["2026-11-21", undefined]);
  assert.deepEqual([utcOf("2026-11-22T02:14:53"), utcOf("")], ["2026-11-22T02:14:53Z", undefined]);
});

const FIXTURES = fileURLToPath(new URL("../../../tests/fixtures/woocommerce/", import.meta.url));
const TOTALS = ["total", "total_tax", "discount_total", "shipping_total", "cart_tax"] as const;

/** All amounts of a captured order are those of its text; gives how many resources there were. */
function agrees(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((count: number, item) => count + agrees(item), 0);
  const json = value as Record<string, unknown>;
  const payload = input(JSON.stringify(json));
  if ("line_items" in json && "billing" in json) {
    const body = payload.order();
    assert.ok(!body.deleted);
    for (const name of TOTALS) assert.equal(String(body.resource[name]), json[name], name);
    const lines = json["line_items"] as Record<string, unknown>[];
    assert.deepEqual(body.resource.line_items.map((line) => String(line.total)), lines.map((line) => line["total"]));
    assert.deepEqual(body.resource.line_items.map((line) => line.id), lines.map((line) => String(line["id"])));
  } else if ("amount" in json && "refunded_by" in json) {
    const body = payload.refund();
    assert.ok(!body.deleted && String(body.resource.amount) === json["amount"]);
  } else if ("regular_price" in json) {
    const body = payload.product();
    assert.ok(!body.deleted && String(body.resource.regular_price) === (json["regular_price"] || "0"));
  } else if ("is_paying_customer" in json) {
    const body = payload.customer();
    assert.ok(!body.deleted && body.resource.email === json["email"]);
  } else {
    return 0;
  }
  return 1;
}

test("every captured payload reads, its totals equal to the text", () => {
  let resources = 0;
  for (const folder of ["rest", "webhooks"]) {
    for (const name of readdirSync(join(FIXTURES, folder)).filter((name) => name.endsWith(".json"))) {
      const text = readFileSync(join(FIXTURES, folder, name), "utf8");
      try {
        resources += agrees(JSON.parse(text));
      } catch (error) {
        assert.fail(`${folder}/${name}: ${error}`);
      }
      if (!/-order-(created|updated)\./.test(name)) continue;
      if (text.startsWith('{"code"')) assert.deepEqual(fault(() => input(text).order()), ["/code", "source_error"]);
      else assert.ok(!input(text).order().deleted, name);
    }
  }
  assert.ok(resources > 50, `${resources} resources`);
});
