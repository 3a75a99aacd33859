import { definePlugin, skipped } from "@mapwright/guest";

function deeper(depth: number): number {
  return deeper(depth + 1) + 1;
}

export default definePlugin({
  manifest: { name: "recursion", version: "1.0.0", summary: "calls itself for ever" },
  transform: () => skipped(String(deeper(0))),
});
