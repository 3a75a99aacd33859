import { definePlugin, mapped, upsert } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "nan", version: "1.0.0", summary: "NaN in a body" },
  transform: () => mapped(upsert("sale", "1", { total: Number("1,5") })),
});
