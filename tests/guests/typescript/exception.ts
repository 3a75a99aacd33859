import { definePlugin } from "@mapwright/guest";

function tax(rate: string): string {
  throw new RangeError(`no tax for ${rate}`);
}

export default definePlugin({
  manifest: { name: "exception", version: "1.0.0", summary: "throws" },
  transform: () => [{ entity: "sale", idempotencyKey: "1", operation: "upsert", body: tax("18"), attributes: [] }],
});
