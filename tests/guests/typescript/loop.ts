import { definePlugin } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "loop", version: "1.0.0", summary: "never ends" },
  transform() {
    for (;;) {}
  },
});
