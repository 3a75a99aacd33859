import { definePlugin, log, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "print", version: "1.0.0", summary: "logs 10 MB" },
  transform() {
    const line = "x".repeat(100_000);
    for (let count = 0; count < 100; count++) log.info(line);
    return skipped("printed");
  },
});
