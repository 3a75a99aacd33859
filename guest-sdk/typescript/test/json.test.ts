import assert from "node:assert/strict";
import { test } from "node:test";

import { decimal, JsonNumber, Money, mapped, upsert } from "../src/index.ts";
import { readExactly } from "../src/json/exact.ts";
import { plain, Source } from "../src/json/source.ts";
import { writeJson } from "../src/json/write.ts";

const AWKWARD = `{"a":1.10,"b":[1e5,-0,12345678901234567890123,33.333333333333336],"c":"4.90, \\"7\\"","d":{},"__proto__":{"x":1},"2":"z","1":"y","é\\ud83d\\ude4f":null}`;

test("numbers keep their text, read quickly and slowly alike", () => {
  const quick = new Source(AWKWARD);
  assert.deepEqual(quick.root, readExactly(AWKWARD).root);
  assert.deepEqual((plain(quick.root) as { b: unknown }).b, ["1e5", "-0", "12345678901234567890123", "33.333333333333336"]);
});

test("this Node hands out sources, so that the quick way is tested", { skip: Number(process.versions.node.split(".")[0]) < 20 }, () => {
  let source: string | undefined;
  (JSON.parse as (text: string, revive: unknown) => unknown)("1.10", (_k: string, _v: unknown, c?: { source: string }) => (source = c?.source));
  assert.equal(source, "1.10", "run with --harmony-json-parse-with-source");
});

test("members come in the order of the text, twice where they stand twice", () => {
  const source = new Source(`{ "2": [ 1.0 ], "1" : {"a": 4.99} , "2":"again"}`);
  assert.deepEqual(
    source.members(source.root as object).map(({ key, raw }) => [key, raw]),
    [["2", "[ 1.0 ]"], ["1", '{"a": 4.99}'], ["2", '"again"']],
  );
});

test("what is no JSON is refused by both readers", () => {
  for (const text of ["", "{", "[1,]", '{"a":}', "01", "NaN", "-", "1.", ".5", '"\u0001"', '"\\x"', "tru", "[1] 2", "{'a':1}", '{"a" 1}', "+1", '{"a":1,}', "[,]"]) {
    assert.throws(() => readExactly(text), SyntaxError, `slowly: ${text}`);
    assert.throws(() => new Source(text), SyntaxError, `quickly: ${text}`);
  }
});

test("a body is written in the author's order", () => {
  const body = { z: "a\n\"é🙏", amount: decimal("1.10"), a: [1, true, null, 12345678901234567890n], money: new Money("2.5", "BRL"), none: undefined };
  assert.equal(writeJson(body), '{"z":"a\\n\\"é🙏","amount":"1.10","a":[1,true,null,12345678901234567890],"money":{"amount":"2.5","currency":"BRL"}}');
  assert.equal(writeJson({ total: new JsonNumber("1.10") }), '{"total":1.10}');
  assert.equal(writeJson(new Date(0)), '"1970-01-01T00:00:00.000Z"');
});

test("half a surrogate pair does not leave the plugin", () => {
  assert.equal(writeJson({ a: "x\ud83dy", b: "🙏\udc00", c: "\\ud83d" }), '{"a":"x\ufffdy","b":"🙏\ufffd","c":"\\\\ud83d"}');
});

test("floats, NaN and what JSON has no word for are refused by their place", () => {
  for (const [body, message] of [
    [{ lines: [{ total: 254.56 }] }, /the float 254.56 stands at \/lines\/0\/total/],
    [{ total: NaN }, /NaN stands at \/total/],
    [{ total: -Infinity }, /-Infinity stands at \/total/],
    [{ total: 2 ** 60 }, /float/],
    [() => 1, /function stands at the top of the body/],
    [[undefined], /undefined stands at \/0/],
    [{ a: new Map([["b", 1]]) }, /a Map stands at \/a/],
  ] as const) {
    assert.throws(() => upsert("sale", "1", body as object), message);
  }
  assert.throws(() => mapped([], { remember: { rate: 0.1 } }), /float/);
});
