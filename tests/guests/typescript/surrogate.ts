import { definePlugin, log, mapped, upsert } from "@mapwright/guest";

const HALF = "a\ud83db";

export default definePlugin({
  manifest: { name: "surrogate", version: "1.0.0", summary: "half a character" },
  transform() {
    log.info(HALF);
    return mapped(upsert("sale", `key-${HALF}`, { note: HALF }));
  },
});
