/**
 * Running a plugin natively, so that its tests are ordinary `node --test`.
 *
 * {@link harness} gives a plugin a payload, settings, lookup tables and a checkpoint and walks the road the
 * host walks: status translation, pricing, field mapping, as far as the plugin has them. {@link golden}
 * makes a test of every case folder. What it does not do: limit fuel, memory or time. `mapwright test` runs
 * the same cases in the sandbox.
 *
 * @example
 * ```ts
 * const run = harness(plugin)
 *   .payload(`{"id": 27}`)
 *   .settings({ shop_name: "Acme" })
 *   .lookup("taxes", "rate,tax\n18,ICMS 18%\n")
 *   .run();
 * assert.equal(run.outcome, "skipped");
 * assert.equal(run.logs[0]?.message, "hello");
 * ```
 *
 * @packageDocumentation
 */

export { golden, goldenCase } from "./golden.ts";
export { Harness, harness } from "./harness.ts";
export type { LogLine, Outcome, Run } from "./run.ts";
