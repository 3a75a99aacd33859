import assert from "node:assert/strict";
import { test } from "node:test";

import { Decimal, decimal, decimalsOf, JsonNumber, Money, NotDecimal, smallest, sum } from "../src/index.ts";

const text = (value: Decimal) => value.toString();

test("a decimal keeps every digit of its text", () => {
  for (const digits of ["254.56", "33.333333333333336", "-0.77", "0.10", "1500.00", "0", "-5", "0.05", "79228162514264337593543950335"]) {
    assert.equal(text(decimal(digits)), digits);
    assert.equal(text(decimal(digits).plus(0)), digits);
  }
  for (const [given, written] of [
    [" 1.5E+3 ", "1500"], ["1e-7", "0.0000001"], ["1.50e-3", "0.00150"], ["+2.5", "2.5"], ["007.10", "7.10"], [".5", "0.5"],
    ["-0.00", "0.00"], ["\u00a069.90\u0085", "69.90"], ["1.23456789012345678901234567890123", "1.2345678901234567890123456789"],
  ] as const) {
    assert.equal(text(decimal(given)), written, given);
  }
});

test("what is no decimal is refused", () => {
  for (const given of ["", " ", "abc", "1,5", "0x10", "NaN", "Infinity", "1.2345678901235E+99", "1e-40", "--1", "1.2.3", ".", "1 0", "1_000", "\ufeff5", "9".repeat(40)]) {
    assert.throws(() => decimal(given), NotDecimal, given);
  }
});

test("a float cannot become money", () => {
  for (const float of [0.1, 254.56, NaN, Infinity, 1e300, 2 ** 53]) {
    assert.throws(() => decimal(float), /is a float, not a decimal: write it as text/, String(float));
  }
  assert.equal(text(decimal(3)), "3");
  assert.equal(text(decimal(-3n)), "-3");
  assert.throws(() => decimal(null as never), TypeError);
  const amount: unknown = decimal("2.50");
  assert.throws(() => (amount as number) * 2, /the decimal 2.50 is no number: use plus/);
  assert.throws(() => (amount as number) + 1, TypeError);
  assert.throws(() => (amount as number) < 3, TypeError);
  assert.equal(`${amount}`, "2.50");
  assert.equal(JSON.stringify({ amount }), '{"amount":"2.50"}');
});

test("sums and products are exact", () => {
  assert.equal(text(decimal("0.1").plus("0.2")), "0.3");
  assert.equal(text(decimal("1.10").minus("1.1")), "0.00");
  assert.equal(text(decimal("71.91").times("3")), "215.73");
  assert.equal(text(decimal("-1.5").times("0.25")), "-0.375");
  assert.equal(text(sum(["1.00", "2.5", "-0.25"].map(decimal))), "3.25");
  assert.equal(text(sum([])), "0");
});

test("quotients have 28 significant digits", () => {
  for (const [a, b, quotient] of [
    ["1", "3", "0.3333333333333333333333333333"], ["2", "3", "0.6666666666666666666666666667"],
    ["200", "3", "66.66666666666666666666666667"], ["10", "4", "2.5"], ["10.00", "4", "2.50"], ["18", "100", "0.18"],
    ["-1", "8", "-0.125"], ["5.00", "0.2", "25.0"], ["1", "0.001", "1000"], ["0", "7", "0"],
    ["215.73", "3", "71.91"], ["1", "7000000", "0.0000001428571428571428571428571429"],
  ] as const) {
    assert.equal(text(decimal(a).dividedBy(b)), quotient, `${a} / ${b}`);
  }
  assert.throws(() => decimal(1).dividedBy(0), /1 divided by zero/);
});

test("rounding is half away from zero at exactly the places asked", () => {
  for (const [amount, places, rounded] of [
    ["2.345", 2, "2.35"], ["-2.345", 2, "-2.35"], ["2", 2, "2.00"], ["0.00005", 4, "0.0001"], ["2.5", 0, "3"],
    ["-0.004", 2, "0.00"], ["1.005", 2, "1.01"], ["254.56", 2, "254.56"],
  ] as const) {
    assert.equal(text(decimal(amount).round(places)), rounded, amount);
  }
});

test("a half goes to the even digit or is dropped, where that is asked for", () => {
  for (const [amount, places, even, down] of [
    ["2.345", 2, "2.34", "2.34"], ["2.335", 2, "2.34", "2.33"], ["-2.335", 2, "-2.34", "-2.33"], ["2.3451", 2, "2.35", "2.34"],
    ["2.5", 0, "2", "2"], ["-3.5", 0, "-4", "-3"], ["-0.005", 2, "0.00", "0.00"], ["69.9", 2, "69.90", "69.90"], ["0.999", 2, "1.00", "0.99"],
    ["12345678901234567890.125", 2, "12345678901234567890.12", "12345678901234567890.12"],
    ["-12345678901234567890.135", 2, "-12345678901234567890.14", "-12345678901234567890.13"],
  ] as const) {
    assert.equal(text(decimal(amount).round(places, "half_even")), even, amount);
    assert.equal(text(decimal(amount).round(places, "down")), down, amount);
  }
  assert.throws(() => decimal(1).round(2, "up" as never), /`up` is no way to round/);
});

test("amounts compare by value", () => {
  assert.ok(decimal("1.10").equals("1.1") && decimal("-1").lessThan(0) && decimal("0.02").greaterThan(smallest(2)));
  assert.ok(decimal("0.00").isZero() && decimal("-0.01").isNegative() && decimal("-0.01").abs().equals("0.01"));
  assert.equal(text(decimal("18.00").normalized()), "18");
});

test("a currency has its decimals and money its currency", () => {
  assert.deepEqual(["BRL", "JPY", "KWD"].map(decimalsOf), [2, 0, 3]);
  assert.equal(new Money("2.345", "BRL").rounded().plus(new Money(1, "BRL")).toString(), "3.35 BRL");
  assert.throws(() => new Money(1, "BRL").plus(new Money(1, "EUR")), /two currencies/);
  assert.equal(new JsonNumber("1.10").digits, "1.10");
});
