import { definePlugin, skipped } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "clock", version: "1.0.0", summary: "asks the time twice" },
  transform() {
    const first = Date.now();
    let waited = 0;
    while (waited < 10_000) waited += 1;
    return skipped([first, Date.now(), new Date().toISOString(), new Date().getTimezoneOffset(), Math.random()].join(" "));
  },
});
