import { definePlugin, mapped, upsert } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "float", version: "1.0.0", summary: "a float for money" },
  transform: () => mapped(upsert("sale", "1", { lines: [{ total: 0.1 + 0.2 }] })),
});
