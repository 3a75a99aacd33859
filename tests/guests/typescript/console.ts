import { definePlugin, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "console", version: "1.0.0", summary: "prints with console" },
  transform() {
    console.log("hello", { a: 1 });
    return skipped("printed");
  },
});
