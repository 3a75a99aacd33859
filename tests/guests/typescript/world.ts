import { definePlugin } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "world", version: "1.0.0", summary: "lacks what its world exports" },
  translate: () => "done",
});
