import { definePlugin } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "answer", version: "1.0.0", summary: "returns nothing" },
  transform: () => undefined as never,
});
