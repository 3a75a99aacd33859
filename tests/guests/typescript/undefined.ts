import { definePlugin, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "undefined", version: "1.0.0", summary: "reads a property of nothing" },
  transform(_context, input) {
    const order = input.json() as { billing: { missing?: { name: string } } };
    return skipped(order.billing.missing!.name);
  },
});
