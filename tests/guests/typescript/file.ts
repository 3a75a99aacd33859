import { readFileSync } from "node:fs";

import { definePlugin, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "file", version: "1.0.0", summary: "reads a file" },
  transform: () => skipped(readFileSync("/etc/passwd", "utf8")),
});
