import { definePlugin, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "environment", version: "1.0.0", summary: "reads the environment" },
  transform: () => skipped(String(process.env["HOME"])),
});
