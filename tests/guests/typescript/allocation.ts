import { definePlugin } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "allocation", version: "1.0.0", summary: "fills memory" },
  transform() {
    const kept: Uint8Array[] = [];
    for (;;) kept.push(new Uint8Array(8 << 20));
  },
});
